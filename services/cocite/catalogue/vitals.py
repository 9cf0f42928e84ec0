"""How a catalogue is doing, in a few numbers that cost little to read: for metrics and for `cocite doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cocite.catalogue.arrivals import last_arrival
from cocite.catalogue.follow import progress
from cocite.catalogue.mails import Mails
from cocite.catalogue.schema import events, ingest_progress
from cocite.catalogue.store import Catalogue


@dataclass(frozen=True, slots=True)
class Vitals:
    """followed: when the last whole look at each source began. mails: how many there are by kind and state.

    arrivals: the number of the last change to the papers. Times are in UTC.
    """

    arrivals: int
    followed: Mapping[str, datetime]
    mails: Mapping[tuple[str, str], int]


def vitals(catalogue: Catalogue) -> Vitals:
    """Read them. Raises what the catalogue raises."""
    counts: dict[tuple[str, str], int] = {}
    for (occasion, state), count in Mails(catalogue).counts().items():
        kind = occasion.partition(":")[0]
        counts[kind, state] = counts.get((kind, state), 0) + count
    with catalogue.reading() as connection:
        names = [name for (name,) in connection.execute(sa.select(ingest_progress.c.source))]
        sources = [name.removeprefix(progress.PREFIX) for name in names if name.startswith(progress.PREFIX)]
        looked = {source: progress.load(connection, source).looked_at for source in sources}
        return Vitals(last_arrival(connection), {name: at for name, at in looked.items() if at is not None}, counts)


def uncounted_since(catalogue: Catalogue, cursor: int) -> int | None:
    """When the first event after a sequence was recorded, in milliseconds since 1970; None where there is none."""
    query = sa.select(events.c.recorded_at).where(events.c.sequence > cursor).order_by(events.c.sequence).limit(1)
    with catalogue.reading() as connection:
        return connection.execute(query).scalar()
