"""From papers to items of a feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlencode, urlsplit

from cocite.core.errors import InvalidArgument
from cocite.gateway.landing_pages import landing_page
from cocite.gateway.syndication.feed import Item, midnight
from cocite.gateway.syndication.text import link, one_line, paragraph
from cocite.serving.papers import listed_on
from cocite.v1.paper_pb2 import Paper

_EPOCH = date(1970, 1, 1)  # of a paper of which no date is known: it has to have one in Atom, and always the same
_MOST_AUTHORS = 20
_TAG_YEAR = 2026  # when the name of a site was its own, which a tag has to say (RFC 4151); never to be changed


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper of a list. day: on which it was new, if the list tells; why: in words why it is there, or ""."""

    paper: Paper
    day: date | None = None
    why: str = ""


class Site:
    """Names and addresses that readers know this gateway's by. Raises InvalidArgument for a url that is none."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            name = "COCITE_PUBLIC_URL"
            raise InvalidArgument(f"{name} is no http:// or https:// address", hint="see docs/settings.md", field=name)
        self.url = public_url.rstrip("/")
        self._host = parts.hostname.replace(":", "-")

    def tag(self, name: str) -> str:
        """A name that stays, whatever becomes of addresses (RFC 4151)."""
        return f"tag:{self._host},{_TAG_YEAR}:{quote(name, safe='/:.()?=&%')}"

    def page(self, paper_id: str) -> str:
        """Our page of papers like this one."""
        return f"{self.url}/#{urlencode({'like': paper_id})}"

    def items(self, papers: Sequence[Listed], today: date) -> list[Item]:
        """The papers as items, each once."""
        return [*{each.paper.paper_id: self._item(each, today) for each in papers}.values()]

    def _item(self, listed: Listed, today: date) -> Item:
        paper, day = listed.paper, listed.day or listed_on(listed.paper)
        page, title = self.page(paper.paper_id), one_line(paper.title)
        authors = [name for name in map(one_line, paper.authors) if name]
        by = authors if len(authors) <= _MOST_AUTHORS else [*authors[:_MOST_AUTHORS], "and others"]
        where = " ".join(filter(None, (one_line(paper.venue), str(paper.year) if paper.HasField("year") else "")))
        told = (one_line(listed.why), ", ".join(by), where, one_line(paper.abstract))
        return Item(
            item_id=self.tag(f"paper/{paper.paper_id}"),
            title=title or one_line(paper.paper_id),
            url=landing_page(paper.paper_id) or page,
            page_url=page,
            authors=authors[:_MOST_AUTHORS],
            subjects=[name for name in map(one_line, paper.fields) if name],
            html="".join([*map(paragraph, told), link(page, "Related papers")]),
            listed_on=day,
            updated=midnight(day or _published(paper, today)),
        )


def _published(paper: Paper, today: date) -> date:
    """The first day of the year of publication, which may be told ahead of time."""
    return date(min(paper.year, today.year), 1, 1) if paper.HasField("year") and paper.year >= 1 else _EPOCH
