"""Feeds as Atom (RFC 4287), RSS 2.0 (https://www.rssboard.org/rss-specification) and JSON Feed 1.1 (jsonfeed.org)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson

from cocite.gateway.syndication.feed import GENERATOR, Feed, Item, midnight

_ATOM, _DUBLIN_CORE = "http://www.w3.org/2005/Atom", "http://purl.org/dc/elements/1.1/"
_TTL_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a feed."""

    media_type: str
    write: Callable[[Feed], bytes]


def _atom(feed: Feed) -> bytes:
    root = Element("feed", {"xmlns": _ATOM})
    _text(root, "id", feed.feed_id)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.description)
    _text(root, "updated", _rfc3339(feed.updated))
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.self_url})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.home_url})
    _text(SubElement(root, "author"), "name", GENERATOR)  # of entries that tell none
    _text(root, "generator", GENERATOR)
    for item in feed.items:
        _atom_entry(SubElement(root, "entry"), item)
    return _document(root)


def _atom_entry(entry: Element, item: Item) -> None:
    _text(entry, "id", item.item_id)
    _text(entry, "title", item.title)
    _text(entry, "updated", _rfc3339(item.updated))
    if item.listed_on is not None:
        _text(entry, "published", _rfc3339(midnight(item.listed_on)))
    SubElement(entry, "link", {"rel": "alternate", "href": item.url})
    SubElement(entry, "link", {"rel": "related", "type": "text/html", "href": item.page_url})
    for author in item.authors:
        _text(SubElement(entry, "author"), "name", author)
    for subject in item.subjects:
        SubElement(entry, "category", {"term": subject})
    _text(entry, "content", item.html, type="html")


def _rss(feed: Feed) -> bytes:
    root = Element("rss", {"version": "2.0", "xmlns:atom": _ATOM, "xmlns:dc": _DUBLIN_CORE})
    channel = SubElement(root, "channel")
    _text(channel, "title", feed.title)
    _text(channel, "link", feed.home_url)
    _text(channel, "description", feed.description)
    SubElement(channel, "atom:link", {"rel": "self", "type": "application/rss+xml", "href": feed.self_url})
    _text(channel, "lastBuildDate", format_datetime(feed.updated, usegmt=True))
    _text(channel, "ttl", str(_TTL_MINUTES))
    _text(channel, "generator", GENERATOR)
    for item in feed.items:
        _rss_item(SubElement(channel, "item"), item)
    return _document(root)


def _rss_item(entry: Element, item: Item) -> None:
    _text(entry, "title", item.title)
    _text(entry, "link", item.url)
    _text(entry, "guid", item.item_id, isPermaLink="false")
    if item.listed_on is not None:
        _text(entry, "pubDate", format_datetime(midnight(item.listed_on), usegmt=True))
    for author in item.authors:
        _text(entry, "dc:creator", author)
    for subject in item.subjects:
        _text(entry, "category", subject)
    _text(entry, "description", item.html)


def _json(feed: Feed) -> bytes:
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "description": feed.description,
            "home_page_url": feed.home_url,
            "feed_url": feed.self_url,
            "items": [_json_item(item) for item in feed.items],
        }
    )


def _json_item(item: Item) -> dict[str, object]:
    told: dict[str, object] = {"id": item.item_id, "url": item.page_url}
    if item.url != item.page_url:
        told["external_url"] = item.url
    told |= {"title": item.title, "content_html": item.html}
    if item.listed_on is not None:
        told["date_published"] = _rfc3339(midnight(item.listed_on))
    if item.authors:
        told["authors"] = [{"name": author} for author in item.authors]
    if item.subjects:
        told["tags"] = [*item.subjects]
    return told


FORMATS: Mapping[str, Format] = {
    "atom": Format("application/atom+xml; charset=utf-8", _atom),
    "rss": Format("application/rss+xml; charset=utf-8", _rss),
    "json": Format("application/feed+json", _json),
}


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = text


def _document(root: Element) -> bytes:
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
