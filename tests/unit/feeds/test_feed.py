"""Personal feeds by two replicas of the real service, with a real Valkey and a catalogue that both share."""

import pytest

from cocite.catalogue.event_records import EventKind, NewEvent, ReaderName
from cocite.catalogue.events import EventLog
from cocite.feeds import reader_tags
from cocite.feeds.blending import MOST_NEW, NEW_EVERY
from cocite.feeds.feed_lists import FRESH_S
from cocite.feeds.reader_profile import SHOWN_ENOUGH
from cocite.v1 import feed_service_pb2 as pb
from support.feed_site import NAMESPACE, NEW, OLD, TODAY, WAIT_S, FeedSite, feed, numbers, paper, reader, statuses
from support.stack import eventually

CLICK, DISMISS, SAVE, VIEW = (
    pb.EVENT_KIND_CLICK,
    pb.EVENT_KIND_DISMISS,
    pb.EVENT_KIND_SAVE,
    pb.EVENT_KIND_VIEW,
)
ANN = reader("ann")


def test_a_save_is_in_the_next_feed_of_every_replica(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 5)
    before = feed(b, ANN)
    assert numbers(before)[0] in (4, 6)
    assert site.rankings(lambda: feed(b, ANN)) == 0, "kept, so that there is something to go out of date"
    site.act(a, ANN, SAVE, 50)
    after = feed(b, ANN)
    assert {49, 51} <= {*numbers(after)[:6]}
    assert 50 not in numbers(after)
    assert 50 in numbers(before)
    assert numbers(feed(a, ANN)) == numbers(after)


def test_a_list_ranked_by_one_replica_is_the_others_list(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 5)
    feed(a, ANN)
    assert site.rankings(lambda: feed(b, ANN)) == 0
    site.valkey.raw.flushall()
    assert site.rankings(lambda: feed(b, ANN)) == 0, "the catalogue says that nothing has happened since"
    site.act(a, ANN, CLICK, 7)
    assert site.rankings(lambda: feed(b, ANN)) > 0


def test_an_event_sent_again_changes_the_feed_though_its_first_sender_died(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 5)
    assert 30 in numbers(feed(at, ANN))
    with EventLog(site.catalogue) as log:  # as by a replica that died between its commit and its answer
        log.append([NewEvent("e-lost", ReaderName(False, "ann"), EventKind.DISMISS, paper(30))])
    assert 30 in numbers(feed(at, ANN)), "nobody was answered yet"
    again = pb.Event(event_id="e-lost", reader=ANN, kind=DISMISS, paper_id=paper(30))
    assert statuses(at, again) == [pb.EVENT_STATUS_DUPLICATE]
    assert 30 not in numbers(feed(at, ANN))


