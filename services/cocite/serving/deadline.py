"""What is left of a caller's time. grpcio does not pass deadlines on, so every outgoing call takes one from here."""

import time
from dataclasses import dataclass

import grpc

from cocite.core.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    @classmethod
    def of(cls, context: grpc.ServicerContext, default_s: float) -> "Deadline":
        """The deadline of an incoming call; default_s from now when it has none."""
        remaining = context.time_remaining()
        return cls.after(default_s if remaining is None else min(remaining, 3600.0))

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def share(self, fraction: float, at_most: float) -> float:
        """A part of what is left for one outgoing call, in seconds."""
        return min(self.remaining() * fraction, at_most)

    def check(self) -> None:
        """Raise DeadlineExceeded when nothing is left."""
        if self.remaining() <= 0:
            raise DeadlineExceeded("the deadline passed before the work was started")
