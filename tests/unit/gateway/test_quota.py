"""Quotas: buckets of one gateway and of several, and what callers are told of them."""

import asyncio
import json
import re
import time

import pytest

from cocite.cache.redis_store import MAX_FAILURES, OPEN_S
from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.gateway.buckets import LocalBuckets, Quota
from cocite.gateway.buckets_shared import SharedBuckets
from cocite.gateway.main import proxies_of
from cocite.gateway.quota import address_of
from cocite.serving.key_store import KeyStore
from cocite.serving.keys import Scope
from support.feature_stores import HASTY_S, PATIENT_S, Clock
from support.gateway_server import READ, gateway_server
from support.redis_stores import valkey
from support.stack import eventually

__all__ = ["valkey"]  # a fixture

MINUTE = Quota("test", 60)
TIGHT = Quota("test", 3, 3600)  # fills too slowly for a test to notice


@pytest.fixture
def clock():
    return Clock()


async def granted(buckets, count, name="a", quota=MINUTE):
    return sum([(await buckets.take(name, quota)).granted for _ in range(count)])


def test_a_bucket_gives_what_is_in_it_and_then_what_flows_in(clock):
    async def check():
        buckets = LocalBuckets(clock=clock)
        assert await granted(buckets, 100) == 60
        refused = await buckets.take("a", MINUTE)
        assert (refused.granted, refused.left, refused.full_s, refused.wait_s) == (False, 0, 60.0, 1.0)
        assert await granted(buckets, 100, "b") == 60
        clock.now += 5.5
        assert await granted(buckets, 100) == 5
        clock.now += 10**6
        assert await granted(buckets, 100) == 60

    asyncio.run(check())


def test_buckets_are_bounded_and_forget_the_one_asked_of_longest_ago(clock):
    async def check():
        buckets = LocalBuckets(most=2, clock=clock)
        for name in ("a", "b", "a", "c"):
            await granted(buckets, 1, name, TIGHT)
        assert len(buckets) == 2
        assert (await buckets.take("a", TIGHT)).left == 0
        assert (await buckets.take("b", TIGHT)).left == 2

    asyncio.run(check())


def shared(valkey, count=2, timeout_s=PATIENT_S, clock=None):
    return [SharedBuckets(valkey.url, timeout_s, "t:quota:", *([clock] if clock else [])) for _ in range(count)]


def test_gateways_share_a_bucket_and_give_no_more_than_it_holds(valkey):
    quota = Quota("test", 600, 360_000)

    async def check():
        gateways = shared(valkey, 3)
        found = await asyncio.gather(*[granted(each, 700, quota=quota) for each in gateways])
        assert sum(found) == 600
        assert valkey.calls("evalsha") < 100  # leases of 30, not 2100 questions
        assert await granted(gateways[0], 1, "another", quota) == 1
        for each in gateways:
            each.close()

    asyncio.run(check())


def test_callers_at_one_gateway_at_once_wait_for_one_lease(valkey):
    quota = Quota("test", 600, 360_000)

    async def check():
        (one,) = shared(valkey, 1)
        found = await asyncio.gather(*[one.take("a", quota) for _ in range(700)])
        assert sum(each.granted for each in found) == 600
        assert valkey.calls("evalsha") <= 21  # 600 in leases of 30, and the one that finds nothing left
        one.close()

    asyncio.run(check())


def test_a_small_bucket_is_shared_to_its_last_request(valkey):
    async def check():
        one, two = shared(valkey)
        got = [(await each.take("a", TIGHT)).granted for _ in range(3) for each in (one, two)]
        assert got == [True, True, True, False, False, False]
        asked = valkey.calls("evalsha")
        assert await granted(one, 50, quota=TIGHT) == 0
        assert valkey.calls("evalsha") == asked  # an empty bucket is not asked again and again
        for each in (one, two):
            each.close()

    asyncio.run(check())


def test_a_lease_lapses_when_the_bucket_would_have_filled_up(valkey, clock):
    """Else a caller could have what gateways hold and a full bucket at once."""

    async def check():
        (one,) = shared(valkey, 1, clock=clock)
        assert (await one.take("a", MINUTE)).granted
        assert valkey.calls("evalsha") == 1
        clock.now += 2.9
        await one.take("a", MINUTE)
        assert valkey.calls("evalsha") == 1
        clock.now += 0.2
        await one.take("a", MINUTE)
        assert valkey.calls("evalsha") == 2
        one.close()

    asyncio.run(check())


