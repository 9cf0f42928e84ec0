"""The rows: by which server each is answered, what is asked for, and how much of it at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from cocite.core.errors import InvalidArgument
from cocite.load.session import LoadSession

ECHO_GRPCIO, ECHO = "echo_grpcio", "echo"
BASES = (ECHO_GRPCIO, ECHO)  # measured with any other: what is told are ratios to them
NATIVE = "_native"  # ends the names of rows that run on the other transport, whichever is chosen for the rest
NONE, LARGE, SMALL = "", "large", "small"  # models: of all papers, of a tenth of them
MANY, FEW = 64, 4  # calls under way that keep a core busy: quick ones, and ones of milliseconds


@dataclass(frozen=True, slots=True)
class RowKind:
    """A row by its name: which model it asks, if any, how many calls are under way at saturation, how unequally papers
    are asked for (zipf; None for every call another, as long as there are others), and what it says.
    """  # fmt: skip

    name: str
    model: str
    under_way: int
    zipf: float | None
    says: str


ROWS = (
    RowKind(ECHO_GRPCIO, NONE, MANY, 0.0, "bare grpcio that answers 2 KB"),
    RowKind(ECHO, NONE, MANY, 0.0, "the transport under test that answers 2 KB"),
    RowKind("wire_hit", SMALL, MANY, 1.0, "a request asked before, from the memory of the process"),
    RowKind("redis_hit", SMALL, MANY, 1.0, "a request asked before, from Redis"),
    RowKind("related_1m", LARGE, MANY, 1.0, "one paper, from its related list"),
    RowKind("query_1m", LARGE, FEW, None, "3 papers for, 1 against, a year, all of it computed"),
    RowKind("query_100k", SMALL, FEW, None, "the same among a tenth of the papers"),
    RowKind("text_1m", LARGE, FEW, None, "a text whose vector is in the cache of the embedding service"),
    RowKind("naive", SMALL, MANY, 1.0, "grpcio, redis-py, JSON"),
    RowKind("fastapi", SMALL, MANY, 1.0, "FastAPI, redis-py, JSON"),
    RowKind(ECHO + NATIVE, NONE, MANY, 0.0, "pygrpc-native that answers 2 KB"),
    RowKind("wire_hit" + NATIVE, SMALL, MANY, 1.0, "as wire_hit, on pygrpc-native"),
    RowKind("redis_hit" + NATIVE, SMALL, MANY, 1.0, "as redis_hit, on pygrpc-native"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be measured. pid: of the server that answers; behind: of those that it asks in turn. alone: one
    connection for one call at a time; together: for under_way calls.
    """  # fmt: skip

    kind: RowKind
    pid: int
    behind: tuple[int, ...]
    alone: LoadSession
    together: LoadSession


def chosen_rows(names: Sequence[str], transport: str, native: Callable[[], bool]) -> list[RowKind]:
    """The kinds of the names given, all where none is, and BASES; in the order of ROWS.

    native tells whether the other transport is installed. Raises InvalidArgument for a name that is none, or that
    cannot be measured here.
    """
    known = {kind.name for kind in ROWS}
    if wrong := [name for name in names if name not in known]:
        raise InvalidArgument(f"{wrong[0]!r} is no row", hint=f"choose of {', '.join(known_names())}", field="rows")
    beside = transport != "native" and native()
    asked = [name for name in names if name.endswith(NATIVE)]
    if asked and not beside:
        why = "all rows run on it already" if transport == "native" else "pip install 'cocite[native]'"
        raise InvalidArgument(f"{asked[0]} needs pygrpc-native beside grpcio", hint=why, field="rows")
    every = [kind for kind in ROWS if beside or not kind.name.endswith(NATIVE)]
    return [kind for kind in every if not names or kind.name in names or kind.name in BASES]


def known_names(kinds: Collection[RowKind] = ROWS) -> list[str]:
    """Names of rows, in order."""
    return [kind.name for kind in kinds]
