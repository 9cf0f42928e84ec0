"""cocite up --demo: a small real corpus, from nothing to related papers on the screen."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from cocite.cli.addresses import environment
from cocite.cli.output import note
from cocite.client.types import Paper
from cocite.core.errors import CorruptData, NotFound
from cocite.core.settings import Settings

RESULTS = 10
TOPIC_WORKS = 3000
TIMEOUT_S = 30.0


def prepare_demo(settings: Settings, topic: str, *, refresh: bool = False) -> Settings:
    """Corpus fetched and taken in, model files there, a model trained; each step only where it is still to do.

    With refresh the works on the topic are fetched even where they are there. Returns settings whose home holds all
    that: demo/ in the home directory, a folder of its own for each topic.
    """
    corpus = _corpus(settings, topic, refresh)
    home = settings.home / "demo" / (_folder_name(topic) if topic else "scientometrics")
    changes = {
        "home": home,
        "catalogue_url": "",
        "bundles_dir": None,
        "models_dir": settings.models,
        "gateway_keys": settings.keys,
    }
    settings = settings.model_copy(update=changes)
    _take_in(settings, corpus)
    if settings.encoder != "hashing":
        from cocite.cli.model import pull_files

        if not _has_model_files(settings):
            note("embedding model: fetching its files (90 MB)")
        pull_files(settings)
    if not _is_trained(settings):
        note("training")
        made = _train(settings)
        note(f"model {made['model_version']}: {made['paper_count']:,} papers, {made['citation_count']:,} citations")
    note("starting the services")
    return settings


def demo_seed(settings: Settings, topic: str) -> str:
    """Id of the paper that the demo asks with."""
    from cocite.catalogue.demo import SEED

    return _most_cited(settings) if topic else SEED


def show_demo(settings: Settings, seed: str, command: str) -> None:
    """Ask for papers related to the seed and print them, with the command that prints this list again."""
    from cocite.cli.output import stdout
    from cocite.cli.tables import print_recommendations
    from cocite.client import Client, FeatureClient

    with (
        FeatureClient(settings.features_target, timeout_s=TIMEOUT_S) as features,
        Client(settings.recommender_target, timeout_s=TIMEOUT_S) as client,
    ):
        paper = features.papers(seed).papers.get(seed)
        if paper is None:
            raise NotFound(f"the demo's paper {seed} is not in the catalogue", hint=f"remove {settings.home}")
        answer = client.recommend(seed, page_size=RESULTS)
    console = stdout()
    console.print(f"\nrelated to {_citation(paper)}", markup=False, style="bold", soft_wrap=True)
    console.print(f"$ {command} --page-size {RESULTS}\n", markup=False, soft_wrap=True)
    print_recommendations(console, answer, name_seeds=False)


def _corpus(settings: Settings, topic: str, refresh: bool) -> Path:
    """The file of works, fetched where it is not there yet or is to be refreshed."""
    if topic:
        from cocite.cli.openalex import fetch

        note(f"corpus: works on {topic!r} from OpenAlex")
        return fetch(settings, topic=topic, limit=TOPIC_WORKS, refresh=refresh)
    from cocite.catalogue.demo import demo_corpus

    note("corpus: works on scientometrics, an OpenAlex export")
    return demo_corpus(settings)


def _take_in(settings: Settings, corpus: Path) -> None:
    """Ingest; a corpus that is there already is read again and counted unchanged."""
    from cocite.catalogue.demo import KIND
    from cocite.cli.ingest import ingest_files, print_summary

    print_summary(ingest_files(settings, KIND, [corpus]))


def _has_model_files(settings: Settings) -> bool:
    from cocite.core.errors import NotReady
    from cocite.embedding.model_files import locate

    try:
        locate(settings)
    except NotReady:
        return False
    return True


def _train(settings: Settings) -> dict[str, Any]:
    """What `cocite train` tells of the model. It runs by itself, so that what it takes of memory goes with it."""
    command = [sys.executable, "-m", "cocite", "train", "--json"]
    done = subprocess.run(command, env=environment(settings), stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise typer.Exit(max(1, done.returncode))  # it has said why
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _is_trained(settings: Settings) -> bool:
    """Whether the current model was made from just this catalogue with just this encoder."""
    from cocite.catalogue.store import Catalogue
    from cocite.embedding.encoders import encoder_version
    from cocite.recommender.bundle_files import read_current, read_manifest

    try:
        version = read_current(settings.bundles)
        manifest = read_manifest(settings.bundles / version) if version else None
    except CorruptData:
        return False
    if manifest is None or manifest.embedding_model_version != encoder_version(settings):
        return False
    with Catalogue.open(settings.catalogue) as catalogue:
        return manifest.data_fingerprint == catalogue.fingerprint()


def _most_cited(settings: Settings) -> str:
    """Among the papers with a title, which is shown and embedded, or among all where none has one."""
    from cocite.catalogue.store import Catalogue

    with Catalogue.open(settings.catalogue) as catalogue:
        papers = (paper for _, paper in catalogue.iter_papers())
        return max(papers, key=lambda paper: (bool(paper.title), paper.citation_count)).paper_id


def _citation(paper: Paper) -> str:
    """Author (year), title."""
    names = [
        author.split(",")[0] if "," in author else author.split()[-1] for author in paper.authors if author.strip()
    ]
    return f"{_joined(names)} ({paper.year or 'no year'}), {paper.title or paper.paper_id}"


def _joined(names: Sequence[str]) -> str:
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names) or "Anonymous"


def _folder_name(topic: str) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-")[:40]
    return f"topic-{readable}-{hashlib.sha256(topic.encode()).hexdigest()[:8]}"
