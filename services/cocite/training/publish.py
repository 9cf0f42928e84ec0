"""Publishing: from a model in memory to the bundle that serves, in one step that is seen whole or not at all."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cocite.core.durable import TEMPORARY_PREFIX, sync_directory
from cocite.recommender.bundle import Bundle
from cocite.recommender.layout import Manifest
from cocite.training.activation import point_to, prune, publishing
from cocite.training.bundle_files import write_bundle
from cocite.training.model import Model


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that is written and serves nowhere yet."""

    directory: Path
    manifest: Manifest


def write(bundles_dir: Path, model: Model) -> Written:
    """The model as a new bundle, to be released: it is all in files then, and may be let go of before."""
    bundles_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=bundles_dir))
    try:
        temporary.chmod(0o755)  # services may run as another user
        return Written(temporary, write_bundle(temporary, model))
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def release(bundles_dir: Path, written: Written, *, kept: int) -> Manifest:
    """Check a bundle as serving would, and make it CURRENT; keep the newest bundles.

    Raises CorruptData, with nothing published, when serving would refuse it, and Unavailable when another
    process holds the publishing lock for half a minute.
    """
    version = written.manifest.model_version
    try:
        Bundle.load(written.directory)
        with publishing(bundles_dir):
            written.directory.rename(bundles_dir / version)
            sync_directory(bundles_dir)
            point_to(bundles_dir, version)
            prune(bundles_dir, kept)
    finally:
        shutil.rmtree(written.directory, ignore_errors=True)
    return written.manifest


def publish(bundles_dir: Path, model: Model, *, kept: int) -> Manifest:
    """Write the model and release it. Raises what release does."""
    return release(bundles_dir, write(bundles_dir, model), kept=kept)


def sweep(bundles_dir: Path) -> None:
    """Remove what runs that were killed left behind. Only for the holder of the training lock."""
    for leftover in bundles_dir.glob(f"{TEMPORARY_PREFIX}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
