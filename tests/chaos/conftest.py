"""Fixtures of faults: the model they strike, a stage for each, and where results are kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.harness.home import prepared_home
from chaos.harness.reference import Reference
from chaos.harness.stage import Stage
from chaos.harness.verdict import Record
from chaos.harness.versions import VERSIONED, VersionedReference, Versions, prepared_versions

TEST_S = 240  # of a test, fixtures apart: three measurements of 60 s and a little
Staged = Callable[..., Stage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.timeout(TEST_S, func_only=True))


@pytest.fixture(scope="session")
def home() -> Path:
    """What every stage begins with."""
    return prepared_home()


@pytest.fixture(scope="session")
def reference(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """Right answers."""
    reference = Reference(home, tmp_path_factory.mktemp("reference"))
    with reference.stage:
        yield reference


@pytest.fixture(scope="session")
def versions(home: Path) -> Versions:
    """Models to be published."""
    return prepared_versions(home)


@pytest.fixture(scope="session")
def versioned(home: Path, versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VersionedReference]:
    """Right answers of each of the versions."""
    stage = Stage(home, tmp_path_factory.mktemp("versioned"), settings=VERSIONED)
    with stage:
        yield VersionedReference(stage, versions)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Where the result of the file's FAULT goes."""
    module: Any = request.module
    return Record(module.__name__.rpartition(".")[2].removeprefix("test_"), module.FAULT)


@pytest.fixture
def staged(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Makes stages, each in a folder of its own; they run in a with block."""
    return lambda **options: Stage(home, tmp_path_factory.mktemp("stage"), **options)
