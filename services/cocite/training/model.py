"""A trained model as the arrays and the manifest of a bundle, before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.citing import citing_years, venue_links
from cocite.recommender.csr import Csr
from cocite.recommender.layout import Manifest
from cocite.recommender.ranking.models import Rankers
from cocite.training.als import Factorisation
from cocite.training.contexts import citing_words
from cocite.training.corpus import Corpus
from cocite.training.display import nothing_shown
from cocite.training.indexes import factor_index_arrays
from cocite.training.lists import list_arrays
from cocite.training.matrices import offsets_and_rows
from cocite.training.near import near_arrays
from cocite.training.paper_table import PaperTable
from cocite.training.related import nothing_related
from cocite.training.sparse_rows import heaviest_first
from cocite.training.text_neighbours import NeighbourTable
from cocite.training.vectors import TextVectors
from cocite.training.word_index import Words
from cocite.training.works import title_rows, works_of

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Model:
    """arrays has one entry for each of layout.FILES; of the manifest, version, date and files are still to come."""

    arrays: Arrays
    manifest: Manifest

    def with_rankers(self, rankers: Rankers, kinds: Mapping[str, str], metrics: Mapping[str, float]) -> "Model":
        """The same model with learned rankers, and in its manifest their kinds and held-out metrics."""
        manifest = replace(self.manifest, metrics=dict(metrics), rankers=dict(kinds))
        return Model({**self.arrays, layout.RANKERS: rankers.to_bytes()}, manifest)

    def with_arrays(self, arrays: Arrays) -> "Model":
        """The same model with these arrays instead of its own."""
        return replace(self, arrays={**self.arrays, **arrays})


def assemble(
    corpus: Corpus,
    factorisation: Factorisation,
    text: TextVectors,
    neighbours: NeighbourTable,
    text_index: npt.NDArray[np.uint8],
    seed: int,
) -> Model:
    """The model of a corpus from its parts, rows of all of them alike, without a learned ranker. It can rank; to answer
    it lacks how papers are shown, and may have related lists.
    """  # fmt: skip
    lists = list_arrays(corpus.citations, corpus.libraries)
    references = Csr(lists[layout.REFERENCE_OFFSETS], lists[layout.REFERENCES])
    cited_by = Csr(lists[layout.CITED_BY_OFFSETS], lists[layout.CITED_BY])
    arrays = {
        **_identifiers(corpus.papers),
        layout.YEARS: corpus.papers.years,
        layout.VENUE_CODES: corpus.papers.venue_codes,
        layout.HAS_ABSTRACT: corpus.papers.has_abstract,
        **lists,
        **citing_arrays(
            references,
            cited_by,
            corpus.papers.years,
            corpus.papers.venue_codes,
            len(corpus.papers.venues),
        ),
        layout.ITEM_FACTORS: factorisation.item_factors,
        **factor_index_arrays(factorisation.item_factors, corpus.citations),
        layout.GRAM: factorisation.gram,
        layout.GRAM_INVERSE: factorisation.gram_inverse,
        layout.ITEM_IDF: factorisation.item_idf,
        layout.TERM_FACTORS: factorisation.term_factors,
        layout.SOURCE_GRAM_INVERSE: factorisation.source_gram_inverse,
        layout.TEXT_VECTORS: text.vectors,
        layout.TEXT_INDEX: text_index,
        **word_arrays(corpus.words),
        **work_arrays(corpus.papers, cited_by.counts()),
        **field_arrays(corpus.papers),
        layout.TEXT_NEIGHBOURS: neighbours.rows,
        layout.TEXT_LIKENESS: neighbours.likeness,
        **near_arrays(neighbours),
        **context_arrays(corpus.citations, corpus.words),
        layout.RANKERS: Rankers().to_bytes(),
        **nothing_shown(corpus.paper_count),
        **nothing_related(corpus.paper_count),
    }
    return Model(arrays, _manifest(corpus, factorisation, text, seed))


def _manifest(corpus: Corpus, factorisation: Factorisation, text: TextVectors, seed: int) -> Manifest:
    return Manifest(
        schema=layout.SCHEMA,
        model_version="",
        created_at="",
        paper_count=corpus.paper_count,
        citation_count=int(corpus.citations.nnz),
        text_dimension=text.vectors.shape[1],
        embedding_model_version=text.model_version,
        data_fingerprint=corpus.fingerprint,
        catalogue_cursor=corpus.cursor,
        seed=seed,
        als=factorisation.parameters,
        files={},
        venues=corpus.papers.venues,
        fields=corpus.papers.fields,
    )


def citing_arrays(
    references: Csr,
    cited_by: Csr,
    years: npt.NDArray[np.int16],
    venue_codes: npt.NDArray[np.int32],
    venues: int,
) -> Arrays:
    """When papers were cited, and which venues cite which; years and venue_codes (n,) are those of the layout."""
    links = venue_links(references, venue_codes, venues)
    return {
        layout.CITING_YEARS: citing_years(cited_by, years),
        layout.VENUE_LINK_KEYS: links.keys,
        layout.VENUE_LINK_COUNTS: links.counts,
        layout.VENUE_PAPERS: links.papers,
    }


def context_arrays(citations: csr_array, words: Words) -> Arrays:
    """The words that papers are cited with, by term."""
    offsets, papers, weights = heaviest_first(csr_array(citing_words(citations, words.weights).T))
    return {layout.CONTEXT_OFFSETS: offsets, layout.CONTEXT_PAPERS: papers, layout.CONTEXT_WEIGHTS: weights}


def word_arrays(words: Words) -> Arrays:
    """The word index of a bundle."""
    term_offsets, term_papers, term_weights = heaviest_first(csr_array(words.weights.T))
    paper_offsets, paper_terms = offsets_and_rows(words.weights)
    return {
        layout.VOCABULARY: words.terms,
        layout.TERM_IDF: words.idf,
        layout.PAPER_TERM_OFFSETS: paper_offsets,
        layout.PAPER_TERMS: paper_terms,
        layout.PAPER_TERM_WEIGHTS: words.weights.data,
        layout.TERM_PAPER_OFFSETS: term_offsets,
        layout.TERM_PAPERS: term_papers,
        layout.TERM_PAPER_WEIGHTS: term_weights,
    }


def work_arrays(papers: PaperTable, citations: npt.NDArray[np.int64]) -> Arrays:
    """Works and titles of a bundle. citations (n,): how often each paper is cited."""
    works = works_of(papers.described)
    hashes, rows = title_rows(papers.described, works, citations)
    return {layout.WORKS: works, layout.TITLE_HASHES: hashes, layout.TITLE_ROWS: rows}


def field_arrays(papers: PaperTable) -> Arrays:
    """Fields of study of a bundle."""
    codes = [code for of_paper in papers.field_codes for code in of_paper]
    return {
        layout.FIELD_OFFSETS: np.cumsum([0, *map(len, papers.field_codes)], dtype=np.int64),
        layout.FIELD_CODES: np.array(codes, dtype=np.int32),
    }


def _identifiers(papers: PaperTable) -> Arrays:
    encoded = [paper_id.encode("utf-8") for paper_id in papers.ids]
    names = {layout.id_hash(paper_id): row for row, paper_id in enumerate(papers.ids)}
    if len(names) != len(encoded):
        raise CorruptData("two papers have the same id")
    for row, aliases in enumerate(papers.aliases):
        for alias in aliases:
            names.setdefault(layout.id_hash(alias), row)
    hashes = np.fromiter(names.keys(), dtype=np.uint64, count=len(names))
    rows = np.fromiter(names.values(), dtype=np.int32, count=len(names))
    order = np.argsort(hashes)
    return {
        layout.PAPER_IDS: np.frombuffer(b"".join(encoded), dtype=np.uint8),
        layout.PAPER_ID_OFFSETS: np.cumsum([0, *map(len, encoded)], dtype=np.int64),
        layout.ID_HASHES: hashes[order],
        layout.ID_ROWS: rows[order],
    }
