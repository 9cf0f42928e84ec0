"""Models that can be told apart by every answer they give, to be published while calls come."""

import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.harness.home import BUILD, MAKE_S, made_by, settings_of
from chaos.harness.load import Callers
from chaos.harness.processes import wait_until
from chaos.harness.questions import RECOMMEND, Question, told
from chaos.harness.reference import PATIENCE_S, TRIES, Right
from chaos.harness.stage import Stage
from chaos.harness.training import QUICK
from cocite.catalogue.store import Catalogue
from cocite.core.locks import exclusive
from cocite.recommender.bundle_files import read_manifest
from cocite.training.activation import activate, publishing
from cocite.training.publish import Written, release
from cocite.training.train import train

COUNT = 10
VERSIONED = {"": {"redis_timeout_s": "5"}, "recommender": {"bundle_poll_s": "0.1"}}  # of the stage that is asked
_DROPPED = 12  # papers that a version lacks, so that its rows mean others than those of the next
_SERVED_S = 30.0


@dataclass(frozen=True, slots=True)
class Versions:
    """Bundles, each a directory, oldest first. Every title of a version ends in its number."""

    directories: tuple[Path, ...]

    def __getitem__(self, number: int) -> Path:
        return self.directories[number]

    def __len__(self) -> int:
        return len(self.directories)


def prepared_versions(home: Path) -> Versions:
    """The versions, made of the home's catalogue once and kept in build/chaos."""
    folder = BUILD / "versions"
    made = folder / "made.txt"
    with exclusive(BUILD / "versions.lock", "making the models that are published", wait_s=MAKE_S):
        if not (made.exists() and made.read_text() == made_by()):
            shutil.rmtree(folder, ignore_errors=True)
            for number in range(COUNT):
                _make(home, folder, number)
            made.write_text(made_by())
    return Versions(tuple(sorted(path for path in (folder / "bundles").iterdir() if path.is_dir())))


def _make(home: Path, folder: Path, number: int) -> None:
    """Train one on the catalogue with a few papers left out and the titles of the others marked."""
    work = folder / f"work-{number}"
    work.mkdir(parents=True)
    with sqlite3.connect(home / "catalogue.db") as source, sqlite3.connect(work / "catalogue.db") as copy:
        source.backup(copy)
        last = "arrival < (SELECT max(arrival) FROM papers)"  # by which the model tells later papers from its own
        gone = f"SELECT paper_key FROM papers WHERE {last} AND paper_key % 50 = {number} LIMIT {_DROPPED}"
        copy.execute(f"UPDATE identifiers SET paper_key = NULL WHERE paper_key IN ({gone})")
        copy.execute(
            "DELETE FROM papers WHERE paper_key NOT IN (SELECT paper_key FROM identifiers WHERE paper_key IS NOT NULL)"
        )
        copy.execute("UPDATE papers SET title = title || ?", (f" [{number}]",))
    settings = settings_of(work).model_copy(update={"bundles_dir": folder / "bundles"})
    options = replace(QUICK, seed=number, related=20, bundles_kept=COUNT + 1)
    with Catalogue.open(settings.catalogue) as catalogue:
        train(catalogue, settings, options)
    shutil.rmtree(work)


def publish(home: Path, bundle: Path, kept: int = 5) -> str:
    """Publish a copy of a bundle as a training run does; its version."""
    bundles = settings_of(home).bundles
    temporary = bundles / f".tmp-{bundle.name}"
    shutil.copytree(bundle, temporary)
    return release(bundles, Written(temporary, read_manifest(temporary)), kept=kept).model_version


def force(home: Path, bundle: Path) -> str:
    """Have CURRENT name a copy of a bundle, whatever is in it: what nothing of cocite would do."""
    bundles = settings_of(home).bundles
    with publishing(bundles):
        shutil.copytree(bundle, bundles / bundle.name)
        (bundles / "CURRENT").write_text(bundle.name + "\n")
    return bundle.name


class VersionedReference:
    """A stage that nothing happens to, which is given each version by itself and asked what that one answers."""

    def __init__(self, stage: Stage, versions: Versions) -> None:
        self.stage, self._versions = stage, versions
        self._known: Right = {}
        for directory in versions.directories:
            self.learn_of(directory)

    def learn_of(self, bundle: Path) -> None:
        """Know one more model."""
        shutil.copytree(bundle, settings_of(self.stage.home).bundles / bundle.name, dirs_exist_ok=True)

    def answers(self, asked: Iterable[tuple[Question, str]]) -> Right:
        """See Judge. Feeds are not compared: what they show was ranked by the model of a moment ago."""
        pairs = set(asked)
        for model in sorted({model for _, model in pairs}):
            self._learn(model, [q for q, named in pairs if named == model and (q, named) not in self._known])
        return {pair: self._known[pair] for pair in pairs if pair in self._known}

    def _learn(self, model: str, questions: list[Question]) -> None:
        compared = [question for question in questions if question.method == RECOMMEND]
        if not compared:
            return
        activate(settings_of(self.stage.home).bundles, model)
        with Callers(self.stage.targets, callers=4) as callers:

            def serves() -> bool:
                (call,) = callers.ask(compared[:1])
                return not call.failed and told(call.question, call.body).model == model

            wait_until(serves, f"the reference does not serve {model}", _SERVED_S)
            for _ in range(TRIES):
                for call in callers.ask([q for q in compared if (q, model) not in self._known], PATIENCE_S):
                    answer = None if call.failed else told(call.question, call.body)
                    if answer and answer.model == model and not answer.degraded:
                        self._known[call.question, model] = answer
            assert all((q, model) in self._known for q in compared), "the reference fails, or answers degraded"
