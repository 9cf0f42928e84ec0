"""Where commands print: results to stdout, everything else to stderr, progress on a terminal only."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 120  # columns


def stdout() -> "Console":
    """The console for results; as wide as the terminal, PIPE_WIDTH where there is none."""
    from rich.console import Console

    wide = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, emoji=False, width=None if wide else PIPE_WIDTH)


def stderr() -> "Console":
    """The console for everything that is no result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def print_result(text: str) -> None:
    """Print to stdout at once. When nobody reads any more (`| head -1`), the rest goes nowhere and that is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def print_table(console: "Console", table: "Table") -> None:
    """Print a table, without the blanks that fill its lines up."""
    with console.capture() as drawn:
        console.print(table)
    print_result("\n".join(line.rstrip() for line in drawn.get().rstrip("\n").split("\n")))


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print_result(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def note(text: str) -> None:
    """A line for a person, on stderr."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """A line for a person that should not be overlooked, on stderr."""
    stderr().print(printable(text), style="yellow", markup=False)


def printable(text: str) -> str:
    """Text of others made harmless: without what a terminal would take for a command."""
    return "".join(c if c.isprintable() else " " for c in text)


class Report(Protocol):
    """Called with how far a piece of work is; total is 0 while it is not known."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Done of total steps of a phase."""


@contextmanager
def progress_bars() -> Iterator[Report]:
    """A progress bar for each phase reported, on stderr; nothing is drawn where stderr is no terminal."""
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = stderr()
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:

        def report(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=None)
            bars.update(tasks[phase], completed=done, total=total or None)

        yield report
