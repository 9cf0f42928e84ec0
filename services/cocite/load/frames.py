"""HTTP/2 frames as bytes (RFC 9113): what a client of unary calls writes and reads."""

import struct
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER_BYTES = 9
HEADER = struct.Struct(">LBL")  # length << 8 | kind, flags, stream
UINT32 = struct.Struct(">L")
_SETTING = struct.Struct(">HL")

DEFAULT_WINDOW = 65_535  # octets; a connection's until WINDOW_UPDATE, a stream's until SETTINGS (6.9.2)
MAX_FRAME = 16_384  # octets of payload that every peer takes (4.2)
MAX_STREAM = 2**31 - 1
MAX_WINDOW = 2**31 - 1

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY = 0x20


class Kind(IntEnum):
    """Types of frames (section 6)."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Setting(IntEnum):
    """Parameters of SETTINGS (6.5.2)."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5


class ErrorCode(IntEnum):
    """Why a stream or a connection ends (section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    REFUSED_STREAM = 7
    CANCEL = 8
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12


def frame(kind: Kind, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return HEADER.pack(len(payload) << 8 | kind, flags, stream) + payload


def settings(values: dict[Setting, int]) -> bytes:
    """A SETTINGS frame that announces values."""
    return frame(Kind.SETTINGS, 0, 0, b"".join(_SETTING.pack(*item) for item in values.items()))


def read_settings(payload: bytes) -> dict[int, int]:
    """Parameters of a SETTINGS frame. Raises struct.error when it is cut short."""
    return dict(_SETTING.iter_unpack(payload))


def window_update(stream: int, octets: int) -> bytes:
    """Lets the peer send octets more on a stream; 0 is the connection."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, UINT32.pack(octets))


def reset(stream: int, code: ErrorCode) -> bytes:
    """An RST_STREAM frame."""
    return frame(Kind.RST_STREAM, 0, stream, UINT32.pack(code))
