"""cocite bench load"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.load.requests import Call
    from cocite.load.result import Result

METHOD = "/cocite.v1.RecommenderService/RecommendPapers"
CONCURRENCY = 8
OPTIONS = {
    "connections": "--connections",
    "deadline": "--deadline",
    "late share": "--max-late",
    "page_size": "--page-size",
    "rate": "--rate",
    "seconds": "--seconds",
    "target": "TARGET",
    "warm-up": "--warm-up",
    "zipf": "--zipf",
    "concurrency": "--concurrency",
}


def load(
    target: Annotated[str | None, typer.Argument(metavar="TARGET", help="HOST:PORT of the recommender.")] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="RPS", min=0.001, help="Calls a second, however the answers come.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Calls under way all the time; 8 without --rate.")
    ] = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.001, help="How long to measure.")] = 10.0,
    warm_up: Annotated[float, typer.Option(metavar="S", min=0, help="How long to send before that.")] = 1.0,
    connections: Annotated[int, typer.Option(metavar="N", min=1, help="HTTP/2 connections to spread over.")] = 1,
    ids: Annotated[list[str] | None, typer.Option("--id", metavar="ID", help="A paper to ask for; repeatable.")] = None,
    ids_file: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="Papers to ask for, an id a line; - is stdin.")
    ] = None,
    papers: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="Without ids: how many of the model's papers.")
    ] = 1000,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, max=300, help="How many results a call.")] = 20,
    zipf: Annotated[float, typer.Option(metavar="S", help="The k-th paper is asked for 1 / k^S as often.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same papers and times.")] = 0,
    even: Annotated[bool, typer.Option("--even", help="Space calls of a rate evenly, not by chance.")] = False,
    deadline: Annotated[float, typer.Option(metavar="S", min=0.001, max=3600, help="Longest wait for an answer.")] = 10,
    max_late: Annotated[
        float, typer.Option(metavar="0..1", min=0, max=1, help="Share of calls of a rate that may begin late.")
    ] = 0.01,
    pid: Annotated[
        int | None, typer.Option(metavar="PID", min=1, help="Server process here whose CPU is told.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the histogram is drawn, as SVG.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put load on a running recommender, and tell how fast and how many it answers."""
    from cocite.cli.load_report import write_picture
    from cocite.cli.output import progress_bars
    from cocite.cli.usage import as_usage
    from cocite.load.processes import ServerCpu
    from cocite.load.session import LoadSession

    if rate is not None and concurrency is not None:
        raise typer.BadParameter("goes not together with --concurrency", param_hint="'--rate'")
    with as_usage(OPTIONS):
        host, port = address(target)
        calls = calls_for(ids or [], ids_file, papers, page_size)
        server = ServerCpu(pid) if pid else None
        with (
            LoadSession(
                host, port, calls, connections=connections, deadline_s=deadline, zipf=zipf, seed=seed
            ) as session,
            progress_bars() as report,
            until_interrupted() as interrupted,
        ):

            def watch(elapsed: float) -> bool:
                report("sending", round(10 * elapsed), round(10 * (warm_up + seconds)))
                return interrupted()

            before = server.read() if server else {}
            if rate is None:
                result = session.closed(concurrency or CONCURRENCY, seconds, warm_up, watch)
            else:
                result = session.open(rate, seconds, warm_up, watch, spaced_evenly=even, max_late_share=max_late)
            cpu_s = server.spent(before, server.read()) if server else None
    if picture:
        write_picture(result, picture)
    tell(result, cpu_s, json)


def tell(result: "Result", cpu_s: float | None, json: bool) -> None:
    """Print the result. Exits 130 after Ctrl-C, 1 when a call failed or the figures are not to be used."""
    from cocite.cli.load_report import print_load
    from cocite.cli.output import print_json, stdout, warn

    if json:
        extra = {} if cpu_s is None else {"server_cpu_us": round(1e6 * cpu_s / max(result.ended, 1), 1)}
        print_json(result.as_json() | extra)
    else:
        print_load(stdout(), result, cpu_s)
    for name, count in result.failures.items():
        warn(f"{count:,} × {name}: {result.messages[name]}")
    if result.interrupted:
        raise typer.Exit(130)
    if result.rejected:
        warn(f"not to be used: {result.rejected}")
    if result.failed or result.rejected:
        raise typer.Exit(1)


def address(target: str | None) -> tuple[str, int]:
    """Host and port to ask; those of the settings where none are given."""
    from cocite.cli.addresses import split_address
    from cocite.core.settings import load_settings

    return split_address(target or load_settings().recommender_target, "target")


def calls_for(ids: list[str], file: Path | None, papers: int, page_size: int) -> "list[Call]":
    """A call for each paper: those given, or papers of the model that serves."""
    from cocite.cli.model_seeds import seeds_of_model
    from cocite.cli.recommend import ids_in, read_text
    from cocite.cli.usage import as_usage
    from cocite.client.requests import recommend_request
    from cocite.core.ids import normalise_id
    from cocite.core.settings import load_settings
    from cocite.load.requests import Call

    with as_usage({"": "--id"}):
        for each in ids:
            normalise_id(each)
    given = [*ids, *ids_in(read_text(file, "--ids"), file, "--ids")]
    if file and not given:
        raise typer.BadParameter(f"{file} holds no id", param_hint="'--ids'")
    seeds = given or seeds_of_model(load_settings(), papers)
    return [Call(METHOD, recommend_request([each], page_size=page_size).SerializeToString()) for each in seeds]


@contextmanager
def until_interrupted() -> "Iterator[Callable[[], bool]]":
    """Tells whether Ctrl-C was pressed; pressed again, it ends the process as ever."""
    pressed = False

    def press(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(number, before)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
