"""Bundles with anything in their arrays: refused, or served without a place out of bounds, which machine code compiled
with NUMBA_BOUNDSCHECK=1 would tell."""

import struct
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.array_checks import check_arrays
from cocite.recommender.assembly import Assembler
from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.manifest import manifest_json, parse_manifest
from cocite.recommender.query import Query
from fuzz.services import prepared

_WHOLE = Bundle.load(prepared() / "bundles" / "m1")
_MANIFEST = parse_manifest((_WHOLE.directory / layout.MANIFEST).read_text())
_ARRAYS = {name: np.load(_WHOLE.directory / name) for name in layout.FILES}
_NAMES = sorted(_ARRAYS)
_CHANGE = struct.Struct("<BBHq")  # array, how, place, value: one change after another

SEEDS = [
    b"",
    *(_CHANGE.pack(place, 0, 1, 1) for place in range(len(_NAMES))),
    *(_CHANGE.pack(place, 1, 0, 0) for place in range(0, len(_NAMES), 5)),
    b"m" + manifest_json(_MANIFEST)[:700].encode(),
]


def check(data: bytes) -> None:
    if data[:1] == b"m":
        with suppress(CorruptData):
            parse_manifest(data[1:].decode("utf-8", "replace"))
        return
    arrays = dict(_ARRAYS)
    for at in range(0, min(len(data), 8 * _CHANGE.size) - _CHANGE.size + 1, _CHANGE.size):
        which, how, place, value = _CHANGE.unpack_from(data, at)
        name = _NAMES[which % len(_NAMES)]
        arrays[name] = _changed(arrays[name], how, place, value)
    try:
        check_arrays(arrays, _MANIFEST)
        bundle = Bundle.of(_WHOLE.directory, _MANIFEST, arrays)
    except CorruptData:
        return
    _served(bundle)


def _changed(array: npt.NDArray[Any], how: int, place: int, value: int) -> npt.NDArray[Any]:
    """The array with some bytes of it replaced; shapes are what the look at the files has found right before."""
    spoilt = array.copy()
    bits = spoilt.reshape(-1).view(np.uint8)
    if not bits.size:
        return spoilt
    if how % 4 == 1 and array.ndim == 1:  # in another order
        spoilt = spoilt[::-1].copy()
    elif how % 4 == 2:  # one byte
        bits[place % bits.size] = value & 0xFF
    else:  # one number
        start = place % max(1, bits.size // array.itemsize) * array.itemsize
        new = np.frombuffer(struct.pack("<q", value).ljust(array.itemsize, b"\0"), dtype=np.uint8)[: array.itemsize]
        bits[start : start + array.itemsize] = new
    spoilt.flags.writeable = False
    return spoilt


def _served(bundle: Bundle) -> None:
    engine, assembler = Engine(bundle), Assembler(bundle)
    for query in (Query.of_paper(3), Query(positive_rows=(5, 8), negative_rows=(2,), texts=("black bishops",))):
        ranking = engine.rank(query)
        assert np.isfinite(ranking.scores).all()
        assert len(set(ranking.rows.tolist())) == ranking.rows.size
    for row in range(0, bundle.paper_count, 7):
        assembler.related(row, 0, 5)
        assembler.related(row, 5, 9, only_ids=True)
