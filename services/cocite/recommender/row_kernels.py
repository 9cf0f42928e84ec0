"""Machine code for rows of a matrix that lies in memory, or in a mapped file, as float16 or float32.

A row in a mapped file of gigabytes is seldom near the one before: to wait for memory costs more than to compute. So the
rows that come next are asked for ahead of time.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from cocite.recommender.compiled import FLOAT32S, INT64S, compiled

_HALVES = types.Array(types.uint16, 2, "C", readonly=True)  # bits of float16, which numba does not know
_SINGLES = types.Array(types.float32, 2, "C", readonly=True)
_FOUND = types.Array(types.float32, 1, "C")
_unpack_tuple: Any = cgutils.unpack_tuple
_get_or_insert_function: Any = cgutils.get_or_insert_function
_AHEAD = 8  # rows
_LINE = 64  # bytes that memory gives at once

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


def _widening(context: Any, number: Any) -> Any:
    """A number as float32; uint16 stands for the float16 of the same bits."""

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if isinstance(signature.args[0], types.Float):
            return arguments[0]
        return builder.fpext(builder.bitcast(arguments[0], ir.HalfType()), ir.FloatType())

    return types.float32(number), generate


def _asking(context: Any, matrix: Any, row: Any, byte: Any) -> Any:
    """Have the memory at a byte of a row brought near; nothing comes of it but time saved."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        width = _unpack_tuple(builder, array.strides, 2)[0]
        start = builder.ptrtoint(array.data, ir.IntType(64))
        place = builder.add(start, builder.add(builder.mul(arguments[1], width), arguments[2]))
        pointer, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        instruction = _get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(instruction, [builder.inttoptr(place, pointer), flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(matrix, types.int64, types.int64), generate


_single: Any = intrinsic(_widening)
_ask_for: Any = intrinsic(_asking)


_KINDS = (_HALVES, _SINGLES)


@compiled([types.void(matrix, INT64S, types.int64) for matrix in _KINDS])
def _look_ahead(matrix: Any, rows: Rows, place: int) -> None:
    if place + _AHEAD < rows.size:
        for byte in range(0, matrix.shape[1] * matrix.itemsize, _LINE):
            _ask_for(matrix, rows[place + _AHEAD], byte)


@compiled([types.void(matrix, INT64S, FLOAT32S, _FOUND) for matrix in _KINDS], any_order=True)
def _products(matrix: Any, rows: Rows, aim: Floats, found: Floats) -> None:
    for place in range(rows.size):
        _look_ahead(matrix, rows, place)
        row = matrix[rows[place]]
        total = np.float32(0.0)
        for column in range(aim.size):
            total += _single(row[column]) * aim[column]
        found[place] = total


@compiled([types.void(matrix, INT64S, _FOUND) for matrix in _KINDS], any_order=True)
def _lengths(matrix: Any, rows: Rows, found: Floats) -> None:
    for place in range(rows.size):
        _look_ahead(matrix, rows, place)
        row = matrix[rows[place]]
        total = np.float32(0.0)
        for column in range(row.size):
            number = _single(row[column])
            total += number * number
        found[place] = np.sqrt(total)


@compiled([types.void(matrix, INT64S, types.Array(types.float32, 2, "C")) for matrix in _KINDS])
def _copies(matrix: Any, rows: Rows, found: Floats) -> None:
    for place in range(rows.size):
        _look_ahead(matrix, rows, place)
        row = matrix[rows[place]]
        for column in range(row.size):
            found[place, column] = _single(row[column])


def products(matrix: npt.NDArray[np.floating], rows: Rows, aim: Floats) -> Floats:
    """Dot product of each of rows (k,), which must be in the matrix (n, d), with aim (d,): float32 (k,)."""
    found = np.empty(rows.size, dtype=np.float32)
    _products(_bits(matrix), rows, aim, found)
    return found


def lengths(matrix: npt.NDArray[np.floating], rows: Rows) -> Floats:
    """L2 norm of each of rows (k,), which must be in the matrix (n, d): float32 (k,)."""
    found = np.empty(rows.size, dtype=np.float32)
    _lengths(_bits(matrix), rows, found)
    return found


def copies(matrix: npt.NDArray[np.floating], rows: Rows) -> Floats:
    """The rows (k,), which must be in the matrix (n, d), as float32 (k, d)."""
    found = np.empty((rows.size, matrix.shape[1]), dtype=np.float32)
    _copies(_bits(matrix), rows, found)
    return found


def _bits(matrix: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
    return matrix.view(np.uint16) if matrix.dtype == np.float16 else matrix
