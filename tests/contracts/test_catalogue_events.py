"""How events are kept, on SQLite and on PostgreSQL alike."""

import threading
from collections.abc import Iterator

import pytest

from cocite.catalogue import event_batch
from cocite.catalogue.events import Counts, EventKind, EventLog, NewEvent, ReaderName, Status, Voters
from cocite.catalogue.readers import Reader, Readers
from cocite.catalogue.records import Fields, LibraryRecord, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.core.clock import DAY_MS
from cocite.core.errors import DeadlineExceeded, InvalidArgument
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

ANN, BEN = ReaderName(False, "ann"), ReaderName(True, "ab" * 32)
DOI, ARXIV, S2 = "doi:10.1000/a", "arxiv:1706.03762", "s2:77"
RECORDED, DUPLICATE, AHEAD = Status.RECORDED, Status.DUPLICATE, Status.RECORDED_AHEAD
CONFLICT, FLOODED = Status.CONFLICT, Status.FLOODED
VIEW, SAVE, UPVOTE, DISMISS = EventKind.VIEW, EventKind.SAVE, EventKind.UPVOTE, EventKind.DISMISS


@pytest.fixture
def log(catalogue: Catalogue) -> Iterator[EventLog]:
    catalogue.write([PaperRecord((DOI, "pmid:1"), Fields("A")), PaperRecord((ARXIV,), Fields("B"))])
    with EventLog(catalogue) as opened:
        yield opened


@pytest.fixture
def readers(catalogue: Catalogue) -> Readers:
    return Readers(catalogue)


def event(name: str, kind: EventKind = SAVE, paper: str = DOI, reader: ReaderName = ANN, **more: object) -> NewEvent:
    return NewEvent(name, reader, kind, paper, **more)  # type: ignore[arg-type]  # the tests name fields


def held(log: EventLog, reader: Reader | None) -> dict[str, set[EventKind]]:
    assert reader is not None
    return {paper.paper_id: set(paper.kinds) for paper in log.of_reader(reader.reader_key, 100)}


def paper_key(catalogue: Catalogue, paper_id: str) -> int:
    return next(key for key, paper in catalogue.iter_papers() if paper_id in (paper.paper_id, *paper.aliases))


def test_an_event_comes_back_as_it_went_in(catalogue: Catalogue, log: EventLog, readers: Readers) -> None:
    sent = event("e1", paper="pmid:1", attribution_token="t'; DROP", position=3, occurred_at=5)
    assert log.append([sent]) == [RECORDED]
    (stored,) = log.since(0, 10)
    reader = readers.find(ANN)
    assert reader is not None
    assert (stored.reader_key, stored.kind, stored.undo, stored.change) == (reader.reader_key, SAVE, False, 1)
    assert (stored.paper_id, stored.paper_key) == (DOI, paper_key(catalogue, DOI))
    assert (stored.attribution_token, stored.position, stored.occurred_at) == ("t'; DROP", 3, 5)
    assert (reader.event_count, reader.first_event_at, reader.last_sequence) == (1, stored.recorded_at, stored.sequence)
    assert log.last_sequence(reader.reader_key) == stored.sequence
    assert readers.by_key(reader.reader_key) == reader


def test_an_event_without_a_time_happened_when_it_came(log: EventLog) -> None:
    log.append([event("e1")])
    (stored,) = log.since(0, 10)
    assert stored.occurred_at == stored.recorded_at


def test_nothing_is_held_of_a_reader_nobody_knows(log: EventLog, readers: Readers) -> None:
    assert readers.find(ANN) is None
    assert readers.by_key(7) is None
    assert (log.of_reader(7, 10), log.last_sequence(7), log.since(0, 10), log.append([])) == ([], 0, [], [])


