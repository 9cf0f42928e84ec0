"""Each importer over small files written out by hand, through the whole run into a catalogue."""

from pathlib import Path

import pytest

from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from support.ingest import Write, jsonl, only


def test_s2(catalogue: Catalogue, write: Write) -> None:
    paper = {
        "corpusid": 11,
        "externalids": {"ACL": "P19-1001", "ArXiv": "1706.03762", "DOI": "10.1000/X", "PubMed": None, "MAG": "3"},
        "title": "S2 paper",
        "authors": [{"authorId": "1", "name": "A. Author"}],
        "venue": "",
        "journal": {"name": "Journal"},
        "year": 2019,
        "s2fieldsofstudy": [{"category": "Computer Science", "source": "s2"}],
    }
    graph = {"paperId": "a" * 40, "corpusId": 12, "title": "Graph", "references": [{"corpusId": 11, "paperId": None}]}
    papers = write("papers", jsonl(paper, graph))
    citations = write("citations", jsonl(*({"citingcorpusid": a, "citedcorpusid": b} for a, b in [(11, 12), (7, 7)])))
    abstracts = write(
        "abstracts", jsonl({"corpusid": 11, "openaccessinfo": {}, "abstract": "About"}, {"abstract": "?"})
    )
    summary = ingest(catalogue, "s2", [papers, citations, abstracts])
    assert (summary.read, summary.stored, summary.merged) == (6, 3, 1)
    assert summary.rejected == {"self-citation": 1, "corpusid is missing": 1}
    found = only(catalogue, "s2:11")
    assert found.paper_id == "doi:10.1000/x"
    assert found.aliases == ("acl:P19-1001", "arxiv:1706.03762", "s2:11")
    assert (found.title, found.abstract, found.year, found.venue) == ("S2 paper", "About", 2019, "Journal")
    assert (found.authors, found.keywords) == (("A. Author",), ("Computer Science",))
    assert found.fields == ("Computer Science",)
    assert (found.citation_count, found.reference_count) == (1, 1)


def test_works_of_openalex_are_no_arxiv_records(catalogue: Catalogue, write: Write) -> None:
    work = {"id": "https://openalex.org/W12", "title": "A work", "doi": None}
    assert ingest(catalogue, "arxiv", [write("a", jsonl(work))]).rejected == {"id is not an arXiv number": 1}


def test_arxiv(catalogue: Catalogue, write: Write) -> None:
    new = {
        "id": "0704.0001",
        "title": "Calculation of $\\alpha$ with\n  Poincar\\'e",
        "abstract": "  About 50% of it.\n",
        "authors": "C. Bal\\'azs, E. L. Berger (ANL) and P. M. Nadolsky",
        "authors_parsed": [["Bal\\'azs", "C.", ""], ["Berger", "E. L.", "Jr."]],
        "doi": "10.1103/PhysRevD.76.013009 10.1103/other.1",
        "journal-ref": "Phys.Rev.D76:013009,2007",
        "categories": "hep-ph math.CO",
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26",
    }
    old = {
        "id": "math.GT/0309136",
        "title": "Old",
        "authors": "A. One, B. Two and C. Three (X)",
        "update_date": "2004-01-02",
    }
    summary = ingest(catalogue, "arxiv", [write("a", jsonl(new, old, {"title": "none"}, {"id": "no number"}))])
    assert (summary.read, summary.stored) == (4, 2)
    assert summary.rejected == {"id is missing": 1, "id is not an arXiv number": 1}
    paper = only(catalogue, "arxiv:0704.0001")
    assert (paper.paper_id, paper.aliases) == ("doi:10.1103/physrevd.76.013009", ("arxiv:0704.0001",))
    assert (paper.title, paper.abstract) == ("Calculation of α with Poincaré", "About 50% of it.")
    assert paper.authors == ("C. Balázs", "E. L. Berger Jr.")
    assert (paper.year, paper.venue, paper.keywords) == (2007, "Phys.Rev.D", ("hep-ph", "math.CO"))
    assert paper.fields == ("hep-ph", "math.CO")
    other = only(catalogue, "arxiv:math/0309136")
    assert (other.authors, other.year) == (("A. One", "B. Two", "C. Three"), 2004)


