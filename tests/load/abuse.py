"""Clients that a server must survive: frames that are none, requests cut short, floods, readers that do not read."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from cocite.load.frames import (
    END_HEADERS,
    END_STREAM,
    MAX_FRAME,
    PREFACE,
    UINT32,
    ErrorCode,
    Kind,
    Setting,
    frame,
    reset,
    settings,
)
from cocite.load.requests import Call, header_block

PATIENCE_S = 2.0  # of one send or receive of ours
STREAMS = 200
Abuse = Callable[[socket.socket, Call, random.Random], None]


@contextmanager
def connected(host: str, port: int) -> Iterator[socket.socket]:
    """A TCP connection; what the server does to it is no error of ours."""
    with suppress(OSError), socket.create_connection((host, port), PATIENCE_S) as link:
        link.settimeout(PATIENCE_S)
        yield link


def request(call: Call, stream: int) -> bytes:
    """A whole, proper call."""
    message = b"\0" + UINT32.pack(len(call.message)) + call.message
    return headers(call, stream) + frame(Kind.DATA, END_STREAM, stream, message)


def headers(call: Call, stream: int) -> bytes:
    """The beginning of a proper call."""
    return frame(Kind.HEADERS, END_HEADERS, stream, header_block(call.path, "soak", None))


def noise(link: socket.socket, _: Call, chance: random.Random) -> None:
    """Bytes that are no HTTP/2, or cease to be it after the preface."""
    opening = PREFACE if chance.random() < 0.5 else b""
    link.sendall(opening + chance.randbytes(chance.randrange(1, 8192)))


def cut_short(link: socket.socket, call: Call, chance: random.Random) -> None:
    """A proper call of which the end never comes."""
    whole = PREFACE + settings({}) + request(call, 1)
    link.sendall(whole[: chance.randrange(1, len(whole))])


def bent(link: socket.socket, call: Call, chance: random.Random) -> None:
    """A proper call with a few bytes exchanged."""
    whole = bytearray(request(call, 1))
    for _ in range(chance.randrange(1, 6)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    link.sendall(PREFACE + settings({}) + bytes(whole))
    link.recv(MAX_FRAME)


def false_promise(link: socket.socket, call: Call, _: random.Random) -> None:
    """A message of 4 GiB announced, and little of it sent."""
    body = b"\0" + UINT32.pack(2**32 - 1) + bytes(8192)
    link.sendall(PREFACE + settings({}) + headers(call, 1) + frame(Kind.DATA, 0, 1, body))
    link.recv(MAX_FRAME)


def endless_headers(link: socket.socket, call: Call, _: random.Random) -> None:
    """A header block that goes on and on."""
    block = header_block(call.path, "soak", None)
    link.sendall(PREFACE + settings({}) + frame(Kind.HEADERS, 0, 1, block))
    for _ in range(2000):
        link.sendall(frame(Kind.CONTINUATION, 0, 1, b"\0\1x\x7f\x81\x06" + b"y" * 896))


def flood(kind: Kind, payload: bytes) -> Abuse:
    """Frames that ask for an answer each, none of which is read."""

    def send(link: socket.socket, _: Call, __: random.Random) -> None:
        link.sendall(PREFACE + settings({}) + frame(kind, 0, 0, payload) * 20_000)

    return send


def rapid_resets(link: socket.socket, call: Call, _: random.Random) -> None:
    """Calls that are taken back at once (CVE-2023-44487)."""
    link.sendall(PREFACE + settings({}))
    for stream in range(1, 2 * STREAMS, 2):
        link.sendall(request(call, stream) + reset(stream, ErrorCode.CANCEL))


def slow_reader(link: socket.socket, call: Call, chance: random.Random) -> None:
    """Proper calls, as many as the server takes, whose answers may not be sent, or are not read."""
    window = chance.choice([0, 1, 2**31 - 1])
    link.sendall(PREFACE + settings({Setting.INITIAL_WINDOW_SIZE: window}))
    for stream in range(1, 2 * STREAMS, 2):
        link.sendall(request(call, stream))
    time.sleep(PATIENCE_S)


ABUSES: tuple[Abuse, ...] = (
    noise,
    cut_short,
    bent,
    false_promise,
    endless_headers,
    flood(Kind.SETTINGS, b""),
    flood(Kind.PING, bytes(8)),
    rapid_resets,
    slow_reader,
    slow_reader,
)
