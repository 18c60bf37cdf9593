"""How a message leaves the house: by SMTP, or, in a demonstration without a mail server, by staying in the outbox."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from riskapp.settings import Settings

OutcomeKind = Literal["sent", "kept", "refused", "unreachable", "unknown"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address; `key` is the same at every attempt and becomes the Message-ID.

    Without HTML it goes out as plain text alone.
    """

    key: str
    address: str
    subject: str
    text: str
    html: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt.

    "sent" and "kept" are done; "refused" is about this message and "unreachable" about the server, neither went out;
    "unknown" is the server falling silent after it had the words: it may have taken them.
    """

    kind: OutcomeKind
    detail: str = ""


class Mailer(Protocol):
    """Takes a letter and says what became of it; it never raises for what a mail server does."""

    def send(self, letter: Letter) -> Outcome: ...


class KeepInOutbox:
    """Sends nothing: in a demonstration the Outbox page is where mail is read."""

    outcome = Outcome("kept", "Kept in the outbox: no mail server is set.")

    def send(self, letter: Letter) -> Outcome:
        """Leave the letter where it is."""
        del letter
        return self.outcome


class SmtpMailer:
    """Sends by the server of SMTP_URL: smtp://, smtp://...?starttls or smtps://, with a time limit."""

    def __init__(self, url: str, sender: str, *, timeout: float = 20) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._timeout = timeout

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter over in a conversation of its own."""
        try:
            content = compose(letter, self._sender)
        except ValueError as fault:
            return Outcome("refused", f"This cannot be a message: {fault}")
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as fault:
            return Outcome("unreachable", _words(fault))
        try:
            return self._hand_over(connection, letter.address, content)
        finally:
            connection.close()

    def _hand_over(self, connection: smtplib.SMTP, address: str, content: bytes) -> Outcome:
        try:
            for code, answer in (connection.mail(parseaddr(self._sender)[1]), connection.rcpt(address)):
                if code not in {250, 251}:
                    return Outcome("refused", _answer(code, answer))
        except (OSError, smtplib.SMTPException) as fault:
            return Outcome("unreachable", _words(fault))
        try:
            code, answer = connection.data(content)
        except smtplib.SMTPDataError as fault:
            return Outcome("refused", _words(fault))
        except (OSError, smtplib.SMTPException) as fault:
            return Outcome("unknown", _words(fault))
        return Outcome("sent" if code == 250 else "refused", _answer(code, answer))  # noqa: PLR2004 - SMTP's yes

    def _connect(self) -> smtplib.SMTP:
        host, context = self._url.hostname or "", ssl.create_default_context()
        if self._url.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._url.port or smtplib.SMTP_SSL_PORT, timeout=self._timeout, context=context
            )
        else:
            connection = smtplib.SMTP(host, self._url.port or smtplib.SMTP_PORT, timeout=self._timeout)
        try:
            if self._url.query == "starttls":
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            _sign_in(connection, self._url)
        except BaseException:
            connection.close()
            raise
        return connection


def _sign_in(connection: smtplib.SMTP, url: SplitResult) -> None:
    if url.username:
        connection.login(unquote(url.username), unquote(url.password or ""))


def compose(letter: Letter, sender: str) -> bytes:
    """Write a letter as bytes for SMTP; a line break in an address or a subject is refused with ValueError."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.key}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine should answer this
    message.set_content(letter.text, cte="quoted-printable")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def mailer_for(settings: Settings) -> Mailer | None:
    """Choose by the settings: SMTP where a server is named, else the outbox in a demonstration, else none."""
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return KeepInOutbox() if settings.is_demo else None


def _words(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return _answer(fault.smtp_code, fault.smtp_error)
    return f"{type(fault).__name__}: {fault}"[:400]


def _answer(code: int, answer: bytes | str) -> str:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {words}"[:400]
