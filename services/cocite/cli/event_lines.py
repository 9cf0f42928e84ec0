"""Events in a file of lines, told to the feed service in batches."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cocite.catalogue.chunks import chunked
from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.format import Row, line_rows, parse_json
from cocite.catalogue.ingest.source import Source
from cocite.client import Event, FeedClient, Reader
from cocite.client.feed_requests import event_message
from cocite.core.errors import InvalidArgument
from cocite.serving.interceptor import validate

BATCH = 500
MOST_PROBLEMS = 1000  # kept to be told; all are counted
_READERS = ("reader_id", "session_id")
_NEEDED = ("event_id", "kind", "paper_id")
_OTHERS = ("undo", "attribution_token", "position", "occurred_at")


@dataclass(slots=True)
class Recorded:
    """What became of a file: events by status, lines that hold no event, and the first of what went wrong, by line."""

    statuses: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    bad_lines: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)

    def complain(self, line: int, problem: str) -> None:
        """Keep a problem to be told."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append((line, problem))


def record_lines(client: FeedClient, source: Source, progress: Callable[[], None]) -> Recorded:
    """Record the events of a file, BATCH at a time, in their order; progress is called after each.

    Raises what the client does; what was acknowledged until then is kept.
    """
    recorded = Recorded()
    for batch in chunked(_events(source, recorded), BATCH):
        results = client.record([event for _, event in batch])
        for (line, event), result in zip(batch, results, strict=True):
            recorded.statuses[result.status] += 1
            if not result.kept:
                recorded.refused += 1
                recorded.complain(line, f"event {event.event_id}: {result.status}")
        progress()
    recorded.problems.sort()
    return recorded


def _events(source: Source, recorded: Recorded) -> Iterator[tuple[int, Event]]:
    for row in line_rows(source):
        try:
            yield row.line, event_of(row)
        except (BadRecord, InvalidArgument) as error:
            recorded.bad_lines += 1
            recorded.complain(row.line, str(error))


def event_of(row: Row) -> Event:
    """The event of a line, as the service's rules take it. Raises BadRecord or InvalidArgument."""
    if row.problem:
        raise BadRecord(row.problem)
    given = parse_json(row.content)
    if unknown := sorted(given.keys() - {*_READERS, *_NEEDED, *_OTHERS}):
        raise BadRecord(f"{unknown[0]!r:.60} is no part of an event")
    if missing := [name for name in _NEEDED if name not in given]:
        raise BadRecord(f"{missing[0]} is missing")
    if sum(name in given for name in _READERS) != 1:
        raise BadRecord("must have a reader_id or a session_id")
    reader = Reader(**{name: given.pop(name) for name in _READERS if name in given})
    if "occurred_at" in given:
        given["occurred_at"] = _time(given["occurred_at"])
    event = Event(reader, **given)
    validate(event_message(event))
    return event


def _time(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise BadRecord(f"occurred_at: must be a time such as 2026-11-23T12:00:00Z, not {value!r:.60}") from None
