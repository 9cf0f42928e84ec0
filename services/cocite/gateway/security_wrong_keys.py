"""Whoever tries out keys is slowed, and whoever shares an address with them is not.

Wrong keys are counted by address and by the key that they claim to be, those of no key that there is together. After
some of them every secret that comes from there for that key is answered only after a pause, right or wrong, and the
pause doubles up to a bound: who does not wait has learnt nothing. Secrets of other keys have other counts, so that
neighbours behind one address are not held up; nor is, at an address, who has shown the right secret there before.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from cocite.core.errors import Overloaded

_FREE = 10  # wrong keys without a pause
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 8.0
_FORGOTTEN_S = 600.0  # without another wrong key
_WAITING, _WAITING_OF_ALL = 4, 32  # requests that pause, from one address for one key and in all
_MOST = 1 << 14  # counts; of those asked of longest ago nothing is remembered


@dataclass(slots=True)
class _Count:
    wrong: int = 0
    at: float = 0.0  # of the last wrong one
    waiting: int = 0
    proved: bool = False  # the right secret has come from there

    def pause_s(self, now: float) -> float:
        """Seconds that the next secret waits."""
        if now - self.at > _FORGOTTEN_S:
            self.wrong = 0
        if self.wrong < _FREE:
            return 0.0
        return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self.wrong - _FREE, 10))


class WrongKeys:
    """Counts of one process, by the clock of its event loop."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._waiting = 0

    def __len__(self) -> int:
        return len(self._counts)

    async def slow(self, address: str, key_id: str, *, right: bool) -> None:
        """Return when the caller may be told whether its secret is right. key_id: "" where the secret is of no key.

        Raises Overloaded, for a right one as for a wrong one, when too many wait already.
        """
        count, clock = self._count(address, key_id), asyncio.get_running_loop().time
        pause_s = count.pause_s(clock())
        if pause_s and not (right and count.proved):
            await self._pause(count, pause_s)
        if right:
            count.proved = True
        else:
            count.wrong += 1
            count.at = clock()

    def _count(self, address: str, key_id: str) -> _Count:
        name = (address, key_id)
        count = self._counts.setdefault(name, _Count())
        self._counts.move_to_end(name)
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)
        return count

    async def _pause(self, count: _Count, pause_s: float) -> None:
        if count.waiting >= _WAITING or self._waiting >= _WAITING_OF_ALL:
            raise Overloaded("too many wrong keys come from this address", retry_after_s=pause_s)
        count.waiting += 1
        self._waiting += 1
        try:
            await asyncio.sleep(pause_s)
        finally:
            count.waiting -= 1
            self._waiting -= 1
