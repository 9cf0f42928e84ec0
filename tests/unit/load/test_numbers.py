"""Percentiles, Zipf's law, schedules, ratios by pairs, histograms."""

import xml.etree.ElementTree as ElementTree
from itertools import islice

import numpy as np
import pytest

from cocite.core.errors import InvalidArgument
from cocite.load.histogram import as_svg, duration, histogram
from cocite.load.paired import paired_ratio, rounds
from cocite.load.result import Load, Result, percentile
from cocite.load.schedule import MAX_CALLS, even, poisson
from cocite.load.zipf import zipf_draws, zipf_probabilities


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        (range(1, 101), 50, 50), (range(1, 101), 99, 99), (range(1, 101), 99.9, 100), (range(1, 101), 100, 100),
        (range(1, 1001), 99.9, 999), ([7], 25, 7), ([1, 2], 50, 1), ([1, 2], 51, 2), (range(1, 101), 0, 1),
    ],
)  # fmt: skip
def test_percentiles_are_values_that_were_measured(values, percent, expected):
    assert percentile(np.array(list(values), dtype=np.float64), percent) == expected


def test_of_nothing_there_is_no_percentile():
    assert np.isnan(percentile(np.empty(0), 50))


def test_zipf_chances():
    assert zipf_probabilities(4, 1) == pytest.approx(np.array([12, 6, 4, 3]) / 25)
    assert zipf_probabilities(4, 0) == pytest.approx(np.full(4, 0.25))
    draws = np.bincount(list(islice(zipf_draws(4, 1, seed=3), 100_000)), minlength=4) / 100_000
    assert draws == pytest.approx(zipf_probabilities(4, 1), abs=0.01)


def test_zipf_draws_follow_the_seed():
    first, again, other = (list(islice(zipf_draws(1000, 1, seed), 200)) for seed in (1, 1, 2))
    assert first == again != other
    assert set(first) <= set(range(1000))


@pytest.mark.parametrize(("count", "exponent"), [(0, 1), (3, -1), (3, float("nan")), (3, 11)])
def test_zipf_refuses_what_is_no_law(count, exponent):
    with pytest.raises(InvalidArgument):
        zipf_probabilities(count, exponent)


def test_schedules():
    assert even(4, 2).tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]
    drawn = poisson(1000, 20, seed=5)
    gaps = np.diff(drawn)
    assert (gaps >= 0).all()
    assert 0 <= drawn[0] <= drawn[-1] <= 20
    assert gaps.mean() == pytest.approx(1e-3, rel=0.05)
    assert gaps.std() == pytest.approx(1e-3, rel=0.05)  # exponential: as wide as long
    assert poisson(1000, 20, seed=5).tolist() == drawn.tolist() != poisson(1000, 20, seed=6).tolist()


@pytest.mark.parametrize(("rate", "seconds"), [(0, 1), (-1, 1), (1, 0), (MAX_CALLS, 1.1), (float("nan"), 1)])
def test_schedules_have_a_bound(rate, seconds):
    for schedule in (lambda: even(rate, seconds), lambda: poisson(rate, seconds, 0)):
        with pytest.raises(InvalidArgument, match="rate"):
            schedule()


def test_ratios_by_pairs_cancel_a_drift():
    drift = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    ratio = paired_ratio(3 * drift, drift)
    assert (ratio.median, ratio.low, ratio.high, ratio.pairs) == (3, 3, 3, 5)
    assert np.median(3 * drift) / np.median(drift[:4]) != 3  # unpaired and with a window lost they do not


def test_ratios_tell_their_spread():
    ratio = paired_ratio([1, 2, 3, 4, 100], [1, 1, 1, 1, 1])
    assert (ratio.median, ratio.low, ratio.high) == (3, 2, 4)


@pytest.mark.parametrize(("ours", "theirs"), [([1], [1, 2]), ([], []), ([1], [0]), ([float("nan")], [1]), ([-1], [1])])
def test_what_makes_no_ratio_is_refused(ours, theirs):
    with pytest.raises(InvalidArgument):
        paired_ratio(ours, theirs)


def test_rounds_alternate():
    assert list(rounds(["a", "b", "c"], 3)) == [("a", "b", "c"), ("c", "b", "a"), ("a", "b", "c")]


def test_histograms_lose_nothing():
    values = np.exp(np.random.default_rng(1).normal(5, 2, 10_000))
    found = histogram(values)
    assert found.counts.sum() == 10_000
    assert found.edges.size == found.counts.size + 1
    assert found.counts.tolist() == [
        int(((values >= low) & (values < high)).sum()) for low, high in zip(found.edges, found.edges[1:], strict=False)
    ]
    assert found.edges[1:] / found.edges[:-1] == pytest.approx(10**0.1)


def test_pictures_are_svg_and_show_every_bucket():
    found = histogram(np.array([90.0, 100.0, 2000.0]))
    drawn = as_svg(found, "a < b", {"p50": 100.0})
    root = ElementTree.fromstring(drawn)
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == found.counts.size
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b", "p50 100 us", "1 ms"} <= set(texts)
    assert ElementTree.fromstring(as_svg(histogram(np.empty(0)), "nothing", {"p50": float("nan")})) is not None


@pytest.mark.parametrize(
    ("us", "told"), [(0.5, "0.5 us"), (999.4, "999 us"), (999.6, "1 ms"), (12_340, "12.3 ms"), (2.5e6, "2.5 s")]
)
def test_durations(us, told):
    assert duration(us) == told


def result(**changes) -> Result:
    figures = dict.fromkeys(("sent", "resent", "answered_in_all", "answer_octets", "late", "unsent"), 0)
    figures |= {"failures": {}, "messages": {}, "late_share": 0.0, "interrupted": False, "lost": "", "cpu_us": 1.0}
    load = Load(1, rate=10.0, max_late_share=0.02)
    return Result(**{"load": load, "seconds": 2.0, "latencies_us": np.arange(1.0, 101.0), **figures, **changes})


def test_results_are_rejected_for_a_reason():
    assert result().rejected == result(late_share=0.02).rejected == ""
    assert "2.10 % of the calls began late or not at all, more than 2 %" in result(late_share=0.021).rejected
    assert result(lost="gone").rejected == "gone"
    assert result(latencies_us=np.empty(0)).rejected == "no call was answered in the measured time"


def test_results_as_json():
    told = result(failures={"INTERNAL": 2}, messages={"INTERNAL": "oh"}).as_json()
    assert (told["rps"], told["p50_us"], told["p99.9_us"], told["failed"]) == (50.0, 50.0, 100.0, 2)
    assert result(latencies_us=np.empty(0)).as_json()["p50_us"] is None
