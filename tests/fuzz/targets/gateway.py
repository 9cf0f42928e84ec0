"""JSON that strangers send the gateway: it becomes a message, or the fault in it is named."""

from cocite.core.errors import InvalidArgument
from cocite.gateway.json_codec import encoded_of, json_of
from cocite.gateway.methods import open_methods
from cocite.serving.interceptor import validate

_METHODS = list(open_methods().values())
SEEDS = [
    b'\x00{"seeds":{"positiveIds":["doi:10.1/1"]},"pageSize":5,"view":"PAPER_VIEW_ID","filter":{"minYear":2000}}',
    b'\x01{"paper_ids":["W1",null],"view":2}',
    b'\x02{"texts":["a\\ud800"],"x":{}}',
    b'\x03{"events":[{"eventId":"1","reader":{"sessionId":"0"},"kind":"EVENT_KIND_SAVE","occurredAt":"2026-01-01T00:00:00Z"}]}',
    b"\x00" + b'{"seeds":' * 70 + b"1" + b"}" * 70,
    b"\x00[]",
]


def check(data: bytes) -> None:
    if not data:
        return
    method = _METHODS[data[0] % len(_METHODS)]
    try:
        encoded = encoded_of(data[1:], method.request)
        message = method.request.FromString(encoded)
        validate(message)
    except InvalidArgument as refused:
        refused.message.encode()
        return
    assert method.request.FromString(encoded).SerializeToString() == message.SerializeToString()
    json_of(encoded, method.request)