def test_what_counts_as_several_is_granted_whole_or_not_at_all(valkey, clock):
    async def check(buckets):
        assert (await buckets.take("a", MINUTE, 50)).granted
        refused = await buckets.take("a", MINUTE, 20)
        assert (refused.granted, refused.left) == (False, 10)
        assert refused.wait_s == pytest.approx(10, abs=0.1)
        assert await granted(buckets, 1) == 1
        assert (await buckets.take("a", MINUTE, 9)).granted
        assert not (await buckets.take("a", MINUTE, 1)).granted
        assert not (await buckets.take("b", MINUTE, 61)).granted
        assert (await buckets.take("b", MINUTE, 60)).granted
        buckets.close()

    asyncio.run(check(LocalBuckets(clock=clock)))
    (one,) = shared(valkey, 1, clock=clock)
    asyncio.run(check(one))


def test_gateways_share_a_bucket_whatever_is_asked_for_at_once(valkey):
    quota = Quota("test", 600, 360_000)

    async def check():
        gateways = shared(valkey, 3)

        async def taken(buckets):
            return sum([count for count in [1, 7, 50] * 20 if (await buckets.take("a", quota, count)).granted])

        assert 540 <= sum(await asyncio.gather(*[taken(each) for each in gateways])) <= 600
        for each in gateways:
            each.close()

    asyncio.run(check())


def test_who_asks_for_too_much_takes_nothing_from_others(valkey):
    async def check():
        one, two = shared(valkey)
        quota = Quota("test", 20, 36_000)
        assert (await one.take("a", quota, 10)).granted
        assert not (await two.take("a", quota, 11)).granted
        assert (await one.take("a", quota, 10)).granted
        for each in (one, two):
            each.close()

    asyncio.run(check())


def test_a_lease_that_is_added_to_lapses_no_later(valkey, clock):
    async def check():
        (one,) = shared(valkey, 1, clock=clock)
        await one.take("a", MINUTE)  # of a lease of three
        for count in (4, 2):  # each time another three are taken, as there is too little
            clock.now += 1.4
            await one.take("a", MINUTE, count)
        clock.now += 0.4  # what was there first is of more than three seconds ago
        asked = valkey.calls("evalsha")
        await one.take("a", MINUTE)
        assert valkey.calls("evalsha") == asked + 1
        one.close()

    asyncio.run(check())


def test_buckets_that_are_full_again_leave_redis(valkey):
    async def check():
        (one,) = shared(valkey, 1)
        await one.take("a", Quota("test", 60, 1))
        await one.take("b", TIGHT)
        one.close()

    asyncio.run(check())
    assert eventually(lambda: valkey.raw.keys() == [b"t:quota:b"])
    assert 0 < valkey.raw.ttl("t:quota:b") <= 1201


def test_without_redis_each_gateway_counts_for_itself_until_it_is_back(valkey):
    async def check():
        one, two = shared(valkey)
        assert await granted(one, 3, quota=TIGHT) == 3
        valkey.kill()
        assert await granted(two, 10, quota=TIGHT) == 3
        assert await granted(two, 10, "b", TIGHT) == 3
        valkey.start()
        async with asyncio.timeout(30):
            while not valkey.raw.exists("t:quota:c"):
                await two.take("c", TIGHT)
                await asyncio.sleep(0.05)
        for each in (one, two):
            each.close()

    asyncio.run(check())


def test_a_redis_that_hangs_is_hardly_asked(valkey):
    """Each question costs the time that Redis is waited for: without a bound on them, one a request."""

    async def check():
        (one,) = shared(valkey, 1, HASTY_S)
        assert await granted(one, 1, quota=TIGHT) == 1
        questions, ask = [], one._ask
        one._ask = lambda asked: questions.append(asked) or ask(asked)
        valkey.freeze()
        began = time.monotonic()
        try:
            assert await granted(one, 500, "b", Quota("test", 400, 36_000)) == 400
        finally:
            valkey.thaw()
        assert MAX_FAILURES <= len(questions) <= MAX_FAILURES + (time.monotonic() - began) / OPEN_S + 1
        one.close()

    asyncio.run(check())


