"""Importing works alike on SQLite and PostgreSQL."""

import json
from pathlib import Path

import pytest

from cocite.catalogue.ingest.run import Progress, ingest
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = [json.dumps({"id": f"10.1000/{i}", "title": f"Title {i}", "references": ["pmid:1"]}) for i in range(200)]
    lines += [
        '{"id": "10.1000/nul", "title": "a\\u0000b", "venue": "x\\u0000"}',
        '{"id": "https://doi.org/10.1000/a%00b"}',
        "{",
    ]
    lines += ['{"id": "pmid:1", "aliases": ["10.1000/7"], "authors": ["\\u0000"], "keywords": ["k\\u0000"]}']
    (folder / "papers.jsonl").write_text("\n".join(lines))
    (folder / "libraries.tsv").write_text("reader_id\tpaper_id\nr\t10.1000/1\nr\tpmid:1\nr\u0000\t10.1000/1\n")
    return folder


def test_a_run_is_the_same_on_every_database(catalogue: Catalogue, folder: Path, tmp_path: Path) -> None:
    with Catalogue.open(f"sqlite:///{tmp_path / 'other.db'}") as other:
        expected = ingest(other, "jsonl", [folder])
        assert ingest(catalogue, "jsonl", [folder]) == expected
        assert catalogue.fingerprint() == other.fingerprint()
    assert (expected.read, expected.stored, expected.merged, expected.rejected_total) == (207, 203, 1, 3)
    assert catalogue.count_papers() == 201
    assert catalogue.get_papers(["doi:10.1000/nul"])["doi:10.1000/nul"].title == "ab"
    assert catalogue.get_papers(["pmid:1"])["pmid:1"].citation_count == 199


def test_an_interrupted_run_goes_on(catalogue: Catalogue, folder: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.records >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(catalogue, "jsonl", [folder], progress=interrupt, batch_rows=20)
    assert 0 < catalogue.count_papers() < 201
    summary = ingest(catalogue, "jsonl", [folder])
    assert summary.resumed
    assert (summary.read, summary.stored, summary.merged, summary.rejected_total) == (207, 203, 1, 3)
    again = ingest(catalogue, "jsonl", [folder])
    assert (again.resumed, again.stored, again.merged, again.unchanged) == (False, 0, 0, 204)
