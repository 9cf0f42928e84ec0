"""ListNew: the papers of a day."""

from dataclasses import dataclass
from datetime import date

from cocite.catalogue.events import EventLog
from cocite.catalogue.listing import ListingDay
from cocite.catalogue.recent import recent_papers
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper
from cocite.feeds.experiments_tokens import plain_token
from cocite.feeds.secrets import Signer, short
from cocite.feeds.similar import SimilarPapers
from cocite.feeds.upvotes import NO_UPVOTES, Upvotes, upvotes_of
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_to_proto
from cocite.serving.wire_cache import Cacheable
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import paper_pb2

DEFAULT_PAGE_SIZE = 20
PAGE = "new page"  # purpose of page tokens
MOST = 5000  # papers of a day; more than a listing service has had
_METHOD = "ListNew"
_FIELD = "page_token"


@dataclass(frozen=True, slots=True)
class _Day:
    """Ids of the papers of a day in their order, with their upvotes."""

    listing: ListingDay
    papers: list[tuple[str, Upvotes]]


class NewPapers:
    """Answers ListNew. Thread-safe. memory holds answers for a few seconds."""

    def __init__(
        self,
        catalogue: Catalogue,
        log: EventLog,
        similar: SimilarPapers,
        signer: Signer,
        memory: AnswerMemory[bytes],
    ) -> None:
        self._catalogue = catalogue
        self._log = log
        self._similar = similar
        self._signer = signer
        self._memory = memory

    def at_once(self, data: bytes) -> Cacheable | None:
        """The answer to an encoded request that was answered a moment ago."""
        kept = self._memory.get(_METHOD, data)
        return None if kept is None else Cacheable(kept, "")

    def page(self, request: pb.ListNewRequest, deadline: Deadline) -> pb.ListNewResponse:
        """See feed_service.proto. Raises InvalidArgument for a date or a token that is none, Unavailable."""
        model = self._memory.model
        day, offset = self._start(request)
        found = self._day(day, request.field)
        answer = self._shown(found, offset, request, deadline) if found else pb.ListNewResponse(date=request.date)
        if not answer.degraded:
            self._memory.put(model, _METHOD, request.SerializeToString(), answer.SerializeToString(deterministic=True))
        return answer

    def _start(self, request: pb.ListNewRequest) -> tuple[date | None, int]:
        """The day asked for and where in it: a token names the day that the first page was of."""
        day = _date(request.date) if request.date else None
        if not request.page_token:
            return day, 0
        match self._signer.verify(PAGE, request.page_token):
            case (str(of_day), bytes(field), int(offset)) if field == short(request.field) and request.date in (
                "",
                of_day,
            ):
                return _date(of_day), offset
        raise InvalidArgument(
            "page_token is of another list", hint="repeat the request of the page before", field=_FIELD
        )

    def _day(self, day: date | None, field: str) -> _Day | None:
        listing = self._catalogue.listing_day(day, field)
        if listing is None:
            return None
        papers = recent_papers(self._catalogue, listing.day, MOST, until=listing.day, field=field)
        upvotes = upvotes_of(self._log, [paper.paper_key for paper in papers])
        upvoted = [(paper.paper_id, upvotes.get(paper.paper_key, NO_UPVOTES)) for paper in papers]
        return _Day(listing, sorted(upvoted, key=lambda each: (-each[1].weight, each[0])))

    def _shown(self, day: _Day, offset: int, request: pb.ListNewRequest, deadline: Deadline) -> pb.ListNewResponse:
        end = offset + (request.page_size or DEFAULT_PAGE_SIZE)
        page = day.papers[offset:end]
        ids = [paper_id for paper_id, _ in page]
        papers = self._catalogue.get_papers(ids)
        similar = self._similar.get(ids, request.similar, deadline)
        view = request.view or paper_pb2.PAPER_VIEW_BASIC
        of_day = day.listing.day.isoformat()
        token = self._signer.sign(PAGE, of_day, short(request.field), end)
        items = [
            pb.NewItem(
                paper=paper_to_proto(papers.get(paper_id, Paper(paper_id)), view),
                rank=rank,
                similar=like,
                upvotes=upvotes.readers,
                score=upvotes.weight,
                attribution_token=plain_token(self._signer, f"new {of_day}", rank),
            )
            for rank, ((paper_id, upvotes), like) in enumerate(zip(page, similar.papers, strict=True), offset + 1)
        ]
        return pb.ListNewResponse(
            items=items,
            next_page_token=token if end < len(day.papers) else "",
            date=of_day,
            previous_date=day.listing.previous.isoformat() if day.listing.previous else "",
            next_date=day.listing.following.isoformat() if day.listing.following else "",
            degraded=similar.degraded,
            total=min(day.listing.total, MOST),
        )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidArgument("date: there is no such day", hint="write it as YYYY-MM-DD", field="date") from None
