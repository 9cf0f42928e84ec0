"""cocite experiment: two rankings of the feed against each other, and rankings in hindsight."""

from pathlib import Path
from typing import Annotated

import typer

experiment = typer.Typer(no_args_is_help=True, help="Compare rankings of readers' feeds.")

_RANKINGS = "default, newer, diverse or recommender"
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Letters, digits, '.', '_' and '-'; at most 64.")]


@experiment.command()
def start(
    name: Name,
    a: Annotated[str, typer.Option("--a", metavar="RANKING", help=f"One of them: {_RANKINGS}.")],
    b: Annotated[str, typer.Option("--b", metavar="RANKING", help="The other.")],
) -> None:
    """Show all readers two rankings interleaved, from a few seconds from now on; one experiment runs at a time."""
    import re

    from cocite.catalogue.experiments import Experiments
    from cocite.cli.existing import open_existing
    from cocite.cli.output import print_result
    from cocite.cli.usage import as_usage
    from cocite.core.errors import InvalidArgument
    from cocite.core.settings import load_settings
    from cocite.feeds.experiments_rankings import ranking_named

    with as_usage({"name": "NAME", "a": "--a", "b": "--b"}):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            raise InvalidArgument("a name has letters, digits, '.', '_' and '-'; at most 64", field="name")
        first, second = ranking_named(a, "a"), ranking_named(b, "b")
        if first == second:
            raise InvalidArgument("a ranking cannot be compared with itself", field="b")
        with open_existing(load_settings().catalogue) as catalogue:
            begun = Experiments(catalogue).start(name, first.name, second.name)
    print_result(f"{begun.name} runs: A is {first.name} ({first.says}), B is {second.name} ({second.says})")


@experiment.command()
def stop(name: Annotated[str, typer.Argument(help="Which; by default the one that runs.")] = "") -> None:
    """End an experiment. Feeds that were made before are shown for two minutes at most, and count."""
    from cocite.catalogue.experiments import Experiments
    from cocite.cli.existing import open_existing
    from cocite.cli.output import print_result
    from cocite.core.errors import NotFound
    from cocite.core.settings import load_settings

    with open_existing(load_settings().catalogue) as catalogue:
        experiments = Experiments(catalogue)
        running = experiments.running()
        if not name and running is None:
            raise NotFound("no experiment is running", hint="`cocite experiment list` tells which there were")
        stopped = experiments.stop(name or (running.name if running else ""))
    print_result(f"{stopped.name} ended; `cocite experiment report {stopped.name}` tells what it showed")


@experiment.command("list")
def list_(json: Json = False) -> None:
    """List experiments, the last first."""
    from dataclasses import asdict

    from cocite.catalogue.experiments import Experiments
    from cocite.cli.existing import open_existing
    from cocite.cli.experiment_tables import print_experiments
    from cocite.cli.output import print_json
    from cocite.core.settings import load_settings

    with open_existing(load_settings().catalogue) as catalogue:
        experiments = Experiments(catalogue).all()
    if json:
        print_json([asdict(each) for each in experiments])
    else:
        print_experiments(experiments)


@experiment.command()
def report(
    name: Name,
    json: Json = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Draw its course to this file, as SVG.")
    ] = None,
) -> None:
    """Tell which ranking readers prefer, by what they did with the items of each, and how sure that is."""
    from cocite.catalogue.experiments import Experiments
    from cocite.cli.existing import open_existing
    from cocite.cli.experiment_tables import print_report
    from cocite.cli.output import print_json
    from cocite.core.durable import write_atomically
    from cocite.core.settings import load_settings
    from cocite.feeds.experiments_picture import report_as_svg
    from cocite.feeds.experiments_report import report_on
    from cocite.feeds.secrets import signer

    settings = load_settings()
    with open_existing(settings.catalogue) as catalogue:
        found = report_on(Experiments(catalogue), name, signer(settings))
    if plot is not None:
        write_atomically(plot, report_as_svg(found))
    if json:
        print_json(found.as_json())
    else:
        print_report(found)


@experiment.command()
def replay(
    ranking: Annotated[
        list[str] | None,
        typer.Option(metavar="RANKING", help=f"{_RANKINGS.capitalize()}; repeatable. By default the first."),
    ] = None,
    sample: Annotated[int, typer.Option(min=1, max=100_000, help="Most saves and upvotes asked about.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Draws the sample.")] = 0,
    target: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address of the recommender, instead of COCITE_RECOMMENDER_TARGET."),
    ] = None,
    json: Json = False,
) -> None:
    """Ask how high rankings would have put what readers saved or upvoted later, by what they had done up to then."""
    from cocite.cli.existing import open_existing
    from cocite.cli.experiment_tables import print_replay
    from cocite.cli.output import print_json, progress_bars
    from cocite.cli.usage import as_usage
    from cocite.core.settings import load_settings
    from cocite.feeds.experiments_rankings import DEFAULT, ranking_named
    from cocite.feeds.experiments_replay import Replay
    from cocite.feeds.recommending import Recommending
    from cocite.serving.channel import open_channel
    from cocite.serving.credentials import credentials_of

    settings = load_settings()
    with as_usage({"ranking": "--ranking"}):
        rankings = [ranking_named(name) for name in dict.fromkeys(ranking or [DEFAULT.name])]
    with (
        open_existing(settings.catalogue) as catalogue,
        open_channel(target or settings.recommender_target, (), credentials_of(settings)) as channel,
        progress_bars() as bars,
    ):
        run = Replay(catalogue, Recommending(channel))
        found = run.run(rankings, sample, seed, lambda done, of: bars("Replaying", done, of))
    if json:
        print_json(found.as_json())
    else:
        print_replay(found)
