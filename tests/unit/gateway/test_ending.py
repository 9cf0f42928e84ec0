"""The gateway's process comes and goes as every other does."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

Started = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[[str], Started]]:
    """Starts a gateway that nobody is behind, with a lame duck of so many seconds."""
    running = []

    def begin(lame_duck_s: str) -> Started:
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "cocite", "serve", "gateway"],
            env=os.environ
            | {
                "COCITE_HOME": str(tmp_path),
                "COCITE_GATEWAY_LISTEN": address,
                "COCITE_RECOMMENDER_TARGET": "127.0.0.1:1",
                "COCITE_LAME_DUCK_S": lame_duck_s,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        while get(address, "/healthz")[0] != 200:
            assert process.poll() is None, process.communicate()[0]
        return process, address

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def test_it_says_that_it_is_on_its_way_out_while_it_still_answers(start):
    process, address = start("3600")
    assert "on its way out" not in get(address, "/readyz")[1]
    process.send_signal(signal.SIGTERM)
    while get(address, "/readyz") != (503, "on its way out\n"):
        assert process.poll() is None
    assert get(address, "/healthz") == (200, "ok\n")
    process.send_signal(signal.SIGTERM)  # whoever asks twice waits no longer
    assert process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well(start, number):
    process, _ = start("0")
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_an_address_that_is_taken_is_told_in_a_line(start):
    _, address = start("0")
    done = subprocess.run(
        [sys.executable, "-m", "cocite", "serve", "gateway"],
        env=os.environ | {"COCITE_GATEWAY_LISTEN": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"cannot listen on {address}" in done.stderr
    assert "Traceback" not in done.stderr
    assert all(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
