"""The catalogue as this service needs it: it may come late and go away, and a hung one does not take the threads."""

import threading
from collections.abc import Mapping, Sequence

import structlog

from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError, Unavailable
from cocite.core.paper import Paper
from cocite.serving.breaker import Breaker

log = structlog.get_logger("cocite.features")

MAX_FAILURES = 3
OPEN_S = 1.0
_NO_PAPER = "local:health"


class CatalogueSource:
    """Papers of the catalogue at url. Thread-safe.

    The constructor raises InvalidArgument or CorruptData for what will never be a catalogue; one that only does not
    answer yet is opened by a later call.
    """

    def __init__(self, url: str, breaker: Breaker | None = None) -> None:
        self._url = url
        self._breaker = breaker or Breaker(MAX_FAILURES, OPEN_S)
        self._opening = threading.Lock()
        self._catalogue: Catalogue | None = None
        try:
            self._open()
        except Unavailable as error:
            log.warning("catalogue unavailable, trying again later", error=str(error))

    def get_papers(self, ids: Sequence[str]) -> Mapping[str, Paper]:
        """The paper of each canonical id or alias; unknown ones are absent. Raises Unavailable."""
        if not self._breaker.allow():
            raise Unavailable("the catalogue is left alone after failures in a row", retry_after_s=OPEN_S)
        try:
            papers = self._open().get_papers(ids)
        except Exception as error:
            if self._breaker.failed():
                log.warning("catalogue unavailable", error=str(error))
            if isinstance(error, CociteError):
                raise
            log.exception("catalogue failed")
            raise Unavailable("the catalogue failed", retry_after_s=OPEN_S) from error
        if self._breaker.succeeded():
            log.info("catalogue available again")
        return papers

    def ping(self) -> None:
        """Return when the catalogue answers. Raises Unavailable."""
        self.get_papers([_NO_PAPER])

    def close(self) -> None:
        """Give the connections back."""
        if self._catalogue:
            self._catalogue.close()

    def _open(self) -> Catalogue:
        if self._catalogue is None:
            if not self._opening.acquire(blocking=False):
                raise Unavailable("the catalogue is being opened", retry_after_s=OPEN_S)
            try:
                self._catalogue = self._catalogue or Catalogue.open(self._url)
            finally:
                self._opening.release()
        return self._catalogue
