"""Wrong options told as wrong usage, in the words of the command line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from cocite.core.errors import InvalidArgument


@contextmanager
def as_usage(options: Mapping[str, str]) -> Iterator[None]:
    """Tell an InvalidArgument of a field, or of a part of it, as wrong usage of the option it came from."""
    try:
        yield
    except InvalidArgument as error:
        field = error.field
        for known, option in options.items():
            if field == known or field.startswith((f"{known}[", f"{known}.")):
                raise typer.BadParameter(str(error).removeprefix(f"{field}: "), param_hint=f"'{option}'") from None
        raise
