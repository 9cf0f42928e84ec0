"""Who cites whom, in the forms that features of candidates go by."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.csr import Csr

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CitingYears:
    """When papers were cited: years of row i, those of the papers that cite it, are years[offsets[i] : offsets[i + 1]],
    int16, ascending, 0 where unknown.
    """  # fmt: skip

    offsets: Counts
    years: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class VenueLinks:
    """Citations from venue to venue: keys, ascending, are citing * v + cited of counts int32 each; papers (v,) says how
    many papers each venue has.
    """  # fmt: skip

    keys: Counts
    counts: npt.NDArray[np.int32]
    papers: Counts

    def citations_by(self, venues: Counts) -> float:
        """How often papers of these venues cite any of known venue."""
        starts, ends = (np.searchsorted(self.keys, (venues + step) * self.papers.size) for step in (0, 1))
        return float(sum(int(self.counts[start:end].sum()) for start, end in zip(starts, ends, strict=True)))


def citing_years(cited_by: Csr, years: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The years of a CitingYears with the offsets of cited_by, int16 (r,)."""
    owners = np.repeat(np.arange(years.size), cited_by.counts())
    told = years[cited_by.rows]
    return told[np.lexsort((told, owners))]


def venue_links(references: Csr, venue_codes: npt.NDArray[np.int32], venues: int) -> VenueLinks:
    """The links of the papers that references are of; codes are -1 where unknown, below venues else."""
    codes = venue_codes.astype(np.int64)
    citing, cited = np.repeat(codes, references.counts()), codes[references.rows]
    known = (citing >= 0) & (cited >= 0)
    keys, counts = np.unique(citing[known] * venues + cited[known], return_counts=True)
    return VenueLinks(keys, counts.astype(np.int32), np.bincount(codes[codes >= 0], minlength=venues))
