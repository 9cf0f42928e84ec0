"""Whether a feed is one, by those who read feeds and by what the specifications demand.

The feed validator of the W3C is in no registry of packages, and what is there reads leniently. So the demands of the
specifications stand in schemas/, checked by libxml2, and feedparser has to find nothing to mend.
"""

from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import orjson
from jsonschema import Draft202012Validator
from lxml import etree

from cocite.gateway import openapi

_SCHEMAS = Path(__file__).with_name("schemas")
_JSON = "application/feed+json"
_KINDS = {"application/atom+xml; charset=utf-8": "atom", "application/rss+xml; charset=utf-8": "rss"}


def checked(body: bytes, content_type: str) -> Any:
    """What feedparser makes of a valid feed in XML, the value of one in JSON. Raises AssertionError for another."""
    if content_type == _JSON:
        return _checked_json(body)
    schema = _schema(_KINDS[content_type])
    assert schema.validate(etree.fromstring(body)), schema.error_log.last_error
    found = feedparser.parse(body, response_headers={"content-type": content_type}, sanitize_html=False)
    assert not found.bozo, found.bozo_exception
    assert found.version == {"atom": "atom10", "rss": "rss20"}[_KINDS[content_type]]
    if found.version == "atom10":  # at most one of a kind (RFC 4287, 4.1.1)
        kinds = [sorted(link.rel for link in each.links) for each in (found.feed, *found.entries)]
        assert kinds == [["alternate", "self"], *[["alternate", "related"]] * len(found.entries)]
    ids = [entry.id for entry in found.entries]
    assert len(set(ids)) == len(ids)
    return found


def _checked_json(body: bytes) -> Any:
    document = orjson.loads(Path(openapi.__file__).with_name("openapi.json").read_bytes())
    found = orjson.loads(body)
    schema = document["components"]["schemas"]["JsonFeed"] | {"additionalProperties": False}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(found)]
    assert not errors, errors[0]
    ids = [item["id"] for item in found["items"]]
    assert len(set(ids)) == len(ids)
    return found


@cache
def _schema(name: str) -> Any:
    return etree.RelaxNG(etree.parse(_SCHEMAS / f"{name}.rng"))
