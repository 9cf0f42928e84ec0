import asyncio

import pytest

from cocite.gateway.encodings import negotiated, takes_gzip


@pytest.mark.parametrize(
    "value", ["gzip", "GZIP", "br, gzip", "gzip;q=0.5", "gzip; q=0.001", "deflate,gzip;q=1.0,*;q=0"]
)
def test_gzip_is_taken(value):
    assert takes_gzip(value.encode())


@pytest.mark.parametrize(
    "value",
    ["", "identity", "gzip;q=0", "gzip; q=0.000", "br, GZIP;Q=0.0", "br;q=1.0, gzip;q=0, *;q=0.1", "x-gzip", "*"],
)
def test_gzip_is_not_taken(value):
    assert not takes_gzip(value.encode())


@pytest.mark.parametrize(
    ("given", "left"),
    [([], []), ([b"br"], []), ([b"br, gzip;q=0.5"], [b"gzip"]), ([b"gzip;q=0"], []), ([b"br", b"gzip"], [b"gzip"])],
)
def test_an_application_is_told_of_one_encoding_or_none(given, left):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["headers"])

    other = (b"accept", b"gzip")
    scope = {"type": "http", "headers": [other, *((b"accept-encoding", value) for value in given)]}
    asyncio.run(negotiated(app)(scope, None, None))
    assert seen == [[other, *((b"accept-encoding", value) for value in left)]]
