"""Works of OpenAlex in all their forms, through the whole run into a catalogue."""

import csv
import io
import json

import pytest

from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.store import Catalogue
from support.ingest import Write, jsonl, only

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
    "topics": [
        {"field": {"display_name": name}} for name in ("Decision Sciences", "Computer Science", "Decision Sciences")
    ],
}
CITED = {
    "id": "https://openalex.org/W200",
    "display_name": "Cited",
    "concepts": [{"display_name": "Science", "level": 0}, {"display_name": "Co-citation", "level": 2}],
}


def check_works(catalogue: Catalogue) -> None:
    paper = only(catalogue, "openalex:W100")
    assert paper.paper_id == "doi:10.1000/abc"
    assert paper.aliases == ("arxiv:1706.03762", "openalex:W100", "pmid:77")
    assert (paper.title, paper.year, paper.venue) == ("A title", 2017, "Journal")
    assert (paper.abstract, paper.authors, paper.keywords) == ("we say we again", ("A. Author",), ("Co-citation",))
    assert paper.fields == ("Decision Sciences", "Computer Science")
    assert paper.reference_count == 1
    cited = only(catalogue, "openalex:W200")
    assert (cited.title, cited.year, cited.keywords, cited.citation_count) == (
        "Cited",
        None,
        ("Science", "Co-citation"),
        1,
    )
    assert cited.fields == ("Science",)


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
        "concepts.level": "0",
        "topics.field.display_name": "Decision Sciences|Computer Science|Decision Sciences",
    }
    table = io.StringIO()
    writer = csv.DictWriter(table, list(columns))
    writer.writeheader()
    writer.writerow(columns)
    concepts = {"concepts.display_name": "Science|Co-citation", "concepts.level": "0|2"}
    writer.writerow({"id": "https://openalex.org/W200", "title": "Cited", **concepts})
    content = (
        table.getvalue().encode() + b"https://openalex.org/W3,too,few\n" + b"https://openalex.org/W4,\xff" + b"," * 12
    )
    path = write("works.csv", b"\xef\xbb\xbf" + content)
    summary = ingest(catalogue, "openalex", [path], rejects_path=path.with_suffix(".rejects"))
    assert (summary.read, summary.stored) == (4, 2)
    assert summary.rejected == {"not 14 columns": 1, "not UTF-8": 1}
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
