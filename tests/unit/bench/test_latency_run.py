"""The latency bench from end to end on a tiny model: every row is answered. Nothing is said about time."""

import json
from pathlib import Path

import pytest

from cocite.bench.latency import LatencyOptions, Measured, run_latency_bench
from cocite.bench.latency_calls import query_calls, related_call, text_seeds
from cocite.bench.latency_rows import ROWS
from cocite.bench.latency_stage import opened
from cocite.bench.synthetic_model import SyntheticPlan, synthetic_bundles
from cocite.core.settings import Settings
from cocite.recommender.assembly import Assembler
from cocite.recommender.bundle import Bundle
from cocite.recommender.one_paper import OnePaper, PageAsked
from cocite.v1.recommender_service_pb2 import RecommendPapersRequest

pytestmark = pytest.mark.timeout(240)  # the first to run starts fifteen processes
OPTIONS = LatencyOptions(papers=2000, lists=40, windows=1, seconds=0.05, hot=10, texts=20, lessons=400)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def measured(home: Path) -> Measured:
    told: list[str] = []
    found = run_latency_bench(
        Settings(home=home, encoder="hashing"), OPTIONS, lambda phase, done, total: told.append(phase)
    )
    assert told
    return found


def test_every_row_is_answered(measured):
    assert list(measured.samples) == [kind.name for kind in ROWS]
    for samples in measured.samples.values():
        assert len(samples) == 1
        assert samples[0].cpu_us > 0
    told = json.loads(json.dumps(measured.as_json(), allow_nan=False))
    assert told["rows"].keys() == measured.samples.keys()
    assert told["p99_at_half_load"]["row"] == "wire_hit"


def test_only_those_that_ask_others_have_cpu_behind_them(measured):
    assert measured.samples["redis_hit"][0].behind_cpu_us > 0
    assert measured.samples["text_1m"][0].behind_cpu_us > 0
    assert measured.samples["wire_hit"][0].behind_cpu_us == 0


def test_a_model_that_is_there_is_not_made_again(home, measured):
    models = {path: path.stat().st_mtime_ns for path in (home / "bench").glob("*/2*")}
    assert len(models) == 2
    plan = next(p for p in plans() if p.papers == 2000)
    bundles = synthetic_bundles(home / "bench", plan, lambda *_: pytest.fail("it is made again"))
    assert {path: path.stat().st_mtime_ns for path in (home / "bench").glob("*/2*")} == models
    bundle = opened(bundles)
    assert bundle.paper_count == 2000
    assert bundle.manifest.rankers["papers"] == "lambdamart"


def plans() -> list[SyntheticPlan]:
    return [SyntheticPlan(papers, 40, "hashing-64-v1", 64, 0, 400) for papers in (2000, 200)]


@pytest.fixture(scope="module")
def bundle(home: Path, measured: Measured) -> Bundle:
    return opened(synthetic_bundles(home / "bench", plans()[0]))


def test_queries_are_of_four_papers_and_a_year_and_no_two_alike(bundle):
    calls = query_calls(bundle, 300, 0)
    assert len({call.message for call in calls}) == 300
    for message in (RecommendPapersRequest.FromString(call.message) for call in calls):
        rows = [bundle.row_of(each) for each in (*message.seeds.positive_ids, *message.seeds.negative_ids)]
        assert (len(message.seeds.positive_ids), len(set(rows)), min(rows) >= 0) == (3, 4, True)
        assert message.filter.HasField("min_year")
    assert [call.message for call in query_calls(bundle, 300, 0)] == [call.message for call in calls]


def test_text_seeds_are_different_texts(bundle):
    texts = text_seeds(bundle, 50, 0)
    assert len(texts) == 50
    assert all(0 <= row < bundle.paper_count for row in texts.values())


def test_related_calls_take_the_quick_way(bundle):
    quick = OnePaper(bundle, "model", Assembler(bundle))
    rows = [row for row in range(bundle.paper_count) if bundle.related.start_of(row, 20)]
    assert len(rows) == 40
    for row in rows:
        request = related_call(bundle.paper_id(row)).message
        asked = PageAsked.of(request)
        assert asked and quick.answer(asked, request)


def test_a_row_that_is_none_is_told_before_anything_is_made(tmp_path):
    from cocite.core.errors import InvalidArgument

    with pytest.raises(InvalidArgument, match="no row"):
        run_latency_bench(Settings(home=tmp_path), LatencyOptions(rows=("none",)), lambda *_: None)
    assert not list(tmp_path.iterdir())
