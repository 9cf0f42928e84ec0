import pytest
from hpack import Decoder
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.errors import InvalidArgument
from cocite.load.requests import MAX_MESSAGE, Call, grpc_timeout, header_block, prepare


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=400), st.floats(0.001, 3600))
def test_header_blocks_mean_what_was_asked_for(name, timeout_s):
    decoder = Decoder()
    for _ in range(2):  # nothing goes into the table
        assert decoder.decode(header_block(f"/{name}", "host:1", timeout_s)) == [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", f"/{name}"),
            (":authority", "host:1"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "cocite-load"),
            ("grpc-timeout", grpc_timeout(timeout_s)),
        ]
    assert len(decoder.header_table.dynamic_entries) == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.001, "1000u"), (0.25, "250000u"), (100.0, "100000m"), (1e6, "1000000S")],
)
def test_timeouts_take_the_finest_unit_that_fits(seconds, told):
    assert grpc_timeout(seconds) == told


@pytest.mark.parametrize("seconds", [0, -1, 1e-9, 1e9, float("nan"), float("inf")])
def test_timeouts_that_cannot_be_told_are_refused(seconds):
    with pytest.raises(InvalidArgument, match="deadline"):
        grpc_timeout(seconds)


@pytest.mark.parametrize("path", ["", "a.B/C", "/a B\n", "/é"])
def test_paths_that_are_none_are_refused(path):
    with pytest.raises(InvalidArgument, match="path: must be"):
        prepare(Call(path, b""), "host:1")


def test_messages_that_do_not_fit_are_refused():
    assert prepare(Call("/a.B/C", b"x" * MAX_MESSAGE), "host:1").octets == 65_535
    with pytest.raises(InvalidArgument, match="65531 bytes are more than fit"):
        prepare(Call("/a.B/C", b"x" * (MAX_MESSAGE + 1)), "host:1")
