"""What a draw hides is hidden for good, and what it asks can be answered."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.core.paper import Paper
from cocite.training import draws as module
from cocite.training.corpus import Corpus
from cocite.training.draws import LEAST_REFERENCES, Draw, HeldOut, draw
from cocite.training.matrices import library_matrix, link_matrix
from cocite.training.paper_table import PaperRow, PaperTable
from cocite.training.word_index import WordCounts

SIZE = 120


def corpus_of(
    links: Sequence[tuple[int, int]],
    *,
    size: int = SIZE,
    years: Sequence[int | None] | None = None,
    libraries: Sequence[Sequence[int]] = (),
    undirected: bool = False,
) -> Corpus:
    """Papers without text, 0 the oldest unless years are given."""
    every = {*links, *((b, a) for a, b in links if undirected)}
    kept = [(reader, row) for reader, rows in enumerate(libraries) for row in rows]
    told = years if years is not None else [1900 + row for row in range(size)]
    words = WordCounts()
    for _ in range(size):
        words.add("")
    return Corpus(
        papers=PaperTable.of([PaperRow.of(Paper(f"local:{row:04}", year=told[row])) for row in range(size)]),
        citations=link_matrix(np.array(sorted(every), dtype=np.int64).reshape(-1, 2), size),
        libraries=library_matrix(np.array(kept, dtype=np.int64).reshape(-1, 2), len(libraries), size),
        words=words.words(),
        texts=lambda: iter(()),
        fingerprint="",
        undirected=undirected,
    )


def random_links(seed: int, *, size: int = SIZE, each: int = 10, older: bool = True) -> list[tuple[int, int]]:
    generator = np.random.default_rng(seed)
    links = []
    for citing in range(size):
        able = np.arange(citing) if older else np.delete(np.arange(size), citing)
        chosen = generator.choice(able, min(each, able.size), replace=False)
        links += [(citing, int(cited)) for cited in chosen]
    return links


def random_libraries(seed: int, *, size: int = SIZE, readers: int = 30) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [generator.choice(size, 8, replace=False).tolist() for _ in range(readers)]


def of(matrix: csr_array, row: int) -> set[int]:
    return set(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist())


CORPORA = {
    "in time": corpus_of(random_links(1), libraries=random_libraries(1)),
    "cycles": corpus_of(random_links(2, older=False), libraries=random_libraries(2)),
    "no years": corpus_of(random_links(3, older=False), years=[None] * SIZE),
    "undirected": corpus_of(random_links(4, each=5), undirected=True),
    "one year": corpus_of(random_links(5, older=False), years=[2000] * SIZE),
}


@pytest.fixture(params=CORPORA)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    return CORPORA[request.param]


def unseen_of(corpus: Corpus, hidden: Draw) -> set[int]:
    """Papers that cite in the corpus, at least three others, and are linked to nothing in what is to be seen."""
    linked = hidden.corpus.citations + hidden.corpus.citations.T
    able = np.diff(corpus.citations.indptr) >= 3
    return set(np.flatnonzero(able & (np.diff(csr_array(linked).indptr) == 0)).tolist())


def leaks(corpus: Corpus, hidden: Draw) -> list[HeldOut]:
    """Queries whose answers can be read off the graph that is to be seen."""
    found = []
    for asked in hidden.papers:
        (row,) = asked.query.positive_rows
        told = of(hidden.corpus.citations, row)
        if corpus.undirected:
            told |= of(csr_array(hidden.corpus.citations.T), row)
        if told & set(asked.relevant.tolist()):
            found.append(asked)
    return found


def test_what_is_asked_for_is_true_and_cannot_be_read_off(corpus: Corpus):
    hidden = draw(corpus, 7, 1000)
    assert leaks(corpus, hidden) == []
    assert len(leaks(corpus, replace(hidden, corpus=corpus))) > 20, "the control: nothing hidden"
    cited_by = csr_array(corpus.citations.T)
    for asked in hidden.papers:
        (row,) = asked.query.positive_rows
        assert set(asked.relevant.tolist()) <= of(corpus.citations, row) | of(cited_by, row)
    difference = corpus.citations - hidden.corpus.citations
    assert difference.min() >= 0, "nothing is invented"
    assert difference.sum() > 0


def test_undirected_links_are_hidden_both_ways():
    hidden = draw(CORPORA["undirected"], 7, 1000)
    left = hidden.corpus.citations.toarray()
    np.testing.assert_array_equal(left, left.T)


def test_an_unseen_paper_loses_all_its_links(corpus: Corpus):
    hidden = draw(corpus, 7, 1000)
    unseen = unseen_of(corpus, hidden)
    assert len(unseen) >= SIZE * 0.06
    barred = set.intersection(*(set(asked.query.exclude_rows) for asked in hidden.papers))
    assert barred == unseen, "nothing is asked of them, and they are no answer to what is asked"
    assert not unseen & set(hidden.corpus.libraries.indices.tolist())
    told = [asked for asked in hidden.papers if asked.query.reference_rows]
    assert told
    assert {asked.query.positive_rows[0] for asked in told} <= unseen
    for asked in told:
        assert not set(asked.query.reference_rows) & set(asked.relevant.tolist())
        assert set(asked.query.reference_rows) <= of(corpus.citations, asked.query.positive_rows[0])


def test_the_query_bars_no_relevant_row(corpus: Corpus):
    hidden = draw(corpus, 7, 1000)
    assert len(hidden.papers) > 50
    for asked in (*hidden.papers, *hidden.libraries):
        barred = {*asked.query.exclude_rows, *asked.query.positive_rows, *asked.query.library_rows}
        assert asked.relevant.size
        assert not barred & set(asked.relevant.tolist())
        assert asked.relevant.tolist() == sorted(set(asked.relevant.tolist()))


def test_nothing_newer_is_an_answer_to_what_a_paper_cites():
    corpus = CORPORA["cycles"]
    hidden = draw(corpus, 7, 1000)
    in_time = [asked for asked in hidden.papers if asked.query.row_filter.not_after is not None]
    for asked in in_time:
        (row,) = asked.query.positive_rows
        assert asked.query.row_filter.not_after == corpus.papers.years[row]
        assert (corpus.papers.years[asked.relevant] <= corpus.papers.years[row]).all()
    linked = [asked for asked in hidden.papers if asked.query.row_filter.not_after is None]
    assert any(
        (corpus.papers.years[asked.relevant] > corpus.papers.years[asked.query.positive_rows[0]]).any()
        for asked in linked
    ), "asked what they are linked to, papers are linked to newer ones too"
    assert len(in_time) > 20


@pytest.mark.parametrize("name", ["no years", "undirected"])
def test_without_years_or_direction_time_bars_nothing(name: str):
    assert {asked.query.row_filter.not_after for asked in draw(CORPORA[name], 7, 1000).papers} == {None}


def test_libraries_lose_a_share_that_they_are_asked_for():
    corpus = CORPORA["in time"]
    hidden = draw(corpus, 7, 1000)
    assert len(hidden.libraries) == 30
    unseen = unseen_of(corpus, hidden)
    of_library = {frozenset(of(corpus.libraries, reader) - unseen) for reader in range(30)}
    for asked in hidden.libraries:
        assert {*asked.query.library_rows, *asked.relevant.tolist()} in of_library
        assert set(asked.query.exclude_rows) == unseen
        assert asked.relevant.size == max(1, round(0.3 * (len(asked.query.library_rows) + asked.relevant.size)))


def as_plain(hidden: Draw) -> list[object]:
    asked = [(each.query.positive_rows, each.query.library_rows, each.query.reference_rows, each.relevant.tolist())
             for each in (*hidden.papers, *hidden.libraries)]  # fmt: skip
    return [asked, hidden.corpus.citations.indices.tolist(), hidden.corpus.libraries.indices.tolist()]


def test_the_seed_decides(corpus: Corpus):
    assert as_plain(draw(corpus, 7, 40)) == as_plain(draw(corpus, 7, 40)) != as_plain(draw(corpus, 8, 40))


def test_the_corpus_itself_stays_whole(corpus: Corpus):
    before = corpus.citations.copy(), corpus.libraries.copy()
    draw(corpus, 7, 1000)
    for old, now in zip(before, (corpus.citations, corpus.libraries), strict=True):
        assert (old != now).nnz == 0


def test_queries_are_bounded(corpus: Corpus):
    hidden = draw(corpus, 7, 6)
    assert 0 < len(hidden.papers) <= 6 + 2 * 3
    assert len(hidden.libraries) <= 6
    assert (draw(corpus, 7, 1000).corpus.citations != hidden.corpus.citations).nnz == 0, "what is hidden stays the same"


@pytest.mark.parametrize(
    ("size", "links", "libraries"),
    [
        (1, [], []),
        (2, [(1, 0)], [[0]]),
        (2, [(1, 0), (0, 1)], [[0, 1]]),
        (LEAST_REFERENCES, [(LEAST_REFERENCES - 1, n) for n in range(LEAST_REFERENCES - 1)], []),
    ],
)
def test_a_corpus_too_small_is_left_alone(size: int, links: list[tuple[int, int]], libraries: list[list[int]]):
    corpus = corpus_of(links, size=size, libraries=libraries)
    hidden = draw(corpus, 7, 1000)
    assert (hidden.papers, hidden.libraries) == ((), ())
    assert (hidden.corpus.citations != corpus.citations).nnz == 0
    assert (hidden.corpus.libraries != corpus.libraries).nnz == 0


def test_just_large_enough():
    size = LEAST_REFERENCES + 1
    corpus = corpus_of([(LEAST_REFERENCES, n) for n in range(LEAST_REFERENCES)], size=size, libraries=[[0, 1, 2]])
    hidden = draw(corpus, 7, 1000)
    assert (len(hidden.papers), len(hidden.libraries)) == (1, 1)


def test_a_paper_that_cites_everything_hides_its_share():
    size = 20_000
    corpus = corpus_of(
        [(size - 1, n) for n in range(size - 1)] + random_links(6, size=50), size=size, years=[None] * size
    )
    outlier = [asked for asked in draw(corpus, 3, 1000).papers if asked.query.positive_rows == (size - 1,)]
    assert outlier
    assert outlier[0].relevant.size > 0.15 * size


def test_only_so_many_papers_are_unseen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_UNSEEN", 3)
    corpus = CORPORA["in time"]
    hidden = draw(corpus, 7, 1000)
    assert len(unseen_of(corpus, hidden)) == 3
    assert all(len(asked.barred) == 3 for asked in hidden.papers)
