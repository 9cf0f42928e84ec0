"""Trying out keys is slow, for whoever does it and for nobody else. Time is virtual."""

import asyncio

import pytest

from cocite.core.errors import Overloaded, Unauthenticated
from cocite.gateway import security_wrong_keys
from cocite.gateway.buckets import LocalBuckets
from cocite.gateway.quota import Admission
from cocite.gateway.security_wrong_keys import WrongKeys
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope
from support.asgi import exchange, request
from support.gateway_server import READ, saying_ok
from support.virtual_time import run_in_virtual_time

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


async def pause_of(work) -> float:
    clock = asyncio.get_running_loop().time
    began = clock()
    await work
    return clock() - began


async def guess(keys: WrongKeys, count: int, key_id: str = "", address: str = HOME) -> list[float]:
    return [await pause_of(keys.slow(address, key_id, right=False)) for _ in range(count)]


def test_after_some_wrong_keys_each_takes_twice_as_long_up_to_a_bound():
    async def check():
        keys = WrongKeys()
        assert await guess(keys, 18) == [0.0] * 10 + [0.25, 0.5, 1, 2, 4, 8, 8, 8]
        assert await guess(keys, 5000) == [8.0] * 5000
        assert await guess(keys, 1, address=ELSEWHERE) == [0.0]
        await asyncio.sleep(601)
        assert await guess(keys, 11) == [0.0] * 10 + [0.25]

    run_in_virtual_time(check())


def test_the_answer_to_a_right_secret_comes_as_late_so_that_who_does_not_wait_learns_nothing():
    async def check():
        keys = WrongKeys()
        await guess(keys, 20, "a")
        assert await pause_of(keys.slow(HOME, "a", right=True)) == 8.0

    run_in_virtual_time(check())


def test_neighbours_and_who_was_right_before_are_not_held_up():
    async def check():
        keys = WrongKeys()
        await keys.slow(HOME, "a", right=True)
        for key_id in ("a", ""):
            await guess(keys, 20, key_id)
        assert await pause_of(keys.slow(HOME, "a", right=True)) == 0.0
        assert await pause_of(keys.slow(HOME, "b", right=True)) == 0.0
        assert await guess(keys, 1, "a") == [8.0]  # who guesses is

    run_in_virtual_time(check())


def test_few_wait_at_a_time_and_right_secrets_are_turned_away_as_wrong_ones():
    async def check():
        keys = WrongKeys()
        await guess(keys, 20, "a")
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(keys.slow(HOME, "a", right=False))
            await asyncio.sleep(1)
            for right in (False, True):
                with pytest.raises(Overloaded) as refused:
                    await keys.slow(HOME, "a", right=right)
                assert refused.value.retry_after_s == 8.0
            assert await pause_of(keys.slow(HOME, "b", right=True)) == 0.0
        assert await pause_of(keys.slow(HOME, "a", right=True)) == 8.0

    run_in_virtual_time(check())


def test_those_who_wait_are_bounded_in_all():
    async def check():
        keys, addresses = WrongKeys(), [f"192.0.2.{number}" for number in range(9)]
        for address in addresses:
            await guess(keys, 20, address=address)
        async with asyncio.TaskGroup() as group:
            for address in addresses[:8]:
                for _ in range(4):
                    group.create_task(keys.slow(address, "", right=False))
            await asyncio.sleep(1)
            with pytest.raises(Overloaded):
                await keys.slow(addresses[8], "", right=False)

    run_in_virtual_time(check())


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(security_wrong_keys, "_MOST", 100)

    async def check():
        keys = WrongKeys()
        for number in range(1000):
            await guess(keys, 1, address=f"2001:db8:0:{number:x}::/64")
        assert len(keys) == 100

    run_in_virtual_time(check())


def test_in_the_gateway_guesses_are_slow_and_a_right_key_of_the_same_address_is_not(tmp_path):
    store = KeyStore(tmp_path / "keys.json")
    _, ann = store.create("ann", [Scope.READ], None)
    _, bob = store.create("bob", [Scope.READ], None)

    async def check():
        admission = Admission(
            saying_ok,
            KeyRing(store),
            LocalBuckets(clock=asyncio.get_running_loop().time),
            anonymous_rate=10**6,
            anonymous_scopes=tuple(Scope),
            key_rate=10**6,
            needed={},
        )

        async def asks(secret, address=HOME):
            asked = await exchange(admission, request(READ, address, x_api_key=secret))
            assert asked.status == 200

        async def guesses(secret):
            for number in range(20):
                with pytest.raises(Unauthenticated):
                    await asks(secret(number))

        def of_no_key(number):
            return f"cocite_{number:012x}_{'x' * 43}"

        def of_ann(number):
            return f"{ann[:-4]}{number:04}"

        for secret in (of_no_key, of_ann):
            assert await pause_of(guesses(secret)) == 0.25 + 0.5 + 1 + 2 + 4 + 5 * 8
            assert await pause_of(asks(bob)) == 0.0
        assert await pause_of(asks(ann, ELSEWHERE)) == 0.0
        assert await pause_of(asks(ann)) == 8.0  # slowed, not locked out
        assert await pause_of(asks(ann)) == 0.0

    run_in_virtual_time(check())
