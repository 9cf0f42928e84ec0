"""How experiments and what they are judged by are kept, on SQLite and on PostgreSQL alike."""

from collections.abc import Iterator

import pytest

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.experiments import Experiments
from cocite.catalogue.later_keeps import later_keeps
from cocite.catalogue.library_readers import keys_of_library_readers
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import Fields, LibraryRecord, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument, NotFound
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

ANN, BEN = ReaderName(False, "ann"), ReaderName(True, "ab" * 32)
CLICK, SAVE, UPVOTE, VIEW = EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE, EventKind.VIEW
PAPERS = [f"doi:10.1000/{number}" for number in range(6)]


@pytest.fixture
def log(catalogue: Catalogue) -> Iterator[EventLog]:
    catalogue.write([PaperRecord((paper,), Fields(paper)) for paper in PAPERS])
    with EventLog(catalogue) as opened:
        yield opened


@pytest.fixture
def experiments(catalogue: Catalogue) -> Experiments:
    return Experiments(catalogue)


def event(
    number: int, kind: EventKind, paper: str, reader: ReaderName = ANN, token: str = "", *, undo: bool = False
) -> NewEvent:
    return NewEvent(f"e{number}", reader, kind, paper, undo=undo, attribution_token=token)


def test_one_experiment_runs_at_a_time(experiments: Experiments) -> None:
    assert (experiments.running(), experiments.all()) == (None, [])
    first = experiments.start("one", "default", "newer")
    assert first.running
    assert experiments.running() == first == experiments.get("one")
    with pytest.raises(InvalidArgument, match="one is running"):
        experiments.start("two", "default", "newer")
    stopped = experiments.stop("one")
    assert not stopped.running
    assert stopped.stopped_at is not None
    assert stopped.stopped_at >= stopped.started_at
    assert experiments.running() is None
    with pytest.raises(InvalidArgument, match="before"):
        experiments.start("one", "default", "newer")
    second = experiments.start("two", "newer", "diverse")
    assert experiments.all() == [second, stopped]
    assert second.key > first.key


@pytest.mark.parametrize("name", ["one", "none"])
def test_only_what_runs_can_be_stopped(experiments: Experiments, name: str) -> None:
    experiments.start("one", "default", "newer")
    experiments.stop("one")
    with pytest.raises(NotFound):
        experiments.stop(name)
    with pytest.raises(NotFound):
        experiments.get("none")


def test_events_with_tokens_come_in_their_order(experiments: Experiments, log: EventLog) -> None:
    log.append(
        [
            event(1, CLICK, PAPERS[0], token="t1"),
            event(2, SAVE, PAPERS[1]),
            event(3, VIEW, PAPERS[2], token="t3"),
            event(4, SAVE, PAPERS[2], BEN, token="t4"),
            event(5, UPVOTE, PAPERS[3], token="t5"),
            event(6, UPVOTE, PAPERS[3], token="t6", undo=True),
            event(7, SAVE, "doi:10.1000/nobody-has-it", token="t7"),
        ]
    )
    found = list(experiments.token_events(0, (CLICK, SAVE, UPVOTE)))
    assert [(each.token, each.kind, each.paper_id, each.holds) for each in found] == [
        ("t1", CLICK, PAPERS[0], True),
        ("t4", SAVE, PAPERS[2], True),
        ("t5", UPVOTE, PAPERS[3], False),
    ]
    assert [each.sequence for each in found] == sorted(each.sequence for each in found)
    assert found[0].reader_key == found[2].reader_key != found[1].reader_key
    assert list(experiments.token_events(found[-1].recorded_at + 60_000, (CLICK, SAVE, UPVOTE))) == []


def test_what_is_known_of_a_deleted_reader_counts_no_more(
    experiments: Experiments, log: EventLog, catalogue: Catalogue
) -> None:
    log.append([event(1, CLICK, PAPERS[0], token="t1"), event(2, CLICK, PAPERS[0], BEN, token="t2")])
    Readers(catalogue).delete(ANN)
    assert [each.token for each in experiments.token_events(0, (CLICK,))] == ["t2"]


def test_a_later_keep_is_the_first_of_its_paper_after_something_else(log: EventLog, catalogue: Catalogue) -> None:
    log.append(
        [
            event(1, SAVE, PAPERS[0]),  # nothing before
            event(2, VIEW, PAPERS[1]),
            event(3, UPVOTE, PAPERS[0]),  # kept before
            event(4, CLICK, PAPERS[2]),
            event(5, SAVE, PAPERS[2]),
            event(6, UPVOTE, PAPERS[2]),
            event(7, CLICK, PAPERS[3], BEN),
            event(8, SAVE, PAPERS[3], BEN),  # nothing else before
            event(9, UPVOTE, PAPERS[4], BEN),
        ]
    )
    sample, total = later_keeps(catalogue, 10, seed=0)
    assert [(keep.paper_id, keep.sequence) for keep in sample] == [(PAPERS[2], 5), (PAPERS[4], 9)]
    assert total == 2
    drawn = [later_keeps(catalogue, 1, seed)[0][0].paper_id for seed in range(20)]
    assert set(drawn) == {PAPERS[2], PAPERS[4]}
    assert drawn == [later_keeps(catalogue, 1, seed)[0][0].paper_id for seed in range(20)]


def test_readers_with_a_library_are_told_by_name(log: EventLog, catalogue: Catalogue) -> None:
    catalogue.write([LibraryRecord(name, PAPERS[0]) for name in ("ann", "zoe", BEN.name)])
    log.append([event(1, SAVE, PAPERS[1], reader) for reader in (ANN, BEN, ReaderName(False, "mia"))])
    ann = Readers(catalogue).find(ANN)
    assert ann is not None
    assert keys_of_library_readers(catalogue) == {"ann": ann.reader_key}
