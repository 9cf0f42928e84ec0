"""cocite up"""

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Annotated

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
    _exit_on_sigterm(EXIT_TERMINATED)
    settings = load_settings()
    if catalogue:
        settings = settings.model_copy(update={"catalogue_url": catalogue})
    if demo:
        from cocite.cli.demo import prepare_demo, show_demo

        settings = prepare_demo(settings, topic)
    check_ready(settings)
    with running_stack(settings) as (supervisor, placed):
        if demo:
            show_demo(placed, topic)
        _print_addresses(placed)
        if once:
            return
        note("up; Ctrl-C stops")
        _exit_on_sigterm(0)
        supervisor.watch()


def _exit_on_sigterm(status: int) -> None:
    """Make SIGTERM an exit that unwinds the stack, as Ctrl-C does, so that the services are stopped."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(status)

    signal.signal(signal.SIGTERM, leave)


def _print_addresses(settings: "Settings") -> None:
    """Where the services are, and what to try."""
    from cocite.cli.addresses import SERVICES
    from cocite.cli.output import stdout

    console = stdout()
    console.print()
    for name in SERVICES:
        console.print(f"{name:<12} {getattr(settings, f'{name}_target')}", style="bold")
    target = settings.recommender_target
    elsewhere = "" if target == type(settings)().recommender_target else f" --target {target}"
    console.print(f"try  cocite recommend ID-OR-URL{elsewhere}", markup=False)
    console.print(f'     cocite recommend --text "mapping the structure of science"{elsewhere}', markup=False)
    console.print(f"     grpcurl -plaintext {target} list", markup=False)