@pytest.mark.parametrize("at_once", [False, True])
def test_an_event_sent_again_is_kept_once(log: EventLog, at_once: bool) -> None:
    sent = [
        event("e1"),
        event("e1", paper="pmid:1"),  # another name of the same paper
        event("e1", kind=UPVOTE),
        event("e1", paper=ARXIV),
        event("e1", position=1),
        event("e1", attribution_token="t"),
        event("e1", undo=True),
        event("e1", occurred_at=1),
        event("e1", reader=BEN),
        event("e2", occurred_at=9),
        event("e2", occurred_at=9),
        event("e2", occurred_at=8),
        event("e3", paper=S2),
        event("e3", paper=S2),
    ]
    statuses = log.append(sent) if at_once else [status for one in sent for status in log.append([one])]
    assert statuses == [RECORDED, DUPLICATE, *[CONFLICT] * 6, RECORDED, RECORDED, DUPLICATE, CONFLICT, AHEAD, DUPLICATE]
    assert len(log.since(0, 100)) == 4


@pytest.mark.parametrize("at_once", [False, True])
def test_what_holds_is_what_was_not_undone(log: EventLog, readers: Readers, at_once: bool) -> None:
    sent = [
        event("1", SAVE),
        event("2", SAVE),
        event("3", SAVE, undo=True),
        event("4", SAVE, undo=True),
        event("5", SAVE),
        event("6", UPVOTE),
        event("7", DISMISS),  # takes nothing else back
        event("8", UPVOTE, undo=True),
        event("9", VIEW, ARXIV),
        event("10", VIEW, ARXIV),
        event("11", DISMISS, ARXIV, undo=True),
    ]
    for batch in [sent] if at_once else [[one] for one in sent]:
        assert log.append(batch) == [RECORDED] * len(batch)
    assert [stored.change for stored in log.since(0, 100)] == [1, 0, -1, 0, 1, 1, 1, -1, 1, 0, 0]
    assert held(log, readers.find(ANN)) == {DOI: {SAVE, DISMISS}, ARXIV: {VIEW}}


def test_papers_of_a_reader_come_latest_first_and_page_by_page(log: EventLog, readers: Readers) -> None:
    log.append([event("1", SAVE, DOI), event("2", SAVE, ARXIV), event("3", SAVE, S2), event("4", VIEW, DOI)])
    reader = readers.find(ANN)
    assert reader is not None
    first = log.of_reader(reader.reader_key, 2)
    assert [paper.paper_id for paper in first] == [DOI, S2]
    assert [paper.paper_key is None for paper in first] == [False, True]
    rest = log.of_reader(reader.reader_key, 2, before=first[-1].sequence)
    assert [(paper.paper_id, paper.kinds) for paper in rest] == [(ARXIV, {SAVE})]
    saved = log.of_reader(reader.reader_key, 9, kinds=[SAVE])
    assert [(paper.paper_id, paper.kinds) for paper in saved] == [(S2, {SAVE}), (ARXIV, {SAVE}), (DOI, {SAVE})]
    assert log.of_reader(reader.reader_key, 9, kinds=[UPVOTE]) == []


def test_events_for_a_paper_to_come_count_when_it_comes(catalogue: Catalogue, log: EventLog, readers: Readers) -> None:
    assert log.append([event("1", UPVOTE, S2), event("2", SAVE, S2), event("3", SAVE, DOI)]) == [AHEAD, AHEAD, RECORDED]
    assert [(stored.paper_id, stored.paper_key is None) for stored in log.since(0, 2)] == [(S2, True), (S2, True)]
    assert sum(len(chunk) for chunk in catalogue.iter_signals()) == 1
    catalogue.write([PaperRecord(("pmid:9", S2), Fields("C"))])
    key = paper_key(catalogue, S2)
    assert log.counts([key]) == {key: Counts(upvotes=1, saves=1)}
    assert {(stored.paper_id, stored.paper_key) for stored in log.since(0, 2)} == {("pmid:9", key)}
    assert log.append([event("1", UPVOTE, "pmid:9")]) == [DUPLICATE]
    assert log.append([event("4", UPVOTE, "pmid:9"), event("5", SAVE, S2, undo=True)]) == [RECORDED, RECORDED]
    assert [stored.change for stored in log.since(3, 9)] == [0, -1]
    assert held(log, readers.find(ANN)) == {"pmid:9": {UPVOTE}, DOI: {SAVE}}


