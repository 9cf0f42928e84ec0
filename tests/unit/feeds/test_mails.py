"""What stands in mails, whatever others have written; and the settings of mails."""

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest

from cocite.catalogue.subscription_records import Choice, Period, State, Subscription
from cocite.core.errors import InvalidArgument, NotReady
from cocite.core.settings import Settings
from cocite.feeds.digest_content import Contents
from cocite.feeds.digest_occasions import occasion_named, occasion_of
from cocite.feeds.digest_sending import Writer
from cocite.feeds.mail_message import clean, message
from cocite.feeds.mail_settings import MailServer, mail_server, masked, postmark
from cocite.feeds.secrets import Signer
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1 import recommender_service_pb2
from support.scripted_feeds import paper

TODAY = date(2026, 11, 24)
STAMP = postmark(Settings(mail_from="Papers <p@example.org>", public_url="https://papers.example.org/"), Signer(b"x"))
HOSTILE = "A <script>alert(1)</script>\r\nBcc: victim@example.org\r\n\r\n\u202eesrever\u2066 \x00\x1b[31m{{ 7 * 7 }}"


class Lists:
    """What FeedQuestions gives, from lists."""

    def __init__(self, feed=(), trending=(), new=()) -> None:
        self._feed, self._trending, self._new = feed, trending, new

    def feed(self, reader_key, size):
        return tuple(self._feed)

    def trending(self, period):
        return tuple(self._trending)

    def new(self, day, field):
        found = self._new.get(day, ()) if isinstance(self._new, dict) else self._new
        return tuple(item for item in found if not field or field in item.paper.fields)


def contents(period=Period.DAILY, **lists) -> Contents:
    return Contents(Lists(**lists), STAMP, occasion_of(period, None, TODAY))


def headings(digest) -> list[tuple[str, str, list[str]]]:
    return [(each.heading, each.subject, [entry.title for entry in each.entries]) for each in digest.sections]


def new(number: int, *fields: str, upvotes: int = 0, score: float = 0.0) -> pb.NewItem:
    return pb.NewItem(paper=paper(number, "", *fields), upvotes=upvotes, score=score)


def test_each_paper_stands_once_and_new_ones_by_subject():
    digest = contents(
        feed=[pb.FeedItem(paper=paper(1))],
        trending=[pb.TrendingItem(paper=paper(1)), pb.TrendingItem(paper=paper(2), upvotes=1)],
        new=[new(2, "Physics"), new(3, "Physics"), new(4), new(5, "Biology", "Physics", upvotes=2)],
    ).digest(Choice(Period.DAILY, (), 7))
    assert headings(digest) == [
        ("For you", "", ["Paper 1"]),
        ("Trending", "", ["Paper 2"]),
        ("New papers", "Biology", ["Paper 5"]),
        ("New papers", "Physics", ["Paper 3"]),
        ("New papers", "Other subjects", ["Paper 4"]),
    ]
    assert digest.new_papers == 4, "one of them among the trending"


def test_who_names_fields_gets_those():
    digest = contents(new=[new(1, "Physics"), new(2, "Biology"), new(3)]).digest(
        Choice(Period.DAILY, ("Biology", "None such"))
    )
    assert headings(digest) == [("New papers", "Biology", ["Paper 2"])]


def test_a_day_without_new_papers_has_no_digest_and_a_week_may_have_one():
    trending = [pb.TrendingItem(paper=paper(1))]
    assert contents(trending=trending).digest(Choice(Period.DAILY)) is None
    assert contents(trending=trending, new=[new(1, "Physics")]).digest(Choice(Period.DAILY, ("Biology",))) is None
    assert headings(contents(Period.WEEKLY, trending=trending).digest(Choice(Period.WEEKLY))) == [
        ("Trending", "", ["Paper 1"])
    ]
    assert contents(Period.WEEKLY).digest(Choice(Period.WEEKLY)) is None


