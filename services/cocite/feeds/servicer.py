"""FeedService over gRPC: each group of methods has a file of its own. Requests arrive validated; errors leave by the
interceptor. A method that nobody answers yet is UNIMPLEMENTED, as generated.
"""

import grpc

from cocite.feeds.feed_page import FeedPages
from cocite.feeds.new_papers import NewPapers
from cocite.feeds.readers import ReaderPages
from cocite.feeds.recording import Recording
from cocite.feeds.subscribing import Subscribing
from cocite.feeds.trending.service import Trending
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.feed_service_pb2_grpc import FeedServiceServicer


class FeedServicer(FeedServiceServicer):
    """Hands each call to who answers it."""

    def __init__(
        self,
        recording: Recording,
        feed: FeedPages,
        new: NewPapers,
        readers: ReaderPages,
        subscribing: Subscribing,
        trending: Trending,
        default_deadline_s: float,
    ) -> None:
        self._recording = recording
        self._feed = feed
        self._new = new
        self._readers = readers
        self._subscribing = subscribing
        self._trending = trending
        self._default_deadline_s = default_deadline_s

    def RecordEvents(self, request: pb.RecordEventsRequest, context: grpc.ServicerContext) -> pb.RecordEventsResponse:
        """See feed_service.proto."""
        answer = self._recording.record(request, self._deadline(context))
        self._trending.wake()
        return answer

    def ListFeed(self, request: pb.ListFeedRequest, context: grpc.ServicerContext) -> pb.ListFeedResponse:
        """See feed_service.proto."""
        return self._feed.page(request, self._deadline(context))

    def ListTrending(self, request: pb.ListTrendingRequest, context: grpc.ServicerContext) -> pb.ListTrendingResponse:
        """See feed_service.proto."""
        return self._trending.answer(request, self._deadline(context))

    def ListNew(self, request: pb.ListNewRequest, context: grpc.ServicerContext) -> pb.ListNewResponse:
        """See feed_service.proto."""
        return self._new.page(request, self._deadline(context))

    def Subscribe(self, request: pb.SubscribeRequest, context: grpc.ServicerContext) -> pb.SubscribeResponse:
        """See feed_service.proto."""
        return self._subscribing.subscribe(request)

    def ConfirmSubscription(
        self, request: pb.ConfirmSubscriptionRequest, context: grpc.ServicerContext
    ) -> pb.ConfirmSubscriptionResponse:
        """See feed_service.proto."""
        return self._subscribing.confirm(request)

    def Unsubscribe(self, request: pb.UnsubscribeRequest, context: grpc.ServicerContext) -> pb.UnsubscribeResponse:
        """See feed_service.proto."""
        return self._subscribing.unsubscribe(request)

    def GetReader(self, request: pb.GetReaderRequest, context: grpc.ServicerContext) -> pb.GetReaderResponse:
        """See feed_service.proto."""
        return self._readers.get(request, self._deadline(context))

    def RotateFeedToken(
        self, request: pb.RotateFeedTokenRequest, context: grpc.ServicerContext
    ) -> pb.RotateFeedTokenResponse:
        """See feed_service.proto."""
        return self._readers.rotate(request)

    def DeleteReader(self, request: pb.DeleteReaderRequest, context: grpc.ServicerContext) -> pb.DeleteReaderResponse:
        """See feed_service.proto."""
        return self._readers.delete(request)

    def _deadline(self, context: grpc.ServicerContext) -> Deadline:
        return Deadline.of(context, self._default_deadline_s)