def test_papers_that_turn_out_to_be_one_keep_their_events(
    catalogue: Catalogue, log: EventLog, readers: Readers
) -> None:
    log.append([event("1", UPVOTE, DOI), event("2", UPVOTE, ARXIV), event("3", SAVE, ARXIV)])
    log.append([event("1", UPVOTE, ARXIV, BEN)])
    catalogue.write([PaperRecord((DOI, ARXIV))])
    key = paper_key(catalogue, DOI)
    assert log.counts([key]) == {key: Counts(upvotes=2, saves=1)}
    assert {stored.paper_key for stored in log.since(0, 9)} == {key}
    assert held(log, readers.find(ANN)) == {DOI: {UPVOTE, SAVE}}
    assert [row[1:].tolist() for chunk in catalogue.iter_signals() for row in chunk] == [[key, 3], [key, 4], [key, 4]]
    assert log.append([event("2", UPVOTE, DOI)]) == [DUPLICATE]
    assert log.append([event("4", UPVOTE, DOI), event("5", UPVOTE, ARXIV, undo=True)]) == [RECORDED, RECORDED]
    assert [stored.change for stored in log.since(4, 9)] == [0, -1]
    assert held(log, readers.find(ANN)) == {DOI: {SAVE}}
    assert log.counts([key]) == {key: Counts(upvotes=1, saves=1)}


def test_a_reader_counts_once_a_paper(catalogue: Catalogue, log: EventLog) -> None:
    log.append([event(f"{reader.name}{n}", UPVOTE, DOI, reader) for reader in (ANN, BEN) for n in range(3)])
    log.append([event("v", VIEW, ARXIV)])
    key = paper_key(catalogue, DOI)
    assert log.counts([key, paper_key(catalogue, ARXIV), 99]) == {key: Counts(upvotes=2)}
    assert log.counts([]) == {}


def test_voters_are_told_by_how_long_they_have_been_here(catalogue: Catalogue, log: EventLog) -> None:
    def on(day: int, *events: NewEvent) -> None:
        with catalogue.writing() as connection:
            assert set(event_batch.record(connection, events, day * DAY_MS)) == {RECORDED}

    for day in (10, 11, 13):
        on(day, event(f"view {day}", VIEW, ARXIV), event(f"once more {day}", VIEW, ARXIV))
    on(12, event("a clock that went back", VIEW, ARXIV))
    on(14, event("1", UPVOTE, DOI), event("2", UPVOTE, ARXIV), event("1", UPVOTE, DOI, BEN))
    on(14, event("1", SAVE, DOI, ReaderName(False, "cat")), event("1", UPVOTE, DOI, ReaderName(False, "dan")))
    on(14, event("1", UPVOTE, DOI, ReaderName(False, "eve")), event("2", UPVOTE, DOI, BEN))
    doi, arxiv = paper_key(catalogue, DOI), paper_key(catalogue, ARXIV)
    newcomers = [Voters(False, 1, 2), Voters(True, 1, 1)]
    assert log.voters([doi, arxiv, 99], 3) == {
        doi: [newcomers[0], Voters(False, 3, 1), newcomers[1]],
        arxiv: [Voters(False, 3, 1)],
    }
    assert log.voters([arxiv], 9) == {arxiv: [Voters(False, 4, 1)]}
    catalogue.write([PaperRecord((DOI, ARXIV))])
    assert log.voters([paper_key(catalogue, DOI)], 9)[doi] == [newcomers[0], Voters(False, 4, 1), newcomers[1]]
    assert log.voters([], 9) == {}


