"""What is installed is what was locked: every dependency has its hashes, and workflows run nobody else's code.

Each check is a function from text to what is wrong in it, and is also run on text in which something is.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(path for folder in (".", "image", "k8s") for path in (ROOT / folder).glob("*.lock"))
PACKAGE_LOCKS = sorted(ROOT / folder / "package-lock.json" for folder in ("web", "extension", "tests/browser"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)")


def requirements(lock: str) -> dict[tuple[str, str], set[str]]:
    """Hashes by name and version."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock):
        if match := PINNED.match(block):
            found[match[1].lower(), match[2]] = set(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block))
    return found


def without_hashes(lock: str) -> list[str]:
    lines = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    loose = [line for line in lines if not PINNED.match(line)]
    return loose + [name for (name, _), hashes in requirements(lock).items() if not hashes]


def without_integrity(lock: str) -> list[str]:
    packages = json.loads(lock)["packages"]
    return [
        name
        for name, package in packages.items()
        if name
        and not (
            package.get("integrity", "").startswith("sha512-")
            and package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/")
        )
    ]


def installs_without_hashes(text: str) -> list[str]:
    """Commands that install what no lock names; what is here already (-e .) needs none."""
    commands = text.replace("\\\n", " ").splitlines()
    pip = [line for line in commands if re.search(r"\bpip install\b", line)]
    npm = [line for line in commands if re.search(r"\bnpm (?:install|i|add)\b", line)]
    return [line.strip() for line in pip if "--require-hashes" not in line and "--no-deps" not in line] + npm


def unpinned_actions(workflow: str) -> list[str]:
    return [used for used in re.findall(r"\buses:\s*(\S+)", workflow) if not re.search(r"@[0-9a-f]{40}$", used)]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_dependency_has_its_hashes(path: Path) -> None:
    lock = path.read_text()
    assert len(requirements(lock)) > 2
    assert without_hashes(lock) == []
    (name, _), hashes = next(iter(requirements(lock).items()))
    spoilt = lock
    for each in hashes:
        spoilt = spoilt.replace(f"--hash=sha256:{each}", "")
    assert without_hashes(spoilt) == [name]
    assert without_hashes(lock + "loose>=1\n") == ["loose>=1"]


@pytest.mark.parametrize("path", PACKAGE_LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_of_npm_has_its_hash(path: Path) -> None:
    lock = path.read_text()
    assert without_integrity(lock) == []
    assert without_integrity(lock.replace('"integrity": "sha512-', '"integrity": "sha1-')) != []
    if '"resolved"' in lock:
        assert without_integrity(lock.replace("https://registry.npmjs.org/", "http://elsewhere/")) != []


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", "Dockerfile"])
def test_nothing_is_installed_but_by_a_lock(name: str) -> None:
    assert installs_without_hashes((ROOT / name).read_text()) == []
    assert installs_without_hashes("x:\n\tpip install \\\n  httpx\n\tnpm install y\n") != []


def test_the_list_of_dependencies_is_whole_and_the_same_every_time() -> None:
    told = []
    for _ in range(2):
        subprocess.run(
            ["make", "--no-print-directory", "-o", ".venv/.installed", "sbom", f"BIN={Path(sys.executable).parent}"],
            cwd=ROOT,
            check=True,
            timeout=100,
        )
        told.append((ROOT / "dist" / "sbom.cdx.json").read_bytes())
    assert told[0] == told[1]
    listed = {
        (each["name"].lower(), each["version"]): {
            digest["content"] for reference in each["externalReferences"] for digest in reference["hashes"]
        }
        for each in json.loads(told[0])["components"]
    }
    locked = requirements((ROOT / "requirements.lock").read_text())
    assert listed == locked
    assert str(ROOT).encode() not in told[0]


def test_workflows_use_what_is_pinned() -> None:
    assert WORKFLOWS
    assert [used for path in WORKFLOWS for used in unpinned_actions(path.read_text())] == []
    assert unpinned_actions("  - uses: actions/checkout@v4") == ["actions/checkout@v4"]


def test_workflows_are_looked_through(tmp_path: Path) -> None:
    zizmor = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", "--quiet"]
    assert subprocess.run([*zizmor, ROOT / ".github"], capture_output=True, timeout=100, check=False).returncode == 0
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    found = subprocess.run([*zizmor, bad], capture_output=True, text=True, timeout=100, check=False)
    assert found.returncode != 0
    assert "template-injection" in found.stdout
