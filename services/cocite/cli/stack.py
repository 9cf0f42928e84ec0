"""All services of one terminal: checked beforehand, started, ready, stopped."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from cocite.cli.addresses import SERVICES, environment, metrics_address, moved, with_addresses
from cocite.cli.existing import open_existing
from cocite.cli.output import note, warn
from cocite.cli.processes import grace_s
from cocite.cli.supervisor import Supervisor, answers_http, is_serving
from cocite.core.errors import CorruptData, NotReady
from cocite.core.settings import Settings
from cocite.serving.credentials import credentials_of
from cocite.serving.wall import check_own_way


@contextmanager
def running_stack(settings: Settings) -> Iterator[tuple[Supervisor, Settings]]:
    """The services, all of them SERVING, and the settings with their addresses; stopped on the way out."""
    check_own_way(settings)
    credentials = credentials_of(settings)
    placed = with_addresses(settings).model_copy(update={"health_listen": ""})  # which is of one process
    if taken := moved(settings, placed):
        note(f"taken by others: {', '.join(taken)}; other ports are used instead")
    with Supervisor(settings.home / "logs", grace_s(settings) + 1) as supervisor:  # workers are ended a level below
        for name in SERVICES:
            workers = placed.workers if name == "recommender" else 1
            alone = placed.model_copy(update={"workers": workers, "metrics_listen": metrics_address(placed, name)})
            command = [sys.executable, "-m", "cocite", "serve", name, "--parent", str(os.getpid())]
            target = getattr(placed, f"{name}_target")
            ready = partial(answers_http, target) if name == "gateway" else partial(is_serving, target, credentials)
            supervisor.start(name, ready, command, environment(alone))
        supervisor.wait_ready()
        try:
            yield supervisor, placed
        finally:
            note("stopping")


def check_ready(settings: Settings) -> None:
    """Raise NotReady when there is nothing that could be served, with the command that mends it.

    Warns when the model is not of the encoder that will run.
    """
    from cocite.catalogue.engine import parse_url
    from cocite.recommender.bundle_files import read_current

    with open_existing(settings.catalogue) as catalogue:
        if not catalogue.count_papers():
            raise NotReady(
                f"the catalogue {parse_url(settings.catalogue).render_as_string(hide_password=True)} is empty",
                hint="bring papers in with `cocite ingest`, or see `cocite up --demo`",
            )
    current = read_current(settings.bundles)
    if current is None:
        raise NotReady(f"no model is published in {settings.bundles}", hint="make one with `cocite train`")
    if other := _other_encoder(settings, current):
        warn(
            f"model {current} was trained with the embedding model {other}, COCITE_ENCODER={settings.encoder} is "
            "another: texts asked for count by their words alone; run `cocite train`, or set COCITE_ENCODER back"
        )


def _other_encoder(settings: Settings, version: str) -> str:
    """The embedding model a trained model was made with, when it is not the one the settings name; "" when it is."""
    from cocite.embedding.encoders import encoder_version
    from cocite.recommender.bundle_files import read_manifest
    from cocite.training.vectors import NO_MODEL

    try:
        trained_with = read_manifest(settings.bundles / version).embedding_model_version
    except CorruptData:
        return ""  # the recommender refuses such a model and says why
    return "" if trained_with in (encoder_version(settings), NO_MODEL) else trained_with
