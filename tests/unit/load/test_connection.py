"""The protocol, byte for byte and without a socket: a peer that is written here says what a server may say."""

import struct
from itertools import repeat

import pytest
from hpack import Decoder, Encoder

from cocite.core.errors import Unavailable
from cocite.load import frames
from cocite.load.connection import Connection
from cocite.load.frames import ErrorCode, Kind, Setting
from cocite.load.requests import Call, prepare

REQUEST = prepare(Call("/a.B/C", b"?"), "host:1")
MESSAGE = b"\0\0\0\0\3abc"
OPENING = [(":status", "200"), ("content-type", "application/grpc")]
DONE = [("grpc-status", "0"), ("grpc-message", "")]


def read_frames(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and payload of each frame."""
    found, at = [], 0
    while at < len(data):
        word, flags, stream = frames.HEADER.unpack_from(data, at)
        at += 9 + (word >> 8)
        found.append((word & 255, flags, stream, data[at - (word >> 8) : at]))
    return found


class Peer:
    """A server's side of a connection: what it encodes is what servers may send."""

    def __init__(self, huffman: bool = True, table: bool = False, **settings: int) -> None:
        self.connection = Connection(window=settings.pop("window", 20_000), first_stream=settings.pop("first", 1))
        self.huffman = huffman
        self.encoder = Encoder()
        if not table:
            self.encoder.header_table_size = 0
        self.greeting = self.connection.take_output()
        theirs = frames.settings({Setting[name.upper()]: value for name, value in settings.items()})
        self.connection.receive(theirs + frames.frame(Kind.SETTINGS, frames.ACK, 0))
        assert self.connection.ready
        self.take()

    def take(self) -> list[tuple[int, int, int, bytes]]:
        return read_frames(self.connection.take_output())

    def send(self, count: int = 1) -> None:
        self.connection.send([float(n) for n in range(count)], repeat(REQUEST))
        self.take()

    def headers(self, stream: int, fields: list[tuple[str, str]], last: bool = False) -> bytes:
        block = self.encoder.encode(fields, huffman=self.huffman)
        return frames.frame(Kind.HEADERS, frames.END_HEADERS | last, stream, block)

    def answer(self, stream: int, fields: list[tuple[str, str]] = DONE, body: bytes = MESSAGE) -> bytes:
        data = frames.frame(Kind.DATA, 0, stream, body) if body else b""
        return self.headers(stream, OPENING) + data + self.headers(stream, fields, last=True)

    def outcome(self) -> tuple[list[float], list[tuple[float, int, str]]]:
        return self.connection.done, [tuple(failure) for failure in self.connection.failed]


def test_the_greeting_forbids_tables_and_pushes():
    peer = Peer(window=30_000)
    assert peer.greeting.startswith(frames.PREFACE)
    settings, update = read_frames(peer.greeting[len(frames.PREFACE) :])
    assert frames.read_settings(settings[3]) == {
        Setting.HEADER_TABLE_SIZE: 0,
        Setting.ENABLE_PUSH: 0,
        Setting.INITIAL_WINDOW_SIZE: 30_000,
    }
    assert update == (Kind.WINDOW_UPDATE, 0, 0, struct.pack(">L", 16 * 30_000 - 65_535))


def test_calls_wait_for_the_settings_of_both_sides():
    connection = Connection()
    assert not connection.ready
    connection.receive(frames.settings({}))
    assert not connection.ready
    connection.receive(frames.frame(Kind.SETTINGS, frames.ACK, 0))
    assert connection.ready
    assert read_frames(connection.take_output()[len(frames.PREFACE) :])[-1] == (Kind.SETTINGS, frames.ACK, 0, b"")


def test_requests_are_frames_that_a_decoder_of_others_reads():
    peer = Peer()
    peer.connection.send([0.0, 0.0], repeat(REQUEST))
    for stream, (headers, data) in zip((1, 3), (lambda f: (f[:2], f[2:]))(peer.take()), strict=True):
        assert headers[:3] == (Kind.HEADERS, frames.END_HEADERS, stream)
        assert dict(Decoder().decode(headers[3]))[":path"] == "/a.B/C"
        assert data == (Kind.DATA, frames.END_STREAM, stream, b"\0\0\0\0\1?")


@pytest.mark.parametrize("huffman", [True, False])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_answers_are_told_apart_however_the_bytes_come(huffman, step):
    peer = Peer(huffman)
    peer.send(4)
    data = (
        peer.answer(5)
        + peer.answer(1, [("grpc-status", "5"), ("grpc-message", "no%20such")])
        + peer.headers(3, [*OPENING, ("grpc-status", "16")], last=True)  # trailers alone
        + peer.answer(7)
    )
    for at in range(0, len(data), step):
        peer.connection.receive(data[at : at + step])
    assert peer.outcome() == ([2.0, 3.0], [(0.0, 5, "no such"), (1.0, 16, "")])
    assert not peer.connection.in_flight
    assert peer.connection.answer_octets == 3 * len(MESSAGE)


def test_the_same_bytes_again_mean_the_same():
    peer = Peer()
    peer.send(300)
    fields = [DONE, [("grpc-status", "13")], [("grpc-status", "0")]]
    data = b"".join(peer.answer(2 * n + 1, fields[n % 3]) for n in range(300))
    peer.connection.receive(data)
    done, failed = peer.outcome()
    assert sorted(done) == [float(n) for n in range(300) if n % 3 != 1]
    assert [failure[:2] for failure in failed] == [(float(n), 13) for n in range(1, 300, 3)]


def test_a_server_that_uses_a_table_all_the_same_is_told_and_not_misread():
    peer = Peer(table=True)
    peer.send(2)
    trailers = [("grpc-status", "7")]
    first = peer.answer(1, trailers)
    peer.connection.receive(first)
    assert peer.answer(3, trailers) != first.replace(b"\1", b"\3")  # now it refers to what it sent before
    with pytest.raises(Unavailable, match="headers that cannot be decoded"):
        peer.connection.receive(peer.answer(3, trailers))
    assert peer.outcome() == ([], [(0.0, 7, "")])


@pytest.mark.parametrize(
    ("fields", "body", "code", "message"),
    [
        (DONE, b"", 13, "status OK, and no message"),
        (DONE, b"\0\0\0\0", 13, "status OK, and no message"),
        ([("x", "y")], MESSAGE, 2, "the answer ended without a grpc-status"),
        ([("grpc-status", "zero")], MESSAGE, 2, ""),
        ([("grpc-status", "99")], MESSAGE, 99, ""),
    ],
)
def test_what_is_no_good_answer_is_a_failure(fields, body, code, message):
    peer = Peer()
    peer.send()
    peer.connection.receive(peer.answer(1, fields, body))
    assert peer.outcome() == ([], [(0.0, code, message)])


def test_an_answer_that_ends_with_its_data_has_no_status():
    peer = Peer()
    peer.send(2)
    peer.connection.receive(peer.headers(1, OPENING) + frames.frame(Kind.DATA, frames.END_STREAM, 1, MESSAGE))
    unavailable = peer.headers(3, [(":status", "503")]) + frames.frame(Kind.DATA, frames.END_STREAM, 3, b"away")
    peer.connection.receive(unavailable)
    told = [(0.0, 2, "the answer ended without a grpc-status"), (1.0, 14, "HTTP status 503 and no grpc-status")]
    assert peer.outcome() == ([], told)


def test_padding_priority_and_continuation():
    peer = Peer()
    peer.send(2)
    block = peer.encoder.encode(OPENING)
    padded = frames.frame(Kind.HEADERS, frames.END_HEADERS | 0x28, 1, b"\x04" + b"\0\0\0\0\x10" + block + b"\0" * 4)
    data = frames.frame(Kind.DATA, frames.PADDED, 1, b"\x09" + MESSAGE + b"\0" * 9)
    end = peer.encoder.encode(DONE)
    parts = [frames.frame(Kind.HEADERS, frames.END_STREAM, 1, end[:3])]
    parts += [frames.frame(Kind.CONTINUATION, 0, 1, end[3:4]), frames.frame(Kind.CONTINUATION, 4, 1, end[4:])]
    peer.connection.receive(b"".join([padded, data, *parts]) + peer.answer(3))
    assert peer.outcome() == ([0.0, 1.0], [])


def test_padding_is_no_message():
    peer = Peer()
    peer.send()
    padding = frames.frame(Kind.DATA, frames.PADDED, 1, b"\x20" + b"\0" * 32)
    peer.connection.receive(peer.headers(1, OPENING) + padding + peer.headers(1, DONE, last=True))
    assert peer.outcome()[1] == [(0.0, 13, "status OK, and no message")]


@pytest.mark.parametrize(
    ("code", "status"),
    [(ErrorCode.CANCEL, 1), (ErrorCode.ENHANCE_YOUR_CALM, 8), (2, 13), (77, 13)],
)
def test_a_reset_is_a_failure(code, status):
    peer = Peer()
    peer.send()
    peer.connection.receive(frames.reset(1, code))
    assert [failure[1] for failure in peer.outcome()[1]] == [status]


def test_a_call_that_was_refused_untouched_is_given_back():
    peer = Peer()
    peer.send(2)
    peer.connection.receive(peer.headers(1, OPENING) + frames.reset(1, ErrorCode.REFUSED_STREAM) + peer.answer(3))
    assert peer.outcome() == ([1.0], [])
    assert peer.connection.returned == [0.0]
    peer.connection.receive(frames.reset(3, ErrorCode.REFUSED_STREAM))
    assert peer.connection.returned == [0.0]


def test_a_reset_after_the_end_is_none():
    peer = Peer()
    peer.send()
    peer.connection.receive(peer.answer(1) + frames.reset(1, ErrorCode.NO_ERROR))
    assert peer.outcome() == ([0.0], [])


def test_a_ping_is_answered_and_an_answer_is_not():
    peer = Peer()
    peer.connection.receive(frames.frame(Kind.PING, 0, 0, b"12345678") + frames.frame(Kind.PING, 1, 0, b"87654321"))
    assert peer.take() == [(Kind.PING, frames.ACK, 0, b"12345678")]


def test_settings_that_come_later_count():
    peer = Peer(max_concurrent_streams=3)
    assert peer.connection.room(6) == 3
    peer.connection.receive(frames.settings({Setting.MAX_CONCURRENT_STREAMS: 8}))
    assert peer.take() == [(Kind.SETTINGS, frames.ACK, 0, b"")]
    assert peer.connection.room(6) == 8
    peer.send(8)
    assert peer.connection.room(6) == 0
    peer.connection.receive(peer.answer(3))
    assert peer.connection.room(6) == 1


def test_requests_stay_within_the_servers_window():
    peer = Peer()
    assert peer.connection.room(30_000) == 2
    peer.connection.send([0.0, 0.0], repeat(prepare(Call("/a.B/C", b"?" * 29_995), "host:1")))
    assert peer.connection.room(30_000) == 0
    assert peer.connection.room(5_535) == 1
    peer.connection.receive(frames.window_update(1, 1 << 20))  # of a stream: not the connection's
    assert peer.connection.room(30_000) == 0
    peer.connection.receive(frames.window_update(0, 60_000))
    assert peer.connection.room(30_000) == 2


def test_a_goaway_gives_back_what_was_not_looked_at():
    peer = Peer()
    peer.send(4)
    peer.connection.receive(frames.frame(Kind.GOAWAY, 0, 0, struct.pack(">LL", 3, 0)))
    assert peer.connection.returned == [2.0, 3.0]
    assert peer.connection.closing
    assert peer.connection.room(6) == 0
    peer.connection.receive(peer.answer(1) + peer.answer(3))
    assert peer.outcome() == ([0.0, 1.0], [])
    assert not peer.connection.in_flight


def test_the_last_stream_number_is_the_last():
    peer = Peer(first=frames.MAX_STREAM - 2)
    assert (peer.connection.room(6), peer.connection.closing) == (2, False)
    peer.send(2)
    assert max(peer.connection.in_flight) == frames.MAX_STREAM
    assert (peer.connection.room(6), peer.connection.closing) == (0, True)


def test_what_takes_too_long_is_cancelled_and_what_still_comes_is_passed_over():
    peer = Peer()
    peer.send(3)
    peer.connection.expire(before=2.0)
    assert [frame[:3] for frame in peer.take()] == [(Kind.RST_STREAM, 0, 1), (Kind.RST_STREAM, 0, 3)]
    peer.connection.receive(peer.answer(1) + peer.answer(3) + peer.answer(5))
    done, failed = peer.outcome()
    assert (done, [failure[:2] for failure in failed]) == ([2.0], [(0.0, 4), (1.0, 4)])
    assert not peer.connection._bodies


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (frames.frame(Kind.PUSH_PROMISE, 4, 1, b"\0\0\0\2"), "pushes"),
        (frames.frame(Kind.SETTINGS, 0, 0, b"12345"), "broken frame of kind 4"),
        (frames.frame(Kind.RST_STREAM, 0, 1, b""), "broken frame of kind 3"),
        (frames.frame(Kind.DATA, frames.PADDED | 1, 1, b""), "broken frame of kind 0"),
        (frames.frame(Kind.CONTINUATION, 4, 1, b""), "mixes up"),
        (frames.frame(Kind.HEADERS, 0, 1, b"") + frames.frame(Kind.HEADERS, 4, 1, b""), "mixes up"),
        (
            frames.frame(Kind.HEADERS, 0, 1, b"") + frames.frame(Kind.CONTINUATION, 0, 1, b"0" * 16_000) * 5,
            "over 65536",
        ),
        (frames.HEADER.pack(16_385 << 8, 0, 1), "over the size agreed on"),
        (frames.frame(Kind.HEADERS, 5, 1, b"\xff\xff\xff"), "cannot be decoded"),
    ],
)
def test_a_peer_that_breaks_the_protocol_is_told(data, said):
    peer = Peer()
    peer.send()
    with pytest.raises(Unavailable, match=said):
        peer.connection.receive(data)


