"""How much arithmetic texts need, and how fast this machine multiplies matrices."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cocite.embedding.onnx_graph import HIDDEN, INNER, LAYERS

PEAK_SHAPES = ((512, HIDDEN, INNER), (512, INNER, HIDDEN), (1024, 1024, 1024))  # (m, k, n)


def useful_flops(tokens: float, token_pairs: float) -> float:
    """Floating-point operations of the encoder's matrix products for texts, padding apart.

    tokens: in all texts; token_pairs: the sum of their squared lengths. A layer multiplies each token by four matrices
    of HIDDEN x HIDDEN and two of HIDDEN x INNER, and each pair of tokens of a text twice by HIDDEN numbers (scores,
    context); a multiplication with its addition is two operations. Softmax, normalisations and GELU are left out.
    """
    weights = 4 * HIDDEN * HIDDEN + 2 * HIDDEN * INNER
    return float(LAYERS * (2 * weights * tokens + 4 * HIDDEN * token_pairs))


def peak_flops(seconds: float, clock: Callable[[], float] = time.perf_counter) -> float:
    """Operations a second of one thread in onnxruntime's float32 matrix product, over the fastest of PEAK_SHAPES.

    Those are the shapes of the encoder's largest layers and a large square. Each is multiplied over and over for its
    share of the seconds, and its mean counts: what disturbs an encoder disturbs this as well.
    """
    return max(_rate(*shape, seconds / len(PEAK_SHAPES), clock) for shape in PEAK_SHAPES)


def _rate(m: int, k: int, n: int, seconds: float, clock: Callable[[], float]) -> float:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((m, k), dtype=np.float32)
    session = _product(rng.standard_normal((k, n), dtype=np.float32))
    session.run(None, {"rows": rows})
    begin, products, elapsed = clock(), 0, 0.0
    while elapsed < seconds or elapsed == 0.0:
        session.run(None, {"rows": rows})
        products, elapsed = products + 1, clock() - begin
    return 2.0 * m * k * n * products / elapsed


def _product(weights: Any) -> Any:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("MatMul", ["rows", "weights"], ["product"])],
        "product",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["m", weights.shape[0]])],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["m", weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