def test_our_own_format(catalogue: Catalogue, tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(
        "corpus/papers.jsonl",
        jsonl(
            {"id": "10.1000/A", "title": "A", "year": None, "venue": None, "keywords": "one, two", "fields": ["Art"]},
            {
                "id": "10.1000/B",
                "title": "B",
                "aliases": ["arXiv:1706.03762"],
                "tags": ["x"],
                "references": ["10.1000/a"],
            },
            {"ids": ["pmid:5", "10.1000/C"], "title": "C", "authors": ["X"], "abstract": "About", "year": 1999},
            {"id": "17", "title": "a bare number"},
        ),
    )
    citations = ["10.1000/A\tpmid:5", "10.1000/A\t10.1000/a", "10.1000/A", "10.1000/A\t17", "10.1000/A\tpmid:5"]
    write("corpus/citations.tsv", "citing_id\tcited_id\r\n" + "\r\n".join(citations))
    write("corpus/libraries.tsv", "reader_id\tpaper_id\nr1\t10.1000/B\nr1\t1706.03762\n\t10.1000/A\n")
    write("corpus/README.md", "not data")
    summary = ingest(catalogue, "jsonl", [folder])
    assert (summary.read, summary.stored, summary.unchanged) == (12, 6, 1)
    assert summary.rejected == {
        "id is not a paper id": 1,
        "self-citation": 1,
        "not two columns": 1,
        "cited_id is not a paper id": 1,
        "reader_id is not 1 to 200 printable characters": 1,
    }
    assert (catalogue.count_papers(), catalogue.count_citations(), catalogue.count_library_entries()) == (3, 2, 1)
    assert only(catalogue, "doi:10.1000/a").keywords == ("one", "two")
    assert only(catalogue, "doi:10.1000/a").fields == ("Art",)


def test_numbers_can_be_local_ids(catalogue: Catalogue, write: Write) -> None:
    papers = write("papers.jsonl", jsonl({"id": "17", "title": "T"}, {"id": 18, "title": "U"}))
    libraries = write("libraries.tsv", "reader_id\tpaper_id\nr\t17\nr\t18\n")
    assert ingest(catalogue, "jsonl", [papers, libraries]).rejected == {
        "id is not a paper id": 2,
        "paper_id is not a paper id": 2,
    }
    assert ingest(catalogue, "jsonl", [papers, libraries], scheme="local").stored == 4
    assert [entry[0] for entry in catalogue.iter_library_entries()] == ["r", "r"]


@pytest.mark.parametrize(
    ("reference", "journal"),
    [
        ("Phys. Rev. Lett. 97 (2006) 1", "Phys. Rev. Lett."),
        ("Ann. of Math. (2), Vol. 165, no. 1", "Ann. of Math."),
        ("Journal of X, volume 12", "Journal of X"),
        ("Nature", "Nature"),
        (", ; " * 200_000, ""),
    ],
)
def test_arxiv_journals(catalogue: Catalogue, write: Write, reference: str, journal: str) -> None:
    blanks = " " * 200_000
    ingest(catalogue, "arxiv", [write("a", jsonl({"id": "0704.0001", "journal-ref": reference, "authors": blanks}))])
    assert only(catalogue, "arxiv:0704.0001").venue == journal


@pytest.mark.parametrize("kind", ["openalex", "s2", "arxiv", "bibtex", "jsonl"])
@pytest.mark.parametrize(
    "content", ["just some prose\nover two lines\n", '"a string"\n', "[1, 2]\n", "", "{\n", "\n\n"]
)
def test_a_file_of_something_else_is_no_success(catalogue: Catalogue, write: Write, kind: str, content: str) -> None:
    summary = ingest(catalogue, kind, [write("data", content)])
    assert not summary.ok
    assert summary.read == summary.rejected_total
    assert bool(summary.read) == bool(content.strip())
    assert catalogue.count_papers() == 0


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("jsonl", "from\tto\n1\t2\n", "header"),
        ("openalex", "name,age\nx,1\n", "no column"),
        ("openalex", 'id,"title\n', "no column"),
        ("openalex", "merge_date,id,merge_into_id\n2022-07-27,W1,W2\n", "merged, not works"),
        ("arxiv", "PK\x03\x04", "zip"),
    ],
)
def test_a_file_that_is_another_kind_is_refused(
    catalogue: Catalogue, write: Write, kind: str, content: str, said: str
) -> None:
    with pytest.raises(InvalidArgument, match=said):
        ingest(catalogue, kind, [write("data", content)])
