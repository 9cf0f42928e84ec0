"""Lines and tab-separated columns of a benchmark's files, with file and line in every complaint."""

from collections.abc import Iterator
from pathlib import Path

from cocite.core.errors import InvalidArgument


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not empty. Raises InvalidArgument for what is no file of UTF-8."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if stripped := line.rstrip("\r\n"):
                    yield number, stripped
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}", field="bench_dir") from error


def read_columns(path: Path, least: int) -> Iterator[tuple[int, list[str]]]:
    """Number and columns of each line. Raises InvalidArgument for a line that has fewer than least, or an empty one
    among those.
    """  # fmt: skip
    for number, line in read_lines(path):
        columns = line.split("\t")
        if len(columns) < least or not all(columns[:least]):
            raise InvalidArgument(f"{path}, line {number}: not {least} columns", field="bench_dir")
        yield number, columns


def read_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """The first two columns of each line."""
    return ((columns[0], columns[1]) for _, columns in read_columns(path, 2))
