"""What a model is trained on, made of a benchmark folder. Papers get rows in order of id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper, text_of, words_of
from cocite.training.bench_folder import BenchFolder, Task
from cocite.training.corpus import Corpus
from cocite.training.matrices import Pairs, library_matrix, link_matrix
from cocite.training.paper_table import PaperRow, PaperTable
from cocite.training.word_index import WordCounts


@dataclass(frozen=True, slots=True)
class BenchCorpus:
    """The corpus, and by id the row of each paper, and the row of each reader in its libraries."""

    corpus: Corpus
    rows: Mapping[str, int]
    readers: Mapping[str, int]


def bench_corpus(folder: BenchFolder) -> BenchCorpus:
    """The papers of the folder and those that only its links and queries name, which are papers without text.

    Papers that are to be unseen are left out with all their links. Raises InvalidArgument where no paper is left.
    """
    ids = sorted(_paper_ids(folder))
    if not ids:
        raise InvalidArgument("the benchmark holds no paper to train on", field="bench_dir")
    rows = {paper_id: row for row, paper_id in enumerate(ids)}
    papers = [folder.papers[each].paper if each in folder.papers else Paper(each) for each in ids]
    counts = WordCounts()
    for paper in papers:
        counts.add(words_of(paper))
    texts = [(row, text) for row, paper in enumerate(papers) if (text := text_of(paper))]
    of_readers = folder.task is Task.LIBRARY
    readers = dict.fromkeys(reader for reader, _ in folder.links) if of_readers else {}
    reader_rows = {reader: row for row, reader in enumerate(readers)}
    corpus = Corpus(
        papers=PaperTable.of([PaperRow.of(paper) for paper in papers]),
        citations=link_matrix(_rows_of(() if of_readers else _citations(folder, rows)), len(ids)),
        libraries=library_matrix(
            _rows_of((reader_rows[reader], rows[paper]) for reader, paper in (folder.links if of_readers else ())),
            len(readers),
            len(ids),
        ),
        words=counts.words(),
        texts=lambda: iter(texts),
        fingerprint="",
        undirected=folder.undirected,
    )
    return BenchCorpus(corpus, rows, reader_rows)


def _paper_ids(folder: BenchFolder) -> set[str]:
    asked = {each.paper for each in folder.queries}
    kept = {paper for _, paper in folder.links}
    if folder.task is Task.LIBRARY:
        return kept | folder.papers.keys()
    linked = kept | folder.papers.keys() | {citing for citing, _ in folder.links}
    return linked - asked if folder.task is Task.UNSEEN else linked | asked | {*chain(*folder.pools.values())}


def _citations(folder: BenchFolder, rows: Mapping[str, int]) -> set[tuple[int, int]]:
    """Rows of citing and cited paper, of the links between two papers that have rows."""
    links = {(rows[a], rows[b]) for a, b in folder.links if a != b and a in rows and b in rows}
    return links | {(b, a) for a, b in links} if folder.undirected else links


def _rows_of(pairs: Iterable[tuple[int, int]]) -> Pairs:
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
