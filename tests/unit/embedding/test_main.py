"""The embedding service as a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cocite.core.errors import NotReady
from cocite.core.settings import Settings
from cocite.embedding.main import build, serve

SERVE = """
from cocite.core.settings import load_settings
from cocite.embedding.main import serve
from cocite.serving.logs import configure_logs
configure_logs(load_settings())
serve(load_settings())
"""


def test_missing_files_are_named_before_anything_listens(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as refused:
        build(Settings(home=tmp_path, embedding_listen="127.0.0.1:0"))
    assert "cocite model pull" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_missing_files_end_the_service(tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        serve(Settings(home=tmp_path, embedding_listen="127.0.0.1:0"))


def test_sigterm_ends_the_process_cleanly(tmp_path: Path) -> None:
    settings = {
        "COCITE_HOME": str(tmp_path),
        "COCITE_ENCODER": "hashing",
        "COCITE_EMBEDDING_LISTEN": "127.0.0.1:0",
        "COCITE_LAME_DUCK_S": "0",
        "COCITE_LOG_FORMAT": "json",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert any("listening" in line for line in process.stderr)
        # The handlers are set right after that line; a signal before them would kill instead.
        while process.poll() is None and "SigCgt" in (status := Path(f"/proc/{process.pid}/status").read_text()):
            caught = int(status.split("SigCgt:")[1].split()[0], 16)
            if caught & (1 << (signal.SIGTERM - 1)):
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
