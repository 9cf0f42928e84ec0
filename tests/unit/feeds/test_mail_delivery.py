"""Handing mails to a real SMTP server."""

import socket
import ssl
import subprocess
import threading
import time

import pytest
from aiosmtpd.smtp import AuthResult

from cocite.catalogue.subscription_records import MailState, Taken
from cocite.core.errors import NotReady, Unavailable
from cocite.feeds.mail_delivery import Delivery, Handed, ServerGone
from cocite.feeds.mail_settings import MailServer
from support.mail_server import Mailbox, running_mail_server
from support.ports import free_port

MAIL = b"From: a@example.org\r\nTo: b@example.org\r\n\r\n.dot\r\nend\r\n"
TO = "b@example.org"


def take() -> Taken:
    return Taken.TAKEN


def delivery(box: Mailbox, **more) -> Delivery:
    return Delivery(MailServer("127.0.0.1", box.port), "a@example.org", **more)


def test_many_mails_go_over_one_connection():
    with running_mail_server() as box, delivery(box) as sender:
        results = [sender.hand_over(f"{n}@example.org", MAIL, take) for n in range(3)]
        smtp = sender._smtp
        sender.hand_over(TO, MAIL, take)
        assert sender._smtp is smtp
    assert results == [Handed(Taken.TAKEN, MailState.SENT)] * 3
    assert box.recipients == ["0@example.org", "1@example.org", "2@example.org", TO]
    assert box.received[0].content == MAIL


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("450 4.2.0 greylisted", MailState.WAITING),
        ("550 5.1.1 no such user", MailState.BOUNCED),
        ("553 no such user", MailState.BOUNCED),
        ("550 5.7.1 relaying denied", MailState.FAILED),
    ],
)
def test_a_recipient_that_is_refused_is_never_taken(answer, state):
    def never() -> Taken:
        raise AssertionError("taken")

    with running_mail_server(Mailbox(to_recipient={TO: [answer]})) as box, delivery(box) as sender:
        assert sender.hand_over(TO, MAIL, never) == Handed(None, state, answer)
        assert sender.hand_over("c@example.org", MAIL, take).state is MailState.SENT  # the connection stands


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("451 4.3.0 try later", MailState.WAITING),
        ("421 4.3.2 going down", MailState.WAITING),
        ("554 5.6.0 spam", MailState.FAILED),
        ("", MailState.UNSURE),
    ],
)
def test_what_the_server_says_to_the_content(answer, state):
    with running_mail_server(Mailbox(to_content={TO: [answer]})) as box, delivery(box) as sender:
        handed = sender.hand_over(TO, MAIL, take)
        assert (handed.taken, handed.state) == (Taken.TAKEN, state)
        assert sender.hand_over("c@example.org", MAIL, take).state is MailState.SENT


@pytest.mark.parametrize("taken", [Taken.NOT_WANTED, Taken.ELSEWHERE])
def test_what_is_not_taken_is_not_sent(taken):
    with running_mail_server() as box, delivery(box) as sender:
        assert sender.hand_over(TO, MAIL, lambda: taken) == Handed(taken, None)
        assert sender.hand_over("c@example.org", MAIL, take).state is MailState.SENT
    assert box.recipients == ["c@example.org"]


def test_what_the_server_says_of_an_address_is_told_without_it():
    box = Mailbox(to_recipient={TO: ["550 5.1.1 <B@example.org>: no such user"]})
    with running_mail_server(box), delivery(box) as sender:
        assert sender.hand_over(TO, MAIL, take).error == "550 5.1.1 <b***@example.org>: no such user"


def test_a_store_that_fails_at_the_taking_mails_nobody():
    def fails() -> Taken:
        raise Unavailable("the catalogue does not answer")

    with running_mail_server() as box, delivery(box) as sender:
        with pytest.raises(Unavailable, match="the catalogue"):
            sender.hand_over(TO, MAIL, fails)
        assert sender.hand_over("c@example.org", MAIL, take).state is MailState.SENT
    assert box.recipients == ["c@example.org"]


