"""Whole runs: counted right, idempotent, resumable after any end, and never stopped by one bad line."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocite.catalogue.ingest.run import Progress, ingest
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from support.ingest import Write

IDS = st.sampled_from(
    ["10.1000/a", "10.1000/b", "1706.03762", "arXiv:1706.03762v2", "pmid:1", "17", "", "s2:5", 9, None]
)
TEXT = st.none() | st.text(st.characters(), max_size=12) | st.just(5)
PAPER_LINES = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "title": TEXT,
        "abstract": TEXT,
        "year": st.none() | st.integers(-9, 9999) | st.just("1999"),
        "aliases": st.lists(IDS, max_size=3),
        "references": st.lists(IDS, max_size=4),
        "authors": st.lists(TEXT, max_size=2) | st.just({}),
    },
).map(lambda value: json.dumps(value).encode())
LINES = st.lists(PAPER_LINES | st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")), max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES, LINES, st.integers(1, 5))
def test_every_line_is_counted_once_whatever_it_holds(first: list[bytes], second: list[bytes], batch: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        papers = Path(folder) / "papers.jsonl"
        papers.write_bytes(b"\n".join([b'{"id": "10.1000/first"}', *first, *second]))
        rejects = Path(folder) / "rejects.jsonl"
        with Catalogue.open(f"sqlite:///{folder}/c.db") as catalogue:
            summary = ingest(catalogue, "jsonl", [papers], rejects_path=rejects, batch_rows=batch)
            before = catalogue.fingerprint()
            again = ingest(catalogue, "jsonl", [papers])
            assert catalogue.fingerprint() == before
        expected = sum(1 for line in papers.read_bytes().split(b"\n") if line.strip())
        for one in (summary, again):
            assert one.read == expected == one.stored + one.merged + one.unchanged + one.rejected_total
        assert again.stored == 0
        assert again.rejected == summary.rejected
        listed = [orjson.loads(line) for line in rejects.read_bytes().splitlines()]
        assert len(listed) == summary.rejected_total
        assert all(entry["line"] >= 1 and entry["reason"] in summary.rejected for entry in listed)


def corpus(folder: Path, count: int) -> Path:
    """A corpus in our own format, some of its lines bad."""
    folder.mkdir()
    with (folder / "papers.jsonl").open("w") as papers, (folder / "citations.tsv").open("w") as citations:
        citations.write("citing_id\tcited_id\n")
        for i in range(count):
            bad = i % 97 == 5
            papers.write("{broken\n" if bad else json.dumps({"id": f"10.1000/{i}", "title": f"Title {i}"}) + "\n")
            citations.write(f"10.1000/{i}\t10.1000/{i // 2}\n")
    return folder


def test_a_second_run_finds_everything_unchanged(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus", 300)
    first = ingest(catalogue, "jsonl", [folder])
    assert (first.read, first.stored, first.rejected_total) == (600, 595, 5)  # one cites itself
    before = catalogue.fingerprint()
    second = ingest(catalogue, "jsonl", [folder])
    assert (second.read, second.unchanged, second.rejected) == (600, 595, first.rejected)
    assert not second.resumed
    assert catalogue.fingerprint() == before


def test_the_last_of_records_that_contradict_each_other_wins_again(catalogue: Catalogue, write: Write) -> None:
    titles = ("First", "Second")
    path = write("papers.jsonl", "".join(json.dumps({"id": "10.1000/a", "title": title}) + "\n" for title in titles))
    first = ingest(catalogue, "jsonl", [path])
    before = catalogue.fingerprint()
    again = ingest(catalogue, "jsonl", [path])
    assert (first.stored, first.merged) == (1, 1)
    assert (again.stored, again.merged, again.unchanged) == (0, 2, 0)
    assert catalogue.fingerprint() == before
    assert catalogue.get_papers(["doi:10.1000/a"])["doi:10.1000/a"].title == "Second"


def test_papers_joined_by_ids_at_odds_are_counted(catalogue: Catalogue, write: Write) -> None:
    works = [{"id": f"10.1000/{name}", "aliases": ["1706.03762"]} for name in "abc"]
    path = write("papers.jsonl", "".join(json.dumps(work) + "\n" for work in works))
    assert ingest(catalogue, "jsonl", [path]).warnings == {"joined with a paper that has another doi id": 2}


def test_progress_reaches_the_end(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus", 300)
    seen: list[Progress] = []
    ingest(catalogue, "jsonl", [folder], progress=seen.append, batch_rows=50)
    assert len(seen) == 12
    assert [step.records for step in seen] == list(range(50, 601, 50))
    assert seen[-1].bytes_read == seen[-1].bytes_total == sum(f.stat().st_size for f in folder.iterdir())
    assert all(a.bytes_read <= b.bytes_read for a, b in pairwise(seen))


def interrupt_after(batches: int) -> Callable[[Progress], None]:
    left = iter(range(batches - 1))

    def report(_: Progress) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("batches", [1, 4, 7, 12])
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, batches: int) -> None:
    folder = corpus(tmp_path / "corpus", 300)
    with Catalogue.open(f"sqlite:///{tmp_path}/whole.db") as whole:
        expected = ingest(whole, "jsonl", [folder], rejects_path=tmp_path / "whole.rejects", batch_rows=50)
        fingerprint = whole.fingerprint()
    rejects = tmp_path / "cut.rejects"
    with Catalogue.open(f"sqlite:///{tmp_path}/cut.db") as cut:
        with pytest.raises(KeyboardInterrupt):
            ingest(cut, "jsonl", [folder], rejects_path=rejects, progress=interrupt_after(batches), batch_rows=50)
        with rejects.open("ab") as torn:
            torn.write(b'{"source": "written after the last chec')
        steps: list[Progress] = []
        summary = ingest(cut, "jsonl", [folder], rejects_path=rejects, progress=steps.append, batch_rows=50)
        assert len(steps) == 12 - batches
        assert summary.resumed
        summary.resumed = False
        assert summary == expected
        assert cut.fingerprint() == fingerprint
    assert rejects.read_bytes() == (tmp_path / "whole.rejects").read_bytes()


def test_a_changed_file_is_read_from_its_start(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus", 300)
    with pytest.raises(KeyboardInterrupt):
        ingest(catalogue, "jsonl", [folder], progress=interrupt_after(2), batch_rows=50)
    with (folder / "papers.jsonl").open("a") as papers:
        papers.write('{"id": "10.1000/new"}\n')
    summary = ingest(catalogue, "jsonl", [folder])
    assert not summary.resumed
    assert (summary.read, summary.stored + summary.unchanged) == (601, 596)


KILLED = """
import os, signal, sys
from pathlib import Path
from cocite.catalogue.ingest import run
from cocite.catalogue.store import Catalogue

