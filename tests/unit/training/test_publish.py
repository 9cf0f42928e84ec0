import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import CorruptData, NotFound, NotReady
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import list_bundles, read_current
from cocite.recommender.ranking.models import Rankers
from cocite.training.activation import activate, describe_bundles, rollback
from cocite.training.bundle_files import write_bundle
from cocite.training.corpus import Corpus
from cocite.training.model import Model
from cocite.training.publish import publish, sweep

from .conftest import model_of


def publish_many(bundles: Path, model: Model, count: int, kept: int = 50) -> list[str]:
    return [publish(bundles, model, kept=kept).model_version for _ in range(count)]


def test_what_is_published_is_what_was_trained(tmp_path: Path, model: Model, corpus: Corpus):
    bundles = tmp_path / "bundles"
    manifest = publish(bundles, model.with_rankers(Rankers(), {}, {"model.recall@20": 0.5}), kept=5)
    assert read_current(bundles) == manifest.model_version
    bundle = Bundle.load(bundles / manifest.model_version)
    assert bundle.manifest == manifest
    assert bundle.manifest.metrics == {"model.recall@20": 0.5}
    assert bundle.manifest.data_fingerprint == corpus.fingerprint
    assert [bundle.paper_id(row) for row in range(40)] == list(corpus.papers.ids)
    assert bundle.rows_of(corpus.papers.ids).tolist() == list(range(40))
    assert sorted(bundle.references.of(3).tolist()) == [5, 7, 9, 11, 13, 15, 17, 19]
    assert 3 in bundle.cited_by.of(5)
    assert sorted(p.name for p in bundles.iterdir()) == [
        ".publish.lock",
        manifest.model_version,
        layout.CURRENT,
    ]


def test_equal_models_have_equal_hashes_in_their_versions(tmp_path: Path, model: Model, corpus: Corpus):
    one, two = publish_many(tmp_path, model, 2)
    other = publish(tmp_path, model_of(corpus, seed=1), kept=5).model_version
    assert one < two < other
    assert one[-8:] == two[-8:] != other[-8:]


def observe(bundles: Path) -> str:
    """What a service does: follow CURRENT, load, trust nothing."""
    version = read_current(bundles)
    assert version is not None
    return Bundle.load(bundles / version).version


def read_all_the_while(bundles: Path, stop: threading.Event) -> tuple[threading.Thread, set[str], list[Exception]]:
    seen: set[str] = set()
    errors: list[Exception] = []

    def loop() -> None:
        while not stop.is_set():
            try:
                seen.add(observe(bundles))
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    return thread, seen, errors


def test_a_reader_never_sees_a_torn_bundle(tmp_path: Path, model: Model):
    published = publish_many(tmp_path, model, 1)
    stop = threading.Event()
    thread, seen, errors = read_all_the_while(tmp_path, stop)
    try:
        published += publish_many(tmp_path, model, 10)
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert len(seen) > 1
    assert seen <= set(published)


def test_the_reader_would_notice_a_careless_publisher(tmp_path: Path, model: Model):
    publish(tmp_path, model, kept=5)
    careless = tmp_path / "careless"
    careless.mkdir()
    (tmp_path / layout.CURRENT).write_text("careless\n")
    with pytest.raises(CorruptData):
        observe(tmp_path)
    write_bundle(careless, model)
    observe(tmp_path)
    (careless / layout.REFERENCES).write_bytes(b"")
    with pytest.raises(CorruptData):
        observe(tmp_path)


def test_a_model_that_serving_would_refuse_is_not_published(tmp_path: Path, model: Model):
    before = publish(tmp_path, model, kept=5).model_version
    factors = model.arrays[layout.ITEM_FACTORS].copy()
    factors[0, 0] = np.nan
    with pytest.raises(CorruptData):
        publish(tmp_path, replace(model, arrays=model.arrays | {layout.ITEM_FACTORS: factors}), kept=5)
    assert read_current(tmp_path) == before
    assert list_bundles(tmp_path) == [before]
    assert not list(tmp_path.glob(".tmp-*"))


def test_old_bundles_go_but_never_the_current_or_the_one_before(tmp_path: Path, model: Model):
    first, second, *more = publish_many(tmp_path, model, 4)
    activate(tmp_path, first)
    latest = publish(tmp_path, model, kept=2).model_version
    assert list_bundles(tmp_path) == [first, more[-1], latest]
    assert rollback(tmp_path) == first
    assert second not in list_bundles(tmp_path)


def test_rollback_walks_back_through_what_served(tmp_path: Path, model: Model):
    one, two, three = publish_many(tmp_path, model, 3)
    activate(tmp_path, one)
    assert rollback(tmp_path) == three
    assert rollback(tmp_path) == two
    assert rollback(tmp_path) == one
    with pytest.raises(NotReady):
        rollback(tmp_path)
    assert read_current(tmp_path) == one


def test_rollback_passes_over_what_is_broken(tmp_path: Path, model: Model):
    one, two, _ = publish_many(tmp_path, model, 3)
    (tmp_path / two / layout.MANIFEST).unlink()
    assert rollback(tmp_path) == one


def test_activation_checks_what_it_is_given(tmp_path: Path, model: Model):
    one, two = publish_many(tmp_path, model, 2)
    for nonsense in ("nothing", "../" + one, ""):
        with pytest.raises(NotFound):
            activate(tmp_path, nonsense)
    with (tmp_path / one / layout.YEARS).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    with pytest.raises(CorruptData):
        activate(tmp_path, one)
    assert read_current(tmp_path) == two


def test_the_list_tells_which_serves_and_which_is_broken(tmp_path: Path, model: Model):
    assert describe_bundles(tmp_path) == []
    one, two = publish_many(tmp_path, model, 2)
    (tmp_path / one / layout.MANIFEST).write_text("{")
    broken, current = describe_bundles(tmp_path)
    assert (broken.version, broken.current, broken.manifest) == (one, False, None)
    assert "JSON" in broken.problem
    assert (current.version, current.current) == (two, True)
    assert current.manifest is not None
    assert current.manifest.paper_count == 40


def test_a_damaged_pointer_is_replaced_by_the_next_publication(tmp_path: Path, model: Model):
    publish(tmp_path, model, kept=5)
    (tmp_path / layout.CURRENT).write_text("??\n")
    version = publish(tmp_path, model, kept=5).model_version
    assert read_current(tmp_path) == version


def test_sweeping_leaves_bundles_alone(tmp_path: Path, model: Model):
    version = publish(tmp_path, model, kept=5).model_version
    (tmp_path / ".tmp-directory").mkdir()
    (tmp_path / ".tmp-directory" / "file").touch()
    (tmp_path / ".tmp-file").touch()
    sweep(tmp_path)
    assert not list(tmp_path.glob(".tmp-*"))
    assert observe(tmp_path) == version
