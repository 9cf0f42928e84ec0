"""The ONNX graph of all-MiniLM-L6-v2, a BERT encoder (Devlin et al. 2019) with masked mean pooling.

The graph is code and the weights stay where they are: its initialisers point into model.safetensors, so nothing is
converted, copied or kept in step. Between the layers the hidden states are rows, one a token, so that a linear layer
is one matrix product with its bias. Decision 20 tells which operators were measured against each other.
"""

from pathlib import Path

import numpy as np

from cocite.embedding.onnx_layers import FUSED, FloatLayers, Int8Layers, Layers
from cocite.embedding.onnx_nodes import Graph

LAYERS = 6
HIDDEN = 384
INNER = 1536
EPSILON = 1e-12
OPSET = 21  # the first whose QuantizeLinear is sure to take a scale by row; Gelu came with 20


def build_graph(weights: Path, *, int8: bool = False) -> bytes:
    """Serialised ONNX model that reads its weights from that safetensors file.

    Inputs input_ids and attention_mask, int64 (n, t), mask 1 for a token and 0 for padding at the end. Output
    vectors, float32 (n, hidden), L2 norm 1. onnxruntime must be told the file's directory; see encoders. With int8
    linear layers multiply 8-bit integers, and the model holds their weights.
    """
    from onnx import TensorProto, helper

    graph = Graph(weights)
    graph.constants(axis_1=np.array([1]), zero=np.array([0]), token_type=np.array([0]))
    graph.constants(as_rows=np.array([-1, HIDDEN]), rest=np.array([-1]))
    graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    graph.add("Concat", [graph.add("Shape", ["input_ids"]), "rest"], "as_texts", axis=0)
    layers: Layers = Int8Layers(graph) if int8 else FloatLayers(graph)
    rows = _embeddings(graph)
    for layer in range(LAYERS):
        rows = _layer(graph, layers, f"encoder.layer.{layer}.", rows)
    _pooled(graph, rows)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "t"]) for n in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", None])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "bert", inputs, outputs, graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=10,
    )
    return bytes(model.SerializeToString())


def _embeddings(graph: Graph) -> str:
    length = graph.add("Shape", ["input_ids"], start=1, end=2)
    words = graph.add("Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"])
    positions = graph.add("Slice", [graph.weight("embeddings.position_embeddings.weight"), "zero", length, "zero"])
    segment = graph.add("Gather", [graph.weight("embeddings.token_type_embeddings.weight"), "token_type"])
    place = graph.add("Add", [positions, segment])
    texts = _layer_norm(graph, "embeddings.LayerNorm", graph.add("Add", [words, place]))
    return graph.add("Reshape", [texts, "as_rows"])


def _layer(graph: Graph, layers: Layers, prefix: str, x: str) -> str:
    context = layers.attention(f"{prefix}attention.self", x)
    attended = graph.add("Add", [layers.linear(f"{prefix}attention.output.dense", context), x])
    y = _layer_norm(graph, f"{prefix}attention.output.LayerNorm", attended)
    inner = graph.add("Gelu", [layers.linear(f"{prefix}intermediate.dense", y)])
    outer = graph.add("Add", [layers.linear(f"{prefix}output.dense", inner), y])
    return _layer_norm(graph, f"{prefix}output.LayerNorm", outer)


def _layer_norm(graph: Graph, prefix: str, x: str) -> str:
    scale_and_shift = [graph.weight(f"{prefix}.weight"), graph.weight(f"{prefix}.bias")]
    return graph.add("LayerNormalization", [x, *scale_and_shift], axis=-1, epsilon=EPSILON)


def _pooled(graph: Graph, rows: str) -> None:
    """Sum over the tokens, scaled to norm 1: what the mean scaled to norm 1 is."""
    from onnx import TensorProto

    texts = graph.add("Reshape", [rows, "as_texts"])
    weights = graph.add("Unsqueeze", [graph.add("Cast", ["attention_mask"], to=TensorProto.FLOAT), "axis_1"])
    total = graph.add("Squeeze", [graph.add("MatMul", [weights, texts]), "axis_1"])
    graph.add("LpNormalization", [total], "vectors", axis=-1, p=2)
