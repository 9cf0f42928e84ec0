"""What counts how much: one reader, one paper, and a community that is under attack."""

import math

import numpy as np
import pytest

from cocite.catalogue.activity import Activity
from cocite.catalogue.event_records import EventKind
from cocite.core.clock import DAY_MS
from cocite.feeds.trending.formula import HALF_LIVES_MS, LIFE_S, RULES, Rules, Window, growth
from cocite.feeds.trending.tally import additions
from support.trending_community import MADE_UP, Community, Shape, most, moved

VIEW, CLICK, SAVE, UPVOTE, DISMISS, SUBMIT = EventKind
NOW_MS = 20_000 * DAY_MS
WEEK_MS = HALF_LIVES_MS[Window.WEEK]
NEW = 1 / 64  # trust of a reader without a past
UNCAPPED = Rules(daily_points=math.inf, trusted_days=0, session_share=1.0, newcomers_share=math.inf)


def event(
    kind: EventKind, target: int = 1, change: int = 1, at_ms: int = 0, session: bool = False, position: int = 0
) -> Activity:
    return Activity(1, 1, session, kind, change, target, position, NOW_MS + at_ms)


def total(events: list[Activity], target: int = 1, rules: Rules = RULES, window: Window = Window.DAY) -> list[float]:
    """Points of a target by readers with a past and without, exposures, readers; as of now."""
    added = np.array([each.numbers for each in additions(events, NOW_MS, rules) if each.target == target])
    summed = added.sum(axis=0) if len(added) else np.zeros(10)
    return [float(summed[place]) for place in (window, 3 + window, 6 + window, 9)]


def test_the_strongest_act_counts_alone() -> None:
    assert total([event(CLICK), event(SAVE), event(UPVOTE), event(SUBMIT)]) == [0, 4 * NEW, 0, 1]
    assert total([event(UPVOTE), event(CLICK)]) == [0, 4 * NEW, 0, 1]
    assert total([event(UPVOTE), event(CLICK), event(UPVOTE, change=-1)]) == [0, NEW, 0, 1]
    assert total([event(SAVE), event(SAVE, change=-1)]) == [0, 0, 0, 0]


def test_repetitions_and_dismissals_count_nothing() -> None:
    assert total([event(CLICK), *[event(CLICK, change=0)] * 5, event(DISMISS)]) == [0, NEW, 0, 1]


def test_taking_back_and_giving_again_does_not_renew() -> None:
    events = [event(SAVE), event(SAVE, change=-1, at_ms=DAY_MS), event(SAVE, at_ms=2 * DAY_MS)]
    assert total(events) == total(events[:1])


def test_a_past_of_days_counts_quadratically_and_a_name_doubles() -> None:
    def points(days: int, session: bool = False) -> list[float]:
        past = [event(CLICK, 100 + day, at_ms=-day * DAY_MS, session=session) for day in range(days, 0, -1)]
        return total([*past, event(CLICK, session=session)])[:2]

    assert points(0) == [0, 1 / 64]
    assert points(1) == [0, 4 / 64]
    assert points(6) == [0, 49 / 64]
    assert points(7) == points(20) == [1, 0]
    assert points(7, session=True) == [0.5, 0]
    # ten acts on one day are a past of one day
    assert total([*[event(CLICK, 100 + n, at_ms=-DAY_MS) for n in range(10)], event(CLICK)])[:2] == [0, 4 / 64]


def test_what_a_reader_gives_in_a_day_ends() -> None:
    events = [event(UPVOTE, target) for target in range(30)]
    assert sum(total(events, target)[1] for target in range(30)) == pytest.approx(40 * NEW)
    later = [*events, event(UPVOTE, 99, at_ms=DAY_MS)]
    assert total(later, 99)[3] == 1
    backwards = [*events, event(UPVOTE, 99, at_ms=-5 * DAY_MS)]  # a clock that was set back begins no new day
    assert total(backwards, 99)[3] == 0


@pytest.mark.parametrize("window", list(Window))
def test_a_half_life_halves(window: Window) -> None:
    assert growth(-HALF_LIVES_MS[window], 0)[window] == 0.5
    assert growth(5, 5) == (1.0, 1.0, 1.0)


def test_an_event_from_a_clock_far_ahead_counts_no_more_than_one_from_the_end_of_the_sums_life() -> None:
    assert (
        growth(NOW_MS + 365 * DAY_MS, NOW_MS)
        == growth(NOW_MS + LIFE_S * 1000, NOW_MS)
        == (2.0**6, 2 ** (6 / 7), 2**0.2)
    )


