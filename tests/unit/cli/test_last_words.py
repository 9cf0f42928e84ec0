"""What a command that fails says last, which a server may have told it."""

import pytest

from cocite.cli import app as cli
from cocite.core.errors import Unavailable


def test_an_error_commands_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise Unavailable("it said:\n  \x1b]0;title\x07 and \x9b2J\r gone", hint="look")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as ended:
        cli.run()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.splitlines()[0] == "cocite: it said:" and said.endswith("look\n")
    assert all(c.isprintable() or c == "\n" for c in said)
