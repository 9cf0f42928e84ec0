"""TeX in titles, names and abstracts, made into plain text."""

import logging
import re
from functools import cache
from typing import Any

MOST = 100_000  # characters read as TeX, seconds of work: as many as an abstract may have
_TEX = re.compile(r"[\\{}$~]|--|``|''")
_BARE_SIGN = re.compile(r"(?<!\\)[%&]")  # signs of comments and columns in TeX, just signs in abstracts


@cache
def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    logging.getLogger("pylatexenc").setLevel(logging.ERROR)
    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


def plain_text(text: str) -> str:
    """The text without TeX commands: accents and symbols as characters; at most MOST of it.

    Text that is no valid TeX stays as it is.
    """
    text = text[:MOST]
    if not _TEX.search(text):
        return text
    try:
        return str(_converter().latex_to_text(_BARE_SIGN.sub(r"\\\g<0>", text), tolerant_parsing=True))
    except Exception:  # the parser raises many things, RecursionError among them; the text itself is still good
        return text
