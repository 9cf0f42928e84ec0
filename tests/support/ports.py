"""Ports for servers of the tests."""

from cocite.cli.addresses import bind_any


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago and that no outgoing connection is given."""
    bound = bind_any(host)
    assert bound is not None
    with bound:
        return int(bound.getsockname()[1])
