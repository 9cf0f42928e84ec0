"""The whole service over gRPC: real catalogue, real Valkey."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError, InvalidArgument, Unavailable
from cocite.core.settings import Settings
from cocite.features.main import FeatureProcess, build
from cocite.serving.channel import open_channel
from cocite.serving.status import from_rpc_error
from cocite.v1 import degradation_pb2, feature_service_pb2_grpc, paper_pb2, vector_pb2
from cocite.v1 import feature_service_pb2 as pb
from support.feature_stores import PATIENT_S
from support.valkey import RealValkey

SMALL = "doi:10.1002/asi.4630240406"
KESSLER = "doi:10.1002/asi.5090140103"
CACHE_UNAVAILABLE = degradation_pb2.DEGRADED_CAUSE_CACHE_UNAVAILABLE
CATALOGUE_UNAVAILABLE = degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE
TIMEOUT_S = 60.0
ONES = np.ones(4, np.float32).tobytes()


@pytest.fixture
def catalogue_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    with Catalogue.open(url) as catalogue:
        catalogue.write(
            [
                PaperRecord(
                    ids=(SMALL, "openalex:W2018251344"),
                    fields=Fields("Co-citation", "Coupling of documents.", ("Henry Small",), 1973, "JASIS", ("maps",)),
                    references=(KESSLER,),
                ),
                PaperRecord(ids=(KESSLER,), fields=Fields("Bibliographic coupling", year=1963)),
            ]
        )
    return url


def settings_for(catalogue_url: str, redis_url: str = "") -> Settings:
    return Settings(
        catalogue_url=catalogue_url,
        redis_url=redis_url,
        redis_timeout_s=PATIENT_S,
        features_listen="127.0.0.1:0",
        lame_duck_s=0,
    )


class Caller:
    """A running service and stubs that call it."""

    def __init__(self, process: FeatureProcess) -> None:
        self.process = process
        self.channel = open_channel(process.server.start())
        self.features = feature_service_pb2_grpc.FeatureServiceStub(self.channel)
        self.health = health_pb2_grpc.HealthStub(self.channel)

    def papers(self, *ids: str, view: paper_pb2.PaperView = 0) -> pb.BatchGetPapersResponse:
        return self.features.BatchGetPapers(pb.BatchGetPapersRequest(paper_ids=ids, view=view), timeout=TIMEOUT_S)

    def put(self, *vectors: tuple[str, bytes], dimension: int = 4) -> pb.BatchPutVectorsResponse:
        request = pb.BatchPutVectorsRequest(
            model_version="m1",
            dtype=vector_pb2.VECTOR_DTYPE_FLOAT32,
            dimension=dimension,
            vectors=[pb.Vector(key=key, data=data) for key, data in vectors],
        )
        return self.features.BatchPutVectors(request, timeout=TIMEOUT_S)

    def get(self, *keys: str) -> pb.BatchGetVectorsResponse:
        return self.features.BatchGetVectors(
            pb.BatchGetVectorsRequest(model_version="m1", keys=keys), timeout=TIMEOUT_S
        )

    def error_of(self, request: pb.BatchGetPapersRequest | pb.BatchGetVectorsRequest) -> CociteError:
        method = getattr(self.features, type(request).__name__.removesuffix("Request"))
        with pytest.raises(grpc.RpcError) as caught:
            method(request, timeout=TIMEOUT_S)
        return from_rpc_error(caught.value)

    def serving(self) -> bool:
        answer = self.health.Check(health_pb2.HealthCheckRequest(service="cocite.v1.FeatureService"), timeout=TIMEOUT_S)
        return answer.status == health_pb2.HealthCheckResponse.SERVING

    def close(self) -> None:
        self.channel.close()
        self.process.server.stop()
        self.process.close()


@pytest.fixture
def caller(catalogue_url: str, valkey: RealValkey) -> Iterator[Caller]:
    caller = Caller(build(settings_for(catalogue_url, valkey.url)))
    yield caller
    caller.close()


def test_papers_come_in_the_order_of_the_request_each_as_it_was_asked_for(caller: Caller, valkey: RealValkey) -> None:
    ids = ["https://doi.org/10.1002/ASI.5090140103", "local:nobody", SMALL, "W2018251344", SMALL]
    first, second = caller.papers(*ids), caller.papers(*ids)
    assert first == second
    assert [found.requested_id for found in first.papers] == [ids[0], *ids[2:]]
    assert [found.paper.paper_id for found in first.papers] == [KESSLER, SMALL, SMALL, SMALL]
    assert list(first.missing_ids) == ["local:nobody"] and not first.degraded
    assert (valkey.calls("mget"), valkey.calls("set")) == (2, 3)


@pytest.mark.parametrize("warm", [False, True])
def test_the_view_says_how_much_of_a_paper_comes(caller: Caller, warm: bool) -> None:
    if warm:
        caller.papers(SMALL)
    ids_only = caller.papers(SMALL, view=paper_pb2.PAPER_VIEW_ID).papers[0].paper
    basic = caller.papers(SMALL).papers[0].paper
    full = caller.papers(SMALL, view=paper_pb2.PAPER_VIEW_FULL).papers[0].paper
    assert ids_only == paper_pb2.Paper(paper_id=SMALL)
    assert (basic.title, basic.year, basic.venue, list(basic.authors)) == (
        "Co-citation",
        1973,
        "JASIS",
        ["Henry Small"],
    )
    assert basic.has_abstract and not (basic.abstract or basic.aliases or basic.keywords)
    assert (full.abstract, list(full.aliases)) == ("Coupling of documents.", ["openalex:W2018251344"])
    assert full.reference_count == 1 and list(full.keywords) == ["maps"]


def test_a_malformed_id_is_named(caller: Caller) -> None:
    error = caller.error_of(pb.BatchGetPapersRequest(paper_ids=[SMALL, "not an id"]))
    assert isinstance(error, InvalidArgument) and error.field == "paper_ids[1]"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.BatchGetPapersRequest(), "paper_ids"),
        (pb.BatchGetPapersRequest(paper_ids=[SMALL] * 1001), "paper_ids"),
        (pb.BatchGetPapersRequest(paper_ids=["x" * 513]), "paper_ids[0]"),
        (pb.BatchGetPapersRequest(paper_ids=[SMALL], view=9), "view"),
        (pb.BatchGetVectorsRequest(model_version="a:b", keys=["k"]), "model_version"),
        (pb.BatchGetVectorsRequest(model_version="m1"), "keys"),
        (pb.BatchPutVectorsRequest(model_version="m1", dimension=1, vectors=[pb.Vector(key="k", data=b"ab")]), "dtype"),
        (
            pb.BatchPutVectorsRequest(
                model_version="m1",
                dtype=vector_pb2.VECTOR_DTYPE_FLOAT16,
                dimension=2,
                vectors=[pb.Vector(key="k", data=b"ab")],
            ),
            "vectors[0].data",
        ),
        (
            pb.BatchPutVectorsRequest(
                model_version="m1",
                dtype=vector_pb2.VECTOR_DTYPE_FLOAT32,
                dimension=1,
                vectors=[pb.Vector(key="k", data=np.float32("nan").tobytes())],
            ),
            "vectors[0].data",
        ),
    ],
)
def test_bad_requests_name_the_field(caller: Caller, request_: pb.BatchGetPapersRequest, field: str) -> None:
    error = caller.error_of(request_)
    assert isinstance(error, InvalidArgument) and error.field == field


def test_vectors_are_kept_as_float16_and_come_in_the_order_of_the_keys(caller: Caller) -> None:
    numbers = np.array([[0.1, -2, 3.5, 4], [5, 6, 7, 8]], dtype=np.float32)
    assert caller.put(("a", numbers[0].tobytes()), ("b", numbers[1].tobytes())).stored == 2
    answer = caller.get("b", "x", "a", "b")
    halves = numbers.astype("<f2")
    assert [(v.key, v.data) for v in answer.vectors] == [
        ("b", halves[1].tobytes()),
        ("a", halves[0].tobytes()),
        ("b", halves[1].tobytes()),
    ]
    assert (answer.dtype, answer.dimension) == (vector_pb2.VECTOR_DTYPE_FLOAT16, 4)
    assert list(answer.missing_keys) == ["x"] and not answer.degraded


def test_no_vector_found_has_no_dtype(caller: Caller) -> None:
    answer = caller.get("x")
    assert (answer.dtype, answer.dimension, list(answer.missing_keys)) == (0, 0, ["x"])


def test_a_thousand_large_vectors_go_through(caller: Caller) -> None:
    row = np.arange(4096, dtype=np.float16).astype(np.float32).tobytes()
    assert caller.put(*((f"k{i}", row) for i in range(1000)), dimension=4096).stored == 1000
    assert len(caller.get(*(f"k{i}" for i in range(1000))).vectors) == 1000


def test_papers_beyond_one_message_are_refused_with_what_to_do(catalogue_url: str, caller: Caller) -> None:
    with Catalogue.open(catalogue_url) as catalogue:
        catalogue.write([PaperRecord(ids=("local:long",), fields=Fields("Long", "\u5b57" * 100_000))])
    many = ["local:long"] * 200
    error = caller.error_of(pb.BatchGetPapersRequest(paper_ids=many, view=paper_pb2.PAPER_VIEW_FULL))
    assert isinstance(error, InvalidArgument) and error.field == "paper_ids" and "fewer at a time" in str(error)
    assert len(caller.papers(*many).papers) == 200
    assert len(caller.papers(*many[:100], view=paper_pb2.PAPER_VIEW_FULL).papers) == 100


def test_with_redis_gone_every_call_still_answers(caller: Caller, valkey: RealValkey) -> None:
    full = caller.papers(SMALL, KESSLER)
    valkey.kill()
    for _ in range(10):
        answer = caller.papers(SMALL, KESSLER)
        assert answer.papers == full.papers and [d.cause for d in answer.degraded] == [CACHE_UNAVAILABLE]
        stored = caller.put(("a", ONES))
        assert stored.stored == 0 and [d.cause for d in stored.degraded] == [CACHE_UNAVAILABLE]
        got = caller.get("a")
        assert list(got.missing_keys) == ["a"] and [d.cause for d in got.degraded] == [CACHE_UNAVAILABLE]
    assert caller.serving()


def test_an_empty_catalogue_misses_everything(tmp_path: Path) -> None:
    caller = Caller(build(settings_for(f"sqlite:///{tmp_path / 'empty.db'}")))
    try:
        answer = caller.papers(SMALL, KESSLER)
        assert not answer.papers and list(answer.missing_ids) == [SMALL, KESSLER] and not answer.degraded
        assert caller.serving()
    finally:
        caller.close()


def test_a_catalogue_that_is_not_there_leaves_what_redis_has(catalogue_url: str, valkey: RealValkey) -> None:
    warm = Caller(build(settings_for(catalogue_url, valkey.url)))
    warm.papers(SMALL)
    warm.close()
    caller = Caller(build(settings_for("postgresql://nobody@127.0.0.1:1/none", valkey.url)))
    try:
        assert caller.serving()
        assert not caller.papers(SMALL).degraded
        answer = caller.papers(SMALL, KESSLER)
        assert [f.requested_id for f in answer.papers] == [SMALL] and not answer.missing_ids
        assert [d.cause for d in answer.degraded] == [CATALOGUE_UNAVAILABLE]
        valkey.kill()
        error = caller.error_of(pb.BatchGetPapersRequest(paper_ids=[SMALL]))
        assert isinstance(error, Unavailable) and error.retry_after_s == 1.0
    finally:
        caller.close()


def test_a_catalogue_url_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InvalidArgument):
        build(settings_for("mysql://nobody@localhost/none"))


SERVE = """
from cocite.core.settings import load_settings
from cocite.features.main import serve
serve(load_settings())
"""


def test_the_process_serves_until_sigterm_and_leaves_nothing(catalogue_url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="cv-") as short:
        environment = {"COCITE_CATALOGUE_URL": catalogue_url, "COCITE_LAME_DUCK_S": "0", "TMPDIR": short}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env=environment | {"COCITE_FEATURES_LISTEN": f"unix:{short}/f"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout
        try:
            while "listening" not in (line := process.stdout.readline()):
                assert line, "it ended before it listened"
            assert list(Path(short).glob("cocite-*/valkey.sock"))
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=TIMEOUT_S)
            assert process.returncode == 0
            assert not list(Path(short).glob("cocite-*"))
        finally:
            process.kill()
            process.wait()


def test_new_papers_come_page_by_page_with_their_links(caller: Caller, catalogue_url: str) -> None:
    def page(after: int, size: int = 0) -> pb.ListNewPapersResponse:
        request = pb.ListNewPapersRequest(after=after, page_size=size)
        return caller.features.ListNewPapers(request, timeout=TIMEOUT_S)

    first = page(0, 1)
    (small,) = first.papers
    assert (small.paper.paper_id, small.paper.abstract) == (SMALL, "Coupling of documents.")
    assert (list(small.reference_ids), list(small.citing_ids)) == ([KESSLER], [])
    rest = page(small.cursor)
    assert [(new.paper.paper_id, list(new.citing_ids)) for new in rest.papers] == [(KESSLER, [SMALL])]
    seen = rest.papers[-1].cursor
    assert page(seen) == pb.ListNewPapersResponse()
    with Catalogue.open(catalogue_url) as catalogue:
        catalogue.write([PaperRecord(("local:new",), Fields("New"), (SMALL,))])
    assert [list(new.reference_ids) for new in page(seen).papers] == [[SMALL]]


def test_a_page_of_new_papers_fits_into_a_message(caller: Caller, catalogue_url: str) -> None:
    with Catalogue.open(catalogue_url) as catalogue:
        start = catalogue.last_arrival()
        catalogue.write([PaperRecord((f"s2:{i}",), Fields(abstract="x" * 1_000_000)) for i in range(1, 41)])
    seen, after = [], start
    while page := caller.features.ListNewPapers(pb.ListNewPapersRequest(after=after), timeout=TIMEOUT_S):
        if not page.papers:
            break
        assert page.ByteSize() < 32 << 20
        seen += [new.paper.paper_id for new in page.papers]
        after = page.papers[-1].cursor
    assert seen == [f"s2:{i}" for i in range(1, 41)]


def test_references_by_any_id(caller: Caller) -> None:
    asked = ["W2018251344", "local:nobody", KESSLER]
    answer = caller.features.BatchGetReferences(pb.BatchGetReferencesRequest(paper_ids=asked), timeout=TIMEOUT_S)
    assert [(found.requested_id, list(found.reference_ids)) for found in answer.references] == [
        ("W2018251344", [KESSLER]),
        (KESSLER, []),
    ]
    error = caller.error_of(pb.BatchGetReferencesRequest(paper_ids=["nonsense"]))
    assert isinstance(error, InvalidArgument) and error.field == "paper_ids[0]"
