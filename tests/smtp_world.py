"""A mail server for tests: aiosmtpd on a real socket, which keeps what it takes and can be in a bad
mood on demand.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.processes import free_ports
from bot.settings import Secret, SmtpServer


@dataclass
class Mailbox:
    """What the server was given. `answers`: its replies to the next recipients or data, by name
    ("rcpt", "data"), each used once; `hangs`: it takes the data and says nothing."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    hangs: bool = False
    port: int = 0

    def _say(self, about: str) -> str | None:
        waiting = self.answers.get(about)
        return waiting.pop(0) if waiting else None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._say("rcpt"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs:
            await asyncio.sleep(60)
        if refusal := self._say("data"):
            return refusal
        message = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    @property
    def server(self) -> SmtpServer:
        return SmtpServer(host="127.0.0.1", port=self.port, start_tls=False)

    def text(self, number: int = 0) -> str:
        body = self.messages[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@contextmanager
def mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    start_tls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    port: int = 0,
) -> Iterator[Mailbox]:
    """A server on a loopback port. `tls`: from the first byte; `start_tls`: on request, which it
    insists on; `login`: user and password without which it takes nothing."""

    def check(*args: object) -> AuthResult:
        data = args[-1]
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)

    mailbox = Mailbox(port=port or free_ports(1)[0])
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        ssl_context=tls,
        tls_context=start_tls,
        require_starttls=start_tls is not None,
        authenticator=check if login else None,
        auth_required=login is not None,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a new certificate for "localhost", and the file to believe it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context, path


def with_login(server: SmtpServer, user: str, password: str) -> SmtpServer:
    return replace(server, user=user, password=Secret(password))
