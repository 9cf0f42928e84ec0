from pathlib import Path

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings, load_settings, unknown_names


def test_defaults_follow_the_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.catalogue == f"sqlite:///{tmp_path / 'catalogue.db'}"
    assert settings.bundles == tmp_path / "bundles"
    assert settings.models == tmp_path / "models"


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCITE_SERVER_THREADS", "3")
    assert load_settings().server_threads == 3


@pytest.mark.parametrize("name", ["home", "bundles_dir", "models_dir", "server_threads", "redis_url"])
def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"COCITE_{name.upper()}", raising=False)
    unset = load_settings()
    monkeypatch.setenv(f"COCITE_{name.upper()}", "")
    assert load_settings() == unset


@pytest.mark.parametrize("name", ["redis_url", "catalogue_url", "openalex_api_key"])
def test_what_may_hold_a_secret_is_not_shown(name: str) -> None:
    settings = Settings(**{name: "scheme://user:geheim@host/x"})
    assert "geheim" not in repr(settings) and "geheim" not in str(settings)


def test_a_misspelt_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCITE_SERVER_THREAD", "3")
    with pytest.raises(InvalidArgument, match="COCITE_SERVER_THREAD is not a setting"):
        load_settings()


def test_names_that_are_settings_or_belong_to_tests_pass() -> None:
    assert unknown_names(["COCITE_HOME", "COCITE_TEST_POSTGRES_URL", "PATH"]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("COCITE_REDIS_TIMEOUT_S", "nan"), ("COCITE_REDIS_TIMEOUT_S", "0"), ("COCITE_ENCODER", "gpt"),
     ("COCITE_SERVER_THREADS", "many"), ("COCITE_REDIS_NAMESPACE", "a:b")],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidArgument) as caught:
        load_settings()
    assert caught.value.field == name