def test_papers_dismissed_acted_on_or_seen_enough_are_left_out(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    assert {11, 12, 13, 14} <= {*numbers(feed(at, ANN))}
    site.act(at, ANN, DISMISS, 11)
    site.act(at, ANN, CLICK, 12)
    site.act(at, ANN, VIEW, *[13] * SHOWN_ENOUGH)
    site.act(at, ANN, VIEW, *[14] * (SHOWN_ENOUGH - 1))
    found = numbers(feed(at, ANN))
    assert not {10, 11, 12, 13} & {*found}
    assert 14 in found
    assert [*site.taste.asked[-1].seeds.negative_ids] == [paper(11)]
    assert [*site.taste.asked[-1].seeds.library_ids] == [paper(10), paper(12)]


def test_what_is_taken_back_counts_no_longer(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10, 40)
    site.act(at, ANN, DISMISS, 11)
    assert 11 not in numbers(feed(at, ANN))
    site.act(at, ANN, DISMISS, 11, undo=True)
    site.act(at, ANN, SAVE, 40, undo=True)
    found = numbers(feed(at, ANN))
    assert {11, 40} <= {*found}
    assert [*site.taste.asked[-1].seeds.library_ids] == [paper(10)]
    assert not site.taste.asked[-1].seeds.negative_ids


def test_an_item_says_which_paper_it_goes_with_and_what_was_done(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    site.act(at, ANN, pb.EVENT_KIND_UPVOTE, 30)
    site.act(at, ANN, CLICK, 50)
    items = {item.paper.paper_id: item for item in feed(at, ANN).items}
    for near, far, kind in ((11, 10, SAVE), (31, 30, pb.EVENT_KIND_UPVOTE), (51, 50, CLICK)):
        (reason,) = items[paper(near)].reasons
        acted = reason.acted_on
        assert (acted.kind, acted.paper_id, acted.title) == (kind, paper(far), f"Paper {far}")
        assert items[paper(near)].evidence[0].seed == paper(far)
        assert items[paper(near)].paper.title == f"Paper {near}"


def test_new_papers_near_the_reader_have_their_places(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    answer = feed(at, ANN)
    new = [place for place, number in enumerate(numbers(answer), start=1) if number > OLD]
    assert new == [NEW_EVERY * n for n in range(1, NEW + 1)]
    assert NEW <= MOST_NEW
    item = answer.items[NEW_EVERY - 1]
    assert item.paper.paper_id == paper(OLD + 1), "the nearest to what was saved"
    assert item.reasons[0].new_arrival.date == TODAY.isoformat()
    assert item.reasons[1].acted_on.paper_id == paper(10)


def test_a_new_reader_is_told_that_the_feed_is_not_personal(site: FeedSite) -> None:
    at = site.replica()
    answer = feed(at, reader("newcomer"))
    assert not answer.personal
    assert not answer.degraded
    assert sorted(numbers(answer)) == list(range(1, OLD + NEW + 1))
    kinds = [item.reasons[0].WhichOneof("because") for item in answer.items]
    assert kinds == ["new_arrival"] * NEW + ["popularity"] * OLD
    held = at.GetReader(pb.GetReaderRequest(reader=reader("newcomer")), timeout=WAIT_S)
    assert held == pb.GetReaderResponse(), "to be asked leaves nothing behind"


def test_one_who_only_dismissed_is_shown_what_everybody_is_less_that(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, DISMISS, OLD + 1, 7)
    answer = feed(at, ANN)
    assert not answer.personal
    assert sorted(numbers(answer)) == [n for n in range(1, OLD + NEW + 1) if n not in (7, OLD + 1)]


def test_a_reader_and_a_session_of_the_same_name_are_two(site: FeedSite) -> None:
    at = site.replica()
    name = "a" * 22
    site.act(at, pb.ReaderRef(session_id=name), SAVE, 5)
    assert feed(at, pb.ReaderRef(session_id=name)).personal
    assert not feed(at, reader(name)).personal


@pytest.mark.parametrize("leaves", [False, True])
def test_everything_in_redis_has_an_end(site: FeedSite, leaves: bool) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 5)
    site.act(at, ANN, pb.EVENT_KIND_UPVOTE, 6)
    first = feed(at, ANN, size=5)
    feed(at, ANN, first.next_page_token, size=5)
    feed(at, reader("newcomer"))
    at.ListNew(pb.ListNewRequest(similar=3), timeout=WAIT_S)
    at.RotateFeedToken(pb.RotateFeedTokenRequest(reader=ANN), timeout=WAIT_S)
    if leaves:
        at.DeleteReader(pb.DeleteReaderRequest(reader=ANN), timeout=WAIT_S)

    def kinds() -> set[bytes]:
        return {key.split(b":")[1] for key in site.valkey.raw.scan_iter(f"{NAMESPACE}:*")}

    assert eventually(lambda: kinds() == {b"reader", b"feed", b"answer", b"{trending}"}), "there is something to see"
    lives = {key: site.valkey.raw.ttl(key) for key in site.valkey.raw.scan_iter()}
    assert not [key for key in lives if not key.startswith(f"{NAMESPACE}:".encode())]
    assert not [key for key, left in lives.items() if left == -1]
    of_readers = [left for key, left in lives.items() if key.split(b":")[1] in (b"reader", b"feed")]
    assert max(of_readers) <= 1.1 * reader_tags.TTL_S, "and one that is near, for what is kept of readers"
    site.valkey.raw.set(f"{NAMESPACE}:for-ever", b"")
    assert site.valkey.raw.ttl(f"{NAMESPACE}:for-ever") == -1, "what a key without an end would have told"


def test_a_new_model_is_heard_of_long_before_what_was_kept_runs_out(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 5)
    assert feed(at, ANN).model_version == feed(at, ANN).model_version == "m1"
    site.taste.model = "m2"
    assert eventually(lambda: feed(at, ANN).model_version == "m2", timeout_s=FRESH_S / 2)
