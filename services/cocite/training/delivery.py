"""Models from the machine that trains to those that serve, by way of a store; nothing is used before it is checked.

The manifest holds the SHA-256 of every file. Who pins the manifest's own pins the whole model.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cocite.core.durable import TEMPORARY_PREFIX, sync_directory
from cocite.core.errors import CociteError, CorruptData, NotFound, NotReady
from cocite.recommender import layout
from cocite.recommender.bundle_files import read_current, read_manifest
from cocite.recommender.integrity import check_files
from cocite.recommender.layout import Manifest
from cocite.recommender.manifest import MODEL_VERSION, parse_manifest
from cocite.training.activation import point_to, prune, publishing
from cocite.training.model_store import ModelStore

KEPT = 2  # models on a machine that fetches: the one that serves and the one before
_MOST_MANIFEST_BYTES = 16 << 20
_MOST_POINTER_BYTES = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which model to fetch, "" for the CURRENT of the store; sha256 (hex) of its manifest, "" for any."""

    version: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a push or fetch brought: sha256 (hex) is that of the manifest; new tells whether anything changed."""

    version: str
    sha256: str
    new: bool


def push(bundles_dir: Path, store: ModelStore, version: str = "") -> Delivered:
    """Put a model, by default the one that serves here, into the store and point its CURRENT to it.

    Files that are there already are left. Raises NotReady without a model, CorruptData when it is not whole.
    """
    version = version or read_current(bundles_dir) or ""
    if not version:
        raise NotReady(f"no model is published in {bundles_dir}", hint="run `cocite train`")
    directory = bundles_dir / version
    if not MODEL_VERSION.fullmatch(version) or not (directory / layout.MANIFEST).is_file():
        raise NotFound(f"there is no model {version[:80]!r}", hint="cocite model list shows what there is")
    manifest = read_manifest(directory)
    check_files(directory, manifest)
    text = (directory / layout.MANIFEST).read_bytes()
    new = not store.has(f"{version}/{layout.MANIFEST}", len(text))
    for name, entry in manifest.files.items():
        if not store.has(f"{version}/{name}", entry.size):
            store.write(f"{version}/{name}", directory / name)
    store.write(f"{version}/{layout.MANIFEST}", text)  # last: where it is, all it names are
    store.write(layout.CURRENT, f"{version}\n".encode())
    return Delivered(version, hashlib.sha256(text).hexdigest(), new)


def fetch(bundles_dir: Path, store: ModelStore, wanted: Wanted = Wanted()) -> Delivered:
    """Have a model of the store serve here. It appears whole and checked, or everything stays as it was.

    Raises NotReady when the store has none, NotFound, Unavailable, and CorruptData when anything is not what the
    manifest or the pin says.
    """
    version = wanted.version or _current_of(store)
    if not MODEL_VERSION.fullmatch(version):
        raise CorruptData(f"{version[:60]!r} is no model version")
    text = store.read(f"{version}/{layout.MANIFEST}", _MOST_MANIFEST_BYTES)
    sha256 = hashlib.sha256(text).hexdigest()
    if wanted.sha256 and sha256 != wanted.sha256.lower():
        raise CorruptData(f"the manifest of {version} has the SHA-256 {sha256}, not {wanted.sha256.lower()}")
    manifest = parse_manifest(text.decode("utf-8", errors="replace"))
    if manifest.model_version != version:
        raise CorruptData(f"the manifest in {version} is that of {manifest.model_version}")
    if _here(bundles_dir, version, text) and read_current(bundles_dir) == version:
        return Delivered(version, sha256, new=False)
    bundles_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=bundles_dir))
    try:
        if not _whole(bundles_dir / version, text, manifest):
            _download(store, manifest, text, temporary)
        with publishing(bundles_dir):
            _place(temporary, bundles_dir / version)
            point_to(bundles_dir, version)
            prune(bundles_dir, KEPT)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Delivered(version, sha256, new=True)


def _current_of(store: ModelStore) -> str:
    try:
        return store.read(layout.CURRENT, _MOST_POINTER_BYTES).decode("utf-8", errors="replace").strip()
    except NotFound:
        raise NotReady("the model store holds no model", hint="`cocite model push` puts one there") from None


def _here(bundles_dir: Path, version: str, text: bytes) -> bool:
    path = bundles_dir / version / layout.MANIFEST
    return path.is_file() and path.read_bytes() == text


def _whole(directory: Path, text: bytes, manifest: Manifest) -> bool:
    if not _here(directory.parent, directory.name, text):
        return False
    try:
        check_files(directory, manifest)
    except CociteError:
        return False
    return True


def _download(store: ModelStore, manifest: Manifest, text: bytes, to: Path) -> None:
    to.chmod(0o755)  # services may run as another user
    for name, entry in manifest.files.items():
        digest = hashlib.sha256()
        with (to / name).open("wb") as file:
            for chunk in store.chunks(f"{manifest.model_version}/{name}", entry.size):
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != entry.sha256:
            raise CorruptData(f"{name} of {manifest.model_version} does not match its checksum")
    (to / layout.MANIFEST).write_bytes(text)


def _place(temporary: Path, directory: Path) -> None:
    """Put what was downloaded, if anything was, in the place of whatever is there."""
    if not (temporary / layout.MANIFEST).is_file():
        return
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=directory.parent) as aside:
        if directory.exists():  # damaged; a service that has it mapped keeps it
            directory.rename(Path(aside) / directory.name)
        temporary.rename(directory)
        sync_directory(directory.parent)
