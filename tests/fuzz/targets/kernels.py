"""Machine code that reads bytes of a bundle, run by the interpreter, where a place out of bounds is an error: what the
checks let through is read to its end and no further."""

from typing import Any

import numpy as np

from cocite.recommender import layout
from cocite.recommender.answer_checks import misnamed, unreadable_reasons, wrong_list
from cocite.recommender.page_writer import find_reasons
from cocite.recommender.reason_writer import end_of_reasons, room_for_reasons

_PAPERS, _TERMS, _ROWS = 24, 40, 2
_CODE = b"\x01\x11\x01\x05\x07\x00\x02\x15\x01\x00\x00\x80\x3f\x03\x08\x01"
SEEDS = [
    b"r\x03\x05" + _CODE,
    b"r\x01\x01" + _CODE,
    b"d\x03\x08" + b"abc" + b"abcde" + b"\x0a\x03abc\x12\x01x" + b"\x0a\x05abcde",
    b"l\x02\x01" + b"\x01\x00\x00\x80\x3f" + b"\x00\x00\x00\x80\x3f",
]


class Numbers(list[Any]):
    """An array as machine code sees it, but that a place before its start or behind its end is an error."""

    @property
    def size(self) -> int:
        return len(self)

    def __getitem__(self, place: Any) -> Any:
        at = int(place)
        if not 0 <= at < len(self):
            raise IndexError(f"place {at} of {len(self)}")
        return super().__getitem__(at)

    def __setitem__(self, place: Any, value: Any) -> None:
        self[place]
        super().__setitem__(int(place), value)


def check(data: bytes) -> None:
    if len(data) < 3:
        return
    how, first, second = data[:1], data[1], data[2]
    {b"r": _reasons, b"d": _display, b"l": _list}.get(how, _reasons)(first, second, data[3:])


def _reasons(results: int, cut: int, code: bytes) -> None:
    """Reasons of two papers: the code of the second begins at cut."""
    numbers, cut = Numbers(code), min(cut, len(code))
    counts = (results % (layout.EXPLAINED + 3), results // 16)
    lists = Numbers(np.cumsum((0, *counts)).tolist())
    offsets = Numbers([0, cut, len(code)])
    limits = Numbers([_PAPERS, _TERMS])
    fault = _call(unreadable_reasons, limits, lists, offsets, numbers, 0, _ROWS)
    assert -1 <= fault < _ROWS
    for row in range(_ROWS if fault < 0 else fault):
        explained = min(counts[row], layout.EXPLAINED)
        assert _call(end_of_reasons, numbers, offsets[row], explained) == offsets[row + 1]
        reasons, room = _call(room_for_reasons, numbers, offsets[row], explained, 48)
        assert room >= 0
        starts, ends = Numbers([0] * reasons), Numbers([0] * explained)
        _call(find_reasons, numbers, offsets[row], starts, ends)


def _display(first: int, second: int, data: bytes) -> None:
    """Two papers' ids, of so many bytes, and then their messages."""
    ids, rest = data[:first], data[first:]
    ids, display = ids + rest[:second], rest[second:]
    cut = len(display) // 2
    id_offsets = Numbers([0, min(first, len(ids)), len(ids)])
    fault = _call(misnamed, Numbers(ids), id_offsets, Numbers(display), Numbers([0, cut, len(display)]), 0, _ROWS)
    assert -1 <= fault < _ROWS


def _list(size: int, cut: int, data: bytes) -> None:
    """Entries of five bytes: a row, signed, and the bits of its score."""
    entries = [data[at : at + 5] for at in range(0, len(data) - 4, 5)]
    rows = Numbers(int.from_bytes(entry[:1], signed=True) for entry in entries)
    scores = Numbers(np.frombuffer(entry[1:], dtype="<f4")[0] for entry in entries)
    offsets = Numbers([0, min(cut, len(entries)), len(entries)])
    fault = _call(wrong_list, offsets, rows, scores, 0, _ROWS)
    assert -1 <= fault < _ROWS
    if fault < 0:
        assert all(0 <= row < _ROWS for row in rows) and np.isfinite(scores).all()


def _call(function: Any, *arguments: Any) -> Any:
    assert not hasattr(function, "py_func"), "this is machine code: run it with NUMBA_DISABLE_JIT=1"
    return function(*arguments)
