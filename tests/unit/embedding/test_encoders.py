import json
from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import NotReady
from cocite.core.settings import Settings, load_settings
from cocite.embedding.encoders import INT8, HashingEncoder, MiniLmEncoder, encoder_version, load_encoder, worker_count
from cocite.embedding.model_files import FILES, TOKENIZER, pull
from support.encoding import minilm


def test_the_shipped_tokenizer_would_cut_at_128() -> None:
    """Why padding and truncation are switched off."""
    shipped = json.loads((pull(load_settings()) / TOKENIZER.name).read_text(encoding="utf-8"))
    assert shipped["truncation"]["max_length"] == 128
    assert shipped["padding"]["strategy"] == {"Fixed": 128}
    short, long = minilm().tokenize(["one", "word " * 200])
    assert len(short.token_ids) == 3
    assert len(long.token_ids) == 202


@pytest.mark.parametrize(
    "text",
    [
        "citation " * 2000,
        " " * 5000 + "citation analysis " * 300,
        "supercalifragilistic" * 300 + " after a long word",
        "引用分析" * 3000,
        "é́" * 3000 + " combining",
        ("w" * 4095) + " and more " * 600,
    ],
)
def test_reading_only_the_head_of_a_long_text_changes_no_token(text: str) -> None:
    encoder = minilm()
    whole = encoder._tokenizer.encode(text, add_special_tokens=False).ids
    (tokens,) = encoder.tokenize([text])
    assert list(tokens.token_ids[1:-1]) == whole[:254]
    assert tokens.truncated == (len(whole) > 254)


@pytest.mark.parametrize("text", ["x" * 100_000, " " * 100_000 + "after much space", ("w" * 150 + " ") * 1000])
def test_a_text_that_hides_its_words_is_not_read_for_ever(text: str) -> None:
    """No more is read than would hold many times the tokens that count; what lies beyond changes nothing."""
    encoder = minilm()
    (tokens,) = encoder.tokenize([text])
    assert tokens.truncated
    assert encoder.tokenize([text[:20_000] + " something else" * 1000]) == [tokens]


def test_files_may_be_links(tmp_path: Path) -> None:
    """A model cache keeps files under other names and links to them."""
    (tmp_path / "links").mkdir()
    for file in FILES:
        (tmp_path / "links" / file.name).symlink_to(pull(load_settings()) / file.name)
    linked = MiniLmEncoder(tmp_path / "links")
    tokens = linked.tokenize(["a paper"])
    np.testing.assert_array_equal(linked.encode(tokens), minilm().encode(tokens))


def test_settings_choose_the_encoder(tmp_path: Path) -> None:
    assert isinstance(load_encoder(Settings(encoder="hashing", home=tmp_path)), HashingEncoder)
    assert isinstance(load_encoder(load_settings()), MiniLmEncoder)
    with pytest.raises(NotReady, match="cocite model pull"):
        load_encoder(Settings(home=tmp_path))


def test_int8_is_a_model_of_its_own() -> None:
    """Its vectors are near those of the trained model, and never kept under its name."""
    exact, coarse = minilm(), minilm(int8=True)
    assert coarse.model_version != exact.model_version
    for name, encoder in (("minilm", exact), (INT8, coarse)):
        settings = load_settings().model_copy(update={"encoder": name})
        assert encoder_version(settings) == encoder.model_version == load_encoder(settings).model_version
    tokens = exact.tokenize(["graph drawing", "co-citation in the scientific literature " * 20])
    one, other = exact.encode(tokens), coarse.encode(tokens)
    assert ((one * other).sum(axis=1) > 0.99).all()
    assert np.abs(one - other).max() > 1e-4


def test_hashing_tells_texts_without_words_apart() -> None:
    encoder = HashingEncoder()
    one, other = encoder.encode(encoder.tokenize(["🎉", "🧪"]))
    assert abs(one @ other) < 0.99


def test_hashing_sees_the_order_of_words() -> None:
    encoder = HashingEncoder()
    one, other = encoder.encode(encoder.tokenize(["graph drawing", "drawing graph"]))
    assert one @ other < 0.999


def test_hashing_never_gives_a_zero_vector() -> None:
    encoder = HashingEncoder()
    words = [f"w{number}" for number in range(3000)]
    vectors = encoder.encode(encoder.tokenize(words))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_worker_count() -> None:
    assert worker_count(3) == 3
    assert worker_count(0) >= 1
