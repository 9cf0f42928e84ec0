"""cocite model, on bundles that are there."""

import json
import os
import subprocess
import sys

import pytest

from cocite.recommender.bundle_files import read_current
from support.bundles import checkerboard, publish, rewrite_manifest, write_bundle

# Under its own name, which completion goes by.
MAIN = "import sys; sys.argv[0] = 'cocite'; from cocite.__main__ import main; main()"


@pytest.fixture
def bundles(tmp_path):
    for version in ("20240101-aa", "20240102-bb", "20240102-bbb"):
        write_bundle(tmp_path / "bundles", checkerboard(), version=version)
    publish(tmp_path / "bundles", "20240101-aa")
    return tmp_path / "bundles"


@pytest.fixture
def cocite(bundles):
    def call(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            env={k: v for k, v in os.environ.items() if k != "COLUMNS"}
            | {"COCITE_BUNDLES_DIR": str(bundles), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


@pytest.mark.parametrize(
    ("held", "said"),
    [(b"\xff\x00 nonsense", "CURRENT holds"), (b"gone-1\n", "CURRENT names gone-1, which is not there")],
)
def test_a_pointer_that_leads_nowhere_is_told(bundles, cocite, held, said):
    assert cocite("model", "list").stderr == ""
    (bundles / "CURRENT").write_bytes(held)
    done = cocite("model", "list")
    assert done.returncode == 0
    assert said in done.stderr
    assert "cocite model activate" in done.stderr
    assert "20240102-bb" in done.stdout


def test_the_list_tells_what_ranks(bundles, cocite):
    rewrite_manifest(bundles / "20240101-aa", rankers={"papers": "lambdamart", "libraries": "rrf"})
    rewrite_manifest(bundles / "20240102-bb", rankers={"papers": "logistic", "libraries": "logistic"})
    told = json.loads(cocite("model", "list", "--json").stdout)
    assert [each["rankers"].get("papers") for each in told] == ["lambdamart", "logistic", None]
    header, mixed, alike, unknown = cocite("model", "list").stdout.splitlines()
    assert "ranked by" in header
    assert "papers lambdamart, libraries rrf" in mixed
    assert " logistic " in alike
    assert "papers" not in alike + unknown


def test_a_beginning_that_only_one_has_is_enough(bundles, cocite):
    done = cocite("model", "activate", "20240102-bbb")
    assert (done.returncode, done.stdout) == (0, "20240102-bbb\n")
    assert cocite("model", "activate", "20240101").stdout == "20240101-aa\n"
    assert cocite("model", "activate", "20240102-bb").stdout == "20240102-bb\n"  # whole, and a beginning of another
    assert read_current(bundles) == "20240102-bb"


@pytest.mark.parametrize(
    ("version", "said"),
    [("20240102", "20240102-bb, 20240102-bbb"), ("3", "there is no model"), ("", "there is no model")],
)
def test_a_beginning_of_none_or_several_changes_nothing(bundles, cocite, version, said):
    done = cocite("model", "activate", version)
    assert done.returncode == 1
    assert said in done.stderr
    assert read_current(bundles) == "20240101-aa"


def test_versions_are_completed(cocite):
    asked = {"COMP_WORDS": "cocite model activate 20240102", "COMP_CWORD": "3"}
    done = cocite(_COCITE_COMPLETE="complete_bash", **asked)
    assert done.stdout.split() == ["20240102-bb", "20240102-bbb"]
