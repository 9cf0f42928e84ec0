"""What a model bundle holds: one immutable directory a model version, files named and typed here and nowhere else.

n is the number of papers, f of ALS factors, d of the text vectors, m of ids and aliases, r of references among
the papers, v of terms, w of terms in all papers, l of papers in all libraries, q of results in all related lists. Row i
of every array is the same paper.
All arrays are .npy files that can be memory-mapped.
"""

import hashlib
from dataclasses import dataclass, field

SCHEMA = 3
MANIFEST = "manifest.json"
CURRENT = "CURRENT"  # file in the bundles directory that holds the name of the serving version, replaced atomically
HISTORY = "HISTORY"  # versions that served before CURRENT, one a line, oldest first

PAPER_IDS = "paper_ids.npy"  # uint8 (bytes,), canonical ids in UTF-8, one after another
PAPER_ID_OFFSETS = "paper_id_offsets.npy"  # int64 (n + 1,)
ID_HASHES = "id_hashes.npy"  # uint64 (m,), id_hash of every id and alias, ascending, no two alike
ID_ROWS = "id_rows.npy"  # int32 (m,), row of each
YEARS = "years.npy"  # int16 (n,), 0 where unknown
VENUE_CODES = "venue_codes.npy"  # int32 (n,), place in the manifest's venues, -1 where unknown
HAS_ABSTRACT = "has_abstract.npy"  # bool (n,)
REFERENCE_OFFSETS = "reference_offsets.npy"  # int64 (n + 1,), CSR of citing to cited
REFERENCES = "references.npy"  # int32 (r,), rows cited, ascending within a paper
CITED_BY_OFFSETS = "cited_by_offsets.npy"  # int64 (n + 1,), CSR of cited to citing
CITED_BY = "cited_by.npy"  # int32 (r,), rows citing, ascending within a paper
CITING_YEARS = "citing_years.npy"  # int16 (r,), when each paper was cited, ascending: citing.CitingYears
VENUE_LINK_KEYS = "venue_link_keys.npy"  # int64 (any,), venues that cite venues, see citing.VenueLinks
VENUE_LINK_COUNTS = "venue_link_counts.npy"  # int32 (any,)
VENUE_PAPERS = "venue_papers.npy"  # int64 (venues,), papers of each
ITEM_FACTORS = "item_factors.npy"  # float16 (n, f), zero for papers nobody cites
FACTOR_LENGTHS = "factor_lengths.npy"  # float32 (n,), L2 norm of each
FACTOR_INDEX = "factor_index.npy"  # uint8 (any,), see row_index.py; empty where papers are few
GRAM = "gram.npy"  # float64 (f, f), item_factors^T item_factors + regularization * I
GRAM_INVERSE = "gram_inverse.npy"  # float32 (f, f), inverse of GRAM
ITEM_IDF = "item_idf.npy"  # float32 (n,), BM25 idf of each cited paper
TERM_FACTORS = "term_factors.npy"  # float16 (v, f), zero for terms too rare to take part
SOURCE_GRAM_INVERSE = "source_gram_inverse.npy"  # float32 (f, f), as GRAM_INVERSE, of the rows that were factorised
TEXT_VECTORS = "text_vectors.npy"  # float16 (n, d), L2 norm 1; zero where a paper has no text
TEXT_INDEX = "text_index.npy"  # uint8 (any,), as FACTOR_INDEX
VOCABULARY = "vocabulary.npy"  # S48 (v,), terms in UTF-8, ascending
TERM_IDF = "term_idf.npy"  # float32 (v,)
PAPER_TERM_OFFSETS = "paper_term_offsets.npy"  # int64 (n + 1,), CSR of papers to the places of their terms
PAPER_TERMS = "paper_terms.npy"  # int32 (w,), ascending within a paper
PAPER_TERM_WEIGHTS = "paper_term_weights.npy"  # float32 (w,), TF-IDF, L2 norm 1 within a paper
TERM_PAPER_OFFSETS = "term_paper_offsets.npy"  # int64 (v + 1,), the same the other way round
TERM_PAPERS = "term_papers.npy"  # int32 (w,), rows, heaviest first within a term, ties by row
TERM_PAPER_WEIGHTS = "term_paper_weights.npy"  # float32 (w,)
READER_OFFSETS = "reader_offsets.npy"  # int64 (n + 1,), CSR of papers to the readers who keep them
READERS = "readers.npy"  # int32 (l,), numbers that stand for readers and name nobody, ascending within a paper
LIBRARY_OFFSETS = "library_offsets.npy"  # int64 (readers + 1,), the same the other way round
LIBRARIES = "libraries.npy"  # int32 (l,), rows, ascending within a reader
LIST_IDF = "list_idf.npy"  # float32 (n,), see list_numbers.ListNumbers
LIST_NORMS = "list_norms.npy"  # float32 (n,)
LIBRARY_NORMS = "library_norms.npy"  # float32 (readers,)
COCITATION_NORMS = "cocitation_norms.npy"  # float32 (n,)

