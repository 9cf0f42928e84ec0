"""cocite serve"""

from enum import StrEnum
from typing import Annotated

import typer


class Service(StrEnum):
    """The services, in the order they are started."""

    EMBEDDING = "embedding"
    FEATURES = "features"
    RECOMMENDER = "recommender"


def serve(
    name: Annotated[Service, typer.Argument(help="Which service.")],
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run one service until SIGTERM or Ctrl-C; settings come from COCITE_* variables."""
    from importlib import import_module

    from cocite.cli.parent import die_with_parent
    from cocite.core.settings import load_settings
    from cocite.serving.logs import configure_logs

    if parent is not None:
        die_with_parent(parent)
    settings = load_settings()
    configure_logs(settings)
    import_module(f"cocite.{name}.main").serve(settings)
