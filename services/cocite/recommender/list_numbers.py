"""What is known beforehand of the lists that papers and readers put together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.recommender.csr import Csr

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ListNumbers:
    """All float32. idf (n,) is how telling a paper is for a list that holds it; list_norms (n,) are the norms, weighted
    by it, of papers' reference lists, library_norms (m,) of readers' libraries. cocitation_norms (n,) are those of the
    says of the lists that hold a paper.
    """

    idf: Floats
    list_norms: Floats
    library_norms: Floats
    cocitation_norms: Floats

    def with_papers(self, references: Csr, cited_by: Csr) -> "ListNumbers":
        """The numbers with those of the further papers that the links know; what is there stays as it is."""
        rows = np.arange(self.idf.size, references.row_count)
        lists = self.list_norms.size + self.library_norms.size
        holders, owners = cited_by.gather(rows)
        idf = np.concatenate((self.idf, _idf(np.bincount(owners, minlength=rows.size), lists)))
        cited, citing = references.gather(rows)
        lengths = np.bincount(references.gather(holders)[1], minlength=holders.size)
        return ListNumbers(
            idf,
            np.concatenate((self.list_norms, _norms(citing, idf[cited], rows.size))),
            self.library_norms,
            np.concatenate((self.cocitation_norms, _norms(owners, list_says(lengths), rows.size))),
        )


def list_says(lengths: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """What lists of so many papers (k,) count where papers are alike by being in one: long ones tell less
    (Adamic and Adar 2003).
    """  # fmt: skip
    return np.asarray(1.0 / np.log(2.0 + lengths))


def list_numbers(references: Csr, cited_by: Csr, libraries: Csr, readers: Csr) -> ListNumbers:
    """The numbers of a training; libraries are the papers of readers, readers the other way round."""
    held = cited_by.counts() + readers.counts()
    idf = _idf(held, held.size + libraries.row_count)
    by_papers, by_readers = list_says(references.counts()), list_says(libraries.counts())
    squares = _sums(_owners(cited_by), by_papers[cited_by.rows] ** 2, held.size)
    squares += _sums(_owners(readers), by_readers[readers.rows] ** 2, held.size)
    return ListNumbers(
        idf,
        _norms(_owners(references), idf[references.rows], references.row_count),
        _norms(_owners(libraries), idf[libraries.rows], libraries.row_count),
        np.sqrt(squares).astype(np.float32),
    )


def _idf(held: npt.NDArray[np.integer], lists: int) -> Floats:
    idf: Floats = np.log((1.0 + lists) / (1.0 + held)).astype(np.float32)
    return idf


def _owners(links: Csr) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(links.row_count), links.counts())


def _sums(owners: npt.NDArray[np.int64], values: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.float64]:
    return np.bincount(owners, weights=values, minlength=count).astype(np.float64)  # of nothing, numpy makes integers


def _norms(owners: npt.NDArray[np.int64], values: npt.NDArray[np.floating], count: int) -> Floats:
    norms: Floats = np.sqrt(_sums(owners, values.astype(np.float64) ** 2, count)).astype(np.float32)
    return norms
