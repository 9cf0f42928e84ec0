"""From a request to its answer, one model version throughout."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.attribution import attribution_token
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient, Lookup
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.explaining import explain
from cocite.recommender.paging import DEFAULT_PAGE_SIZE, basis_of, make_token, read_token
from cocite.recommender.query import Query, Ranking, RowFilter
from cocite.recommender.reload import Model
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.seeds import ResolvedSeeds, Seed, resolve_seeds
from cocite.recommender.texts import TextVectors, Vector
from cocite.serving.deadline import Deadline
from cocite.v1 import paper_pb2, recommender_service_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.recommender_service_pb2 import (
    PaperFilter,
    RecommendPapersRequest,
    RecommendPapersResponse,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An encoded RecommendPapersResponse; whole when nothing is missing from it that may be there in a moment."""

    body: bytes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Page:
    """A stretch of a ranking, rows int32 and scores float32 (k,); start is the rank of its first result less one."""

    ranking: Ranking
    start: int
    end: int

    @property
    def rows(self) -> npt.NDArray[np.int32]:
        return self.ranking.rows[self.start : self.end].astype(np.int32)

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        return self.ranking.scores[self.start : self.end].astype(np.float32)

    @property
    def is_last(self) -> bool:
        return self.end >= len(self.ranking.rows)


class Answerer:
    """Answers RecommendPapers. Thread-safe. on_lack is told what an answer lacks."""

    def __init__(
        self,
        features: FeatureClient,
        texts: TextVectors,
        on_lack: Callable[[Iterable[Degradation]], None] = lambda _: None,
    ) -> None:
        self._features = features
        self._texts = texts
        self._on_lack = on_lack

    def answer(self, request: RecommendPapersRequest, model: Model, deadline: Deadline) -> Answer:
        """The page asked for.

        Raises InvalidArgument and InvalidId that name the field at fault, and Unavailable when what is missing now
        makes the list another than that of the pages before.
        """
        bundle, key = model.bundle, request_key(request)
        start = read_token(request.page_token, key, model.name)
        seeds = resolve_seeds(request, bundle, self._features, deadline)
        positives, negatives, problems = self._with_vectors(seeds, bundle, deadline)
        basis = _basis(seeds, [*positives, *negatives])
        start.check(basis, complete=seeds.complete and not problems)
        asked = Asked(_query(seeds, positives, negatives, request), bundle)
        end = start.offset + (request.page_size or DEFAULT_PAGE_SIZE)
        page = _Page(_ranking(model, asked, end), start.offset, end)
        only_ids, in_full = (request.view == view for view in (paper_pb2.PAPER_VIEW_ID, paper_pb2.PAPER_VIEW_FULL))
        lookup = self._in_full(bundle, page, deadline) if in_full else Lookup()
        told = explain(model.engine, asked, seeds, positives, page.ranking, page.start, page.end)
        shown = _encoded(bundle, page, lookup)
        results = model.assembler.results(page.rows, page.scores, page.start + 1, told, shown, only_ids=only_ids)
        rest = RecommendPapersResponse(
            next_page_token="" if page.is_last else make_token(key, model.name, basis, page.end),
            model_version=bundle.version,
            unresolved_seeds=seeds.unresolved,
            degraded=_distinct([*seeds.degraded, *problems, *lookup.degraded]),
            attribution_token=attribution_token(
                request.SerializeToString(deterministic=True), bundle.version, bundle.key_of(page.rows)
            ),
            fallback=recommender_service_pb2.FALLBACK_POPULARITY if page.ranking.fallback else None,
            resolved_references=seeds.references,
        )
        if rest.degraded:
            self._on_lack(rest.degraded)
        return Answer(results + rest.SerializeToString(deterministic=True), _is_whole(rest))

    def _with_vectors(
        self, seeds: ResolvedSeeds, bundle: Bundle, deadline: Deadline
    ) -> tuple[list[SeedEvidence], list[SeedEvidence], list[Degradation]]:
        every = [*seeds.positives, *seeds.negatives]
        texts = [seed.text for seed in every if seed.text]
        manifest = bundle.manifest
        vectors, problems = self._texts.of(texts, manifest.embedding_model_version, manifest.text_dimension, deadline)
        remaining = iter(vectors)
        evidence = [
            SeedEvidence(seed.row, next(remaining) if seed.text else None, seed.text, seed.reference_rows)
            for seed in every
        ]
        return evidence[: len(seeds.positives)], evidence[len(seeds.positives) :], problems

    def _in_full(self, bundle: Bundle, page: _Page, deadline: Deadline) -> Lookup:
        ids = [bundle.paper_id(row) for row in page.rows.tolist()]
        return self._features.papers(ids, paper_pb2.PAPER_VIEW_FULL, deadline)


