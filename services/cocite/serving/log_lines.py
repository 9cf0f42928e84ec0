"""What callers sent, made harmless before a person reads it: a line stays one line, and a terminal obeys nobody.

For the console alone: JSON escapes all of this by itself.
"""

import io
import re
from typing import Any, TextIO

import structlog

# Controls (ESC and newline among them), and what changes lines or the direction of text.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_MARGIN = "  | "


def harmless(text: str) -> str:
    """text with its control characters written out, as Python does: "\\n", "\\x1b"."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def escape_values(_logger: Any, _method: str, event: Any) -> Any:
    """A processor of structlog's: every text of an event is harmless; other values are shown by repr(), which is."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = harmless(value)
    return event


def traceback_within_margin(sink: TextIO, info: Any) -> None:
    """A formatter of exceptions for structlog's console: no line of one can be taken for an event."""
    lines = io.StringIO()
    structlog.dev.plain_traceback(lines, info)
    for line in lines.getvalue().rstrip("\n").split("\n"):
        sink.write(f"\n{_MARGIN}{harmless(line)}")
