"""What checks of a deployment find, and how they are run: one that fails to check is a finding, too."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cocite.core.errors import CociteError
from cocite.core.settings import Settings


class State(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    NOTICE = "notice"  # works, and is better mended
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """what was looked at, how it is, in one sentence, and what to do about it, "" for nothing."""

    what: str
    state: State
    said: str
    do: str = ""


Check = Callable[[Settings], Iterable[Finding]]


def good(what: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(what, State.GOOD, said)


def notice(what: str, said: str, do: str) -> Finding:
    """Works, and is better mended."""
    return Finding(what, State.NOTICE, said, do)


def wrong(what: str, said: str, do: str) -> Finding:
    """Does not work."""
    return Finding(what, State.WRONG, said, do)


def examined(settings: Settings, checks: Sequence[tuple[str, Check]]) -> Iterator[Finding]:
    """What each check finds, by its name where it cannot even look."""
    for name, check in checks:
        try:
            yield from check(settings)
        except CociteError as error:
            yield wrong(name, error.message, error.hint)
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            yield wrong(name, f"{named}{error.strerror or error}", "look at the path and its permissions")
        except Exception as error:  # one check that breaks must not keep the others from being told
            yield wrong(name, f"cannot be looked at ({type(error).__name__}: {error})", "this is a bug: report it")
