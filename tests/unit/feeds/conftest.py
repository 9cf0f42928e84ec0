"""Fixtures: feed services as they run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.feed_site import FeedSite, feed_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FeedSite]:
    with feed_site(tmp_path) as made:
        yield made