def test_a_server_that_is_away_took_nothing():
    sender = Delivery(MailServer("127.0.0.1", free_port()), "a@example.org")
    with sender, pytest.raises(ServerGone, match=r"no mail server answers at 127\.0\.0\.1"):
        sender.hand_over(TO, MAIL, take)


def test_a_server_that_comes_back_is_found_again():
    port = free_port()
    with Delivery(MailServer("127.0.0.1", port), "a@example.org") as sender:
        with running_mail_server(port=port):
            sender.hand_over(TO, MAIL, take)
        with pytest.raises(ServerGone):
            sender.hand_over(TO, MAIL, take)
        with running_mail_server(port=port) as box:
            assert sender.hand_over(TO, MAIL, take).state is MailState.SENT
        assert box.recipients == [TO]


@pytest.mark.parametrize(("answer", "error"), [("550 5.7.0 who are you", NotReady), ("451 4.3.0 too busy", ServerGone)])
def test_a_sender_that_is_refused_stops_everything(answer, error):
    with running_mail_server(Mailbox(to_sender=answer)) as box, delivery(box) as sender, pytest.raises(error):
        sender.hand_over(TO, MAIL, take)
    assert box.received == []


def dripping_server(until_content: bool) -> socket.socket:
    """Says something ever and again and never comes to an end: of its greeting, or of its answer to a content."""
    listening = socket.create_server(("127.0.0.1", 0))

    def drip(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"250-still here\r\n")
            time.sleep(0.05)

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            try:
                if until_content:
                    lines = connection.makefile("rb")
                    connection.sendall(b"220 hello\r\n")
                    for line in lines:
                        if line == b".\r\n":
                            break
                        if line[:4].upper() in (b"EHLO", b"MAIL", b"RCPT"):
                            connection.sendall(b"250 OK\r\n")
                        elif line[:4].upper() == b"DATA":
                            connection.sendall(b"354 go on\r\n")
                drip(connection)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return listening


def test_a_server_that_never_finishes_its_answer_is_cut_off():
    with dripping_server(until_content=True) as listening:
        sender = Delivery(MailServer(*listening.getsockname()), "a@example.org", deadline_s=0.5)
        assert sender.hand_over(TO, MAIL, take).state is MailState.UNSURE
    with dripping_server(until_content=False) as listening:
        sender = Delivery(MailServer(*listening.getsockname()), "a@example.org", deadline_s=0.5)
        with pytest.raises((ServerGone, NotReady)):
            sender.hand_over(TO, MAIL, take)


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A server's TLS context whose certificate this process trusts."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    options = f"-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout {key} -out {cert}"
    name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", "req", "-x509", *options.split(), *name.split()],
        check=True,
        capture_output=True,
        timeout=60,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


def authenticates(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"user", b"secret"), handled=False)


def test_login_over_starttls(certificate):
    more = {"tls_context": certificate, "require_starttls": True, "auth_required": True, "authenticator": authenticates}
    with running_mail_server(**more) as box:
        right = MailServer("localhost", box.port, starttls=True, user="user", password="secret")
        with Delivery(right, "a@example.org") as sender:
            assert sender.hand_over(TO, MAIL, take).state is MailState.SENT
        wrong = MailServer("localhost", box.port, starttls=True, user="user", password="guess")
        with Delivery(wrong, "a@example.org") as sender, pytest.raises(NotReady, match="refuses us: 535") as caught:
            sender.hand_over(TO, MAIL, take)
    assert "guess" not in str(caught.value)


def test_tls_from_the_start(certificate):
    with running_mail_server(ssl_context=certificate) as box:
        sender = Delivery(MailServer("localhost", box.port, tls=True), "a@example.org")
        with sender:
            assert sender.hand_over(TO, MAIL, take).state is MailState.SENT


def test_a_certificate_of_another_name_is_refused(certificate):
    with running_mail_server(tls_context=certificate) as box:
        sender = Delivery(MailServer("127.0.0.1", box.port, starttls=True), "a@example.org")
        with sender, pytest.raises(NotReady, match="refuses us"):
            sender.hand_over(TO, MAIL, take)
    assert box.received == []
