"""How many of the nearest papers the indexes find: asked of a few papers now and then, while the recommender serves.

An index is measured when it is made; what a filter, a new release or a damaged file makes of it is seen here. Each
probe takes papers by chance and compares what the index gives for them with all rows looked at, block by block.
"""

import threading
import time
from collections.abc import Callable, Mapping

import numpy as np
import structlog

from cocite.recommender.allowed import Allowed
from cocite.recommender.bundle import Bundle
from cocite.recommender.query import Query
from cocite.recommender.ranking.fusion import top_rows
from cocite.recommender.reload import Models
from cocite.recommender.retrieval.nearest import Aimed, Space

log = structlog.get_logger("cocite.recall")

PERIOD_S = 60.0  # between probes
SHARE = 0.005  # of one core at most: a probe that takes long is followed by a longer pause
BEST = 20  # papers looked for
PAPERS = 4  # a probe
_BLOCK = 1 << 16  # rows looked at in one go


class RecallProbe:
    """A thread that probes; recall holds, by the name of an index, the share of the best that was found last."""

    def __init__(
        self, models: Models, seed: int | None = None, period_s: float = PERIOD_S, share: float = SHARE
    ) -> None:
        self._models = models
        self._random = np.random.default_rng(seed)
        self._period_s = period_s
        self._share = share
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recall", daemon=True)
        self.recall: Mapping[str, float] = {}

    def start(self) -> None:
        """Probe from now on."""
        self._thread.start()

    def close(self) -> None:
        """End; a probe under way breaks off."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        pause_s = self._period_s
        while not self._stop.wait(pause_s):
            took_s = self._probed()
            pause_s = max(self._period_s, took_s / self._share)

    def _probed(self) -> float:
        """Probe once; the CPU that it took, in seconds."""
        started = time.thread_time()
        model = self._models.serving
        try:
            self.recall = recall_of(model.bundle, self._random, self._stop.is_set) if model else {}
        except Exception:  # a measurement must not end anything
            log.exception("recall not measured")
            self.recall = {}
        return time.thread_time() - started


def recall_of(
    bundle: Bundle, random: np.random.Generator, stopped: Callable[[], bool] = lambda: False
) -> dict[str, float]:
    """Of each index of a bundle the share of the BEST papers next to some papers that it finds, by its name.

    Bundles of few papers have no index and nothing is told of them; nor is it of what stopped breaks off.
    """
    spaces = {"texts": (Space.of_texts(bundle), False), "factors": (Space.of_items(bundle), True)}
    found: dict[str, float] = {}
    for name, (space, over_root) in spaces.items():
        if space.index is None or not bundle.trained_count:
            continue
        rows = random.integers(0, bundle.trained_count, PAPERS).tolist()
        shares = [_recall(space, over_root, row, bundle, stopped) for row in rows]
        told = [share for share in shares if share is not None]
        if told and not stopped():
            found[name] = float(np.mean(told))
    return found


def _recall(space: Space, over_root: bool, row: int, bundle: Bundle, stopped: Callable[[], bool]) -> float | None:
    """None where no paper is near, as for one without a text."""
    aimed = Aimed(space, space.matrix[row], over_root, None)
    allowed = Allowed(Query(positive_rows=(row,)), bundle)
    scores = np.full(len(space.matrix), -np.inf, dtype=np.float32)
    for start in range(0, scores.size, _BLOCK):
        if stopped():
            return None
        rows = np.arange(start, min(start + _BLOCK, scores.size))
        scores[rows] = np.where(allowed.of(rows), aimed.of(rows), -np.inf)
    best = top_rows(scores, BEST)
    return float(np.isin(best, aimed.best(BEST, allowed)).mean()) if best.size else None
