import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.serving.answer_memory import ENTRY_BYTES, AnswerMemory
from support.feature_stores import Clock

METHOD = "/a.B/C"


def memory(max_bytes: int = 10**6, clock: Clock | None = None) -> AnswerMemory:
    made = AnswerMemory(max_bytes, 60.0, clock or Clock())
    made.serve("m1")
    return made


def test_an_answer_is_given_to_the_same_method_and_bytes_only() -> None:
    kept = memory()
    kept.put("m1", METHOD, b"q", b"answer")
    assert kept.get(METHOD, b"q") == b"answer"
    assert kept.get("/a.B/D", b"q") is kept.get(METHOD, b"Q") is kept.get(METHOD, b"") is None


def test_the_least_recently_asked_for_goes_first() -> None:
    kept = memory(3 * (ENTRY_BYTES + 2))
    for name in (b"a", b"b", b"c"):
        kept.put("m1", METHOD, name, b"x")
    assert kept.get(METHOD, b"a") == b"x"
    kept.put("m1", METHOD, b"d", b"x")
    assert [name for name in (b"a", b"b", b"c", b"d") if kept.get(METHOD, name)] == [b"a", b"c", b"d"]


def test_an_answer_is_given_until_it_is_too_old() -> None:
    clock = Clock()
    kept = memory(clock=clock)
    kept.put("m1", METHOD, b"q", b"old")
    clock.now += 59.9
    assert kept.get(METHOD, b"q") == b"old"
    clock.now += 0.1
    assert kept.get(METHOD, b"q") is None
    kept.put("m1", METHOD, b"q", b"new")
    assert kept.get(METHOD, b"q") == b"new" and kept.size == ENTRY_BYTES + 4


def test_a_swap_frees_every_answer_and_the_same_model_again_frees_none() -> None:
    kept = memory()
    kept.put("m1", METHOD, b"q", b"answer")
    kept.serve("m1")
    assert kept.get(METHOD, b"q") == b"answer"
    kept.serve("m2")
    assert kept.get(METHOD, b"q") is None and kept.size == 0
    kept.put("m1", METHOD, b"q", b"late")  # made by the model before, done after the swap
    assert kept.get(METHOD, b"q") is None and kept.size == 0


@pytest.mark.parametrize("max_bytes", [0, ENTRY_BYTES])
def test_what_is_too_large_by_itself_drives_nothing_out(max_bytes: int) -> None:
    kept = memory(max_bytes)
    kept.put("m1", METHOD, b"q", b"answer")
    assert kept.get(METHOD, b"q") is None and kept.size == 0


def test_the_bound_holds_for_what_python_truly_needs() -> None:
    kept = memory(2 * 10**6)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for i in range(20_000):
            kept.put("m1", METHOD, b"request %d" % i, b"%d" % i * 10)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.size > 1.9 * 10**6
    assert after - before < 2 * 10**6


_NAMES = st.sampled_from(["m1", "m2", "m3"])
_REQUESTS = st.binary(max_size=2)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("serve"), _NAMES, st.none(), st.none()),
        st.tuples(st.just("put"), _NAMES, _REQUESTS, st.integers(0, 3 * ENTRY_BYTES)),
        st.tuples(st.just("get"), st.none(), _REQUESTS, st.none()),
        st.tuples(st.just("wait"), st.none(), st.none(), st.integers(1, 40)),
    )
)


@given(_STEPS)
def test_whatever_happens_it_stays_within_its_bound_and_answers_for_the_serving_model_alone(
    steps: list[tuple[str, str | None, bytes | None, int | None]],
) -> None:
    clock = Clock()
    kept, serving = AnswerMemory(5 * ENTRY_BYTES, 60.0, clock), ""
    put: dict[bytes, tuple[bytes, float]] = {}  # what may be answered, and when it was put
    for step, name, request, number in steps:
        if step == "serve":
            put = put if name == serving else {}
            serving = name or ""
            kept.serve(serving)
        elif step == "put":
            answer = f"{name} {request!r} ".encode().ljust(number or 0)
            kept.put(name or "", METHOD, request or b"", answer)
            if name == serving and len(request or b"") + len(answer) + ENTRY_BYTES <= 5 * ENTRY_BYTES:
                put[request or b""] = (answer, clock.now)
        elif step == "wait":
            clock.now += number or 0
        else:
            found = kept.get(METHOD, request or b"")
            if found is not None:
                answer, at = put[request or b""]
                assert found == answer and clock.now < at + 60.0
        assert 0 <= kept.size <= 5 * ENTRY_BYTES


def test_many_threads_at_once_keep_the_books_straight() -> None:
    kept, start, wrong = memory(20 * ENTRY_BYTES), threading.Barrier(4), []

    def work(seed: int) -> None:
        start.wait()
        for i in range(3000):
            name = b"%d" % (i * seed % 40)
            found = kept.get(METHOD, name)
            if found not in (None, b"m1" + name, b"m2" + name):
                wrong.append(found)
            kept.put(f"m{1 + i // 100 % 2}", METHOD, name, b"m%d" % (1 + i // 100 % 2) + name)
            if i % 100 == 0:
                kept.serve(f"m{1 + i // 100 % 2}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 7, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert kept.size == sum(len(request) + len(entry[1]) + ENTRY_BYTES for (_, request), entry in kept._entries.items())
