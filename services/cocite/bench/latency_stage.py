"""Everything that is measured, running: servers started, what they are to have kept put there, connections open."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cocite.bench import latency_servers as servers
from cocite.bench.hosting import Hosted, Serve, hosted
from cocite.bench.latency_asking import ask_all, keep_vectors
from cocite.bench.latency_calls import embedded_text, query_calls, related_call, rival_paths, text_call, text_seeds
from cocite.bench.latency_redis import Redis
from cocite.bench.latency_rivals import fastapi, naive
from cocite.bench.latency_rows import MANY, NATIVE, Row, RowKind
from cocite.core.settings import Settings
from cocite.load.http1 import Http1Session
from cocite.load.requests import Call
from cocite.load.session import LoadSession
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current

HOST = "127.0.0.1"
DEADLINE_S = 10.0
TEXTS = 5000  # more than a recommender remembers the vectors of, so that the embedding service is asked for each
_ECHO_CALLS = [Call(servers.ECHO_PATH, b"x" * 40)]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """settings of all servers; bundles directories of the large and the small model, and the rows that have related
    lists in each; how many different papers are asked for where answers are kept (hot), how many different queries.
    """  # fmt: skip

    settings: Settings
    large: Path
    small: Path
    large_seeds: Sequence[int]
    small_seeds: Sequence[int]
    cores: frozenset[int]
    hot: int = 500
    queries: int = 10_000
    texts: int = TEXTS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Served:
    """A server, what it is asked, and the processes behind it."""

    server: Hosted
    calls: Sequence[Call]
    behind: tuple[int, ...] = ()


class Stage:
    """Starts what rows need, each server but once; stack ends them."""

    def __init__(self, plan: StagePlan, stack: ExitStack) -> None:
        self._plan = plan
        self._stack = stack
        self._host = cache(self._start)
        self._of_name: dict[str, Callable[[str], _Served]] = {
            "echo_grpcio": lambda _: _Served(
                self._host(servers.echo_grpcio, plan.settings.server_threads), _ECHO_CALLS
            ),
            "echo": lambda transport: _Served(self._host(servers.echo, self._settings(transport)), _ECHO_CALLS),
            "wire_hit": self._wire_hit,
            "redis_hit": self._redis_hit,
            "related_1m": self._related,
            "query_1m": lambda transport: self._queries(transport, plan.large),
            "query_100k": lambda transport: self._queries(transport, plan.small),
            "text_1m": self._texts,
            "naive": self._naive,
        }

    def row(self, kind: RowKind) -> Row:
        """A row, its server warm. Raises Unavailable and NotReady when it cannot be had."""
        if kind.name == "fastapi":
            return self._fastapi(kind)
        transport = "native" if kind.name.endswith(NATIVE) else self._plan.settings.transport
        served = self._of_name[kind.name.removesuffix(NATIVE)](transport)
        # No call of one is a call of the other where each is to be new.
        halves = (served.calls[::2], served.calls[1::2]) if kind.zipf is None else (served.calls, served.calls)
        alone, together = (
            self._stack.enter_context(
                LoadSession(
                    HOST, served.server.port, calls, deadline_s=DEADLINE_S, zipf=kind.zipf, seed=self._plan.seed
                )
            )
            for calls in halves
        )
        return Row(kind, served.server.pid, served.behind, alone, together)

    def _start(self, serve: Serve, *arguments: Any) -> Hosted:
        return self._stack.enter_context(hosted(serve, *arguments, cores=self._plan.cores))

    @cached_property
    def _redis(self) -> Redis:
        return self._stack.enter_context(Redis.embedded(self._plan.settings, self._plan.cores))

    @cached_property
    def _features(self) -> Hosted:
        return self._host(servers.features, self._settings(""))

    def _settings(self, transport: str, **changes: Any) -> Settings:
        """Settings of a server that keeps no answers, unless changes say so."""
        update = {"wire_cache_bytes": 0, "wire_cache_shared": False, "redis_url": self._redis.url, **changes}
        return self._plan.settings.model_copy(update={**update, "transport": transport or "grpcio"})

    def _recommender(self, transport: str, bundles: Path, **changes: Any) -> Hosted:
        target = f"{HOST}:{self._features.port}"
        changes = {"bundles_dir": bundles, "features_target": target, **changes}
        return self._host(servers.recommender, self._settings(transport, **changes))

    def _wire_hit(self, transport: str) -> _Served:
        kept = self._plan.settings.wire_cache_bytes or Settings.model_fields["wire_cache_bytes"].default
        server = self._recommender(transport, self._plan.small, wire_cache_bytes=kept)
        self._answers(server)
        return _Served(server, self._hot_calls)

    def _redis_hit(self, transport: str) -> _Served:
        server = self._recommender(transport, self._plan.small, wire_cache_shared=True)
        self._redis.wait_for_answers(len(self._answers(server)))
        return _Served(server, self._hot_calls, (self._redis.pid,))

    def _related(self, transport: str) -> _Served:
        bundle = opened(self._plan.large)
        calls = [related_call(bundle.paper_id(row)) for row in self._plan.large_seeds]
        server = self._recommender(transport, self._plan.large)
        ask_all(server.port, calls[: self._plan.hot])
        return _Served(server, calls)

    def _queries(self, transport: str, bundles: Path) -> _Served:
        warm_up, *calls = query_calls(opened(bundles), self._plan.queries + 1, self._plan.seed)
        server = self._recommender(transport, bundles)
        ask_all(server.port, [warm_up])
        return _Served(server, calls)

    def _texts(self, transport: str) -> _Served:
        bundle = opened(self._plan.large)
        seeds = text_seeds(bundle, self._plan.texts, self._plan.seed)
        version = bundle.manifest.embedding_model_version
        keep_vectors(
            self._features.port, version, {embedded_text(t): bundle.text_vectors[[r]][0] for t, r in seeds.items()}
        )
        target = f"{HOST}:{self._features.port}"
        embedding = self._host(servers.embedding, self._settings("", features_target=target))
        server = self._recommender(transport, self._plan.large, embedding_target=f"{HOST}:{embedding.port}")
        calls = [text_call(text) for text in seeds]
        ask_all(server.port, calls[:1])
        return _Served(server, calls, (embedding.pid, self._features.pid, self._redis.pid))

    def _naive(self, transport: str) -> _Served:
        self._keep_for_rivals()
        server = self._host(naive, self._redis.url, self._plan.settings.server_threads)
        ask_all(server.port, self._hot_calls[:1])
        return _Served(server, self._hot_calls, (self._redis.pid,))

    def _fastapi(self, kind: RowKind) -> Row:
        self._keep_for_rivals()
        server = self._host(fastapi, self._redis.url)
        paths = rival_paths(self._hot_ids)
        alone, together = (
            self._stack.enter_context(
                Http1Session(HOST, server.port, paths, connections=connections, deadline_s=DEADLINE_S, zipf=kind.zipf)
            )
            for connections in (1, MANY)
        )
        return Row(kind, server.pid, (self._redis.pid,), alone, together)

    @cached_property
    def _hot_ids(self) -> list[str]:
        bundle = opened(self._plan.small)
        return [bundle.paper_id(row) for row in self._plan.small_seeds[: self._plan.hot]]

    @cached_property
    def _hot_calls(self) -> list[Call]:
        return [related_call(paper_id) for paper_id in self._hot_ids]

    def _answers(self, server: Hosted) -> list[bytes]:
        """What a server answers to the hot calls; from now on it has the answers."""
        return ask_all(server.port, self._hot_calls)

    def _keep_for_rivals(self) -> None:
        server = self._recommender(self._plan.settings.transport, self._plan.small)
        answers = self._answers(server)
        self._redis.keep_for_rivals(dict(zip(self._hot_ids, answers, strict=True)))


def opened(bundles: Path) -> Bundle:
    """The model that a bundles directory holds, its files taken as they are."""
    version = read_current(bundles)
    assert version is not None, "the model has just been made"
    return Bundle.load(bundles / version, verify=False)
