"""Every wall up at once: mTLS, keys, a Redis user of its own; all of cocite works, and whoever lacks one is out."""

import re
import secrets
import signal
import threading
from pathlib import Path

import grpc
import httpx
import pytest
import redis
import trustme

from cocite.core.settings import Settings
from cocite.serving.channel import open_channel
from cocite.serving.credentials import Credentials, credentials_of
from cocite.v1 import feature_service_pb2, feed_service_pb2, recommender_service_pb2
from cocite.v1.feature_service_pb2_grpc import FeatureServiceStub
from cocite.v1.feed_service_pb2_grpc import FeedServiceStub
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from support.certificates import Identity
from support.stack import SERVICES, Stack, eventually
from support.valkey import RealValkey

pytestmark = pytest.mark.timeout(300)

SMALL = "doi:10.1002/asi.4630240406"
READER = "marked-reader-" + secrets.token_hex(8)
PASSWORD = secrets.token_hex(16)
REDIS_DOCS = Path(__file__).parents[2] / "docs/redis.md"


def documented_user() -> list[str]:
    """What ACL SETUSER is given, of the line in the documentation."""
    line, _of_sentinels = re.findall(r"^user cocite (.+)$", REDIS_DOCS.read_text(), re.MULTILINE)
    return str(line).replace("PASSWORD", PASSWORD).split()


@pytest.fixture(scope="module")
def valkey():
    server = RealValkey()
    server.raw.execute_command("ACL", "SETUSER", "cocite", *documented_user())
    server.raw.execute_command("ACL", "SETUSER", "default", "resetpass", ">" + secrets.token_hex(8))
    server.raw.set("other:secret", "of another application")
    yield server
    server.close()


@pytest.fixture(scope="module")
def identity(tmp_path_factory) -> Identity:
    return Identity(tmp_path_factory.mktemp("tls")).issue("cocite.example")


@pytest.fixture(scope="module")
def running(demo_home, valkey, identity):
    home = demo_home.having(
        transport="grpcio",
        tls_ca=str(identity.ca),
        tls_cert=str(identity.certificate),
        tls_key=str(identity.key),
        require_keys="True",
        redis_url=f"unix://{valkey.socket}?username=cocite&password={PASSWORD}",
        log_format="json",
        log_level="debug",
    )
    scopes = [part for scope in ("read", "embed", "readers", "admin") for part in ("--scope", scope)]
    secret = home.run("key", "create", "services", *scopes, check=True).stdout.strip()
    with Stack(home.having(api_key=secret)) as stack:
        yield stack


@pytest.fixture(scope="module")
def key(running) -> str:
    return running.home.environment["COCITE_API_KEY"]


@pytest.fixture(scope="module")
def credentials(identity, key) -> Credentials:
    return credentials_of(identity.settings(api_key=key))


def code_of(call) -> grpc.StatusCode:
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def recommended(channel: grpc.Channel):
    request = recommender_service_pb2.RecommendPapersRequest(
        seeds=recommender_service_pb2.Seeds(
            positive_ids=[SMALL], texts=[recommender_service_pb2.TextSeed(title="co-citation")]
        ),
        view="PAPER_VIEW_FULL",
    )
    return RecommenderServiceStub(channel).RecommendPapers(request, timeout=30)


def test_answers_lack_nothing(running, credentials):
    """So that the recommender has asked both services behind it, and those Redis."""
    with open_channel(running.targets["recommender"], (), credentials) as channel:
        answer = recommended(channel)
    assert len(answer.results) == 20 and not answer.degraded
    assert any(result.paper.abstract or result.paper.aliases for result in answer.results)  # which features alone has


def test_who_has_no_certificate_or_speaks_plaintext_is_out(running, identity, key, tmp_path):
    stranger = Identity(tmp_path).issue("cocite.example")
    callers = {
        "plaintext": Credentials(key=key),
        "no certificate": credentials_of(Settings(tls_ca=identity.ca, api_key=key)),
        "a certificate of nobody": credentials_of(stranger.settings(tls_ca=identity.ca, api_key=key)),
    }
    for service in SERVICES:
        for caller, credentials in callers.items():
            with open_channel(running.targets[service], (), credentials) as channel:
                call = channel.unary_unary("/grpc.health.v1.Health/Check")
                assert code_of(lambda: call(b"", timeout=30)) is grpc.StatusCode.UNAVAILABLE, (service, caller)  # noqa: B023


