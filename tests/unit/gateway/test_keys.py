"""Keys: the file they are kept in, the commands that change it, and a gateway that goes by it."""

import json
import os
import stat
import subprocess
import sys
import threading

import pytest
from structlog.testing import capture_logs

from cocite.core.errors import CorruptData, InvalidArgument, NotFound
from cocite.core.settings import Settings
from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope, scopes_of
from support.feature_stores import Clock
from support.gateway_server import EMBED, READ, gateway_server

ALL = tuple(Scope)


@pytest.fixture
def store(tmp_path):
    return KeyStore(tmp_path / "keys.json")


@pytest.fixture
def clock():
    return Clock()


def test_a_key_is_found_by_its_secret_and_by_no_other(store):
    key, secret = store.create("ann", [Scope.READ], 30)
    other, _ = store.create("bob", ALL, None)
    ring = KeyRing(store)
    assert ring.holder(secret.encode()) == key
    assert (key.owner, key.scopes, key.rate) == ("ann", (Scope.READ,), 30)
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    of_the_other = secret.replace(key.id, other.id)
    for wrong in (changed, of_the_other, secret[:-1], secret + "x", "", "cocite_", "x" * 10_000, "\xff\0"):
        assert ring.holder(wrong.encode()) is None


def test_the_file_is_for_its_owner_alone_and_does_not_hold_the_secret(store):
    _, secret = store.create("ann", ALL, None)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert secret.rpartition("_")[2] not in store.path.read_text()


def test_secrets_have_256_random_bits_and_never_come_twice(store):
    secrets = [store.create(f"user{number}", ALL, None)[1] for number in range(50)]
    assert len(set(secrets)) == 50
    assert {len(secret.split("_", 2)[2]) for secret in secrets} == {43}  # 32 bytes in base64


def test_an_owner_has_two_keys_at_once_so_that_they_can_be_changed(store):
    first, _ = store.create("ann", ALL, None)
    _, second = store.create("ann", ALL, None)
    with pytest.raises(InvalidArgument, match=f"cocite key revoke {first.id}"):
        store.create("ann", ALL, None)
    store.create("bob", ALL, None)
    store.revoke(first.id)
    store.create("ann", ALL, None)
    assert KeyRing(store).holder(second.encode())


def test_what_is_not_there_cannot_be_revoked(store):
    store.create("ann", ALL, None)
    with pytest.raises(NotFound, match="cocite key list"):
        store.revoke("0" * 12)
    assert len(store.read()) == 1


@pytest.mark.parametrize(
    ("owner", "scopes", "rate", "field"),
    [
        ("", ALL, None, "owner"),
        ("a b", ALL, None, "owner"),
        ("a" * 65, ALL, None, "owner"),
        ("ann", (), None, "scopes"),
        ("ann", ALL, 0, "rate"),
        ("ann", ALL, 10**9, "rate"),
    ],
)
def test_a_key_that_would_be_wrong_is_not_made(store, owner, scopes, rate, field):
    with pytest.raises(InvalidArgument) as caught:
        store.create(owner, scopes, rate)
    assert caught.value.field == field
    assert not store.path.exists()


