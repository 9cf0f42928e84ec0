"""The client of the feed service."""

from collections.abc import Sequence

from cocite.client import feed_answers as answers
from cocite.client import feed_requests as requests
from cocite.client.connection import Connection
from cocite.client.feed_types import Event, EventResult, Feed, NewPapers, Reader, ReaderData, Trending
from cocite.client.requests import text
from cocite.core.settings import load_settings
from cocite.serving.interceptor import validate
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub


class FeedClient(Connection):
    """Tells the feed service what readers do, and asks what to show them. target as for Client, COCITE_FEEDS_TARGET
    when None; errors as there.

    A reader is a Reader, or a str, which is a reader_id. page_size, page_token and view are as for Client.recommend.
    """  # fmt: skip

    target_setting = "COCITE_FEEDS_TARGET"

    def __init__(self, target: str | None = None, *, timeout_s: float = 5.0) -> None:
        super().__init__(load_settings().feeds_target if target is None else target, timeout_s)
        self._stub = FeedServiceStub(self.channel)  # type: ignore[no-untyped-call]  # generated

    def record(self, events: Event | Sequence[Event], *, timeout_s: float | None = None) -> tuple[EventResult, ...]:
        """Keep what readers did, at most 1000 events, in the order in which they happened.

        What became of each is told in that order; those kept are on disk. After an error send the same events again.
        """
        return answers.results(self.call(self._stub.RecordEvents, requests.record_request(events), timeout_s))

    def feed(
        self,
        reader: str | Reader,
        *,
        page_size: int = 0,
        page_token: str = "",
        view: str = "basic",
        timeout_s: float | None = None,
    ) -> Feed:
        """A page of a reader's feed, best first, by all the events kept so far."""
        request = requests.feed_request(reader, page_size, page_token, view)
        return answers.feed(self.call(self._stub.ListFeed, request, timeout_s))

    def trending(
        self,
        window: str = "week",
        *,
        field: str = "",
        page_size: int = 0,
        page_token: str = "",
        timeout_s: float | None = None,
    ) -> Trending:
        """A page of what is trending; window is "day", "week" or "month", field a field of study."""
        request = requests.trending_request(window, field, page_size, page_token)
        return answers.trending(self.call(self._stub.ListTrending, request, timeout_s))

    def new(
        self,
        date: str = "",
        *,
        field: str = "",
        similar: int = 0,
        page_size: int = 0,
        page_token: str = "",
        view: str = "basic",
        timeout_s: float | None = None,
    ) -> NewPapers:
        """A page of the papers of a day (YYYY-MM-DD), of the last one that has any by default.

        Each comes with as many similar papers, at most 10.
        """
        request = requests.new_request(date, field, similar, page_size, page_token, view)
        return answers.new_papers(self.call(self._stub.ListNew, request, timeout_s))

    def subscribe(
        self,
        email: str,
        period: str = "daily",
        *,
        reader: str | Reader | None = None,
        fields: str | Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> None:
        """Have a link mailed that confirms a digest; period is "daily" or "weekly", reader whose feed it holds."""
        request = requests.subscribe_request(email, period, reader, fields)
        self.call(self._stub.Subscribe, request, timeout_s)

    def confirm_subscription(self, token: str, *, timeout_s: float | None = None) -> str:
        """Confirm by the token that was mailed; answers the period."""
        request = pb.ConfirmSubscriptionRequest(token=text(token, "token"))
        validate(request)
        return answers.period(self.call(self._stub.ConfirmSubscription, request, timeout_s).period)

    def unsubscribe(self, token: str, *, timeout_s: float | None = None) -> None:
        """End a subscription by the token of any digest."""
        request = pb.UnsubscribeRequest(token=text(token, "token"))
        validate(request)
        self.call(self._stub.Unsubscribe, request, timeout_s)

    def reader(
        self,
        reader: str | Reader,
        *,
        page_size: int = 0,
        page_token: str = "",
        views: bool = False,
        timeout_s: float | None = None,
    ) -> ReaderData:
        """What is held about a reader, with a page of papers: page_size of them, at most 1000; 100 when 0.

        views: also papers that were only shown.
        """
        request = requests.reader_request(reader, page_size, page_token, views)
        return answers.reader_data(self.call(self._stub.GetReader, request, timeout_s))

    def rotate_feed_token(self, reader: str | Reader, *, timeout_s: float | None = None) -> str:
        """Make the reader's private feed address anew; answers its token. Raises NotFound where nothing is held."""
        request = pb.RotateFeedTokenRequest(reader=requests.reader_ref(reader))
        validate(request)
        answer: pb.RotateFeedTokenResponse = self.call(self._stub.RotateFeedToken, request, timeout_s)
        return answer.feed_token

    def delete_reader(self, reader: str | Reader, *, timeout_s: float | None = None) -> int:
        """Delete everything about a reader; answers how many events were held."""
        request = pb.DeleteReaderRequest(reader=requests.reader_ref(reader))
        validate(request)
        answer: pb.DeleteReaderResponse = self.call(self._stub.DeleteReader, request, timeout_s)
        return answer.deleted_events
