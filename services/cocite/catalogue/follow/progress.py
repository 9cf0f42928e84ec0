"""How far following a source has come, kept in the catalogue and written in the same transaction as the papers."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.ingest.checkpoint import load_state, save_state
from cocite.catalogue.ingest.summary import Summary
from cocite.catalogue.polite_http import Validators

PREFIX = "follow "  # of the names that progress is kept by
_RESUMED = timedelta(days=1)  # a look that was cut off longer ago begins anew: positions do not last for ever


@dataclass(slots=True)
class Look:
    """One look through a listing: began at a time, at what is dated since another, up to a position.

    validators are those of the first page; told: digests of the records it was told. rejects_size and rejects_digest
    are as in ingest/checkpoint.py.
    """

    began: datetime
    since: datetime
    position: str = ""
    rejects_size: int = 0
    rejects_digest: str = ""
    validators: Validators = field(default_factory=Validators)
    summary: Summary = field(default_factory=Summary)
    told: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FollowProgress:
    """looked_at: when the last whole look began, None before there was one; validators and told: those of it.

    look: one that is not at its end.
    """

    looked_at: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    told: frozenset[str] = frozenset()
    look: Look | None = None

    def next_look(self, now: datetime, overlap: timedelta, first: timedelta) -> Look:
        """The look to go on with, or a new one over what came since the last, or, where there was none, since first."""
        if self.look is not None and timedelta(0) <= now - self.look.began < _RESUMED:
            self.look.summary.resumed = True
            return self.look
        since = now - first if self.looked_at is None else min(self.looked_at, now) - overlap
        return Look(now, since)

    def end_look(self) -> None:
        """Note that the look is at its end."""
        assert self.look is not None
        self.looked_at, self.validators = self.look.began, self.look.validators
        self.told, self.look = frozenset(self.look.told), None


def load(connection: sa.Connection, name: str) -> FollowProgress:
    """The progress with a source of this name; that of a beginning where none is known or readable."""
    state = load_state(connection, _key(name))
    try:
        return FollowProgress() if state is None else _from_json(state)
    except (KeyError, TypeError, ValueError):
        return FollowProgress()  # of a version that wrote it otherwise


def save(connection: sa.Connection, name: str, progress: FollowProgress) -> None:
    """Replace the progress with the source of this name."""
    look = progress.look
    state = {
        "looked_at": progress.looked_at,
        "validators": asdict(progress.validators),
        "told": sorted(progress.told),
        "look": None
        if look is None
        else {
            "began": look.began,
            "since": look.since,
            "position": look.position,
            "rejects_size": look.rejects_size,
            "rejects_digest": look.rejects_digest,
            "validators": asdict(look.validators),
            "summary": look.summary.to_json(),
            "told": look.told,
        },
    }
    save_state(connection, _key(name), state)


def _key(name: str) -> str:
    return f"{PREFIX}{name}"


def _from_json(state: dict[str, Any]) -> FollowProgress:
    looked_at, look = state["looked_at"], state["look"]
    return FollowProgress(
        None if looked_at is None else _time(looked_at),
        Validators(**state["validators"]),
        frozenset(state["told"]),
        None
        if look is None
        else Look(
            **{
                **look,
                "began": _time(look["began"]),
                "since": _time(look["since"]),
                "validators": Validators(**look["validators"]),
                "summary": Summary.from_json(look["summary"]),
            }
        ),
    )


def _time(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
