"""What stands in one subscriber's digest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cocite.catalogue.subscription_records import Choice
from cocite.feeds.digest_asking import FeedQuestions
from cocite.feeds.digest_occasions import Occasion
from cocite.feeds.mail_message import clean
from cocite.feeds.mail_settings import Postmark
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.paper_pb2 import Paper

FEED_ITEMS = 8
TRENDING_ITEMS = 5
FIELD_ITEMS = 8  # new papers of one field
NEW_ITEMS = 20  # new papers of a subscriber who has named no fields
AUTHORS = 3
OTHER = "Other subjects"

_ACTS = {
    pb.EVENT_KIND_CLICK: "opened",
    pb.EVENT_KIND_SAVE: "saved",
    pb.EVENT_KIND_UPVOTE: "upvoted",
    pb.EVENT_KIND_SUBMIT: "submitted",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper, all of it harmless text. by: authors, venue and year; why: why it is here, or ""."""

    title: str
    url: str
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Papers under a heading; subject is a field of study within it, or ""."""

    heading: str
    entries: tuple[Entry, ...]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest. new_papers is the number of entries that are new, under whatever heading they stand."""

    sections: tuple[Section, ...]
    new_papers: int


class Contents:
    """Makes the digests of one occasion."""

    def __init__(self, questions: FeedQuestions, postmark: Postmark, occasion: Occasion) -> None:
        self._questions = questions
        self._postmark = postmark
        self._occasion = occasion

    def digest(self, choice: Choice) -> Digest | None:
        """The digest of a subscriber, each paper in it once; None when there is nothing new to tell.

        A daily digest is told by its new papers: without any there is none. Raises what FeedQuestions does.
        """
        new = list(self._new(choice))
        if not new and len(self._occasion.days) == 1:
            return None
        seen: set[str] = set()
        feed = self._questions.feed(choice.reader_key, FEED_ITEMS) if choice.reader_key is not None else ()
        sections = [
            self._section("For you", ((item.paper, _why_in_feed(item)) for item in feed), FEED_ITEMS, seen),
            self._section(
                "Trending",
                ((item.paper, _upvotes(item.upvotes)) for item in self._questions.trending(choice.period)),
                TRENDING_ITEMS,
                seen,
            ),
        ]
        fresh = [
            self._section("New papers", ((item.paper, _upvotes(item.upvotes)) for item in items), most, seen, subject)
            for subject, items, most in new
        ]
        filled = tuple(section for section in (*sections, *fresh) if section.entries)
        shown_new = seen & {item.paper.paper_id for _, items, _ in new for item in items}
        return Digest(filled, len(shown_new)) if filled else None

    def _new(self, choice: Choice) -> Iterator[tuple[str, list[pb.NewItem], int]]:
        """New papers by subject, with how many of each subject there is room for."""
        for field in choice.fields:
            if items := self._of_all_days(field):
                yield clean(field, 100), items, FIELD_ITEMS
        if not choice.fields:
            by_subject: dict[str, list[pb.NewItem]] = {}
            for item in self._of_all_days("")[:NEW_ITEMS]:
                subject = clean(item.paper.fields[0], 100) if item.paper.fields else ""
                by_subject.setdefault(subject or OTHER, []).append(item)
            for subject in sorted(by_subject, key=lambda name: (name == OTHER, name)):
                yield subject, by_subject[subject], NEW_ITEMS

    def _of_all_days(self, field: str) -> list[pb.NewItem]:
        """The days' papers, most upvoted first, later days before earlier ones."""
        days = reversed(self._occasion.days)
        items = [item for day in days for item in self._questions.new(day, field)]
        return sorted(items, key=lambda item: -item.score)

    def _section(
        self, heading: str, papers: Iterable[tuple[Paper, str]], most: int, seen: set[str], subject: str = ""
    ) -> Section:
        entries: list[Entry] = []
        for paper, why in papers:
            if paper.paper_id not in seen and len(entries) < most:
                seen.add(paper.paper_id)
                entries.append(self._entry(paper, why))
        return Section(heading, tuple(entries), subject)

    def _entry(self, paper: Paper, why: str) -> Entry:
        names = [name for name in (clean(author, 80) for author in paper.authors[:AUTHORS]) if name]
        authors = ", ".join(names) + (" and others" if len(paper.authors) > AUTHORS else "")
        by = (authors, clean(paper.venue, 120), str(paper.year) if paper.HasField("year") else "")
        title = clean(paper.title, 400) or clean(paper.paper_id)
        return Entry(title, self._postmark.paper_url(paper.paper_id), " · ".join(filter(None, by)), why)


def _why_in_feed(item: pb.FeedItem) -> str:
    """The first reason that can be put in words."""
    for reason in item.reasons:
        match reason.WhichOneof("because"):
            case "acted_on" if reason.acted_on.kind in _ACTS:
                paper = clean(reason.acted_on.title, 120) or clean(reason.acted_on.paper_id)
                return f"because you {_ACTS[reason.acted_on.kind]} “{paper}”"
            case "new_arrival":
                return "new, and near what you read"
            case "trending_now":
                return _counted(reason.trending_now.readers, "reader", "readers") + " this week"
            case "popularity":
                return "much cited"
    return ""


def _upvotes(count: int) -> str:
    return _counted(count, "upvote", "upvotes") if count else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
