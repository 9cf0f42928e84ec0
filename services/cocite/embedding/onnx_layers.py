"""Linear layers and attention in two precisions, as nodes of a graph. Hidden states are rows (tokens, numbers)."""

from typing import Protocol

import numpy as np

from cocite.embedding.onnx_nodes import Graph

HEADS = 12
FUSED = "com.microsoft"  # onnxruntime's operators for transformers
PARTS = ("query", "key", "value")
_LARGEST = 127  # of a signed byte, and how far an unsigned one may be from the middle


class Layers(Protocol):
    """What of an encoder multiplies by weights. The graph holds "mask", "as_rows" and "as_texts"."""

    def linear(self, prefix: str, rows: str) -> str:
        """rows W^T + b of the layer that the file calls prefix."""

    def attention(self, prefix: str, rows: str) -> str:
        """Self-attention within each text, before its output layer: rows in, rows out."""


class FloatLayers:
    """As trained, in float32."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def linear(self, prefix: str, rows: str) -> str:
        """See Layers."""
        graph = self._graph
        return graph.add("Gemm", [rows, graph.weight(f"{prefix}.weight"), graph.weight(f"{prefix}.bias")], transB=1)

    def attention(self, prefix: str, rows: str) -> str:
        """See Layers. onnxruntime puts the three matrices together once, when it loads the graph."""
        graph = self._graph
        stacked = graph.add("Concat", [graph.weight(f"{prefix}.{part}.weight") for part in PARTS], axis=0)
        bias = graph.add("Concat", [graph.weight(f"{prefix}.{part}.bias") for part in PARTS], axis=0)
        weights = graph.add("Transpose", [stacked], perm=[1, 0])
        texts = graph.add("Reshape", [rows, "as_texts"])
        context = graph.add("Attention", [texts, weights, bias, "mask"], domain=FUSED, num_heads=HEADS)
        return graph.add("Reshape", [context, "as_rows"])


class Int8Layers:
    """Products of 8-bit integers; everything else in float32.

    Every output of a layer has a scale of its own, and so has every row that comes in: a scale of the whole batch, as
    dynamic quantisation usually takes, would make a text's vector depend on its company. (Scales by row and column:
    Dettmers et al. 2022, LLM.int8(), without their outliers.)
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        graph.constants(
            columns=np.array([1]),
            middle=np.array(_LARGEST + 1, dtype=np.uint8),
            step=np.array(1 / _LARGEST, dtype=np.float32),
            least=np.array(1e-20, dtype=np.float32),
        )

    def linear(self, prefix: str, rows: str) -> str:
        """See Layers."""
        return self._product(prefix, [prefix], rows)

    def attention(self, prefix: str, rows: str) -> str:
        """See Layers."""
        graph = self._graph
        stacked = self._product(prefix, [f"{prefix}.{part}" for part in PARTS], rows)
        texts = graph.add("Reshape", [stacked, "as_texts"])
        parts = [f"{prefix}.{part}" for part in PARTS]
        graph.add_split("Split", [texts], parts, axis=-1, num_outputs=len(parts))
        context = graph.add("MultiHeadAttention", [*parts, "", "mask"], domain=FUSED, num_heads=HEADS)
        return graph.add("Reshape", [context, "as_rows"])

    def _product(self, name: str, prefixes: list[str], rows: str) -> str:
        """rows W^T + b, the layers' outputs side by side."""
        graph = self._graph
        weights = np.concatenate([graph.values(f"{prefix}.weight") for prefix in prefixes])
        scale = np.abs(weights).max(axis=1, keepdims=True) / _LARGEST
        graph.constants(
            **{
                f"{name}.int8": np.rint(weights / scale).astype(np.int8).T.copy(),
                f"{name}.scale": scale.ravel(),
                f"{name}.sum": np.concatenate([graph.values(f"{prefix}.bias") for prefix in prefixes]),
            }
        )
        whole, row_scale = self._quantized(rows)
        product = graph.add("MatMulInteger", [whole, f"{name}.int8", "middle"])
        scaled = graph.add("Mul", [graph.add("Cast", [product], to=_float32()), row_scale])
        return graph.add("Add", [graph.add("Mul", [scaled, f"{name}.scale"]), f"{name}.sum"])

    def _quantized(self, rows: str) -> tuple[str, str]:
        """rows as unsigned bytes around the middle, and the scale (tokens, 1) of each row."""
        graph = self._graph
        largest = graph.add("ReduceMax", [graph.add("Abs", [rows]), "columns"], keepdims=1)
        scale = graph.add("Mul", [graph.add("Max", [largest, "least"]), "step"])
        by_row = graph.add("Squeeze", [scale, "columns"])
        middles = graph.add("Expand", ["middle", graph.add("Shape", [by_row])])
        return graph.add("QuantizeLinear", [rows, by_row, middles], axis=0), scale


def _float32() -> int:
    from onnx import TensorProto

    return int(TensorProto.FLOAT)
