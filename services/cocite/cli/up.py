"""cocite up"""

import shlex
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

if TYPE_CHECKING:
    from cocite.core.settings import Settings

EXIT_TERMINATED = 128 + signal.SIGTERM


def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a small real corpus, fetched and trained on first.")
    ] = False,
    topic: Annotated[
        str, typer.Option(metavar="TEXT", help="With --demo: works on this topic from OpenAlex's API.")
    ] = "",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="With --topic: ask OpenAlex anew, not the file kept of the last time.")
    ] = False,
    catalogue: Annotated[str, typer.Option(metavar="URL", help="The catalogue, instead of COCITE_CATALOGUE_URL.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Exit once everything is up and has been shown.")] = False,
) -> None:
    """Run all services in this terminal until Ctrl-C."""
    from cocite.cli.output import note
    from cocite.cli.stack import check_ready, running_stack
    from cocite.core.settings import load_settings

    if demo and catalogue:
        raise typer.BadParameter("--demo brings a catalogue of its own: leave --catalogue out")
    if topic and not demo:
        raise typer.BadParameter("--topic goes with --demo")
    if refresh and not topic:
        raise typer.BadParameter("--refresh goes with --topic")
    _exit_on_sigterm(EXIT_TERMINATED)
    settings, seed = load_settings(), ""
    if catalogue:
        settings = settings.model_copy(update={"catalogue_url": catalogue})
    if demo:
        from cocite.cli.demo import demo_seed, prepare_demo, show_demo

        settings = prepare_demo(settings, topic, refresh=refresh)
        seed = demo_seed(settings, topic)
    check_ready(settings)
    with running_stack(settings) as (supervisor, placed):
        if demo:
            show_demo(placed, seed, _asking(placed, shlex.quote(seed)))
        if once:
            return
        _print_addresses(placed)
        _exit_on_sigterm(0)
        _print_what_to_try(placed, seed)
        if demo:
            note(f"other commands on this catalogue: export COCITE_HOME={shlex.quote(str(settings.home))}")
        note("up; Ctrl-C stops")
        supervisor.watch()


def _exit_on_sigterm(status: int) -> None:
    """Make SIGTERM an exit that unwinds the stack, as Ctrl-C does, so that the services are stopped."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(status)

    signal.signal(signal.SIGTERM, leave)


def _print_addresses(settings: "Settings") -> None:
    """Where the services are."""
    from cocite.cli.addresses import SERVICES
    from cocite.cli.output import stdout

    console = stdout()
    console.print()
    for name in SERVICES:
        scheme = "http://" if name == "gateway" else ""
        console.print(f"{name:<12} {scheme}{getattr(settings, f'{name}_target')}", style="bold")


def _print_what_to_try(settings: "Settings", seed: str) -> None:
    """Commands that ask the running services, with a paper where one is known."""
    from cocite.cli.output import stdout

    console = stdout()
    address = f"http://{settings.gateway_target}/v1/papers:recommend?seeds.positive_ids={quote(seed) or 'ID-OR-URL'}"
    tried = (
        _asking(settings, shlex.quote(seed) if seed else "ID-OR-URL"),
        _asking(settings, '--text "mapping the structure of science"'),
        f"grpcurl -plaintext {settings.recommender_target} list",
        f"curl '{address}'",
    )
    for number, each in enumerate(tried):
        console.print(f"{'     ' if number else 'try  '}{each}", markup=False, soft_wrap=True)


def _asking(settings: "Settings", what: str) -> str:
    """The command that asks the running recommender."""
    target = settings.recommender_target
    elsewhere = "" if target == type(settings)().recommender_target else f" --target {target}"
    return f"{command()} recommend {what}{elsewhere}"


def command() -> str:
    """What to type to call this program again."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{_as_typed(Path(sys.executable))} -m cocite"
    return _as_typed(called)


def _as_typed(program: Path) -> str:
    """The name alone where the shell finds this program by it, its path otherwise."""
    found = shutil.which(program.name)
    return shlex.quote(program.name if found and Path(found).absolute() == program.absolute() else str(program))
