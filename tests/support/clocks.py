"""A clock that stands until a test moves it."""

from dataclasses import dataclass


@dataclass
class Clock:
    """Gives milliseconds since 1970."""

    now: int = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now

    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds
