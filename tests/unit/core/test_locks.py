import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cocite.core.errors import Unavailable
from cocite.core.locks import exclusive

HOLDER = """
import sys, time
from pathlib import Path
from cocite.core.locks import exclusive
with exclusive(Path(sys.argv[1]), "testing"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_error_names_the_holder_and_a_dead_holder_holds_nothing(tmp_path: Path):
    lock = tmp_path / "new" / ".lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(Unavailable) as raised, exclusive(lock, "testing"):
                pass
            assert f"pid {holder.pid}" in raised.value.message
        finally:
            holder.send_signal(signal.SIGKILL)
    assert lock.read_text() == str(holder.pid)  # what a stale lock looks like
    with exclusive(lock, "testing"):
        assert lock.read_text() == str(os.getpid())


def test_two_in_one_process_exclude_each_other_too(tmp_path: Path):
    with exclusive(tmp_path / "lock", "testing"):
        with pytest.raises(Unavailable), exclusive(tmp_path / "lock", "testing", wait_s=0.1):
            pass
        with exclusive(tmp_path / "another", "testing"):
            pass


def test_an_error_inside_frees_it(tmp_path: Path):
    with pytest.raises(ValueError), exclusive(tmp_path / "lock", "testing"):
        raise ValueError
    with exclusive(tmp_path / "lock", "testing"):
        pass
