"""From a request to its answer, one model version throughout."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cocite.recommender.attribution import attribution_token
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient, Lookup
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.explaining import Explanation, explain
from cocite.recommender.paging import make_token, read_token
from cocite.recommender.query import Query, Ranking, RowFilter
from cocite.recommender.reload import Model
from cocite.recommender.seeds import ResolvedSeeds, Seed, resolve_seeds
from cocite.recommender.texts import TextVectors, Vector
from cocite.serving.deadline import Deadline
from cocite.v1 import paper_pb2, recommender_service_pb2
from cocite.v1.degradation_pb2 import Degradation
from cocite.v1.recommender_service_pb2 import (
    PaperFilter,
    Recommendation,
    RecommendPapersRequest,
    RecommendPapersResponse,
)

DEFAULT_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class _Page:
    """A stretch of a ranking, rank of its first result less one."""

    ranking: Ranking
    start: int
    end: int

    @property
    def rows(self) -> list[int]:
        return [int(row) for row in self.ranking.rows[self.start : self.end]]

    @property
    def is_last(self) -> bool:
        return self.end >= len(self.ranking.rows)


class Answerer:
    """Answers RecommendPapers. Thread-safe."""

    def __init__(self, features: FeatureClient, texts: TextVectors) -> None:
        self._features = features
        self._texts = texts

    def answer(self, request: RecommendPapersRequest, model: Model, deadline: Deadline) -> RecommendPapersResponse:
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
        query = _query(seeds, positives, negatives, request)
        ranking = model.engine.rank(query)
        page = _Page(ranking, start.offset, start.offset + (request.page_size or DEFAULT_PAGE_SIZE))
        view = request.view or paper_pb2.PAPER_VIEW_BASIC
        shown = self._display(bundle, page, view, deadline)
        explained = explain(model.engine, query, seeds, positives, ranking, page.start, page.end)
        return RecommendPapersResponse(
            results=_results(bundle, page, shown, view, explained),
            next_page_token="" if page.is_last else make_token(key, model.name, basis, page.end),
            model_version=bundle.version,
            unresolved_seeds=seeds.unresolved,
            degraded=_distinct([*seeds.degraded, *problems, *shown.degraded]),
            attribution_token=attribution_token(
                request.SerializeToString(deterministic=True),
                bundle.version,
                [bundle.paper_id(row) for row in page.rows],
            ),
            fallback=recommender_service_pb2.FALLBACK_POPULARITY if ranking.fallback else None,
            resolved_references=seeds.references,
        )

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

    def _display(self, bundle: Bundle, page: _Page, view: paper_pb2.PaperView, deadline: Deadline) -> Lookup:
        if view == paper_pb2.PAPER_VIEW_ID:
            return Lookup()
        return self._features.papers([bundle.paper_id(row) for row in page.rows], view, deadline)


def request_key(request: RecommendPapersRequest) -> bytes:
    """The bytes of what makes a list: the request without page_size, page_token and view."""
    bare = RecommendPapersRequest()
    bare.CopyFrom(request)
    for name in ("page_size", "page_token", "view"):
        bare.ClearField(name)
    return bare.SerializeToString(deterministic=True)


def _basis(seeds: ResolvedSeeds, evidence: Sequence[SeedEvidence]) -> bytes:
    """What of the request the ranking goes by: rows of all it names, or texts of which vectors were to be had."""
    texts = [
        seed.text if found.vector is not None else None
        for seed, found in zip((*seeds.positives, *seeds.negatives), evidence, strict=True)
    ]
    cited = [seed.reference_rows for seed in seeds.positives]
    rows = (seeds.library_rows, seeds.reference_rows, seeds.excluded_rows, cited)
    return json.dumps((_rows(seeds.positives), _rows(seeds.negatives), texts, *rows)).encode()


def bundle_paper(bundle: Bundle, row: int) -> paper_pb2.Paper:
    """What the bundle itself knows of a paper: id, year, whether it has an abstract."""
    return paper_pb2.Paper(
        paper_id=bundle.paper_id(row), year=bundle.year(row), has_abstract=bool(bundle.has_abstract[row])
    )


def display_paper(bundle: Bundle, row: int, shown: Lookup) -> paper_pb2.Paper:
    """A paper as the feature service shows it, under the id the model knows it by; else what the bundle knows."""
    paper = shown.papers.get(bundle.paper_id(row))
    if paper is None:
        return bundle_paper(bundle, row)
    paper.paper_id = bundle.paper_id(row)
    return paper


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


def _results(
    bundle: Bundle,
    page: _Page,
    shown: Lookup,
    view: paper_pb2.PaperView,
    explained: list[Explanation],
) -> list[Recommendation]:
    scores = page.ranking.scores[page.start : page.end]
    return [
        Recommendation(
            paper=(
                paper_pb2.Paper(paper_id=bundle.paper_id(row))
                if view == paper_pb2.PAPER_VIEW_ID
                else display_paper(bundle, row, shown)
            ),
            score=float(score),
            rank=page.start + place + 1,
            reasons=found.reasons,
            contributions=found.contributions,
        )
        for place, (row, score, found) in enumerate(zip(page.rows, scores, explained, strict=True))
    ]


def _distinct(degraded: list[Degradation]) -> list[Degradation]:
    """Each cause once."""
    return list({each.cause: each for each in reversed(degraded)}.values())[::-1]
