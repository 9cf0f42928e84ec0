"""The services over Connect and gRPC-Web. Binary messages pass through as they came; JSON is translated."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from connectrpc.code import Code
from connectrpc.codec import Codec
from connectrpc.errors import ConnectError, ErrorDetail
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf.descriptor_pb2 import MethodOptions
from protobuf.wkt import Any as AnyMessage
from starlette.responses import Response

from cocite.core.errors import CociteError, InvalidArgument
from cocite.gateway.asking import Answer, Asker
from cocite.gateway.bodies import WrongType
from cocite.gateway.caching import cache_headers
from cocite.gateway.http_errors import WrongMethod, error_headers, status_of
from cocite.gateway.json_codec import encoded_of, json_of
from cocite.gateway.methods import Method
from cocite.serving.status import INTERNAL_TEXT, code_of, to_status

log = structlog.get_logger("cocite.gateway")

_GRPC = "application/grpc"
_GRPC_WEB = "application/grpc-web"
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")  # what grpc-message holds as it is

_LEVELS = {
    MethodOptions.NO_SIDE_EFFECTS: IdempotencyLevel.NO_SIDE_EFFECTS,
    MethodOptions.IDEMPOTENT: IdempotencyLevel.IDEMPOTENT,
}


class BinaryCodec(Codec[Answer, bytes]):
    """Requests and answers as they are."""

    def name(self) -> str:
        """See Codec."""
        return "proto"

    def encode(self, message: Answer) -> bytes:
        """See Codec."""
        return message.body

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> bytes:
        """See Codec."""
        return bytes(data)


class JsonCodec(Codec[Answer, bytes]):
    """Requests and answers by way of their messages."""

    def name(self) -> str:
        """See Codec."""
        return "json"

    def encode(self, message: Answer) -> bytes:
        """See Codec."""
        return json_of(message.body, message.method.response)

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> bytes:
        """See Codec."""
        try:
            return encoded_of(data, message_class)
        except CociteError as error:
            raise connect_error(error) from None


def connect_error(error: CociteError) -> ConnectError:
    """The same error, with its details, as Connect tells it."""
    status = to_status(error)
    details = [ErrorDetail(AnyMessage(type_url=each.type_url, value=each.value)) for each in status.details]
    return ConnectError(Code[code_of(error).name], status.message, details)


def error_response(error: CociteError, content_type: str) -> Response:
    """The same error as the protocol of a request tells it, gRPC-Web or Connect."""
    status, headers = to_status(error), error_headers(error)
    if content_type.startswith(_GRPC_WEB):
        code, message = code_of(error).value[0], quote(status.message, safe=_SAFE)
        headers |= {"grpc-status": str(code), "grpc-message": message}
        return Response(status_code=200, headers=headers, media_type=content_type)
    details = [
        {"type": each.TypeName(), "value": b64encode(each.value).decode().rstrip("=")} for each in status.details
    ]
    told = {"code": code_of(error).name.lower(), "message": status.message, "details": details}
    return Response(orjson.dumps(told), status_of(error), headers, "application/json")


class ConnectApplication(ConnectASGIApplication[Asker]):
    """All methods, each under its path."""

    def __init__(self, asker: Asker, methods: Mapping[str, Method], read_max_bytes: int, max_age_s: int) -> None:
        def endpoints(asked: Asker) -> dict[str, Any]:
            return {path: _endpoint(asked, method, max_age_s) for path, method in methods.items()}

        super().__init__(
            service=asker,
            endpoints=endpoints,
            read_max_bytes=read_max_bytes,
            codecs=[BinaryCodec(), JsonCodec()],
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI. What the library would fail at is refused before, what it refuses without a word is explained."""
        error = _unfit(scope["headers"])
        if error is None:
            answer = _Explained(scope, send)
            await super().__call__(scope, receive, answer)
            error = answer.error
        if error is not None:
            await error_response(error, "")(scope, receive, send)

    @property
    def path(self) -> str:
        """See ConnectASGIApplication."""
        return "/"


class _Explained:
    """send() that holds back a bare refusal, which error explains then, and lets no failure be kept."""

    def __init__(self, scope: Any, send: Any) -> None:
        self._scope = scope
        self._send = send
        self.error: CociteError | None = None

    async def __call__(self, message: Any) -> None:
        """See ASGI."""
        if message["type"] == "http.response.start" and message["status"] != HTTPStatus.OK:
            self.error = _bare(self._scope, message)
            headers = {b"cache-control": b"no-store", **dict(message["headers"])}
            message = {**message, "headers": [*headers.items()]}
        if self.error is None:
            await self._send(message)


def _bare(scope: Any, start: Any) -> CociteError | None:
    """What is meant by a status that the library gives no body."""
    if start["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
        return WrongMethod(dict(start["headers"])[b"allow"].decode())
    if start["status"] == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        if scope["method"] == "GET":
            return WrongType("encoding: must be json or proto", field="encoding")
        return WrongType("content-type: must be application/json or application/proto", field="content-type")
    return None


def _unfit(headers: Iterable[tuple[bytes, bytes]]) -> CociteError | None:
    """What is wrong with a request's headers. gRPC itself needs trailers, which HTTP/1.1 lacks here."""
    for name, value in headers:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return InvalidArgument(f"{name.decode('latin-1')}: must be UTF-8")
        if name == b"content-type" and text.startswith(_GRPC) and not text.startswith(_GRPC_WEB):
            return WrongType("gRPC needs HTTP/2", hint="ask the services themselves, or this gateway by gRPC-Web")
    return None


def _endpoint(asker: Asker, method: Method, max_age_s: int) -> Any:
    level = _LEVELS.get(method.descriptor.GetOptions().idempotency_level, IdempotencyLevel.UNKNOWN)
    told: MethodInfo[Any, Any] = MethodInfo(
        name=method.descriptor.name,
        service_name=method.descriptor.containing_service.full_name,
        input=method.request,
        output=method.response,
        idempotency_level=level,
        stream_type=StreamType.UNARY,
    )

    async def call(request: bytes, context: RequestContext[Any, Any]) -> Answer:
        left_ms = context.timeout_ms
        try:
            answer = await asker.ask(method, request, None if left_ms is None else left_ms / 1000)
        except CociteError as error:
            context.response_headers.update(error_headers(error))
            raise connect_error(error) from None
        except Exception:  # whose text is not for clients
            log.exception("unforeseen", path=method.path)
            raise ConnectError(Code.INTERNAL, INTERNAL_TEXT) from None
        for name, value in cache_headers(answer, max_age_s):
            context.response_headers[name] = value
        return answer

    function: Callable[[Any, Any], Awaitable[Any]] = call
    return Endpoint.unary(told, function)
