"""What became of digests, as tables and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cocite.cli.output import note, print_table, printable, stdout, warn
from cocite.cli.words import counted

if TYPE_CHECKING:
    from rich.table import Table

    from cocite.catalogue.subscription_records import Mail
    from cocite.feeds.digest_sending import Report

SHOWN = 20  # problems, occasions
Counts = Mapping[tuple[str, str], int]
_OUTCOMES = {"taken before": "sent before, or another run is at it"}


def report_as_json(report: "Report") -> dict[str, Any]:
    """A run."""
    keys = ("address", "outcome", "error")
    problems = [dict(zip(keys, each, strict=True)) for each in report.problems]
    counts = {name: count for name, count in report.outcomes.items() if count}
    return {
        "occasion": report.occasion,
        "mails": counts,
        "subscriptions_ended": report.ended,
        "problems": problems,
        "stopped": report.stopped,
        "in_doubt": report.in_doubt,
        "complete": report.complete,
    }


def print_report(report: "Report") -> None:
    """A run: how many of what, and the first of what went wrong."""
    table = _table(report.occasion, "mails")
    for name, count in report.outcomes.most_common():
        if count:
            table.add_row(_OUTCOMES.get(name, name), f"{count:,}")
    if table.row_count:
        print_table(stdout(), table)
    elif not report.stopped:
        note(f"{report.occasion}: nobody to mail")
    for address, outcome, error in report.problems[:SHOWN]:
        warn(f"{address}: {outcome}: {error}")
    if len(report.problems) > SHOWN:
        warn(f"and {len(report.problems) - SHOWN} more, all of them with --json")
    if report.ended:
        ended = counted(report.ended, "subscription", "subscriptions")
        warn(f"{ended} ended: what is mailed there is refused for good")
    if report.in_doubt:
        warn(
            f"{report.in_doubt} may have gone out or not, and are not sent again by themselves: `cocite digest status`"
        )
    if not report.complete and not report.stopped:
        warn("some mails wait, or nobody knows whether they went out: run the same again, see `cocite digest status`")


def status_as_json(subscribed: Counts, mails: Counts, unsure: "Sequence[Mail]") -> dict[str, Any]:
    """The state of subscriptions and mails."""
    return {
        "subscriptions": [{"period": p, "state": s, "count": n} for (p, s), n in sorted(subscribed.items())],
        "mails": [{"occasion": o, "state": s, "count": n} for (o, s), n in sorted(mails.items())],
        "unsure": [
            {"mail": m.key, "address": _masked(m), "occasion": m.occasion, "since": _time(m), "error": m.error}
            for m in unsure
        ],
    }


def print_status(subscribed: Counts, mails: Counts, unsure: "Sequence[Mail]") -> None:
    """The state of subscriptions, of the mails of the last occasions, and each mail that is unsure."""
    if not subscribed:
        note("nobody has subscribed")
        return
    table = _table("digest", "state", "subscriptions")
    for (period, state), count in sorted(subscribed.items()):
        table.add_row(period, state, f"{count:,}")
    print_table(stdout(), table)
    shown = sorted({occasion for occasion, _ in mails}, key=lambda name: name.partition(":")[2], reverse=True)[:SHOWN]
    if shown:
        print()
        table = _table("mails of", "state", "mails")
        for (occasion, state), count in sorted(mails.items()):
            if occasion in shown:
                table.add_row(occasion, state, f"{count:,}")
        print_table(stdout(), table)
    for mail in unsure[:SHOWN]:
        warn(f"unsure since {_time(mail)}: {mail.occasion} to {_masked(mail)} {mail.error}".rstrip())
    if unsure:
        warn(f"{len(unsure)} may have gone out or not; `cocite digest retry --unsure` sends them, again if they have")


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in ("mails", "subscriptions") else "left")
    return table


def _masked(mail: "Mail") -> str:
    from cocite.feeds.mail_settings import masked

    return printable(masked(mail.subscription.email))


def _time(mail: "Mail") -> str:
    return datetime.fromtimestamp(mail.updated_at / 1000, UTC).isoformat(timespec="seconds")
