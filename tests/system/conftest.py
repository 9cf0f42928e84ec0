import pytest

from support.stack import Home, Stack


@pytest.fixture(scope="session")
def demo_home(fetched, tmp_path_factory) -> Home:
    """A home with the demo corpus taken in and a model trained on hashed words, which needs no model files."""
    home = Home(tmp_path_factory.mktemp("home"), fetched)
    home.run("up", "--demo", "--once", check=True)
    return home


@pytest.fixture(scope="session")
def stack(demo_home):
    """The demo, up."""
    with Stack(demo_home) as stack:
        yield stack
