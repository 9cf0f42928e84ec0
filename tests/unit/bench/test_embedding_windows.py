import pytest

from cocite.bench.embedding_windows import Reading, Stretch, Watch, numbered_calls, useful_share
from cocite.core.errors import NotReady
from cocite.embedding.throughput import BatchCounts
from cocite.v1.embedding_service_pb2 import EmbedTextsRequest
from support.load_results import result


def reading(at_s: float, tokens: int, waited_s: float = 0.0) -> Reading:
    return Reading(at_s, at_s / 2, BatchCounts(texts=tokens // 10, tokens=tokens), waited_s)


def test_every_call_asks_for_a_text_of_its_own() -> None:
    calls = numbered_calls(["one", "two"], 20, seed=1)
    texts = [EmbedTextsRequest.FromString(call.message).texts for call in calls]
    assert all(len(each) == 1 for each in texts)
    assert len({each[0] for each in texts}) == 40
    assert sorted(each[0].split()[1] for each in texts) == ["one"] * 20 + ["two"] * 20
    assert [c.message for c in numbered_calls(["one", "two"], 20, 1)] == [c.message for c in calls]
    assert [c.message for c in numbered_calls(["one", "two"], 20, 2)] != [c.message for c in calls]


def test_a_watch_measures_from_the_end_of_the_warm_up_to_the_last_tick() -> None:
    readings = iter([reading(11.0, 100), reading(12.0, 300), reading(13.0, 900)])
    watch = Watch(lambda: next(readings), warm_up_s=1.0)
    for elapsed in (0.0, 0.5, 1.0, 2.0, 3.0):
        assert not watch(elapsed)
    assert (watch.stretch.clock_s, watch.stretch.encoded.tokens) == (2.0, 800)


def test_a_window_too_short_to_measure_is_told() -> None:
    watch = Watch(lambda: reading(0.0, 0), warm_up_s=1.0)
    watch(1.0)
    with pytest.raises(NotReady):
        _ = watch.stretch


def test_time_without_a_core_is_left_out() -> None:
    stretch = Stretch.between(reading(10.0, 0, waited_s=3.0), reading(20.0, 500, waited_s=8.0))
    assert (stretch.clock_s, stretch.seconds, stretch.cpu_s) == (10.0, 5.0, 5.0)
    assert stretch.tokens_per_s == 100.0


@pytest.mark.parametrize(("answered", "encoded", "share"), [(3, 4, 0.75), (4, 4, 1.0), (5, 4, 1.0), (0, 0, 0.0)])
def test_useful_is_what_reached_a_caller(answered: int, encoded: int, share: float) -> None:
    assert useful_share(result(answered), BatchCounts(texts=encoded)) == share
