"""Tests that need PostgreSQL are not skipped where it is to be there."""

from pathlib import Path

import pytest

from support import postgres

ROOT = Path(__file__).resolve().parents[3]


def test_its_absence_is_a_failure_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COCITE_TEST_REQUIRE_POSTGRES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="why"):
        postgres.absent("why")
    monkeypatch.setenv("COCITE_TEST_REQUIRE_POSTGRES", "1")
    with pytest.raises(pytest.fail.Exception, match="why"):
        postgres.absent("why")


def test_continuous_integration_requires_it() -> None:
    assert "COCITE_TEST_REQUIRE_POSTGRES=1 make test" in (ROOT / ".ci/run").read_text()
