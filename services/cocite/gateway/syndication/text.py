"""Texts of papers as a feed may hold them: whoever wrote a title has no say in how the feed around it is read."""

import re
from html import escape

# What XML 1.0 forbids (2.2) or advises against, and what turns the direction of the text that follows.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NONCHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_UNFIT = re.compile(rf"[\ud800-\udfff\ufdd0-\ufdef\u202a-\u202e\u2066-\u2069{_NONCHARACTERS}]")


def one_line(text: str) -> str:
    """The text on one line, without what XML forbids; letters of every script stay."""
    return " ".join(_UNFIT.sub("", _CONTROLS.sub(" ", text)).split())


def paragraph(text: str) -> str:
    """The text, which is one line, as a paragraph of HTML; what looks like markup stays text."""
    return f"<p>{escape(text, quote=False)}</p>" if text else ""


def link(url: str, text: str) -> str:
    """A link of HTML, in a paragraph of its own."""
    return f'<p><a href="{escape(url)}">{escape(text, quote=False)}</a></p>'
