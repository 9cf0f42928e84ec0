"""Workers as processes: replaced, given up when none can live, ended together; and the port they share."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from cocite.cli import workers
from cocite.cli.workers import Workers, hold_port
from cocite.core.errors import InvalidArgument, Unavailable

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(workers, "POLL_S", 0.01)
    monkeypatch.setattr(workers, "FIRST_PAUSE_S", 0.01)


def test_a_worker_that_ends_is_started_again_and_the_other_is_left_alone():
    stop = threading.Event()
    with Workers(SLEEPER, [os.environ] * 2, grace_s=10) as running:
        first, second = (worker.process for worker in running.workers)
        watching = threading.Thread(target=running.watch, args=(stop,))
        watching.start()
        first.send_signal(signal.SIGKILL)
        while (replaced := running.workers[0].process) is first:
            pass
        stop.set()
        watching.join()
        assert running.workers[1].process is second and second.poll() is None and replaced.poll() is None
    assert {second.returncode, replaced.returncode} == {-signal.SIGTERM}


def test_pauses_grow_while_a_worker_fails_and_start_over_once_it_has_lived():
    with Workers([sys.executable, "-c", "raise SystemExit(3)"], [os.environ], grace_s=10) as running:
        worker = running.workers[0]
        pauses = []
        for lived in (1.0, 1.0, 1.0, workers.SETTLED_S + 1, 1.0):
            running._failed(worker, 3, worker.started_at + lived)
            pauses.append(round(worker.start_at - worker.started_at - lived, 6))
    assert pauses == [0.01, 0.02, 0.04, 0.01, 0.02]


def test_workers_of_which_none_can_live_are_given_up(tmp_path):
    log = tmp_path / "starts"
    command = [sys.executable, "-c", f"open({str(log)!r}, 'a').write('x'); raise SystemExit(3)"]
    with pytest.raises(Unavailable, match="status 3"), Workers(command, [os.environ] * 2, grace_s=10) as running:
        running.watch(threading.Event())
    assert workers.MAX_FAILURES <= len(Path(log).read_text()) <= 2 * workers.MAX_FAILURES


def test_a_port_is_found_and_held_for_those_who_share_it():
    held, address = hold_port("127.0.0.1:0", "X")
    with held:
        port = int(address.rpartition(":")[2])
        assert port == held.getsockname()[1]
        with socket.create_server(("127.0.0.1", port), reuse_port=True) as sharer:
            with socket.create_connection(("127.0.0.1", port)):
                sharer.accept()[0].close()  # never to the socket that only holds
            with pytest.raises(Unavailable, match="cannot listen"):
                hold_port(address, "X")


def test_a_socket_file_cannot_be_shared():
    with pytest.raises(InvalidArgument, match="COCITE_X_LISTEN"):
        hold_port("unix:/tmp/s", "COCITE_X_LISTEN")
