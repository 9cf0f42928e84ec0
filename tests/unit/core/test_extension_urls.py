"""The browser extension reads the URLs of papers as the server does: both are held to one table."""

import json
from pathlib import Path

import pytest

from cocite.core.ids import try_normalise_id

URLS = json.loads((Path(__file__).resolve().parents[3] / "extension/tests/urls.json").read_text())


@pytest.mark.parametrize(("url", "paper_id"), URLS)
def test_a_url_means_what_the_table_says(url, paper_id):
    assert try_normalise_id(url) == paper_id
