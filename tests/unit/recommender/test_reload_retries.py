import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.reload import FIRST_PAUSE_S, LONGEST_PAUSE_S, Models
from support.bundles import publish


@pytest.fixture
def home(bundle_dir: Path) -> Path:
    publish(bundle_dir.parent, "m1")
    return bundle_dir.parent


@contextmanager
def _few_files(count: int) -> Iterator[None]:
    """This process may open only count more files at a time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = [os.open(os.devnull, os.O_RDONLY) for _ in range(count + 1)]
    for each in lowest[:-1]:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest[-1] + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(lowest[-1])


@pytest.mark.parametrize("open_files", [0, 5])  # CURRENT cannot be opened; its arrays cannot all be mapped
def test_a_lack_of_file_handles_passes(home: Path, open_files: int) -> None:
    now = [0.0]
    models = Models(home, clock=lambda: now[0])
    with _few_files(open_files):
        assert not models.poll()
    assert os.strerror(errno.EMFILE) in models.refusals[0].detail
    now[0] += FIRST_PAUSE_S
    assert models.poll() and models.require().bundle.version == "m1"


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError(), RuntimeError("odd")])
def test_what_may_pass_is_tried_again_with_growing_pauses(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    now, tries, real = [0.0], [], Bundle.load

    def fail(directory: Path) -> Bundle:
        tries.append(now[0])
        raise error

    models = Models(home, clock=lambda: now[0])
    monkeypatch.setattr(Bundle, "load", fail)
    while now[0] < 150:
        assert not models.poll()
        now[0] += 0.5
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_S]
    assert len(models.refusals) == 1
    monkeypatch.setattr(Bundle, "load", real)
    now[0] += LONGEST_PAUSE_S
    assert models.poll() and models.require().bundle.version == "m1"


def test_wrong_contents_are_not_read_again_until_they_change(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, tries, real = [0.0], [], Bundle.load
    monkeypatch.setattr(Bundle, "load", lambda directory: tries.append(now[0]) or real(directory))
    models = Models(home, clock=lambda: now[0])
    (home / "m1" / layout.ITEM_FACTORS).write_bytes(b"short")
    for _ in range(5):
        assert not models.poll()
        now[0] += 1000
    assert len(tries) == 1
