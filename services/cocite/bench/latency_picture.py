"""Rows as points on a logarithmic axis, with their quartiles, in SVG."""

from collections.abc import Mapping
from html import escape
from math import ceil, floor, log10

from cocite.bench.latency import Measured
from cocite.bench.latency_windows import ratio_of
from cocite.load.paired import Ratio

_WIDTH, _LABELS, _ROW, _TOP, _RIGHT, _BOTTOM = 720, 150, 26, 44, 70, 34  # pixels
_PICTURES = {
    "latency-p25.svg": ("p25_us", "Latency of one call at a time, p25, over that of a bare grpcio echo"),
    "latency-cpu.svg": ("cpu_us", "CPU of a call with many under way, over that of a bare grpcio echo"),
}


def latency_pictures(measured: Measured) -> dict[str, str]:
    """Pictures by the names of their files."""
    base = measured.samples["echo_grpcio"]
    found = {}
    for name, (figure, title) in _PICTURES.items():
        ratios = {row: ratio_of(samples, base, figure) for row, samples in measured.samples.items()}
        found[name] = points_as_svg({row: ratio for row, ratio in ratios.items() if ratio}, title)
    return found


def points_as_svg(rows: Mapping[str, Ratio], title: str) -> str:
    """A point a ratio, a line from its lower to its upper quartile, and a dashed line where both are equal."""
    low = floor(log10(min([1.0, *(row.low for row in rows.values())])))
    high = max(ceil(log10(max([1.0, *(row.high for row in rows.values())]))), low + 1)
    scale = (_WIDTH - _LABELS - _RIGHT) / (high - low)
    base = _TOP + _ROW * len(rows)

    def across(value: float) -> float:
        return _LABELS + (log10(value) - low) * scale

    drawn = [_text(_WIDTH / 2, 20, title, "middle")]
    for decade in range(low, high + 1):
        x, dashed = across(10.0**decade), ' stroke="#c44" stroke-dasharray="4"' if decade == 0 else ' stroke="#ddd"'
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{base}"{dashed}/>')
        drawn.append(_text(x, base + 18, f"{10.0**decade:g}", "middle"))
    for number, (name, row) in enumerate(rows.items()):
        y = _TOP + number * _ROW + _ROW / 2
        drawn += [
            _text(_LABELS - 12, y + 4, name, "end"),
            f'<line x1="{across(row.low):.1f}" x2="{across(row.high):.1f}" y1="{y}" y2="{y}" stroke="#222"/>',
            f'<circle cx="{across(row.median):.1f}" cy="{y}" r="4" fill="#4878a8"/>',
            _text(across(row.high) + 8, y + 4, f"{row.median:.2f}", "start"),
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {base + _BOTTOM}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{base + _BOTTOM}" fill="#fff"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
