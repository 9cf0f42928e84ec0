"""How records become papers, on SQLite and on PostgreSQL alike."""

from pathlib import Path

import pytest

from cocite.catalogue.records import CitationRecord, Fields, LibraryRecord, Outcome, PaperRecord
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue, catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue", "catalogue_url", "postgres_server", "postgres_url"]  # fixtures

STORED, MERGED = Outcome.STORED, Outcome.MERGED
DOI, ARXIV, S2 = "doi:10.1000/a", "arxiv:1706.03762", "s2:77"


def titled(title: str, *ids: str, cites: tuple[str, ...] = ()) -> PaperRecord:
    return PaperRecord(ids, Fields(title=title), cites)


def links(catalogue: Catalogue) -> list[tuple[str, str]]:
    names = {key: paper.paper_id for key, paper in catalogue.iter_papers()}
    return [(names[citing], names[cited]) for chunk in catalogue.iter_citations() for citing, cited in chunk.tolist()]


def test_every_alias_finds_the_paper(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI, ARXIV), titled("B", S2)])
    found = catalogue.get_papers([ARXIV, S2, "pmid:1", DOI, DOI])
    assert {name: paper.title for name, paper in found.items()} == {ARXIV: "A", DOI: "A", S2: "B"}


def test_a_dangling_reference_resolves_when_its_paper_comes(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", DOI, cites=(ARXIV,)), CitationRecord("pmid:9", DOI)])
    assert (catalogue.count_citations(), catalogue.count_papers()) == (0, 1)
    catalogue.write([titled("B", S2, ARXIV)])
    assert links(catalogue) == [(DOI, ARXIV)]
    assert catalogue.get_papers([S2])[S2].citation_count == 1
    assert catalogue.get_papers([DOI])[DOI].reference_count == 1


def test_a_record_that_joins_two_papers_merges_them(catalogue: Catalogue) -> None:
    catalogue.write([PaperRecord((DOI,), Fields("Known longest", year=2017)), titled("C", "pmid:5", cites=(ARXIV,))])
    catalogue.write([PaperRecord((ARXIV,), Fields("Preprint", "An abstract")), titled("D", "pmid:6", cites=(DOI,))])
    catalogue.write([LibraryRecord("reader", ARXIV), LibraryRecord("reader", DOI)])
    assert catalogue.count_papers() == 4
    assert catalogue.write([PaperRecord((ARXIV, DOI, S2))]) == [MERGED]
    paper = catalogue.get_papers([S2])[S2]
    assert (paper.paper_id, paper.aliases) == (DOI, (ARXIV, S2))
    assert (paper.title, paper.abstract, paper.year) == ("Known longest", "An abstract", 2017)
    assert paper.citation_count == 2
    assert links(catalogue) == [("pmid:5", DOI), ("pmid:6", DOI)]
    assert catalogue.count_papers() == 3
    assert len(list(catalogue.iter_library_entries())) == catalogue.count_library_entries() == 1


def test_papers_join_within_a_batch_too(catalogue: Catalogue) -> None:
    outcomes = catalogue.write(
        [titled("A", DOI), titled("B", ARXIV), titled("C", S2), titled("D", S2, ARXIV), titled("E", DOI, S2)]
    )
    assert outcomes == [STORED, STORED, STORED, MERGED, MERGED]
    ((_, paper),) = catalogue.iter_papers()
    assert (paper.paper_id, paper.aliases, paper.title) == (DOI, (ARXIV, S2), "E")


def test_how_a_stream_is_cut_makes_no_difference(catalogue_url: str, tmp_path: Path) -> None:
    records = [
        titled("A", ARXIV, cites=(S2, "pmid:1")),
        titled("B", S2),
        CitationRecord("pmid:1", ARXIV),
        CitationRecord("pmid:1", ARXIV),
        titled("C", "pmid:1", DOI),
        titled("D", ARXIV, DOI),
        titled("E", "pmid:2", S2),
        titled("E", "pmid:2", ARXIV),
        LibraryRecord("r", S2),
        titled("D", ARXIV),
    ]
    with Catalogue.open(catalogue_url) as whole, Catalogue.open(f"sqlite:///{tmp_path / 'other.db'}") as single:
        told: list[str] = []
        again: list[str] = []
        assert whole.write(records, told) == [o for record in records for o in single.write([record], again)]
        assert told == again == ["joined with a paper that has another pmid id"]
        assert whole.fingerprint() == single.fingerprint()


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize(
    ("known", "told", "odd"),
    [
        ([(DOI, ARXIV)], ("doi:10.1000/b", ARXIV), ["doi"]),
        ([(DOI, S2), ("doi:10.1000/b", ARXIV)], (S2, ARXIV), ["doi"]),
        ([(S2, ARXIV), ("pmid:1",)], ("s2:78", ARXIV, "pmid:1"), ["s2"]),
        ([(DOI, ARXIV), ("doi:10.1000/b",)], (DOI, "doi:10.1000/b"), []),  # the record itself says that both are right
        ([(DOI, ARXIV)], (DOI, "doi:10.1000/b"), []),
        ([(DOI,), (ARXIV,)], (DOI, ARXIV, S2), []),
        ([(DOI, ARXIV)], (ARXIV,), []),
        ([(DOI, S2)], (DOI, f"s2:{'a' * 40}"), []),
    ],
)
def test_ids_at_odds_are_told(
    catalogue: Catalogue, known: list[tuple[str, ...]], told: tuple[str, ...], odd: list[str], one_by_one: bool
) -> None:
    warnings: list[str] = []
    records = [titled("T", *ids) for ids in [*known, told]]
    for batch in [[record] for record in records] if one_by_one else [records]:
        catalogue.write(batch, warnings)
    assert warnings == [f"joined with a paper that has another {scheme} id" for scheme in odd]
    assert catalogue.count_papers() == 1


def test_of_two_papers_the_one_whose_id_was_seen_first_stays(catalogue: Catalogue) -> None:
    catalogue.write([titled("Citing", "s2:1", cites=(DOI,)), titled("A", ARXIV), titled("B", DOI)])
    catalogue.write([PaperRecord((DOI, ARXIV))])
    assert catalogue.get_papers([ARXIV])[ARXIV].paper_id == DOI


def test_the_id_of_a_paper_stays(catalogue: Catalogue) -> None:
    catalogue.write([titled("A", S2)])
    catalogue.write([titled("A", S2, DOI)])
    assert catalogue.get_papers([DOI])[DOI].paper_id == S2


def test_fields_are_merged_by_the_rule(catalogue: Catalogue) -> None:
    catalogue.write([PaperRecord((DOI,), Fields("Old", "A long abstract", ("X",), 2000, "V", ("k",), ("Art",)))])
    catalogue.write([PaperRecord((DOI,), Fields("New", "Short", (), None, "", ()))])
    paper = catalogue.get_papers([DOI])[DOI]
    assert (paper.title, paper.abstract, paper.authors) == ("New", "A long abstract", ("X",))
    assert (paper.year, paper.venue, paper.keywords) == (2000, "V", ("k",))
    assert paper.fields == ("Art",)
