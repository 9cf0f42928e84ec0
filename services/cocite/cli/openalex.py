"""Works from OpenAlex's API, for ingest and for the demo."""

from datetime import datetime
from pathlib import Path

from cocite.core.settings import Settings


def fetch(settings: Settings, *, filters: str = "", topic: str = "", limit: int, refresh: bool = False) -> Path:
    """A file of at most limit works that pass the filter or fit the topic, kept in the home directory for next time.

    A kept file is used, and its age told, unless refresh is set.
    """
    from cocite.catalogue.openalex_api import Question, fetch_works, works_path
    from cocite.catalogue.openalex_http import Api
    from cocite.cli.output import note, progress_bars
    from cocite.core.outgoing import networks_of

    question = Question(filter=filters, topic=topic, limit=limit)
    folder = settings.home / "corpora"
    key, private = settings.openalex_api_key.get_secret_value(), networks_of(settings.private_networks)
    with (
        Api(settings.openalex_url, settings.openalex_mailto, key, private=private) as api,
        progress_bars() as report,
    ):
        kept = works_path(api, question, folder)
        if kept.is_file() and not refresh:
            day = datetime.fromtimestamp(kept.stat().st_mtime).astimezone().date()
            note(f"works from {kept}, fetched on {day}; --refresh asks OpenAlex anew")
        return fetch_works(
            api,
            question,
            folder,
            refresh=refresh,
            progress=lambda done, total: report("asking OpenAlex", done, total),
        )
