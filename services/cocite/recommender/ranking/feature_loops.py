"""The loops over candidates of features.FeatureExtractor, as machine code.

values float32 (k, F) is written into. Years are int16 (n,), 0 where unknown; venues int32 (n,), -1 where unknown. What
is unknown of a candidate becomes NaN.
"""  # fmt: skip

import numpy as np
import numpy.typing as npt
from numba import float32, float64, int64, types, void

from cocite.recommender.compiled import INT32S, INT64S, compiled

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_MATRIX = float32[:, ::1]
_INT16S = types.Array(types.int16, 1, "C", readonly=True)
_GIVEN = types.Array(float32, 2, "A", readonly=True)  # however it lies in memory


@compiled(void(_MATRIX, _GIVEN))
def write_scores(values: Floats, scores: Floats) -> None:
    """Scores (k, r) of r retrievers into the first r columns, their shares of the best into the next r.

    Of what is not above 0 a share means nothing.
    """
    retrievers = scores.shape[1]
    for column in range(retrievers):
        best = np.float32(-np.inf)
        for place in range(len(scores)):
            if scores[place, column] > best:
                best = scores[place, column]
        for place in range(len(scores)):
            score = scores[place, column]
            values[place, column] = score
            values[place, retrievers + column] = score / best if best > 0.0 else np.nan


@compiled(void(_MATRIX, int64, INT64S, INT64S, _GIVEN, int64))
def write_likeness(values: Floats, first: int, rows: Rows, profile: Rows, cosines: Floats, closest: int) -> None:
    """Into column first the mean of the closest highest cosines (k, p) to papers of the profile, into the next of all.

    A candidate is not compared with itself.
    """
    highest = np.empty(closest, dtype=np.float32)
    for place in range(rows.size):
        total, count = 0.0, 0
        for other in range(profile.size):
            if profile[other] == rows[place]:
                continue
            cosine = cosines[place, other]
            total += cosine
            at = min(count, closest)
            count += 1
            if at == closest:
                if cosine <= highest[closest - 1]:
                    continue
                at -= 1
            while at > 0 and highest[at - 1] < cosine:
                highest[at] = highest[at - 1]
                at -= 1
            highest[at] = cosine
        kept = min(count, closest)
        values[place, first] = highest[:kept].sum() / kept if kept else np.nan
        values[place, first + 1] = total / count if count else np.nan


@compiled(int64(_INT16S, int64, int64, float64))
def years_until(ascending: npt.NDArray[np.int16], start: int, end: int, year: float) -> int:
    """Where in ascending[start:end] the years after the given one begin."""
    while start < end:
        middle = (start + end) >> 1
        later = ascending[np.uint64(middle)] > year
        start, end = start if later else middle + 1, middle if later else end
    return start


