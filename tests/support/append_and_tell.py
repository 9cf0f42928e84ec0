"""Appends events without end and tells on standard output which were acknowledged; to be killed.

Usage: python tests/support/append_and_tell.py URL ROUND [--too-early]

Four callers append batches of 1 to 20 events, a few of each batch sent before. One line for each acknowledged batch,
its event ids, written at once. With --too-early batches are acknowledged before they are committed: what must not be.
"""

import os
import random
import sys
import threading
from itertools import count

from cocite.catalogue.events import EventKind, EventLog, NewEvent, ReaderName
from cocite.catalogue.store import Catalogue

CALLERS = 4


def work(log: EventLog, caller: str, too_early: bool) -> None:
    draw = random.Random(caller)
    sent: list[NewEvent] = []
    for number in count():
        batch = [
            NewEvent(
                f"{caller}-{number}-{place}",
                ReaderName(False, f"reader {draw.randrange(20)}"),
                draw.choice(list(EventKind)),
                f"s2:{draw.randrange(1, 60)}",
            )
            for place in range(draw.randrange(1, 20))
        ]
        batch += draw.sample(sent, min(2, len(sent)))
        sent = [*sent[-50:], *batch]
        line = " ".join(event.event_id for event in batch).encode() + b"\n"
        if too_early:
            os.write(1, line)
        log.append(batch, wait_s=60)
        if not too_early:
            os.write(1, line)


def main() -> None:
    url, name, *options = sys.argv[1:]
    with Catalogue.open(url) as catalogue, EventLog(catalogue) as log:
        callers = [
            threading.Thread(target=work, args=(log, f"{name}-{caller}", "--too-early" in options), daemon=True)
            for caller in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()


if __name__ == "__main__":
    main()
