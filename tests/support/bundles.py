"""Small real bundles: factors from implicit, files as layout.py says."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, csr_matrix

from cocite.core.paper import Paper, words_of
from cocite.recommender import layout
from cocite.recommender.array_checks import check_arrays
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_manifest
from cocite.recommender.csr import Csr
from cocite.recommender.layout import AlsParameters, FileEntry, Manifest
from cocite.recommender.manifest import manifest_json
from cocite.recommender.ranking.models import Rankers
from cocite.recommender.retrieval.fold_in import regularized_gram
from cocite.recommender.retrieval.weighting import K1, B, bm25_matrix
from cocite.training.display import display_arrays
from cocite.training.indexes import factor_index_arrays, index_of
from cocite.training.lists import list_arrays
from cocite.training.matrices import library_matrix
from cocite.training.model import citing_arrays, context_arrays, field_arrays, word_arrays, work_arrays
from cocite.training.near import near_arrays
from cocite.training.paper_table import PaperRow, PaperTable
from cocite.training.related import nothing_related, related_arrays
from cocite.training.text_neighbours import text_neighbours
from cocite.training.word_index import WordCounts, Words

EMBEDDING_MODEL = "bag-16"
DIMENSION = 16


@dataclass(frozen=True)
class Corpus:
    """Papers, their citations as (citing, cited) places in papers, and for each reader the places of papers kept."""

    papers: tuple[Paper, ...]
    citations: tuple[tuple[int, int], ...]
    libraries: tuple[tuple[int, ...], ...] = ()

    def matrix(self) -> csr_array:
        """Citing by cited, ones."""
        pairs = np.array(self.citations, dtype=np.int64).reshape(-1, 2)
        n = len(self.papers)
        matrix = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        matrix.sum_duplicates()
        matrix.sort_indices()
        return matrix


def bag_vector(text: str) -> npt.NDArray[np.float32]:
    """A unit vector from the words of a text, each word in a place of its own hash; zero for no text."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    for word in text.lower().split():
        vector[hashlib.sha256(word.encode()).digest()[0] % DIMENSION] += 1.0
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector


def checkerboard(size: int = 24) -> Corpus:
    """Even papers cite the even ones before them, odd papers the odd ones, each but its predecessor of the same colour.

    So the right answer for a paper is known: every paper of its colour before any of the other colour. Texts
    follow the colours too.
    """
    papers = tuple(
        Paper(
            f"doi:10.1000/{i}",
            title=f"{'even black' if i % 2 == 0 else 'odd white'} paper",
            abstract=("knights and bishops" if i % 2 == 0 else "graphs over trees") if i % 5 else "",
            year=(1990 + i) if i % 7 else None,
            venue="Journal of Black" if i % 2 == 0 else "Journal of White",
            aliases=(f"arxiv:2001.{i:05d}",),
            fields=("Chess",) if i % 3 == 0 else ("Chess", "Trees") if i % 3 == 1 else (),
        )
        for i in range(size)
    )
    links = tuple((i, j) for i in range(size) for j in range(i) if (i - j) % 2 == 0 and i - j != 2)
    return Corpus(papers, links)


@dataclass(frozen=True)
class Options:
    """How write_bundle builds; related results of each paper are kept ready."""

    version: str = "m1"
    factors: int = 8
    alpha: float = 20.0
    regularization: float = 0.05
    seed: int = 7
    related: int = 0
    overrides: dict[str, Any] = field(default_factory=dict)


def write_bundle(bundles_dir: Path, corpus: Corpus, options: Options | None = None, **changes: Any) -> Path:
    """Train on corpus and write bundles_dir/VERSION; changes are fields of Options. CURRENT stays as it is."""
    options = replace(options or Options(), **changes)
    directory = bundles_dir / options.version
    directory.mkdir(parents=True)
    manifest, arrays = _built(corpus, options)
    entries = {}
    for name in layout.FILES:
        np.save(directory / name, arrays[name])
        entries[name] = entry_of(directory / name)
    manifest = replace(manifest, files=entries)
    (directory / layout.MANIFEST).write_text(manifest_json(manifest))
    return directory


