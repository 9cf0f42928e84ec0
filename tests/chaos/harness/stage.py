"""The services as they run side by side, each a process, with a real Valkey between them."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from chaos.harness.envoy import Envoy
from chaos.harness.home import TRANSPORT, copied
from chaos.harness.namespace import Namespace
from chaos.harness.processes import Process, Service, own_host
from chaos.harness.valkey import Valkey
from support.ports import free_port

Overrides = Mapping[str, Mapping[str, str]]


class Stage:
    """Embedding, features, one or more recommenders and feeds; started together, ended together.

    settings: by name of a service ("recommender-1" for one of several, "" for all), settings beside those that a
    process needs to find the others. redis_url: where no Valkey of the stage's own is wanted. envoy_before: a service
    that others reach by way of an Envoy. apart: a namespace for the last of the recommenders.
    """

    def __init__(
        self,
        home: Path,
        directory: Path,
        settings: Overrides | None = None,
        recommenders: int = 1,
        redis_url: str = "",
        envoy_before: str = "",
        apart: Namespace | None = None,
    ) -> None:
        self.directory = directory
        self.home = copied(home, directory / "home")
        self.host = apart.outside if apart else own_host()
        self.valkey = None if redis_url else Valkey(directory, self.host)
        self._redis_url = redis_url or self.valkey.url
        self._settings = settings or {}
        self._stack = ExitStack()
        names = ["embedding", "features", *[f"recommender-{n}" for n in range(recommenders)], "feeds"]
        self.addresses = {name: f"{self.host}:{free_port(self.host)}" for name in names}
        if apart:
            last = f"recommender-{recommenders - 1}"
            self.addresses[last] = f"{apart.inside}:{self.addresses[last].rpartition(':')[2]}"
        self.envoy = Envoy(directory, self.addresses[envoy_before]) if envoy_before else None
        self.services = {name: self._service(name) for name in names}
        if apart:
            self.services[last].command[:0] = apart.prefix
        self.recommenders = [self.services[name] for name in names if name.startswith("recommender")]
        self.targets = {"recommender": self.target("recommender"), "feeds": self.target("feeds")}

    def target(self, service: str) -> str:
        """Where a service is reached, all of its replicas."""
        if self.envoy and self.envoy.upstream == self.addresses.get(service):
            return self.envoy.address
        addresses = [address for name, address in self.addresses.items() if name.partition("-")[0] == service]
        return addresses[0] if len(addresses) == 1 else "ipv4:" + ",".join(addresses)

    def __getitem__(self, name: str) -> Service:
        return self.services.get(name) or self.services[f"{name}-0"]

    def _service(self, name: str) -> Service:
        kind = name.partition("-")[0]
        targets = {f"{other}_target": self.target(other) for other in ("embedding", "features", "recommender")}
        chosen = {**targets, "redis_url": self._redis_url, "transport": TRANSPORT}
        chosen |= {**self._settings.get("", {}), **self._settings.get(kind, {}), **self._settings.get(name, {})}
        environment = {key: chosen.pop(key) for key in list(chosen) if key.isupper()}  # such as PYTHONPATH
        service = Service(kind, self.home, self.directory / f"{name}.log", chosen, self.addresses[name])
        service.environment = {**(service.environment or {}), **environment}
        return service

    def __enter__(self) -> Self:
        with self._stack:
            if self.valkey:
                self.also(self.valkey)
            if self.envoy:
                self.also(self.envoy)
            for service in self.services.values():
                self._stack.callback(service.close)
                service.start()
            for service in self.services.values():
                service.wait_ready()
            self._stack = self._stack.pop_all()
        return self

    def also(self, process: Process) -> None:
        """Start another process, which ends with the stage."""
        self._stack.callback(process.close)
        process.start()

    def __exit__(self, *_: object) -> None:
        self._stack.close()
