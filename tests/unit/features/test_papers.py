import os

import pytest

from cocite.cache import frames
from cocite.cache.connecting import connect
from cocite.cache.keys import Keys
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import DeadlineExceeded, Unavailable
from cocite.features.degradations import CACHE_UNAVAILABLE, CATALOGUE_UNAVAILABLE
from cocite.features.papers import PaperReader
from cocite.serving.breaker import Breaker
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_from_proto
from support.feature_stores import KESSLER, PATIENT_S, SMALL, Clock, MemorySource
from support.valkey import RealValkey

IDS = [SMALL.paper_id, KESSLER.paper_id]


def soon() -> Deadline:
    return Deadline.after(60)


def titles(reader: PaperReader, ids: list[str]) -> dict[str, str]:
    return {paper_id: paper.title for paper_id, paper in reader.read(ids, soon()).papers.items()}


def test_the_first_read_asks_the_catalogue_once_and_the_second_not_at_all(
    reader: PaperReader, source: MemorySource, valkey: RealValkey
) -> None:
    first = reader.read(IDS, soon())
    second = reader.read(IDS, soon())
    assert {i: paper_from_proto(p) for i, p in first.papers.items()} == {i: source.papers[i] for i in IDS}
    assert second.papers == first.papers and not second.degraded and not second.missing
    assert source.asked == [IDS]
    assert (valkey.calls("mget"), valkey.calls("set"), valkey.calls("get")) == (2, 2, 0)
    assert reader.counts == {"hits": 2, "misses": 2, "damaged": 0}


def test_only_what_the_cache_lacks_is_asked_for(reader: PaperReader, source: MemorySource) -> None:
    reader.read([SMALL.paper_id], soon())
    reader.read(IDS, soon())
    assert source.asked == [[SMALL.paper_id], [KESSLER.paper_id]]


def test_an_alias_is_answered_and_remembered_as_asked(reader: PaperReader, source: MemorySource) -> None:
    alias = SMALL.aliases[0]
    for _ in range(2):
        assert reader.read([alias], soon()).papers[alias].paper_id == SMALL.paper_id
    assert source.asked == [[alias]]


def test_an_id_of_no_paper_is_missing_and_not_remembered(reader: PaperReader, source: MemorySource) -> None:
    found = reader.read(["local:nobody", SMALL.paper_id], soon())
    assert found.missing == {"local:nobody"} and list(found.papers) == [SMALL.paper_id] and not found.degraded
    source.papers["local:nobody"] = KESSLER
    assert titles(reader, ["local:nobody"]) == {"local:nobody": KESSLER.title}


def test_keys_have_a_lifetime_and_the_namespace(reader: PaperReader, valkey: RealValkey) -> None:
    reader.read(IDS, soon())
    keys = valkey.raw.keys()
    assert sorted(keys) == sorted(f"test:paper:2:{i}".encode() for i in IDS)
    assert all(0 < valkey.raw.ttl(key) <= 600 for key in keys)


@pytest.mark.parametrize("poison", [b"", b"\xc1", b"not a frame", os.urandom(300), b"\xc1\x01" + os.urandom(300)])
def test_poison_in_redis_is_a_miss_that_the_catalogue_answers_and_heals(
    reader: PaperReader, source: MemorySource, valkey: RealValkey, keys: Keys, poison: bytes
) -> None:
    valkey.raw.set(keys.paper(SMALL.paper_id), poison)
    for _ in range(2):
        found = reader.read([SMALL.paper_id], soon())
        assert paper_from_proto(found.papers[SMALL.paper_id]) == SMALL and not found.degraded
    assert source.asked == [[SMALL.paper_id]] and reader.counts["damaged"] == 1


