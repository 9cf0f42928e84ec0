"""The model and the readers that every fault strikes: made once into build/chaos, copied for each stage."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from cocite.catalogue.event_records import EventKind, NewEvent, ReaderName
from cocite.catalogue.events import EventLog
from cocite.catalogue.store import Catalogue
from cocite.cli.demo import prepare_demo
from cocite.cli.model_seeds import seeds_of_model
from cocite.core.locks import exclusive
from cocite.core.settings import PREFIX, Settings
from cocite.recommender.layout import SCHEMA

BUILD = Path(__file__).resolve().parents[3] / "build" / "chaos"
_HOME = BUILD / "demo" / "scientometrics"  # where `cocite up --demo` keeps it
READERS, SAVES = 40, 5
# What `make setup` compiles, once more: after a change no service is to start with half a minute of that.
_COMPILE = "import cocite.recommender.engine, cocite.recommender.assembly, cocite.recommender.array_checks"
MAKE_S = 300.0
TRANSPORT = os.environ.get(f"{PREFIX}TRANSPORT") or "grpcio"  # of the servers that are struck


def settings_of(home: Path) -> Settings:
    """Settings of a home, whatever the environment says."""
    return Settings(home=home, encoder="hashing")


def prepared_home() -> Path:
    """A home with the demo corpus, a model on hashed words, and readers who have saved papers."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # what is measured goes by no settings of whoever measures
    made = BUILD / "made.txt"
    subprocess.run([sys.executable, "-c", _COMPILE], timeout=MAKE_S, check=True)
    with exclusive(BUILD / "lock", "making the home that faults strike", wait_s=MAKE_S):
        if made.exists() and made.read_text() == made_by():
            return _HOME
        shutil.rmtree(_HOME, ignore_errors=True)
        home = prepare_demo(settings_of(BUILD), "").home
        assert home == _HOME
        settings = settings_of(home)
        papers = seeds_of_model(settings, READERS * SAVES)
        events = [
            NewEvent(f"save-{number}", reader(number % READERS), EventKind.SAVE, paper)
            for number, paper in enumerate(papers)
        ]
        with Catalogue.open(settings.catalogue) as catalogue, EventLog(catalogue) as log:
            log.append(events)
        made.write_text(made_by())
    return home


def made_by() -> str:
    """What the files of a home are written by: another makes it anew."""
    return f"{SCHEMA} {version('cocite')}"


def reader(number: int) -> ReaderName:
    """Who has saved papers."""
    return ReaderName(is_session=False, name=f"reader-{number}")


def copied(home: Path, to: Path) -> Path:
    """A home of a stage's own: what happens there happens there alone."""
    shutil.copytree(home, to, ignore=shutil.ignore_patterns("logs", "rejects", "*.lock"))
    return to
