"""Channels to other services: balanced over the replicas that are ready, kept alive, bounded.

Every call on them passes timeout=.
"""

import json

import grpc

from cocite.serving.credentials import Credentials, channel_credentials
from cocite.serving.hedge_budget import may_be_several
from cocite.serving.hedged_aio import HedgedAioChannel
from cocite.serving.hedged_channel import HedgedChannel
from cocite.serving.rotating_aio import RotatingAioChannel
from cocite.serving.rotating_channel import RotatingChannel
from cocite.serving.tls_files import Material
from cocite.serving.transport import MAX_MESSAGE_BYTES

# The part of a gRPC service config that every channel shares. Each connection watches the health of its server under
# the name "": one without a model, or in its lame duck, is passed over. Where none is ready calls fail at once with
# UNAVAILABLE, and details that end in UNHEALTHY.
BALANCED = {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
UNHEALTHY = "backend unhealthy"

_OPTIONS: dict[str, int | str] = {
    "grpc.service_config": json.dumps(BALANCED),
    "grpc.service_config_disable_resolution": 1,  # the config is ours, not a DNS record's
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 1_000,  # also TCP_USER_TIMEOUT: of what is sent, unacknowledged
    "grpc.keepalive_permit_without_calls": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
}
_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "vsock:", "xds:")


def open_channel(
    target: str, extra_options: tuple[tuple[str, int | str], ...] = (), credentials: Credentials | None = None
) -> grpc.Channel:
    """A channel to "host:port", "unix:path" or any grpc target. Nothing is dialled until the first call.

    extra_options go before the channel's own; a service config among them starts from BALANCED. Without credentials it
    is plaintext, and no key goes with its calls.
    """
    full, options = _full(target), _options(target, extra_options, credentials)

    def open_with(material: Material | None) -> grpc.Channel:
        if material is None:
            return grpc.insecure_channel(full, options=options)
        return grpc.secure_channel(full, channel_credentials(material), options=options)

    if credentials is None or not (credentials.files or credentials.key):
        channel = open_with(None)
    else:
        channel = RotatingChannel(open_with, credentials.files, credentials.metadata)
    return HedgedChannel(channel) if may_be_several(full) else channel


def open_aio_channel(target: str, credentials: Credentials) -> RotatingAioChannel | HedgedAioChannel:
    """The same for the event loop that runs."""
    full, options = _full(target), _options(target, (), credentials)

    def open_with(material: Material | None) -> grpc.aio.Channel:
        if material is None:
            return grpc.aio.insecure_channel(full, options=options)
        return grpc.aio.secure_channel(full, channel_credentials(material), options=options)

    channel = RotatingAioChannel(open_with, credentials.files, credentials.metadata)
    return HedgedAioChannel(channel) if may_be_several(full) else channel


def _full(target: str) -> str:
    return target if target.startswith(_SCHEMES) else f"dns:///{target}"


def _options(
    target: str, extra: tuple[tuple[str, int | str], ...], credentials: Credentials | None
) -> tuple[tuple[str, int | str], ...]:
    # Of a list of addresses grpcio makes one host name, "a%2Cb", which servers that check host names refuse.
    authority = {"grpc.default_authority": "cocite"} if "," in _full(target) else {}
    named = credentials.options if credentials else {}
    return tuple((_OPTIONS | authority | named | dict(extra)).items())
