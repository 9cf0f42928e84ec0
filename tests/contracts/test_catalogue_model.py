"""The catalogue against a model of it in a few dictionaries: any order of records, events and deletions."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cocite.catalogue import schema
from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName, Status
from cocite.catalogue.readers import Readers
from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, PaperRecord
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

IDS = ("doi:10.1000/a", "doi:10.1000/b", "arxiv:1706.03762", "pmid:5", "openalex:W1", "s2:77", "local:x")
READERS = (ReaderName(False, "ann"), ReaderName(False, "ben"), ReaderName(True, "ab" * 32))
KINDS = (EventKind.SAVE, EventKind.UPVOTE, EventKind.DISMISS, EventKind.VIEW)
ONE = st.sampled_from(IDS)
SOME = st.lists(ONE, min_size=1, max_size=3, unique=True).map(tuple)


@dataclass
class Model:
    """Ids that are one paper, titles, what cites what and who keeps what by any id, events by reader."""

    papers: list[tuple[set[str], str]] = field(default_factory=list)
    citations: set[tuple[str, str]] = field(default_factory=set)
    kept: set[tuple[str, str]] = field(default_factory=set)
    events: list[NewEvent] = field(default_factory=list)

    def paper(self, name: str) -> int | None:
        return next((place for place, (ids, _) in enumerate(self.papers) if name in ids), None)

    def tell(self, ids: tuple[str, ...], title: str) -> None:
        joined = [paper for paper in self.papers if paper[0] & set(ids)]
        self.papers = [paper for paper in self.papers if paper not in joined]
        self.papers.append(({*ids, *(name for names, _ in joined for name in names)}, title))

    def links(self) -> set[tuple[int, int]]:
        found = {(self.paper(citing), self.paper(cited)) for citing, cited in self.citations}
        return {(a, b) for a, b in found if a is not None and b is not None and a != b}

    def libraries(self) -> set[tuple[str, int]]:
        found = {(reader, self.paper(name)) for reader, name in self.kept}
        return {(reader, paper) for reader, paper in found if paper is not None}

    def append(self, event: NewEvent) -> Status:
        for known in self.events:
            if (known.reader, known.event_id) == (event.reader, event.event_id):
                return Status.DUPLICATE if known == event else Status.CONFLICT
        self.events.append(event)
        return Status.RECORDED if self.paper(event.paper_id) is not None else Status.RECORDED_AHEAD

    def delete(self, reader: ReaderName) -> int:
        count = sum(event.reader == reader for event in self.events)
        self.events = [event for event in self.events if event.reader != reader]
        if not reader.is_session:
            self.kept = {(name, paper) for name, paper in self.kept if name != reader.name}
        return count


def machine(catalogue: Catalogue, forget: bool = False) -> type[RuleBasedStateMachine]:
    """The machine on a catalogue, which is emptied first. forget: the model forgets deletions, a fault to be found."""

    class CatalogueMachine(RuleBasedStateMachine):
        @initialize()
        def empty(self) -> None:
            with catalogue.writing() as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    connection.execute(sa.delete(table))
            self.model = Model()
            self.log = EventLog(catalogue)
            self.readers = Readers(catalogue)

        def teardown(self) -> None:
            self.log.close()

        @rule(ids=SOME, title=st.sampled_from(("One", "Two", "Three")), cites=st.lists(ONE, max_size=3, unique=True))
        def ingest_a_paper(self, ids: tuple[str, ...], title: str, cites: list[str]) -> None:
            cites = [name for name in cites if name not in ids]
            catalogue.write([PaperRecord(ids, Fields(title), tuple(cites))])
            self.model.tell(ids, title)
            self.model.citations |= {(ids[0], name) for name in cites}

        @rule(citing=ONE, cited=ONE)
        def ingest_a_citation(self, citing: str, cited: str) -> None:
            if citing != cited:
                catalogue.write([CitationRecord(citing, cited)])
                self.model.citations.add((citing, cited))

        @rule(reader=st.sampled_from(("ann", "cleo")), name=ONE)
        def ingest_a_library(self, reader: str, name: str) -> None:
            catalogue.write([LibraryRecord(reader, name)])
            self.model.kept.add((reader, name))

        @rule(
            number=st.integers(0, 4),
            reader=st.sampled_from(READERS),
            kind=st.sampled_from(KINDS),
            name=ONE,
            undo=st.booleans(),
        )
        def record(self, number: int, reader: ReaderName, kind: EventKind, name: str, undo: bool) -> None:
            event = NewEvent(f"e{number}", reader, kind, name, undo, occurred_at=5)
            before = self.model.append(event)
            assert self.log.append([event]) == [before]

        @rule(number=st.integers(5, 9), reader=st.sampled_from(READERS), names=SOME)
        def record_together(self, number: int, reader: ReaderName, names: tuple[str, ...]) -> None:
            events = [NewEvent(f"t{number}-{name}", reader, EventKind.SAVE, name, occurred_at=5) for name in names]
            assert self.log.append(events) == [self.model.append(event) for event in events]

        @rule(reader=st.sampled_from(READERS))
        def delete_a_reader(self, reader: ReaderName) -> None:
            assert self.readers.delete(reader) == (0 if forget else self.model.delete(reader))
            assert self.readers.find(reader) is None

        @precondition(lambda self: self.model.events)
        @rule()
        def open_the_log_anew(self) -> None:
            self.log.close()
            self.log = EventLog(catalogue)

        @invariant()
        def papers_are_those_of_the_model(self) -> None:
            papers = catalogue.get_papers(IDS)
            assert catalogue.count_papers() == len(self.model.papers)
            assert {*papers} == {name for ids, _ in self.model.papers for name in ids}
            for ids, title in self.model.papers:
                for name in ids:
                    paper = papers[name]
                    assert {paper.paper_id, *paper.aliases} == ids
                    assert paper.title == title

        @invariant()
        def links_are_those_of_the_model(self) -> None:
            links = self.model.links()
            assert catalogue.count_citations() == len(links)
            papers = catalogue.get_papers(IDS)
            for place, (ids, _) in enumerate(self.model.papers):
                paper = papers[min(ids)]
                assert paper.reference_count == sum(citing == place for citing, _ in links)
                assert paper.citation_count == sum(cited == place for _, cited in links)

        @invariant()
        def libraries_are_those_of_the_model(self) -> None:
            assert catalogue.count_library_entries() == len(self.model.libraries())

        @invariant()
        def events_are_those_of_the_model_in_their_order(self) -> None:
            stored = self.log.since(0, 1000)
            assert [event.sequence for event in stored] == sorted({event.sequence for event in stored})
            names = {}
            for reader in READERS:
                found = self.readers.find(reader)
                mine = [event for event in self.model.events if event.reader == reader]
                assert (found.event_count if found else 0) == len(mine)
                if found:
                    names[found.reader_key] = reader
            told = [(names[event.reader_key], event.kind, event.undo) for event in stored]
            assert told == [(event.reader, event.kind, event.undo) for event in self.model.events]

    return CatalogueMachine


QUICK = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_any_order_of_records_and_events_leaves_what_a_simple_model_says(catalogue: Catalogue) -> None:
    run_state_machine_as_test(machine(catalogue), settings=QUICK)


def test_a_deletion_that_is_not_counted_is_found(tmp_path: Path) -> None:
    unshrunk = settings(QUICK, phases=[Phase.generate])
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened, pytest.raises(AssertionError):
        run_state_machine_as_test(machine(opened, forget=True), settings=unshrunk)
