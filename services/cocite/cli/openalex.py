"""Works from OpenAlex's API, for ingest and for the demo."""

from pathlib import Path

from cocite.core.settings import Settings


def fetch(settings: Settings, *, filters: str = "", topic: str = "", limit: int) -> Path:
    """A file of at most limit works that pass the filter or fit the topic, kept in the home directory for next time."""
    from cocite.catalogue.openalex_api import Question, fetch_works
    from cocite.catalogue.openalex_http import Api
    from cocite.cli.output import progress_bars

    question = Question(filter=filters, topic=topic, limit=limit)
    key = settings.openalex_api_key.get_secret_value()
    with Api(settings.openalex_url, settings.openalex_mailto, key) as api, progress_bars() as report:
        return fetch_works(
            api,
            question,
            settings.home / "corpora",
            progress=lambda done, total: report("asking OpenAlex", done, total),
        )
