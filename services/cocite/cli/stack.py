"""All services of one terminal: checked beforehand, started, ready, stopped."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cocite.cli.addresses import SERVICES, environment, with_addresses
from cocite.cli.output import note
from cocite.cli.supervisor import Supervisor
from cocite.core.errors import NotReady
from cocite.core.settings import Settings


@contextmanager
def running_stack(settings: Settings) -> Iterator[tuple[Supervisor, Settings]]:
    """The services, all of them SERVING, and the settings with their addresses; stopped on the way out."""
    placed = with_addresses(settings)
    grace_s = settings.lame_duck_s + settings.drain_s + 5
    with Supervisor(settings.home / "logs", grace_s) as supervisor:
        for name in SERVICES:
            command = [sys.executable, "-m", "cocite", "serve", name, "--parent", str(os.getpid())]
            supervisor.start(name, getattr(placed, f"{name}_target"), command, environment(placed))
        supervisor.wait_ready()
        try:
            yield supervisor, placed
        finally:
            note("stopping")


def check_ready(settings: Settings) -> None:
    """Raise NotReady when there is nothing that could be served, with the command that mends it."""
    from cocite.catalogue.engine import parse_url
    from cocite.catalogue.store import Catalogue
    from cocite.recommender.bundle import read_current

    with Catalogue.open(settings.catalogue) as catalogue:
        if not catalogue.count_papers():
            raise NotReady(
                f"the catalogue {parse_url(settings.catalogue).render_as_string(hide_password=True)} is empty",
                hint="bring papers in with `cocite ingest`, or see `cocite up --demo`",
            )
    if read_current(settings.bundles) is None:
        raise NotReady(f"no model is published in {settings.bundles}", hint="make one with `cocite train`")
