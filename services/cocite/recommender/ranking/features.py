"""What a learned ranker looks at: how each retriever sees a candidate, and how it stands to the query by year, place
and fame. All of it is relative to the query or the corpus, so that one corpus' numbers mean the same as another's;
NaN is "unknown". A candidate that is in the profile is compared with the rest of the profile: that it is like itself
does not speak for it.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.ranking.candidates import Candidates
from cocite.recommender.ranking.feature_loops import (
    write_ages,
    write_fame,
    write_likeness,
    write_scores,
    write_venues,
)
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.profile import Lists, profile_of_asked
from cocite.recommender.retrieval.registry import RETRIEVERS

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_CLOSEST = 3  # papers of the profile that a candidate's likeness is averaged over
_MOST_PROFILE = 64  # papers of a profile that candidates are compared with, the most telling
_RECENT_YEARS = 3

FEATURES = (
    *(f"{name}.score" for name in RETRIEVERS),
    *(f"{name}.share" for name in RETRIEVERS),  # of the best candidate's score
    "likeness.closest",  # mean cosine to the papers of the profile that are most like it
    "likeness.mean",
    "citations.log",
    "citations.percentile",  # share of the corpus with fewer
    "citations.recent",  # log of those by papers of the years just before the query's
    "citations.per_year",
    "references.log",
    "age.to_query",  # years the query's paper is newer
    "age.to_candidates",  # years newer than the median candidate
    "age.to_profile",  # years newer than the mean of the profile
    "age.to_nearest",  # years to the nearest paper of the profile
    "venue.same",
    "venue.rate",  # log odds that papers of the query's venue cite papers of the candidate's
    "venue.profile",  # share of the profile in the candidate's venue
    "query.profile",  # log of its size
    "query.citations",  # log of how often the seeds are cited
)
_PLACES = {name: place for place, name in enumerate(FEATURES)}


class FeatureExtractor:
    """Features of candidates of one bundle. Thread-safe."""

    def __init__(self, bundle: Bundle, lists: Lists) -> None:
        self._bundle = bundle
        held = bundle.cited_by.counts() + bundle.readers.counts()
        self._counts = held.astype(np.float32)
        self._references = bundle.references.counts().astype(np.float32)
        papers = np.bincount(held)  # by how often they are cited
        self._fewer = ((np.cumsum(papers) - papers) / max(self._counts.size, 1)).astype(np.float32)
        self._idf = bundle.list_numbers.idf

    def of(self, asked: Asked, candidates: Candidates) -> Floats:
        """Values float32 (k, len(FEATURES)) of candidates (k,)."""
        bundle, query, rows = self._bundle, asked.query, candidates.rows
        year, profile = self._year(query), asked.shared(profile_of_asked).rows
        kept = profile
        if kept.size > _MOST_PROFILE:
            kept = kept[top_rows(self._idf[kept], _MOST_PROFILE)]
        values = np.empty((rows.size, len(FEATURES)), dtype=np.float32)
        write_scores(values, candidates.scores)
        cosines = bundle.text_vectors[rows] @ bundle.text_vectors[kept].T
        write_likeness(values, _PLACES["likeness.closest"], rows, kept, cosines, _CLOSEST)
        counts = self._counts[rows]
        values[:, _PLACES["citations.log"]] = np.log1p(counts)
        values[:, _PLACES["citations.percentile"]] = self._fewer[counts.astype(np.int64)]
        self._write_fame(values, rows, year)
        values[:, _PLACES["references.log"]] = np.log1p(self._references[rows])
        write_ages(values, _PLACES["age.to_query"], rows, kept, bundle.years, year)
        self._write_venues(values, rows, kept, query)
        values[:, _PLACES["query.profile"]] = np.log1p(profile.size)
        values[:, _PLACES["query.citations"]] = np.log1p(self._counts[list(query.positive_rows)].sum())
        return values

    def _year(self, query: Query) -> float:
        """Of the newest seed; NaN where unknown."""
        years = [self._bundle.year(row) for row in query.positive_rows]
        return max((float(year) for year in (*years, query.year) if year), default=np.nan)

    def _write_fame(self, values: Floats, rows: Rows, year: float) -> None:
        first, cited = _PLACES["citations.recent"], self._bundle.citing_years
        if np.isnan(year):
            values[:, first : first + 2] = np.nan
        else:
            write_fame(values, first, rows, self._bundle.years, cited.offsets, cited.years, year, _RECENT_YEARS)

    def _write_venues(self, values: Floats, rows: Rows, profile: Rows, query: Query) -> None:
        codes, links = self._bundle.venue_codes, self._bundle.venue_links
        seeds = np.unique(codes[list(query.positive_rows)]).astype(np.int64)
        seeds = seeds[seeds >= 0]
        write_venues(
            values,
            _PLACES["venue.same"],
            rows,
            profile,
            codes,
            seeds,
            links.keys,
            links.counts,
            links.papers,
            links.citations_by(seeds),
        )
