"""The sums in Redis, which all replicas count into and read from."""

import re
import secrets
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

import numpy as np

from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.catalogue.activity import TargetPaper
from cocite.core.errors import Unavailable
from cocite.feeds.trending import scripts
from cocite.feeds.trending.formula import LIFE_S, Window
from cocite.feeds.trending.sums import INDEXED, Candidates, Sums, acted_on, folded
from cocite.feeds.trending.tally import NOTHING, Numbers

MOST_PAPERS = 500_000  # beyond which papers that were only seen are not counted
MOST_FIELDS = 200  # of study, that have lists
FIELDS_OF_A_PAPER = 8  # the first ones
_LOCK_S = 120
_LEFT_S = 60
_TARGETS = 200  # in one step, while a generation is made: others wait for each
_NUMBER = re.compile(r"[0-9]{1,19}")
_VECTOR = struct.Struct("<10d")
_TOTAL = "*"

PapersOf = Callable[[Sequence[int]], Mapping[int, TargetPaper]]


class Outcome(Enum):
    """What became of a step."""

    DONE = b"done"
    MOVED = b"moved"  # nothing was done: another has been there in between
    LOST = b"lost"  # nothing is left to count into


@dataclass(frozen=True, slots=True)
class Generation:
    """Sums of all events from sequence first to cursor, decayed forwards from landmark_ms.

    epoch counts the readers taken out of them, so that each step makes another state.
    """

    name: str
    first: int
    landmark_ms: int
    cursor: int
    epoch: int = 0

    def encoded(self) -> str:
        """The state as it lies in Redis."""
        return f"{self.name} {self.first} {self.landmark_ms} {self.cursor} {self.epoch}"

    @classmethod
    def decoded(cls, state: bytes) -> "Generation | None":
        """The generation of a state; None when it is none."""
        name, *numbers = state.decode(errors="replace").split(" ")
        if len(numbers) != 4 or not all(map(_NUMBER.fullmatch, numbers)):
            return None
        return cls(name, *(int(number) for number in numbers))


