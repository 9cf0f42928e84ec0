"""Which files a run reads, and in which order."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cocite.catalogue.ingest.source import check_file
from cocite.core.errors import InvalidArgument

_PACKED = r"(\.gz|\.zst|\.zstd)?$"
_IN_FOLDER = {
    "jsonl": re.compile(r"(papers|citations|libraries)[^/]*\.(jsonl|ndjson|tsv)" + _PACKED, re.IGNORECASE),
    "openalex": re.compile(r".*(\.(jsonl|ndjson|json|csv)" + _PACKED + r"|^part_[0-9]+\.gz$)", re.IGNORECASE),
    "s2": re.compile(r".*(\.(jsonl|ndjson|json)" + _PACKED + r"|[0-9]\.gz$)", re.IGNORECASE),
    "arxiv": re.compile(r".*\.(jsonl|ndjson|json)" + _PACKED, re.IGNORECASE),
    "bibtex": re.compile(r".*\.bib" + _PACKED, re.IGNORECASE),
}
_ORDER = ("papers", "citations", "libraries")


def expand(kind: str, paths: Sequence[Path]) -> list[Path]:
    """The files named, and those of the kind in the folders named: papers first, else by name.

    Raises InvalidArgument for a path that is neither file nor folder, a folder without such files, or no path at all.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = [file for file in _walk(path) if _IN_FOLDER[kind].fullmatch(file.name)]
            if not found:
                raise InvalidArgument(f"{path} holds no {kind} files", hint="name the files", field="paths")
            files += sorted(found, key=lambda file: (_rank(file), file.as_posix()))
        else:
            check_file(path)
            files.append(path)
    if not files:
        raise InvalidArgument("no file to read", hint="name files or folders", field="paths")
    return list(dict.fromkeys(files))


def _walk(folder: Path) -> Iterable[Path]:
    """Files in a folder and those below. Links that lead out of it are passed over: who fills it may not choose what
    else is read. A file that is named is read wherever it lies.
    """
    inside = folder.resolve()
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and file.is_file() and file.resolve().is_relative_to(inside):
            yield file


def _rank(file: Path) -> int:
    return next((rank for rank, name in enumerate(_ORDER) if file.name.lower().startswith(name)), 0)