def report(progress):
    print(progress.records, flush=True)

url, folder, rejects = sys.argv[1:]
with Catalogue.open(url) as catalogue:
    run.ingest(catalogue, "jsonl", [Path(folder)], rejects_path=Path(rejects), progress=report, batch_rows=20)
"""


def start(*arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus", 2000)
    with Catalogue.open(f"sqlite:///{tmp_path}/whole.db") as whole:
        expected = ingest(whole, "jsonl", [folder], rejects_path=tmp_path / "whole.rejects", batch_rows=20)
        fingerprint = whole.fingerprint()
    url, rejects = f"sqlite:///{tmp_path}/cut.db", tmp_path / "cut.rejects"
    reached = []
    for kill_at in (100, 1500, 2600):  # each goes on where the one before was killed
        process = start(url, folder, rejects)
        assert process.stdout is not None
        for line in process.stdout:
            reached.append(int(line))
            if reached[-1] >= kill_at:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
    assert len(set(reached)) > 100
    assert reached == sorted(reached)  # no run began anew
    with Catalogue.open(url) as cut:
        summary = ingest(cut, "jsonl", [folder], rejects_path=rejects, batch_rows=20)
        assert summary.resumed
        summary.resumed = False
        assert summary == expected
        assert cut.fingerprint() == fingerprint
    assert rejects.read_bytes() == (tmp_path / "whole.rejects").read_bytes()


def test_one_bad_line_stops_nothing(catalogue: Catalogue, write: Write) -> None:
    good = b'{"id": "10.1000/%d", "title": "T"}'
    lines = [good % 1, b"\xff\xfe\xfd", b'{"id": "10.1000/2", "title": "\\ud800"}', b"x" * (17 << 20), b"[]", good % 3]
    rejects = write("rejects", '{"source":"left by another run"}\n')
    summary = ingest(catalogue, "jsonl", [write("papers.jsonl", b"\n".join(lines))], rejects_path=rejects)
    assert (summary.read, summary.stored, summary.ok) == (6, 2, True)
    assert summary.rejected == {
        "not UTF-8": 1,
        "not JSON": 1,
        "line is longer than 16 MiB": 1,
        "not a JSON object": 1,
    }
    listed = [orjson.loads(line) for line in rejects.read_bytes().splitlines()]
    assert [entry["line"] for entry in listed] == [2, 3, 4, 5]
    assert all(len(entry["raw"]) <= 2000 for entry in listed)


@pytest.mark.parametrize(
    ("kind", "scheme", "field"), [("excel", None, "kind"), ("openalex", "local", "scheme"), ("jsonl", "doi", "scheme")]
)
def test_wrong_arguments_are_named(
    catalogue: Catalogue, write: Write, kind: str, scheme: str | None, field: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        ingest(catalogue, kind, [write("papers.jsonl", "{}")], scheme=scheme)
    assert caught.value.field == field


def test_a_folder_without_data_is_refused(catalogue: Catalogue, tmp_path: Path, write: Write) -> None:
    write("notes.txt", "x")
    (tmp_path / "empty").mkdir()
    for paths in ([], [tmp_path / "empty"], [tmp_path / "absent"]):
        with pytest.raises(InvalidArgument):
            ingest(catalogue, "jsonl", paths)


@pytest.mark.corpus
def test_a_real_corpus(catalogue: Catalogue, shared_data: Path) -> None:
    summary = ingest(catalogue, "jsonl", [shared_data / "vishci"])
    assert (summary.read, summary.stored, summary.rejected_total) == (52_044, 52_044, 0)
    assert (catalogue.count_papers(), catalogue.count_citations()) == (10_194, 41_850)
    assert catalogue.get_papers(["doi:10.1109/tvcg.2011.185"])["doi:10.1109/tvcg.2011.185"].citation_count > 100
