"""Trees for a synthetic model: learned from a small corpus of the same kind, as many and as large as training grows."""

import numpy as np

from cocite.bench.synthetic_corpus import citations_of, corpus_of, described, synthetic_words
from cocite.recommender.ranking.models import Rankers
from cocite.synthetic.corpus import SyntheticCorpus
from cocite.training.draws import draw
from cocite.training.evaluate import Observer
from cocite.training.fitting import Material, fit, loaded
from cocite.training.options import AlsOptions, TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.rank_learning import TREES, examples_of, fit_lambdamart
from cocite.training.vectors import TextVectors

_QUERIES, _DIMENSION = 400, 64
_FACTORS = AlsOptions(factors=64, iterations=3)


def learned_ranker(papers: int, seed: int, progress: Progress = silent) -> Rankers:
    """LambdaMART for queries by papers, from a corpus of so many. The same seed gives the same trees."""
    made = SyntheticCorpus.of(papers, seed)
    table, _ = described(papers, seed)
    corpus = corpus_of(made, table, citations_of(made), synthetic_words(made))
    text = TextVectors(made.text_vectors(dimension=_DIMENSION), "synthetic", 0)
    hidden = draw(corpus, seed, _QUERIES)
    model = fit(Material.of(corpus, text).seeing(hidden.corpus), TrainingOptions(seed=seed, als=_FACTORS))
    seen = Observer(loaded(model)).observe(
        hidden.papers, measured=False, phase="Looking at hidden papers", progress=progress
    )
    values, relevant = [each.values for each in seen], [each.relevant for each in seen]
    examples = examples_of(values, relevant, np.random.default_rng(seed))
    return Rankers(papers=fit_lambdamart(examples, seed, 1, lambda trees: progress("Growing trees", trees, TREES)))
