"""cocite serve"""

from enum import StrEnum
from typing import Annotated

import typer


class Service(StrEnum):
    """The services, in the order they are started."""

    EMBEDDING = "embedding"
    FEATURES = "features"
    RECOMMENDER = "recommender"
    FEEDS = "feeds"
    GATEWAY = "gateway"


def serve(
    name: Annotated[Service, typer.Argument(help="Which service.")],
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that answer on one port, instead of COCITE_WORKERS.")
    ] = None,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
    worker_of: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run one service until SIGTERM or Ctrl-C; settings come from COCITE_* variables."""
    from importlib import import_module

    from cocite.cli.parent import die_with_parent
    from cocite.core.settings import load_settings
    from cocite.serving.logs import configure_logs
    from cocite.serving.tracing import tracing

    if started_by := worker_of or parent:
        die_with_parent(started_by)
    settings = load_settings()
    if workers:
        settings = settings.model_copy(update={"workers": workers})
    configure_logs(settings)
    if settings.workers > 1 and worker_of is None:
        from cocite.cli.workers import serve_with_workers
        from cocite.serving.signals import stop_on_signal

        serve_with_workers(name, settings, stop_on_signal())
        return
    with tracing(settings, name):
        import_module(f"cocite.{name}.main").serve(settings)
