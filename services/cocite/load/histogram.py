"""Latencies counted in buckets of equal width on a logarithmic scale, and drawn as SVG."""

from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

PER_DECADE = 10  # buckets: each 26 % wider than the one before
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 320, 60, 50  # pixels


@dataclass(frozen=True, slots=True)
class Histogram:
    """counts (n,) int64 of values in [edges[i], edges[i + 1]); edges (n + 1,) float64, ascending. Empty: n is 0."""

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


def histogram(values: npt.NDArray[np.float64], per_decade: int = PER_DECADE) -> Histogram:
    """Counts of values (n,), all over 0, from the bucket of the least to that of the greatest."""
    if not values.size:
        return Histogram(np.empty(0), np.empty(0, dtype=np.int64))
    buckets = np.floor(np.log10(values) * per_decade).astype(np.int64)
    first = int(buckets.min())
    counts = np.bincount(buckets - first)
    return Histogram(10.0 ** (np.arange(first, first + counts.size + 1) / per_decade), counts)


def as_svg(found: Histogram, title: str, marks: dict[str, float]) -> str:
    """A picture of a histogram of microseconds; marks are values to point out, by their names."""
    if not found.counts.size:
        return _document(title, [])
    wide = (_WIDTH - _LEFT - 20) / found.counts.size
    tall = (_HEIGHT - _BOTTOM - 50) / max(int(found.counts.max()), 1)
    base = _HEIGHT - _BOTTOM
    low, high = np.log10(found.edges[0]), np.log10(found.edges[-1])

    def across(value: float) -> float:
        return float(_LEFT + (np.log10(value) - low) / (high - low) * wide * found.counts.size)

    drawn = [
        f'<rect x="{_LEFT + i * wide:.1f}" y="{base - count * tall:.1f}" width="{max(wide - 1, 0.5):.1f}" '
        f'height="{count * tall:.1f}" fill="#4878a8"><title>{found.edges[i]:.0f} to {found.edges[i + 1]:.0f} us: '
        f"{count}</title></rect>"
        for i, count in enumerate(found.counts.tolist())
    ]
    for decade in range(int(np.ceil(low)), int(np.floor(high)) + 1):
        drawn.append(_text(across(10.0**decade), base + 18, duration(10.0**decade)))
    for height, (name, value) in enumerate(marks.items()):
        x, y = across(value), 40 + 12 * (height % 4)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{base}" stroke="#c44" stroke-dasharray="3"/>')
        drawn.append(_text(x, y - 2, f"{name} {duration(value)}"))
    drawn.append(_text(_LEFT - 25, base - found.counts.max() * tall + 4, f"{found.counts.max():,}"))
    return _document(title, drawn)


def duration(microseconds: float) -> str:
    """A length of time in the unit that suits it, to three digits."""
    for unit, scale in (("us", 1.0), ("ms", 1e3)):
        if microseconds < 999.5 * scale:
            return f"{microseconds / scale:.3g} {unit}"
    return f"{microseconds / 1e6:.3g} s"


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'


def _document(title: str, drawn: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        + "\n".join([_text(_WIDTH / 2, 18, title), *drawn])
        + "</svg>\n"
    )
