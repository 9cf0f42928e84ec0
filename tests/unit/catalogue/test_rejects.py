"""The list of rejected records is whole, and takes nothing from others."""

import os
from pathlib import Path

import orjson
import pytest

from cocite.catalogue.ingest.rejects import RejectsFile
from cocite.catalogue.ingest.run import Progress, ingest
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument


def bad_lines(folder: Path, name: str, count: int) -> Path:
    path = folder / f"papers-{name}.jsonl"
    path.write_text("".join(f"{{bad {name} {i}\n" if i % 4 == 0 else f'{{"id": "s2:{i}"}}\n' for i in range(count)))
    return path


def interrupt(progress: Progress) -> None:
    if progress.records >= 150:
        raise KeyboardInterrupt


def test_no_run_loses_its_rejects_to_another(catalogue: Catalogue, tmp_path: Path) -> None:
    long, short = bad_lines(tmp_path, "long", 400), bad_lines(tmp_path, "short", 40)
    for where in ({"rejects_dir": tmp_path / "rejects"}, {"rejects_path": tmp_path / "shared"}):
        with pytest.raises(KeyboardInterrupt):
            ingest(catalogue, "jsonl", [long], progress=interrupt, batch_rows=50, **where)
        for path in (short, long):
            summary = ingest(catalogue, "jsonl", [path], batch_rows=50, **where)
            listed = [orjson.loads(line) for line in Path(summary.rejects_file).read_bytes().splitlines()]
            assert summary.rejected_total == len(listed) == summary.read / 4
            assert {entry["source"] for entry in listed} == {str(path)}
        assert summary.resumed is ("rejects_dir" in where)  # the list in the shared file was gone: all was read again


def test_a_list_that_another_run_writes_is_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    path, rejects = bad_lines(tmp_path, "a", 40), tmp_path / "rejects"
    with RejectsFile(rejects), pytest.raises(InvalidArgument, match="another run is writing"):
        ingest(catalogue, "jsonl", [path], rejects_path=rejects)
    assert ingest(catalogue, "jsonl", [path], rejects_path=rejects).rejected_total == 10


def test_an_input_cannot_be_the_list_of_rejects(catalogue: Catalogue, tmp_path: Path) -> None:
    path = bad_lines(tmp_path, "a", 40)
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(path)
    for rejects in (path, tmp_path / "link"):
        with pytest.raises(InvalidArgument, match="one of the files to read"):
            ingest(catalogue, "jsonl", [path], rejects_path=rejects)
    assert path.read_bytes() == before


def test_no_folder_is_made_for_a_list_that_was_named(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be written"):
        ingest(catalogue, "jsonl", [bad_lines(tmp_path, "a", 4)], rejects_path=tmp_path / "mistyped" / "list")
    assert not (tmp_path / "mistyped").exists()


def test_only_a_list_is_overwritten(catalogue: Catalogue, tmp_path: Path) -> None:
    path, thesis, pipe = bad_lines(tmp_path, "a", 40), tmp_path / "thesis.tex", tmp_path / "pipe"
    thesis.write_text("years of work")
    os.mkfifo(pipe)
    for rejects in (thesis, pipe, Path("/dev/null")):
        with pytest.raises(InvalidArgument, match="no list of rejects"):
            ingest(catalogue, "jsonl", [path], rejects_path=rejects)
    assert thesis.read_text() == "years of work"
    for _ in range(2):
        assert ingest(catalogue, "jsonl", [path], rejects_path=tmp_path / "list").rejected_total == 10
