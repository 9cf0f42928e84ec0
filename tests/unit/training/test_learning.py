"""A ranker is learned where there is something to learn, and not where there is not."""

from dataclasses import replace

import numpy as np
import pytest

from cocite.core.paper import Paper
from cocite.recommender.allowed import Allowed
from cocite.recommender.engine import Engine
from cocite.recommender.query import Query
from cocite.training import learning as module
from cocite.training.corpus import Corpus
from cocite.training.draws import draw
from cocite.training.fitting import Material, loaded
from cocite.training.learning import LEAST_QUERIES, Learned, learn
from cocite.training.model import Model
from cocite.training.paper_table import PaperRow, PaperTable
from cocite.training.rankers import RRF
from cocite.training.train import build

from .conftest import QUICK, material_of
from .test_draws import corpus_of, random_libraries, random_links

SIZE, VENUES = 300, 10
OPTIONS = replace(QUICK, draws=1, evaluation_queries=120, threads=1)


def with_venues(corpus: Corpus) -> Corpus:
    papers = [Paper(paper_id, venue=f"v{row % VENUES}") for row, paper_id in enumerate(corpus.papers.ids)]
    return replace(corpus, papers=PaperTable.of([PaperRow.of(paper) for paper in papers]))


def planted(seed: int) -> Corpus:
    """Half of what a paper cites is of its own venue, which retrievers know nothing about, half is anything."""
    generator = np.random.default_rng(seed)
    links = set()
    for citing in range(SIZE):
        own = np.setdiff1d(np.arange(citing % VENUES, SIZE, VENUES), [citing])
        others = np.delete(np.arange(SIZE), citing)
        cited = (*generator.choice(own, 3, replace=False), *generator.choice(others, 3, replace=False))
        links |= {(citing, int(row)) for row in cited}
    return with_venues(corpus_of(sorted(links), size=SIZE, years=[None] * SIZE))


def pure_chance(seed: int) -> Corpus:
    links = random_links(seed, size=SIZE, each=8, older=False)
    return with_venues(corpus_of(links, size=SIZE, years=[None] * SIZE))


Built = tuple[Model, Learned]


@pytest.fixture(scope="module")
def taught() -> Built:
    return build(material_of(planted(0)), OPTIONS)


@pytest.fixture(scope="module")
def chance() -> Learned:
    return learn(material_of(pure_chance(0)), OPTIONS)


def recall(learned: Learned, ranking: str) -> tuple[float, float, float]:
    found = learned.papers.estimates[ranking]["recall@20"]
    return found.low, found.mean, found.high


def test_a_planted_signal_is_learned_and_serves(taught: Built):
    model, learned = taught
    assert learned.papers.kind != RRF
    assert recall(learned, "model")[0] > recall(learned, RRF)[2]
    assert recall(learned, "model") == recall(learned, learned.papers.kind)
    assert recall(learned, "model")[1] == max(recall(learned, name)[1] for name in (RRF, "logistic", "lambdamart"))
    assert model.manifest.rankers == {"papers": learned.papers.kind, "libraries": RRF}
    assert model.manifest.metrics["model.recall@20"] == recall(learned, "model")[1]
    engine = Engine(loaded(model))
    assert engine.bundle.rankers.papers is not None
    assert engine.bundle.rankers.libraries is None
    own_venue = [
        np.mean(engine.rank(Query(positive_rows=(row,)), 20).rows % VENUES == row % VENUES) for row in range(40)
    ]
    assert np.mean(own_venue) > 0.6, "a tenth by chance"


def test_where_there_is_nothing_to_learn_fusion_stays(chance: Learned):
    assert {"logistic", "lambdamart"} <= set(chance.papers.estimates)
    assert chance.papers.kind == RRF
    assert chance.rankers.papers is None
    assert recall(chance, "model") == recall(chance, RRF)


def chance_level(corpus: Corpus) -> float:
    """Recall@20 of any order of the rows that may be in an answer."""
    hidden = draw(corpus, OPTIONS.seed, OPTIONS.evaluation_queries)
    bundle = loaded(build(material_of(hidden.corpus), replace(OPTIONS, learn=False))[0])
    return float(np.mean([20 / Allowed(asked.query, bundle).mask.sum() for asked in hidden.papers]))


