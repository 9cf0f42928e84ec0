"""Checks of the services: reachable, SERVING, of one model and one encoder, with certificates that last."""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.cli.doctor_findings import Finding, good, notice, wrong
from cocite.core.settings import PREFIX, Settings
from cocite.recommender.bundle_files import read_current
from cocite.serving.channel import UNHEALTHY, open_channel
from cocite.serving.credentials import credentials_of
from cocite.v1.embedding_service_pb2 import GetEmbeddingModelRequest
from cocite.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from cocite.v1.recommender_service_pb2 import GetModelRequest, GetModelResponse
from cocite.v1.recommender_service_pb2_grpc import RecommenderServiceStub

SERVICES = ("embedding", "features", "recommender", "feeds")
TIMEOUT_S = 3.0
OLD_DAYS = 8
SKEW_S = 3.0  # HTTP tells whole seconds
SOON_DAYS = 14
_DAY_S = 86_400


def services(settings: Settings) -> Iterator[Finding]:
    """Each gRPC service: whether it can be reached and says SERVING."""
    credentials = credentials_of(settings)
    for name in SERVICES:
        target, setting = getattr(settings, f"{name}_target"), f"{PREFIX}{name.upper()}_TARGET"
        what = f"{name} service"
        with open_channel(target, (), credentials) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                answer = stub.Check(  # type: ignore[attr-defined]  # missing from the stubs
                    health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S
                )
            except grpc.RpcError as error:
                details = (error.details() or "") if isinstance(error, grpc.Call) else ""
                if not details.endswith(UNHEALTHY):
                    do = f"start it (`cocite serve {name}`), or correct {setting}"
                    yield wrong(what, f"does not answer at {target}", do)
                    continue
                serving = False
            else:
                serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        if serving:
            yield good(what, f"SERVING at {target}")
        else:
            yield wrong(what, f"runs at {target} and is NOT_SERVING", "its log says what it lacks; see below")


def gateway(settings: Settings) -> Iterator[Finding]:
    """The gateway: whether it can answer, and whether its clock is ours."""
    connection = HTTPConnection(settings.gateway_target, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        told, dated = answer.read(500).decode(errors="replace").strip(), answer.getheader("date", "")
    except (OSError, HTTPException) as error:
        do = f"start it (`cocite serve gateway`), or correct {PREFIX}GATEWAY_TARGET"
        yield wrong("gateway", f"does not answer at {settings.gateway_target}: {error}", do)
        return
    finally:
        connection.close()
    if answer.status == HTTPStatus.OK:
        yield good("gateway", f"ready at {settings.gateway_target}")
    else:
        yield wrong("gateway", f"runs and is not ready: {told}", "bring back what it asks, mostly the recommender")
    if dated:
        yield skew_of("the gateway", parsedate_to_datetime(dated).timestamp())


def skew_of(whose: str, seconds: float, now: Callable[[], float] = time.time) -> Finding:
    """Whether another clock, in seconds since 1970, goes as ours does."""
    skew_s = seconds - now()
    if abs(skew_s) <= SKEW_S:
        return good("clocks", f"{whose} has our time")
    ahead = "ahead of" if skew_s > 0 else "behind"
    return wrong("clocks", f"{whose} is {abs(skew_s):.0f} s {ahead} this machine", "let NTP set both clocks")


def model(settings: Settings) -> Iterator[Finding]:
    """The model that serves: its age, what was refused, whether it is the published one and fits the encoder."""
    credentials = credentials_of(settings)
    with open_channel(settings.recommender_target, (), credentials) as channel:
        stub = RecommenderServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        try:
            told: GetModelResponse = stub.GetModel(GetModelRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            away = isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAVAILABLE
            why = "" if away or not isinstance(error, grpc.Call) else f": {error.details()}"
            do = "see what is said of the recommender; where it has no model, publish one with `cocite train`"
            yield wrong("model", f"the recommender tells of none{why}", do)
            return
    yield from _of_model(told, settings, read_current(settings.bundles))
    with open_channel(settings.embedding_target, (), credentials) as channel:
        embedding = EmbeddingServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        try:
            encoder = embedding.GetEmbeddingModel(GetEmbeddingModelRequest(), timeout=TIMEOUT_S).model_version
        except grpc.RpcError:
            return  # told already
    if told.embedding_model_version in ("", "none", encoder):
        yield good("encoder", f"model and embedding service agree on {encoder}")
    else:
        yield wrong(
            "encoder",
            f"the model was trained with {told.embedding_model_version}, the embedding service runs {encoder}",
            f"run `cocite train`, or set {PREFIX}ENCODER back",
        )


def _of_model(told: GetModelResponse, settings: Settings, published: str | None) -> Iterable[Finding]:
    days = (datetime.now(UTC) - told.create_time.ToDatetime(UTC)).total_seconds() / _DAY_S
    said = f"{told.model_version} serves {told.paper_count + told.fresh_paper_count:,} papers, {days:.1f} days old"
    yield good("model", said) if days < OLD_DAYS else notice("model", said, "train anew: `cocite train`")
    current = [refused for refused in told.refused if refused.model_version == published]
    if current:
        do = "publish it again from where it was made, or `cocite model rollback`"
        yield wrong("model", f"the published {published} was refused: {current[-1].detail}", do)
    elif published is not None and published != told.model_version:
        do = f"wait for a moment, then see whether the recommender has the same {PREFIX}BUNDLES_DIR"
        yield notice("model", f"{published} is published in {settings.bundles}, the recommender serves another", do)


def certificates(settings: Settings) -> Iterator[Finding]:
    """The certificates that servers show: whether they are trusted here, and until when they are good."""
    if settings.tls_ca is None:
        yield good("TLS", f"off between services: {PREFIX}TLS_CA is not set")
        return
    trust = ssl.create_default_context(cafile=str(settings.tls_ca))
    trust.set_alpn_protocols(["h2"])
    if settings.tls_cert and settings.tls_key:
        trust.load_cert_chain(settings.tls_cert, settings.tls_key)
    for name in SERVICES:
        target = getattr(settings, f"{name}_target")
        host, _, port = target.rpartition(":")
        if not host or not port.isdecimal():
            yield notice("TLS", f"{target} of the {name} service is no host:port", "its certificate is not looked at")
            continue
        host = host.rpartition("/")[2].strip("[]")
        try:
            with (
                socket.create_connection((host, int(port)), TIMEOUT_S) as plain,
                trust.wrap_socket(plain, server_hostname=settings.tls_server_name or host) as connection,
            ):
                shown = connection.getpeercert() or {}
        except ssl.SSLError as error:
            said = getattr(error, "verify_message", "") or error.reason or str(error)
            yield wrong("TLS", f"the {name} service and we distrust each other: {said}", "see docs/authorisation.md")
            continue
        except OSError:
            continue  # told already: it does not answer
        yield expiry_of(f"the {name} service", ssl.cert_time_to_seconds(str(shown["notAfter"])))


def expiry_of(whose: str, until: float, now: Callable[[], float] = time.time) -> Finding:
    """Whether a certificate that is good until then, in seconds since 1970, lasts."""
    days = (until - now()) / _DAY_S
    said = f"the certificate of {whose} is good for {days:.0f} more days"
    if days > SOON_DAYS:
        return good("TLS", said)
    return notice("TLS", said, "replace its files; running servers take new ones up by themselves")
