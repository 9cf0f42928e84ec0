"""From answers of the feed service to the client's types."""

from datetime import UTC

from cocite.client import feed_types as types
from cocite.client.answers import degradations, enum_name, paper, reason
from cocite.client.types import Popularity
from cocite.v1 import feed_service_pb2 as pb


def kind(value: int) -> str:
    """The name of what a reader did."""
    return enum_name(pb.EventKind, value, "EVENT_KIND_")


def period(value: int) -> str:
    """The name of a digest's period."""
    return enum_name(pb.DigestPeriod, value, "DIGEST_PERIOD_")


def results(message: pb.RecordEventsResponse) -> tuple[types.EventResult, ...]:
    """What became of events."""
    return tuple(
        types.EventResult(each.event_id, enum_name(pb.EventStatus, each.status, "EVENT_STATUS_"))
        for each in message.results
    )


def feed_reason(message: pb.FeedReason) -> types.FeedReason | None:
    """Why an item is in a feed; None for a kind that this client does not know yet."""
    match message.WhichOneof("because"):
        case "acted_on":
            acted = message.acted_on
            return types.ActedOn(kind(acted.kind), acted.paper_id, acted.title)
        case "new_arrival":
            return types.NewArrival(message.new_arrival.date)
        case "trending_now":
            return types.TrendingNow(message.trending_now.readers)
        case "popularity":
            return Popularity(message.popularity.citation_count)
    return None


def feed(message: pb.ListFeedResponse) -> types.Feed:
    """A page of a feed."""
    return types.Feed(
        items=tuple(
            types.FeedItem(
                paper=paper(item.paper),
                rank=item.rank,
                reasons=tuple(known for known in map(feed_reason, item.reasons) if known is not None),
                evidence=tuple(known for known in map(reason, item.evidence) if known is not None),
                attribution_token=item.attribution_token,
            )
            for item in message.items
        ),
        next_page_token=message.next_page_token,
        degraded=degradations(message.degraded),
        model_version=message.model_version,
        personal=message.personal,
    )


def trending(message: pb.ListTrendingResponse) -> types.Trending:
    """A page of what is trending."""
    return types.Trending(
        items=tuple(
            types.TrendingItem(
                paper(item.paper), item.rank, item.score, item.upvotes, item.saves, item.attribution_token
            )
            for item in message.items
        ),
        next_page_token=message.next_page_token,
        degraded=degradations(message.degraded),
        fields=tuple(message.fields),
    )


def new_papers(message: pb.ListNewResponse) -> types.NewPapers:
    """A page of a day's papers."""
    return types.NewPapers(
        items=tuple(
            types.NewItem(
                paper=paper(item.paper),
                rank=item.rank,
                similar=tuple(map(paper, item.similar)),
                upvotes=item.upvotes,
                attribution_token=item.attribution_token,
                score=item.score,
            )
            for item in message.items
        ),
        next_page_token=message.next_page_token,
        degraded=degradations(message.degraded),
        date=message.date,
        previous_date=message.previous_date,
        next_date=message.next_date,
        total=message.total,
    )


def reader_data(message: pb.GetReaderResponse) -> types.ReaderData:
    """What is held about a reader."""
    return types.ReaderData(
        papers=tuple(
            types.ReaderPaper(paper(each.paper), tuple(map(kind, each.kinds)), each.last_at.ToDatetime(UTC))
            for each in message.papers
        ),
        next_page_token=message.next_page_token,
        event_count=message.event_count,
        first_event_at=message.first_event_at.ToDatetime(UTC) if message.HasField("first_event_at") else None,
        feed_token=message.feed_token,
        subscriptions=tuple(
            types.Subscription(each.masked_email, period(each.period), each.confirmed, tuple(each.fields))
            for each in message.subscriptions
        ),
        library_entries=message.library_entries,
    )
