"""CPU time and cores of real processes."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cocite.core.errors import NotFound, NotReady
from cocite.load.processes import ServerCpu, family, pin, pinned

CHILD = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
input()
child.kill()
child.wait()
print("gone", flush=True)
input()
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen]:
    """A process that did nothing, and has a child that used 0.2 s of CPU."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as it:
        yield it
        it.kill()


def test_cpu_time_is_that_of_all_processes(parent):
    cpu = ServerCpu(parent.pid)
    before = cpu.read()
    child = int(parent.stdout.readline())
    after = cpu.read()
    assert set(after) == {parent.pid, child}
    assert cpu.spent(before, after) >= 0.2 - before.get(child, 0.0)
    assert after[child] >= 0.2
    parent.stdin.write("\n")
    parent.stdin.flush()
    assert parent.stdout.readline() == "gone\n"
    with pytest.raises(NotReady, match=f"process {child} of the server ended"):
        cpu.spent(after, cpu.read())


def test_no_process_is_told():
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with pytest.raises(NotFound, match=f"there is no process {ended.pid}"):
        ServerCpu(ended.pid)


def test_pinning(parent):
    child = int(parent.stdout.readline())
    core = min(os.sched_getaffinity(0))
    pin(parent.pid, {core})
    assert [os.sched_getaffinity(pid) for pid in family(parent.pid)] == [{core}, {core}]
    assert family(parent.pid) == [parent.pid, child]


def test_pinning_oneself_ends():
    before = os.sched_getaffinity(0)
    with pinned({min(before)}):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before
