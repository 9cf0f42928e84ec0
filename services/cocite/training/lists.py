"""The lists of a bundle: who cites whom, who keeps what, and what is known of these lists beforehand."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.recommender import layout
from cocite.recommender.csr import Csr
from cocite.recommender.list_numbers import list_numbers
from cocite.training.matrices import kept_only, offsets_and_rows


def list_arrays(citations: csr_array, libraries: csr_array) -> dict[str, npt.NDArray[Any]]:
    """Of citations (n, n), citing by cited, and libraries (readers, n). Readers who keep nothing get no number.

    Lists tell what readers keep: papers that they only opened are in none.
    """
    libraries = kept_only(libraries)
    kept = csr_array(libraries[np.flatnonzero(np.diff(libraries.indptr))])
    links = [Csr(*offsets_and_rows(csr_array(each))) for each in (citations, citations.T, kept, kept.T)]
    references, cited_by, of_readers, readers = links
    numbers = list_numbers(references, cited_by, of_readers, readers)
    return {
        layout.REFERENCE_OFFSETS: references.offsets,
        layout.REFERENCES: references.rows,
        layout.CITED_BY_OFFSETS: cited_by.offsets,
        layout.CITED_BY: cited_by.rows,
        layout.LIBRARY_OFFSETS: of_readers.offsets,
        layout.LIBRARIES: of_readers.rows,
        layout.READER_OFFSETS: readers.offsets,
        layout.READERS: readers.rows,
        layout.LIST_IDF: numbers.idf,
        layout.LIST_NORMS: numbers.list_norms,
        layout.LIBRARY_NORMS: numbers.library_norms,
        layout.COCITATION_NORMS: numbers.cocitation_norms,
    }
