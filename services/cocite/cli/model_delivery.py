"""cocite model push and fetch: models by way of a store."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cocite.core.settings import Settings
    from cocite.training.delivery import Wanted
    from cocite.training.model_store import ModelStore

STORE = typer.Option("--store", metavar="URL", help="The store, instead of COCITE_MODEL_STORE.")


def push(
    version: Annotated[str, typer.Argument(help="A version, by default the one that serves here.")] = "",
    store: Annotated[str | None, STORE] = None,
) -> None:
    """Put a model into the store and make it the one that others fetch; prints it and the SHA-256 of its manifest."""
    from cocite.cli.output import print_result
    from cocite.core.settings import load_settings
    from cocite.training import delivery

    settings = load_settings()
    pushed = delivery.push(settings.bundles, _opened(settings, store), version)
    print_result(f"{pushed.version} {pushed.sha256}")


def fetch(
    version: Annotated[str, typer.Argument(help="A version, by default the store's current one.")] = "",
    sha256: Annotated[
        str, typer.Option(metavar="HEX", help="SHA-256 that the manifest must have, as push printed it.")
    ] = "",
    every: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="Look again so often, until SIGTERM or Ctrl-C.")
    ] = None,
    store: Annotated[str | None, STORE] = None,
) -> None:
    """Have a model of the store serve here, checked before it is used; running services take it up."""
    from cocite.cli.output import print_result
    from cocite.core.settings import load_settings
    from cocite.training import delivery

    settings, wanted = load_settings(), delivery.Wanted(version, sha256)
    source = _opened(settings, store)
    if every is None:
        fetched = delivery.fetch(settings.bundles, source, wanted)
        print_result(f"{fetched.version} {fetched.sha256}")
    else:
        _keep_fetching(settings, source, wanted, every)


def _keep_fetching(settings: "Settings", source: "ModelStore", wanted: "Wanted", every_s: float) -> None:
    import structlog

    from cocite.core.errors import CociteError
    from cocite.serving.logs import configure_logs
    from cocite.serving.signals import stop_on_signal
    from cocite.training.delivery import fetch as run

    configure_logs(settings)
    log = structlog.get_logger("cocite.models")
    stop = stop_on_signal()
    while not stop.is_set():
        try:
            fetched = run(settings.bundles, source, wanted)
            if fetched.new:
                log.info("model fetched", model_version=fetched.version, sha256=fetched.sha256)
        except (CociteError, OSError) as error:  # what serves goes on serving; the next look may find it mended
            log.error("model not fetched", detail=str(error))
        stop.wait(every_s)


def _opened(settings: "Settings", store: str | None) -> "ModelStore":
    from cocite.core.errors import InvalidArgument
    from cocite.training.model_store import SETTING, ModelStore

    if url := store or settings.model_store:
        return ModelStore(url)
    raise InvalidArgument("there is no model store", hint=f"set {SETTING}, or name one by --store", field=SETTING)
