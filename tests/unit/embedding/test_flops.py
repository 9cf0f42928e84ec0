import json
import struct

import pytest

from cocite.core.settings import load_settings
from cocite.embedding.flops import PEAK_SHAPES, peak_flops, useful_flops
from cocite.embedding.model_files import WEIGHTS, pull


def test_a_token_meets_every_weight_of_the_layers_once() -> None:
    """Two operations for each number in the matrices of the file."""
    with (pull(load_settings()) / WEIGHTS.name).open("rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
    shapes = [entry["shape"] for name, entry in header.items() if name.startswith("encoder.layer.")]
    assert useful_flops(1, 0) == 2 * sum(shape[0] * shape[1] for shape in shapes if len(shape) == 2)


def test_pairs_of_tokens_meet_twice_in_every_layer() -> None:
    """Scores and context: 12 heads of 32 numbers, a multiplication and an addition each."""
    assert useful_flops(0, 1) == 6 * 2 * 2 * 12 * 32
    assert useful_flops(10, 100) == pytest.approx(10 * useful_flops(1, 10))


def test_the_peak_is_the_mean_of_the_fastest_shape() -> None:
    """By a clock on which every product takes a second, the largest product is the fastest."""
    ticks = iter(range(1000))
    assert peak_flops(3.0, lambda: float(next(ticks))) == max(2.0 * m * k * n for m, k, n in PEAK_SHAPES)
