"""Is a reason true? Looked up in the papers, links and libraries themselves, one by one."""

import pytest

from cocite.core.paper import words_of
from cocite.recommender.evidence import (
    CitedWithReferences,
    CoCitation,
    DirectCitation,
    Evidence,
    SharedReaders,
    SharedReferences,
    SharedTerms,
    TextLikeness,
)
from cocite.recommender.tokens import terms
from support.bundles import Corpus, bag_vector


class Truth:
    """What a corpus says of pairs of papers."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.cites: dict[int, set[int]] = {row: set() for row in range(len(corpus.papers))}
        self.cited: dict[int, set[int]] = {row: set() for row in range(len(corpus.papers))}
        for citing, target in corpus.citations:
            self.cites[citing].add(target)
            self.cited[target].add(citing)

    def readers(self, one: int, other: int) -> int:
        return sum(one in library and other in library for library in self.corpus.libraries)

    def words(self, row: int) -> set[str]:
        return set(terms(words_of(self.corpus.papers[row])))

    def text(self, row: int) -> str:
        return f"{self.corpus.papers[row].title} {self.corpus.papers[row].abstract}"

    def check(self, evidence: Evidence, row: int, *, seed: int | None, text: str = "", references: set[int]) -> None:
        """Fail unless the evidence ties row to a seed, given by its row, or by its text and what it cites."""
        citing = self.cited[seed] if seed is not None else set()
        match evidence:
            case SharedReferences(count, shown):
                both = self.cites[row] & references
                assert count == len(both) and set(shown) <= both and len(set(shown)) == min(3, count) == len(shown)
            case CoCitation(count, shown):
                both = self.cited[row] & citing
                assert count == len(both) and set(shown) <= both and len(set(shown)) == min(3, count) == len(shown)
            case DirectCitation(True):
                assert row in references
            case DirectCitation(False):
                assert row in citing
            case SharedReaders(count):
                assert seed is not None and count == self.readers(seed, row) >= 3
            case TextLikeness(cosine, shared):
                said = text if seed is None else self.text(seed)
                assert cosine == pytest.approx(float(bag_vector(said) @ bag_vector(self.text(row))), abs=2e-3)
                held = set(terms(text)) if seed is None else self.words(seed)
                assert {term.replace("-", "_") for term in shared} <= held & self.words(row)
                assert len(set(shared)) == len(shared) <= 5
            case SharedTerms(shared):
                held = set(terms(text)) if seed is None else self.words(seed)
                assert 0 < len(shared) <= 5 and {term.replace("-", "_") for term in shared} <= held & self.words(row)
            case CitedWithReferences(count, shown):
                together = [other for other in self.cited[row] if self.cites[other] & references]
                assert count == len(together)
                assert shown and set(shown) <= references
                assert all(any(each in self.cites[other] for other in together) for each in shown)
            case _:
                pytest.fail(f"{evidence} for a result tied to seeds")