def bundle_in_memory(corpus: Corpus, options: Options | None = None, **changes: Any) -> Bundle:
    """As write_bundle, checked as Bundle.load does, but without files: for corpora that hypothesis makes up."""
    options = replace(options or Options(), **changes)
    manifest, arrays = _built(corpus, options)
    check_arrays(arrays, manifest)
    for array in arrays.values():
        array.flags.writeable = False
    return Bundle.of(Path(), manifest, arrays)


def _built(corpus: Corpus, options: Options) -> tuple[Manifest, dict[str, npt.NDArray[Any]]]:
    arrays, als, venues = build_arrays(corpus, options)
    arrays.update(options.overrides)
    manifest = _manifest(corpus, options, als, venues)
    if options.related:
        arrays |= related_arrays(Bundle.of(Path(), manifest, arrays), options.related)
    return manifest, arrays


def _manifest(corpus: Corpus, options: Options, als: AlsParameters, venues: tuple[str, ...]) -> Manifest:
    return Manifest(
        schema=layout.SCHEMA,
        model_version=options.version,
        created_at="2026-01-02T03:04:05+00:00",
        paper_count=len(corpus.papers),
        citation_count=len(set(corpus.citations)),
        text_dimension=DIMENSION,
        embedding_model_version=EMBEDDING_MODEL,
        data_fingerprint="test",
        catalogue_cursor=0,
        seed=options.seed,
        als=als,
        files={},
        metrics={"fused.recall@20": 0.5},
        venues=venues,
        fields=tuple(sorted({name.casefold() for paper in corpus.papers for name in paper.fields})),
    )


def publish(bundles_dir: Path, version: str) -> None:
    """Point CURRENT at a version, atomically."""
    scratch = bundles_dir / ".CURRENT.new"
    scratch.write_text(version + "\n")
    scratch.rename(bundles_dir / layout.CURRENT)


