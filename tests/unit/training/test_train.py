import multiprocessing
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest

from cocite.catalogue.store import Catalogue
from cocite.core.errors import NotReady, Unavailable
from cocite.core.settings import Settings
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import list_bundles, read_current
from cocite.recommender.engine import Engine
from cocite.recommender.layout import FILES
from cocite.recommender.query import Query
from cocite.serving.papers import paper_to_proto
from cocite.training.train import TrainingResult, train
from cocite.training.vectors import NO_MODEL
from cocite.v1 import paper_pb2
from support.train_and_stop import Point, train_and_stop

from .conftest import QUICK, Fill, board_records, cites, keeps, paper

LEARNING = "Measuring: looking at hidden papers"
PHASES = [
    "Reading papers",
    "Embedding texts",
    "Finding text neighbours",
    "Measuring: factorising",
    LEARNING,
    "Factorising",
    "Encoding papers",
    "Related lists",
    "Publishing",
]
LAST_SYNC = len(FILES) + 2 + 1 + 2 + 2  # files; manifest and its directory; rename; HISTORY; CURRENT


def serving(settings: Settings) -> Bundle:
    version = read_current(settings.bundles)
    assert version is not None
    return Bundle.load(settings.bundles / version)


def run(catalogue: Catalogue, settings: Settings, **changes: object) -> TrainingResult:
    return train(catalogue, settings, replace(QUICK, **changes))


def test_a_trained_model_serves_and_carries_its_metrics(fill: Fill, settings: Settings):
    catalogue = fill(board_records())
    result = run(catalogue, settings)
    bundle = serving(settings)
    assert bundle.manifest == result.manifest
    assert bundle.manifest.data_fingerprint == catalogue.fingerprint()
    assert bundle.manifest.embedding_model_version == "hashing-64-v1"
    assert bundle.manifest.metrics == result.learned.metrics()
    assert bundle.manifest.metrics["model.recall@20"] > bundle.manifest.metrics["popularity.recall@20"]
    answer = Engine(bundle).rank(Query(positive_rows=(6,)), limit=10)
    assert set(answer.rows % 2) == {0}


def test_the_second_run_encodes_nothing_and_makes_the_same_model(fill: Fill, settings: Settings):
    catalogue = fill(board_records())
    one, two = run(catalogue, settings), run(catalogue, settings)
    assert (one.encoded, two.encoded) == (40, 0)
    assert one.manifest.files == two.manifest.files
    assert one.manifest.metrics == two.manifest.metrics
    assert one.manifest.model_version < two.manifest.model_version
    assert run(catalogue, settings, seed=5).manifest.files != one.manifest.files


def test_ingest_order_does_not_matter(fill: Fill, settings: Settings):
    records = board_records()
    papers, links = records[:40], records[40:]
    one = run(fill([*papers, *links]), settings)
    two = run(fill([*papers[::-1], *links[::-1]]), settings)
    assert one.manifest.files == two.manifest.files


def test_libraries_tie_papers_that_nobody_cites_together(fill: Fill, settings: Settings):
    readers = [keeps(f"reader {n}", k) for n in range(12) for k in range(10 * (n % 2), 10 * (n % 2) + 10) if k != n]
    run(fill([paper(n, text=False) for n in range(20)] + readers), settings)
    bundle = serving(settings)
    assert bundle.manifest.citation_count == 0
    factors = np.asarray(bundle.item_factors)
    likeness = factors @ factors.T
    assert likeness[:10, :10].mean() > 5 * abs(likeness[:10, 10:].mean())


def test_an_empty_catalogue_changes_nothing(fill: Fill, settings: Settings):
    with pytest.raises(NotReady) as raised:
        run(fill(), settings)
    assert "cocite ingest" in raised.value.hint
    assert read_current(settings.bundles) is None


def test_without_citations_texts_alone_are_trained_on(fill: Fill, settings: Settings):
    result = run(fill([paper(n) for n in range(12)]), settings)
    assert result.manifest.citation_count == 0
    assert result.learned.papers.skipped
    answer = Engine(serving(settings)).rank(Query(positive_rows=(4,)), limit=5)
    assert not answer.fallback
    assert answer.rows.size == 5


def test_without_texts_citations_alone_are_trained_on(fill: Fill, settings: Settings):
    records = [paper(n, text=False) for n in range(40)] + board_records()[40:]
    result = run(fill(records), settings)
    assert result.manifest.embedding_model_version == NO_MODEL
    answer = Engine(serving(settings)).rank(Query(positive_rows=(4,)), limit=5)
    assert not answer.fallback
    assert set(answer.rows % 2) == {0}


@pytest.mark.parametrize("text", [True, False])
def test_one_paper_is_enough(fill: Fill, settings: Settings, text: bool):
    run(fill([paper(1, text=text)]), settings)
    assert Engine(serving(settings)).rank(Query(positive_rows=(0,))).rows.size == 0


def test_two_papers_and_one_citation(fill: Fill, settings: Settings):
    run(fill([paper(0), paper(1), cites(0, 1)]), settings)
    assert Engine(serving(settings)).rank(Query(positive_rows=(0,))).rows.tolist() == [1]


