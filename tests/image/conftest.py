"""The image, built twice on a base of Debian packages, as no registry need be there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from image.containers import Image

ROOT = Path(__file__).resolve().parents[2]
BASE, NAMES = "localhost/cocite-test-base", ("localhost/cocite-test:one", "localhost/cocite-test:two")
PACKAGES = "python3,python3-venv,ca-certificates"
NEEDED = ("buildah", "runc", "mmdebstrap")
SURROUNDINGS = os.environ | {"BUILDAH_ISOLATION": "chroot", "BASE": BASE}


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, env=SURROUNDINGS, timeout=1500, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="session")
def tools():
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("building on a bare base and running it needs root")


@pytest.fixture(scope="session")
def ids(tools, tmp_path_factory):
    """Ids of the image of the last commit, by name, each built from nothing."""
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(archive))
    container = run("buildah", "from", "scratch")
    run("buildah", "add", "--quiet", container, str(archive), "/")
    run("buildah", "commit", "--quiet", "--rm", "--timestamp", "0", container, BASE)
    commit = run("git", "-C", str(ROOT), "rev-parse", "HEAD")
    try:
        SURROUNDINGS["COMMIT"] = commit  # others may commit meanwhile
        yield {name: run(str(ROOT / "image" / "build"), name) for name in NAMES}
    finally:
        for name in (*NAMES, BASE):
            subprocess.run(["buildah", "rmi", "--force", name], capture_output=True, check=False)


@pytest.fixture(scope="session")
def image(ids):
    """The first of them, mounted."""
    container = run("buildah", "from", NAMES[0])
    try:
        yield Image.of(NAMES[0], Path(run("buildah", "mount", container)))
    finally:
        run("buildah", "rm", container)
