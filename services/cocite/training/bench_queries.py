"""What the engine is asked for each query of a benchmark."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper, text_of, words_of
from cocite.recommender.query import Query, RowFilter
from cocite.training.bench_corpus import BenchCorpus
from cocite.training.bench_folder import Asked, BenchFolder, Task
from cocite.training.bench_papers import BenchPaper


@dataclass(frozen=True, slots=True)
class BenchQuery:
    """name heads its predictions. text is to be embedded for it, "" for nothing. pool holds rows that must be ranked,
    every one; with none, the best of the corpus are asked for.
    paper and facet are what a pool is held against.
    """  # fmt: skip

    name: str
    query: Query
    text: str = ""
    pool: tuple[int, ...] = ()
    facet: str = ""
    paper: str = ""

    def with_vector(self, vector: npt.NDArray[np.floating]) -> "BenchQuery":
        """The same with the vector (d,) of its text, which is zero where it has none."""
        if not vector.any():
            return self
        wide = vector.astype(np.float32)
        return replace(self, query=replace(self.query, text_vectors=wide[None] / np.linalg.norm(wide)))


def bench_queries(folder: BenchFolder, trained: BenchCorpus) -> list[BenchQuery]:
    """The queries of a folder, in its order."""
    queries = _Queries(folder, trained)
    ask = {
        Task.CITATIONS: queries.citing,
        Task.LIBRARY: queries.reader,
        Task.UNSEEN: queries.unseen,
        Task.POOL: queries.pooled,
    }[folder.task]
    return [ask(asked) for asked in folder.queries]


@dataclass(frozen=True, slots=True)
class _Queries:
    folder: BenchFolder
    trained: BenchCorpus

    def citing(self, asked: Asked) -> BenchQuery:
        """A known paper: what else it cites, not newer than itself, none of what is known already."""
        row = self.trained.rows[asked.paper]
        citations = self.trained.corpus.citations
        known = citations.indices[citations.indptr[row] : citations.indptr[row + 1]].tolist()
        query = Query(
            positive_rows=(row,),
            exclude_rows=(*known, *self._excluded(asked)),
            row_filter=self._not_newer(int(self.trained.corpus.papers.years[row])),
        )
        return BenchQuery(asked.name, query)

    def reader(self, asked: Asked) -> BenchQuery:
        """A reader: what else belongs into the library. One who keeps nothing gets what is kept most."""
        libraries, row = self.trained.corpus.libraries, self.trained.readers.get(asked.name)
        kept = () if row is None else libraries.indices[libraries.indptr[row] : libraries.indptr[row + 1]].tolist()
        return BenchQuery(asked.name, Query(library_rows=tuple(kept), exclude_rows=self._excluded(asked)))

    def unseen(self, asked: Asked) -> BenchQuery:
        """A paper that comes as text, and maybe some of its references: what else it cites."""
        paper = self._paper(asked.paper).paper
        references = self._rows(self.folder.references.get(asked.name, ()))
        words = words_of(paper).strip()
        query = Query(
            texts=(words,) if words else (),
            reference_rows=references,
            exclude_rows=(*references, *self._excluded(asked)),
            year=paper.year,
            row_filter=self._not_newer(paper.year or 0),
        )
        return BenchQuery(asked.name, query, text=text_of(paper))

    def pooled(self, asked: Asked) -> BenchQuery:
        """A paper in one of its facets: which papers of the pool are most like it."""
        pool = self._rows(self.folder.pools.get(asked.name, ()))
        facet = self._paper(asked.paper).facet(asked.facet)
        query = Query(
            positive_rows=(self.trained.rows[asked.paper],), texts=(facet,) if facet else (), candidate_rows=pool
        )
        return BenchQuery(asked.name, query, text=facet, pool=pool, facet=asked.facet, paper=asked.paper)

    def _paper(self, paper_id: str) -> BenchPaper:
        return self.folder.papers.get(paper_id) or BenchPaper(Paper(paper_id))

    def _rows(self, ids: Iterable[str]) -> tuple[int, ...]:
        return tuple(self.trained.rows[each] for each in ids if each in self.trained.rows)

    def _excluded(self, asked: Asked) -> tuple[int, ...]:
        return self._rows(self.folder.excluded.get(asked.name, ()))

    def _not_newer(self, year: int) -> RowFilter:
        """Links without direction know no before and after."""
        return RowFilter(not_after=None if self.folder.undirected else year or None)
