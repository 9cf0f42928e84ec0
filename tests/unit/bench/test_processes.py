"""Processes that the bench starts beside itself: they give what they are to give, and none is left."""

import math
import os
import signal
import socket
from pathlib import Path

import pytest

from cocite.bench.beside import beside
from cocite.bench.hosting import hosted
from cocite.core.errors import NotReady, Unavailable
from support.beside_work import end, ending, listening, refuse, refusing, wait_for_ever
from support.recommender import until

CORES = os.sched_getaffinity(0)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_work_beside_gives_its_result():
    with beside(math.factorial, 20) as result:
        assert result() == math.factorial(20)


def test_work_beside_tells_what_went_wrong():
    with beside(refuse) as result, pytest.raises(NotReady, match="no such thing"):
        result()
    with beside(end) as result, pytest.raises(Unavailable, match="end ended without a result"):
        result()


def test_work_that_nobody_waits_for_is_ended(tmp_path):
    path = tmp_path / "pid"
    with beside(wait_for_ever, path):
        until(lambda: path.exists() and path.read_text())
    assert gone(int(path.read_text()))


def test_a_hosted_server_has_its_cores_and_ends_with_its_block(tmp_path):
    core = {min(CORES)}
    with hosted(listening, tmp_path / "cores", cores=core) as server:
        os.kill(server.pid, signal.SIGINT)  # Ctrl-C is not for it
        socket.create_connection(("127.0.0.1", server.port)).close()
        assert (tmp_path / "cores").read_text() == repr(core)
    assert gone(server.pid)


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(NotReady, match="no such thing"), hosted(refusing, cores=CORES):
        pass
    with pytest.raises(Unavailable, match="the ending server ended while it started"), hosted(ending, cores=CORES):
        pass
