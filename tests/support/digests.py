"""Subscribers in a catalogue, and `cocite digest` as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cocite.catalogue.mails import Mails
from cocite.catalogue.schema import mails, subscription_requests
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import CONFIRMATION, Choice, MailState, Period, Subscription
from cocite.catalogue.subscriptions import Subscriptions

SECRET = "a secret of the tests, long enough"
SENDER = "papers@example.org"


def subscribe(catalogue: Catalogue, email: str, choice: Choice | None = None) -> Subscription:
    """A confirmed subscription, as if its confirmation mail had been sent."""
    choice = choice or Choice(Period.DAILY)
    held, sender = Subscriptions(catalogue), Mails(catalogue)
    assert held.ask(email, choice)
    key = last_request(catalogue)
    held.confirm(key)
    found = next(each for each in held.confirmed(choice.period, 0, 10_000) if each.email == email)
    sender.take(found, f"{CONFIRMATION}{key}")
    sender.settle(found.key, f"{CONFIRMATION}{key}", MailState.SENT)
    return found


def last_request(catalogue: Catalogue) -> int:
    with catalogue.reading() as connection:
        return int(connection.execute(sa.select(sa.func.max(subscription_requests.c.request_key))).scalar_one())


def age_mails(catalogue: Catalogue, by_ms: int) -> None:
    """Let all mails have come to their state earlier."""
    with catalogue.writing() as connection:
        connection.execute(sa.update(mails).values(updated_at=mails.c.updated_at - by_ms))


def environment(home: Path, smtp_url: str, feeds: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COCITE_")},
        "COCITE_HOME": str(home),
        "COCITE_SMTP_URL": smtp_url,
        "COCITE_MAIL_FROM": f"Papers <{SENDER}>",
        "COCITE_PUBLIC_URL": "https://papers.example.org",
        "COCITE_FEED_SECRET": SECRET,
        "COCITE_FEEDS_TARGET": feeds,
    }


def start(env: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cocite", "digest", *arguments]
    return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ran(env: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    """Exit status, what was printed (parsed with --json), and what was said on stderr."""
    with start(env, *arguments) as process:
        out, said = process.communicate(timeout=60)
    return process.returncode, json.loads(out) if out and "--json" in arguments else out, said
