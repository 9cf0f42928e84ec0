"""Follows the catalogue in the background, so that papers newer than the model are recommended within seconds.

What fails is tried again after growing pauses, and costs no answer: serving goes on with the papers that are there,
and those whose texts could not be embedded yet are known by their references and words.
"""

import threading
import time
from collections.abc import Callable

import structlog

from cocite.core.errors import CociteError, Unavailable
from cocite.core.paper import text_of
from cocite.recommender.clients import EmbeddingClient, FeatureClient
from cocite.recommender.fresh.collection import FreshPapers
from cocite.recommender.fresh.paper import FreshPaper
from cocite.recommender.reload import Models
from cocite.recommender.texts import MAX_TEXT_LENGTH
from cocite.serving.deadline import Deadline
from cocite.serving.papers import in_view, paper_from_proto
from cocite.v1 import paper_pb2
from cocite.v1.feature_service_pb2 import NewPaper

log = structlog.get_logger("cocite.recommender.fresh")

LONGEST_PAUSE_S = 60.0
_PAGES = 20  # of new papers in one look
_PAGE_S = 5.0
_TEXTS = 16  # embedded in one call: few, because callers' texts wait behind them
_EMBED_S = 5.0  # spent on texts in one look, before what is there is served
_REST = 10  # times as long as a swap took is waited before the next


class _Retry:
    """When something that failed is tried again: after pauses that double. Tells the log of the first failure."""

    def __init__(self, what: str, first_s: float, clock: Callable[[], float]) -> None:
        self._what = what
        self._first_s = first_s
        self._clock = clock
        self._pause_s = 0.0
        self._again_at = 0.0

    def due(self) -> bool:
        return not self._pause_s or self._clock() >= self._again_at

    def failed(self, error: CociteError) -> None:
        if not self._pause_s:
            log.warning(f"{self._what}, trying again", detail=error.message)
        self._pause_s = min(2 * self._pause_s or self._first_s, LONGEST_PAUSE_S)
        self._again_at = self._clock() + self._pause_s

    def succeeded(self) -> None:
        if self._pause_s:
            log.info(f"{self._what} no more")
        self._pause_s = 0.0


class Follower:
    """A thread that looks for new papers every interval_s seconds and hands them to models, at most limit of them.

    clock returns seconds on a monotonic clock.
    """

    def __init__(
        self,
        models: Models,
        features: FeatureClient,
        embedding: EmbeddingClient,
        interval_s: float,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = models
        self._features = features
        self._embedding = embedding
        self._interval_s = interval_s
        self._limit = limit
        self._clock = clock
        self._fresh: FreshPapers | None = None
        self._listing = _Retry("new papers cannot be read", interval_s, clock)
        self._embedding_texts = _Retry("texts of new papers cannot be embedded", interval_s, clock)
        self._next_swap = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fresh", daemon=True)

    def start(self) -> None:
        """Look in the background from now on; with a limit of 0 never."""
        if self._limit:
            self._thread.start()

    def close(self) -> None:
        """Stop; returns when the look under way is done, or after a few seconds without it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def look(self) -> None:
        """Read on in the catalogue, embed some texts, and serve what is there now."""
        bundle = self._models.trained
        if bundle is None:
            return
        fresh = self._fresh
        if fresh is None or fresh.bundle is not bundle:
            self._fresh = fresh = FreshPapers(bundle, self._limit, fresh.papers() if fresh else ())
        self._read(fresh)
        self._embed(fresh)
        if fresh.changed and self._clock() >= self._next_swap:
            started = self._clock()
            papers = fresh.papers()
            self._models.extend(papers)
            fresh.changed = False
            log.info("new papers serving", papers=len(papers), without_vector=len(fresh.without_vector()))
            ended = self._clock()
            self._next_swap = ended + _REST * (ended - started)

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                self.look()
            except Exception:  # a bug must not end the following, nor the process
                log.exception("looking for new papers failed")

    def _read(self, fresh: FreshPapers) -> None:
        for _ in range(_PAGES):
            if fresh.is_full or self._stop.is_set() or not self._listing.due():
                return
            try:
                page = self._features.new_papers(fresh.cursor, _PAGE_S)
            except CociteError as error:
                self._listing.failed(error)
                return
            self._listing.succeeded()
            for new in page.papers:
                if not fresh.is_full:
                    fresh.take(_fresh_paper(new))
            if fresh.is_full:
                log.warning("no room for further new papers until the next training", limit=self._limit)
            if not page.papers:
                return

    def _embed(self, fresh: FreshPapers) -> None:
        model = fresh.bundle.manifest
        waiting, until = fresh.without_vector(), self._clock() + _EMBED_S
        for start in range(0, len(waiting), _TEXTS):
            if self._clock() >= until or self._stop.is_set() or not self._embedding_texts.due():
                return
            some = waiting[start : start + _TEXTS]
            texts = [text_of(each.paper)[:MAX_TEXT_LENGTH] for each in some]
            try:
                version, vectors = self._embedding.embed(texts, Deadline.after(2 * _EMBED_S))
                if version != model.embedding_model_version or vectors.shape[1] != model.text_dimension:
                    raise Unavailable(f"the model was trained with {model.embedding_model_version}, not {version}")
            except CociteError as error:
                self._embedding_texts.failed(error)
                return
            self._embedding_texts.succeeded()
            fresh.give_vectors(some, list(vectors))


def _fresh_paper(new: NewPaper) -> FreshPaper:
    paper = paper_from_proto(new.paper)
    display = in_view(new.paper, paper_pb2.PAPER_VIEW_BASIC).SerializeToString(deterministic=True)
    return FreshPaper(new.cursor, paper, tuple(new.reference_ids), tuple(new.citing_ids), display=display)
