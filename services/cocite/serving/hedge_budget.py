"""Which calls are asked again before they are answered, when, and how many (Dean and Barroso, The tail at scale)."""

import ipaddress
import threading

import grpc
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.descriptor_pool import Default

ATTEMPTS = 3  # the second and the third begin when a third and two thirds of the call's time have passed, or sooner:
MOST_PAUSE_S = 1.0
RATIO, BURST = 0.05, 30.0  # extra attempts for each call, and how many at once after a time without

# What may be better at another backend. Every other outcome is the answer.
UNSETTLED = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)


def is_read(method: str) -> bool:
    """Whether "/package.Service/Method" has no side effects, as its proto says."""
    try:
        found = Default().FindMethodByName(method.strip("/").replace("/", "."))
    except KeyError:
        return False
    return bool(found.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)


def pause(timeout_s: float) -> float:
    """Seconds from one attempt to the next."""
    return min(timeout_s / ATTEMPTS, MOST_PAUSE_S)


def may_be_several(target: str) -> bool:
    """Whether a full grpc target can stand for more than one backend."""
    scheme, _, name = target.partition(":")
    if scheme.startswith("unix") or scheme == "vsock":
        return False
    if scheme in ("ipv4", "ipv6"):
        return "," in name
    host = name.rpartition("/")[2].rpartition(":")[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


class Budget:
    """At most RATIO extra attempts for each call, BURST of them saved up. Thread-safe."""

    def __init__(self) -> None:
        self._tokens = BURST
        self._lock = threading.Lock()

    def called(self) -> None:
        """A call has begun."""
        with self._lock:
            self._tokens = min(BURST, self._tokens + RATIO)

    def take(self) -> bool:
        """Whether one more attempt may be made."""
        with self._lock:
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
            return True
