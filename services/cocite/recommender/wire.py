"""The little of the protobuf encoding that answers are put together with (protobuf.dev/programming-guides/encoding)."""

_MORE = 0x80


def uvarint(value: int) -> bytes:
    """A number not below 0 in base 128, lowest digits first."""
    if value < _MORE:
        return bytes((value,))
    digits = bytearray()
    while value >= _MORE:
        digits.append(value & 0x7F | _MORE)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def field(field_number: int, value: bytes) -> bytes:
    """A field of number 15 at most that holds bytes, a text or a message."""
    return b"%c%b%b" % (field_number << 3 | 2, uvarint(len(value)), value)


def number(field_number: int, value: int) -> bytes:
    """A field of number 15 at most that holds a number not below 0."""
    return b"%c%b" % (field_number << 3, uvarint(value))


def first_field(message: bytes) -> int:
    """Where the first field of a message ends, which holds bytes."""
    length = shift = 0
    for place in range(1, len(message)):
        length |= (message[place] & 0x7F) << shift
        if message[place] < _MORE:
            return place + 1 + length
        shift += 7
    raise ValueError("no message that starts with bytes")
