"""Publishing: from a model in memory to the bundle that serves, in one step that is seen whole or not at all."""

import shutil
import tempfile
from pathlib import Path

from cocite.core.durable import TEMPORARY_PREFIX, sync_directory
from cocite.recommender.bundle import Bundle
from cocite.recommender.layout import Manifest
from cocite.training.activation import point_to, prune, publishing
from cocite.training.bundle_files import write_bundle
from cocite.training.model import Model


def publish(bundles_dir: Path, model: Model, *, kept: int) -> Manifest:
    """Write the model as a new bundle, check it as serving would, and make it CURRENT; keep the newest bundles.

    Raises CorruptData, with nothing published, when serving would refuse it, and Unavailable when another
    process holds the publishing lock for half a minute.
    """
    bundles_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=bundles_dir))
    try:
        temporary.chmod(0o755)  # services may run as another user
        manifest = write_bundle(temporary, model)
        Bundle.load(temporary)
        with publishing(bundles_dir):
            temporary.rename(bundles_dir / manifest.model_version)
            sync_directory(bundles_dir)
            point_to(bundles_dir, manifest.model_version)
            prune(bundles_dir, kept)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def sweep(bundles_dir: Path) -> None:
    """Remove what runs that were killed left behind. Only for the holder of the training lock."""
    for leftover in bundles_dir.glob(f"{TEMPORARY_PREFIX}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
