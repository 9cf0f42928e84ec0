"""How `cocite up` ends: everything it started ends with it, and the exit status says why."""

import os
import signal

import pytest

from support.stack import SERVICES, Stack, alive, command_line, descendants, eventually

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def running(demo_home):
    with Stack(demo_home) as stack:
        yield stack


def family(stack):
    """Everything `cocite up` started, by process id; checked to be all that it should be."""
    pids = descendants(stack.pid)
    lines = [command_line(pid) for pid in pids]
    assert all(any(f"serve {service}" in line for line in lines) for service in SERVICES)
    assert any("valkey-server" in line for line in lines)
    return pids


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_stops_everything(running, number, status):
    pids = family(running)
    code, err = running.end(number)
    assert code == status
    assert "Traceback" not in err
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_nothing_outlives_a_killed_parent(running):
    pids = family(running)
    running.end(signal.SIGKILL)
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_a_service_that_dies_ends_the_rest_with_its_last_words(running):
    pids = family(running)
    os.kill(running.child("embedding"), signal.SIGKILL)
    code, err = running.end(None)
    assert code == 1
    assert "cocite: the embedding service ended with status -9; it said:" in err
    assert "listening" in err
    assert "Traceback" not in err
    assert eventually(lambda: not any(alive(pid) for pid in pids))
