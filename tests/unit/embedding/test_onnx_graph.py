"""The graph against BERT written out in numpy float64 from the same weights (Devlin et al. 2019)."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from cocite.core.settings import load_settings
from cocite.embedding.model_files import WEIGHTS, pull
from support.encoding import minilm

Array = npt.NDArray[np.float64]
_erf = np.vectorize(math.erf, otypes=[np.float64])


@pytest.fixture(scope="module")
def weights() -> dict[str, Array]:
    return {k: v.astype(np.float64) for k, v in load_file(pull(load_settings()) / WEIGHTS.name).items()}


def linear(w: Mapping[str, Array], name: str, x: Array) -> Array:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def layer_norm(w: Mapping[str, Array], name: str, x: Array) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]


def attention(w: Mapping[str, Array], name: str, x: Array) -> Array:
    """Twelve heads of 32 numbers, one text, no padding."""
    q, k, v = (linear(w, f"{name}.self.{part}", x).reshape(-1, 12, 32) for part in ("query", "key", "value"))
    scores = np.einsum("ihd,jhd->hij", q, k) / math.sqrt(32)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    context = np.einsum("hij,jhd->ihd", scores / scores.sum(axis=-1, keepdims=True), v).reshape(len(x), 384)
    return layer_norm(w, f"{name}.output.LayerNorm", linear(w, f"{name}.output.dense", context) + x)


def reference(w: Mapping[str, Array], token_ids: tuple[int, ...]) -> Array:
    x = w["embeddings.word_embeddings.weight"][list(token_ids)]
    x = x + w["embeddings.position_embeddings.weight"][: len(token_ids)]
    x = layer_norm(w, "embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        x = attention(w, f"{name}.attention", x)
        inner = linear(w, f"{name}.intermediate.dense", x)
        gelu = inner * 0.5 * (1 + _erf(inner / math.sqrt(2)))
        x = layer_norm(w, f"{name}.output.LayerNorm", linear(w, f"{name}.output.dense", gelu) + x)
    mean = x.mean(axis=0)
    return mean / np.linalg.norm(mean)


def test_the_graph_is_bert(weights: dict[str, Array]) -> None:
    encoder = minilm()
    tokens = encoder.tokenize(
        [
            "graph",
            "Co-citation in the scientific literature: a new measure of the relationship between two documents",
            "A new form of document coupling called co-citation is defined as the frequency of citation. " * 3,
            "",
        ]
    )
    vectors = encoder.encode(tokens)
    for vector, text in zip(vectors, tokens, strict=True):
        np.testing.assert_allclose(vector, reference(weights, text.token_ids), atol=1e-5)


def test_the_reference_tells_a_wrong_graph(weights: dict[str, Array]) -> None:
    """Negative control: without one bias the two differ by more than the tolerance."""
    name = "encoder.layer.5.output.dense.bias"
    (text,) = minilm().tokenize(["graph drawing"])
    damaged = {**weights, name: np.zeros_like(weights[name])}
    assert np.abs(minilm().encode([text])[0] - reference(damaged, text.token_ids)).max() > 1e-3


def test_related_texts_are_nearer_than_unrelated_ones() -> None:
    texts = [
        "Force-directed placement of graph vertices",
        "An algorithm for drawing networks by simulated springs",
        "Bread dough fermentation with sourdough starters",
    ]
    a, b, c = minilm().encode(minilm().tokenize(texts))
    assert a @ b > 0.4
    assert a @ c < 0.2