def test_learning_can_be_left_out(fill: Fill, settings: Settings):
    result = run(fill(board_records()), settings, learn=False)
    assert result.learned.papers.skipped == result.learned.libraries.skipped == "not asked for"
    assert result.manifest.metrics == {}
    assert result.manifest.rankers == {"papers": "rrf", "libraries": "rrf"}


def test_papers_are_shown_and_lists_kept_as_the_catalogue_and_the_engine_have_them(fill: Fill, settings: Settings):
    catalogue = fill(board_records())
    run(catalogue, settings, related=12)
    bundle = serving(settings)
    engine = Engine(bundle)
    papers = catalogue.get_papers([bundle.paper_id(row) for row in range(40)])
    for row in range(40):
        shown = paper_pb2.Paper.FromString(bundle.display.of(row))
        assert shown == paper_to_proto(papers[shown.paper_id])
        assert (shown.citation_count, shown.reference_count) == (8, 8)
        kept, live = bundle.related.start_of(row, 11), engine.rank(Query.of_paper(row), 12)
        assert kept is not None
        assert kept[0].tolist() == live.rows.tolist()
        assert kept[1].tolist() == live.scores.astype(np.float32).tolist()


@pytest.mark.parametrize(("related", "kept"), [(0, set()), (7, {7}), (100, {39})])
def test_lists_are_as_long_as_asked(fill: Fill, settings: Settings, related: int, kept: set[int]):
    run(fill(board_records()), settings, related=related, learn=False)
    counts = serving(settings).related.lists.counts()
    assert set(counts[counts > 0].tolist()) == kept


def test_interrupted_runs_leave_the_old_model_and_no_rubbish(fill: Fill, settings: Settings):
    catalogue = fill(board_records())
    before = run(catalogue, settings).manifest.model_version
    for point in PHASES:

        def interrupt(phase: str, done: int, total: int, point: str = point) -> None:
            if phase == point:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(catalogue, settings, QUICK, interrupt)
        assert read_current(settings.bundles) == before
        assert not list(settings.bundles.glob(".tmp-*"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a catalogue and a home in which it was trained once."""
    directory = tmp_path_factory.mktemp("trained")
    with Catalogue.open(url_in(directory)) as catalogue:
        catalogue.write(board_records())
        run(catalogue, home_in(directory))
    return directory


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    """A copy of trained of one's own."""
    return Path(shutil.copytree(trained, tmp_path / "copied"))


def url_in(directory: Path) -> str:
    return f"sqlite:///{directory / 'catalogue.db'}"


def home_in(directory: Path) -> Settings:
    return Settings(home=directory / "home", encoder="hashing")


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["implicit.cpu.als", train_and_stop.__module__])  # imported once for all of them


@contextmanager
def stopped_at(directory: Path, point: Point) -> Iterator[BaseProcess]:
    """A process that trains in the directory and has come to that point; killed at the end."""
    there, tell = PROCESSES.Pipe(duplex=False)
    options = replace(QUICK, seed=1, learn=point == ("phase", LEARNING))
    arguments = (home_in(directory), url_in(directory), options, point, tell)
    process = PROCESSES.Process(target=train_and_stop, args=arguments)
    process.start()
    tell.close()
    try:
        assert there.recv() == point
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize(
    "point",
    [
        ("phase", "Embedding texts"),
        ("phase", LEARNING),
        ("phase", "Publishing"),
        ("fsync", len(FILES) // 2),
        ("fsync", len(FILES) + 1),
        ("fsync", LAST_SYNC - 1),
        ("fsync", LAST_SYNC),
    ],
)
def test_killed_runs_leave_a_model_that_serves(copied: Path, point: Point):
    settings = home_in(copied)
    before = read_current(settings.bundles)
    with stopped_at(copied, point):
        pass
    version = read_current(settings.bundles)
    assert (version != before) == (point == ("fsync", LAST_SYNC))  # it syncs the directory that names the new one
    serving(settings)
    with Catalogue.open(url_in(copied)) as catalogue:
        after = run(catalogue, settings, learn=False).manifest.model_version
    assert read_current(settings.bundles) == after
    assert not list(settings.bundles.glob(".tmp-*"))
    for name in list_bundles(settings.bundles):
        Bundle.load(settings.bundles / name)


def test_two_runs_at_once(copied: Path, tmp_path: Path):
    settings = home_in(copied)
    with Catalogue.open(url_in(copied)) as catalogue:
        with stopped_at(copied, ("fsync", len(FILES) // 2)) as other:
            with pytest.raises(Unavailable) as raised:
                run(catalogue, settings)
            assert f"pid {other.pid}" in raised.value.message
            assert list(settings.bundles.glob(".tmp-*")), "the second run swept up what the first still needs"
            run(catalogue, settings.model_copy(update={"bundles_dir": tmp_path / "elsewhere"}))
        run(catalogue, settings)


def test_float16_vectors_stay_unit_vectors(fill: Fill, settings: Settings):
    run(fill(board_records()), settings)
    norms = np.linalg.norm(np.asarray(serving(settings).text_vectors), axis=1)
    np.testing.assert_allclose(norms, 1.0, atol=2e-3)
