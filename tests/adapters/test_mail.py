"""Mail by SMTP, against a real server on this machine."""

import email
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from riskapp.adapters.mail import KeepInOutbox, Letter, SmtpMailer

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


class Sink:
    """Keeps what arrives; or answers as a test says."""

    def __init__(self):
        self.received = []
        self.answer = "250 OK"
        self.falls_silent = False

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.received.append(email.message_from_bytes(envelope.content, policy=default))
        if self.falls_silent:
            server.transport.close()
        return self.answer


@pytest.fixture
def sink():
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.factory = lambda: SMTP(handler, enable_SMTPUTF8=True)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{controller.port}"
    yield handler
    controller.stop()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def a_letter(**changes):
    facts = {
        "key": "abc123",
        "address": "manager@demo.example",
        "subject": "A risk has come to you: E-7K4QX – £1.6m",
        "text": "Read it:\nhttp://localhost/escalations/E-7K4QX\n",
        "html": "<p>Read <a href='http://localhost/escalations/E-7K4QX'>it</a></p>",
        "at": AT,
    }
    return Letter(**(facts | changes))


def mailer(sink):
    return SmtpMailer(sink.url, "riskapp <risk@council.example>", timeout=5)


def test_a_letter_arrives_with_both_forms_and_its_own_number(sink):
    assert mailer(sink).send(a_letter()).kind == "sent"
    (arrived,) = sink.received
    assert arrived["Message-ID"] == "<abc123@council.example>"
    assert arrived["Subject"] == "A risk has come to you: E-7K4QX – £1.6m"
    assert arrived["To"] == "manager@demo.example"
    assert "/escalations/E-7K4QX" in arrived.get_body(("plain",)).get_content()
    assert "/escalations/E-7K4QX" in arrived.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "changes",
    [{"subject": "Hello\r\nBcc: all@demo.example"}, {"address": "a@demo.example\r\nBcc: all@demo.example"}],
)
def test_a_line_break_makes_no_second_header(sink, changes):
    assert mailer(sink).send(a_letter(**changes)).kind == "refused"
    assert sink.received == []


def test_a_server_that_is_not_there_is_unreachable():
    assert (
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}", "a@b.example", timeout=2).send(a_letter()).kind == "unreachable"
    )


def test_a_server_that_says_no_has_refused_the_letter(sink):
    sink.answer = "554 no"
    outcome = mailer(sink).send(a_letter())
    assert (outcome.kind, "554" in outcome.detail) == ("refused", True)


def test_silence_after_the_words_leaves_it_unknown_whether_they_were_taken(sink):
    sink.falls_silent = True
    assert mailer(sink).send(a_letter()).kind == "unknown"


@pytest.fixture
def unproven(tmp_path):
    """A mail server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (file := tmp_path / "both.pem").write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.factory = lambda: SMTP(handler, tls_context=context)
    controller.start()
    handler.url = f"smtp://localhost:{controller.port}"
    yield handler
    controller.stop()


def test_no_letter_goes_to_a_server_whose_certificate_nobody_vouches_for(unproven):
    outcome = SmtpMailer(f"{unproven.url}?starttls", "risk@council.example", timeout=5).send(a_letter())
    assert (outcome.kind, "CERTIFICATE_VERIFY_FAILED" in outcome.detail) == ("unreachable", True), outcome
    assert unproven.received == []


def test_no_letter_goes_to_a_server_that_has_no_tls_where_it_was_asked_for(sink):
    outcome = SmtpMailer(f"{sink.url}?starttls", "risk@council.example", timeout=5).send(a_letter())
    assert outcome.kind == "unreachable"
    assert sink.received == []


def test_a_demonstration_keeps_its_letters():
    assert KeepInOutbox().send(a_letter()).kind == "kept"
