"""Ratios with their quartiles as a bar chart, in SVG."""

from collections.abc import Mapping
from html import escape

from cocite.load.paired import Ratio

_WIDTH, _LABELS, _ROW, _TOP, _RIGHT = 720, 220, 28, 40, 60  # pixels


def ratios_as_svg(rows: Mapping[str, Ratio], title: str) -> str:
    """A bar a ratio from 0, a line from its lower to its upper quartile, and a dashed line where both are equal."""
    most = max([1.0, *(row.high for row in rows.values())])
    scale = (_WIDTH - _LABELS - _RIGHT) / most
    height = _TOP + _ROW * len(rows) + 20
    drawn = [_text(_WIDTH / 2, 18, title, "middle")]
    for number, (name, row) in enumerate(rows.items()):
        y = _TOP + number * _ROW
        drawn += [
            _text(_LABELS - 8, y + 14, name, "end"),
            f'<rect x="{_LABELS}" y="{y}" width="{row.median * scale:.1f}" height="{_ROW - 8}" fill="#4878a8"/>',
            f'<line x1="{_LABELS + row.low * scale:.1f}" x2="{_LABELS + row.high * scale:.1f}" y1="{y + 10}" '
            f'y2="{y + 10}" stroke="#222" stroke-width="2"/>',
            _text(_LABELS + row.high * scale + 6, y + 14, f"{row.median:.3f}", "start"),
        ]
    one = _LABELS + scale
    drawn.append(
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{_TOP - 6}" y2="{height - 16}" stroke="#c44" stroke-dasharray="4"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
