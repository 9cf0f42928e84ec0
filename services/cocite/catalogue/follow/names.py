"""What is to be followed, as it is written on the command line."""

from collections.abc import Sequence
from contextlib import ExitStack

from cocite.catalogue.follow.arxiv_source import ARXIV, ArxivSource
from cocite.catalogue.follow.openalex_source import OpenAlexSource
from cocite.catalogue.follow.source import Source
from cocite.catalogue.openalex_http import Api
from cocite.catalogue.polite_http import PoliteClient
from cocite.core.errors import InvalidArgument
from cocite.core.outgoing import networks_of
from cocite.core.settings import Settings

MAX_SOURCES = 64


def sources(settings: Settings, names: Sequence[str], stack: ExitStack) -> list[Source]:
    """The sources of these names; all of one API share its client, which stack closes.

    Raises InvalidArgument for a name of none.
    """
    if not 0 < len(names) <= MAX_SOURCES:
        raise InvalidArgument(f"not 1 to {MAX_SOURCES} sources", field="follow")
    key, private = settings.openalex_api_key.get_secret_value(), networks_of(settings.private_networks)
    arxiv = stack.enter_context(PoliteClient(ARXIV, settings.arxiv_url, private=private))
    openalex = stack.enter_context(Api(settings.openalex_url, settings.openalex_mailto, key, private=private))
    found: dict[str, Source] = {}
    for name in names:
        source = _source(name, arxiv, openalex)
        found[source.name] = source
    return list(found.values())


def _source(name: str, arxiv: PoliteClient, openalex: Api) -> Source:
    kind, _, what = name.partition(":")
    if kind == "arxiv":
        return ArxivSource(arxiv, what.split("+"))
    if kind == "openalex":
        return OpenAlexSource(openalex, what)
    raise InvalidArgument(
        f"{name[:60]!r} cannot be followed",
        hint="follow arxiv:cs.DL, arxiv:cs.CL+cs.IR or openalex:topics.id:T10102",
        field="follow",
    )
