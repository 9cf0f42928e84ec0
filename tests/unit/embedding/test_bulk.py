from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cocite.embedding.bulk import embed_corpus, packed
from cocite.embedding.encoders import HashingEncoder
from cocite.embedding.packing import MAX_WASTE, padding_waste
from support.encoding import WatchedEncoder, minilm


@given(st.lists(st.integers(1, 256), max_size=120), st.integers(64, 4096))
def test_packed_covers_every_text_once(lengths: list[int], budget: int) -> None:
    batches = list(packed(lengths, budget))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        sizes = [lengths[place] for place in batch]
        assert len(batch) == 1 or (padding_waste(sizes) < MAX_WASTE and len(sizes) * max(sizes) <= budget)


def corpus(count: int) -> Iterator[str]:
    return (f"paper {number} " + "about citations " * (number % 37) for number in range(count))


def test_vectors_come_in_the_order_of_the_texts_across_windows() -> None:
    encoder = WatchedEncoder()
    seen: list[int] = []
    vectors = embed_corpus(encoder, corpus(5000), threads=2, progress=seen.append)
    reference = HashingEncoder()
    np.testing.assert_allclose(vectors, reference.encode(reference.tokenize(list(corpus(5000)))), atol=1e-6)
    assert seen == sorted(seen)
    assert seen[-1] == 5000
    assert len(encoder.batches) < 2000


def test_no_texts_give_no_rows() -> None:
    assert embed_corpus(HashingEncoder(), []).shape == (0, 64)


def test_the_real_encoder_gives_in_bulk_what_it_gives_alone() -> None:
    texts = list(corpus(12))
    vectors = embed_corpus(minilm(), texts)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(vector, minilm().encode(minilm().tokenize([text]))[0], atol=1e-5)
