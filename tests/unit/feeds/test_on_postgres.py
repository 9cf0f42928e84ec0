"""The feed service on PostgreSQL: what it asks of a catalogue there, from the first reader on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from cocite.feeds import feed_lists
from cocite.v1 import degradation_pb2
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


@contextmanager
def unreachable(url: str) -> Iterator[None]:
    """The database of this URL takes no connections, and drops those it has, until the block ends."""
    database = make_url(url).database
    assert database
    admin_url = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    allowing = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(allowing.format(sql.Identifier(database), sql.Literal(False)))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        try:
            yield
        finally:
            admin.execute(allowing.format(sql.Identifier(database), sql.Literal(True)))


def test_while_the_catalogue_is_gone_feeds_go_on_and_say_so_and_events_are_refused(
    site: FeedSite, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_lists, "FRESH_S", 0.0)  # what is kept has grown too old to be given out as it is
    at = site.replica()
    site.act(at, ANN, pb.EVENT_KIND_SAVE, 10)
    before, newcomers = numbers(feed(at, ANN)), numbers(feed(at, BEN))
    with unreachable(postgres_url):
        for who, personal, shown in ((ANN, True, before), (reader("cas"), False, newcomers)):
            answer = feed(at, who, size=99)  # asked for like this nobody has it in memory
            assert degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE in [each.cause for each in answer.degraded]
            assert (answer.personal, numbers(answer)) == (personal, shown)
        with pytest.raises(grpc.RpcError) as refused:
            site.act(at, ANN, pb.EVENT_KIND_SAVE, 20)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    assert eventually(lambda: not feed(at, ANN, size=98).degraded)
    site.act(at, ANN, pb.EVENT_KIND_SAVE, 30)
    assert {29, 31} <= {*numbers(feed(at, ANN))}
