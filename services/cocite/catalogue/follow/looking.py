"""One look through a listing that is followed: its papers into the catalogue, page by page.

Each page is one transaction that holds its papers and how far the look has come, so a look that ends at any moment
goes on from its last page. Looks overlap. What the look before was told in the same words is passed over, so that two
sources that describe a paper differently do not overwrite each other again and again.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cocite.catalogue.follow import progress
from cocite.catalogue.follow.progress import FollowProgress, Look
from cocite.catalogue.follow.source import Page, Source
from cocite.catalogue.ingest.rejects import RejectsFile
from cocite.catalogue.ingest.summary import Summary
from cocite.catalogue.ingest.taking import parse_row, take
from cocite.catalogue.polite_http import Validators
from cocite.catalogue.records import Outcome, PaperRecord, Record
from cocite.catalogue.store import Catalogue

MAX_ROWS = 10_000  # of one look; the listing of more is no news


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look did. since: from when on; cut: whether it ended at MAX_ROWS, older entries left out."""

    summary: Summary
    since: datetime
    cut: bool = False


class Follower:
    """Looks through listings into one catalogue.

    rejects_dir: where rejected entries are listed, one file a source, of its last look. first: how far the first look
    at a source goes back. announce gets the papers of each page that are new, once they are stored; whole surrounds
    commit and announcement, for those who must not be cut off between the two.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        rejects_dir: Path,
        *,
        first: timedelta,
        announce: Callable[[Source, list[PaperRecord]], None],
        whole: Callable[[], AbstractContextManager[None]] = nullcontext,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._catalogue = catalogue
        self._rejects_dir = rejects_dir
        self._first = first
        self._announce = announce
        self._whole = whole
        self._max_rows = max_rows

    def look(self, source: Source, now: datetime) -> Looked:
        """Take in what a source lists since the last look. Raises what Source.page and the catalogue raise."""
        with self._catalogue.reading() as connection:
            state = progress.load(connection, source.name)
        look = state.next_look(now, source.overlap, self._first)
        state.look = look
        known = Validators() if look.position else state.validators
        page = source.page(look.since, look.position, known)
        if page is None:
            look.validators, look.told = state.validators, sorted(state.told)
            state.end_look()
            with self._catalogue.writing() as connection:
                progress.save(connection, source.name, state)
            return Looked(look.summary, look.since)
        if not look.position:
            look.validators = page.validators
        with RejectsFile(self._rejects_path(source)) as rejects:
            rejects.resume(look.rejects_size, look.rejects_digest)
            while self._store(source, page, state, look, rejects):
                page = source.page(look.since, look.position, Validators())
                assert page is not None  # nothing is known that it could be
        return Looked(look.summary, look.since, bool(page.next_position))

    def _store(self, source: Source, page: Page, state: FollowProgress, look: Look, rejects: RejectsFile) -> bool:
        """Store a page; whether there is another to look at."""
        parsed = [parse_row(source.parse, row) for row in page.rows]
        digests = ["" if isinstance(item, str) else _digest(item) for item in parsed]
        news = [place for place, digest in enumerate(digests) if digest not in state.told]
        with ExitStack() as to_the_end:
            with self._catalogue.writing() as connection:
                rows, items = [page.rows[place] for place in news], [parsed[place] for place in news]
                new = take(connection, source.name, rows, items, look.summary, rejects)
                for _ in range(len(parsed) - len(news)):
                    look.summary.add(Outcome.UNCHANGED)
                look.told += filter(None, digests)
                look.position = page.next_position
                look.rejects_size, look.rejects_digest = rejects.sync()
                more = bool(page.next_position) and look.summary.read < self._max_rows
                if not more:
                    state.end_look()
                progress.save(connection, source.name, state)
                to_the_end.enter_context(self._whole())  # from the commit on
            self._announce(source, [record for record in new if isinstance(record, PaperRecord)])
        return more

    def _rejects_path(self, source: Source) -> Path:
        self._rejects_dir.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(source.name.encode()).hexdigest()[:16]
        return self._rejects_dir / f"follow-{digest}.jsonl"


def _digest(record: Record) -> str:
    return hashlib.sha256(repr(record).encode(errors="replace")).hexdigest()[:16]
