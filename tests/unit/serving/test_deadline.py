import pytest

from cocite.core.errors import DeadlineExceeded
from cocite.serving.deadline import Deadline


def test_what_is_left_never_turns_negative() -> None:
    assert Deadline.after(-5).remaining() == 0.0
    assert 0 < Deadline.after(60).remaining() <= 60


def test_a_share_is_bounded() -> None:
    deadline = Deadline.after(100)
    assert deadline.share(0.5, at_most=1.0) == 1.0
    assert deadline.share(0.001, at_most=1.0) <= 0.1


def test_spent_time_is_refused() -> None:
    Deadline.after(60).check()
    with pytest.raises(DeadlineExceeded):
        Deadline.after(0).check()
