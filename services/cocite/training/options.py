"""What a training run can be told."""

import math
from dataclasses import dataclass

from cocite.core.errors import InvalidArgument
from cocite.recommender.proposing import MAX_DEPTH


def _require(name: str, holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(f"{name} must be {what}", field=name)


@dataclass(frozen=True, slots=True)
class AlsOptions:
    """Parameters of the factorisation (Hu, Koren, Volinsky 2008) of the BM25-weighted citations.

    factors is an upper limit: corpora of few citing papers get fewer. regularization is in units of the mean
    confidence of a citation (alpha times its BM25 weight), so that it means the same in corpora of any size.
    The defaults were chosen on held-out references of 10,000 visualisation papers, and neighbouring values do about
    as well: much regularisation keeps rare papers in check, a small b hardly punishes long reference lists.
    words_share is what all words weigh beside all links, least_words what those of a paper weigh at least, in links;
    with both 0 words take no part. threads changes the speed, never the factors.
    """

    factors: int = 256
    alpha: float = 40.0
    regularization: float = 0.1
    iterations: int = 8
    words_share: float = 0.5
    least_words: float = 4.0
    k1: float = 100.0
    b: float = 0.2
    threads: int = 2

    def __post_init__(self) -> None:
        for name, least in (("factors", 1), ("iterations", 1), ("threads", 1)):
            _require(name, getattr(self, name) >= least, f"at least {least}")
        for name in ("alpha", "regularization", "k1"):
            value = getattr(self, name)
            _require(name, math.isfinite(value) and value > 0, "a positive number")
        for name in ("words_share", "least_words"):
            value = getattr(self, name)
            _require(name, math.isfinite(value) and value >= 0, "a number not below 0")
        _require("b", 0 <= self.b <= 1, "between 0 and 1")


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What one run of train does. seed decides the factors and what is hidden.

    choose tries how strongly the factorisation is held back. learn draws hidden references, as many times as draws
    says to learn from and once to measure on, and asks at most evaluation_queries of each kind in each. threads are
    those of the rank learner; they change its speed alone. One by default: several wait for each other at every tree,
    and on a busy machine take longer than one. related is how many results of each paper are kept ready, 0 for none.
    """

    seed: int = 0
    als: AlsOptions = AlsOptions()
    choose: bool = True
    learn: bool = True
    draws: int = 3
    evaluation_queries: int = 2000
    threads: int = 1
    related: int = 100
    bundles_kept: int = 5

    def __post_init__(self) -> None:
        _require("seed", 0 <= self.seed < 2**32, "between 0 and 4294967295")
        _require("evaluation_queries", self.evaluation_queries >= 1, "at least 1")
        _require("draws", self.draws >= 1, "at least 1")
        _require("threads", self.threads >= 1, "at least 1")
        _require("related", 0 <= self.related <= MAX_DEPTH, f"between 0 and {MAX_DEPTH}")
        _require("bundles_kept", self.bundles_kept >= 2, "at least 2")