def test_who_has_no_key_learns_of_health_alone(running, identity):
    with open_channel(running.targets["features"], (), credentials_of(identity.settings())) as channel:
        request = feature_service_pb2.BatchGetPapersRequest(paper_ids=[SMALL])
        asked = code_of(lambda: FeatureServiceStub(channel).BatchGetPapers(request, timeout=30))
        assert asked is grpc.StatusCode.UNAUTHENTICATED
        health = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert code_of(lambda: health(b"", timeout=30)) is grpc.StatusCode.OK


def test_commands_work_with_the_settings_and_say_what_is_missing_without(running):
    asked = ("recommend", SMALL, "--page-size", "3", "--target", running.targets["recommender"])
    done = running.home.run(*asked)
    assert done.returncode == 0 and "doi:" in done.stdout, done.stderr
    assert running.home.run("trending", "--target", running.targets["feeds"]).returncode == 0
    without = running.home.having(api_key="").run(*asked)
    assert without.returncode != 0 and "needs a key" in without.stderr
    plaintext = running.home.having(tls_ca="", tls_cert="", tls_key="").run(*asked)
    assert plaintext.returncode != 0 and "Traceback" not in plaintext.stderr


def test_the_gateway_reaches_all_of_them(running, key, credentials):
    named = {"readerId": READER}
    events = [
        {
            "eventId": secrets.token_hex(8),
            "reader": named,
            "kind": f"EVENT_KIND_{kind}",
            "paperId": SMALL,
        }
        for kind in ("VIEW", "SAVE")
    ]
    with httpx.Client(base_url=f"http://{running.targets['gateway']}", timeout=30) as client:
        found = client.post("/v1/papers:recommend", json={"seeds": {"positiveIds": [SMALL]}})
        assert found.status_code == 200 and found.json()["results"]
        assert client.post("/v1/texts:embed", json={"texts": ["co-citation"]}).status_code == 200
        assert client.get(f"/v1/papers:batchGet?paper_ids={SMALL}").json()["papers"]
        of_site = {"authorization": f"Bearer {key}"}
        assert client.post("/v1/events:record", json={"events": events}, headers=of_site).status_code == 200
        listed = client.post("/v1/feed:list", json={"reader": named}, headers=of_site)
        assert listed.status_code == 200 and listed.json()["personal"]
        assert client.get("/v1/trending").status_code == 200
        assert client.post("/v1/feed:list", json={"reader": named}).status_code == 403
    with open_channel(running.targets["feeds"], (), credentials) as channel:
        reader = feed_service_pb2.ReaderRef(reader_id=READER)
        assert FeedServiceStub(channel).GetReader(feed_service_pb2.GetReaderRequest(reader=reader), timeout=30).papers
        FeedServiceStub(channel).DeleteReader(feed_service_pb2.DeleteReaderRequest(reader=reader), timeout=30)


def test_readers_are_named_by_what_fails_too(running, credentials):
    """What may end in a log is what goes wrong: each call here is refused, and names the reader."""
    named = feed_service_pb2.ReaderRef(reader_id=READER)
    wrong = {
        "ListFeed": feed_service_pb2.ListFeedRequest(reader=named, page_token="none of ours"),
        "GetReader": feed_service_pb2.GetReaderRequest(reader=named, page_token="none of ours"),
        "RotateFeedToken": feed_service_pb2.RotateFeedTokenRequest(
            reader=feed_service_pb2.ReaderRef(reader_id=READER + "\n" + READER)
        ),
        "DeleteReader": feed_service_pb2.DeleteReaderRequest(
            reader=feed_service_pb2.ReaderRef(reader_id=READER + "x" * 200)
        ),
        "Subscribe": feed_service_pb2.SubscribeRequest(reader=named, email=f"{READER}@", period=1),
        "RecordEvents": feed_service_pb2.RecordEventsRequest(
            events=[feed_service_pb2.Event(event_id="1", reader=named, kind=3, paper_id="no id")] * 2
        ),
    }
    with open_channel(running.targets["feeds"], (), credentials) as channel:
        for name, request in wrong.items():
            call = channel.unary_unary(f"/cocite.v1.FeedService/{name}")
            code = code_of(lambda: call(request.SerializeToString(), timeout=30))  # noqa: B023
            assert code is grpc.StatusCode.INVALID_ARGUMENT or name == "RecordEvents", (name, code)


