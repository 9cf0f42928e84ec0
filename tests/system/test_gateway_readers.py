"""Readers through the gateway of a running stack: events, feeds, feed readers, mails; and no secret is logged."""

import re
import secrets
import signal
from urllib.parse import urlencode

import httpx
import pytest
from lxml import html

from cocite.gateway.syndication.writing import FORMATS
from support.mail_server import running_mail_server
from support.stack import Stack, eventually
from support.syndication import checked

pytestmark = pytest.mark.timeout(240)

SMALL = "doi:10.1002/asi.4630240406"
SESSION = {"sessionId": secrets.token_hex(16)}
EMAIL = "ann@reader.example"


@pytest.fixture(scope="module")
def mailbox():
    """One that gets the mails of this file alone."""
    with running_mail_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def running(demo_home, mailbox):
    """A stack of this file's own, as its last test ends it to read what was logged."""
    mails = {"smtp_url": mailbox.url, "mail_from": "Papers <papers@site.example>"}
    with Stack(demo_home.having(**mails, log_format="json", log_level="debug")) as stack:
        yield stack


@pytest.fixture(scope="module")
def key(running):
    """The secret of a key that may name readers."""
    made = running.home.run("key", "create", "site", "--scope", "readers", check=True)
    assert "for readers" in made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module")
def client(running):
    with httpx.Client(base_url=f"http://{running.targets['gateway']}", timeout=30) as client:
        yield client


def post(client, method: str, body: dict, **headers: str) -> httpx.Response:
    return client.post(f"/cocite.v1.FeedService/{method}", json=body, headers=headers)


def event(reader: dict, kind: str, paper_id: str) -> dict:
    return {"eventId": secrets.token_hex(8), "reader": reader, "kind": f"EVENT_KIND_{kind}", "paperId": paper_id}


def test_a_session_acts_and_its_feed_changes_in_the_next_request(client):
    before = post(client, "ListFeed", {"reader": SESSION})
    assert (before.status_code, before.json().get("personal", False)) == (200, False)
    done = client.post("/v1/events:record", json={"events": [event(SESSION, "SAVE", SMALL)]})
    assert done.json()["results"][0]["status"] == "EVENT_STATUS_RECORDED"
    after = post(client, "ListFeed", {"reader": SESSION})
    assert after.json()["personal"]
    assert any(
        reason.get("actedOn", {}).get("paperId") == SMALL
        for item in after.json()["items"]
        for reason in item.get("reasons", ())
    )
    for answer in (before, done, after):
        assert answer.headers["cache-control"] == "no-store"


def test_a_reader_is_named_by_the_sites_key_alone(client, key):
    ann = {"readerId": "ann"}
    asked = {"events": [event(SESSION, "VIEW", SMALL), event(ann, "SAVE", SMALL)]}
    for answer in (post(client, "RecordEvents", asked), client.post("/v1/events:record", json=asked)):
        assert answer.status_code == 403
        assert "reader_id: naming readers needs a key for readers" in answer.text
    assert post(client, "GetReader", {"reader": ann}).status_code == 403
    of_site = {"x-api-key": key}
    assert eventually(lambda: post(client, "RecordEvents", asked, **of_site).status_code == 200)  # the key is new
    held = post(client, "GetReader", {"reader": ann}, **of_site).json()
    assert [each["paper"]["paperId"] for each in held["papers"]] == [SMALL]
    assert post(client, "DeleteReader", {"reader": ann}).status_code == 403
    assert post(client, "DeleteReader", {"reader": ann}, **of_site).status_code == 200
    assert post(client, "GetReader", {"reader": ann}, **of_site).json().get("eventCount", "0") == "0"


def token_of(client) -> str:
    return post(client, "GetReader", {"reader": SESSION}).json()["feedToken"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("trending", {"window": "month"}),
        ("new", {}),
        ("search", {"q": "co-citation & mapping of science"}),
        ("related", {"id": SMALL}),
        ("reader", {}),
    ],
)
def test_every_feed_is_valid(client, name, query, form):
    if name == "reader":
        query = {"token": token_of(client)}
    path = f"/feeds/{name}.{form}?{urlencode(query)}"
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found = checked(answer.content, answer.headers["content-type"])
    items = found["items"] if form == "json" else found.entries
    assert len(items) > 10 or name in ("trending", "new")  # which hold what has happened here
    again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_rotated_address_is_void_and_the_new_one_opens_the_feed(client):
    old = token_of(client)
    new = post(client, "RotateFeedToken", {"reader": SESSION}).json()["feedToken"]
    assert client.get(f"/feeds/reader.rss?token={old}").status_code == 404
    assert client.get(f"/feeds/reader.rss?token={new}").status_code == 200


def test_a_subscription_from_mail_to_mail(client, mailbox, running):
    asked = {"email": EMAIL, "period": "DIGEST_PERIOD_WEEKLY", "reader": SESSION}
    assert client.post("/v1/subscriptions:subscribe", json=asked).status_code == 200
    assert eventually(lambda: mailbox.received)
    text = mailbox.received[0].mail.get_body(("plain",)).get_content()
    (link,) = re.findall(r"http://\S+(/confirm\?token=\S+)", text)
    for _ in range(2):  # a program that looks at links
        assert client.get(link).status_code == 200
    assert subscriptions(client) == [False], "asked for, and not confirmed by looking"
    (form,) = html.fromstring(client.get(link).text).forms
    assert client.post(link.partition("?")[0] + form.action).status_code == 200
    assert subscriptions(client) == [True]
    sent = running.home.of_demo().run("digest", "send", "--period", "weekly", "--target", running.targets["feeds"])
    assert sent.returncode == 0, sent.stderr
    mail = mailbox.received[-1].mail
    (address,) = re.findall(r"<http://[^/]+(/unsubscribe\?token=[^>]+)>", mail["List-Unsubscribe"])
    assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert subscriptions(client) == []
    assert client.post("/confirm?token=" + "A" * 40).status_code == 404


def subscriptions(client) -> list[bool]:
    found = post(client, "GetReader", {"reader": SESSION}).json().get("subscriptions", [])
    return [each.get("confirmed", False) for each in found]


def test_no_secret_is_in_a_log(client, running, key, mailbox):
    """The last test of this file: it ends the stack to read what it wrote."""
    token = token_of(client)
    known = [token, key, SESSION["sessionId"], EMAIL]
    known += [found for mail in mailbox.received for found in re.findall(rb"token=3?D?([\w-]{22,})", mail.content)]
    for path in (
        f"/feeds/reader.rss?token={token}",
        f"/feeds/reader.rss?token={token}x",
        f"/feeds/none.rss?token={token}",
    ):
        client.get(path)
    client.post("/v1/feed:list", json={"reader": {"feedToken": "x" + token}})
    running.end(signal.SIGTERM)
    told = "".join(log.read_text() for log in (running.home.of_demo().path / "logs").iterdir())
    assert '"service": "gateway"' in told
    for secret in known:
        text = secret.decode() if isinstance(secret, bytes) else secret
        assert text not in told