# the gateway


def rate_limit(answer):
    left, full = re.fullmatch(r'"[a-z]+";r=(\d+);t=(\d+)', answer.headers["ratelimit"]).groups()
    return int(left), int(full)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, gateway_anonymous_rate=5)


def test_callers_are_told_what_is_left_and_refused_when_nothing_is(settings):
    with gateway_server(settings) as gateway:
        answers = [gateway.ask(READ) for _ in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert [rate_limit(answer)[0] for answer in answers] == [4, 3, 2, 1, 0, 0]
        assert all(answer.headers["ratelimit-policy"] == '"anonymous";q=5;w=60' for answer in answers)
        assert 10 <= rate_limit(answers[0])[1] <= 12
        assert 1 <= int(answers[5].headers["retry-after"]) <= 12
        told = answers[5].json["error"]
        assert (told["code"], told["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert "QUOTA_EXCEEDED" in json.dumps(told["details"])
        assert gateway.ask("/healthz").status == 200
        connect = gateway.ask("/cocite.v1.RecommenderService/GetModel", content_type="application/json")
        assert (connect.status, connect.json["code"]) == (429, "resource_exhausted")
        scholar = gateway.ask("/recommendations/v1/papers/forpaper/x")
        assert (scholar.status, list(scholar.json)) == (429, ["message"])


def test_each_key_has_a_bucket_of_its_own_rate(settings):
    store = KeyStore(settings.keys)
    _, ann = store.create("ann", [Scope.READ], 2)
    _, bob = store.create("bob", [Scope.READ], None)
    with gateway_server(settings.model_copy(update={"gateway_key_rate": 3})) as gateway:
        assert [gateway.ask(READ, x_api_key=ann).status for _ in range(3)] == [200, 200, 429]
        assert [gateway.ask(READ, x_api_key=bob).status for _ in range(4)] == [200, 200, 200, 429]
        assert gateway.ask(READ).status == 200


def test_gateways_with_one_redis_share_quotas(settings, valkey):
    settings = settings.model_copy(update={"redis_url": valkey.url, "redis_timeout_s": PATIENT_S})
    with gateway_server(settings) as one, gateway_server(settings) as two:
        assert [each.ask(READ).status for _ in range(3) for each in (one, two)] == [200] * 5 + [429]
        assert one.ask(READ).status == 429
    assert valkey.raw.keys() == [b"cocite:quota:address:127.0.0.1"]


def test_a_proxy_is_believed_where_it_is_named_and_nowhere_else(settings):
    def statuses(gateway):
        return [gateway.ask(READ, x_forwarded_for=f"203.0.113.{number}").status for number in range(7)]

    with gateway_server(settings) as gateway:
        assert statuses(gateway) == [200] * 5 + [429] * 2
    with gateway_server(settings.model_copy(update={"gateway_proxies": "192.0.2.1"})) as gateway:
        assert statuses(gateway) == [200] * 5 + [429] * 2
    with gateway_server(settings.model_copy(update={"gateway_proxies": "10.0.0.0/8, 127.0.0.1"})) as gateway:
        assert statuses(gateway) == [200] * 7
        # What stands before the address that the proxy adds is the client's to write.
        told = [gateway.ask(READ, x_forwarded_for=f"198.51.100.{number}, 203.0.113.9").status for number in range(7)]
        assert told == [200] * 5 + [429] * 2


def test_proxies_are_addresses_or_networks():
    assert proxies_of(" 10.0.0.0/8, ::1 ,") == ["10.0.0.0/8", "::1"]
    for wrong in ("*", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(InvalidArgument, match="COCITE_GATEWAY_PROXIES"):
            proxies_of(wrong)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::1", "0.0.0.1", False),
        ("unknown", "_hidden", True),
    ],
)
def test_whom_a_quota_belongs_to(one, other, same):
    assert (address_of({"client": (one, 1)}) == address_of({"client": (other, 2)})) is same
