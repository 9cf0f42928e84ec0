"""cocite digest as a process, with a real mail server: everybody once, whatever dies meanwhile."""

import random
import signal
import time
from collections import Counter
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from cocite.catalogue.mails import HAND_OVER_MS, Mails
from cocite.catalogue.schema import mails
from cocite.catalogue.store import Catalogue
from cocite.catalogue.subscription_records import Choice, Period
from support.digests import SENDER, age_mails, environment, ran, start, subscribe
from support.mail_server import Mailbox, running_mail_server
from support.ports import free_port
from support.scripted_feeds import ScriptedFeeds, new, paper, running_feeds

SEND = ("send", "--period", "daily", "--json")
FAST = ("--rate", "1000")


class SlowMailbox(Mailbox):
    """Takes its time over each content, so that a process is killed in the middle of some."""

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        await asyncio.sleep(0.004)
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.004)
        return answer


@contextmanager
def site(tmp_path, subscribers: int, mailbox: Mailbox | None = None):
    """Catalogue, mail server, feed service, and the environment of commands."""
    feeds = ScriptedFeeds(new=new(paper(1), paper(2)))
    with (
        Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalogue,
        running_mail_server(mailbox) as box,
        running_feeds(feeds) as running,
    ):
        for number in range(subscribers):
            subscribe(catalogue, f"reader{number:03d}@example.org")
        yield catalogue, box, environment(tmp_path, box.url, running.target)


def killed_at(env, box: Mailbox, count: int) -> None:
    """Start a run and kill it when the server has taken that many mails more."""
    before = len(box.received)
    with start(env, *SEND, *FAST) as process:
        end = time.monotonic() + 60
        while len(box.received) < before + count and process.poll() is None and time.monotonic() < end:
            time.sleep(0.0005)
        time.sleep(random.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)


def forget_everything(catalogue) -> None:
    with catalogue.writing() as connection:
        connection.execute(sa.delete(mails))


@pytest.mark.timeout(300)
def test_nobody_is_mailed_twice_and_nobody_is_left_out_when_runs_are_killed(tmp_path):
    with site(tmp_path, 120, SlowMailbox()) as (catalogue, box, env):
        for _ in range(10):
            killed_at(env, box, random.randint(0, 12))
        _, report, said = ran(env, *SEND, *FAST)
        assert report["complete"], said
        age_mails(catalogue, HAND_OVER_MS + 1)
        unsure = {mail.subscription.email for mail in Mails(catalogue).unsure()}
        taken = Counter(box.recipients)
        assert max(taken.values()) == 1
        assert set(taken) | unsure == {f"reader{number:03d}@example.org" for number in range(120)}
        assert len(unsure) <= 10  # one a death
        sent = len(box.received)
        assert ran(env, *SEND, *FAST)[1]["mails"] == {"taken before": 120}
        assert len(box.received) == sent  # unsure ones neither
        status, report, _ = ran(env, "retry", "--unsure", "--json")
        assert (status, report["mails"].get("sent", 0)) == (0, len(unsure))
        again = Counter(each.recipient for each in box.received[sent:])
        assert again == Counter(unsure)
        assert Mails(catalogue).unsure() == []


def test_forgetting_what_was_taken_would_be_noticed(tmp_path):
    with site(tmp_path, 5) as (catalogue, box, env):
        killed_at(env, box, 2)
        forget_everything(catalogue)
        ran(env, *SEND, *FAST)
        assert max(Counter(box.recipients).values()) == 2


def test_two_runs_at_once_mail_everybody_once(tmp_path):
    with site(tmp_path, 60, SlowMailbox()) as (_, box, env):
        both = [start(env, *SEND, *FAST) for _ in range(2)]
        for process in both:
            with process:
                process.communicate(timeout=100)
                assert process.returncode == 0
        assert Counter(box.recipients) == Counter(f"reader{number:03d}@example.org" for number in range(60))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_end_leaves_nothing_unsure(tmp_path, number):
    with site(tmp_path, 60, SlowMailbox()) as (catalogue, box, env):
        with start(env, *SEND, *FAST) as process:
            while len(box.received) < 3 and process.poll() is None:
                time.sleep(0.001)
            process.send_signal(number)
            process.communicate(timeout=60)
        assert process.returncode == 130
        assert 3 <= len(box.received) < 60
        age_mails(catalogue, HAND_OVER_MS + 1)
        assert Mails(catalogue).unsure() == []
        before = len(box.received)
        assert ran(env, *SEND, *FAST)[1]["mails"] == {"sent": 60 - before, "taken before": before}


