"""What the clients answer with: plain frozen values, free of protobuf.

Causes, states and fallbacks are the proto's enum names without prefix, in lower case ("not_in_model"); a value
that this client does not know yet is its number as text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

import numpy as np
import numpy.typing as npt

from cocite.core import paper


@dataclass(frozen=True, slots=True)
class TextSeed:
    """A text to find related papers for, usually a paper that has no id yet."""

    title: str = ""
    abstract: str = ""


@dataclass(frozen=True, slots=True)
class Paper(paper.Paper):
    """A scholarly work, as far as the view asked; what the view leaves out is empty. year is None when unknown."""

    has_abstract: bool = False


@dataclass(frozen=True, slots=True)
class SharedReferences:
    """The result and the seed list the same references; paper_ids are some of them."""

    seed: str
    count: int
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoCitation:
    """Papers cite both the result and the seed; paper_ids are some of them."""

    seed: str
    count: int
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectCitation:
    """One of the two cites the other."""

    seed: str
    seed_cites_result: bool


@dataclass(frozen=True, slots=True)
class TextLikeness:
    """Their texts are alike; cosine is from -1 to 1, shared_terms are some that both hold, most telling first."""

    seed: str
    cosine: float
    shared_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedTerms:
    """Their texts hold the same words, and nothing else ties the two."""

    seed: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedReaders:
    """So many readers keep both the result and the seed."""

    seed: str
    count: int


@dataclass(frozen=True, slots=True)
class Popularity:
    """Nothing ties the result to the seeds; it is much cited."""

    citation_count: int


@dataclass(frozen=True, slots=True)
class CitedWithReferences:
    """Papers cite the result together with references of the seed; paper_ids are some of those references."""

    seed: str
    count: int
    paper_ids: tuple[str, ...]


Reason = (
    SharedReferences
    | CoCitation
    | DirectCitation
    | SharedReaders
    | TextLikeness
    | SharedTerms
    | Popularity
    | CitedWithReferences
)


@dataclass(frozen=True, slots=True)
class SeedContribution:
    """A seed's share of what speaks for a result; seed is as in reasons, or "library" or "references"."""

    seed: str
    share: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One related paper; rank counts from 1 over all pages, reasons come strongest first.

    contributions, of several seeds, add up to 1.
    """

    paper: Paper
    score: float
    rank: int
    reasons: tuple[Reason, ...]
    contributions: tuple[SeedContribution, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedSeed:
    """A seed left out of account; cause is "unknown", "not_in_model" or "unavailable".

    field says where the request has it, such as "seeds.positive_ids[0]"; of "seeds.reference_text[3]", the fourth
    entry of the text, id is the entry itself, cut short.
    """

    id: str
    cause: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedReference:
    """An entry of the reference text, cut short, and the paper it means."""

    entry: str
    paper_id: str


@dataclass(frozen=True, slots=True)
class Degradation:
    """A shortcoming of an answer; cause such as "embedding_slow", detail is a sentence."""

    cause: str
    detail: str


@dataclass(frozen=True, slots=True)
class Recommendations(Sequence[Recommendation]):
    """One page, a sequence of its results. fallback is "" or "popularity"; next_page_token is "" on the last page.

    references are the entries of the reference text that could be used; the others are among the unresolved.
    """

    results: tuple[Recommendation, ...]
    next_page_token: str
    model_version: str
    unresolved: tuple[UnresolvedSeed, ...]
    degraded: tuple[Degradation, ...]
    fallback: str
    attribution_token: str
    references: tuple[ResolvedReference, ...] = ()

    @overload
    def __getitem__(self, place: int) -> Recommendation: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Recommendation, ...]: ...
    def __getitem__(self, place: int | slice) -> Recommendation | tuple[Recommendation, ...]:
        return self.results[place]

    def __len__(self) -> int:
        return len(self.results)


@dataclass(frozen=True, slots=True)
class ResolvedPaper:
    """What one id means; status is "found", "unknown", "malformed" or "unavailable", paper is set when found."""

    query: str
    status: str
    paper: Paper | None
    in_model: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """One result for each id asked, in the order asked; of several answers model_version is that of the last."""

    results: tuple[ResolvedPaper, ...]
    degraded: tuple[Degradation, ...]
    model_version: str


@dataclass(frozen=True, slots=True)
class RefusedModel:
    """A model version the recommender would not load, and why."""

    model_version: str
    detail: str


@dataclass(frozen=True, slots=True)
class Model:
    """The model now serving; metrics are those of its training, by name ("model.recall@20").

    paper_count are the papers it was trained on, fresh_paper_count those that came since.
    """

    model_version: str
    create_time: datetime
    paper_count: int
    citation_count: int
    embedding_model_version: str
    metrics: Mapping[str, float]
    refused: tuple[RefusedModel, ...]
    fresh_paper_count: int = 0


@dataclass(frozen=True, slots=True)
class FoundPapers:
    """Papers by the id they were asked by, and the ids no paper has."""

    papers: Mapping[str, Paper]
    missing: tuple[str, ...]
    degraded: tuple[Degradation, ...]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """vectors: shape (texts, dimension), float32, L2 norm 1; truncated tells which texts lost their end."""

    model_version: str
    vectors: npt.NDArray[np.float32]
    truncated: tuple[bool, ...]
