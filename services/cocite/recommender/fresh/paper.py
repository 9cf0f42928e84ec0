"""A paper that came, or changed, since the model was trained."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cocite.core.paper import Paper

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FreshPaper:
    """number is that of its arrival in the catalogue; reference_ids are papers that it cites, citing_ids such that
    cite it; vector float32 (d,), norm 1, is that of its text by the embedding model named, None while there is none;
    display is its encoded message in basic view, empty for one that is shown by its id.
    """  # fmt: skip

    number: int
    paper: Paper
    reference_ids: tuple[str, ...] = ()
    citing_ids: tuple[str, ...] = ()
    vector: Vector | None = None
    embedding_model_version: str = ""
    display: bytes = b""

    @property
    def ids(self) -> tuple[str, ...]:
        """All its ids, the canonical one first."""
        return (self.paper.paper_id, *self.paper.aliases)


def name_of(model_version: str, papers: Sequence[FreshPaper]) -> str:
    """A name of a model version with fresh papers, the same in every process that knows them alike."""
    digest = hashlib.blake2b(digest_size=16)
    for fresh in papers:
        digest.update(f"{fresh.paper.paper_id} {fresh.number} {fresh.vector is not None}\n".encode())
    return f"{model_version}+{digest.hexdigest()}" if papers else model_version
