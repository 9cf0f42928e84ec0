"""How much upvotes weigh: a crowd that came today does not decide what a day's papers begin with."""

import math
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from cocite.catalogue import event_batch
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName, Status, Voters
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS, now_ms
from cocite.feeds.trending.formula import Rules
from cocite.feeds.upvotes import Upvotes, upvotes_of, weighed

PAPERS = [f"local:{number:02d}" for number in range(40)]
CREDULOUS = Rules(trusted_days=0, session_share=1.0, newcomers_share=math.inf)  # a reader is a reader
DAYS = 8


class Day:
    """Forty papers of a day; regulars have been here for a week and a day."""

    def __init__(self, catalogue: Catalogue, log: EventLog) -> None:
        self.catalogue, self.log = catalogue, log
        self._ids = count()
        day = date(2026, 3, 10)
        catalogue.write([PaperRecord((each,), Fields("T", published_on=day)) for each in PAPERS])
        self.keys = {paper.paper_id: key for key, paper in catalogue.iter_papers()}

    def upvote(self, paper: str, readers: int, *, days: int = 1, is_session: bool = False) -> None:
        """Readers who were never here before upvote a paper on the last of so many days on which they are here."""
        names = [ReaderName(is_session, f"{paper} {days} {next(self._ids)}") for _ in range(readers)]
        today = now_ms()
        for ago in range(days - 1, -1, -1):
            kind = EventKind.VIEW if ago else EventKind.UPVOTE
            events = [NewEvent(str(next(self._ids)), name, kind, paper) for name in names]
            with self.catalogue.writing() as connection:
                statuses = event_batch.record(connection, events, today - ago * DAY_MS)
            assert statuses == [Status.RECORDED] * readers

    def ranks(self, rules: Rules | None = None) -> dict[str, int]:
        """The place of each paper from 1, by weight."""
        found = upvotes_of(self.log, [*self.keys.values()], *([rules] if rules else []))
        weight = {each: found.get(key, Upvotes()).weight for each, key in self.keys.items()}
        ordered = sorted(PAPERS, key=lambda each: (-weight[each], each))
        return {each: place for place, each in enumerate(ordered, 1)}


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalogue, EventLog(catalogue) as log:
        yield Day(catalogue, log)


@pytest.mark.parametrize("is_session", [True, False])
def test_fifty_made_up_readers_get_past_no_paper_that_two_regulars_upvote(day: Day, is_session: bool) -> None:
    for number, regulars in enumerate(range(11, 1, -1)):
        day.upvote(PAPERS[number], regulars, days=DAYS)
        day.upvote(PAPERS[number], 3)
    pushed = PAPERS[-1]
    before = day.ranks()
    assert [before[each] for each in PAPERS[:10]] == [*range(1, 11)]
    assert before[pushed] == len(PAPERS)
    day.upvote(pushed, 50, is_session=is_session)
    after = day.ranks()
    assert [after[each] for each in PAPERS[:10]] == [*range(1, 11)]
    assert after[pushed] == 11, "it gets past those that nobody upvotes, as by one reader it would"
    assert day.ranks(CREDULOUS)[pushed] == 1, "the crowd is large enough to be seen if all were believed"


def test_where_nobody_has_a_past_all_are_believed(day: Day) -> None:
    day.upvote(PAPERS[5], 2)
    day.upvote(PAPERS[7], 3)
    day.upvote(PAPERS[9], 5, is_session=True)
    ranks = day.ranks()
    assert (ranks[PAPERS[7]], ranks[PAPERS[9]], ranks[PAPERS[5]]) == (1, 2, 3)


def test_weights_are_those_of_the_formula() -> None:
    voters = {1: [Voters(False, 8, 2), Voters(True, 8, 1)], 2: [Voters(False, 4, 1), Voters(True, 1, 1)]}
    found = weighed(voters)
    assert found[1] == Upvotes(3, 4 * 2.5)
    newcomers = 4 * (4 / 8) ** 2 + 4 * (1 / 8) ** 2 / 2
    assert newcomers > 0.1
    assert found[2] == Upvotes(2, 0.1), "readers with a past gave it nothing"
    assert weighed({}) == {}
