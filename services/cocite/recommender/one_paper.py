"""The quick way: a request for one paper of the training, and nothing else, is answered from its related list.

Such an answer is the same as the long way's (answer.py), byte for byte, and costs about as much as copying it: what is
asked is told from the request's bytes. Those that are taken obey every rule of the proto; for others is the long way.
"""

import re
from typing import NamedTuple

from cocite.core.ids import try_normalise_id
from cocite.recommender import wire
from cocite.recommender.assembly import Assembler
from cocite.recommender.attribution import attribution_token
from cocite.recommender.bundle import Bundle
from cocite.recommender.paging import DEFAULT_PAGE_SIZE, basis_of, make_token, read_token
from cocite.v1 import paper_pb2

_NEXT_PAGE_TOKEN, _MODEL_VERSION, _ATTRIBUTION_TOKEN = 2, 3, 6  # numbers of the answer's fields
_SEEDS = re.compile(rb"\x0a([\x03-\x7f])\x0a([\x01-\x7d])")  # how a request starts whose seeds start with a positive id
# What may follow after one: an empty filter, as clients send it that set nothing in it, page size, token and view.
_REST = re.compile(rb"(\x12\x00)?(?:\x20([\x01-\x7f]))?(?:\x2a([\x01-\x7f])([\w-]+))?(?:\x30([\x01\x02]))?")


class PageAsked(NamedTuple):
    """A page of what is related to a paper: its id as it is spelt, and the request without its paging (key)."""

    spelt: str
    key: bytes
    size: int
    token: str
    only_ids: bool

    @classmethod
    def of(cls, request: bytes) -> "PageAsked | None":
        """What an encoded request asks for, None when it is anything else, or long, or encoded in an unusual way."""
        start = _SEEDS.match(request)
        if start is None or request[1] != request[3] + 2:
            return None
        end = 4 + request[3]
        rest = _REST.fullmatch(request, end)
        spelt = request[4:end]
        if rest is None or end > len(request) or not spelt.isascii():  # fullmatch finds nothing behind the end, too
            return None
        empty_filter, size, token_size, token, view = rest.groups(b"")
        if token and token_size[0] != len(token):
            return None
        return cls(
            spelt.decode(),
            request[:end] + empty_filter,
            size[0] if size else DEFAULT_PAGE_SIZE,
            token.decode(),
            view == b"%c" % paper_pb2.PAPER_VIEW_ID,
        )


class OnePaper:
    """Answers such requests with one bundle, the state of a model called name. Thread-safe."""

    def __init__(self, bundle: Bundle, name: str, assembler: Assembler) -> None:
        self._bundle = bundle
        self._name = name
        self._assembler = assembler
        self._version = wire.field(_MODEL_VERSION, bundle.version.encode())

    def answer(self, asked: PageAsked, request: bytes) -> bytes | None:
        """The encoded answer to a request that asks for so much, None for what is not in the list.

        Raises InvalidArgument for a page token that does not fit.
        """
        canonical = try_normalise_id(asked.spelt)
        row = self._bundle.row_of(canonical) if canonical else -1
        if row < 0:
            return None
        page = read_token(asked.token, asked.key, self._name)
        basis = basis_of(positives=(row,), excluded=(row,), texts=(None,), cited=((),))
        page.check(basis, complete=True)
        end = page.offset + asked.size
        found = self._assembler.related(row, page.offset, end, only_ids=asked.only_ids)
        if found is None:
            return None
        rows, results = found
        following = wire.field(_NEXT_PAGE_TOKEN, make_token(asked.key, self._name, basis, end).encode())
        attribution = attribution_token(request, self._bundle.version, rows.tobytes())  # as Bundle.key_of has it
        return b"".join((results, following, self._version, wire.field(_ATTRIBUTION_TOKEN, attribution.encode())))
