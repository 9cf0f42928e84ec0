"""What a learned ranker looks at: how each retriever sees a candidate, and how it stands to the query by year, place
and fame. All of it is relative to the query or the corpus, so that one corpus' numbers mean the same as another's;
NaN is "unknown". A candidate that is in the profile is compared with the rest of the profile: that it is like itself
does not speak for it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.ranking.candidates import Candidates
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.retrieval.profile import Lists, profile_of
from cocite.recommender.retrieval.registry import RETRIEVERS

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
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


class FeatureExtractor:
    """Features of candidates of one bundle. Thread-safe."""

    def __init__(self, bundle: Bundle, lists: Lists) -> None:
        self._bundle = bundle
        self._counts = lists.holders.counts().astype(np.float32)
        self._references = bundle.references.counts().astype(np.float32)
        fewer = np.searchsorted(np.sort(self._counts), self._counts)
        self._percentiles = (fewer / max(len(fewer), 1)).astype(np.float32)
        self._idf = lists.idf
        self._venue_rates = _venue_rates(bundle)

    def of(self, query: Query, candidates: Candidates) -> Floats:
        """Values float32 (k, len(FEATURES)) of candidates (k,)."""
        rows, year = candidates.rows, self._year(query)
        profile = profile_of(query, self._bundle.references)
        kept = profile.rows
        if kept.size > _MOST_PROFILE:
            kept = kept[top_rows(self._idf[kept], _MOST_PROFILE)]
        others = rows[:, None] != kept
        with np.errstate(invalid="ignore", divide="ignore"):
            best = np.nanmax(candidates.scores, axis=0, initial=-np.inf)
            shares = candidates.scores / np.where(best > 0, best, np.nan)
        columns = [
            *candidates.scores.T,
            *shares.T,
            *self._likeness(rows, kept, others),
            np.log1p(self._counts[rows]),
            self._percentiles[rows],
            *self._fame_in_time(rows, year),
            np.log1p(self._references[rows]),
            *self._ages(rows, kept, others, year),
            *self._venues(rows, kept, others, query),
            np.full(rows.size, np.log1p(profile.rows.size)),
            np.full(rows.size, np.log1p(self._counts[list(query.positive_rows)].sum())),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _year(self, query: Query) -> float:
        """Of the newest seed; NaN where unknown."""
        years = [self._bundle.year(row) for row in query.positive_rows]
        return max((float(year) for year in (*years, query.year) if year), default=np.nan)

    def _likeness(self, rows: Rows, profile: Rows, others: Flags) -> tuple[Floats, Floats]:
        cosines = self._bundle.text_vectors[rows] @ self._bundle.text_vectors[profile].T
        closest = np.sort(np.where(others, cosines, -np.inf), axis=1)[:, -_CLOSEST:]
        return _mean(closest, np.isfinite(closest)), _mean(cosines, others)

    def _fame_in_time(self, rows: Rows, year: float) -> tuple[Floats, Floats]:
        unknown = np.full(rows.size, np.nan, dtype=np.float32)
        if np.isnan(year):
            return unknown, unknown
        own = _known_years(self._bundle, rows)
        as_of = np.where(own > year, own + _RECENT_YEARS, year)  # what is newer than the query had its own time
        citing, owners = self._bundle.cited_by.gather(rows)
        years = self._bundle.years[citing]
        now = as_of[owners]
        recent = np.bincount(owners[(years > now - _RECENT_YEARS) & (years <= now)], minlength=rows.size)
        before = np.bincount(owners[(years > 0) & (years <= now)], minlength=rows.size)
        pace = np.log((1.0 + before) / (1.0 + np.maximum(year - own, 0.0)))
        return np.log1p(recent).astype(np.float32), pace.astype(np.float32)

    def _ages(self, rows: Rows, profile: Rows, others: Flags, year: float) -> tuple[Floats, Floats, Floats, Floats]:
        own, cited = _known_years(self._bundle, rows), _known_years(self._bundle, profile)
        median = float(np.nanmedian(own)) if np.isfinite(own).any() else np.nan
        apart = own[:, None] - cited
        known = others & np.isfinite(apart)
        nearest = np.where(known, np.abs(apart), np.inf).min(axis=1, initial=np.inf)
        return year - own, own - median, _mean(apart, known), np.where(np.isfinite(nearest), nearest, np.nan)

    def _venues(self, rows: Rows, profile: Rows, others: Flags, query: Query) -> tuple[Floats, Floats, Floats]:
        codes = self._bundle.venue_codes
        own = codes[rows]
        unknown = np.where(own < 0, np.nan, 0.0).astype(np.float32)
        seeds = np.unique(codes[list(query.positive_rows)])
        seeds = seeds[seeds >= 0]
        same, rate = unknown + np.nan, unknown + np.nan
        if seeds.size:
            same = unknown + np.isin(own, seeds)
            rate = unknown + self._venue_rates.of(seeds, own)
        return same, rate, unknown + _mean(own[:, None] == codes[profile], others)


@dataclass(frozen=True, slots=True)
class _VenueRates:
    """Citations from venue to venue as sorted keys (citing * venues + cited), their counts, and totals."""

    venues: int
    keys: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float64]
    citing: npt.NDArray[np.float64]
    papers: npt.NDArray[np.float64]

    def of(self, seeds: npt.NDArray[np.integer], cited: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Log odds (k,) against chance that papers of the seeds' venues cite those of venues cited (k,)."""
        found = np.zeros(cited.size)
        if self.keys.size:
            for seed in seeds:
                wanted = int(seed) * self.venues + cited.astype(np.int64)
                places = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
                found += np.where(self.keys[places] == wanted, self.counts[places], 0.0)
        total = self.citing[seeds].sum()
        chance = (self.papers[cited] + 1.0) / (self.papers.sum() + self.venues)
        rates: npt.NDArray[np.float64] = np.log((found + 1.0) / (total + self.venues) / chance)
        return rates


def _venue_rates(bundle: Bundle) -> _VenueRates:
    venues = len(bundle.manifest.venues)
    codes = bundle.venue_codes.astype(np.int64)
    citing = np.repeat(codes, bundle.references.counts())
    cited = codes[bundle.references.rows]
    known = (citing >= 0) & (cited >= 0)
    keys, counts = np.unique(citing[known] * venues + cited[known], return_counts=True)
    return _VenueRates(
        venues,
        keys,
        counts.astype(np.float64),
        np.bincount(citing[known], minlength=venues).astype(np.float64),
        np.bincount(codes[codes >= 0], minlength=venues).astype(np.float64),
    )


def _mean(values: npt.NDArray[Any], told: Flags) -> Floats:
    """Mean of each row of values (k, p) over what is told, float32 (k,), NaN where nothing is."""
    with np.errstate(invalid="ignore"):
        mean: npt.NDArray[np.float64] = np.where(told, values, 0.0).sum(axis=1) / told.sum(axis=1)
    return mean.astype(np.float32)


def _known_years(bundle: Bundle, rows: Rows) -> Floats:
    years = bundle.years[rows].astype(np.float32)
    years[years <= 0] = np.nan
    return years
