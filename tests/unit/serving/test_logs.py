import json
import re
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from cocite.core.settings import Settings
from cocite.serving.logs import configure_logs


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def fail() -> None:
    password = "geheim".upper()
    raise ValueError(f"of {len(password)} letters")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_the_way_and_no_values(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format=log_format))
    try:
        fail()
    except ValueError:
        structlog.get_logger("test").exception("it failed")
    said = capsys.readouterr().err
    assert "it failed" in said and "of 6 letters" in said and "fail" in said
    assert "GEHEIM" not in said


def test_one_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="json"))
    structlog.get_logger("test").info("started", port=1)
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["level"], event["port"]) == ("started", "info", 1)


FORGED = "2026-01-01T00:00:00Z [info     ] listening"
ATTACKS = {
    "a line of its own": f"x\n{FORGED}",
    "another": f"x\r\n{FORGED}",
    "a line by Unicode": f"x\u2028{FORGED}\u2029\x85",
    "colour": "x\x1b[31mred\x1b[0m",
    "a title of the window": "x\x1b]0;title\x07",
    "a cleared screen, eight bits": "x\x9b2J",
    "text that runs backwards": "x\u202egnp.exe\u2066",
    "a return to the start": f"x\r{FORGED}",
    "nothing": "x\x00\x7f\x08\x08",
}


def written(log_format: str, capsys: pytest.CaptureFixture[str], told: str) -> str:
    """What a log says of a text that somebody sent: as the event, a value, in a list, and in an error."""
    configure_logs(Settings(log_format=log_format))
    log = structlog.get_logger("test")
    log.warning(told, paper_id=told, ids=[told], of={told: told})
    try:
        raise ValueError(told)
    except ValueError:
        log.exception("it failed", user_agent=told)
    return capsys.readouterr().err


@pytest.mark.parametrize("told", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_was_sent_makes_no_line_and_commands_no_terminal(
    log_format: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    said = written(log_format, capsys, told)
    bare = said
    if log_format == "console":
        for style in set(re.findall(r"\x1b\[[0-9;]*m", written(log_format, capsys, "x"))):  # its own colours
            bare = bare.replace(style, "")
    left = {c for c in bare if c != "\n" and not c.isprintable()}
    assert not left
    events = [line for line in bare.splitlines() if not line.startswith("  | ")]
    assert len(events) == 2
    if log_format == "json":
        assert [json.loads(line)["event"] for line in events] == [told, "it failed"]
    else:
        assert not any(line.startswith(FORGED) for line in bare.splitlines())


def test_without_the_guard_a_terminal_would_obey(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocite.serving.logs.escape_values", lambda _, __, event: event)
    said = written("console", capsys, ATTACKS["a cleared screen, eight bits"] + f"\n{FORGED}")
    assert "\x9b2J" in said and any(line.startswith(FORGED) for line in said.splitlines())


SECRET = "s3cr3t-" + "x" * 20
URL = f"redis://user:{SECRET}@host:1/0"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_settings_are_logged_without_their_secrets(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(
        log_format=log_format,
        redis_url=URL,
        catalogue_url=f"postgresql://user:{SECRET}@host/db",
        smtp_url=f"smtp://user:{SECRET}@host",
        api_key=SECRET,
        model_store=f"https://user:{SECRET}@host",
        feed_secret=SECRET,
        openalex_api_key=SECRET,
    )
    configure_logs(settings)
    structlog.get_logger("test").info("settings", settings=settings, text=str(settings))
    said = capsys.readouterr().err
    assert "encoder" in said and SECRET not in said


def test_each_setting_that_may_hold_a_secret_is_kept_from_sight() -> None:
    """By its name: a new one that is called like a secret has to be told apart, too."""
    for name, field in Settings.model_fields.items():
        if re.search(r"secret|password|api_key|token$", name):
            assert field.annotation is SecretStr, name
        if re.search(r"^((redis|catalogue|smtp)_.*url|model_store)$", name):
            assert not field.repr, name
