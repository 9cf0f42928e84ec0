"""One question to the services behind the gateway, and what may be kept of its answer."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from cocite.core.errors import DeadlineExceeded
from cocite.gateway.accounts import current
from cocite.gateway.answering import etag_of
from cocite.gateway.methods import Method
from cocite.gateway.reader_access import check_reader
from cocite.gateway.upstream import Upstream
from cocite.gateway.weights import weight_of
from cocite.serving.deadline import Deadline
from cocite.v1 import feed_service_pb2

_SHORTCOMINGS = ("degraded", "unresolved_seeds")  # of an answer that may be better in a moment
_FOR_ALL = (feed_service_pb2.ListTrendingResponse, feed_service_pb2.ListNewResponse)  # lists that have no reader


@dataclass(frozen=True, slots=True)
class Answer:
    """The encoded answer of a method."""

    method: Method
    body: bytes

    def message(self) -> Any:
        """The answer, decoded."""
        return self.method.response.FromString(self.body)

    @property
    def etag(self) -> str:
        """Names the answer: equal for equal ones."""
        return etag_of(self.body)


class Asker:
    """Asks upstream. default_s and longest_s: seconds that are waited where the client says nothing, and at most."""

    def __init__(self, upstream: Upstream, default_s: float, longest_s: float) -> None:
        self._upstream = upstream
        self._default_s = default_s
        self._longest_s = longest_s

    def deadline(self, timeout_s: float | None) -> Deadline:
        """Until when a client is answered that waits so long: one for all calls that its answer takes."""
        return Deadline.after(self._wait_s(timeout_s))

    async def ask(self, method: Method, request: bytes, timeout_s: float | None = None) -> Answer:
        """The answer to an encoded request that its caller may make and pays for.

        Raises PermissionDenied, QuotaExceeded, and the CociteError of any other failure.
        """
        wait_s = self._wait_s(timeout_s)
        if wait_s <= 0:  # which grpcio would let pass now and then
            raise DeadlineExceeded("the deadline passed before the work was done")
        account = current.get()
        check_reader(method, request, account.scopes)
        await account.spend(weight_of(method, request))
        return Answer(method, await self._upstream.call(method, request, wait_s))

    async def ask_within(self, deadline: Deadline, method: Method, request: Message) -> Any:
        """The message that answers another, in what is left of a deadline. Raises as ask does."""
        return (await self.ask(method, request.SerializeToString(), deadline.remaining())).message()

    def _wait_s(self, timeout_s: float | None) -> float:
        return self._default_s if timeout_s is None else min(timeout_s, self._longest_s)


def may_be_kept(answer: Message) -> bool:
    """Whether whoever asks the same may have it again: a model's answer or a list for all, with nothing amiss.

    What concerns one reader may not: it changes with what the reader does, and is nobody else's business.
    """
    told: Any = answer
    of_readers = answer.DESCRIPTOR.file.name == feed_service_pb2.DESCRIPTOR.name
    shared = isinstance(answer, _FOR_ALL) if of_readers else bool(getattr(told, "model_version", ""))
    return shared and not any(getattr(told, name, ()) for name in _SHORTCOMINGS)