class RedisSums:
    """Thread-safe. Every method raises Unavailable when Redis does not do it."""

    def __init__(self, store: RedisStore, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._state, self._gone, self._lock = (keys.trending(part) for part in ("state", "gone", "lock"))

    def generation(self) -> Generation | None:
        """The one that serves; None when there is none."""
        state = self._store.get(self._state)
        return None if state is None else Generation.decoded(state)

    def candidates(self, generation: Generation, window: Window, field: str) -> Candidates:
        """See Sums.candidates. Raises Unavailable, too, when a part has been lost: then it is made anew."""
        prefix = self._prefix(generation)
        papers, listed = f"{prefix}papers", f"{prefix}{window.value}:{field}"
        members, registered = self._store.commands(
            [("ZREVRANGE", listed, 0, INDEXED), ("HEXISTS", f"{prefix}fields", field)]
        )
        if not members and not registered:
            members = [_TOTAL.encode()]
        elif not members or members[0] != _TOTAL.encode():
            self._drop(generation)
        (found,) = self._store.commands([("HMGET", papers, *members)])
        if any(value is None for value in found):
            self._drop(generation)
        vectors = np.frombuffer(b"".join(found), "<f8").reshape(-1, len(NOTHING))[:, window:9:3]
        return Candidates(generation.landmark_ms, tuple(int(member) for member in members[1:]), vectors[1:], vectors[0])

    def fields(self, generation: Generation, window: Window, most: int) -> tuple[str, ...]:
        """Fields of study whose lists have papers, most of them first."""
        prefix = self._prefix(generation)
        (flat,) = self._store.commands([("HGETALL", f"{prefix}fields")])
        shown = {name.decode(): title.decode() for name, title in flat.items() if name}
        sizes = self._store.commands([("ZCARD", f"{prefix}{window.value}:{name}") for name in shown]) if shown else []
        counted = sorted((1 - size, title) for size, title in zip(sizes, shown.values(), strict=True) if size > 1)
        return tuple(title for _, title in counted[:most])

    def gone(self, reader_keys: Iterable[int]) -> set[int]:
        """Those of the readers that are not to be counted any more."""
        asked = list(reader_keys)
        if not asked:
            return set()
        (answers,) = self._store.commands([("SMISMEMBER", self._gone, *asked)])
        return {key for key, answer in zip(asked, answers, strict=True) if answer}

    def add(
        self,
        generation: Generation,
        sums: Sums,
        papers: Mapping[int, TargetPaper],
        cursor: int,
        goes: int | None = None,
    ) -> tuple[Outcome, Generation]:
        """Add sums and move the cursor in one step, if the generation is still as it was.

        What became of it, and the generation as it is if it was done. goes: a reader who is taken out, once.
        """
        epoch = generation.epoch + (goes is not None)
        wanted = replace(generation, cursor=cursor, epoch=epoch)
        outcome = self._add(self._state, generation, wanted, sums.of.items(), papers, "" if goes is None else str(goes))
        return outcome, wanted

    def forget(self, reader_key: int) -> None:
        """Have a reader not counted in any generation to come."""
        self._store.commands([("SADD", self._gone, reader_key), ("EXPIRE", self._gone, LIFE_S)])

    def all_gone(self) -> set[int]:
        """Every reader that is not to be counted any more, of the last days."""
        (members,) = self._store.commands([("SMEMBERS", self._gone)])
        return {int(member) for member in members}

    def publish(self, sums: Sums, papers_of: PapersOf, first: int, cursor: int, count_gone: int) -> Generation | None:
        """Let new sums take the place of those that serve, at once; None when other readers are gone by now.

        papers_of: see ActivityLog.papers. count_gone: how many readers were gone when the sums were begun.
        """
        made = Generation(secrets.token_hex(6), first, sums.landmark_ms, cursor)
        building = self._keys.trending(f"{made.name}:state")
        self._run(scripts.BEGIN, building, self._prefix(made), LIFE_S, made.encoded())
        best_first = iter(sorted(sums.of.items(), key=lambda item: -item[1][-1]))
        while some := list(islice(best_first, _TARGETS)):
            papers = papers_of([target for target, numbers in some if acted_on(numbers)])
            if self._add(building, made, made, some, papers, "") is not Outcome.DONE:
                raise Unavailable("Redis has lost what was being made")
        before = self.generation()
        old = self._prefix(before) if before else ""
        outcome = self._run(scripts.PUBLISH, self._state, made.encoded(), LIFE_S, self._gone, count_gone, old, _LEFT_S)
        self._store.delete([building])
        return made if outcome is Outcome.DONE else None

    def lock(self, token: bytes) -> bool:
        """Whether this caller alone is to make a new generation now."""
        return self._store.put_new(self._lock, token, _LOCK_S)

    def unlock(self, token: bytes) -> None:
        """Let others make the next one."""
        self._run(scripts.DROP, self._lock, token)

    def _add(
        self,
        state: str,
        found: Generation,
        wanted: Generation,
        items: Iterable[tuple[int, Numbers]],
        papers: Mapping[int, TargetPaper],
        goes: str,
    ) -> Outcome:
        rest: list[str | int | bytes] = []
        for target, numbers in items:
            fields = _lists_of(papers.get(target))
            rest += [target, _VECTOR.pack(*numbers), len(fields), *(part for pair in fields for part in pair)]
        head = (found.encoded(), wanted.encoded(), self._prefix(found), INDEXED, MOST_PAPERS, MOST_FIELDS)
        return self._run(scripts.ADD, state, *head, self._gone, goes, LIFE_S, *rest)

    def _drop(self, generation: Generation) -> None:
        self._run(scripts.DROP, self._state, generation.encoded())
        raise Unavailable("Redis has lost a part of what is trending, which is made anew")

    def _run(self, script: str, key: str, *arguments: str | int | bytes) -> Outcome:
        (answer,) = self._store.commands([("EVAL", script, 1, key, *arguments)])
        return Outcome(answer)

    def _prefix(self, generation: Generation) -> str:
        return self._keys.trending(f"{generation.name}:")


def _lists_of(paper: TargetPaper | None) -> Sequence[tuple[str, str]]:
    """Fields, as compared and as shown, in whose lists a paper is; the first is that of all papers."""
    if paper is None:
        return ()
    some = paper.fields[:FIELDS_OF_A_PAPER]
    return tuple({"": "", **dict(zip(folded(some), some, strict=True))}.items())
