"""Subscribe, ConfirmSubscription and Unsubscribe."""

from cocite.catalogue.readers import Readers
from cocite.catalogue.subscription_records import Choice, Period
from cocite.catalogue.subscriptions import Subscriptions
from cocite.core.errors import NotFound
from cocite.core.settings import Settings
from cocite.feeds.mail_confirming import ConfirmationSender
from cocite.feeds.mail_settings import checked_address, mail_server
from cocite.feeds.reader_refs import require_name
from cocite.feeds.secrets import Signer, whole_numbers
from cocite.v1 import feed_service_pb2 as pb


class Subscribing:
    """Answers validated requests. sender is told of each mail to be sent; None where no mails are sent."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        readers: Readers,
        signer: Signer,
        settings: Settings,
        sender: ConfirmationSender | None,
    ) -> None:
        self._subscriptions = subscriptions
        self._readers = readers
        self._signer = signer
        self._settings = settings
        self._sender = sender

    def subscribe(self, request: pb.SubscribeRequest) -> pb.SubscribeResponse:
        """Queue the mail that asks for a confirmation; the same answer when the mailbox has had too many of them.

        Raises NotReady where no mails are sent, InvalidArgument for an address that none can be sent to.
        """
        mail_server(self._settings)
        email = checked_address(request.email)
        reader_key = None
        if request.HasField("reader"):
            reader_key = self._readers.create(require_name(request.reader)).reader_key
        fields = tuple(dict.fromkeys(request.fields))
        if self._subscriptions.ask(email, Choice(Period(request.period), fields, reader_key)) and self._sender:
            self._sender.wake()
        return pb.SubscribeResponse()

    def confirm(self, request: pb.ConfirmSubscriptionRequest) -> pb.ConfirmSubscriptionResponse:
        """Let the subscription hold. Raises NotFound for a token that is not, or no longer, valid."""
        period = self._subscriptions.confirm(self._key("confirm", request.token))
        return pb.ConfirmSubscriptionResponse(period=pb.DigestPeriod.Name(period.value))

    def unsubscribe(self, request: pb.UnsubscribeRequest) -> pb.UnsubscribeResponse:
        """End the subscription; the same again for one that has ended. Raises NotFound for a token of none."""
        self._subscriptions.end(self._key("unsubscribe", request.token))
        return pb.UnsubscribeResponse()

    def _key(self, purpose: str, token: str) -> int:
        numbers = whole_numbers(self._signer.verify(purpose, token), 1)
        if numbers is None:
            raise NotFound("this link is not valid", hint="copy the whole link from the mail", field="token")
        return numbers[0]
