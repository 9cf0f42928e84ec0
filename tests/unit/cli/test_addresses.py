import socket
from pathlib import Path

import pytest

from cocite.cli.addresses import SERVICES, environment, moved, split_address, with_addresses
from cocite.cli.serve import Service
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.core.settings import Settings, load_settings

FREE = {f"{service}_listen": "127.0.0.1:0" for service in SERVICES}


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_each_service_gets_a_port_of_its_own_and_the_others_know_it():
    placed = with_addresses(Settings(**FREE))
    listens = [getattr(placed, f"{service}_listen") for service in SERVICES]
    assert len(set(listens)) == len(SERVICES)
    assert listens == [getattr(placed, f"{service}_target") for service in SERVICES]
    assert not any(listen.endswith(":0") for listen in listens)


def test_a_chosen_port_is_not_one_that_an_outgoing_connection_may_take():
    first_of_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    placed = with_addresses(Settings(**FREE))
    assert all(int(getattr(placed, f"{service}_listen").split(":")[1]) < first_of_outgoing for service in SERVICES)


def test_a_default_port_that_is_taken_gives_way(taken, monkeypatch):
    monkeypatch.setattr(Settings.model_fields["features_listen"], "default", taken)
    Settings.model_rebuild(force=True)
    try:
        settings = Settings(embedding_listen="127.0.0.1:0", recommender_listen="127.0.0.1:0")
        assert settings.features_listen == taken
        placed = with_addresses(settings)
        assert placed.features_target != taken
        assert moved(settings, placed) == [taken]  # not those that were asked for as any port
    finally:
        monkeypatch.undo()
        Settings.model_rebuild(force=True)


def test_an_address_that_was_asked_for_and_is_taken_is_an_error(taken):
    with pytest.raises(Unavailable, match="is taken; choose another COCITE_FEATURES_LISTEN"):
        with_addresses(Settings(**{**FREE, "features_listen": taken}))


def test_listening_everywhere_is_reached_here():
    placed = with_addresses(Settings(**{**FREE, "embedding_listen": "0.0.0.0:0"}))
    assert placed.embedding_listen.startswith("0.0.0.0:")
    assert placed.embedding_target.startswith("127.0.0.1:")


@pytest.mark.parametrize("address", ["", "localhost", ":50051", "localhost:x", "localhost:70000", "localhost:-1"])
def test_an_address_that_is_none_names_its_setting(address):
    with pytest.raises(InvalidArgument) as caught:
        split_address(address, "COCITE_FEATURES_LISTEN")
    assert caught.value.field == "COCITE_FEATURES_LISTEN"


def test_an_address_of_another_machine_is_an_error():
    with pytest.raises(Unavailable):
        with_addresses(Settings(**{**FREE, "embedding_listen": "192.0.2.1:0"}))


def test_ipv6_addresses():
    assert split_address("[::1]:50051", "x") == ("::1", 50051)


def test_a_child_process_has_the_same_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("COCITE_LOG_LEVEL", "debug")
    monkeypatch.setenv("COCITE_DRAIN_S", "3")
    monkeypatch.setenv("COCITE_OPENALEX_API_KEY", "a secret")
    settings = load_settings().model_copy(update={"home": tmp_path, "drain_s": 4.0, "bundles_dir": Path("b")})
    assert environment(settings)["COCITE_LAME_DUCK_S"] == "0"  # nobody to turn to while it lasts
    settings = settings.model_copy(update={"lame_duck_s": 2.0})
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings
    assert load_settings().openalex_api_key.get_secret_value() == "a secret"


def test_what_is_started_is_what_serve_can_serve():
    assert list(SERVICES) == [service.value for service in Service]
