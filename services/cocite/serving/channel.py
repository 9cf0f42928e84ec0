"""Channels to other services: balanced, kept alive, bounded. Every call on them passes timeout=."""

import grpc

from cocite.serving.server import MAX_MESSAGE_BYTES

_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
)


def open_channel(target: str, extra_options: tuple[tuple[str, int | str], ...] = ()) -> grpc.Channel:
    """A channel to "host:port", "unix:path" or any grpc target. Nothing is dialled until the first call."""
    full = target if "://" in target or target.startswith("unix:") else f"dns:///{target}"
    return grpc.insecure_channel(full, options=(*_OPTIONS, *extra_options))
