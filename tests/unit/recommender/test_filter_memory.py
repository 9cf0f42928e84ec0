from concurrent.futures import ThreadPoolExecutor

from cocite.recommender.filter_memory import FilterMemory


def test_what_was_made_is_not_made_again_and_the_oldest_goes() -> None:
    made: list[str] = []
    memory = FilterMemory[str](kept=2)

    def of(key: str) -> str:
        return memory.of(key, lambda: made.append(key) or key.upper())

    assert [of("a"), of("b"), of("a"), of("c"), of("a")] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"]
    assert of("b") == "B" and made == ["a", "b", "c", "b"]  # "b" was asked for longest ago when "c" came


def test_threads_get_what_belongs_to_their_key() -> None:
    memory = FilterMemory[int](kept=3)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda key: (key, memory.of(key % 7, lambda: key % 7 * 10)), range(700)))
    assert all(made == key % 7 * 10 for key, made in found)
