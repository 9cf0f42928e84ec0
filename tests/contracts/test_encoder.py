"""What every encoder must do; the hashing encoder and the real one, in both precisions, pass the same suite."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.embedding.encoders import INT8, HashingEncoder
from support.encoding import minilm

TEXTS = [
    "Co-citation in the scientific literature: a new measure of the relationship between two documents",
    "graph",
    "Über Naïveté: Größe, 東京大学の論文, документ, αβγ",
    "🧪🔬 👩‍🔬 emoji only 🎉",
    "🎉",
    "...!?",
    " \t\n ",
    "word " * 10_000,
    "x" * 100_000,
    "a\x00b\x1f\x7f\u200d\ufeff",
    "[CLS] [SEP] [PAD] [MASK] <s>",
]


@pytest.fixture(scope="module", params=["hashing", "minilm", "minilm-int8"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return HashingEncoder() if request.param == "hashing" else minilm(int8=request.param == INT8)


@pytest.fixture(scope="module")
def tokens(encoder: Encoder) -> list[TokenizedText]:
    return encoder.tokenize(TEXTS)


@pytest.fixture(scope="module")
def vectors(encoder: Encoder, tokens: list[TokenizedText]) -> npt.NDArray[np.float32]:
    """All texts encoded as one batch, padded to the longest."""
    return encoder.encode(tokens)


def test_names_its_version_and_measures(encoder: Encoder) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", encoder.model_version)
    assert encoder.dimension > 0
    assert encoder.max_tokens > 0


def test_every_text_has_tokens_within_the_limit(encoder: Encoder, tokens: list[TokenizedText]) -> None:
    assert len(tokens) == len(TEXTS)
    for text in tokens:
        assert 1 <= len(text.token_ids) <= encoder.max_tokens


def test_vectors_are_float32_rows_of_norm_one(encoder: Encoder, vectors: npt.NDArray[np.float32]) -> None:
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_an_empty_batch_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.tokenize([]) == []
    vectors = encoder.encode([])
    assert vectors.shape == (0, encoder.dimension)
    assert vectors.dtype == np.float32


def test_the_same_text_gives_the_same_bits(
    encoder: Encoder, tokens: list[TokenizedText], vectors: npt.NDArray[np.float32]
) -> None:
    assert encoder.tokenize(TEXTS) == tokens
    np.testing.assert_array_equal(encoder.encode(tokens), vectors)


def test_company_and_padding_change_nothing(
    encoder: Encoder, tokens: list[TokenizedText], vectors: npt.NDArray[np.float32]
) -> None:
    alone = np.concatenate([encoder.encode([one]) for one in tokens])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)
    short = [place for place, text in enumerate(tokens) if len(text.token_ids) < 50][::-1]
    assert len(short) > len(TEXTS) // 2
    np.testing.assert_allclose(encoder.encode([tokens[place] for place in short]), alone[short], atol=1e-5)


def test_truncation_is_reported_and_only_then(encoder: Encoder) -> None:
    short, long = encoder.tokenize(["one two three", "word " * 10_000])
    assert not short.truncated
    assert long.truncated
    assert len(long.token_ids) == encoder.max_tokens


def test_the_limit_itself_is_not_truncated(encoder: Encoder) -> None:
    extra = len(encoder.tokenize(["word"])[0].token_ids) - 1
    fits, over = (" ".join(["word"] * (encoder.max_tokens - extra + more)) for more in (0, 1))
    assert [text.truncated for text in encoder.tokenize([fits, over])] == [False, True]


def test_what_is_cut_off_does_not_count(encoder: Encoder) -> None:
    start = "word " * 300
    one, other = encoder.encode(encoder.tokenize([start + "apples", start + "pears"]))
    np.testing.assert_array_equal(one, other)


def test_likeness_follows_shared_words(encoder: Encoder) -> None:
    texts = [
        "co-citation analysis of scientific literature",
        "analysis of citation in the scientific literature",
        "molecular dynamics of proteins under pressure",
    ]
    query, related, unrelated = encoder.encode(encoder.tokenize(texts))
    assert query @ related > query @ unrelated + 0.2


def test_threads_may_encode_at_once(encoder: Encoder) -> None:
    def embed(number: int) -> np.ndarray:
        return encoder.encode(encoder.tokenize([f"paper number {number} on graphs", TEXTS[0]]))

    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(embed, range(8)))
    for number, vectors in enumerate(at_once):
        np.testing.assert_allclose(vectors, embed(number), atol=1e-6)


def test_tokens_are_values(encoder: Encoder) -> None:
    (text,) = encoder.tokenize(["a paper"])
    assert text == TokenizedText(tuple(text.token_ids), truncated=False)
    assert all(isinstance(token, int) for token in text.token_ids)