def test_what_was_dismissed_later_is_nothing_to_learn_from(
    catalogue: Catalogue, log: EventLog, readers: Readers
) -> None:
    def learned() -> list[int]:
        return [int(kind) for chunk in catalogue.iter_signals() for kind in chunk[:, 2]]

    log.append([event("1", SAVE), event("2", EventKind.CLICK), event("3", DISMISS, reader=BEN)])
    assert learned() == [EventKind.CLICK, SAVE], "of another reader's dismissal nothing follows"
    log.append([event("4", DISMISS, ARXIV), event("5", DISMISS, "pmid:1")])
    assert learned() == []
    log.append([event("6", SAVE)])
    assert learned() == [SAVE], "of the two the later holds"
    log.append([event("7", DISMISS), event("8", DISMISS, undo=True)])
    assert learned() == [EventKind.CLICK, SAVE]
    log.append([event("9", UPVOTE, S2), event("10", DISMISS, "s2:78")])
    catalogue.write([PaperRecord((S2,), Fields("C")), PaperRecord(("s2:78",), Fields("D"))])
    assert learned() == [EventKind.CLICK, SAVE, UPVOTE]
    catalogue.write([PaperRecord((S2, "s2:78"))])
    assert learned() == [EventKind.CLICK, SAVE], "two papers that turn out to be one"


def test_a_reader_cannot_do_more_than_so_much_a_day(
    log: EventLog, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_batch, "EVENTS_A_DAY", 3)
    assert log.append([event("1"), event("2"), event("1")]) == [RECORDED, RECORDED, DUPLICATE]
    assert log.append([event(str(n)) for n in range(1, 6)]) == [DUPLICATE, DUPLICATE, RECORDED, FLOODED, FLOODED]
    assert log.append([event("4"), event("4", reader=BEN)]) == [FLOODED, RECORDED]
    reader = readers.find(ANN)
    assert reader is not None and reader.event_count == 3


def test_the_next_day_a_reader_may_again(catalogue: Catalogue, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_batch, "EVENTS_A_DAY", 1)
    day = 86_400_000
    statuses = []
    for number, now in enumerate([10 * day, 11 * day - 1, 11 * day, 12 * day - 1, 12 * day]):
        with catalogue.writing() as connection:
            statuses += event_batch.record(connection, [event(str(number))], now)
    assert statuses == [RECORDED, FLOODED, RECORDED, FLOODED, RECORDED]


def test_made_up_papers_are_bounded(catalogue: Catalogue, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_batch, "PAPERS_AHEAD", 2)
    named = ["s2:1", "s2:2", "s2:1", "s2:3", DOI]
    first = log.append([event(str(n), paper=paper) for n, paper in enumerate(named)])
    assert first == [AHEAD, AHEAD, AHEAD, FLOODED, RECORDED]
    assert log.append([event("5", paper="s2:4"), event("6", UPVOTE, "s2:2")]) == [FLOODED, AHEAD]
    assert log.append([event("7", paper="s2:3", reader=BEN)]) == [AHEAD]
    assert log.append([event("8", paper="s2:3")]) == [FLOODED]  # it is there now, and no paper yet
    catalogue.write([PaperRecord(("s2:1",), Fields("C"))])
    assert log.append([event("8", paper="s2:3"), event("9", paper="s2:5")]) == [AHEAD, FLOODED]


def test_deleting_a_reader_leaves_nothing(catalogue: Catalogue, log: EventLog, readers: Readers) -> None:
    log.append([event("1", UPVOTE), event("2", VIEW, S2), event("1", UPVOTE, DOI, BEN)])
    catalogue.write([LibraryRecord("ann", DOI), LibraryRecord("ben", DOI)])
    gone = readers.find(ANN)
    last = log.since(0, 9)[-1].sequence
    assert gone is not None
    assert readers.delete(ANN) == 2
    assert readers.find(ANN) is None
    assert log.of_reader(gone.reader_key, 9) == []
    assert [stored.sequence for stored in log.since(0, 9)] == [last]
    key = paper_key(catalogue, DOI)
    assert log.counts([key]) == {key: Counts(upvotes=1)}
    assert [reader for reader, _ in catalogue.iter_library_entries()] == ["ben"]
    assert readers.delete(ANN) == 0
    assert readers.delete(BEN) == 1
    log.append([event("1")])
    (stored,) = log.since(0, 9)
    again = readers.find(ANN)
    assert again is not None and again.reader_key > gone.reader_key
    assert stored.sequence > last  # what was read of the log stays true


