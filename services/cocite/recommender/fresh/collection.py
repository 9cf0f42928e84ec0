"""Papers that came or changed since a training, as the catalogue tells of them one after another."""

from collections.abc import Sequence
from dataclasses import replace

from cocite.core.paper import text_of
from cocite.recommender.bundle import Bundle
from cocite.recommender.display import named
from cocite.recommender.fresh.paper import FreshPaper, Vector


class FreshPapers:
    """At most limit papers that are newer than a bundle, and as many that it shows otherwise. For one thread.

    cursor is the arrival up to which the catalogue has been read. changed tells that the papers are others than when
    it was last set to False. Papers of another collection are kept if they are still newer, so that after a training
    none is missing while the catalogue is read again.
    """

    def __init__(self, bundle: Bundle, limit: int, before: Sequence[FreshPaper] = ()) -> None:
        self.bundle = bundle
        self.cursor = bundle.manifest.catalogue_cursor
        self.changed = False
        self._limit = limit
        self._has_texts = bundle.text_vectors.has_nonzero()
        self._papers: dict[str, FreshPaper] = {}  # new ones
        self._known: dict[str, FreshPaper] = {}
        for fresh in before:
            if fresh.number > self.cursor:
                self.take(fresh)
        self.cursor = bundle.manifest.catalogue_cursor
        self.changed = bool(before)  # without any, the bundle serves as it is

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another new paper."""
        return len(self._papers) >= self._limit

    def papers(self) -> list[FreshPaper]:
        """All of them, in order of id: the same in every process that has read as far."""
        every = self._papers | self._known
        return [every[paper_id] for paper_id in sorted(every)]

    def take(self, fresh: FreshPaper) -> None:
        """Note the next arrival: one of a known paper, of a new one, or one that says more of a paper that is here."""
        self.cursor = fresh.number
        rows = [int(row) for row in self.bundle.rows_of(fresh.ids) if row >= 0]
        replaced = [kept.pop(name) for kept in (self._papers, self._known) for name in fresh.ids if name in kept]
        if not rows:
            self._papers[fresh.paper.paper_id] = _with_known_vector(fresh, replaced)
        elif self._is_news(fresh, rows) and len(self._known) < self._limit:
            self._known[fresh.paper.paper_id] = fresh
        elif not replaced:
            return
        self.changed = True

    def _is_news(self, fresh: FreshPaper, rows: Sequence[int]) -> bool:
        """Whether a paper that the bundle has in rows is shown otherwise by now."""
        return bool(fresh.display) and any(
            named(fresh.display, self.bundle.paper_id(row)) != self.bundle.display.of(row) for row in rows
        )

    def without_vector(self) -> list[FreshPaper]:
        """Papers that have a text and no vector that fits the bundle yet, the first to come first.

        None where no paper of the bundle has a text: there would be nothing to compare them to.
        """
        if not self._has_texts:
            return []
        known, wanted = self._papers.values(), self.bundle.manifest.embedding_model_version
        waiting = [each for each in known if each.embedding_model_version != wanted and text_of(each.paper)]
        return sorted(waiting, key=lambda fresh: fresh.number)

    def give_vectors(self, papers: Sequence[FreshPaper], vectors: Sequence[Vector]) -> None:
        """The vectors of papers, in their order."""
        for fresh, vector in zip(papers, vectors, strict=True):
            version = self.bundle.manifest.embedding_model_version
            self._papers[fresh.paper.paper_id] = replace(fresh, vector=vector, embedding_model_version=version)
        self.changed = True


def _with_known_vector(fresh: FreshPaper, before: Sequence[FreshPaper]) -> FreshPaper:
    for each in before:
        if each.vector is not None and text_of(each.paper) == text_of(fresh.paper):
            return replace(fresh, vector=each.vector, embedding_model_version=each.embedding_model_version)
    return fresh
