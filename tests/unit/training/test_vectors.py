import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import Unavailable
from cocite.core.paper import content_hash
from cocite.embedding.encoder import TokenizedText
from cocite.embedding.encoders import HashingEncoder
from cocite.training.vector_cache import VectorCache
from cocite.training.vectors import NO_MODEL, embed_papers

TEXTS = [(0, "graphs and trees"), (2, "knights and bishops"), (3, "graphs and trees"), (4, "trees over graphs")]


class CountingEncoder(HashingEncoder):
    """The hashing encoder, counting what it encodes; may be told to die on the way, as a killed process would."""

    def __init__(self, texts_before_death: int | None = None) -> None:
        self.encoded = 0
        self.texts_before_death = texts_before_death

    def encode(self, batch: Sequence[TokenizedText]) -> np.ndarray:
        self.encoded += len(batch)
        if self.texts_before_death is not None and self.encoded > self.texts_before_death:
            raise KeyboardInterrupt
        return super().encode(batch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "vectors.db"


def run(path: Path, texts: Sequence[tuple[int, str]] = TEXTS, encoder: CountingEncoder | None = None, papers: int = 6):
    encoder = encoder or CountingEncoder()
    return embed_papers(iter(texts), papers, lambda: encoder, path), encoder


def test_each_text_gets_its_vector_and_papers_without_text_get_zero(path: Path):
    found, encoder = run(path)
    expected = encoder.encode(encoder.tokenize([text for _, text in TEXTS]))
    np.testing.assert_allclose(found.vectors[[row for row, _ in TEXTS]], expected, atol=1e-3)
    assert not found.vectors[[1, 5]].any()
    assert found.model_version == "hashing-64-v1"


def test_a_text_is_encoded_once(path: Path):
    first, encoder = run(path)
    assert (first.encoded, encoder.encoded) == (3, 3)  # two papers have the same text
    second, encoder = run(path)
    assert (second.encoded, encoder.encoded) == (0, 0)
    assert second.vectors.tobytes() == first.vectors.tobytes()
    third, encoder = run(path, [*TEXTS, (5, "something new")])
    assert (third.encoded, encoder.encoded) == (1, 1)


def test_another_model_encodes_anew(path: Path):
    run(path)
    other = CountingEncoder()
    other.model_version = "hashing-64-v2"
    assert run(path, encoder=other)[1].encoded == 3


def test_what_was_encoded_before_an_interrupt_is_kept(path: Path):
    texts = [(row, f"paper number {row}") for row in range(1000)]
    with pytest.raises(KeyboardInterrupt):
        run(path, texts, CountingEncoder(texts_before_death=700), papers=1000)
    found, encoder = run(path, texts, papers=1000)
    assert 300 <= encoder.encoded <= 1000 - 512
    assert found.vectors.any(axis=1).all()


def test_progress_ends_at_the_end(path: Path):
    seen: list[tuple[int, int]] = []
    embed_papers(iter(TEXTS), 6, CountingEncoder, path, lambda phase, done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (6, 6)


def test_no_text_needs_no_encoder(path: Path):
    def no_encoder() -> CountingEncoder:
        raise AssertionError("loaded")

    found = embed_papers(iter(()), 3, no_encoder, path)
    assert found.vectors.shape == (3, 1)
    assert found.model_version == NO_MODEL
    with pytest.raises(AssertionError):
        embed_papers(iter(TEXTS), 6, no_encoder, path)


@pytest.mark.parametrize("damage", ["no database", "another table", "torn"])
def test_a_damaged_cache_is_made_anew(path: Path, damage: str):
    first, _ = run(path, [(row, f"paper number {row}") for row in range(500)], papers=500)
    if damage == "no database":
        path.write_bytes(b"this is not a database, but long enough to be taken for one" * 20)
    elif damage == "torn":
        data = path.read_bytes()
        path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    else:
        path.unlink()
        path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    again, encoder = run(path, [(row, f"paper number {row}") for row in range(500)], papers=500)
    assert encoder.encoded == 500
    assert again.vectors.tobytes() == first.vectors.tobytes()
    assert run(path, [(row, f"paper number {row}") for row in range(500)], papers=500)[1].encoded == 0


@pytest.mark.parametrize("blob", [b"", b"\x00" * 128, b"\xff" * 128, np.full(64, 7.0, dtype="<f2").tobytes()])
def test_a_damaged_vector_is_encoded_again(path: Path, blob: bytes):
    run(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE rowid = 2", (blob,))
    connection.close()
    assert run(path)[1].encoded == 1
    assert run(path)[1].encoded == 0


def test_the_oldest_vectors_make_room(path: Path):
    cache = VectorCache(path, "m", 2, max_vectors=3)
    unit = np.array([0.6, 0.8], dtype=np.float16)
    hashes = [content_hash(str(number)) for number in range(5)]
    for content in hashes:
        cache.put_many({content: unit})
    assert set(cache.get_many(hashes)) == set(hashes[2:])
    cache.close()


def test_a_cache_that_cannot_be_used_is_a_clear_error(tmp_path: Path):
    (tmp_path / "vectors.db").mkdir()
    with pytest.raises(Unavailable) as raised:
        VectorCache(tmp_path / "vectors.db", "m", 2)
    assert "vectors.db" in raised.value.message
