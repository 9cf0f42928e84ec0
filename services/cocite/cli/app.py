"""The command line's root. Each command is a file that imports what it needs when it is called."""

import sys
from typing import Annotated, NoReturn

import typer

from cocite.cli.bench import bench
from cocite.cli.digest import digest
from cocite.cli.doctor import doctor
from cocite.cli.events import events
from cocite.cli.experiment import experiment
from cocite.cli.ingest import ingest
from cocite.cli.key import key
from cocite.cli.model import model
from cocite.cli.reader import feed, reader, trending
from cocite.cli.recommend import recommend
from cocite.cli.resolve import resolve
from cocite.cli.serve import serve
from cocite.cli.train import train
from cocite.cli.up import up
from cocite.core.errors import CociteError

app = typer.Typer(name="cocite", no_args_is_help=True, pretty_exceptions_enable=False)


def print_version(wanted: bool) -> None:
    """Print the version and exit, when wanted."""
    if wanted:
        from importlib.metadata import version

        print(version("cocite"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Related papers by citation and text."""


for command in (up, ingest, train, serve, recommend, resolve, feed, trending, doctor):
    app.command()(command)


app.add_typer(model, name="model")
app.add_typer(key, name="key")
app.add_typer(events, name="events")
app.add_typer(reader, name="reader")
app.add_typer(digest, name="digest")
app.add_typer(experiment, name="experiment")
app.add_typer(bench, name="bench")


def run() -> None:
    """Run the command line and exit: 0 done, 1 an error told in one line, 2 wrong usage, 130 Ctrl-C."""
    try:
        app()
    except CociteError as error:
        _end(str(error))
    except OSError as error:  # a disk that is full, a folder that may not be written
        named = f"{error.filename}: " if error.filename else ""
        _end(f"{named}{error.strerror or error}")


def _end(said: str) -> NoReturn:
    from cocite.cli.output import printable

    harmless = "\n".join(map(printable, said.split("\n")))  # a server may have said it
    print(f"cocite: {harmless}", file=sys.stderr)
    sys.exit(1)
