"""All four services in this process, as their main functions wire them, on sockets of this machine."""

import atexit
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc

from cocite.catalogue.ingest.run import ingest
from cocite.catalogue.store import Catalogue
from cocite.core.settings import Settings
from cocite.embedding.main import build as embedding
from cocite.features.main import build as features
from cocite.feeds.main import build as feeds
from cocite.recommender.main import build as recommender
from cocite.serving.logs import configure_logs
from support.bundles import checkerboard, publish, write_bundle
from support.ingest import jsonl


class Services:
    """The services behind one transport; channels by the part of the method's name that names the service."""

    def __init__(self, directory: Path, transport: str) -> None:
        self._stack = ExitStack()
        atexit.register(self._stack.close)
        home = directory / transport
        home.mkdir()
        self._settings: dict[str, Any] = {
            "home": home,
            "bundles_dir": directory / "bundles",
            "catalogue_url": f"sqlite:///{directory / 'catalogue.db'}",
            "transport": transport,
            "encoder": "hashing",
            "encoder_threads": 1,
            "server_threads": 4,
            "drain_s": 0,
            "lame_duck_s": 0,
            "log_level": "error",
        }
        configure_logs(Settings(log_level="error"))
        targets: dict[str, str] = {}
        for name, build in (("features", features), ("embedding", embedding), ("recommender", recommender)):
            targets[f"{name}_target"] = self._start(name, build, targets)
        targets["feeds_target"] = self._start("feeds", feeds, targets)
        names = {"FeatureService": "features", "EmbeddingService": "embedding", "RecommenderService": "recommender"}
        names["FeedService"] = "feeds"
        self.channels = {
            service: self._stack.enter_context(grpc.insecure_channel(targets[f"{name}_target"]))
            for service, name in names.items()
        }

    def _start(self, name: str, build: Any, targets: dict[str, str]) -> str:
        settings = Settings(**self._settings, **targets, **{f"{name}_listen": "127.0.0.1:0"})
        process = build(settings)
        self._stack.callback(process.close)
        address: str = process.server.start()
        return address


def prepared() -> Path:
    """A directory with a catalogue and a published bundle of a small corpus; removed at the end."""
    scratch = tempfile.TemporaryDirectory(prefix="cocite-fuzz-")
    atexit.register(scratch.cleanup)
    directory = Path(scratch.name)
    corpus = checkerboard()
    write_bundle(directory / "bundles", corpus, related=12)
    publish(directory / "bundles", "m1")
    papers = directory / "papers.jsonl"
    papers.write_text(jsonl(*({"id": p.paper_id, "title": p.title, "year": p.year} for p in corpus.papers)))
    with Catalogue.open(f"sqlite:///{directory / 'catalogue.db'}") as catalogue:
        ingest(catalogue, "jsonl", [papers])
    return directory
