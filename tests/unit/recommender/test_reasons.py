import numpy as np
import pytest

from cocite.recommender.bundle import Bundle
from cocite.recommender.engine import Engine
from cocite.recommender.evidence import (
    CoCitation,
    DirectCitation,
    Popularity,
    SeedEvidence,
    SharedReferences,
    TextLikeness,
)
from cocite.recommender.query import Query
from cocite.recommender.reasons import LEAST_COSINE, MAX_REASONS, reasons_for
from support.bundles import Corpus, bag_vector


def _graph(corpus: Corpus) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    cites: dict[int, set[int]] = {row: set() for row in range(len(corpus.papers))}
    cited: dict[int, set[int]] = {row: set() for row in range(len(corpus.papers))}
    for citing, target in corpus.citations:
        cites[citing].add(target)
        cited[target].add(citing)
    return cites, cited


@pytest.mark.parametrize("seeds", [(20,), (3, 20, 11), (0, 23)])
def test_every_reason_is_true(bundle: Bundle, corpus: Corpus, seeds: tuple[int, ...]) -> None:
    cites, cited = _graph(corpus)
    rows = np.array([row for row in range(24) if row not in seeds])
    years = bundle.years
    for row, found in zip(rows, reasons_for(bundle, [SeedEvidence(seed) for seed in seeds], rows), strict=True):
        assert len(found) <= MAX_REASONS
        for reason in found:
            seed = seeds[reason.seed]
            match reason.evidence:
                case SharedReferences(count, shown):
                    both = cites[row] & cites[seed]
                    assert count == len(both) and set(shown) <= both and len(shown) == min(3, count)
                    rest = both - set(shown)
                    assert not rest or min(bundle.item_idf[list(shown)]) >= max(bundle.item_idf[list(rest)])
                case CoCitation(count, shown):
                    both = cited[row] & cited[seed]
                    assert count == len(both) and set(shown) <= both and len(shown) == min(3, count)
                    assert list(years[list(shown)]) == sorted(years[list(shown)], reverse=True)
                    rest = both - set(shown)
                    assert not rest or min(years[list(shown)]) >= max(years[list(rest)])
                case DirectCitation(seed_cites_result):
                    assert (row in cites[seed]) if seed_cites_result else (seed in cites[row])
                case TextLikeness(cosine):
                    a, b = (bundle.text_vectors[each].astype(float) for each in (seed, row))
                    assert cosine == pytest.approx(float(a @ b), abs=1e-3) and cosine >= LEAST_COSINE
                case _:
                    pytest.fail(f"{reason} for a result tied to seeds")


def test_no_tie_is_left_out_when_there_is_room(bundle: Bundle, corpus: Corpus) -> None:
    cites, cited = _graph(corpus)
    rows = np.array([row for row in range(24) if row != 20])
    for row, found in zip(rows, reasons_for(bundle, [SeedEvidence(20)], rows), strict=True):
        kinds = {type(reason.evidence) for reason in found}
        assert (SharedReferences in kinds) == bool(cites[row] & cites[20])
        assert (CoCitation in kinds) == bool(cited[row] & cited[20])
        assert (DirectCitation in kinds) == (row in cites[20] or 20 in cites[row])


def test_strongest_first(bundle: Bundle) -> None:
    (found,) = reasons_for(bundle, [SeedEvidence(18)], np.array([14]))

    def strength(reason: object) -> float:
        match reason:
            case SharedReferences(count, _) | CoCitation(count, _):
                return count / (count + 3)
            case DirectCitation():
                return 0.6
            case TextLikeness(cosine):
                return cosine**2
            case _:
                return 0.0

    strengths = [strength(reason.evidence) for reason in found]
    assert len(strengths) >= 3 and strengths == sorted(strengths, reverse=True)


def test_a_text_seed_is_tied_by_its_text_alone(bundle: Bundle) -> None:
    seed = SeedEvidence(vector=bag_vector("odd white paper graphs over trees"))
    odd, even = reasons_for(bundle, [seed], np.array([21, 22]))
    assert [type(reason.evidence) for reason in odd] == [TextLikeness]
    assert isinstance(odd[0].evidence, TextLikeness) and odd[0].evidence.cosine > 0.99
    assert all(isinstance(r.evidence, TextLikeness) and r.evidence.cosine < 0.9 for r in even)


def test_weak_likeness_is_left_out(bundle: Bundle) -> None:
    far = bag_vector("odd white paper")
    far -= (far @ bundle.text_vectors[22].astype(np.float32)) * bundle.text_vectors[22].astype(np.float32)
    assert reasons_for(bundle, [SeedEvidence(vector=far)], np.array([22]))[:] == [[]]
    near = bundle.text_vectors[22].astype(np.float32)
    assert reasons_for(bundle, [SeedEvidence(vector=near)], np.array([22]))[:] != [[]]


def test_a_fallback_says_popularity(bundle: Bundle) -> None:
    engine = Engine(bundle)
    ranking = engine.rank(Query())
    (first,), (second,) = engine.explain([], ranking, 0, 2)
    assert first.seed == second.seed == -1
    assert first.evidence == Popularity(int(bundle.cited_by.counts().max()))


def test_no_rows_no_reasons(bundle: Bundle) -> None:
    assert reasons_for(bundle, [SeedEvidence(1)], np.empty(0, dtype=np.int64))[:] == []
