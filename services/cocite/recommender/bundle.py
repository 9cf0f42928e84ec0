"""A model bundle in memory: arrays mapped from its files, read-only, shared by all threads."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.recommender import layout
from cocite.recommender.bundle_files import read_manifest
from cocite.recommender.citing import CitingYears, VenueLinks
from cocite.recommender.csr import Csr
from cocite.recommender.display import Display
from cocite.recommender.filter_memory import FilterMemory
from cocite.recommender.integrity import Arrays, check_sizes, check_sums, map_arrays
from cocite.recommender.layout import Manifest
from cocite.recommender.list_numbers import ListNumbers
from cocite.recommender.ranking.models import Rankers
from cocite.recommender.related import RelatedLists
from cocite.recommender.row_blocks import RowBlocks
from cocite.recommender.row_index import Passing, RowIndex
from cocite.recommender.word_index import Postings, WordIndex

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bundle:
    """One model version; layout.py says what each array is. Row i is the same paper in all of them.

    Papers that came since the training may follow as further rows (fresh/extension.py); manifest tells of those too.
    They are in no index and in no factor_lengths. filters remembers what filters let through.
    """

    directory: Path
    manifest: Manifest
    references: Csr
    cited_by: Csr
    citing_years: CitingYears
    venue_links: VenueLinks
    years: npt.NDArray[np.int16]
    venue_codes: npt.NDArray[np.int32]
    has_abstract: npt.NDArray[np.bool_]
    item_factors: RowBlocks
    factor_lengths: npt.NDArray[np.float32]
    factor_index: RowIndex | None
    gram: npt.NDArray[np.float64]
    gram_inverse: npt.NDArray[np.float32]
    item_idf: npt.NDArray[np.float32]
    term_factors: RowBlocks
    source_gram_inverse: npt.NDArray[np.float32]
    text_vectors: RowBlocks
    text_index: RowIndex | None
    words: WordIndex
    contexts: Postings
    text_neighbours: npt.NDArray[np.int32]
    text_likeness: npt.NDArray[np.float32]
    near: Postings
    readers: Csr
    libraries: Csr
    list_numbers: ListNumbers
    rankers: Rankers
    fields: Csr
    works: npt.NDArray[np.int32]
    title_hashes: npt.NDArray[np.uint64]
    title_rows: npt.NDArray[np.int32]
    display: Display
    related: RelatedLists
    id_bytes: npt.NDArray[np.uint8]
    id_offsets: npt.NDArray[np.int64]
    _id_hashes: npt.NDArray[np.uint64]
    _id_rows: npt.NDArray[np.int32]
    filters: FilterMemory[Passing] = field(init=False, repr=False, compare=False, default_factory=FilterMemory)

    @classmethod
    def load(cls, directory: Path, verify: bool = True) -> "Bundle":
        """Map the bundle in directory. verify=False skips checksums and the look at every number.

        Raises CorruptData that names the file at fault, and says so when the schema is newer than this release;
        Unavailable when a file cannot be read just now.
        """
        manifest = read_manifest(directory)
        check_sizes(directory, manifest)
        arrays = map_arrays(directory, manifest)
        if verify:
            _verify(directory, manifest, arrays)
        return cls.of(directory, manifest, arrays)

    @classmethod
    def of(cls, directory: Path, manifest: Manifest, arrays: Mapping[str, npt.NDArray[Any]]) -> "Bundle":
        """The bundle of arrays that are taken to be sound, one for each of layout.FILES.

        Raises CorruptData for a ranker or an index that cannot be read.
        """
        return cls(
            directory=directory,
            manifest=manifest,
            references=Csr(arrays[layout.REFERENCE_OFFSETS], arrays[layout.REFERENCES]),
            cited_by=Csr(arrays[layout.CITED_BY_OFFSETS], arrays[layout.CITED_BY]),
            citing_years=CitingYears(arrays[layout.CITED_BY_OFFSETS], arrays[layout.CITING_YEARS]),
            venue_links=VenueLinks(
                arrays[layout.VENUE_LINK_KEYS], arrays[layout.VENUE_LINK_COUNTS], arrays[layout.VENUE_PAPERS]
            ),
            years=arrays[layout.YEARS],
            venue_codes=arrays[layout.VENUE_CODES],
            has_abstract=arrays[layout.HAS_ABSTRACT],
            item_factors=RowBlocks(arrays[layout.ITEM_FACTORS]),
            factor_lengths=arrays[layout.FACTOR_LENGTHS],
            factor_index=RowIndex.of(arrays[layout.FACTOR_INDEX], arrays[layout.ITEM_FACTORS].shape),
            gram=arrays[layout.GRAM],
            gram_inverse=arrays[layout.GRAM_INVERSE],
            item_idf=arrays[layout.ITEM_IDF],
            term_factors=RowBlocks(arrays[layout.TERM_FACTORS]),
            source_gram_inverse=arrays[layout.SOURCE_GRAM_INVERSE],
            text_vectors=RowBlocks(arrays[layout.TEXT_VECTORS]),
            text_index=RowIndex.of(arrays[layout.TEXT_INDEX], arrays[layout.TEXT_VECTORS].shape),
            words=WordIndex(
                vocabulary=arrays[layout.VOCABULARY],
                idf=arrays[layout.TERM_IDF],
                paper_terms=Postings(
                    Csr(arrays[layout.PAPER_TERM_OFFSETS], arrays[layout.PAPER_TERMS]),
                    arrays[layout.PAPER_TERM_WEIGHTS],
                ),
                term_papers=Postings(
                    Csr(arrays[layout.TERM_PAPER_OFFSETS], arrays[layout.TERM_PAPERS]),
                    arrays[layout.TERM_PAPER_WEIGHTS],
                ),
            ),
            contexts=Postings(
                Csr(arrays[layout.CONTEXT_OFFSETS], arrays[layout.CONTEXT_PAPERS]), arrays[layout.CONTEXT_WEIGHTS]
            ),
            text_neighbours=arrays[layout.TEXT_NEIGHBOURS],
            text_likeness=arrays[layout.TEXT_LIKENESS],
            near=Postings(Csr(arrays[layout.NEAR_OFFSETS], arrays[layout.NEAR]), arrays[layout.NEAR_SHARES]),
            readers=Csr(arrays[layout.READER_OFFSETS], arrays[layout.READERS]),
            libraries=Csr(arrays[layout.LIBRARY_OFFSETS], arrays[layout.LIBRARIES]),
            list_numbers=ListNumbers(
                arrays[layout.LIST_IDF],
                arrays[layout.LIST_NORMS],
                arrays[layout.LIBRARY_NORMS],
                arrays[layout.COCITATION_NORMS],
            ),
            rankers=Rankers.from_bytes(arrays[layout.RANKERS]),
            fields=Csr(arrays[layout.FIELD_OFFSETS], arrays[layout.FIELD_CODES]),
            works=arrays[layout.WORKS],
            title_hashes=arrays[layout.TITLE_HASHES],
            title_rows=arrays[layout.TITLE_ROWS],
            display=Display(arrays[layout.DISPLAY], arrays[layout.DISPLAY_OFFSETS]),
            related=RelatedLists(
                Csr(arrays[layout.RELATED_OFFSETS], arrays[layout.RELATED]),
                arrays[layout.RELATED_SCORES],
                arrays[layout.RELATED_REASON_OFFSETS],
                arrays[layout.RELATED_REASONS],
            ),
            id_bytes=arrays[layout.PAPER_IDS],
            id_offsets=arrays[layout.PAPER_ID_OFFSETS],
            _id_hashes=arrays[layout.ID_HASHES],
            _id_rows=arrays[layout.ID_ROWS],
        )

    @property
    def version(self) -> str:
        """The model version."""
        return self.manifest.model_version

    @property
    def paper_count(self) -> int:
        """Papers in the bundle, n."""
        return self.manifest.paper_count

    @property
    def trained_count(self) -> int:
        """Papers that came out of the training; the rows after them are newer."""
        return len(self.item_factors.blocks[0])

    def rows_of(self, ids: Sequence[str]) -> Rows:
        """Row of each canonical id or alias, -1 where the bundle knows none, int64 (len(ids),)."""
        wanted = np.fromiter((layout.id_hash(paper_id) for paper_id in ids), dtype=np.uint64, count=len(ids))
        places = np.searchsorted(self._id_hashes, wanted)
        known = places < self._id_hashes.size
        known[known] = self._id_hashes[places[known]] == wanted[known]
        rows = np.full(len(ids), -1, dtype=np.int64)
        rows[known] = self._id_rows[places[known]]
        return rows

    def row_of(self, paper_id: str) -> int:
        """Row of one canonical id or alias, -1 where the bundle knows none; quicker than rows_of."""
        wanted, hashes = layout.id_hash(paper_id), self._id_hashes.data
        place = bisect_left(hashes, wanted)
        return int(self._id_rows[place]) if place < len(hashes) and hashes[place] == wanted else -1

    def paper_id(self, row: int) -> str:
        """Canonical id of the paper in a row."""
        start, end = self.id_offsets[row], self.id_offsets[row + 1]
        return self.id_bytes[start:end].tobytes().decode("utf-8")

    def key_of(self, rows: npt.NDArray[np.int32]) -> bytes:
        """What names papers by their rows, int32 (k,): the same whatever other papers came since the training."""
        if not rows.size or rows.max() < self.trained_count:
            return rows.tobytes()
        newer = [self.paper_id(row) for row in rows.tolist() if row >= self.trained_count]
        return np.where(rows < self.trained_count, rows, np.int32(-1)).tobytes() + "\n".join(newer).encode()

    def year(self, row: int) -> int | None:
        """Year of publication, None where unknown."""
        return int(self.years[row]) or None


def _verify(directory: Path, manifest: Manifest, arrays: Arrays) -> None:
    """Take checksums, and beside that look at every number; what a checksum says comes first."""
    from cocite.recommender.array_checks import check_arrays  # late: who reads no numbers needs no machine code

    with ThreadPoolExecutor(1, thread_name_prefix="numbers") as beside:
        sound = beside.submit(check_arrays, arrays, manifest)
        check_sums(directory, manifest)
        sound.result()
