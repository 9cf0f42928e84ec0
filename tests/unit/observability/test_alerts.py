"""Alerts by promtool: each fires and keeps quiet where it must; each has its page in the runbook."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.queries import FOLDER, alerts

ROOT = FOLDER.parent
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: Debian package prometheus")


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    return subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)


def names() -> list[str]:
    return [alert["alert"] for alert in alerts()]


@needs_promtool
def test_the_rules_are_rules():
    done = promtool("check", "rules", FOLDER / "alerts.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_and_keep_quiet_as_written():
    done = promtool("test", "rules", FOLDER / "alerts.test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("> 0.01", "> 0.9"),  # never fires
        ("cocite_model_refused == 1", "cocite_model_refused >= 0"),  # always fires
        ("process_max_fds", "process_most_fds"),  # asks for what nobody tells
    ],
)
def test_an_alert_that_is_wrong_is_noticed(tmp_path, right, wrong):
    rules = (FOLDER / "alerts.yaml").read_text()
    assert right in rules
    (tmp_path / "alerts.yaml").write_text(rules.replace(right, wrong))
    shutil.copy(FOLDER / "alerts.test.yaml", tmp_path)
    assert promtool("test", "rules", tmp_path / "alerts.test.yaml").returncode != 0


def test_each_alert_is_tried_both_ways():
    tests = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text())["tests"]
    fires, quiet = set(), set()
    for test in tests:
        for asked in test["promql_expr_test"]:
            alert = re.search(r'alertname="(\w+)"', asked["expr"])[1]
            (fires if asked["exp_samples"] else quiet).add(alert)
    assert fires == quiet == set(names())


def sections(runbook: str) -> dict[str, str]:
    """Text of each section, by its anchor."""
    found = re.split(r"^## (\w+)\n", runbook, flags=re.MULTILINE)
    return {name.lower(): text for name, text in zip(found[1::2], found[2::2], strict=True)}


def without_page(runbook: str) -> list[str]:
    pages, lacking = sections(runbook), []
    for alert in alerts():
        file, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        page = pages.get(anchor, "")
        told = all(f"**{word}**" in page for word in ("Means", "Look", "Do"))
        if file != "docs/runbook.md" or anchor != alert["alert"].lower() or not told:
            lacking.append(alert["alert"])
    return lacking


def test_each_alert_leads_to_its_section_of_the_runbook():
    runbook = (ROOT / "docs/runbook.md").read_text()
    assert without_page(runbook) == []
    assert set(sections(runbook)) == {name.lower() for name in names()}
    assert without_page(runbook.replace("## CociteSlow", "## Other")) == ["CociteSlow"]


def test_alerts_say_how_bad_they_are_and_what_is_wrong():
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket"), alert
        assert alert["annotations"]["summary"], alert
        assert "for" in alert, alert
