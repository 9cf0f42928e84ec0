"""How strongly the factorisation is held back, chosen by what it finds of what was hidden.

Reference lists are long and telling: they bear factors of their own for nearly every paper. Libraries of a few papers
do not; there much confidence and much regularisation find more (docs/decisions/0015).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from cocite.recommender.bundle import Bundle
from cocite.recommender.proposing import Proposer
from cocite.recommender.ranking.reranking import CANDIDATES, LIBRARY_CANDIDATES
from cocite.recommender.retrieval.asked import Asked
from cocite.recommender.retrieval.registry import retrievers_of
from cocite.training.draws import LEAST_ENTRIES, LEAST_REFERENCES, HeldOut, draw
from cocite.training.fitting import Material, fit, loaded
from cocite.training.metrics import recall
from cocite.training.options import AlsOptions, TrainingOptions
from cocite.training.progress import Progress, silent

STRENGTHS = ((40.0, 0.1), (80.0, 1.0), (160.0, 2.0))  # alpha and regularization, the weakest hold first
MOST_PAPERS = 50_000  # with more, a factorisation for each would cost more than it brings
LEAST_QUERIES = 100
_MOST_QUERIES = 300  # of each kind
_LEAD = 1.005  # a stronger hold has to find this much more
# Where recall is taken: as far as a list is read, and as far as the learned ranker looks for more.
_DEPTHS, _LIBRARY_DEPTHS = (20, CANDIDATES), (300, LIBRARY_CANDIDATES)


def choose(material: Material, options: TrainingOptions, progress: Progress = silent) -> AlsOptions:
    """options.als with the alpha and regularization of STRENGTHS that find most on one draw.

    Where all lists are too short to hide anything of, the strongest hold: the shorter the lists, the more it takes.
    options.als as it is for corpora of few lists, or of more than MOST_PAPERS papers.
    """
    corpus = material.corpus
    lengths = np.concatenate([np.diff(links.indptr) for links in (corpus.citations, corpus.libraries)])
    if np.count_nonzero(lengths) < LEAST_QUERIES or corpus.paper_count > MOST_PAPERS:
        return options.als
    if lengths.max() < min(LEAST_REFERENCES, LEAST_ENTRIES):
        return _of_strength(options.als, len(STRENGTHS) - 1)
    hidden = draw(corpus, options.seed + options.draws + 1, _MOST_QUERIES)  # none that is learned from or measured on
    queries = (*hidden.papers, *hidden.libraries)
    if len(queries) < LEAST_QUERIES:
        return options.als
    best, most = options.als, 0.0
    seen = material.seeing(hidden.corpus)
    for place in range(len(STRENGTHS)):
        progress("Choosing the factorisation", place, len(STRENGTHS))
        tried = _of_strength(options.als, place)
        found = _found(loaded(fit(seen, replace(options, als=tried))), queries)
        if found > most * _LEAD:
            best, most = tried, found
    progress("Choosing the factorisation", len(STRENGTHS), len(STRENGTHS))
    return best


def _of_strength(als: AlsOptions, place: int) -> AlsOptions:
    alpha, regularization = STRENGTHS[place]
    return replace(als, alpha=alpha, regularization=regularization)


def _found(bundle: Bundle, queries: Sequence[HeldOut]) -> float:
    """What all retrievers together find, as fused, both depths of recall added up: mean of the queries.

    Not what the factors find alone: those that are best alone may say no more than the other retrievers do.
    """
    proposer = Proposer(retrievers_of(bundle))
    total = 0.0
    with threadpool_limits(1, user_api="blas"):
        for held_out in queries:
            depths = _LIBRARY_DEPTHS if held_out.query.library_rows else _DEPTHS
            hits = np.isin(proposer.propose(Asked(held_out.query, bundle)).rows, held_out.relevant)
            total += sum(recall(hits, len(held_out.relevant), depth) for depth in depths)
    return total / len(queries)