def test_a_week_holds_its_days_most_upvoted_first():
    crowd = new(1, "P", upvotes=50)  # of whom none is believed
    days = {date(2026, 11, 16): [crowd, new(2, "P", upvotes=1, score=4.0)], date(2026, 11, 22): [new(3, "P")]}
    digest = contents(Period.WEEKLY, new=days).digest(Choice(Period.WEEKLY))
    assert headings(digest) == [("New papers", "P", ["Paper 2", "Paper 3", "Paper 1"])]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (pb.FeedReason(acted_on=pb.ActedOn(kind=pb.EVENT_KIND_SAVE, title="T")), "because you saved “T”"),
        (pb.FeedReason(acted_on=pb.ActedOn(kind=pb.EVENT_KIND_CLICK, paper_id="x:1")), "because you opened “x:1”"),
        (pb.FeedReason(trending_now=pb.TrendingNow(readers=1)), "1 reader this week"),
        (pb.FeedReason(popularity=recommender_service_pb2.Popularity(citation_count=3)), "much cited"),
        (pb.FeedReason(acted_on=pb.ActedOn(kind=99)), ""),
    ],
)
def test_why_a_paper_is_there(reason, said):
    digest = contents(feed=[pb.FeedItem(paper=paper(1), reasons=[reason])], new=[new(2)]).digest(
        Choice(Period.DAILY, (), 7)
    )
    assert digest.sections[0].entries[0].why == said