def entry_of(path: Path) -> FileEntry:
    """Size and checksum of a file."""
    return FileEntry(size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def build_arrays(
    corpus: Corpus, options: Options
) -> tuple[dict[str, npt.NDArray[Any]], AlsParameters, tuple[str, ...]]:
    """Every array of the bundle, the ALS parameters and the venues."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    matrix = corpus.matrix()
    weighted, idf, average_length = bm25_matrix(matrix) if matrix.nnz else (matrix, np.zeros(matrix.shape[1]), 1.0)
    als = AlsParameters(options.factors, options.alpha, options.regularization, K1, B, average_length)
    with threadpool_limits(1, "blas"):  # implicit warns otherwise
        model = AlternatingLeastSquares(
            factors=als.factors,
            regularization=als.regularization,
            alpha=als.alpha,
            iterations=10,
            num_threads=1,
            random_state=options.seed,
        )
        model.fit(csr_matrix(weighted).astype(np.float32), show_progress=False)
    factors = np.where(matrix.sum(axis=0)[:, None] > 0, model.item_factors, 0).astype(np.float16)
    gram = regularized_gram(factors, als.regularization)
    venues = tuple(sorted({paper.venue.casefold() for paper in corpus.papers if paper.venue}))
    texts = [f"{paper.title} {paper.abstract}" for paper in corpus.papers]
    table = PaperTable.of([PaperRow.of(paper) for paper in corpus.papers])
    arrays: dict[str, npt.NDArray[Any]] = {
        **_ids(corpus.papers),
        **word_arrays(_word_counts(corpus.papers)),
        **list_arrays(matrix, _libraries(corpus)),
        **work_arrays(table, np.bincount(matrix.indices, minlength=len(corpus.papers))),
        **field_arrays(table),
        layout.YEARS: np.array([paper.year or 0 for paper in corpus.papers], dtype=np.int16),
        layout.VENUE_CODES: np.array(
            [venues.index(paper.venue.casefold()) if paper.venue else -1 for paper in corpus.papers], dtype=np.int32
        ),
        layout.HAS_ABSTRACT: np.array([bool(paper.abstract) for paper in corpus.papers]),
        layout.ITEM_FACTORS: factors,
        **factor_index_arrays(factors, matrix),
        layout.GRAM: gram,
        layout.GRAM_INVERSE: np.linalg.inv(gram).astype(np.float32),
        layout.ITEM_IDF: idf.astype(np.float32),
        layout.TEXT_VECTORS: np.stack([bag_vector(text) for text in texts]).astype(np.float16),
        layout.SOURCE_GRAM_INVERSE: np.eye(als.factors, dtype=np.float32),
        layout.RANKERS: Rankers().to_bytes(),
        **display_arrays(table.ids, enumerate(corpus.papers), matrix),
        **nothing_related(len(corpus.papers)),
    }
    words = _word_counts(corpus.papers)
    arrays[layout.TERM_FACTORS] = np.zeros((len(words.terms), als.factors), dtype=np.float16)
    neighbours = text_neighbours(arrays[layout.TEXT_VECTORS], words.weights)
    arrays[layout.TEXT_INDEX] = index_of(arrays[layout.TEXT_VECTORS], matrix)
    arrays |= {
        **citing_arrays(
            Csr(arrays[layout.REFERENCE_OFFSETS], arrays[layout.REFERENCES]),
            Csr(arrays[layout.CITED_BY_OFFSETS], arrays[layout.CITED_BY]),
            arrays[layout.YEARS],
            arrays[layout.VENUE_CODES],
            len(venues),
        ),
        **context_arrays(matrix, words),
        layout.TEXT_NEIGHBOURS: neighbours.rows,
        layout.TEXT_LIKENESS: neighbours.likeness,
        **near_arrays(neighbours),
    }
    return arrays, als, venues


def _ids(papers: Sequence[Paper]) -> dict[str, npt.NDArray[Any]]:
    encoded = [paper.paper_id.encode() for paper in papers]
    hashes = sorted((layout.id_hash(name), row) for row, p in enumerate(papers) for name in (p.paper_id, *p.aliases))
    return {
        layout.PAPER_IDS: np.frombuffer(b"".join(encoded), dtype=np.uint8),
        layout.PAPER_ID_OFFSETS: np.concatenate(([0], np.cumsum([len(name) for name in encoded]))).astype(np.int64),
        layout.ID_HASHES: np.array([h for h, _ in hashes], dtype=np.uint64),
        layout.ID_ROWS: np.array([row for _, row in hashes], dtype=np.int32),
    }


def _word_counts(papers: Sequence[Paper]) -> Words:
    counts = WordCounts()
    for paper in papers:
        counts.add(words_of(paper))
    return counts.words()


def _libraries(corpus: Corpus) -> csr_array:
    """Readers by papers, ones."""
    pairs = [(reader, row) for reader, library in enumerate(corpus.libraries) for row in set(library)]
    return library_matrix(np.array(pairs, dtype=np.int64).reshape(-1, 2), len(corpus.libraries), len(corpus.papers))


def rewrite_manifest(directory: Path, **changes: Any) -> None:
    """Change fields of manifest.json in place."""
    raw = asdict(read_manifest(directory)) | changes
    (directory / layout.MANIFEST).write_text(json.dumps(raw))


def reseal(directory: Path, name: str, array: npt.NDArray[Any]) -> None:
    """Replace one array and give the manifest its right checksum, so that only its contents can be refused."""
    files = dict(read_manifest(directory).files)
    (directory / name).unlink()
    np.save(directory / name, array)
    rewrite_manifest(directory, files={n: asdict(e) for n, e in (files | {name: entry_of(directory / name)}).items()})