def test_several_who_make_keys_at_once_lose_none(store):
    threads = [threading.Thread(target=store.create, args=(f"user{n}", ALL, None)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.read()) == 12


def test_a_change_is_seen_within_a_second_and_looked_for_no_more_often(store, clock):
    ring = KeyRing(store, clock)
    key, secret = store.create("ann", ALL, None)
    assert ring.holder(secret.encode()) is None
    clock.now += 1.1
    assert ring.holder(secret.encode()) == key
    store.revoke(key.id)
    assert ring.holder(secret.encode()) == key
    clock.now += 1.1
    assert ring.holder(secret.encode()) is None


def damaged(path):
    """Ways in which a file of one key can be no file of keys."""
    whole = path.read_text()
    value = json.loads(whole)
    yield whole[: len(whole) // 2]
    yield "\xff"
    yield json.dumps({**value, "version": 2})
    yield json.dumps({**value, "keys": value["keys"] * 2})
    yield json.dumps({**value, "keys": [{**value["keys"][0], "scopes": ["all"]}]})
    yield json.dumps({**value, "keys": [{**value["keys"][0], "sha256": "00"}]})
    yield json.dumps({**value, "more": 1})


@pytest.mark.parametrize("way", range(7))
def test_a_damaged_file_changes_nothing_and_is_told(store, clock, way):
    key, secret = store.create("ann", ALL, None)
    ring = KeyRing(store, clock)
    whole = store.path.read_bytes()
    store.path.write_text(list(damaged(store.path))[way], encoding="latin-1")
    with pytest.raises(CorruptData, match="no file of keys"):
        store.read()
    with pytest.raises(CorruptData):
        store.create("bob", ALL, None)
    clock.now += 1.1
    with capture_logs() as logs:
        assert ring.holder(secret.encode()) == key
        clock.now += 1.1
        assert ring.holder(secret.encode()) == key
    assert [entry["log_level"] for entry in logs] == ["error"]  # once, not at each look
    assert str(store.path) in logs[0]["error"]
    store.path.write_bytes(whole)
    store.revoke(key.id)
    clock.now += 1.1
    assert ring.holder(secret.encode()) is None


def test_scopes_are_read_from_names():
    assert scopes_of(" read , embed,read", "X") == (Scope.READ, Scope.EMBED)
    assert scopes_of("", "X") == ()
    with pytest.raises(InvalidArgument, match="no scope 'write'; there are: read, embed, readers"):
        scopes_of("read,write", "X")


# the gateway


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, gateway_anonymous_scopes="read")


@pytest.fixture
def gateway(settings):
    with gateway_server(settings) as server:
        yield server


def test_a_key_is_taken_in_both_headers_and_any_letters(settings):
    _, secret = KeyStore(settings.keys).create("ann", ALL, 77)
    with gateway_server(settings) as gateway:
        for headers in (
            {"authorization": f"Bearer {secret}"},
            {"authorization": f"bearer  {secret}"},
            {"x_api_key": secret},
            {"authorization": "Basic b3RoZXI=", "x_api_key": secret},
        ):
            answer = gateway.ask(READ, **headers)
            assert (answer.status, answer.headers["ratelimit-policy"]) == (200, '"key";q=77;w=60')
        for headers in ({}, {"authorization": "Bearer none"}, {"x_api_key": "none"}, {"authorization": "Basic eDp5"}):
            answer = gateway.ask(READ, **headers)
            assert (answer.status, answer.headers["ratelimit-policy"]) == (200, '"anonymous";q=600;w=60')


def test_what_a_key_is_not_for_it_does_not_open(settings):
    _, read = KeyStore(settings.keys).create("ann", [Scope.READ], None)
    _, embed = KeyStore(settings.keys).create("ann", [Scope.EMBED], None)
    with gateway_server(settings) as gateway:
        for path in (EMBED, "/v1/models", "/v1/texts:embed", "/cocite.v1.EmbeddingService/EmbedTexts"):
            assert gateway.ask(path, x_api_key=embed).status == 200
            assert gateway.ask(path, x_api_key=read).status == 403
            assert gateway.ask(path).status == 401
        for path in (READ, "/graph/v1/paper/x", "/cocite.v1.RecommenderService/RecommendPapers", "/new"):
            assert gateway.ask(path, x_api_key=embed).status == 403
            assert gateway.ask(path, x_api_key=read).status == 200


def test_an_unknown_key_is_refused_in_the_form_of_what_was_asked(gateway):
    def refused(path, **headers):
        answer = gateway.ask(path, x_api_key="cocite_000000000000_wrong", **headers)
        assert answer.headers["cache-control"] == "no-store"
        return answer

    said = "this key is not known here"
    rest = refused(READ)
    assert (rest.status, rest.headers["www-authenticate"]) == (401, "Bearer")
    assert (rest.json["error"]["status"], rest.json["error"]["code"]) == ("UNAUTHENTICATED", 401)
    assert rest.json["error"]["message"].startswith(said)
    assert refused("/recommendations/v1/papers/forpaper/x").json["error"].startswith(said)
    assert refused("/graph/v1/paper/x").json["error"].startswith(said)
    told = refused(EMBED).json["error"]
    assert (told["type"], told["code"]) == ("invalid_request_error", "unauthenticated")
    connect = refused("/cocite.v1.RecommenderService/GetModel", content_type="application/json")
    assert (connect.status, connect.json["code"]) == (401, "unauthenticated")
    assert connect.json["message"].startswith(said)
    web = refused("/cocite.v1.RecommenderService/GetModel", content_type="application/grpc-web+proto")
    assert (web.status, web.headers["grpc-status"], web.body) == (200, "16", b"")
    assert web.headers["grpc-message"].startswith(said)
    assert web.headers["content-type"] == "application/grpc-web+proto"


def test_wrong_keys_are_refused_and_right_ones_of_the_same_address_are_not(settings):
    """How they are slowed is in test_wrong_keys."""
    _, secret = KeyStore(settings.keys).create("ann", ALL, None)
    with gateway_server(settings) as gateway:
        assert [gateway.ask(READ, x_api_key="wrong").status for _ in range(11)] == [401] * 11
        assert gateway.ask(READ, x_api_key=secret).status == 200
        assert gateway.ask(READ).status == 200


def test_where_strangers_have_no_quota_a_key_is_asked_for_and_the_page_still_comes(settings):
    _, secret = KeyStore(settings.keys).create("ann", ALL, None)
    with gateway_server(settings.model_copy(update={"gateway_anonymous_rate": 0})) as gateway:
        assert gateway.ask(READ).status == 401
        assert gateway.ask(READ, x_api_key=secret).status == 200
        for path in ("/", "/healthz", "/readyz", "/assets/x.js", "/docs/api", "/openapi.json"):
            assert gateway.ask(path).status == 200


def test_connects_own_client_understands_a_refusal(gateway):
    """What Connect's library makes of the error: the code, the message and the details."""
    from connectrpc._protocol import ConnectWireError
    from connectrpc.code import Code
    from google.rpc.error_details_pb2 import ErrorInfo

    answer = gateway.ask("/cocite.v1.EmbeddingService/EmbedTexts", "POST", b"{}", content_type="application/json")
    error = ConnectWireError.from_dict(answer.json, answer.status, Code.UNKNOWN)
    assert error.code is Code.UNAUTHENTICATED
    assert error.message.startswith("this needs a key for embed")
    details = [ErrorInfo.FromString(detail.message_bytes) for detail in error.details]
    assert [(each.reason, each.domain) for each in details] == [("UNAUTHENTICATED", "cocite")]


# the command


@pytest.fixture
def cocite(tmp_path):
    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "cocite", "key", *arguments],
            env={**os.environ, "COCITE_HOME": str(tmp_path / "home"), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def test_the_command_makes_lists_and_revokes(cocite, tmp_path):
    assert "cocite key create" in cocite("list").stderr
    made = cocite("create", "ann", "--scope", "read", "--rate", "30")
    secret = made.stdout.strip()
    (key,) = KeyStore(tmp_path / "home" / "keys.json").read()
    assert KeyRing(KeyStore(tmp_path / "home" / "keys.json")).holder(secret.encode()) == key
    assert secret not in made.stderr
    listed = cocite("list").stdout
    assert all(told in listed for told in (key.id, "ann", "read", "30"))
    (told,) = json.loads(cocite("list", "--json").stdout)
    assert told == {"id": key.id, "owner": "ann", "scopes": ["read"], "rate": 30, "created_at": told["created_at"]}
    assert cocite("revoke", key.id).returncode == 0
    assert json.loads(cocite("list", "--json").stdout) == []


def test_the_command_says_what_is_wrong(cocite):
    assert cocite("create", "a b").returncode == 2
    wrong = cocite("create", "ann", "--scope", "write")
    assert (wrong.returncode, "--scope" in wrong.stderr) == (2, True)
    gone = cocite("revoke", "0" * 12)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert "cocite key list" in gone.stderr


def test_a_key_that_names_readers_is_made_only_where_that_is_asked_for(cocite):
    cocite("create", "ann")
    cocite("create", "site", "--scope", "read", "--scope", "readers")
    made = {key["owner"]: key["scopes"] for key in json.loads(cocite("list", "--json").stdout)}
    assert made == {"ann": ["read", "embed"], "site": ["read", "readers"]}
