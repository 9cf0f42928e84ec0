"""The quick way: a request for one paper of the training, and nothing else, is answered from its related list.

Such an answer is the same as the long way's (answer.py), byte for byte, and costs about as much as copying it.
"""

from cocite.core.ids import try_normalise_id
from cocite.recommender import wire
from cocite.recommender.assembly import Assembler
from cocite.recommender.attribution import attribution_token
from cocite.recommender.bundle import Bundle
from cocite.recommender.paging import DEFAULT_PAGE_SIZE, basis_of, make_token, read_token
from cocite.v1 import paper_pb2
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest

_SEEDS, _FILTER, _PAGE_SIZE, _PAGE_TOKEN, _VIEW, _POSITIVE_IDS = 1, 2, 4, 5, 6, 1  # numbers of the request's fields
_NEXT_PAGE_TOKEN, _MODEL_VERSION, _ATTRIBUTION_TOKEN = 2, 3, 6  # and of the answer's


class OnePaper:
    """Answers such requests with one bundle, the state of a model called name. Thread-safe."""

    def __init__(self, bundle: Bundle, name: str, assembler: Assembler) -> None:
        self._bundle = bundle
        self._name = name
        self._assembler = assembler
        self._version = wire.field(_MODEL_VERSION, bundle.version.encode())

    def answer(self, request: RecommendPapersRequest) -> bytes | None:
        """The encoded answer, None for a request of another kind or beyond what is in the list.

        Raises InvalidArgument for a page token that does not fit.
        """
        ids = request.seeds.positive_ids
        if len(ids) != 1 or request.view == paper_pb2.PAPER_VIEW_FULL:
            return None
        data = request.SerializeToString(deterministic=True)
        key = wire.field(_SEEDS, wire.field(_POSITIVE_IDS, ids[0].encode()))
        if request.HasField("filter"):
            key += wire.field(_FILTER, b"")  # as clients send it that set nothing in it
        if data != key + _paging(request):
            return None  # it asks for more, or in words this release does not know
        canonical = try_normalise_id(ids[0])
        row = self._bundle.row_of(canonical) if canonical else -1
        if row < 0:
            return None
        page = read_token(request.page_token, key, self._name)
        basis = basis_of(positives=(row,), excluded=(row,), texts=(None,), cited=((),))
        page.check(basis, complete=True)
        end = page.offset + (request.page_size or DEFAULT_PAGE_SIZE)
        only_ids = request.view == paper_pb2.PAPER_VIEW_ID
        found = self._assembler.related(row, page.offset, end, only_ids=only_ids)
        if found is None:
            return None
        rows, results = found
        following = wire.field(_NEXT_PAGE_TOKEN, make_token(key, self._name, basis, end).encode())
        attribution = attribution_token(data, self._bundle.version, rows.tobytes())  # as Bundle.key_of has it
        return b"".join((results, following, self._version, wire.field(_ATTRIBUTION_TOKEN, attribution.encode())))


def _paging(request: RecommendPapersRequest) -> bytes:
    """The encoded fields of a request that say which page and how much of each paper."""
    size, token, view = request.page_size, request.page_token, request.view
    parts = wire.number(_PAGE_SIZE, size) if size else b""
    if token:
        parts += wire.field(_PAGE_TOKEN, token.encode())
    return parts + wire.number(_VIEW, view) if view else parts
