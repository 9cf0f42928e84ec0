import json
from collections.abc import Iterator

import pytest
import structlog

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
