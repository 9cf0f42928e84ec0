"""The recall probe: what it says of a good index, of a bad one, and of none."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cocite.recommender.recall_probe import RecallProbe, recall_of
from cocite.recommender.row_index import RowIndex
from support.indexed import indexed_bundle
from support.recommender import until


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return indexed_bundle(tmp_path_factory.mktemp("indexed"))


class FindsNothing(RowIndex):
    """An index that has lost its rows."""

    def __init__(self) -> None:
        pass

    def search(self, aim, count, passing=None):
        return np.empty(0, dtype=np.int64)


def test_a_good_index_finds_nearly_all_and_one_that_lost_its_rows_none(bundles):
    bundle, _ = bundles
    found = recall_of(bundle, np.random.default_rng(1))
    assert set(found) == {"texts", "factors"}
    assert min(found.values()) > 0.8
    lost = recall_of(replace(bundle, text_index=FindsNothing()), np.random.default_rng(1))
    assert lost["texts"] == 0.0 and lost["factors"] > 0.8


def test_nothing_is_told_of_a_model_without_an_index(bundles):
    assert recall_of(bundles[1], np.random.default_rng(1)) == {}


def test_what_is_broken_off_is_not_told(bundles):
    assert recall_of(bundles[0], np.random.default_rng(1), stopped=lambda: True) == {}


def test_the_thread_keeps_the_last_result_and_ends_when_told(bundles):
    probe = RecallProbe(SimpleNamespace(serving=SimpleNamespace(bundle=bundles[0])), seed=1, period_s=0.01, share=1.0)
    probe.start()
    until(lambda: probe.recall)
    probe.close()
    assert set(probe.recall) == {"texts", "factors"}
    assert not probe._thread.is_alive()


def test_a_long_probe_is_followed_by_a_longer_pause(bundles, monkeypatch):
    """Its share of one core stays below what it may take."""
    probe, pauses = RecallProbe(SimpleNamespace(serving=None), period_s=1.0, share=0.01), []
    monkeypatch.setattr(probe, "_probed", lambda: 0.5)
    monkeypatch.setattr(probe._stop, "wait", lambda pause: pauses.append(pause) or len(pauses) > 2)
    probe._run()
    assert pauses == [1.0, 50.0, 50.0]
