"""A reader's browser that never stops sending events, and remembers which of them were acknowledged."""

import itertools
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
import sqlalchemy as sa

from chaos.harness.home import settings_of
from chaos.harness.verdict import Check
from cocite.catalogue.schema import events
from cocite.catalogue.store import Catalogue
from cocite.cli.model_seeds import seeds_of_model
from cocite.serving.channel import open_channel
from cocite.v1 import feed_service_pb2 as pb

RECORD = "/cocite.v1.FeedService/RecordEvents"
BATCH = 5
PAUSE_S = 0.02
BACK_S = 10.0
DEADLINE_S = 2.0
_KEPT = {pb.EVENT_STATUS_RECORDED, pb.EVENT_STATUS_RECORDED_AHEAD, pb.EVENT_STATUS_DUPLICATE}


class Sender:
    """Sends batches one after another from entering the block to stop(); views, which no ranking counts."""

    def __init__(self, target: str, home: Path) -> None:
        self._channel = open_channel(target)
        self._method = self._channel.unary_unary(
            RECORD, pb.RecordEventsRequest.SerializeToString, pb.RecordEventsResponse.FromString
        )
        self._papers = seeds_of_model(settings_of(home), 200)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events")
        self.acknowledged: list[tuple[float, str]] = []  # when, on the monotonic clock, and the event's id
        self.refused: Counter[str] = Counter()  # batches by status

    def _run(self) -> None:
        for number in itertools.count():
            if self._over.wait(PAUSE_S):
                return
            self._send(number)

    def _send(self, number: int) -> None:
        batch = [
            pb.Event(
                event_id=f"view-{number}-{place}",
                reader=pb.ReaderRef(reader_id=f"viewer-{number % 20}"),
                kind=pb.EVENT_KIND_VIEW,
                paper_id=self._papers[(BATCH * number + place) % len(self._papers)],
            )
            for place in range(BATCH)
        ]
        try:
            answer = self._method(pb.RecordEventsRequest(events=batch), timeout=DEADLINE_S)
        except grpc.RpcError as error:
            self.refused[error.code().name] += 1
            return
        now = time.monotonic()
        self.acknowledged += [(now, result.event_id) for result in answer.results if result.status in _KEPT]

    def first_after(self, begin: float) -> float:
        """Seconds from begin until one was acknowledged; infinite where none was."""
        return next((at - begin for at, _ in self.acknowledged if at >= begin), float("inf"))

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        self._thread.join()

    def lost(self, catalogue_url: str) -> int:
        """Acknowledged events that the catalogue does not hold."""
        with Catalogue.open(catalogue_url) as catalogue, catalogue.reading() as connection:
            kept = set(connection.execute(sa.select(events.c.event_id)).scalars())
        return sum(name not in kept for _, name in self.acknowledged)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._channel.close()


def event_checks(sender: Sender, catalogue_url: str, back: float) -> list[Check]:
    """Whether events were refused while their store was gone, and taken again; call it when the sender has stopped."""
    taken = len(sender.acknowledged)
    return [
        Check(f"lost of {taken} acknowledged events", sender.lost(catalogue_url), 0),
        Check("batches refused", sum(sender.refused.values()), 1, at_least=True),
        Check("events taken again after", sender.first_after(back), BACK_S, "s"),
    ]
