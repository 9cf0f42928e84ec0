"""The files of bundles in a directory, seen without their arrays: manifests, which there are, and which is current."""

from pathlib import Path

from cocite.core.errors import CociteError, CorruptData, Unavailable
from cocite.recommender import layout
from cocite.recommender.layout import Manifest
from cocite.recommender.manifest import MODEL_VERSION, parse_manifest

_LONGEST_POINTER = 256


def unreadable(name: str, error: OSError) -> CociteError:
    """What a file that cannot be read means: CorruptData when no file is there, else Unavailable, which may pass."""
    missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
    return (CorruptData if missing else Unavailable)(f"{name} cannot be read: {error.strerror or error}")


def read_manifest(directory: Path) -> Manifest:
    """The manifest in directory. Raises CorruptData when it is missing or not what it should be.

    Unavailable when it cannot be read just now.
    """
    try:
        text = (directory / layout.MANIFEST).read_text(encoding="utf-8")
    except OSError as error:
        raise unreadable(layout.MANIFEST, error) from error
    except UnicodeDecodeError as error:
        raise CorruptData(f"{layout.MANIFEST} is not UTF-8") from error
    return parse_manifest(text)


def read_current(bundles_dir: Path) -> str | None:
    """Name of the version that CURRENT points to, None when nothing is published.

    Raises CorruptData when CURRENT holds no such name, Unavailable when it cannot be read just now.
    """
    try:
        with (bundles_dir / layout.CURRENT).open("rb") as file:
            name = file.read(_LONGEST_POINTER).decode("utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(layout.CURRENT, error) from error
    if not MODEL_VERSION.fullmatch(name):
        raise CorruptData(f"{layout.CURRENT} holds {name[:60]!r}, which is no model version")
    return name


def read_history(bundles_dir: Path) -> list[str]:
    """Names of the versions that served before the current one, oldest first; some may be gone.

    Raises Unavailable when the file cannot be read just now.
    """
    try:
        lines = (bundles_dir / layout.HISTORY).read_text(encoding="utf-8", errors="replace").split()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(layout.HISTORY, error) from error
    return [line for line in lines if MODEL_VERSION.fullmatch(line)]


def list_bundles(bundles_dir: Path) -> list[str]:
    """Names of the bundles in the directory, in order; whether each is whole only Bundle.load can tell."""
    if not bundles_dir.is_dir():
        return []
    return sorted(
        entry.name
        for entry in bundles_dir.iterdir()
        if MODEL_VERSION.fullmatch(entry.name) and (entry / layout.MANIFEST).is_file()
    )