def test_redis_has_refused_nothing_and_would_refuse_everything_else(running, valkey):
    """The trending sums are made by then, in scripts that touch many keys."""
    assert eventually(lambda: list(valkey.raw.scan_iter("cocite:{trending}:*")))
    assert list(valkey.raw.scan_iter("cocite:quota:*")) and list(valkey.raw.scan_iter("cocite:answer:*"))
    assert valkey.raw.execute_command("ACL", "LOG") == []
    assert {key.partition(b":")[0] for key in valkey.raw.keys("*")} == {b"cocite", b"other"}
    ours = redis.Redis(unix_socket_path=str(valkey.socket), username="cocite", password=PASSWORD, driver_info=None)
    refused = [
        ("GET", "other:secret"),
        ("SET", "other:secret", "x"),
        ("DEL", "other:secret"),
        ("KEYS", "*"),
        ("SCAN", 0),
    ]
    refused += [("FLUSHALL",), ("CONFIG", "GET", "*"), ("ACL", "LIST"), ("MONITOR",), ("CLIENT", "LIST"), ("SHUTDOWN",)]
    refused += [("EVAL", "return redis.call('GET', 'other:secret')", 0), ("PUBLISH", "cocite:x", "y")]
    for command in refused:
        with pytest.raises(redis.ResponseError, match=r"(?i)permission"):
            ours.execute_command(*command)
    assert len(valkey.raw.execute_command("ACL", "LOG")) > 0  # where what services are refused would stand
    assert valkey.raw.get("other:secret") == b"of another application"


def test_certificates_are_replaced_while_the_stack_answers(running, identity, tmp_path):
    """From one authority to another. The gateway is asked all the while: what it asks is asked by TLS."""
    failed, answered, end = [], [0], threading.Event()

    def ask():
        with httpx.Client(base_url=f"http://{running.targets['gateway']}", timeout=30) as client:
            while not end.is_set():
                answered[0] += 1  # another list each time, which nobody has kept
                seeds = {"seeds": {"positiveIds": [SMALL], "texts": [{"title": f"co-citation {answered[0]}"}]}}
                answer = client.post("/v1/papers:recommend", json=seeds)
                if answer.status_code != 200 or answer.json().get("degraded"):
                    failed.append(answer.text[:500])

    def goes_on(calls=20):
        until = answered[0] + calls
        return eventually(lambda: answered[0] >= until or failed, 60) and not failed

    def lets_in(service, credentials):
        with open_channel(running.targets[service], (), credentials) as channel:
            call = channel.unary_unary("/grpc.health.v1.Health/Check")
            return code_of(lambda: call(b"", timeout=30)) is grpc.StatusCode.OK

    old, new = identity.authorities[0], trustme.CA()
    follows = credentials_of(Identity(tmp_path / "follows", [new]).issue(by=new).settings())
    stays = credentials_of(Identity(tmp_path / "stays", [old, new]).issue(by=old).settings())
    caller = threading.Thread(target=ask)
    caller.start()
    try:
        assert goes_on()
        assert all(lets_in(service, stays) and not lets_in(service, follows) for service in SERVICES)
        identity.trust(old, new)
        identity.issue("cocite.example", by=new)
        assert eventually(lambda: all(lets_in(service, follows) for service in SERVICES), 60), failed
        assert goes_on()
        identity.trust(new)
        assert eventually(lambda: not any(lets_in(service, stays) for service in SERVICES), 60), failed
        assert goes_on()
        assert '"event": "connected with new certificates"' in told(running)
    finally:
        end.set()
        caller.join()
    assert failed == []


def told(running) -> str:
    return "".join(log.read_text() for log in (running.home.of_demo().path / "logs").iterdir())


def test_no_log_holds_a_reader_a_key_or_a_password(running, key, identity):
    """The last test of this file: it ends the stack to read what it wrote."""
    _, err = running.end(signal.SIGTERM)
    said = told(running) + err
    assert '"event": "call"' in said and "RecordEvents" in said  # at debug level, each call
    for secret in (READER, key, key.rpartition("_")[2], PASSWORD, identity.key.read_text().splitlines()[1]):
        assert secret not in said