def test_kinds_of_frames_that_nobody_knows_are_passed_over():
    peer = Peer()
    peer.send()
    peer.connection.receive(frames.frame(0xBE, 9, 1, b"?") + peer.answer(1))
    assert peer.outcome() == ([0.0], [])


def stream_in(peer: Peer, stream: int, octets: int, windows: dict[int, int], most: int) -> int:
    """Send octets of DATA as a server does that keeps to the windows it was given; how many it could."""
    sent = 0
    while sent < octets:
        size = min(octets - sent, most, windows[0], windows[stream])
        if not size:
            return sent
        peer.connection.receive(frames.frame(Kind.DATA, 0, stream, b"x" * size))
        sent += size
        windows[0] -= size
        windows[stream] -= size
        for kind, _, of, payload in peer.take():
            assert kind == Kind.WINDOW_UPDATE
            windows[of] += int.from_bytes(payload, "big")
            assert windows[of] <= frames.MAX_WINDOW
    return sent


@pytest.mark.parametrize("most", [1, 700, 16_384])
@pytest.mark.parametrize("kept", ["both", "stream", "connection"])
def test_windows_are_opened_in_time(most, kept):
    """A server that keeps to its windows gets an answer through; not where we open only one of the two."""
    octets = 100_000 if most == 1 else 400_000
    peer = Peer(window=4_096 if most == 1 else 20_000)
    windows = {0: 16 * peer.connection._half * 2, **dict.fromkeys((1, 3), peer.connection._half * 2)}
    peer.send(2)
    if kept == "stream":
        peer.connection._half_of_connection = 1 << 40
    if kept == "connection":
        peer.connection._half = 1 << 40
    peer.connection.receive(peer.headers(1, OPENING) + peer.headers(3, OPENING))
    through = [stream_in(peer, stream, octets, windows, most) for stream in (1, 3)]
    if kept == "both":
        assert through == [octets, octets]
        peer.connection.receive(peer.headers(1, DONE, last=True) + peer.headers(3, DONE, last=True))
        assert peer.outcome() == ([0.0, 1.0], [])
    else:
        assert sum(through) < 2 * octets