def test_values_swapped_between_two_keys_are_refused(reader: PaperReader, valkey: RealValkey, keys: Keys) -> None:
    reader.read(IDS, soon())
    one, other = (keys.paper(i) for i in IDS)
    mine, theirs = valkey.raw.mget(one, other)
    valkey.raw.mset({one: theirs, other: mine})
    assert titles(reader, IDS) == {SMALL.paper_id: SMALL.title, KESSLER.paper_id: KESSLER.title}
    assert reader.counts["damaged"] == 2


def test_without_the_checksum_swapped_values_would_be_answered(
    reader: PaperReader, valkey: RealValkey, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "checksum", lambda *_: 0)
    reader.read(IDS, soon())
    valkey.raw.rename(keys.paper(KESSLER.paper_id), keys.paper(SMALL.paper_id))
    assert titles(reader, [SMALL.paper_id]) == {SMALL.paper_id: KESSLER.title}


def test_another_type_under_the_key_is_a_miss(reader: PaperReader, valkey: RealValkey, keys: Keys) -> None:
    valkey.raw.lpush(keys.paper(SMALL.paper_id), "x")
    assert titles(reader, [SMALL.paper_id]) == {SMALL.paper_id: SMALL.title}


def test_killed_in_the_middle_of_a_run_the_catalogue_answers_and_the_answer_says_so(
    reader: PaperReader, store: RedisStore, valkey: RealValkey, clock: Clock
) -> None:
    assert not reader.read(IDS, soon()).degraded
    valkey.kill()
    for _ in range(20):
        found = reader.read([*IDS, "local:nobody"], soon())
        assert list(found.papers) == IDS and found.missing == {"local:nobody"}
        assert found.degraded == [CACHE_UNAVAILABLE]
    valkey.start()
    clock.now += 1.0
    store.ping()
    assert not reader.read(IDS, soon()).degraded


def test_a_hung_redis_is_waited_for_three_times_in_all(
    hasty_store: RedisStore, source: MemorySource, keys: Keys, valkey: RealValkey
) -> None:
    reader = PaperReader(hasty_store, source, keys, 600)
    valkey.freeze()
    for _ in range(50):
        found = reader.read(IDS, soon())
        assert list(found.papers) == IDS and found.degraded == [CACHE_UNAVAILABLE]
    assert hasty_store.counts["failures"] == 3
    valkey.thaw()


def test_a_full_redis_that_evicts_nothing_costs_no_answer(source: MemorySource, keys: Keys, breaker: Breaker) -> None:
    full = RealValkey(**{"maxmemory": "1", "maxmemory-policy": "noeviction"})
    store = RedisStore(connect(full.url, PATIENT_S, 2), breaker)
    try:
        reader = PaperReader(store, source, keys, 600)
        for _ in range(5):
            found = reader.read(IDS, soon())
            assert list(found.papers) == IDS and found.degraded == [CACHE_UNAVAILABLE]
        assert breaker.closed
    finally:
        store.close()
        full.close()


def test_without_the_catalogue_the_answer_is_what_the_cache_had(reader: PaperReader, source: MemorySource) -> None:
    reader.read([SMALL.paper_id], soon())
    source.down = True
    found = reader.read([*IDS, "local:nobody"], soon())
    assert list(found.papers) == [SMALL.paper_id] and found.degraded == [CATALOGUE_UNAVAILABLE]
    assert found.missing == set()  # nobody can say whether there is no such paper


def test_without_the_catalogue_what_is_all_cached_is_not_degraded(reader: PaperReader, source: MemorySource) -> None:
    reader.read(IDS, soon())
    source.down = True
    assert not reader.read(IDS, soon()).degraded


def test_without_both_it_is_unavailable(reader: PaperReader, source: MemorySource, valkey: RealValkey) -> None:
    valkey.kill()
    source.down = True
    with pytest.raises(Unavailable) as caught:
        reader.read(IDS, soon())
    assert caught.value.retry_after_s == 1.0


def test_a_spent_deadline_starts_no_query(reader: PaperReader, source: MemorySource) -> None:
    with pytest.raises(DeadlineExceeded):
        reader.read(IDS, Deadline.after(0))
    assert source.asked == []
