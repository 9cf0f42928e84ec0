"""Feeds while something that they are made with is dead, late or lost."""

import threading

from cocite.v1 import degradation_pb2
from cocite.v1 import feed_service_pb2 as pb
from support.feed_site import NEW, OLD, WAIT_S, FeedSite, feed, numbers, reader, statuses
from support.stack import eventually

CLICK, DISMISS, SAVE = pb.EVENT_KIND_CLICK, pb.EVENT_KIND_DISMISS, pb.EVENT_KIND_SAVE
ANN = reader("ann")
AWAY = [degradation_pb2.DEGRADED_CAUSE_RECOMMENDER_UNAVAILABLE]


def causes(answer: pb.ListFeedResponse) -> list[int]:
    return [each.cause for each in answer.degraded]


def test_without_redis_events_land_and_feeds_are_right_on_every_replica(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10)
    for at in (a, b):
        assert 11 in numbers(feed(at, ANN))
    site.valkey.kill()
    for at in (a, b):
        assert 11 in numbers(feed(at, ANN))
    site.act(a, ANN, DISMISS, 11)
    for at in (a, b):
        answer = feed(at, ANN)
        assert answer.personal
        assert not {10, 11} & {*numbers(answer)}
        assert site.rankings(lambda at=at: feed(at, ANN)) == 0, "held by what the catalogue says"
    site.act(b, ANN, SAVE, 50)
    for at in (a, b):
        assert {49, 51} <= {*numbers(feed(at, ANN))[:6]}
    held = a.GetReader(pb.GetReaderRequest(reader=ANN), timeout=WAIT_S)
    assert held.event_count == 3


def test_what_was_recorded_while_redis_was_silent_is_told_to_all_once_it_is_back(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10)
    assert 11 in numbers(feed(b, ANN))
    site.valkey.freeze()  # what it holds stays, the tag of before included
    site.act(a, ANN, DISMISS, 11)
    site.valkey.thaw()
    assert 11 not in numbers(feed(a, ANN))
    assert eventually(lambda: 11 not in numbers(feed(b, ANN)))


def test_redis_that_comes_back_empty_changes_nothing(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10)
    before = numbers(feed(a, ANN))
    site.valkey.kill()
    site.act(a, ANN, DISMISS, before[0])
    site.valkey.start()
    for at in (a, b):
        assert sorted(numbers(feed(at, ANN))) == sorted(before[1:])


def test_while_the_recommender_is_dead_the_last_feed_goes_on_and_says_so(site: FeedSite) -> None:
    a, b = site.replica(), site.replica()
    site.act(a, ANN, SAVE, 10)
    before = numbers(feed(a, ANN))
    site.taste.away = True
    site.act(a, ANN, DISMISS, before[0])
    for at in (a, b):
        answer = feed(at, ANN)
        assert causes(answer) == AWAY
        assert answer.personal
        assert numbers(answer) == before[1:], "less what has been dismissed since"
    site.taste.away = False
    assert eventually(lambda: not feed(a, ANN).degraded)


def test_while_the_recommender_is_dead_a_feed_never_made_is_what_there_is(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, OLD + 1)
    site.taste.away = True
    answer = feed(at, ANN)
    assert causes(answer) == AWAY
    assert not answer.personal
    assert sorted(numbers(answer)) == list(range(OLD + 2, OLD + NEW + 1)), "new papers, of which the catalogue tells"


def test_a_feed_that_is_not_personal_for_want_of_the_recommender_says_so_though_it_had_all_it_is_made_of(
    site: FeedSite,
) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    assert not feed(at, reader("nobody yet")).degraded  # what everybody is shown is known from now on
    site.taste.away = True
    answer = feed(at, ANN)
    assert causes(answer) == AWAY
    assert not answer.personal
    site.taste.away = False
    assert eventually(lambda: feed(at, ANN).personal), "and it has not been kept"


def test_a_recommender_that_is_late_leaves_time_to_answer(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    feed(at, ANN)
    site.act(at, ANN, SAVE, 20)
    site.taste.silent = threading.Event()
    try:
        answer = feed(at, ANN, timeout=3.0)  # DEADLINE_EXCEEDED would raise
    finally:
        site.taste.silent.set()
    assert causes(answer) == AWAY
    assert answer.personal
    assert 20 not in numbers(answer)


def test_a_late_recommender_leaves_time_for_a_reader_without_a_feed(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    site.taste.silent = threading.Event()
    try:
        answer = feed(at, ANN, timeout=3.0)
    finally:
        site.taste.silent.set()
    assert causes(answer) == AWAY
    assert numbers(answer), "new papers, of which the catalogue tells"


def test_new_papers_that_cannot_be_ranked_are_left_out_and_it_is_said(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    site.taste.only_new_fail = True
    answer = feed(at, ANN)
    assert causes(answer) == AWAY
    assert answer.personal
    assert numbers(answer)[:2] == [9, 11]
    site.taste.only_new_fail = False
    assert eventually(lambda: not feed(at, ANN).degraded)


def test_a_degraded_feed_is_not_kept(site: FeedSite) -> None:
    at = site.replica()
    site.act(at, ANN, SAVE, 10)
    site.taste.only_new_fail = True
    assert causes(feed(at, ANN)) == AWAY
    assert site.rankings(lambda: feed(at, ANN)) > 0


def test_events_sent_while_nothing_but_the_catalogue_answers_are_kept(site: FeedSite) -> None:
    at = site.replica()
    site.valkey.kill()
    site.taste.away = True
    assert statuses(at, *(site.event(ANN, CLICK, n) for n in (1, 2))) == [pb.EVENT_STATUS_RECORDED] * 2
    assert at.GetReader(pb.GetReaderRequest(reader=ANN), timeout=WAIT_S).event_count == 2
