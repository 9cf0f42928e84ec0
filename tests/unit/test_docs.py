"""The documentation keeps up with the code. Each check is a function from text to what is missing in it, and is also
run on text from which something was taken out."""

import inspect
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

import cocite
from cocite.cli.app import app
from cocite.core.settings import PREFIX, Settings
from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def read(*names: str) -> str:
    return "\n".join((ROOT / name).read_text() for name in names)


def settings_rows() -> dict[str, str]:
    rows = {}
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = "platform's data directory" if name == "home" else f"`{default}`" if default not in (None, "") else ""
        rows[PREFIX + name.upper()] = f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |"
    return rows


def missing_settings(text: str) -> list[str]:
    return [row for row in settings_rows().values() if row not in text.splitlines()]


def surplus_settings(text: str) -> list[str]:
    return sorted(set(re.findall(r"^\| `(COCITE_\w+)`", text, re.MULTILINE)) - set(settings_rows()))


def methods() -> Iterator[tuple[str, str]]:
    for module in (embedding_service_pb2, feature_service_pb2, recommender_service_pb2, feed_service_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield service.name, method.name


def missing_methods(text: str) -> list[str]:
    return [f"{service}/{name}" for service, name in methods() if f"| {service} | {name} |" not in text]


def targets(makefile: str) -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):.*## ", makefile, re.MULTILINE)


def missing_targets(text: str) -> list[str]:
    return [name for name in targets(read("Makefile")) if f"`make {name}`" not in text]


def commands(group: typer.Typer = app, prefix: str = "cocite") -> Iterator[tuple[str, list[list[str]]]]:
    """Every command and the spellings of each of its options, hidden ones apart."""
    root = typer.main.get_command(group)
    yield from _commands(root, prefix)


def _commands(command, name: str) -> Iterator[tuple[str, list[str]]]:
    if hasattr(command, "commands"):
        for sub in command.commands.values():
            yield from _commands(sub, f"{name} {sub.name}")
    else:
        shown = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
        yield name, [[*p.opts, *p.secondary_opts] for p in shown]


def missing_commands(text: str) -> list[str]:
    return [name for name, _ in commands() if not re.search(rf"`{name}( [^`]*)?`", text)]


def missing_options(text: str) -> list[str]:
    """Options that stand neither in a row of their command nor before the table, where those of several stand."""
    common, _, table = text.partition("\n|")
    missing = []
    for name, options in commands():
        rows = "\n".join(row for row in table.splitlines() if re.match(rf"\| `{name}[ `]", row))
        for spellings in options:
            if not any(re.search(rf"[` ]{spelling}[` ]", common + rows) for spelling in spellings):
                missing.append(f"{name} {spellings[0]}")
    return missing


CHECKS = {
    missing_settings: ("docs/settings.md",),
    missing_methods: ("docs/api.md",),
    missing_targets: ("README.md", "CONTRIBUTING.md"),
    missing_commands: ("docs/cli.md",),
    missing_options: ("docs/cli.md",),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_undocumented(check):
    assert check(read(*CHECKS[check])) == []


def test_no_setting_is_documented_that_is_none():
    text = read("docs/settings.md")
    assert surplus_settings(text) == []
    assert surplus_settings(text + "\n| `COCITE_OLD` | | gone |") == ["COCITE_OLD"]


@pytest.mark.parametrize(
    ("check", "taken_out", "found"),
    [
        (missing_settings, "in seconds |", "COCITE_DRAIN_S"),
        (missing_methods, "| RecommenderService | GetModel |", "RecommenderService/GetModel"),
        (missing_targets, "`make lock`", "lock"),
        (missing_commands, "`cocite model rollback`", "cocite model rollback"),
        (missing_options, "`--min-year`", "cocite recommend --min-year"),
        (missing_options, "`--rejects FILE`", "cocite ingest --rejects"),
        (missing_options, "`--json`", "cocite model list --json"),
        (missing_options, "`--no-learn`", "cocite train --learn"),
        (missing_options, "`--force`", "cocite train --force"),
    ],
)
def test_what_is_taken_out_is_missed(check, taken_out, found):
    text = read(*CHECKS[check])
    assert taken_out in text
    assert any(found in missing for missing in check(text.replace(taken_out, "")))


def dead_links(path: Path, text: str) -> list[str]:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", text)
    return [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *DOCS.rglob("*.md")], ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    assert dead_links(path, path.read_text()) == []


def test_a_dead_link_is_noticed():
    assert dead_links(ROOT / "README.md", "[x](docs/none.md) [y](docs/api.md#ids)") == ["docs/none.md"]


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_python_of_the_documentation_is_python_that_fits():
    blocks = re.findall(r"```python\n(.*?)```", read("README.md", "docs/api.md", "docs/feeds.md"), re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "documentation", "exec")
        for client, name in re.findall(r"(client|feeds)\.(\w+)\(", block):
            assert inspect.isfunction(getattr(cocite.FeedClient if client == "feeds" else cocite.Client, name))


def test_make_lists_every_target():
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)[1].split()
    assert sorted(re.findall(r"make ([a-z-]+)", listed)) == sorted(phony) == sorted(targets(read("Makefile")))
