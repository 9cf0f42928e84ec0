"""Who cites whom in a synthetic corpus.

Each paper has a fitness drawn from a power law, and is cited by later papers in proportion to it (the fitness model
of preferential attachment; Bianconi and Barabasi 2001), which gives the number of citations a power-law tail. Most
references stay in the paper's own sub-topic, half are to the recent literature, and some are copied from the
references of what is cited (Krapivsky and Redner 2005), which makes papers be cited together.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.synthetic.people import Records
from cocite.synthetic.shape import SUBTOPICS, Block, Shape

_FITNESS_EXPONENT = 1.7  # of the tail: P(fitness > x) = x^-1.7
_MEAN_REFERENCES, _SPREAD = 13.0, 0.7  # drawn, log-normally; the same paper drawn twice counts once
_MOST_REFERENCES = 80
_LEVELS = (0.62, 0.14, 0.14, 0.10)  # own sub-topic, own topic, other sub-topic, anywhere
_COPIED = 0.25
_RECENT, _RECENT_SHARE = 0.5, 0.25  # half of the references go to the last quarter of what is there
_LEAST_RECENT = 20

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class References:
    """offsets int64 (n + 1,) and rows int32: CSR of citing to cited, ascending within a paper, all of them earlier."""

    offsets: Rows
    rows: npt.NDArray[np.int32]


def references_of(shape: Shape, records: Records) -> References:
    """The references of all papers."""
    fitness = shape.generator("fitness").pareto(_FITNESS_EXPONENT, shape.papers) + 1.0
    orders = (
        _Order.of(records.subtopics, fitness),
        _Order.of(records.subtopics // SUBTOPICS, fitness),
        _Order.of(np.zeros_like(records.subtopics), fitness),
    )
    drawn = [_drawn(shape, block, records, orders) for block in shape.blocks()]
    direct = _joined([_distinct(block, *each, shape.papers) for block, each in zip(shape.blocks(), drawn, strict=True)])
    return _joined([_with_copies(shape, block, direct) for block in shape.blocks()])


@dataclass(frozen=True, slots=True)
class _Order:
    """Papers by group, then time: keys (n,) are group * n + row, ascending; bounds (n + 1,) their fitness added up."""

    groups: npt.NDArray[np.integer]
    keys: Rows
    bounds: npt.NDArray[np.float64]

    @classmethod
    def of(cls, groups: npt.NDArray[np.integer], fitness: npt.NDArray[np.float64]) -> "_Order":
        keys = np.sort(groups.astype(np.int64) * groups.size + np.arange(groups.size))
        return cls(groups, keys, np.concatenate(([0.0], np.cumsum(fitness[keys % groups.size]))))

    def earlier(self, generator: np.random.Generator, groups: npt.NDArray[np.integer], rows: Rows) -> Rows:
        """For each row (k,) a fit paper of the group (k,) that is earlier, -1 where there is none."""
        n = self.groups.size
        first = np.searchsorted(self.keys, groups.astype(np.int64) * n)
        last = np.searchsorted(self.keys, groups.astype(np.int64) * n + rows)
        recent = np.maximum(((last - first) * _RECENT_SHARE).astype(np.int64), _LEAST_RECENT)
        first = np.where(generator.random(rows.size) < _RECENT, np.maximum(first, last - recent), first)
        points = self.bounds[first] + generator.random(rows.size) * (self.bounds[last] - self.bounds[first])
        places = np.searchsorted(self.bounds, points, side="right") - 1
        found = self.keys[np.clip(places, first, np.maximum(last - 1, first)).clip(max=n - 1)] % n
        return np.where(last > first, found, -1)


def _drawn(shape: Shape, block: Block, records: Records, orders: tuple[_Order, ...]) -> tuple[Rows, Rows]:
    """Citing and cited rows (k,), with repetitions."""
    generator = shape.generator("citations", block.number)
    mean = _MEAN_REFERENCES * (1.0 - _COPIED)
    counts = generator.lognormal(np.log(mean) - _SPREAD**2 / 2, _SPREAD, block.size)
    citing = np.repeat(np.arange(block.start, block.end), np.clip(counts, 1, _MOST_REFERENCES).astype(np.int64))
    own, topic, anywhere = orders
    choices = (
        (own, own.groups[citing]),
        (topic, topic.groups[citing]),
        (own, records.others[citing]),
        (anywhere, anywhere.groups[citing]),
    )
    level = np.searchsorted(np.cumsum(_LEVELS)[:-1], generator.random(citing.size), side="right")
    cited = np.full(citing.size, -1, dtype=np.int64)
    for place, (order, groups) in enumerate(choices):
        chosen = level == place
        cited[chosen] = order.earlier(generator, groups[chosen], citing[chosen])
    return citing[cited >= 0], cited[cited >= 0]


def _with_copies(shape: Shape, block: Block, direct: References) -> tuple[Rows, npt.NDArray[np.int32]]:
    """Counts and rows of the block's references, those copied from references among them."""
    generator = shape.generator("copies", block.number)
    start, end = direct.offsets[block.start], direct.offsets[block.end]
    cited = direct.rows[start:end].astype(np.int64)
    citing = np.repeat(np.arange(block.start, block.end), np.diff(direct.offsets[block.start : block.end + 1]))
    wanted = generator.random(cited.size) < _COPIED / (1.0 - _COPIED)
    lengths = direct.offsets[cited + 1] - direct.offsets[cited]
    places = direct.offsets[cited] + (generator.random(cited.size) * lengths).astype(np.int64)
    wanted &= lengths > 0
    copied = direct.rows[places[wanted]].astype(np.int64)
    return _distinct(block, np.concatenate((citing, citing[wanted])), np.concatenate((cited, copied)), shape.papers)


def _distinct(block: Block, citing: Rows, cited: Rows, papers: int) -> tuple[Rows, npt.NDArray[np.int32]]:
    """How many papers each of the block cites (b,), and their rows, ascending within each."""
    pairs = np.unique((citing - block.start) * papers + cited)
    counts = np.bincount(pairs // papers, minlength=block.size)
    return counts, (pairs % papers).astype(np.int32)


def _joined(parts: list[tuple[Rows, npt.NDArray[np.int32]]]) -> References:
    counts = np.concatenate([counts for counts, _ in parts])
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return References(offsets, np.concatenate([rows for _, rows in parts]))
