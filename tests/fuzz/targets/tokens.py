"""Tokens that come back from strangers: of pages, and signed ones. None is taken that was not made here."""

from cocite.core.errors import InvalidArgument
from cocite.feeds.experiments_tokens import read_shown_token
from cocite.feeds.secrets import Signer, whole_numbers
from cocite.recommender.paging import make_token, model_of, read_token

_SIGNER = Signer(b"of the fuzzer, and of nobody else")
_PURPOSE, _KEY, _MODEL, _BASIS = "page", b"key", "m1", b"basis"
_PAGE = make_token(_KEY, _MODEL, _BASIS, 40)
_SIGNED = _SIGNER.sign(_PURPOSE, b"\x01", 7, "text")

SEEDS = [
    b"p" + _PAGE.encode(),
    b"s" + _SIGNED.encode(),
    b"p" + make_token(b"other", "m2", b"", 2**32 - 1).encode(),
    b"f\x01i\x01\x05s\x02ab",
    b"p====",
]


def check(data: bytes) -> None:
    text = data[1:].decode("utf-8", "replace")
    match data[:1]:
        case b"p":
            _page(text)
        case b"s":
            parts = _SIGNER.verify(_PURPOSE, text)
            assert (parts is not None) == (text == _SIGNED), text
            assert read_shown_token(_SIGNER, text) is None
        case b"f":
            _made_of(data[1:])


def _page(text: str) -> None:
    assert isinstance(model_of(text), bytes)
    try:
        start = read_token(text, _KEY, _MODEL)
    except InvalidArgument as error:
        assert error.field == "page_token"
        return
    assert 0 <= start.offset < 2**32
    assert not text or make_token(_KEY, _MODEL, _BASIS, start.offset) == text or start.basis


def _made_of(data: bytes) -> None:
    """Whatever is signed comes back as it was, for its purpose and no other."""
    number, half = int.from_bytes(data[:9], "big", signed=True), len(data) // 2
    parts = (number, data[:half][:255], data[half:].decode("utf-8", "replace")[:60])
    token = _SIGNER.sign(_PURPOSE, *parts)
    assert _SIGNER.verify(_PURPOSE, token) == parts
    assert _SIGNER.verify(_PURPOSE + "2", token) is None
    assert whole_numbers(parts, 3) is None
