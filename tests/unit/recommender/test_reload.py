import gc
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.core.errors import NotReady
from cocite.recommender import layout
from cocite.recommender.query import Query
from cocite.recommender.reload import MAX_REFUSED, Models
from cocite.training.activation import activate
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, checkerboard, publish, reseal, rewrite_manifest, write_bundle
from support.recommender import House, open_house, until

REQUEST = pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=["doi:10.1000/20"]))


def _flip(name: str) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        data = bytearray((directory / name).read_bytes())
        data[len(data) // 2] ^= 0xFF
        (directory / name).write_bytes(data)

    return damage


def _truncate(directory: Path) -> None:
    path = directory / layout.ITEM_FACTORS
    path.write_bytes(path.read_bytes()[:200])


def _nan(directory: Path) -> None:
    factors = np.array(np.load(directory / layout.ITEM_FACTORS))
    factors[3, 3] = np.nan
    reseal(directory, layout.ITEM_FACTORS, factors)


DAMAGE: dict[str, Callable[[Path], None]] = {
    **{f"flipped {name}": _flip(name) for name in (*layout.FILES, layout.MANIFEST)},
    "truncated": _truncate,
    "NaN": _nan,
    "too new": lambda directory: rewrite_manifest(directory, schema=layout.SCHEMA + 1),
    "file missing": lambda directory: (directory / layout.REFERENCES).unlink(),
    "manifest missing": lambda directory: (directory / layout.MANIFEST).unlink(),
    "directory missing": lambda directory: shutil.rmtree(directory),
    "other version inside": lambda directory: rewrite_manifest(directory, model_version="m9"),
    "a file in its place": lambda directory: (shutil.rmtree(directory), directory.write_text("x"))[0],
}


@pytest.fixture
def home(bundle_dir: Path) -> Path:
    publish(bundle_dir.parent, "m1")
    return bundle_dir.parent


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_bundle_is_refused_and_the_old_one_kept(
    home: Path, corpus: Corpus, damage: Callable[[Path], None]
) -> None:
    models = Models(home)
    assert models.poll()
    damage(write_bundle(home, corpus, version="m2"))
    publish(home, "m2")
    assert not models.poll()
    assert models.require().bundle.version == "m1"
    assert [each.version for each in models.refusals] == ["m2"]
    assert models.refusals[0].detail
    assert not models.poll() and len(models.refusals) == 1, "noted once"


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_who_begins_with_a_damaged_bundle_serves_the_last_good_one_before_it(
    home: Path, corpus: Corpus, damage: Callable[[Path], None]
) -> None:
    for version in ("m2", "m3", "m4"):
        write_bundle(home, corpus, version=version)
    for version in ("m1", "m2", "m3"):  # the last is ready, but has not been published
        activate(home, version)
    _truncate(home / "m2")
    damage(home / "m3")
    models = Models(home)
    assert models.poll()
    assert models.require().bundle.version == "m1"
    assert models.refuses and [each.version for each in models.refusals] == ["m3"]
    assert not models.poll(), "there is nothing new"
    activate(home, "m4")
    assert models.poll()
    assert models.require().bundle.version == "m4" and not models.refuses


def test_who_begins_with_a_bundle_that_nothing_came_before_waits_for_another(home: Path, corpus: Corpus) -> None:
    _truncate(home / "m1")
    write_bundle(home, corpus, version="m2")
    models = Models(home)
    assert not models.poll()
    assert models.serving is None and [each.version for each in models.refusals] == ["m1"]


def test_the_same_bundle_undamaged_is_taken(home: Path, corpus: Corpus) -> None:
    models = Models(home)
    models.poll()
    write_bundle(home, corpus, version="m2")
    publish(home, "m2")
    assert models.poll()
    assert models.require().bundle.version == "m2" and not models.refusals


def test_a_copy_still_under_way_is_tried_again(home: Path, corpus: Corpus) -> None:
    models = Models(home)
    models.poll()
    whole = write_bundle(home, corpus, version="m2")
    last = (whole / layout.TEXT_VECTORS).read_bytes()
    (whole / layout.TEXT_VECTORS).write_bytes(last[:100])
    publish(home, "m2")
    assert not models.poll()
    (whole / layout.TEXT_VECTORS).write_bytes(last)
    assert models.poll()
    assert models.require().bundle.version == "m2"


def test_rollback_is_publishing_again(home: Path, corpus: Corpus) -> None:
    models = Models(home)
    write_bundle(home, corpus, version="m2")
    for version in ("m1", "m2", "m1"):
        publish(home, version)
        assert models.poll()
        assert models.require().bundle.version == version


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_model_is_gone_with_its_swap_and_waits_for_no_collector(
    home: Path, corpus: Corpus, no_collector: None
) -> None:
    """Processes that serve exempt what they start with from garbage collection: a cycle would stay for ever."""
    write_bundle(home, corpus, version="m2")
    models = Models(home)
    models.poll()
    first = weakref.ref(models.require().bundle.references.rows)
    models.require().engine.rank(Query(positive_rows=(1,), texts=("words",)))
    assert first() is not None
    publish(home, "m2")
    models.poll()
    assert models.require().bundle.version == "m2"
    assert first() is None


@pytest.mark.parametrize("content", ["", "../elsewhere", "a b", "\x00\x01"])
def test_a_garbled_pointer_is_refused(home: Path, content: str) -> None:
    models = Models(home)
    models.poll()
    (home / layout.CURRENT).write_text(content)
    assert not models.poll() and not models.poll()
    assert models.require().bundle.version == "m1"
    assert len(models.refusals) == 1 and "CURRENT" in models.refusals[0].detail


def test_a_pointer_that_vanishes_changes_nothing(home: Path) -> None:
    models = Models(home)
    models.poll()
    (home / layout.CURRENT).unlink()
    assert not models.poll()
    assert models.require().bundle.version == "m1" and not models.refusals


def test_refusals_are_bounded(home: Path) -> None:
    models = Models(home)
    models.poll()
    for number in range(MAX_REFUSED + 5):
        publish(home, f"none-{number}")
        models.poll()
    assert [each.version for each in models.refusals] == [f"none-{number}" for number in range(5, MAX_REFUSED + 5)]


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    models = Models(tmp_path / "nowhere")
    assert not models.poll()
    with pytest.raises(NotReady, match="no model is published; run `cocite train`"):
        models.require()
    (tmp_path / "some").mkdir()
    publish(tmp_path / "some", "m7")
    refused = Models(tmp_path / "some")
    refused.poll()
    with pytest.raises(NotReady, match="m7 was refused"):
        refused.require()


@pytest.fixture
def empty(tmp_path: Path, corpus: Corpus) -> Iterator[tuple[House, Path]]:
    home = tmp_path / "bundles"
    home.mkdir()
    with open_house(home, corpus.papers) as house:
        yield house, home


def test_not_serving_until_something_is_published(empty: tuple[House, Path], corpus: Corpus) -> None:
    house, home = empty
    health = health_pb2_grpc.HealthStub(house.channel)

    def status() -> int:
        return health.Check(health_pb2.HealthCheckRequest(), timeout=10).status

    assert status() == health_pb2.HealthCheckResponse.NOT_SERVING
    for call, request in (
        (house.stub.RecommendPapers, REQUEST),
        (house.stub.ResolvePapers, pb.ResolvePapersRequest(queries=["10.1000/1"])),
        (house.stub.GetModel, pb.GetModelRequest()),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=10)
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "cocite train" in caught.value.details()
    write_bundle(home, corpus)
    publish(home, "m1")
    until(lambda: status() == health_pb2.HealthCheckResponse.SERVING)
    assert house.stub.RecommendPapers(REQUEST, timeout=10).results


def test_a_refused_version_is_listed_by_the_service(home: Path, corpus: Corpus) -> None:
    with open_house(home, corpus.papers) as house:
        _truncate(write_bundle(home, corpus, version="m2"))
        publish(home, "m2")
        until(lambda: bool(house.stub.GetModel(pb.GetModelRequest(), timeout=10).refused))
        model = house.stub.GetModel(pb.GetModelRequest(), timeout=10)
        assert model.model_version == "m1"
        assert model.refused[0].model_version == "m2" and layout.ITEM_FACTORS in model.refused[0].detail


def test_swapping_under_load_fails_no_call_and_mixes_no_versions(home: Path) -> None:
    """m2 knows papers that m1 does not, so an answer made of both would be seen."""
    larger = checkerboard(40)
    write_bundle(home, larger, version="m2")
    with open_house(home, larger.papers) as house:
        expected = {}
        for version in ("m2", "m1"):
            publish(home, version)
            until(lambda v=version: house.recommender.models.require().bundle.version == v)
            expected[version] = house.stub.RecommendPapers(REQUEST, timeout=10)
        stop = threading.Event()

        def call() -> list[pb.RecommendPapersResponse]:
            answers = []
            while not stop.is_set():
                answers.append(house.stub.RecommendPapers(REQUEST, timeout=10))
            return answers

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(call) for _ in range(4)]
            try:
                for version in ("m2", "m1", "m2", "m1", "m2"):
                    publish(home, version)
                    until(lambda v=version: house.recommender.models.require().bundle.version == v)
            finally:
                stop.set()
            answers = [answer for each in running for answer in each.result()]
    assert {answer.model_version for answer in answers} == {"m1", "m2"}
    for answer in answers:
        assert answer == expected[answer.model_version]
