"""TLS between services over real sockets: who is refused, and certificates that are replaced under load."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cocite.core.errors import CociteError, InvalidArgument, Unavailable
from cocite.core.settings import Settings
from cocite.serving.channel import open_aio_channel, open_channel
from cocite.serving.credentials import Credentials, credentials_of
from cocite.serving.server import GrpcServer
from cocite.serving.tls_files import TlsFiles
from cocite.v1 import feature_service_pb2 as pb
from cocite.v1 import feature_service_pb2_grpc as rpc
from support.certificates import Identity
from support.stack import eventually

SERVICE = "cocite.v1.FeatureService"
METHOD = f"/{SERVICE}/BatchGetPapers"
REQUEST = pb.BatchGetPapersRequest(paper_ids=["x"])
PATIENT_S = 60.0
SERVER_POOL = "rpc_"


class Servicer(rpc.FeatureServiceServicer):
    """Counts calls by the name in the certificate of who calls."""

    def __init__(self) -> None:
        self.callers: Counter[str] = Counter()
        self.hold = threading.Event()
        self.held = threading.Event()

    def BatchGetPapers(self, request, context):
        names = context.auth_context().get("x509_subject_alternative_name", ())
        self.callers.update(name.decode() for name in names)
        if request.paper_ids[0] == "hold":
            self.held.set()
            self.hold.wait(PATIENT_S)
        return pb.BatchGetPapersResponse(missing_ids=request.paper_ids)


@contextmanager
def serving(settings: Settings, servicer: Servicer | None = None) -> Iterator[str]:
    server = GrpcServer(
        settings,
        "127.0.0.1:0",
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(servicer or Servicer(), s),
    )
    address = server.start()
    server.set_ready(True)
    try:
        yield address
    finally:
        server.stop()


def ask(channel: grpc.Channel, what: str = "x", timeout: float = PATIENT_S) -> list[str]:
    request = pb.BatchGetPapersRequest(paper_ids=[what])
    return list(rpc.FeatureServiceStub(channel).BatchGetPapers(request, timeout=timeout).missing_ids)


def answered(address: str, credentials: Credentials | None) -> bool:
    """Whether a caller with a new connection is answered; only a connection that is refused counts as no."""
    with open_channel(address, (), credentials) as channel:
        try:
            return ask(channel) == ["x"]
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return False


@pytest.fixture
def server(tmp_path: Path) -> Identity:
    return Identity(tmp_path / "server").issue()


@pytest.fixture
def client(tmp_path: Path, server: Identity) -> Identity:
    return Identity(tmp_path / "client", server.authorities).issue("gateway.cocite.example")


def test_a_caller_with_a_certificate_is_answered_and_known(server: Identity, client: Identity) -> None:
    servicer = Servicer()
    with serving(server.settings(), servicer) as address:
        assert answered(address, credentials_of(client.settings()))
    assert set(servicer.callers) == {"gateway.cocite.example", "127.0.0.1"}


def test_plaintext_is_refused(server: Identity) -> None:
    with serving(server.settings()) as address:
        assert not answered(address, None)


def test_a_client_without_a_certificate_is_refused_unless_that_is_allowed(server: Identity) -> None:
    bare = credentials_of(Settings(tls_ca=server.ca))
    with serving(server.settings()) as address:
        assert not answered(address, bare)
    with serving(server.settings(tls_mutual=False)) as address:
        assert answered(address, bare)


def test_who_trusts_another_authority_calls_nobody_and_is_let_in_by_nobody(server: Identity, tmp_path: Path) -> None:
    stranger = Identity(tmp_path / "stranger").issue()
    impostor = Identity(tmp_path / "impostor", server.authorities).issue(by=trustme.CA())
    with serving(server.settings()) as address:
        assert not answered(address, credentials_of(stranger.settings()))
        assert not answered(address, credentials_of(impostor.settings()))
        assert answered(address, credentials_of(impostor.issue().settings()))  # the same, had it been signed


def test_an_expired_certificate_is_refused(server: Identity, client: Identity) -> None:
    with serving(server.settings()) as address:
        client.issue(not_after=datetime.now(UTC) - timedelta(hours=1))
        assert not answered(address, credentials_of(client.settings()))


def test_a_server_of_another_name_is_not_believed(server: Identity, client: Identity, tmp_path: Path) -> None:
    elsewhere = Identity(tmp_path / "elsewhere", server.authorities)
    elsewhere.issue()
    named = server.authorities[0].issue_cert("features.cocite.example")
    elsewhere.key.write_bytes(named.private_key_pem.bytes())
    elsewhere.certificate.write_bytes(named.cert_chain_pems[0].bytes())
    with serving(elsewhere.settings()) as address:
        assert not answered(address, credentials_of(client.settings()))
        assert answered(address, credentials_of(client.settings(tls_server_name="features.cocite.example")))


class Load:
    """Callers that ask all the time, each over a channel of its own; what fails is kept."""

    def __init__(self, address: str, credentials: Credentials, callers: int = 4) -> None:
        self.failed: list[str] = []
        self.answered = 0
        self._end = threading.Event()
        self._open = ExitStack()
        channels = [self._open.enter_context(open_channel(address, (), credentials)) for _ in range(callers)]
        self._threads = [threading.Thread(target=self._ask, args=(channel,)) for channel in channels]

    def _ask(self, channel: grpc.Channel) -> None:
        while not self._end.is_set():
            try:
                ask(channel)
                self.answered += 1
            except grpc.RpcError as error:
                self.failed.append(f"{error.code()}: {error.details()}")

    def goes_on(self, calls: int = 200) -> bool:
        """Whether so many more are answered."""
        until = self.answered + calls
        return eventually(lambda: self.failed or self.answered >= until, PATIENT_S) and not self.failed

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
        self._open.close()


def test_certificates_and_authorities_are_replaced_under_load(
    server: Identity, client: Identity, tmp_path: Path
) -> None:
    """From one authority to another without a failed call; whoever does not follow is out for new connections."""
    old, new = server.authorities[0], trustme.CA()
    left_behind = Identity(tmp_path / "left_behind", [old, new]).issue("left.cocite.example", by=old)
    servicer = Servicer()
    with serving(server.settings(), servicer) as address, Load(address, credentials_of(client.settings())) as load:
        assert load.goes_on()
        assert answered(address, credentials_of(left_behind.settings()))
        for each in (server, client):
            each.trust(old, new)
        assert load.goes_on()
        server.issue(by=new)
        client.issue("renewed.cocite.example", by=new)
        assert eventually(lambda: servicer.callers["renewed.cocite.example"] > 0, PATIENT_S)
        assert load.goes_on()
        for each in (server, client):
            each.trust(new)
        assert eventually(lambda: not answered(address, credentials_of(left_behind.settings())), PATIENT_S)
        assert load.goes_on()
        assert answered(address, credentials_of(client.settings()))
        before = servicer.callers["gateway.cocite.example"]
        assert load.goes_on()
        assert servicer.callers["gateway.cocite.example"] == before  # nobody calls by the old one any more
    assert load.failed == []


def test_who_keeps_the_old_certificate_is_out_when_its_connection_ends(server: Identity, client: Identity) -> None:
    new = trustme.CA()
    credentials = credentials_of(client.settings())
    with serving(server.settings()) as address, open_channel(address, (), credentials) as channel:
        assert ask(channel) == ["x"]
        server.trust(new)
        server.issue(by=new)
        assert eventually(lambda: not answered(address, credentials), PATIENT_S)
        assert ask(channel) == ["x"]  # by the connection that it has


def test_a_call_under_way_outlives_the_certificate_it_began_with(server: Identity, client: Identity) -> None:
    servicer = Servicer()
    credentials = credentials_of(client.settings())
    with serving(server.settings(), servicer) as address, open_channel(address, (), credentials) as channel:
        held = rpc.FeatureServiceStub(channel).BatchGetPapers.future(
            pb.BatchGetPapersRequest(paper_ids=["hold"]), timeout=2 * PATIENT_S
        )
        assert servicer.held.wait(PATIENT_S)
        client.issue("renewed.cocite.example")
        assert eventually(lambda: ask(channel) and servicer.callers["renewed.cocite.example"] > 0, PATIENT_S)
        servicer.hold.set()
        assert list(held.result().missing_ids) == ["hold"]


def threads_that_do_not_answer() -> int:
    """Threads but for those that answer for the server, whose number may grow at any call."""
    return sum(not thread.name.startswith(SERVER_POOL) for thread in threading.enumerate())


def test_nothing_is_left_running_of_a_replacement(server: Identity, client: Identity) -> None:
    servicer = Servicer()
    credentials = credentials_of(client.settings())
    with serving(server.settings(), servicer) as address, open_channel(address, (), credentials) as channel:
        assert ask(channel) == ["x"]
        before = threads_that_do_not_answer()
        for number in range(3):
            name = f"renewed-{number}.cocite.example"
            client.issue(name)
            assert eventually(lambda: ask(channel) and servicer.callers[name] > 0, PATIENT_S)  # noqa: B023
        assert eventually(lambda: threads_that_do_not_answer() <= before, PATIENT_S)


def looked(files: TlsFiles, since: float) -> bool:
    """Whether files have been looked at again."""
    files.current()
    return files._look_at > since


def test_files_that_do_not_belong_together_change_nothing(server: Identity, client: Identity) -> None:
    credentials = credentials_of(client.settings())
    assert credentials.files is not None
    good = credentials.files.current()
    with serving(server.settings()) as address, open_channel(address, (), credentials) as channel:
        key = client.key.read_bytes()
        other = server.authorities[0].issue_cert("127.0.0.1")
        for damaged in (other.private_key_pem.bytes(), b"", b"no key at all", key[: len(key) // 2]):
            client.key.write_bytes(damaged)
            assert eventually(partial(looked, credentials.files, since=credentials.files._look_at), PATIENT_S)
            assert ask(channel) == ["x"]
            assert credentials.files.current() is good
        client.key.unlink()
        assert ask(channel) == ["x"]
        client.issue()
        assert eventually(lambda: credentials.files.current() is not good, PATIENT_S)
        assert ask(channel) == ["x"]


def test_certificates_that_no_server_takes_leave_calls_where_they_are(server: Identity, client: Identity) -> None:
    credentials = credentials_of(client.settings())
    assert credentials.files is not None
    good = credentials.files.current()
    with serving(server.settings()) as address, open_channel(address, (), credentials) as channel:
        assert ask(channel) == ["x"]
        client.issue(by=trustme.CA())
        assert eventually(lambda: credentials.files.current() is not good, PATIENT_S)
        assert not answered(address, credentials)
        for _ in range(50):
            assert ask(channel) == ["x"]


async def _rotate_in_a_loop(address: str, client: Identity, servicer: Servicer) -> list[object]:
    channel = open_aio_channel(address, credentials_of(client.settings()))
    call = channel.unary_unary(METHOD)
    answers: list[object] = []

    async def go_on(until) -> None:
        while not until():
            answers.append(await call(REQUEST.SerializeToString(), timeout=PATIENT_S))

    await go_on(lambda: len(answers) > 20)
    client.issue("renewed.cocite.example")
    await go_on(lambda: servicer.callers["renewed.cocite.example"] > 20)
    before = servicer.callers["gateway.cocite.example"]
    await go_on(lambda: servicer.callers["renewed.cocite.example"] > 40)
    assert servicer.callers["gateway.cocite.example"] == before
    await channel.close()
    return answers


def test_the_gateways_channel_follows_new_certificates(server: Identity, client: Identity) -> None:
    servicer = Servicer()
    with serving(server.settings(), servicer) as address:
        answers = asyncio.run(asyncio.wait_for(_rotate_in_a_loop(address, client, servicer), PATIENT_S))
    assert {pb.BatchGetPapersResponse.FromString(body).missing_ids[0] for body in answers} == {"x"}


def test_a_channel_that_is_closed_says_so(server: Identity, client: Identity) -> None:
    with serving(server.settings()) as address:
        channel = open_channel(address, (), credentials_of(client.settings()))
        assert ask(channel) == ["x"]
        channel.close()
        with pytest.raises(ValueError, match="closed"):
            ask(channel)


def settings_at_odds(identity: Identity) -> Iterator[tuple[Settings, str]]:
    yield identity.settings(transport="native"), "COCITE_TRANSPORT"
    yield Settings(tls_ca=identity.ca), "COCITE_TLS_CERT"
    yield Settings(tls_ca=identity.ca, tls_cert=identity.certificate), "COCITE_TLS_CERT"
    yield Settings(tls_cert=identity.certificate, tls_key=identity.key), "COCITE_TLS_CA"
    yield Settings(tls_names="gateway"), "COCITE_TLS_NAMES"
    yield identity.settings(tls_mutual=False, tls_names="gateway"), "COCITE_TLS_NAMES"
    yield identity.settings(tls_ca=identity.directory / "none.pem"), "COCITE_TLS_CA"
    yield identity.settings(tls_ca=identity.key), "COCITE_TLS_CA"
    yield identity.settings(tls_key=identity.ca), "COCITE_TLS_CA"


def test_settings_that_cannot_work_are_named_at_the_start(server: Identity) -> None:
    for settings, name in settings_at_odds(server):
        with pytest.raises(InvalidArgument) as caught:
            GrpcServer(settings, "127.0.0.1:0", [SERVICE], lambda _: None)
        assert caught.value.field == name
        assert name.removeprefix("COCITE_") in str(caught.value)


def test_no_error_holds_what_files_hold(server: Identity) -> None:
    server.key.write_text("-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----\n")
    with pytest.raises(CociteError) as caught:
        credentials_of(server.settings())
    assert "TOPSECRET" not in str(caught.value) + repr(caught.value)


def test_probes_without_tls_learn_of_health_and_nothing_else(server: Identity) -> None:
    running = GrpcServer(
        server.settings(health_listen="127.0.0.1:0"),
        "127.0.0.1:0",
        [SERVICE],
        lambda s: rpc.add_FeatureServiceServicer_to_server(Servicer(), s),
    )
    running.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{running._probes.port}") as channel:  # as kubelet does
            health = health_pb2_grpc.HealthStub(channel)
            for ready in (False, True):
                running.set_ready(ready)
                for service in ("", SERVICE):
                    told = health.Check(
                        health_pb2.HealthCheckRequest(service=service), timeout=PATIENT_S, wait_for_ready=True
                    )
                    assert (told.status == health_pb2.HealthCheckResponse.SERVING) is ready
            with pytest.raises(grpc.RpcError) as caught:
                ask(channel)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    finally:
        running.stop()


def test_a_taken_address_for_probes_is_named(server: Identity) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = GrpcServer(
            server.settings(health_listen=f"127.0.0.1:{port}"), "127.0.0.1:0", [SERVICE], lambda _: None
        )
        with pytest.raises(Unavailable, match=str(port)):
            running.start()
        running.stop()
