"""Ports for servers of the tests."""

from cocite.cli.addresses import bind_any


def free_port() -> int:
    """A port that was free a moment ago and that no outgoing connection is given."""
    bound = bind_any("127.0.0.1")
    assert bound is not None
    with bound:
        return int(bound.getsockname()[1])
