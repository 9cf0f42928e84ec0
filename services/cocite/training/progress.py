"""How training tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Called from the training thread; must not block for long. An exception it raises ends the run."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Done of total steps of a phase; phases come one after another. total is 0 while it is not known."""


def silent(phase: str, done: int, total: int) -> None:
    """Show nothing."""
