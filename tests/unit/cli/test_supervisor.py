import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pytest

from cocite.cli.supervisor import MAX_LOG_BYTES, Supervisor, is_serving
from cocite.core.errors import Unavailable

SERVER = """
    import sys
    from cocite.core.settings import Settings
    from cocite.serving.server import GrpcServer, run
    server = GrpcServer(Settings(lame_duck_s=0), "127.0.0.1:0", ["cocite.v1.Nothing"], lambda s: None)
    server.set_ready({ready})
    print("here I am", flush=True)
    {then}
"""


@pytest.fixture
def supervisor(tmp_path):
    with Supervisor(tmp_path / "logs", grace_s=10) as supervisor:
        yield supervisor


def start(supervisor, target, script, name="probe"):
    supervisor.start(name, partial(is_serving, target), [sys.executable, "-c", textwrap.dedent(script)], os.environ)
    return supervisor.children[-1]


@pytest.fixture
def target(tmp_path):
    return f"unix:{tmp_path}/s"


def server(target, ready=True, then="run(server, 'probe')"):
    return SERVER.format(ready=ready, then=then).replace("127.0.0.1:0", target)


def wait_for(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_service_is_started_ready_and_stopped(supervisor, target):
    child = start(supervisor, target, server(target))
    supervisor.wait_ready()
    assert is_serving(target)
    supervisor.stop()
    assert child.process.returncode == 0
    assert not is_serving(target)
    assert b"here I am" in child.log.read_bytes()


def test_a_service_that_is_never_ready_is_named(supervisor, target):
    start(supervisor, target, server(target, ready=False), "slowpoke")
    with pytest.raises(Unavailable, match="the slowpoke service is not ready after 1 s") as caught:
        supervisor.wait_ready(timeout_s=1)
    assert "slowpoke.log" in caught.value.hint


def test_a_service_that_ends_is_reported_with_its_last_words_only(supervisor, tmp_path, target):
    log = tmp_path / "logs" / "probe.log"
    log.parent.mkdir()
    log.write_text("words of an earlier run\n")
    start(supervisor, target, "print('line\\n' * 50 + 'the disk is full'); raise SystemExit(3)")
    with pytest.raises(Unavailable) as caught:
        supervisor.wait_ready()
    assert "the probe service ended with status 3" in str(caught.value)
    assert f"the disk is full\nits log is {log}" in str(caught.value)
    assert "earlier run" not in str(caught.value)
    assert str(caught.value).count("line") < 15


def test_watch_ends_when_a_service_ends(supervisor, target):
    child = start(supervisor, target, server(target))
    supervisor.wait_ready()
    child.process.send_signal(signal.SIGKILL)
    with pytest.raises(Unavailable, match="status -9"):
        supervisor.watch()


def test_a_service_that_does_not_stop_is_killed(tmp_path, target):
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(99)"
    )
    with Supervisor(tmp_path / "logs", grace_s=0.5) as supervisor:
        child = start(supervisor, target, deaf)
        assert wait_for(lambda: b"deaf" in child.log.read_bytes())
    assert child.process.returncode == -signal.SIGKILL


def test_an_overlong_log_is_set_aside(supervisor, tmp_path, target):
    log = tmp_path / "logs" / "probe.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    child = start(supervisor, target, "print('new')")
    child.process.wait(20)
    assert log.read_text() == "new\n"
    assert log.with_suffix(".log.old").stat().st_size == MAX_LOG_BYTES + 1


CHILD = """
import os, sys, time
from cocite.cli.parent import die_with_parent
if sys.argv[1] == "guarded":
    die_with_parent(os.getppid())
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], process_group=0)
child.wait()
"""


@pytest.mark.parametrize(("kind", "survives"), [("guarded", False), ("unguarded", True)])
def test_a_child_dies_with_its_parent(kind, survives):
    command = [sys.executable, "-c", PARENT, CHILD, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        if survives:
            os.kill(child, 0)  # still there: what ends the other one is the guard
            os.kill(child, signal.SIGKILL)
        else:
            assert wait_for(lambda: not alive(child))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False
