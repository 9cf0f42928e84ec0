"""What cocite doctor finds wrong, each beside the same thing in order."""

import os
import time
from collections.abc import Iterator

import pytest

from cocite.catalogue.records import Fields, PaperRecord
from cocite.catalogue.store import Catalogue
from cocite.cli import doctor_stores as stores
from cocite.cli.doctor_findings import Finding, State, examined
from cocite.cli.doctor_services import certificates, expiry_of, skew_of
from cocite.core.errors import NotReady
from cocite.core.settings import Settings
from support.certificates import Identity
from support.mail_server import running_mail_server
from support.ports import free_port
from support.valkey import RealValkey


def states(found) -> list[State]:
    return [each.state for each in found]


def bad(settings, check) -> list[Finding]:
    return [each for each in examined(settings, [("checked", check)]) if each.state is not State.GOOD]


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def valkey() -> Iterator[RealValkey]:
    server = RealValkey()
    yield server
    server.close()


def test_a_check_that_fails_is_told_and_keeps_no_other_from_being_made(settings):
    def refuses(_):
        raise NotReady("there is nothing", hint="bring something")

    def breaks(_):
        raise ZeroDivisionError("no")

    def cannot_read(_):
        raise PermissionError(13, "Permission denied", "/a/path")

    checks = [("a", refuses), ("b", breaks), ("c", cannot_read), ("d", lambda _: [Finding("d", State.GOOD, "well")])]
    found = list(examined(settings, checks))
    assert states(found) == [State.WRONG] * 3 + [State.GOOD]
    assert (found[0].said, found[0].do) == ("there is nothing", "bring something")
    assert found[2].said == "/a/path: Permission denied"


def test_a_catalogue_is_looked_at_and_not_made(settings):
    assert "there is no catalogue" in bad(settings, stores.catalogue)[0].said
    assert not list(settings.home.iterdir())
    with Catalogue.open(settings.catalogue) as catalogue:
        catalogue.write([PaperRecord(ids=("doi:10.1000/1",), fields=Fields("Paper"))])
    assert bad(settings, stores.catalogue) == []


def test_a_catalogue_that_cannot_be_written(settings, monkeypatch):
    with Catalogue.open(settings.catalogue):
        pass
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert "cannot be written" in bad(settings, stores.catalogue)[0].said


def test_redis_away_without_a_limit_and_one_that_forgets_nothing(settings, valkey):
    of_redis = settings.model_copy(update={"redis_url": valkey.url})
    assert "no limit of memory" in bad(of_redis, stores.redis)[0].said
    valkey.raw.config_set("maxmemory", "64mb")
    valkey.raw.config_set("maxmemory-policy", "noeviction")
    assert "noeviction" in bad(of_redis, stores.redis)[0].said
    valkey.raw.config_set("maxmemory-policy", "allkeys-lru")
    assert bad(of_redis, stores.redis) == []
    assert valkey.raw.keys() == []
    valkey.kill()
    assert "cannot be used" in bad(of_redis, stores.redis)[0].said


def test_a_redis_user_without_rights_is_told(settings, valkey):
    valkey.raw.execute_command("ACL", "SETUSER", "reader", "on", ">word", "~*", "+@read", "+ping", "+client")
    url = valkey.url.replace("unix://", "unix://reader:word@")
    assert "cannot be used" in bad(settings.model_copy(update={"redis_url": url}), stores.redis)[0].said


def test_a_mail_server_is_asked_and_mails_nobody(settings):
    with running_mail_server() as mailbox:
        of_mail = settings.model_copy(update={"smtp_url": mailbox.url, "mail_from": "a@site.example"})
        assert bad(of_mail, stores.mail) == []
        assert mailbox.received == []
    away = of_mail.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{free_port()}"})
    assert states(bad(away, stores.mail)) == [State.WRONG]


def test_secrets_that_others_may_read(settings):
    secret = settings.home / "feed-secret"
    secret.write_text("x" * 40)
    secret.chmod(0o600)
    assert bad(settings, stores.secrets) == []
    secret.chmod(0o644)
    assert bad(settings, stores.secrets)[0].do == f"chmod 600 {secret}"


@pytest.mark.parametrize(("ahead_s", "state"), [(0.0, State.GOOD), (60.0, State.WRONG), (-60.0, State.WRONG)])
def test_clocks(ahead_s, state):
    assert skew_of("another", 1000.0 + ahead_s, lambda: 1000.0).state is state


@pytest.mark.parametrize(("days", "state"), [(90, State.GOOD), (3, State.NOTICE)])
def test_certificates_that_end_soon(days, state):
    assert expiry_of("it", time.time() + days * 86_400).state is state


def test_certificates_of_nobody_are_no_error(settings, tmp_path):
    identity = Identity(tmp_path / "certificates").issue()
    away = {f"{name}_target": f"127.0.0.1:{free_port()}" for name in ("embedding", "features", "recommender", "feeds")}
    assert bad(settings.model_copy(update={"tls_ca": identity.ca, **away}), certificates) == []
