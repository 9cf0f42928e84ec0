"""A training run makes a worse model under load; one that was published all the same is taken back."""

import shutil
import sqlite3
import time

import pytest

from chaos.harness.home import settings_of
from chaos.harness.overload import COMPUTED
from chaos.harness.questions import told
from chaos.harness.trial import Trial, together
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import publish
from chaos.harness.work import cocite, failed
from cocite.recommender.bundle_files import read_current

FAULT = Fault(
    what="model valid but worse",
    promise="0 failed; `cocite train` refuses to publish it and says why, the old one serves on; published all the "
    "same, `cocite model rollback` has the old one back within 5 s",
    guard="the comparison with the model that serves (`cocite train` instead of `cocite train --force`)",
)
BACK_S = 5.0
TRAIN_S = 180.0
TEST_S = 900.0  # a busy machine has little left for training


def wrecked(home, folder) -> str:
    """URL of a copy of the home's catalogue in which everything cites something else."""
    path = shutil.copy(home / "catalogue.db", folder / "wrecked.db")
    with sqlite3.connect(path) as connection:
        cited = [key for (key,) in connection.execute("SELECT DISTINCT cited_key FROM citations ORDER BY cited_key")]
        pairs = connection.execute("SELECT citing_key, cited_key FROM citations").fetchall()
        place = {key: number for number, key in enumerate(cited)}
        others = {(citing, cited[(7919 * citing + 104729 * place[key]) % len(cited)]) for citing, key in pairs}
        connection.execute("DELETE FROM citations")
        connection.executemany("INSERT OR IGNORE INTO citations VALUES (?, ?)", sorted(others))
    return f"sqlite:///{path}"


def measured(staged, versions, versioned, folder, *options: str) -> list[Check]:
    with staged(settings={"": COMPUTED}) as stage, Trial(stage, versioned) as trial:
        home, bundles = stage.home, settings_of(stage.home).bundles
        old = read_current(bundles)
        url = wrecked(home, folder)
        trial.phase("baseline", 4)
        trial.phase("training")
        with cocite(home, "train", *options, COCITE_CATALOGUE_URL=url) as run:
            said, _ = run.communicate(timeout=TRAIN_S)
        print(said[-600:])
        refused = run.returncode != 0 and "not published" in said and read_current(bundles) == old
        versioned.learn_of(bundles / (read_current(bundles) or ""))
        trial.phase("published")
        publish(home, versions[0])
        trial.phase("published", 3)
        with cocite(home, "model", "rollback", nice=0) as run:
            called = time.monotonic()
            run.communicate(timeout=30)
        trial.phase("back", BACK_S)
        parts = trial.end()
    calls = [call for part in parts.values() for call in part.of("known", "pair", "text").calls if not call.failed]
    newer = [c.due - called for c in calls if c.due > called and told(c.question, c.body).model != old]
    struck = [part for name, part in parts.items() if name not in ("warm-up", "baseline")]
    return [
        failed(together(*struck)),
        Check("refused, with the reason", refused, 1, at_least=True),
        Check("last answer of the worse one, after the command", max(newer, default=0.0), BACK_S, "s", hard=4 * BACK_S),
        Check("answers of no one version", sum(part.wrong for part in parts.values()), 0),
    ]


@pytest.mark.timeout(TEST_S, func_only=True)
def test_promise(record, staged, versions, versioned, tmp_path_factory):
    record.promise(lambda: measured(staged, versions, versioned, tmp_path_factory.mktemp("worse")))


@pytest.mark.timeout(TEST_S, func_only=True)
def test_without_the_guard(record, staged, versions, versioned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("worse")
    record.control(lambda: measured(staged, versions, versioned, folder, "--force"), breaks="refused")
