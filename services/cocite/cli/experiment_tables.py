"""Experiments, reports and replays as tables."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cocite.cli.output import note, print_result, print_table, stdout, warn
from cocite.cli.words import counted

if TYPE_CHECKING:
    from rich.table import Table

    from cocite.catalogue.experiments import Experiment
    from cocite.feeds.experiments_replay import ReplayReport
    from cocite.feeds.experiments_report import Report
    from cocite.feeds.experiments_resampling import Estimate


def print_experiments(experiments: "Sequence[Experiment]") -> None:
    """One line each."""
    if not experiments:
        note("there was no experiment yet; `cocite experiment start` begins one")
        return
    table = _table("name", "A", "B", "started", "stopped")
    for each in experiments:
        stopped = "runs" if each.stopped_at is None else _time(each.stopped_at)
        table.add_row(each.name, each.ranking_a, each.ranking_b, _time(each.started_at), stopped)
    print_table(stdout(), table)


def print_report(report: "Report") -> None:
    """Who won how often, B's share, and what did not count."""
    experiment = report.experiment
    table = _table("team", "ranking", "answers won", "readers won")
    table.add_row("A", experiment.ranking_a, f"{report.wins_a:,}", f"{report.readers_a:,}")
    table.add_row("B", experiment.ranking_b, f"{report.wins_b:,}", f"{report.readers_b:,}")
    table.add_row("", "tied", f"{report.ties:,}", f"{report.readers - report.readers_a - report.readers_b:,}")
    print_table(stdout(), table)
    if report.share is not None:
        share = report.share
        print_result(
            f"B won {share.value:.3f} of the answers that were won; 95 % interval {_interval(share)}, drawn over "
            f"{report.readers:,} readers; sign test over readers p = {report.sign_test:.3g}"
        )
    print_result(report.verdict)
    if report.not_credited:
        left_out = sum(report.not_credited.values())
        why = "; ".join(f"{count:,} {reason.value}" for reason, count in sorted(report.not_credited.items()))
        note(f"{report.credited:,} events counted, {left_out:,} did not: {why}")
    if report.not_credited and not report.credited:
        warn("no event counted: is COCITE_FEED_SECRET, or the home directory, that of the feed service?")


def print_replay(report: "ReplayReport") -> None:
    """How high each ranking put what was kept later."""
    from cocite.feeds.experiments_replay import DEPTH
    from cocite.feeds.experiments_resampling import FEW_READERS

    if not report.asked:
        note(
            f"nothing to replay: {report.kept:,} papers were saved or upvoted by readers who had done anything before, "
            "and the model knows nothing of what they had done"
        )
        return
    table = _table("ranking", f"recall@{DEPTH}", "MRR")
    for each in report.rankings:
        table.add_row(each.ranking, *(_estimate(value) for value in (each.recall, each.mrr)))
    print_table(stdout(), table)
    print_result(
        f"{counted(report.asked, 'save or upvote', 'saves and upvotes')} of "
        f"{counted(report.readers, 'reader', 'readers')}, of {report.sampled:,} drawn from "
        f"{report.kept:,}; 95 % intervals, drawn over readers; model {report.model_version}"
    )
    if report.readers < FEW_READERS:
        warn(
            f"intervals over fewer than {FEW_READERS} readers are too narrow: this is too little to tell rankings apart"
        )
    if report.learned:
        warn(
            f"{report.learned:,} of them came before the model was trained, which may have learned from them: "
            "such figures are too high"
        )


def _estimate(value: "Estimate | None") -> str:
    return "" if value is None else f"{value.value:.3f} ({_interval(value)})"


def _interval(estimate: "Estimate") -> str:
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column.endswith("won") else "left", no_wrap=True)
    return table


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