@compiled(void(_MATRIX, int64, INT64S, _INT16S, INT64S, _INT16S, float64, int64))
def write_fame(
    values: Floats,
    first: int,
    rows: Rows,
    years: npt.NDArray[np.int16],
    offsets: Rows,
    citing_years: npt.NDArray[np.int16],
    year: float,
    recent_years: int,
) -> None:
    """Into column first the log of citations in the years before the query's, into the next that of citations a year.

    citing_years, ascending for each paper, holds when each is cited, those of row i from offsets[i] on. What is newer
    than the query has a time of its own: recent_years. Rows beyond the offsets are cited by nobody.
    """
    starts, ends = np.zeros(rows.size, dtype=np.int64), np.zeros(rows.size, dtype=np.int64)
    owns, middles = np.empty(rows.size, dtype=np.int16), np.zeros(rows.size, dtype=np.int16)
    for place in range(rows.size):  # what is far apart in memory is read first, without waiting for one after the other
        owns[place] = years[rows[place]]
        if rows[place] + 1 < offsets.size:
            starts[place], ends[place] = offsets[rows[place]], offsets[rows[place] + 1]
    for place in range(rows.size):
        if starts[place] < ends[place]:
            middles[place] = citing_years[(starts[place] + ends[place]) // 2]
    for place in range(rows.size):
        own = float(owns[place])
        now = own + recent_years if own > year else year
        start, end = starts[place], ends[place]
        middle = (start + end) // 2
        if middles[place] <= now:
            until = years_until(citing_years, middle, end, now)
        else:
            until = years_until(citing_years, start, middle, now)
        recent = until - years_until(citing_years, start, until, now - recent_years)
        known = until - years_until(citing_years, start, until, 0.0)
        values[place, first] = np.log1p(recent)
        values[place, first + 1] = np.log((1.0 + known) / (1.0 + max(year - own, 0.0))) if own > 0 else np.nan


@compiled(void(_MATRIX, int64, INT64S, INT64S, _INT16S, float64))
def write_ages(
    values: Floats, first: int, rows: Rows, profile: Rows, years: npt.NDArray[np.int16], year: float
) -> None:
    """Four columns from first on: years the query is newer than the candidate; the candidate than the median one, than
    the mean of the profile; years to the nearest paper of the profile. year is the query's.
    """  # fmt: skip
    known = np.empty(rows.size, dtype=np.float32)
    count = 0
    for place in range(rows.size):
        if years[rows[place]] > 0:
            known[count] = years[rows[place]]
            count += 1
    median = np.median(known[:count]) if count else np.nan
    for place in range(rows.size):
        own = float(years[rows[place]])
        if own <= 0.0:
            values[place, first : first + 4] = np.nan
            continue
        total, told, nearest = 0.0, 0, np.inf
        for other in range(profile.size):
            cited = float(years[profile[other]])
            if cited > 0.0 and profile[other] != rows[place]:
                total += own - cited
                told += 1
                nearest = min(nearest, abs(own - cited))
        values[place, first] = year - own
        values[place, first + 1] = own - median
        values[place, first + 2] = total / told if told else np.nan
        values[place, first + 3] = nearest if told else np.nan


@compiled(void(_MATRIX, int64, INT64S, INT64S, INT32S, INT64S, INT64S, INT32S, INT64S, float64))
def write_venues(
    values: Floats,
    first: int,
    rows: Rows,
    profile: Rows,
    venues: npt.NDArray[np.int32],
    seeds: Rows,
    keys: Rows,
    counts: npt.NDArray[np.int32],
    papers: Rows,
    citations: float,
) -> None:
    """Three columns from first on: whether the candidate's venue is one of the seeds' venues, ascending; the log odds
    against chance that papers of these cite those of that; the share of the profile that is of it.

    keys, ascending, are citing venue * v + cited venue of counts citations, papers (v,) how many papers a venue has,
    citations how often the seeds' venues cite any. Venues from v on have and cite none.
    """  # fmt: skip
    total = papers.sum() + papers.size
    starts = np.searchsorted(keys, seeds * papers.size)
    ends = np.searchsorted(keys, (seeds + 1) * papers.size)
    others_venues = np.empty(profile.size, dtype=np.int32)
    for other in range(profile.size):
        others_venues[other] = venues[profile[other]]
    for place in range(rows.size):
        own = venues[rows[place]]
        values[place, first : first + 3] = np.nan
        if own < 0:
            continue
        if seeds.size:
            found, same = 0.0, False
            for at in range(seeds.size):
                same = same or seeds[at] == own
                if seeds[at] < papers.size and own < papers.size:
                    wanted = seeds[at] * papers.size + own
                    link = starts[at] + np.searchsorted(keys[starts[at] : ends[at]], wanted)
                    if link < ends[at] and keys[link] == wanted:
                        found += counts[link]
            chance = ((papers[own] if own < papers.size else 0) + 1.0) / total
            values[place, first] = 1.0 if same else 0.0
            values[place, first + 1] = np.log((found + 1.0) / (citations + papers.size) / chance)
        alike, others = 0, 0
        for other in range(profile.size):
            if profile[other] != rows[place]:
                others += 1
                alike += others_venues[other] == own
        if others:
            values[place, first + 2] = alike / others