def _ranking(model: Model, asked: Asked, end: int) -> Ranking:
    """The query's ranking, or its start where that is kept in the bundle and goes on beyond end."""
    paper = asked.query.only_paper
    kept = None if paper is None else model.bundle.related.start_of(paper, end)
    if kept is None:
        return model.engine.rank(asked)
    return Ranking(kept[0].astype(np.int64), kept[1].astype(np.float64))


def _encoded(bundle: Bundle, page: _Page, lookup: Lookup) -> dict[int, bytes]:
    """The papers of a page that were looked up, by row, under the ids that the model knows them by."""
    shown = {}
    for row in page.rows.tolist() if lookup.papers else ():
        paper_id = bundle.paper_id(row)
        if paper := lookup.papers.get(paper_id):
            paper.paper_id = paper_id
            shown[row] = paper.SerializeToString(deterministic=True)
    return shown


def _is_whole(answer: RecommendPapersResponse) -> bool:
    """Whether it would be the same in a moment. A seed that nobody knows may be in the catalogue by then."""
    return not (answer.degraded or answer.unresolved_seeds)


def request_key(request: RecommendPapersRequest) -> bytes:
    """The bytes of what makes a list: the request without page_size, page_token and view."""
    bare = RecommendPapersRequest()
    bare.CopyFrom(request)
    for name in ("page_size", "page_token", "view"):
        bare.ClearField(name)
    return bare.SerializeToString(deterministic=True)


def _basis(seeds: ResolvedSeeds, evidence: Sequence[SeedEvidence]) -> bytes:
    """What of the request the ranking goes by: rows of all it names, or texts of which vectors were to be had."""
    texts = zip((*seeds.positives, *seeds.negatives), evidence, strict=True)
    return basis_of(
        positives=_rows(seeds.positives),
        negatives=_rows(seeds.negatives),
        texts=tuple(seed.text if found.vector is not None else None for seed, found in texts),
        library=seeds.library_rows,
        references=seeds.reference_rows,
        excluded=seeds.excluded_rows,
        cited=tuple(seed.reference_rows for seed in seeds.positives),
    )


def _query(
    seeds: ResolvedSeeds,
    positives: list[SeedEvidence],
    negatives: list[SeedEvidence],
    request: RecommendPapersRequest,
) -> Query:
    cited = [row for seed in seeds.positives for row in seed.reference_rows]
    return Query(
        positive_rows=_rows(seeds.positives),
        negative_rows=_rows(seeds.negatives),
        texts=tuple(seed.text for seed in seeds.positives if seed.text),
        negative_texts=tuple(seed.text for seed in seeds.negatives if seed.text),
        text_vectors=_stack([seed.vector for seed in positives if seed.vector is not None]),
        negative_text_vectors=_stack([seed.vector for seed in negatives if seed.vector is not None]),
        reference_rows=tuple(dict.fromkeys((*seeds.reference_rows, *cited))),
        library_rows=seeds.library_rows,
        exclude_rows=seeds.excluded_rows,
        row_filter=_row_filter(request.filter),
        recency=request.recency,
        diversity=request.diversity,
    )


def _row_filter(wanted: PaperFilter) -> RowFilter:
    return RowFilter(
        min_year=wanted.min_year if wanted.HasField("min_year") else None,
        max_year=wanted.max_year if wanted.HasField("max_year") else None,
        venues=tuple(wanted.venues),
        fields=tuple(wanted.fields),
        has_abstract=wanted.has_abstract if wanted.HasField("has_abstract") else None,
    )


def _rows(seeds: list[Seed]) -> tuple[int, ...]:
    return tuple(seed.row for seed in seeds if seed.row is not None)


def _stack(vectors: Sequence[Vector]) -> Vector:
    return np.stack(vectors) if vectors else np.empty((0, 0), dtype=np.float32)


def _distinct(degraded: list[Degradation]) -> list[Degradation]:
    """Each cause once."""
    return list({each.cause: each for each in reversed(degraded)}.values())[::-1]
