"""Text vectors on disk, so that no text is encoded twice: one SQLite file, always safe to delete."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cocite.core.errors import Unavailable

T = TypeVar("T")
Vector = npt.NDArray[np.float16]
MAX_VECTORS = 4_000_000  # 3 GB at 384 dimensions
_LOOKUP = 500  # hashes in one SQL statement; SQLite's limit was 999 for long
_BUSY_S = 30.0
_NORM_TOLERANCE = 0.01

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
  model_version TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  vector BLOB NOT NULL,
  UNIQUE (model_version, content_hash)
)
"""


class VectorCache:
    """float16 vectors of one embedding model by content hash. For one thread; close it in the end.

    A damaged file is replaced by an empty one, a damaged vector is left out: both mean encoding again. Several
    processes may share the file. Raises Unavailable when it cannot be opened or written.
    """

    def __init__(self, path: Path, model_version: str, dimension: int, max_vectors: int = MAX_VECTORS) -> None:
        self._path = path
        self._model_version = model_version
        self._dimension = dimension
        self._max_vectors = max_vectors
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection: sqlite3.Connection | None = None
        self._attempt(lambda connection: None)

    def get_many(self, hashes: Sequence[str]) -> dict[str, Vector]:
        """The vectors there are, by content hash."""
        return self._attempt(lambda connection: self._read(connection, hashes))

    def put_many(self, vectors: Mapping[str, Vector]) -> None:
        """Store vectors of shape (dimension,) and norm 1, on disk when this returns; the oldest beyond the limit go."""
        self._attempt(lambda connection: self._write(connection, vectors))

    def _attempt(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Act, once more on a fresh file when this one is damaged; a full disk or a lock is for a person."""
        for last in (False, True):
            try:
                self._connection = self._connection or self._open()
                return action(self._connection)
            except sqlite3.Error as error:
                if last or type(error) is not sqlite3.DatabaseError:
                    raise Unavailable(
                        f"the vector cache {self._path} cannot be used: {error}", hint="free or unlock its disk"
                    ) from error
                self._remove()
        raise AssertionError("unreachable")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_S)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _read(self, connection: sqlite3.Connection, hashes: Sequence[str]) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        for start in range(0, len(hashes), _LOOKUP):
            keys = [bytes.fromhex(content_hash) for content_hash in hashes[start : start + _LOOKUP]]
            places = ",".join("?" * len(keys))
            rows = connection.execute(
                f"SELECT content_hash, vector FROM vectors WHERE model_version = ? AND content_hash IN ({places})",
                [self._model_version, *keys],
            )
            for key, blob in rows:
                if (vector := self._decode(blob)) is not None:
                    found[key.hex()] = vector
        return found

    def _decode(self, blob: bytes) -> Vector | None:
        if len(blob) != 2 * self._dimension:
            return None
        vector = np.frombuffer(blob, dtype="<f2")
        norm = float(np.linalg.norm(vector.astype(np.float32)))
        return vector if abs(norm - 1.0) < _NORM_TOLERANCE else None

    def _write(self, connection: sqlite3.Connection, vectors: Mapping[str, Vector]) -> None:
        rows = [
            (self._model_version, bytes.fromhex(content_hash), vector.astype("<f2").tobytes())
            for content_hash, vector in vectors.items()
        ]
        with connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            # rowids grow, so the newest max_vectors of them hold at most that many vectors
            connection.execute(
                "DELETE FROM vectors WHERE rowid <= (SELECT max(rowid) FROM vectors) - ?", (self._max_vectors,)
            )
