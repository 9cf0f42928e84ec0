"""A model that is worse than the one that serves does not take its place."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from cocite.core.settings import Settings
from cocite.recommender import layout
from cocite.recommender.bundle_files import list_bundles, read_current
from cocite.recommender.ranking.models import Rankers
from cocite.training.gate import ModelRefused, check_not_worse
from cocite.training.model import Model
from cocite.training.publish import publish
from cocite.training.train import train

from .conftest import QUICK, Fill, board_records, cites, paper

RECALL = "model.recall@20"


@pytest.fixture
def serving(tmp_path: Path, model: Model) -> Path:
    """Bundles of which one serves that found 0.600."""
    publish(tmp_path, model.with_rankers(Rankers(), {}, {RECALL: 0.6, "queries": 100.0}), kept=5)
    return tmp_path


@pytest.mark.parametrize("found", [0.0, 0.3, 0.569])
def test_worse_is_refused(serving: Path, found: float):
    with pytest.raises(ModelRefused) as raised:
        check_not_worse(serving, {RECALL: found})
    assert f"{found:.3f}" in raised.value.message
    assert "0.600" in raised.value.message
    assert "--force" in raised.value.hint


@pytest.mark.parametrize(("high", "refused"), [(0.549, True), (0.551, False)])
def test_worse_by_chance_passes(tmp_path: Path, model: Model, high: float, refused: bool):
    measured = {RECALL: 0.6, f"{RECALL}.low": 0.55, f"{RECALL}.high": 0.65}
    publish(tmp_path, model.with_rankers(Rankers(), {}, measured), kept=5)
    found = {RECALL: 0.5, f"{RECALL}.low": 0.45, f"{RECALL}.high": high}
    with pytest.raises(ModelRefused) if refused else nullcontext():
        check_not_worse(tmp_path, found)


@pytest.mark.parametrize("metrics", [{RECALL: 0.5701}, {RECALL: 0.6}, {RECALL: 0.9}, {}, {"queries": 3.0}])
def test_as_good_or_unmeasured_passes(serving: Path, metrics: dict[str, float]):
    check_not_worse(serving, metrics)


def test_with_nothing_to_compare_with_all_pass(tmp_path: Path, model: Model):
    check_not_worse(tmp_path / "none", {RECALL: 0.0})
    publish(tmp_path, model, kept=5)  # not measured
    check_not_worse(tmp_path, {RECALL: 0.0})


def test_a_serving_model_that_cannot_be_read_bars_nothing(serving: Path):
    version = read_current(serving)
    assert version is not None
    (serving / version / layout.MANIFEST).write_text("{}")
    check_not_worse(serving, {RECALL: 0.0})
    (serving / layout.CURRENT).write_text("\0")
    check_not_worse(serving, {RECALL: 0.0})


def test_a_catalogue_that_lost_its_sense_does_not_serve_unless_forced(fill: Fill, settings: Settings):
    before = train(fill(board_records(80)), settings, QUICK).manifest
    assert before.metrics[RECALL] > 0.3
    scrambled = [paper(n, text=False) for n in range(80)]
    scrambled += [cites(i, (i + step * step + 7 * i * step) % 80) for i in range(80) for step in range(1, 9)
                  if (i + step * step + 7 * i * step) % 80 != i]  # fmt: skip
    catalogue = fill(scrambled)
    with pytest.raises(ModelRefused):
        train(catalogue, settings, QUICK)
    assert read_current(settings.bundles) == before.model_version
    assert list_bundles(settings.bundles) == [before.model_version]
    assert not list(settings.bundles.glob(".tmp-*"))
    unmeasured = train(catalogue, settings, replace(QUICK, learn=False)).manifest
    assert read_current(settings.bundles) == unmeasured.model_version, "nothing to compare"
    assert train(fill(board_records(80)), settings, QUICK).manifest.metrics == before.metrics
    forced = train(catalogue, settings, QUICK, force=True).manifest
    assert forced.metrics[RECALL] < 0.95 * before.metrics[RECALL]
    assert read_current(settings.bundles) == forced.model_version
