"""Traces of one process: what is sampled, what goes along with calls, and that a dead collector harms nobody."""

import socket

import pytest

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.serving.request_id import REQUEST_ID
from cocite.serving.tracing import TRACEPARENT, Asking, begin_serving, going_along, traced, tracing
from cocite.serving.tracing_otlp import QUEUED_SPANS
from support.otlp_receiver import collecting
from support.ports import free_port

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def parent(flag: str) -> dict[str, str]:
    return {TRACEPARENT: f"00-{TRACE}-{SPAN}-{flag}"}


def names(url: str, service: str, headers: dict[str, str], ratio: float) -> None:
    with tracing(Settings(traces_url=url, traces_ratio=ratio), service):
        begin_serving("call", headers).end("OK")


@pytest.mark.parametrize(
    ("service", "flag", "ratio", "kept"),
    [
        ("features", "01", 0.0, 1),  # a service goes by its caller
        ("features", "00", 1.0, 0),
        ("gateway", "01", 0.0, 0),  # whoever asks the gateway cannot have everything traced
        ("gateway", "01", 1.0, 1),
    ],
)
def test_who_decides_what_is_traced(service, flag, ratio, kept):
    with collecting() as collector:
        names(collector.url, service, parent(flag), ratio)
        assert len(collector.spans) == kept  # the end of the process waits for what is to be sent
        assert all((span.trace, span.parent) == (TRACE, SPAN) for span in collector.spans)


def test_what_is_asked_meanwhile_is_a_part_and_tells_its_own_span():
    with collecting() as collector:
        with tracing(Settings(traces_url=collector.url, traces_ratio=1.0), "recommender"):
            serving = begin_serving("call", {})
            with Asking("feature") as metadata:
                pass
            serving.end("OK")
        spans = {span.name: span for span in collector.spans}
    asked, call = spans["ask feature"], spans["call"]
    assert (asked.trace, asked.parent, call.parent) == (call.trace, call.span, "")
    assert dict(metadata)[TRACEPARENT].startswith(f"00-{asked.trace}-{asked.span}-")


def test_without_a_collector_nothing_is_traced_and_only_the_id_goes_along():
    with tracing(Settings(), "features"):
        assert not traced()
        assert begin_serving("call", parent("01")) is None
        assert going_along("an-id") == ((REQUEST_ID, "an-id"),)
        assert going_along("") is None


@pytest.mark.parametrize("answers", [False, True])
def test_a_dead_collector_keeps_neither_calls_nor_the_end(answers):
    """Refused at once, or taken by a listener that never says a word."""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        port = hung.getsockname()[1] if answers else free_port()
        with tracing(Settings(traces_url=f"http://127.0.0.1:{port}", traces_ratio=1.0), "features"):
            for _ in range(3 * QUEUED_SPANS):  # more than may wait
                begin_serving("call", {}).end("OK")
        assert not traced()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(InvalidArgument, match="COCITE_TRACES_URL"):
        tracing(Settings(traces_url="collector:4317"), "features").__enter__()
