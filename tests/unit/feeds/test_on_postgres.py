"""The feed service on PostgreSQL: what it asks of a catalogue there, from the first reader on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocite.v1 import feed_service_pb2 as pb
from support.feed_site import NEW, OLD, WAIT_S, FeedSite, feed, feed_site, numbers, paper, reader
from support.postgres import postgres_server, postgres_url
from support.stack import eventually

__all__ = ["postgres_server", "postgres_url"]  # fixtures

ANN, BEN = reader("ann"), reader("ben")


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[FeedSite]:
    with feed_site(tmp_path, catalogue_url=postgres_url) as opened:
        yield opened


def test_readers_come_act_and_go(site: FeedSite) -> None:
    at = site.replica()

    def trending() -> list[str]:
        answer = at.ListTrending(pb.ListTrendingRequest(window=pb.TRENDING_WINDOW_DAY), timeout=WAIT_S)
        return [item.paper.paper_id for item in answer.items]

    newcomer = feed(at, ANN)
    assert (newcomer.personal, [*newcomer.degraded], len(newcomer.items)) == (False, [], OLD + NEW)
    for number in (5, 6, 7):  # one after the other: what was counted before is at hand then
        site.act(at, ANN, pb.EVENT_KIND_SAVE, number)
        assert eventually(lambda number=number: paper(number) in trending())
        assert number not in numbers(feed(at, ANN))
    site.act(at, BEN, pb.EVENT_KIND_UPVOTE, OLD + 3)
    new = at.ListNew(pb.ListNewRequest(similar=2), timeout=WAIT_S)
    assert (numbers(new)[0], new.items[0].upvotes, new.total) == (OLD + 3, 1, NEW)
    held = at.GetReader(pb.GetReaderRequest(reader=ANN), timeout=WAIT_S)
    assert [each.paper.paper_id for each in held.papers] == [paper(7), paper(6), paper(5)]
    assert at.DeleteReader(pb.DeleteReaderRequest(reader=ANN), timeout=WAIT_S).deleted_events == 3
    assert at.GetReader(pb.GetReaderRequest(reader=ANN), timeout=WAIT_S) == pb.GetReaderResponse()
    assert not feed(at, ANN).personal
    assert eventually(lambda: trending() == [paper(OLD + 3)])
