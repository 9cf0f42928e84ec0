"""A channel with a deadline on every call and gRPC's own bounded retries."""

import json
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import grpc

from cocite.core.errors import CociteError, DeadlineExceeded, InvalidArgument, NotReady, Unavailable
from cocite.core.settings import load_settings
from cocite.serving.channel import BALANCED, UNHEALTHY, open_channel
from cocite.serving.credentials import credentials_of
from cocite.serving.status import from_rpc_error

Request = TypeVar("Request")
Response = TypeVar("Response")

# Every method of cocite.v1 may be repeated. Of 10 tokens each failure takes one and each success gives a tenth
# back; below 5 there are no retries, so a dead server is not asked four times by everyone. No "timeout" here:
# grpcio ignores it, the deadline comes with each call.
SERVICE_CONFIG = {
    **BALANCED,
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}
_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
)
_DETAILS_KEY = "grpc-status-details-bin"
MAX_TIMEOUT_S = 3600.0


class Connection:
    """What the clients share. target is "host:port" or "unix:path"; timeout_s bounds each call, retries included.

    Certificates and key are those that COCITE_TLS_CA, _CERT, _KEY and COCITE_API_KEY name.
    """

    target_setting: str  # the setting a client takes its target from where it is given none

    def __init__(self, target: str, timeout_s: float) -> None:
        if not isinstance(target, str) or not target.strip():
            raise InvalidArgument("target: must be an address", hint='for example "127.0.0.1:50053"', field="target")
        self.target = target
        self.timeout_s = checked_timeout(timeout_s)
        self.channel = open_channel(target, _OPTIONS, credentials_of(load_settings()))
        self._closed = False

    def call(
        self,
        method: Callable[..., Response],
        request: Request,
        timeout_s: float | None = None,
    ) -> Response:
        """The answer. Raises the cocite error that the server or the transport gave."""
        seconds = self.timeout_s if timeout_s is None else checked_timeout(timeout_s)
        try:
            return method(request, timeout=seconds)
        except grpc.RpcError as error:
            raise self._translated(error, seconds) from None
        except ValueError:  # what grpc says of a channel that is closed
            if not self._closed:
                raise
            raise NotReady("the client is closed", hint="make another") from None

    def _translated(self, error: grpc.RpcError, seconds: float) -> CociteError:
        """The server's own error as it is; those of the transport in words that say where to look."""
        code = error.code() if isinstance(error, grpc.Call) else None
        if isinstance(error, grpc.Call) and any(key == _DETAILS_KEY for key, _ in error.trailing_metadata() or ()):
            return from_rpc_error(error)
        if code is grpc.StatusCode.UNAVAILABLE and UNHEALTHY in (error.details() or ""):
            return Unavailable(
                f"what listens at {self.target} is not ready to answer",
                hint="a recommender needs a model that is whole (`cocite train`, `cocite model list`), "
                "the others their stores; the log says more",
            )
        if code is grpc.StatusCode.UNAVAILABLE:
            return Unavailable(
                f"nothing answers at {self.target}",
                hint=f"start the services with `cocite up`, or give target (--target) or {self.target_setting}",
            )
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineExceeded(f"no answer from {self.target} within {seconds:g} s", hint="allow more time")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return InvalidArgument(f"{self.target} is another service", hint="check the port", field="target")
        return from_rpc_error(error)

    def close(self) -> None:
        """End the connection; calls under way are cancelled, later ones refused."""
        self._closed = True
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked_timeout(seconds: float) -> float:
    """seconds, when it is a number over 0. Raises InvalidArgument otherwise, NaN included."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= MAX_TIMEOUT_S:
        field = "timeout_s"
        raise InvalidArgument(
            f"{field}: must be a number of seconds over 0, at most {MAX_TIMEOUT_S:g}, not {seconds!r}", field=field
        )
    return float(seconds)
