"""Which of the published bundles serves: CURRENT, what served before, and how many are kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocite.core.durable import TEMPORARY_PREFIX, write_atomically
from cocite.core.errors import CociteError, CorruptData, NotFound, NotReady
from cocite.core.locks import exclusive
from cocite.recommender import layout
from cocite.recommender.bundle_files import list_bundles, read_current, read_history, read_manifest
from cocite.recommender.layout import Manifest
from cocite.recommender.manifest import MODEL_VERSION

_HISTORY_LENGTH = 50
_LOCK = ".publish.lock"
_LOCK_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """One bundle of a list; manifest is None and problem says why when the manifest cannot be read."""

    version: str
    current: bool
    manifest: Manifest | None
    problem: str = ""


def describe_bundles(bundles_dir: Path) -> list[BundleInfo]:
    """All bundles of the directory, oldest first."""
    current = _current(bundles_dir)
    return [_describe(bundles_dir / version, version == current) for version in list_bundles(bundles_dir)]


def _describe(directory: Path, current: bool) -> BundleInfo:
    try:
        return BundleInfo(directory.name, current, read_manifest(directory))
    except CociteError as error:
        return BundleInfo(directory.name, current, None, error.message)


def activate(bundles_dir: Path, version: str) -> None:
    """Let version serve; running services notice within their poll interval.

    Raises NotFound when there is no such bundle, CorruptData when it is not whole.
    """
    with publishing(bundles_dir):
        _check(bundles_dir, version)
        point_to(bundles_dir, version)


def rollback(bundles_dir: Path) -> str:
    """Let the version serve again that did before the current one, and return it; called again, goes further back.

    Versions that are gone or no longer whole are passed over. Raises NotReady when none is left.
    """
    with publishing(bundles_dir):
        current, history = _current(bundles_dir), read_history(bundles_dir)
        while history:
            version = history.pop()
            if version == current or not _is_whole(bundles_dir, version):
                continue
            write_atomically(bundles_dir / layout.CURRENT, version + "\n")
            _write_history(bundles_dir, history)
            return version
    raise NotReady("no earlier model is there to go back to", hint="cocite model list shows what there is")


@contextmanager
def publishing(bundles_dir: Path) -> Iterator[None]:
    """Hold the right to change CURRENT; changes take moments, so others wait a while for it."""
    with exclusive(bundles_dir / _LOCK, f"publishing a model in {bundles_dir}", wait_s=_LOCK_WAIT_S):
        yield


def point_to(bundles_dir: Path, version: str) -> None:
    """Make version CURRENT and remember what served before. The caller holds publishing.

    History is written first: killed between the two, it names the version that still serves, which rollback skips.
    """
    current = _current(bundles_dir)
    if current and current != version:
        _write_history(bundles_dir, [*read_history(bundles_dir), current])
    write_atomically(bundles_dir / layout.CURRENT, version + "\n")


def prune(bundles_dir: Path, kept: int) -> list[str]:
    """Remove all but the newest bundles, never the current one nor the one rollback would take; returns the removed.

    The caller holds publishing. A service that has a removed bundle mapped keeps it until it lets go.
    """
    current = _current(bundles_dir)
    previous = next((version for version in reversed(read_history(bundles_dir)) if version != current), None)
    versions = list_bundles(bundles_dir)
    removed = [version for version in versions[:-kept] if version not in (current, previous)]
    for version in removed:
        # Renamed first, so that no half-removed bundle is ever listed.
        doomed = bundles_dir / f"{TEMPORARY_PREFIX}{version}"
        (bundles_dir / version).rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    return removed


def _check(bundles_dir: Path, version: str) -> None:
    if not MODEL_VERSION.fullmatch(version) or not (bundles_dir / version / layout.MANIFEST).is_file():
        raise NotFound(f"there is no model {version[:80]!r}", hint="cocite model list shows what there is")
    from cocite.recommender.bundle import Bundle  # late: the other commands read no arrays

    Bundle.load(bundles_dir / version)


def _is_whole(bundles_dir: Path, version: str) -> bool:
    try:
        _check(bundles_dir, version)
    except CociteError:
        return False
    return True


def _current(bundles_dir: Path) -> str | None:
    try:
        return read_current(bundles_dir)
    except CorruptData:
        return None  # about to be replaced, or shown as none


def _write_history(bundles_dir: Path, versions: list[str]) -> None:
    write_atomically(bundles_dir / layout.HISTORY, "".join(f"{version}\n" for version in versions[-_HISTORY_LENGTH:]))
