import pytest

from support.scripted_recommender import running_recommender


@pytest.fixture
def recommender():
    with running_recommender() as running:
        yield running