def test_nothing_hidden_leaks(chance: Learned, monkeypatch: pytest.MonkeyPatch):
    level = chance_level(pure_chance(0))
    for name in chance.papers.estimates:
        assert recall(chance, name)[0] <= level, name
    monkeypatch.setattr(Material, "seeing", lambda self, corpus: self)
    leaking = learn(material_of(pure_chance(0)), OPTIONS)
    assert recall(leaking, "model")[0] > 4 * level, "the control: nothing is hidden from the model"


def test_the_same_seed_gives_the_same_bytes(taught: Built):
    again = build(material_of(planted(0)), OPTIONS)
    assert again[1].metrics() == taught[1].metrics()
    for name, array in taught[0].arrays.items():
        assert array.tobytes() == again[0].arrays[name].tobytes(), name
    other = learn(material_of(planted(0)), replace(OPTIONS, seed=1))
    assert other.rankers.to_bytes().tobytes() != taught[1].rankers.to_bytes().tobytes()


@pytest.mark.parametrize("queries", [LEAST_QUERIES // 2, 1])
def test_of_few_queries_nothing_is_learned(queries: int):
    phases = set()
    options = replace(OPTIONS, evaluation_queries=queries)
    learned = learn(material_of(planted(0)), options, lambda phase, done, total: phases.add(phase.partition(":")[0]))
    assert (learned.papers.kind, learned.rankers.papers) == (RRF, None)
    assert learned.papers.queries > 0
    assert "logistic" not in learned.papers.estimates
    assert phases == {"Measuring"}, "no time is spent on lessons that would teach nothing"


def test_libraries_have_a_ranker_of_their_own():
    corpus = with_venues(
        corpus_of([], size=100, years=[None] * 100, libraries=random_libraries(3, size=100, readers=130))
    )
    learned = learn(material_of(corpus), OPTIONS)
    assert learned.papers.skipped
    assert learned.kinds() == {"papers": RRF, "libraries": learned.libraries.kind}
    assert learned.libraries.queries == 120
    assert {"logistic", "lambdamart"} <= set(learned.libraries.estimates)
    assert set(learned.metrics()) == set(learned.libraries.as_metrics("libraries."))


def test_every_lesson_is_told_from_0_to_its_end():
    told: dict[str, list[tuple[int, int]]] = {}
    learn(
        material_of(planted(0)),
        replace(OPTIONS, draws=2, evaluation_queries=110),
        lambda phase, done, total: told.setdefault(phase, []).append((done, total)),
    )
    names = [phase.partition(":")[0] for phase in told]
    assert list(dict.fromkeys(names))[:3] == ["Learning 1 of 2", "Learning 2 of 2", "Measuring"]
    assert "Learning to rank papers" in names
    for phase, steps in told.items():
        done = [each for each, _ in steps]
        assert done == sorted(done), phase
        assert steps[-1][0] == steps[-1][1] > 0, phase


def test_of_many_papers_all_is_learned_and_measured_in_one_draw(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_PAPERS", SIZE - 1)
    phases = set()
    options = replace(OPTIONS, evaluation_queries=240)
    learned = learn(material_of(planted(0)), options, lambda phase, done, total: phases.add(phase.partition(":")[0]))
    assert phases == {"Learning and measuring", "Learning to rank papers", "Learning to rank papers, from all draws"}
    assert {"logistic", "lambdamart"} <= set(learned.papers.estimates)
    hidden = draw(planted(0), options.seed, options.evaluation_queries)
    assert 0.2 * len(hidden.papers) < learned.papers.queries < 0.5 * len(hidden.papers)
    assert learned.papers.kind != RRF
    assert recall(learned, "model")[0] > recall(learned, RRF)[1]


def test_what_is_measured_on_was_not_learned_from(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_PAPERS", SIZE - 1)
    (lesson,) = module._lessons(planted(0), OPTIONS)
    for taught, asked in zip(lesson.taught, lesson.asked, strict=True):
        papers = [{row for each in part for row in each.own.positive_rows} for part in (taught, asked)]
        assert not papers[0] & papers[1]
    assert len(lesson.taught[0]) > len(lesson.asked[0]) > 0