def test_a_session_takes_no_library_with_it(catalogue: Catalogue, readers: Readers) -> None:
    catalogue.write([PaperRecord((DOI,), Fields("A")), LibraryRecord("ann", DOI)])
    assert readers.delete(ReaderName(True, "ann")) == 0
    assert catalogue.count_library_entries() == 1
    assert readers.delete(ANN) == 0
    assert catalogue.count_library_entries() == 0


def test_readers_are_made_once_and_rotate_their_number(readers: Readers) -> None:
    made = readers.create(ANN)
    assert readers.create(ANN) == made
    assert (made.feed_token_number, made.event_count, made.first_event_at, made.last_sequence) == (0, 0, None, 0)
    rotated = readers.rotate(made.reader_key)
    assert rotated is not None and rotated.feed_token_number == 1
    assert readers.rotate(99) is None
    assert readers.create(ReaderName(True, "ann")).reader_key != made.reader_key


def test_the_fingerprint_tells_what_training_learns_from(catalogue: Catalogue, log: EventLog) -> None:
    def changes(sent: NewEvent) -> bool:
        before = catalogue.fingerprint()
        log.append([sent])
        return catalogue.fingerprint() != before

    assert not changes(event("1", VIEW))
    assert not changes(event("2", DISMISS))
    assert changes(event("3", SAVE))
    assert not changes(event("4", SAVE))
    assert changes(event("5", SAVE, undo=True))
    assert not changes(event("6", SAVE, S2))
    assert changes(event("7", EventKind.CLICK))
    assert changes(event("8", EventKind.SUBMIT))
    assert changes(event("9", UPVOTE, reader=BEN))


def test_text_that_no_database_takes_is_refused(log: EventLog) -> None:
    for bad in (event("1", attribution_token="a\x00"), event("1", reader=ReaderName(False, "\x00"))):
        with pytest.raises(InvalidArgument):
            log.append([event("2"), bad])
    assert log.since(0, 9) == []


def test_a_writer_in_the_way_makes_an_append_late_not_lost(catalogue: Catalogue, log: EventLog) -> None:
    with catalogue.writing(), pytest.raises(DeadlineExceeded):
        log.append([event("1")], wait_s=0.2)
    assert log.append([event("1")])[0] in (RECORDED, DUPLICATE)
    assert len(log.since(0, 9)) == 1


def test_the_log_goes_on_after_a_failure(catalogue: Catalogue, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([event("1")])

    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(event_batch._Batch, "_write_held", fail)
        with pytest.raises(RuntimeError, match="disk full"):
            log.append([event("2")])
    assert len(log.since(0, 9)) == 1
    assert log.append([event("2")]) == [RECORDED]


def test_a_server_that_was_started_anew_is_found_again(catalogue: Catalogue, log: EventLog) -> None:
    log.append([event("1")])
    with catalogue.reading() as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("no server")
        others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        ended = connection.exec_driver_sql(f"{others} AND pid != pg_backend_pid()").scalar_one()
    assert ended >= 1
    assert log.append([event("2")]) == [RECORDED]


def test_callers_at_the_same_time_lose_and_repeat_nothing(catalogue: Catalogue, log: EventLog) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for n in range(20):
                name = ReaderName(False, f"reader {n % 3}")
                sent = [event(f"{worker}-{n}-{i}", paper=DOI, reader=name) for i in range(3)]
                assert log.append([*sent, event(f"shared {n}", reader=name)])[:3] == [RECORDED] * 3
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    stored = log.since(0, 1000)
    assert len(stored) == 6 * 20 * 3 + 20
    assert [one.sequence for one in stored] == sorted({one.sequence for one in stored})
    assert sum(one.change for one in stored) == 3