class Tags(HTMLParser):
    """The tags and link targets of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]


def written(title: str) -> tuple[bytes, EmailMessage]:
    hostile = paper(1, title, title)
    hostile.authors[:] = [title]
    hostile.venue = title
    hostile.paper_id = f'doi:10.1/"><script>{title}'
    reason = pb.FeedReason(acted_on=pb.ActedOn(kind=pb.EVENT_KIND_SAVE, title=title))
    lists = {
        "feed": [pb.FeedItem(paper=hostile, reasons=[reason])],
        "new": [pb.NewItem(paper=paper(2, title, title))],
    }
    to = Subscription(5, "reader@example.org", State.CONFIRMED, Choice(Period.DAILY, (), 7))
    letter = Writer(contents(**lists), STAMP, occasion_of(Period.DAILY, None, TODAY)).letter(to)
    return letter.content, message_from_bytes(letter.content, _class=EmailMessage, policy=SMTP)


def test_nothing_that_others_wrote_adds_a_header_or_markup_or_turns_the_text_round():
    content, mail = written(HOSTILE)
    _, harmless = written("A title")
    assert mail.keys() == harmless.keys()
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    tags, expected = Tags(), Tags()
    tags.feed(html)
    expected.feed(harmless.get_body(("html",)).get_content())
    assert tags.tags == expected.tags
    assert all(link.startswith("https://papers.example.org") for link in tags.links)
    for bad in "\u202e\u2066\x00\x1b":
        assert bad not in html + text
    assert "{{ 7 * 7 }}" in text
    assert "Bcc: victim@example.org" not in text.splitlines()
    assert content.count(b"\r\nBcc") == 0
    assert max(map(len, content.split(b"\r\n"))) < 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    content.decode("ascii")


def test_the_guard_is_needed():
    with pytest.raises(ValueError, match="linefeed"):  # what the standard library says of it
        message(STAMP, "a@example.org", "x", "s", "t", "<p>", {"X": "a\r\nBcc: b"})
    assert "\u202e" in HOSTILE
    assert "\u202e" not in clean(HOSTILE)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\n\tb  c\u2028d", "a b c d"),
        ("\u202eevil\u2069", "evil"),
        ("זהב العربية 漢字 é ∑ 🙂", "זהב العربية 漢字 é ∑ 🙂"),
        ("\ud800\ue000\ufeff", ""),
        ("x" * 50, "x" * 9 + "…"),
    ],
)
def test_text_of_others_on_one_line(text, cleaned):
    assert clean(text, 10 if text.startswith("xx") else 1000) == cleaned


def test_a_long_unsubscribe_address_is_not_folded():
    far = Settings(mail_from="p@example.org", public_url="https://papers.example.org/" + "long/" * 30)
    to = Subscription(5, "reader@example.org", State.CONFIRMED, Choice(Period.DAILY))
    stamp = postmark(far, Signer(b"x"))
    occasion = occasion_of(Period.DAILY, None, TODAY)
    letter = Writer(Contents(Lists(new=[new(1)]), stamp, occasion), stamp, occasion).letter(to)
    assert f"List-Unsubscribe: <{stamp.unsubscribe_url(5)}>\r\n".encode() in letter.content


@pytest.mark.parametrize(
    ("period", "day", "name", "title"),
    [
        (Period.DAILY, None, "daily:2026-11-23", "Monday, 23 November 2026"),
        (Period.DAILY, date(2026, 10, 1), "daily:2026-10-01", "Thursday, 1 October 2026"),
        (Period.WEEKLY, None, "weekly:2026-W47", "16 November to 22 November 2026"),
        (Period.WEEKLY, date(2026, 11, 9), "weekly:2026-W46", "9 November to 15 November 2026"),
    ],
)
def test_occasions(period, day, name, title):
    occasion = occasion_of(period, day, TODAY)
    assert (occasion.name, occasion.title) == (name, title)
    assert occasion_named(name) == occasion


def test_weeks_of_a_year_that_began_in_the_one_before_sort_right():
    new_year = date(2026, 12, 28)
    names = [occasion_of(Period.WEEKLY, day, date(2027, 1, 20)).name for day in (new_year, date(2027, 1, 4))]
    assert names == ["weekly:2026-W53", "weekly:2027-W01"] == sorted(names)


@pytest.mark.parametrize("day", [TODAY, date(2027, 1, 1), date(2026, 1, 1)])
def test_a_day_that_is_not_over_or_forgotten_is_refused(day):
    with pytest.raises(InvalidArgument, match=r"is not over|is over for more than"):
        occasion_of(Period.DAILY, day, TODAY)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail:2525", MailServer("mail", 2525)),
        ("smtp://localhost", MailServer("localhost", 25)),
        ("smtp+starttls://u:p%40s@mail", MailServer("mail", 587, True, False, "u", "p@s")),
        ("smtps://u:p@mail/", MailServer("mail", 465, False, True, "u", "p")),
        ("smtp://u:p@127.0.0.1", MailServer("127.0.0.1", 25, False, False, "u", "p")),
    ],
)
def test_addresses_of_mail_servers(url, server):
    assert mail_server(Settings(smtp_url=url)) == server
    assert "p@s" not in repr(server)


@pytest.mark.parametrize(
    "url", ["http://mail", "smtp://", "smtp://mail:port", "smtp://mail/path", "mail", "smtp://u:secret@mail"]
)
def test_what_is_no_address_of_a_mail_server_is_refused(url):
    with pytest.raises(InvalidArgument, match="COCITE_SMTP_URL") as caught:
        mail_server(Settings(smtp_url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "sender", ["papers", "a@b.c, d@e.f", "A\nBcc: x <a@b.c>", "<>", "Papers <p@x.org> z", "Papers <p x@x.org>"]
)
def test_what_is_no_sender_is_refused(sender):
    with pytest.raises(InvalidArgument, match="COCITE_MAIL_FROM"):
        postmark(Settings(mail_from=sender), Signer(b"x"))


def test_a_sender_is_needed_and_an_address_of_the_site():
    with pytest.raises(NotReady, match="set COCITE_MAIL_FROM"):
        postmark(Settings(), Signer(b"x"))
    with pytest.raises(InvalidArgument, match="COCITE_PUBLIC_URL"):
        postmark(Settings(mail_from="a@b.c", public_url="ftp://x"), Signer(b"x"))


def test_addresses_are_masked():
    assert masked("reader@example.org") == "r***@example.org"