WORKS = "works.npy"  # int32 (n,), smallest row of the work that each paper is a version of
TITLE_HASHES = "title_hashes.npy"  # uint64 (t,), titles.title_hash of each title that means one work, ascending
TITLE_ROWS = "title_rows.npy"  # int32 (t,), row of each
FIELD_OFFSETS = "field_offsets.npy"  # int64 (n + 1,), CSR of papers to their fields of study
FIELD_CODES = "field_codes.npy"  # int32 (any,), places in the manifest's fields, ascending within a paper
TEXT_NEIGHBOURS = "text_neighbours.npy"  # int32 (n, k), rows of the nearest papers by text, nearest first, then -1
TEXT_LIKENESS = "text_likeness.npy"  # float32 (n, k), of each of them: half the cosine of vectors, half that of words
NEAR_OFFSETS = "near_offsets.npy"  # int64 (n + 1,), CSR of papers to text neighbours, of either of the other
NEAR = "near.npy"  # int32 (any,), rows, most shares first, at most training.near.MOST_NEAR of a paper
NEAR_SHARES = "near_shares.npy"  # float32 (any,), of squared likeness, adding up to 1 within a paper
CONTEXT_OFFSETS = "context_offsets.npy"  # int64 (v + 1,), CSR of terms to the papers cited by papers that use them
CONTEXT_PAPERS = "context_papers.npy"  # int32 (any,), rows, heaviest first within a term, ties by row
CONTEXT_WEIGHTS = "context_weights.npy"  # float32 (any,), mean TF-IDF in citing papers, norm 1 within a cited paper
RANKERS = "rankers.npy"  # uint8 (any,), JSON in UTF-8, see ranking/models.py
DISPLAY = "display.npy"  # uint8 (any,), cocite.v1.Paper of each paper in basic view, encoded, one after another
DISPLAY_OFFSETS = "display_offsets.npy"  # int64 (n + 1,)
RELATED_OFFSETS = "related_offsets.npy"  # int64 (n + 1,), CSR of papers to the first results of a query for them alone
RELATED = "related.npy"  # int32 (q,), rows, best first
RELATED_SCORES = "related_scores.npy"  # float32 (q,), falling within a list
RELATED_REASON_OFFSETS = "related_reason_offsets.npy"  # int64 (n + 1,)
RELATED_REASONS = "related_reasons.npy"  # uint8 (any,), of the first EXPLAINED of each list, see reason_code.py
EXPLAINED = 20  # results of a related list whose reasons are kept: a page, unless asked otherwise

FILES = (
    PAPER_IDS,
    PAPER_ID_OFFSETS,
    ID_HASHES,
    ID_ROWS,
    YEARS,
    VENUE_CODES,
    HAS_ABSTRACT,
    REFERENCE_OFFSETS,
    REFERENCES,
    CITED_BY_OFFSETS,
    CITED_BY,
    CITING_YEARS,
    VENUE_LINK_KEYS,
    VENUE_LINK_COUNTS,
    VENUE_PAPERS,
    ITEM_FACTORS,
    FACTOR_LENGTHS,
    FACTOR_INDEX,
    GRAM,
    GRAM_INVERSE,
    ITEM_IDF,
    TERM_FACTORS,
    SOURCE_GRAM_INVERSE,
    TEXT_VECTORS,
    TEXT_INDEX,
    VOCABULARY,
    TERM_IDF,
    PAPER_TERM_OFFSETS,
    PAPER_TERMS,
    PAPER_TERM_WEIGHTS,
    TERM_PAPER_OFFSETS,
    TERM_PAPERS,
    TERM_PAPER_WEIGHTS,
    READER_OFFSETS,
    READERS,
    LIBRARY_OFFSETS,
    LIBRARIES,
    LIST_IDF,
    LIST_NORMS,
    LIBRARY_NORMS,
    COCITATION_NORMS,
    WORKS,
    TITLE_HASHES,
    TITLE_ROWS,
    FIELD_OFFSETS,
    FIELD_CODES,
    TEXT_NEIGHBOURS,
    TEXT_LIKENESS,
    NEAR_OFFSETS,
    NEAR,
    NEAR_SHARES,
    CONTEXT_OFFSETS,
    CONTEXT_PAPERS,
    CONTEXT_WEIGHTS,
    RANKERS,
    DISPLAY,
    DISPLAY_OFFSETS,
    RELATED_OFFSETS,
    RELATED,
    RELATED_SCORES,
    RELATED_REASON_OFFSETS,
    RELATED_REASONS,
)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and SHA-256 (hex) of one file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AlsParameters:
    """What fold-in must know of the factorisation (Hu, Koren, Volinsky 2008, with BM25-weighted confidences).

    average_length is the mean row sum of the weighted matrix before BM25, that is references a citing paper. BM25
    weights are multiplied by scale, TF-IDF weights of terms by term_weight.
    """

    factors: int
    alpha: float
    regularization: float
    k1: float
    b: float
    average_length: float
    scale: float = 1.0
    term_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """manifest.json. files maps each name in FILES to its entry; venues and fields are case-folded names.

    rankers says for each kind of query, papers and libraries, what ranks its candidates: rrf, logistic or lambdamart.
    """

    schema: int
    model_version: str
    created_at: str  # ISO 8601, UTC
    paper_count: int
    citation_count: int
    text_dimension: int
    embedding_model_version: str
    data_fingerprint: str
    catalogue_cursor: int  # arrival in the catalogue after which papers came too late for this model
    seed: int
    als: AlsParameters
    files: dict[str, FileEntry]
    metrics: dict[str, float] = field(default_factory=dict)
    rankers: dict[str, str] = field(default_factory=dict)
    venues: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def id_hash(paper_id: str) -> int:
    """What ID_HASHES holds for a canonical id: its BLAKE2b digest of 8 bytes as a little-endian unsigned number."""
    return int.from_bytes(hashlib.blake2b(paper_id.encode("utf-8"), digest_size=8).digest(), "little")
