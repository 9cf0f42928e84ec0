"""The command line's root: one typer app, each command imported when it is called."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def root() -> None:
    """Related papers by citation and text."""


def run() -> None:
    """Run the command line and exit with its status."""
    app()
