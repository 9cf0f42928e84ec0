"""What trending and feeds read of the log, on SQLite and on PostgreSQL alike."""

from collections.abc import Iterator

import pytest

from cocite.catalogue import event_batch, reader_history
from cocite.catalogue.activity import ActivityLog, TargetPaper
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.reader_history import Act
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

ANN, BEN = ReaderName(False, "ann"), ReaderName(True, "ab" * 32)
DOI, ARXIV, AHEAD = "doi:10.1000/a", "arxiv:1706.03762", "s2:77"
VIEW, CLICK, SAVE, UPVOTE, DISMISS, _ = EventKind
ACTS = (CLICK, SAVE, UPVOTE)


@pytest.fixture
def activity(catalogue: Catalogue) -> Iterator[ActivityLog]:
    """Ann at 1, 2, ... s and Ben after her, each event by its number."""
    described = [PaperRecord((DOI,), Fields("A", year=2020, fields=("Physics", "Art"))), PaperRecord((ARXIV,))]
    catalogue.write(described)
    sent = [
        (ANN, VIEW, DOI, False, 3),
        (ANN, SAVE, DOI, False, 0),
        (ANN, SAVE, DOI, False, 0),
        (ANN, SAVE, DOI, True, 0),
        (BEN, UPVOTE, DOI, False, 1),
        (BEN, CLICK, AHEAD, False, 0),
        (BEN, UPVOTE, ARXIV, False, 0),
    ]
    for number, (reader, kind, paper, undo, position) in enumerate(sent, 1):
        event = NewEvent(str(number), reader, kind, paper, undo, "", position)
        with catalogue.writing() as connection:
            event_batch.record(connection, [event], number * 1000)
    yield ActivityLog(catalogue)


@pytest.fixture
def keys(catalogue: Catalogue, activity: ActivityLog) -> tuple[int, int]:
    """Of Ann and of Ben."""
    found = [Readers(catalogue).find(name) for name in (ANN, BEN)]
    ann, ben = (reader.reader_key for reader in found if reader)
    return ann, ben


def test_events_come_in_their_order_with_what_they_changed(activity: ActivityLog, keys: tuple[int, int]) -> None:
    first, *others = activity.after(0, 100)
    assert (first.sequence, first.reader_key, first.is_session, first.kind) == (1, keys[0], False, VIEW)
    assert (first.change, first.position, first.recorded_at) == (1, 3, 1000)
    assert [each.change for each in others] == [1, 0, -1, 1, 1, 1]
    assert [each.is_session for each in others] == [False] * 3 + [True] * 3
    assert activity.after(2, 2) == others[1:3]
    assert activity.last() == others[-1].sequence == 7


def test_changes_are_those_of_some_readers_and_kinds_within_bounds(
    activity: ActivityLog, keys: tuple[int, int]
) -> None:
    ann, ben = keys
    assert [each.sequence for each in activity.changes([ben, ann], ACTS, 1, 7)] == [2, 4, 5, 6, 7]
    assert [each.sequence for each in activity.changes([ann, 99], (VIEW,), 1, 7)] == [1]
    assert [each.sequence for each in activity.changes([ann, ben], ACTS, 4, 5)] == [4, 5]
    assert activity.changes([], ACTS, 1, 7) == []


def test_readers_are_told_by_their_last_event(activity: ActivityLog, keys: tuple[int, int]) -> None:
    ann, ben = keys
    assert activity.readers(1, 0, 10) == [ann, ben]
    assert activity.readers(1, 0, 1) == [ann]
    assert activity.readers(1, ann, 10) == [ben]
    assert activity.readers(5, 0, 10) == [ben]


def test_where_a_time_begins(activity: ActivityLog) -> None:
    assert [activity.first_since(at) for at in (0, 1000, 1001, 7000)] == [1, 1, 2, 7]
    assert activity.first_since(7001) == 8, "one above the last"


def test_papers_behind_targets_and_who_keeps_them(activity: ActivityLog, catalogue: Catalogue) -> None:
    doi, ahead, arxiv = (activity.after(before, 1)[0].target for before in (4, 5, 6))
    assert activity.papers([doi, ahead, arxiv]) == {
        doi: TargetPaper(DOI, 2020, ("Physics", "Art")),
        arxiv: TargetPaper(ARXIV, None, ()),
    }
    assert activity.keepers([doi, ahead, arxiv], 0) == {doi: 1, arxiv: 1}
    assert activity.keepers([doi, arxiv], 5001) == {arxiv: 1}
    catalogue.write([PaperRecord((DOI, ARXIV))])
    (one,) = activity.papers([doi, arxiv])
    assert activity.keepers([one], 0) == {one: 1}, "the same reader"


def test_nothing_is_there_before_the_first_event(catalogue: Catalogue) -> None:
    empty = ActivityLog(catalogue)
    assert (empty.last(), empty.first_since(0), empty.after(0, 9), empty.papers([])) == (0, 1, [], {})
    assert (empty.changes([], ACTS, 1, 7), empty.keepers([], 0)) == ([], {})


def test_the_history_of_a_reader_as_of_an_event(
    catalogue: Catalogue, activity: ActivityLog, keys: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def history(reader: int, until: int) -> list[Act]:
        return reader_history.reader_history(catalogue, reader, until)

    ann, ben = keys
    assert history(ann, 7) == [
        Act(1, VIEW, False, DOI),
        Act(2, SAVE, False, DOI),
        Act(3, SAVE, False, DOI),
        Act(4, SAVE, True, DOI),
    ]
    assert history(ann, 2) == history(ann, 7)[:2]
    assert [act.sequence for act in history(ben, 7)] == [5, 7], "a paper that is not there yet is none"
    catalogue.write([PaperRecord((AHEAD,), Fields("B"))])
    assert [act.sequence for act in history(ben, 7)] == [5, 6, 7]
    monkeypatch.setattr(reader_history, "MOST_ACTS", 2)
    assert [act.sequence for act in history(ann, 7)] == [1, 3, 4], "the latest acts; views have a bound of their own"
    with EventLog(catalogue) as log:
        log.append([NewEvent("more", ANN, DISMISS, ARXIV)])
    assert [act.sequence for act in history(ann, 7)] == [1, 3, 4], "as it was then"
