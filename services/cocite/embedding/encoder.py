"""The contract of an encoder: tokens in, unit vectors out. tests/contracts holds the suite every encoder passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """Token ids of one text, special tokens included, no padding; truncated tells whether its end was cut off."""

    token_ids: tuple[int, ...]
    truncated: bool


class Encoder(Protocol):
    """Turns texts into L2-normalised vectors. Thread-safe and deterministic; batching changes no vector by more
    than 1e-5 a component.
    """  # fmt: skip

    model_version: str  # [A-Za-z0-9._-]+, another for every change that changes vectors
    dimension: int
    max_tokens: int

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Tokens of each text, at most max_tokens of them."""

    def encode(self, batch: Sequence[TokenizedText]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(batch), dimension), float32, L2 norm 1; the batch is padded to its longest text."""
