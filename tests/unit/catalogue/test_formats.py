"""Each importer over small files written out by hand, through the whole run into a catalogue."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cocite.catalogue.ingest import bibtex
from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.ingest.source import open_source
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper

Write = Callable[[str, bytes | str], Path]


def jsonl(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def only(catalogue: Catalogue, name: str) -> Paper:
    return catalogue.get_papers([name])[name]


WORK = {
    "id": "https://openalex.org/W100",
    "doi": "https://doi.org/10.1000/ABC",
    "title": "A <i>title</i>",
    "publication_year": 2017,
    "ids": {"openalex": "https://openalex.org/W100", "pmid": "https://pubmed.ncbi.nlm.nih.gov/77", "mag": "5"},
    "authorships": [{"author": {"display_name": "A. Author"}}, {"author": None}],
    "primary_location": {"source": {"display_name": "Journal"}},
    "locations": [{"landing_page_url": "https://arxiv.org/abs/1706.03762v2"}, {"landing_page_url": "https://x.org"}],
    "abstract_inverted_index": {"again": [3], "we": [0, 2], "say": [1]},
    "referenced_works": ["https://openalex.org/W200"],
    "keywords": [{"display_name": "Co-citation", "score": 0.5}],
}
CITED = {"id": "https://openalex.org/W200", "display_name": "Cited", "concepts": [{"display_name": "Science"}]}


def check_works(catalogue: Catalogue) -> None:
    paper = only(catalogue, "openalex:W100")
    assert paper.paper_id == "doi:10.1000/abc"
    assert paper.aliases == ("arxiv:1706.03762", "openalex:W100", "pmid:77")
    assert (paper.title, paper.year, paper.venue) == ("A title", 2017, "Journal")
    assert (paper.abstract, paper.authors, paper.keywords) == ("we say we again", ("A. Author",), ("Co-citation",))
    assert paper.reference_count == 1
    cited = only(catalogue, "openalex:W200")
    assert (cited.title, cited.year, cited.keywords, cited.citation_count) == ("Cited", None, ("Science",), 1)


@pytest.mark.parametrize(
    "content",
    [
        jsonl(WORK, CITED),
        jsonl({"meta": {"count": 2}, "results": [WORK, CITED]}),
        jsonl({"results": [WORK]}, {"results": [CITED]}),
        json.dumps({"meta": {}, "results": [WORK, CITED]}, indent=2),
        json.dumps([WORK, CITED]),
        json.dumps([WORK, CITED], indent=1),
    ],
    ids=["lines", "page", "pages", "indented page", "array", "indented array"],
)
def test_openalex_json(catalogue: Catalogue, write: Write, content: str) -> None:
    summary = ingest(catalogue, "openalex", [write("works", content)])
    assert (summary.read, summary.stored) == (2, 2)
    check_works(catalogue)


def test_openalex_csv(catalogue: Catalogue, write: Write) -> None:
    columns = {
        "id": "https://openalex.org/W100",
        "doi": "https://doi.org/10.1000/ABC",
        "ids.pmid": "https://pubmed.ncbi.nlm.nih.gov/77",
        "title": "A <i>title</i>",
        "publication_year": "2017",
        "abstract": "we say\n\nwe again",
        "authorships.author.display_name": "A. Author|",
        "primary_location.source.display_name": "Journal",
        "locations.landing_page_url": "https://arxiv.org/abs/1706.03762|https://x.org",
        "referenced_works": "https://openalex.org/W200|https://openalex.org/W200",
        "keywords.display_name": "Co-citation",
        "concepts.display_name": "Other",
    }
    table = io.StringIO()
    writer = csv.DictWriter(table, list(columns))
    writer.writeheader()
    writer.writerow(columns)
    writer.writerow({"id": "https://openalex.org/W200", "title": "Cited", "concepts.display_name": "Science"})
    content = (
        table.getvalue().encode() + b"https://openalex.org/W3,too,few\n" + b"https://openalex.org/W4,\xff" + b"," * 10
    )
    path = write("works.csv", b"\xef\xbb\xbf" + content)
    summary = ingest(catalogue, "openalex", [path], rejects_path=path.with_suffix(".rejects"))
    assert (summary.read, summary.stored) == (4, 2)
    assert summary.rejected == {"not 12 columns": 1, "not UTF-8": 1}
    assert summary.warnings == {"reference given twice": 1}
    check_works(catalogue)
    rejects = [json.loads(line) for line in path.with_suffix(".rejects").read_text().splitlines()]
    assert [(reject["line"], reject["raw"][:26]) for reject in rejects] == [
        (6, "https://openalex.org/W3,to"),
        (7, '{"id": "https://openalex.o'),
    ]


@pytest.mark.parametrize("row", ['https://openalex.org/W9,"open,2000', 'https://openalex.org/W9,T,"2000'])
def test_a_quote_that_never_closes_harms_itself_alone(catalogue: Catalogue, write: Write, row: str) -> None:
    def works(first: int, last: int) -> str:
        return "".join(f'https://openalex.org/W{i},"Title ""{i}""\nover lines",2000\n' for i in range(first, last))

    path = write("a.csv", f"id,title,publication_year\n{works(1, 4)}{row}\n{works(4, 2000)}\n")
    summary = ingest(catalogue, "openalex", [path], rejects_path=path.with_suffix(".rejects"))
    assert (summary.stored, summary.rejected_total) == (1999, 1)
    (reject,) = map(json.loads, path.with_suffix(".rejects").read_text().splitlines())
    assert (reject["line"], reject["raw"]) == (8, row)
    assert only(catalogue, "openalex:W5").title == 'Title "5" over lines'


def test_a_quote_open_at_the_end_is_rejected(catalogue: Catalogue, write: Write) -> None:
    path = write("a.csv", 'id,title\nhttps://openalex.org/W1,T\nhttps://openalex.org/W9,"open\nW3,U\n\n')
    summary = ingest(catalogue, "openalex", [path])
    assert (summary.stored, summary.rejected) == (2, {"not CSV: unexpected end of data": 1})
    assert catalogue.get_papers(["openalex:W9"]) == {}


def test_an_inverted_index_cannot_ask_for_memory(catalogue: Catalogue, write: Write) -> None:
    index = {"word": [10**15], "first": [0]}
    ingest(catalogue, "openalex", [write("a", jsonl({**WORK, "abstract_inverted_index": index}))])
    assert only(catalogue, "openalex:W100").abstract == "first word"


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
    assert (found.citation_count, found.reference_count) == (1, 1)


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
    other = only(catalogue, "arxiv:math/0309136")
    assert (other.authors, other.year) == (("A. One", "B. Two", "C. Three"), 2004)


BIBTEX = r"""
A comment.
@string{jasis = "Journal of the {ASIS}"}
@comment{nothing}
@article{small1973,
  author = {Small, Henry and G{\"o}del, Kurt and others},
  title = {{Co-citation} in the scientific literature: 50\% \& more},
  journal = jasis,
  year = 1973,
  doi = {10.1002/asi.4630240406},
  keywords = {citation, co-citation; networks},
}
@misc{vaswani, title={Attention}, eprint={1706.03762v5}, archivePrefix={arXiv}, date={2017-06-12}}
@misc{url, title={By URL}, url={https://doi.org/10.1000/by\_url}}
@misc{nothing, title={No id}}
@article{broken, title={No end, doi={10.1000/broken}
@article{twice, title={A}, title={B}, doi={10.1000/twice}}
@article{last, title="Last", doi="10.1000/last"}
"""


def test_bibtex(catalogue: Catalogue, write: Write) -> None:
    path = write("a.bib", BIBTEX)
    summary = ingest(catalogue, "bibtex", [path], rejects_path=path.with_suffix(".rejects"))
    assert (summary.read, summary.stored) == (7, 4)
    assert summary.rejected == {
        "no doi, eprint, pmid or url that is a paper id": 1,
        "not a BibTeX entry": 1,
        "not a BibTeX entry: field given twice": 1,
    }
    small = only(catalogue, "doi:10.1002/asi.4630240406")
    assert small.title == "Co-citation in the scientific literature: 50% & more"
    assert (small.authors, small.year) == (("Henry Small", "Kurt Gödel"), 1973)
    assert (small.venue, small.keywords) == ("Journal of the ASIS", ("citation", "co-citation", "networks"))
    assert only(catalogue, "arxiv:1706.03762").year == 2017
    assert only(catalogue, "doi:10.1000/by_url").title == "By URL"
    assert only(catalogue, "doi:10.1000/last").title == "Last"
    rejects = [json.loads(line) for line in path.with_suffix(".rejects").read_text().splitlines()]
    assert [reject["line"] for reject in rejects] == [15, 16, 17]
    assert rejects[0]["raw"].startswith("@misc{nothing")


@pytest.mark.parametrize(
    ("field", "paper_id"),
    [
        (r"doi = {10.1007/978-3-319-10590-1{\_}53}", "doi:10.1007/978-3-319-10590-1_53"),
        (r"doi = {10.1000/a\_b{\%}-c{\&}d{\#}e}", "doi:10.1000/a_b%-c&d#e"),
        (r"doi = {{10.1000/{A}{\textless}1:b{\textgreater}2}}", "doi:10.1000/a<1:b>2"),
        (r"url = {\url{https://doi.org/10.1000/{~}who/{\textasciitilde}me\~{}}}", "doi:10.1000/~who/~me~"),
        (r"eprint = {math{/}0309136}", "arxiv:math/0309136"),
        (r"pmid = {{77}}", "pmid:77"),
    ],
)
def test_ids_as_bibtex_exporters_write_them(catalogue: Catalogue, write: Write, field: str, paper_id: str) -> None:
    ingest(catalogue, "bibtex", [write("a.bib", f"@article{{a, title={{T}}, {field}}}")])
    assert [paper.paper_id for _, paper in catalogue.iter_papers()] == [paper_id]


def test_bibtex_names_are_parted_as_bibtex_parts_them(catalogue: Catalogue, write: Write) -> None:
    author = "Small, Henry AND Ada Lovelace\nand {Barnes and Noble} and others"
    ingest(catalogue, "bibtex", [write("a.bib", f"@misc{{a, doi={{10.1000/a}}, author={{{author}}}}}")])
    assert only(catalogue, "doi:10.1000/a").authors == ("Henry Small", "Ada Lovelace", "Barnes and Noble")


def test_an_entry_comes_with_the_macros_it_names_alone(write: Write) -> None:
    macros = "".join(f'@string{{J{i} = "Journal {i}"}}\n' for i in range(1000))
    entries = "".join(f"@misc{{a, doi={{10.1000/{i}}}, journal=j{i}}}\n" for i in range(1000))
    with open_source(write("a.bib", macros + '@String(j1 = "Newer 1")\n' + entries)) as source:
        rows = list(bibtex.rows(source))
    assert all(row.size < 1000 for row in rows)
    venues = [bibtex.parse(row.content, default_scheme=None).fields.venue for row in rows[:3]]
    assert venues == ["Journal 0", "Newer 1", "Journal 2"]


def test_bibtex_keys_can_be_ids(catalogue: Catalogue, write: Write) -> None:
    summary = ingest(catalogue, "bibtex", [write("a.bib", "@misc{key2024, title={No id}}")], scheme="local")
    assert summary.stored == 1
    assert only(catalogue, "local:key2024").title == "No id"


def test_our_own_format(catalogue: Catalogue, tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(
        "corpus/papers.jsonl",
        jsonl(
            {"id": "10.1000/A", "title": "A", "year": None, "venue": None, "keywords": "one, two"},
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
