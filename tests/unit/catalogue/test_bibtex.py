"""BibTeX files, through the whole run into a catalogue."""

import json

import pytest

from cocite.catalogue.ingest import bibtex
from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.ingest.source import open_source
from cocite.catalogue.store import Catalogue
from support.ingest import Write, only

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


def test_values_put_together_are_left_out_and_counted(catalogue: Catalogue, write: Write) -> None:
    entry = '@article{a, doi={10.1000/a}, title={C # and D #}, journal = jn # " B"}'
    summary = ingest(catalogue, "bibtex", [write("a.bib", f'@string{{jn = "Journal"}}\n{entry}')])
    assert summary.warnings == {"journal is put together by #, which is not read": 1}
    found = only(catalogue, "doi:10.1000/a")
    assert (found.title, found.venue) == ("C # and D #", "")


def test_bibtex_keys_can_be_ids(catalogue: Catalogue, write: Write) -> None:
    summary = ingest(catalogue, "bibtex", [write("a.bib", "@misc{key2024, title={No id}}")], scheme="local")
    assert summary.stored == 1
    assert only(catalogue, "local:key2024").title == "No id"
