"""The course of an experiment as SVG."""

from html import escape

import numpy as np

from cocite.feeds.experiments_report import Report

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 320, 60, 24, 56, 48  # pixels
_DATES = 8  # written below the axis


def report_as_svg(report: Report) -> str:
    """B's share of the answers won up to each day, a point with a line for its interval, and a dashed line at 0.5."""
    experiment = report.experiment
    title = f"{experiment.name}: answers won by B ({experiment.ranking_b}) against A ({experiment.ranking_a})"
    drawn = [_text(_WIDTH / 2, 20, title, "middle"), _text(_WIDTH / 2, 38, report.verdict, "middle")]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y, dashed = _y(tick), ' stroke="#c44" stroke-dasharray="4"' if tick == 0.5 else ' stroke="#ddd"'
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"{dashed}/>')
        drawn.append(_text(_LEFT - 8, y + 4, f"{tick:.2f}", "end"))
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(report.course))
    every = -(-len(report.course) // _DATES)
    for place, (day, share) in enumerate(report.course):
        x = _LEFT + (place + 0.5) * step
        drawn.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_y(share.low):.1f}" y2="{_y(share.high):.1f}" stroke="#222"/>'
            f'<circle cx="{x:.1f}" cy="{_y(share.value):.1f}" r="4" fill="#4878a8"/>'
        )
        if place % every == 0:
            drawn.append(_text(x, _HEIGHT - _BOTTOM + 20, str(np.datetime64(day, "D")), "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
