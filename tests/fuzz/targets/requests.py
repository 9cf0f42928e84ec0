"""Requests of every method to real services, over both transports: whatever is sent is answered, or refused for a
reason that is the caller's. INTERNAL and UNKNOWN stand for what nobody foresaw."""

import grpc

from cocite.v1 import embedding_service_pb2, feature_service_pb2, feed_service_pb2, recommender_service_pb2
from fuzz.messages import message_of
from fuzz.services import Services, prepared

_FILES = (recommender_service_pb2, feature_service_pb2, embedding_service_pb2, feed_service_pb2)
_METHODS = [
    method for file in _FILES for service in file.DESCRIPTOR.services_by_name.values() for method in service.methods
]
_UNFORESEEN = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED)
_TIMEOUT_S = 60.0  # of the slowest machine; a call that hangs is a finding
_RAW, _NATIVE = 0x80, 0x40

_SIMILAR = recommender_service_pb2.RecommendPapersRequest(
    seeds=recommender_service_pb2.Seeds(positive_ids=["doi:10.1000/20"]), page_size=3
).SerializeToString()
SEEDS = [bytes((place,)) + b"\xff\x01" * 40 for place in range(len(_METHODS))]
SEEDS += [bytes((_NATIVE | place,)) + b"\x80\x02" * 40 for place in range(len(_METHODS))]
_EVENTS = feed_service_pb2.RecordEventsRequest()
_EVENTS.events.add(
    event_id="1", reader={"reader_id": "ann"}, kind=3, paper_id="W1", occurred_at={"seconds": -7668222787237189233}
)
_RECORD = next(place for place, method in enumerate(_METHODS) if method.name == "RecordEvents")
SEEDS.append(bytes((_RAW | _RECORD,)) + _EVENTS.SerializeToString())  # no calendar has such a time
SEEDS += [b"\x80" + _SIMILAR, b"\xc0" + _SIMILAR, b"\x80\xff\xff"]

_DIRECTORY = prepared()
_SERVICES = {native: Services(_DIRECTORY, "native" if native else "grpcio") for native in (False, True)}


def check(data: bytes) -> None:
    if not data:
        return
    method = _METHODS[(data[0] & 0x3F) % len(_METHODS)]
    body = data[1:] if data[0] & _RAW else message_of(data[1:], method.input_type).SerializeToString()
    services = _SERVICES[bool(data[0] & _NATIVE)]
    service = method.containing_service
    call = services.channels[service.name].unary_unary(f"/{service.full_name}/{method.name}")
    try:
        answer = call(body, timeout=_TIMEOUT_S)
    except grpc.RpcError as refused:
        code = refused.code()  # type: ignore[attr-defined]  # of a call, which the stubs do not tell
        assert code not in _UNFORESEEN, f"{method.name}: {code}"
        return
    assert isinstance(answer, bytes)
