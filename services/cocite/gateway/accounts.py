"""What a request has paid for out of its caller's quota, and pays when it turns out to cost more."""

from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar

from cocite.core.errors import Overloaded
from cocite.serving.keys import Scope

# Takes so many requests of the caller, for what counts as so many in all. Raises QuotaExceeded.
Take = Callable[[int, int], Awaitable[None]]


class QuotaExceeded(Overloaded):
    """The caller's requests are spent; where retry_after_s is None, it never has as many as it asks for."""

    reason = "QUOTA_EXCEEDED"


class Account:
    """One request's. caller: whose quota it is; scopes: what the caller may do.

    paid: requests that are paid for and not spent.
    """

    def __init__(self, caller: str, scopes: Collection[Scope], take: Take, paid: int) -> None:
        self.caller = caller
        self.scopes = scopes
        self._take = take
        self._paid = paid

    async def pay(self, weight: int) -> None:
        """See that so much is paid for. Raises QuotaExceeded; then nothing was taken."""
        if weight > self._paid:
            await self._take(weight - self._paid, weight)
            self._paid = weight

    async def spend(self, weight: int) -> None:
        """Pay what is not paid for yet, and use it up. Raises QuotaExceeded."""
        await self.pay(weight)
        self._paid -= weight

    def another(self) -> "Account":
        """That of one more request of the same caller, with nothing paid."""
        return Account(self.caller, self.scopes, self._take, 0)


async def _for_nothing(_: int, __: int) -> None:
    """Where requests are not counted."""


UNCOUNTED = Account("nobody", (), _for_nothing, 0)
current: ContextVar[Account] = ContextVar("account", default=UNCOUNTED)  # of the request that is being answered
