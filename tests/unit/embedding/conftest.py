from collections.abc import Iterator

import pytest

from support.vector_store import VectorServer


@pytest.fixture
def vector_server() -> Iterator[VectorServer]:
    server = VectorServer()
    yield server
    server.close()
