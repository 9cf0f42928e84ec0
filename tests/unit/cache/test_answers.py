"""Answers shared by way of a real Valkey that is poisoned, frozen and killed."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cocite.cache.answers import SharedAnswers, shared_answers
from cocite.cache.connecting import connect
from cocite.cache.frames import Kind, frame
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from cocite.core.settings import Settings
from cocite.serving.breaker import Breaker
from support.feature_stores import HASTY_S, Clock
from support.valkey import RealValkey

ASKED = ("m1", "/a.B/C", b"request")


@pytest.fixture
def answers(store: RedisStore) -> Iterator[SharedAnswers]:
    made = SharedAnswers(store, Keys("test"), 600, "1.0")
    yield made
    made.close()


def put(answers: SharedAnswers, answer: bytes = b"answer") -> None:
    answers.put(*ASKED, answer)
    answers.flush()


def only_key(valkey: RealValkey) -> bytes:
    (key,) = valkey.raw.keys("*")
    return bytes(key)


@pytest.mark.parametrize("answer", [b"", b"answer", bytes(range(256)) * 4000])
def test_an_answer_comes_back_byte_for_byte_and_expires(
    answers: SharedAnswers, valkey: RealValkey, answer: bytes
) -> None:
    put(answers, answer)
    assert answers.get(*ASKED) == answer
    key = only_key(valkey)
    assert key.startswith(b"test:answer:1.0:m1:") and 0 < valkey.raw.ttl(key) <= 600
    assert answers.counts == {"hits": 1}


@pytest.mark.parametrize("asked", [("m2", *ASKED[1:]), ("m1", "/a.B/D", ASKED[2]), (*ASKED[:2], b"requesT")])
def test_another_model_method_or_request_has_no_answer(answers: SharedAnswers, asked: tuple[str, str, bytes]) -> None:
    put(answers)
    assert answers.get(*asked) is None


def test_another_release_or_namespace_has_no_answer(answers: SharedAnswers, store: RedisStore) -> None:
    put(answers)
    for other in (SharedAnswers(store, Keys("test"), 600, "1.1"), SharedAnswers(store, Keys("other"), 600, "1.0")):
        assert other.get(*ASKED) is None
        other.close()


def test_no_damaged_value_is_an_answer(answers: SharedAnswers, valkey: RealValkey) -> None:
    put(answers)
    key = only_key(valkey)
    good = bytes(valkey.raw.get(key) or b"")
    of_another = frame(Kind.ANSWER, key.decode().replace(":m1:", ":m2:"), b"answer")
    a_paper = frame(Kind.PAPER, key.decode(), b"answer")
    flips = [good[:i] + bytes([good[i] ^ 1 << bit]) + good[i + 1 :] for i in range(len(good)) for bit in range(8)]
    cuts = [good[:length] for length in range(len(good))]
    damaged = [*flips, *cuts, good + b"\0", b"answer", of_another, a_paper]
    for value in damaged:
        valkey.raw.set(key, value)
        assert answers.get(*ASKED) is None
    assert answers.counts == {"damaged": len(damaged)}
    valkey.raw.set(key, good)
    assert answers.get(*ASKED) == b"answer"


def test_a_value_of_another_type_is_no_answer_and_spoils_no_connection(
    answers: SharedAnswers, valkey: RealValkey
) -> None:
    put(answers)
    key = only_key(valkey)
    valkey.raw.delete(key)
    valkey.raw.rpush(key, b"answer")
    assert answers.get(*ASKED) is None
    valkey.raw.delete(key)
    put(answers)
    assert answers.get(*ASKED) == b"answer"


def test_a_frozen_server_is_asked_once_and_then_left_alone_until_it_answers(
    answers: SharedAnswers, valkey: RealValkey, clock: Clock
) -> None:
    put(answers)
    store = RedisStore(connect(valkey.url, HASTY_S, 4), Breaker(1, 1.0, clock), slow_s=60.0)
    answers = SharedAnswers(store, Keys("test"), 600, "1.0")
    valkey.freeze()
    assert [answers.get(*ASKED) for _ in range(50)] == [None] * 50
    for _ in range(50):
        put(answers)
    assert store.counts == {"failures": 1, "skipped": 49}
    assert answers.counts == {"dropped": 50}
    valkey.thaw()
    while answers.get(*ASKED) != b"answer":
        clock.now += 1.0
        with suppress(Unavailable):
            store.ping()  # as the watch does
    answers.close()
    store.close()


def test_a_dead_server_has_no_answers_and_a_new_one_is_found_by_the_watch(valkey: RealValkey) -> None:
    settings = Settings(redis_url=valkey.url, redis_timeout_s=5.0)
    with shared_answers(settings, 600) as answers:
        put(answers)
        assert answers.get(*ASKED) == b"answer"
        valkey.kill()
        assert [answers.get(*ASKED) for _ in range(10)] == [None] * 10
        valkey.start()
        while answers.get(*ASKED) is None:
            put(answers)
        assert answers.get(*ASKED) == b"answer"


def test_a_restart_costs_one_failure_however_many_connections_there_were(store: RedisStore, valkey: RealValkey) -> None:
    together = threading.Barrier(4)

    def get() -> None:
        together.wait(60)
        for _ in range(100):
            store.get("a")

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    valkey.kill()
    valkey.start()
    valkey.raw.set("a", b"1")
    with pytest.raises(Unavailable):
        store.get("a")
    assert [store.get("a") for _ in range(20)] == [b"1"] * 20
    assert store.counts == {"failures": 1}


def test_no_more_wait_to_be_stored_than_allowed(store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> None:
    go, many = threading.Event(), 1000
    put_many = store.put_many
    monkeypatch.setattr(store, "put_many", lambda *arguments: go.wait(60) and put_many(*arguments))
    answers = SharedAnswers(store, Keys("test"), 600, "1.0")
    for i in range(many):
        answers.put("m1", "/a.B/C", b"%d" % i, b"answer")
    waiting = many - answers.counts["dropped"]
    assert 0 < waiting <= 64
    go.set()
    answers.flush()
    assert sum(answers.get("m1", "/a.B/C", b"%d" % i) == b"answer" for i in range(many)) == waiting
    answers.close()
