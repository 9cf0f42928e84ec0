"""How papers are shown in answers, encoded while there is time for it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.recommender.display import named
from cocite.serving.papers import paper_to_proto
from cocite.training.progress import Progress, silent

Arrays = dict[str, npt.NDArray[Any]]
_TOLD_EVERY = 1000


def nothing_shown(count: int) -> Arrays:
    """In place of display_arrays in a model that answers nobody."""
    return {layout.DISPLAY: np.empty(0, dtype=np.uint8), layout.DISPLAY_OFFSETS: np.zeros(count + 1, dtype=np.int64)}


def display_arrays(
    ids: Sequence[str], papers: Iterable[tuple[int, Paper]], citations: csr_array, progress: Progress = silent
) -> Arrays:
    """The display of a bundle: messages in basic view of the papers with ids (n,), given with their rows in any order.

    How often papers cite and are cited is taken from citations (n, n). A paper that is not given is shown by its id.
    """
    cited, citing = np.bincount(citations.indices, minlength=len(ids)), np.diff(citations.indptr)
    encoded = bytearray()
    starts, sizes = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    for done, (row, paper) in enumerate(papers, start=1):
        counted = replace(paper, citation_count=int(cited[row]), reference_count=int(citing[row]))
        message = named(paper_to_proto(counted).SerializeToString(deterministic=True), ids[row])
        starts[row], sizes[row] = len(encoded), len(message)
        encoded += message
        if done % _TOLD_EVERY == 0:
            progress("Encoding papers", done, max(done, len(ids)))
    for row in np.flatnonzero(sizes == 0).tolist():
        message = named(b"", ids[row])
        starts[row], sizes[row] = len(encoded), len(message)
        encoded += message
    progress("Encoding papers", len(ids), len(ids))
    return _in_order(np.frombuffer(encoded, dtype=np.uint8), starts, sizes)


def _in_order(encoded: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Arrays:
    """The messages in order of their rows."""
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    ordered = np.empty(offsets[-1], dtype=np.uint8)
    for start, size, to in zip(starts.tolist(), sizes.tolist(), offsets.tolist(), strict=False):
        ordered[to : to + size] = encoded[start : start + size]
    return {layout.DISPLAY: ordered, layout.DISPLAY_OFFSETS: offsets}