def test_a_mail_is_what_receivers_expect_of_a_list(tmp_path):
    with site(tmp_path, 1) as (catalogue, box, env):
        status, report, said = ran(env, *SEND)
        assert (status, report["mails"], said) == (0, {"sent": 1}, "")
        (received,) = box.received
        mail = received.mail
        assert (received.sender, mail["From"], mail["To"]) == (SENDER, f"Papers <{SENDER}>", "reader000@example.org")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<https://papers.example.org/unsubscribe?token=")
        assert "\r\n " not in received.content.decode().partition("List-Unsubscribe:")[2].partition("List-")[0]
        assert mail["List-Id"].endswith("<daily.digest.papers.example.org>")
        assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-generated", "bulk")
        assert mail["Date"] and mail["Message-ID"].endswith("@papers.example.org>")
        forget_everything(catalogue)
        ran(env, *SEND)
        assert box.received[1].mail["Message-ID"] == mail["Message-ID"]


def test_a_server_that_is_away_leaves_all_for_the_next_run(tmp_path):
    with site(tmp_path, 2) as (catalogue, box, env):
        away = env | {"COCITE_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"}
        status, report, said = ran(away, *SEND)
        assert (status, report["mails"], report["complete"]) == (1, {}, False)
        assert "no mail server answers" in said.splitlines()[-1]
        assert "Traceback" not in said
        assert Mails(catalogue).counts() == {("confirm", "sent"): 2}
        assert ran(env, *SEND)[1]["mails"] == {"sent": 2}
        assert len(box.received) == 2


def test_without_settings_of_mails_it_says_what_to_set(tmp_path):
    with site(tmp_path, 1) as (_, _, env):
        for name, named in (("COCITE_SMTP_URL", "COCITE_SMTP_URL"), ("COCITE_MAIL_FROM", "COCITE_MAIL_FROM")):
            status, _, said = ran({**env, name: ""}, *SEND)
            assert status == 1
            assert f"set {named}" in said


def test_a_dry_run_writes_files_and_touches_nothing(tmp_path):
    with site(tmp_path, 3) as (catalogue, box, env):
        folder = tmp_path / "preview"
        without = {**env, "COCITE_SMTP_URL": ""}
        status, told, said = ran(without, *SEND, "--dry-run", str(folder))
        assert (status, told["written"], told["nothing new"]) == (0, 3, 0), said
        names = sorted(path.name for path in folder.iterdir())
        assert names == sorted([*(f"00000{n}.{kind}" for n in (1, 2, 3) for kind in ("eml", "html")), "index.html"])
        assert all((path.stat().st_mode & 0o77) == 0 for path in folder.iterdir())
        assert "reader" not in (folder / "index.html").read_text()
        assert Mails(catalogue).counts() == {("confirm", "sent"): 3}
        assert box.received == []


def test_weekly_subscribers_are_others(tmp_path):
    with site(tmp_path, 1) as (catalogue, box, env):
        subscribe(catalogue, "weekly@example.org", Choice(Period.WEEKLY))
        ran(env, "send", "--period", "weekly")
        assert box.recipients == ["weekly@example.org"]


def test_status_tells_what_became_of_the_mails(tmp_path):
    box = Mailbox(
        to_recipient={"reader000@example.org": ["550 5.1.1 no such user"]}, to_content={"reader001@example.org": [""]}
    )
    with site(tmp_path, 3, box) as (_, _, env):
        status, report, said = ran(env, *SEND)
        assert (status, report["mails"]) == (1, {"bounced": 1, "unsure": 1, "sent": 1}), said
        assert {each["address"] for each in report["problems"]} == {"r***@example.org"}
        status, told, _ = ran(env, "status", "--json")
        assert (status, [each["address"] for each in told["unsure"]]) == (0, ["r***@example.org"])
        table = ran(env, "status")[1]
        assert {"sent", "bounced", "unsure"} <= set(table.split())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--date", "2999-01-01"), "is not over"),
        (("--date", "2001-01-01"), "is over for more than 60 days"),
        (("--date", "soon"), "does not match the format"),
        (("--rate", "0"), "greater than or equal to 0.01"),
    ],
)
def test_wrong_usage(tmp_path, wrong, said):
    status, _, told = ran(environment(tmp_path, "", ""), "send", "--period", "daily", *wrong)
    assert (status, said in " ".join(told.replace("│", " ").split())) == (2, True), told
