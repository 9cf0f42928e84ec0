"""cocite ingest --follow"""

import json as json_lines
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from cocite.catalogue.follow.looking import Follower, Looked
from cocite.catalogue.follow.names import sources
from cocite.catalogue.follow.source import Source
from cocite.catalogue.merging import preferred_id
from cocite.catalogue.records import PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.cli.ending import Ended, Ending
from cocite.cli.output import note, print_result, printable, progress_bars
from cocite.cli.words import counted
from cocite.core.errors import CociteError, InvalidArgument
from cocite.core.settings import load_settings

FIRST_RETRY_S = 60.0  # each wait is drawn between half of it and all, and doubles up to the time between looks
LONGEST_RETRY_S = 86_400.0
TITLES_SHOWN = 3
TITLE_SHOWN = 80  # characters


def follow(names: Sequence[str], *, since_days: int, every_s: float, once: bool, json: bool) -> None:
    """Take in what the sources list, until SIGTERM or Ctrl-C; with once a single time.

    Raises what is wrong with a source at its first look, and with once what failed.
    """
    try:
        with Ending() as ending, ExitStack() as stack:
            rounds = _rounds(names, stack, ending, since_days=since_days, every_s=every_s, json=json)
            rounds.once() if once else rounds.forever()
    except Ended as ended:
        note("stopped; the same command goes on from there")
        if once:
            raise SystemExit(128 + ended.number) from None


def _rounds(
    names: Sequence[str], stack: ExitStack, ending: Ending, *, since_days: int, every_s: float, json: bool
) -> "_Rounds":
    settings = load_settings()
    followed = sources(settings, names, stack)
    catalogue = stack.enter_context(Catalogue.open(settings.catalogue))
    news = _News(json)
    first = timedelta(days=since_days)
    rejects = settings.home / "rejects"
    follower = Follower(catalogue, rejects, first=first, announce=news.add, whole=ending.held)
    return _Rounds(follower, followed, news, every_s)


class _News:
    """Says what came: on stdout, with json, each new paper as it comes, on stderr a line for a whole look."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._titles: list[str] = []

    @contextmanager
    def look(self, source: Source) -> Iterator[None]:
        """Forget the look before; show on a terminal that this one goes on, which may take minutes."""
        self._titles = []
        if self._json:  # a bar would take what is printed meanwhile
            yield
            return
        with progress_bars() as report:
            report(f"looking at {source.name}", 0, 0)
            yield

    def add(self, source: Source, records: Sequence[PaperRecord]) -> None:
        """Say which papers are new."""
        for record in records:
            if len(self._titles) < TITLES_SHOWN:
                self._titles.append(printable(record.fields.title)[:TITLE_SHOWN].rstrip())
            if self._json:
                print_result(json_lines.dumps(_paper(source, record), ensure_ascii=False))

    def sum_up(self, source: Source, looked: Looked) -> None:
        """Say what a look brought."""
        summary = looked.summary
        others = [f"{summary.merged:,} changed"] * bool(summary.merged)
        others += [f"{summary.rejected_total:,} rejected"] * bool(summary.rejected_total)
        aside = f" ({', '.join(others)})" if others else ""
        unnamed = summary.stored - len(self._titles)
        titles = "; ".join(self._titles) + (f"; and {unnamed:,} more" if unnamed else "")
        news = f"{counted(summary.stored, 'new paper', 'new papers')}{aside}"
        note(f"{source.name}: {news}{f': {titles}' if self._titles else ''}")
        if looked.cut:
            left_out = f"more is listed since {looked.since.date()} than one look takes; the oldest is left out"
            note(f"{source.name}: {left_out}")


class _Rounds:
    """Looks at each source when it is due."""

    def __init__(self, follower: Follower, followed: Sequence[Source], news: _News, every_s: float) -> None:
        self._follower = follower
        self._followed = followed
        self._news = news
        self._every_s = every_s

    def once(self) -> None:
        """Look at each source; what fails is told, the last of it raised, once all have been looked at."""
        failed: CociteError | None = None
        for source in self._followed:
            try:
                self._look(source)
            except CociteError as error:
                if failed is not None:
                    note(printable(str(failed)))
                failed = error
        if failed is not None:
            raise failed

    def forever(self) -> None:
        """Look at each source every so often; one that fails is tried again, ever more seldom."""
        failures: Counter[str] = Counter()
        due = {source.name: time.monotonic() for source in self._followed}
        seen: set[str] = set()
        while True:
            source = min(self._followed, key=lambda each: due[each.name])
            time.sleep(max(0.0, due[source.name] - time.monotonic()))
            wait_s = self._every_s
            try:
                self._look(source)
                failures[source.name] = 0
                seen.add(source.name)
            except CociteError as error:
                if source.name not in seen and isinstance(error, InvalidArgument):
                    raise  # a source that was never good will not get better
                wait_s = retry_wait(failures[source.name], self._every_s, error.retry_after_s)
                failures[source.name] += 1
                note(f"{source.name}: {printable(str(error))}; trying again in {wait_s:.0f} s")
            due[source.name] = time.monotonic() + wait_s

    def _look(self, source: Source) -> None:
        with self._news.look(source):
            looked = self._follower.look(source, datetime.now(UTC))
        self._news.sum_up(source, looked)


def retry_wait(failures: int, every_s: float, retry_after_s: float | None) -> float:
    """Seconds until a source that failed so many times before is tried again; no less than its server asks for."""
    backoff_s = min(every_s, FIRST_RETRY_S * 2.0 ** min(failures, 20))
    return max(backoff_s * random.uniform(0.5, 1.0), min(retry_after_s or 0.0, LONGEST_RETRY_S))


def _paper(source: Source, record: PaperRecord) -> dict[str, object]:
    fields = record.fields
    return {
        "source": source.name,
        "paper_id": preferred_id(record.ids),
        "ids": record.ids,
        "title": fields.title,
        "authors": fields.authors,
        "year": fields.year,
        "published": fields.published_on and fields.published_on.isoformat(),
        "fields": fields.fields,
    }
