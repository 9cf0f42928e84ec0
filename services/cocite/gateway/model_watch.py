"""Which model answers, asked again and again, so that what another answered is not given out for long."""

import asyncio
from collections.abc import Callable

import structlog
from google.protobuf.message import DecodeError

from cocite.core.errors import CociteError
from cocite.gateway.asking import Asker
from cocite.gateway.methods import Method

log = structlog.get_logger("cocite.gateway")


async def watch_model(asker: Asker, describe: Method, interval_s: float, serve: Callable[[str], None]) -> None:
    """Call serve with the version of the model that serves, for ever. Where nobody can say, nothing changes."""
    known = ""
    while True:
        try:
            version = (await asker.ask(describe, b"", interval_s)).message().model_version
        except (CociteError, DecodeError) as error:
            log.debug("model unknown", error=str(error))
        else:
            if version != known:
                log.info("model", version=version)
                known = version
            serve(version)
        await asyncio.sleep(interval_s)
