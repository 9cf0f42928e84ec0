from xml.etree import ElementTree

import pytest

from cocite.bench.embedding_windows import Stretch, Window
from cocite.bench.ratio_picture import ratios_as_svg
from cocite.embedding.flops import useful_flops
from cocite.embedding.throughput import BatchCounts
from cocite.load.paired import Ratio
from support.load_results import result
from support.measured_embedding import measured


def test_every_ratio_is_what_its_name_says() -> None:
    rows = {name: ratio.median for name, ratio in measured().rows().items()}
    assert rows == pytest.approx(
        {
            "service / bare": 0.95,
            "service / bare, by clock": (9_500 / 2) / (1_000 / 0.16),
            "service / bare, by all CPU": (9_500 / 2.2) / (1_000 / 0.2),
            "padded / real": 1.02,
            "useful / peak": 0.8,
            "bare useful / peak": useful_flops(1_000, 50_000) / 0.1 * 0.8 / useful_flops(9_500, 1_000_000),
            "goodput at 2x / peak": 0.9,
            "int8 / float32": 2.0,
        }
    )


def test_a_round_in_which_nothing_was_encoded_is_left_out() -> None:
    found = measured()
    found.service[0] = Window(Stretch(2.0, 0.0, 0.1, BatchCounts()), result(1), 0.0)
    rows = found.rows()
    assert rows["service / bare"].median == pytest.approx(0.95)
    assert (rows["service / bare"].pairs, rows["int8 / float32"].pairs) == (1, 2)
    assert found.figures()["tokens a text"] == 95


def test_json_tells_rows_with_their_spread_and_figures() -> None:
    told = measured().as_json()
    assert told["windows"] == 2
    assert told["rows"]["padded / real"].keys() == {"median", "low", "high", "windows"}
    assert told["figures"]["tokens a text"] == 95
    assert told["figures"]["encoded in vain at 2x"] == pytest.approx(0.1)


def test_bars_are_as_long_as_their_ratios() -> None:
    rows = {"a & b": Ratio(0.5, 0.4, 0.6, 12), "twice": Ratio(1.0, 0.9, 1.1, 12)}
    svg = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(ratios_as_svg(rows, "title"))
    widths = [float(bar.get("width", "0")) for bar in root.findall(f"{svg}rect")[1:]]
    assert widths[1] == pytest.approx(2 * widths[0], rel=1e-3)
    assert [text.text for text in root.findall(f"{svg}text")] == ["title", "a & b", "0.500", "twice", "1.000"]
