"""The store on a real Valkey against a model of it: what it gives is what was put there, or nothing."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from cocite.cache.connecting import connect
from cocite.cache.frames import Kind, frame, payload_of
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from cocite.serving.breaker import Breaker
from support.feature_stores import PATIENT_S
from support.valkey import RealValkey

KEYS = ("cocite:a", "cocite:b", "cocite:c")
KEY = st.sampled_from(KEYS)
PAYLOAD = st.binary(max_size=40)
LONG_S = 1000


@pytest.fixture(scope="module")
def valkey() -> Iterator[RealValkey]:
    server = RealValkey()
    yield server
    server.close()


def machine(valkey: RealValkey, trusting: bool = False) -> type[RuleBasedStateMachine]:
    """The machine on a server. trusting: values are taken as they are, a fault to be found."""

    class StoreMachine(RuleBasedStateMachine):
        @initialize()
        def empty(self) -> None:
            valkey.raw.flushall()
            self.store = RedisStore(connect(valkey.url, PATIENT_S, 2), Breaker(3, 60.0))
            self.known: dict[str, bytes] = {}

        def teardown(self) -> None:
            self.store.close()

        def found(self, key: str, value: bytes | None) -> bytes | None:
            if value is None:
                return None
            return value[10:] if trusting else payload_of(Kind.ANSWER, key, value)

        @rule(key=KEY)
        def get(self, key: str) -> None:
            assert self.found(key, self.store.get(key)) == self.known.get(key)

        @rule(keys=st.lists(KEY, max_size=4))
        def get_many(self, keys: list[str]) -> None:
            values = self.store.get_many(keys)
            assert [self.found(key, value) for key, value in zip(keys, values, strict=True)] == [
                self.known.get(key) for key in keys
            ]

        @rule(values=st.lists(st.tuples(KEY, PAYLOAD), max_size=4))
        def put_many(self, values: list[tuple[str, bytes]]) -> None:
            assert self.store.put_many([(key, frame(Kind.ANSWER, key, data)) for key, data in values], LONG_S) == len(
                values
            )
            self.known |= dict(values)

        @rule(key=KEY, data=PAYLOAD)
        def put_new(self, key: str, data: bytes) -> None:
            occupied = bool(valkey.raw.exists(key))
            assert self.store.put_new(key, frame(Kind.ANSWER, key, data), LONG_S) is not occupied
            if not occupied:
                self.known[key] = data

        @rule(keys=st.lists(KEY, max_size=3))
        def delete(self, keys: list[str]) -> None:
            self.store.delete(keys)
            for key in keys:
                self.known.pop(key, None)

        @rule(key=KEY)
        def every_value_expires(self, key: str) -> None:
            """None stays for longer than it was given, and none goes a tenth earlier; here time is made to pass."""
            if key in self.known:
                assert 0.9 * LONG_S - 60 < valkey.raw.ttl(key) <= LONG_S
                valkey.raw.pexpire(key, 0)
                del self.known[key]

        @precondition(lambda self: self.known)
        @rule(data=st.data())
        def poison(self, data: st.DataObject) -> None:
            """Bytes that somebody else has put there, or a whole value of another key or kind."""
            key = data.draw(st.sampled_from(sorted(self.known)))
            whole = bytearray(frame(Kind.ANSWER, key, self.known[key]))
            how = data.draw(st.sampled_from(("cut", "bit", "kind", "key", "junk", "longer")))
            if how == "cut":
                whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
            elif how == "bit":
                whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            elif how == "kind":
                whole = bytearray(frame(Kind.PAPER, key, self.known[key]))
            elif how == "key":
                whole = bytearray(frame(Kind.ANSWER, key + "x", self.known[key]))
            elif how == "junk":
                whole = bytearray(data.draw(st.binary(max_size=30)))
            else:
                whole += b"x"
            valkey.raw.set(key, bytes(whole), keepttl=True)
            del self.known[key]

        @rule(key=KEY)
        def a_value_of_another_type(self, key: str) -> None:
            """Whoever writes a list there makes a call fail in a way that all callers expect, and nothing else."""
            valkey.raw.delete(key)
            valkey.raw.lpush(key, b"x")
            self.known.pop(key, None)
            with pytest.raises(Unavailable, match="refused"):
                self.store.get(key)
            assert self.store.get_many([key]) == [None]
            valkey.raw.delete(key)
            assert self.store.well

        @rule()
        def all_connections_are_cut(self) -> None:
            """The next call may fail; the one after that does not."""
            valkey.raw.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try:
                self.store.get(KEYS[0])
            except Unavailable:
                self.store.ping()
            assert self.found(KEYS[0], self.store.get(KEYS[0])) == self.known.get(KEYS[0])

        @rule()
        def outage(self) -> None:
            """Redis hangs: three calls fail, and from then on none asks it, until ping finds it well again."""
            hasty = RedisStore(connect(valkey.url, 0.02, 2), Breaker(3, 60.0))
            valkey.freeze()
            try:
                for _ in range(5):
                    with pytest.raises(Unavailable):
                        hasty.get(KEYS[0])
                assert not hasty.well
                assert hasty.counts["skipped"] == 2
            finally:
                valkey.thaw()
            hasty.close()
            self.store.ping()

    return StoreMachine


QUICK = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_whatever_happens_to_redis_a_value_is_the_one_that_was_put_there_or_none(valkey: RealValkey) -> None:
    run_state_machine_as_test(machine(valkey), settings=QUICK)


def test_a_store_that_trusts_what_it_finds_is_found_out(valkey: RealValkey) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(valkey, trusting=True), settings=settings(QUICK, phases=[Phase.generate]))
