"""cocite digest: the mails to subscribers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.feeds.digest_job import DigestJob
    from cocite.feeds.digest_sending import Report

digest = typer.Typer(no_args_is_help=True, help="Send the digest to those who subscribed, each once a period.")

INTERRUPTED = 130  # exit status after Ctrl-C
RATE = 10.0  # mails a second
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Rate = Annotated[float, typer.Option(min=0.01, max=1000, metavar="N", help="Most mails a second.")]
Target = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address of the feed service, instead of COCITE_FEEDS_TARGET.")
]


class PeriodName(StrEnum):
    """As it is given on the command line."""

    DAILY = "daily"
    WEEKLY = "weekly"


@digest.command()
def send(
    period: Annotated[PeriodName, typer.Option(help="Whose digest: of those who get it daily, or weekly.")],
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day, or a day of the week, by UTC; by default the last one over."),
    ] = None,
    dry_run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", file_okay=False, help="Write the mails to this folder, and send none."),
    ] = None,
    rate: Rate = RATE,
    target: Target = None,
    json: Json = False,
) -> None:
    """Send the digest of a day or a week to everybody who has not got it yet."""
    from datetime import UTC

    from cocite.catalogue.subscription_records import Period
    from cocite.cli.output import note, print_json, progress_bars
    from cocite.cli.usage import as_usage
    from cocite.cli.words import counted
    from cocite.feeds.digest_occasions import occasion_of

    day = date.date() if date else None
    with as_usage({"date": "--date"}):
        occasion = occasion_of(Period[period.name], day, datetime.now(UTC).date())
    with _job(target, rate, sends=dry_run is None) as job, progress_bars() as report:
        total = job.subscriptions.counts().get((period.value, "confirmed"), 0)

        def progress(done: int) -> None:
            report(occasion.name, done, total)

        if dry_run is None:
            sent = job.send(occasion, progress)
        else:
            written, nothing = job.preview(dry_run, occasion, progress)
    if dry_run is None:
        _tell(sent, json, stopped=job.stop.is_set())
    elif json:
        print_json({"occasion": occasion.name, "written": len(written), "nothing new": nothing, "folder": str(dry_run)})
    else:
        mails = counted(len(written), "mail", "mails")
        without = counted(nothing, "subscriber", "subscribers")
        note(f"{mails} in {dry_run / 'index.html'}, {without} with nothing new")


@digest.command()
def retry(
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Those of which nobody knows whether they went out; some may come twice.")
    ],
    rate: Rate = RATE,
    target: Target = None,
    json: Json = False,
) -> None:
    """Send mails again that no run sends again by itself; `cocite digest status` lists them."""
    if not unsure:
        raise typer.BadParameter("say --unsure")
    with _job(target, rate, sends=True) as job:
        sent = job.retry_unsure()
    _tell(sent, json, stopped=job.stop.is_set())


@digest.command()
def status(json: Json = False) -> None:
    """Tell how many subscribe, what became of the mails, and of which that is not known."""
    from cocite.catalogue.mails import Mails
    from cocite.catalogue.subscriptions import Subscriptions
    from cocite.cli.digest_tables import print_status, status_as_json
    from cocite.cli.existing import open_existing
    from cocite.cli.output import print_json
    from cocite.core.settings import load_settings

    with open_existing(load_settings().catalogue) as catalogue:
        mails = Mails(catalogue)
        subscribed, counts, open_mails = Subscriptions(catalogue).counts(), mails.counts(), mails.unsure()
    if json:
        print_json(status_as_json(subscribed, counts, open_mails))
    else:
        print_status(subscribed, counts, open_mails)


@contextmanager
def _job(target: str | None, rate: float, *, sends: bool) -> "Iterator[DigestJob]":
    from cocite.cli.existing import open_existing
    from cocite.cli.output import warn
    from cocite.core.settings import load_settings
    from cocite.feeds.digest_job import digest_job
    from cocite.serving.signals import stop_on_signal

    settings = load_settings()
    with (
        open_existing(settings.catalogue) as catalogue,
        digest_job(
            settings,
            catalogue,
            target or settings.feeds_target,
            rate,
            sends=sends,
            stop=stop_on_signal() if sends else None,
            on_wait=warn,
        ) as job,
    ):
        yield job


def _tell(report: "Report", json: bool, *, stopped: bool) -> None:
    from cocite.cli.digest_tables import print_report, report_as_json
    from cocite.cli.output import print_json
    from cocite.core.errors import Unavailable

    if json:
        print_json(report_as_json(report))
    else:
        print_report(report)
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if report.stopped:
        raise Unavailable(report.stopped)
    if not report.complete:
        raise typer.Exit(1)