def test_places_are_examined_less_the_lower_they_are() -> None:
    assert RULES.examination(1) == 1.0
    assert RULES.examination(3) == 0.5
    assert RULES.examination(0) == RULES.examination(RULES.unknown_position)
    assert total([event(VIEW, position=3)]) == [0, 0, 0.5 * NEW, 0]


def test_a_view_counts_as_much_as_its_reader_is_trusted() -> None:
    seen = event(VIEW, position=1, at_ms=DAY_MS)
    assert total([event(CLICK, 5), seen])[2] == pytest.approx(4 / 64 * 2**3)  # three half-lives of the day's window on


def scores(papers: list[list[float]], everything: list[float], rules: Rules = RULES) -> list[float]:
    found: list[float] = rules.scores(np.array(papers, dtype=float), np.array(everything, dtype=float)).tolist()
    return found


def test_the_lift_is_one_for_what_is_expected_and_bounded_both_ways() -> None:
    everything = [100.0, 0.0, 1000.0]  # a tenth of a point for each exposure
    expected, unseen, ignored = scores([[10, 0, 100], [1000, 0, 0], [10, 0, 1e9]], everything)
    assert expected == pytest.approx(10)
    assert unseen == pytest.approx(2000)
    assert ignored == pytest.approx(5)


def test_few_views_neither_make_nor_break() -> None:
    everything = [100.0, 0.0, 1000.0]
    one_of_one, none_of_few = scores([[1, 0, 1], [1, 0, 30]], everything)
    assert 1.0 < one_of_one < 1.15
    assert 0.8 < none_of_few < 1.0


def test_without_any_views_points_are_all() -> None:
    assert scores([[3, 0, 0], [1, 0, 0]], [4, 0, 0]) == [3, 1]


def test_newcomers_are_believed_as_far_as_others_agree() -> None:
    alone, beside, few = scores([[0, 50, 0], [10, 50, 0], [10, 1, 0]], [100, 40, 0])
    assert alone == pytest.approx(0.1)
    assert beside == pytest.approx(10 + 0.1 + 4)
    assert few == pytest.approx(11)


def test_where_all_are_new_all_are_believed() -> None:
    assert scores([[0, 50, 0], [0, 1, 0]], [0, 51, 0]) == [50, 1]


def test_the_example_of_the_docs() -> None:
    ann = [event(CLICK, 100 + day, at_ms=-day * DAY_MS - WEEK_MS) for day in range(10, 0, -1)]
    ben = [event(CLICK, 100 + day, at_ms=-day * DAY_MS) for day in range(3, 0, -1)]
    gave = [
        total([*ann, event(UPVOTE, at_ms=-WEEK_MS)], window=Window.WEEK),
        total([*ben, event(SAVE)], window=Window.WEEK),
        total([event(CLICK, session=True)], window=Window.WEEK),
    ]
    assert gave[0][:2] == [2, 0]
    assert gave[1][:2] == [0, 0.75]
    assert gave[2][:2] == [0, pytest.approx(0.008, abs=0.0005)]
    newcomers = gave[1][1] + gave[2][1]
    assert scores([[2, newcomers, 30]], [100, 40, 1000]) == [pytest.approx(2.43, abs=0.005)]


@pytest.fixture(scope="module")
def community() -> Community:
    return Community(Shape(readers=1000, papers=400, seed=6))


@pytest.mark.parametrize("window", list(Window))
def test_made_up_readers_move_a_paper_little(community: Community, window: Window) -> None:
    kinds = (CLICK, SAVE, UPVOTE, SUBMIT)
    pushed = moved(community, RULES, window, community.pushed(kinds, 0, False, RULES))
    assert most(pushed, 20) < 10
    assert most(pushed, 100) < 50
    free = moved(community, UNCAPPED, window, community.pushed(kinds, 0, False, UNCAPPED))
    assert most(free, 20) >= 19  # without the caps the twentieth becomes the first
    assert most(free, 100) >= 95


def test_made_up_readers_hold_no_paper_down(community: Community) -> None:
    shown = moved(community, RULES, Window.WEEK, community.pushed((VIEW,), 0, False, RULES))
    assert most(shown, 100) < 10
    free = moved(community, UNCAPPED, Window.WEEK, community.pushed((VIEW,), 0, False, UNCAPPED))
    assert most(free, 100) > 2 * most(shown, 100)
    assert MADE_UP == 50
