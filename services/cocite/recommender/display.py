"""How papers are shown in an answer: their messages in basic view, encoded when the model was trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from cocite.recommender import wire

_PAPER_ID = 1  # its number in cocite.v1.Paper


@dataclass(frozen=True, slots=True)
class Display:
    """Encoded messages of rows: that of row i is encoded[offsets[i] : offsets[i + 1]], or newer[i] where there is one.

    newer holds papers that came or changed since the training; those that came have no other.
    """

    encoded: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    newer: Mapping[int, bytes] = field(default_factory=dict)

    def of(self, row: int) -> bytes:
        """The encoded message of a paper."""
        if (newer := self.newer.get(row)) is not None:
            return newer
        message: bytes = self.encoded[self.offsets[row] : self.offsets[row + 1]].tobytes()
        return message

    def with_newer(self, newer: Mapping[int, bytes]) -> "Display":
        """The same with messages of other rows, or later ones of the same."""
        return replace(self, newer={**self.newer, **newer}) if newer else self


def named(encoded: bytes, paper_id: str) -> bytes:
    """The encoded message of a paper, b"" for none, under another id."""
    return wire.field(_PAPER_ID, paper_id.encode()) + encoded[wire.first_field(encoded) if encoded else 0 :]
