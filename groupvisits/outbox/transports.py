"""How a message leaves: by SMTP, or as a file in the instance folder where no server is set (the demo, a first look)."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config import Config
from groupvisits.core import clock
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.service import AddressRefused, Transport


def transport_for(config: Config) -> Transport:
    return SmtpTransport(config.smtp_url, config.mail_from) if config.smtp_url else FileTransport(config.instance / "mail", config.mail_from)


def as_email(message: OutboxMessage, sender: str) -> EmailMessage:
    """Plain text, one recipient. Raises ValueError for an address with a line break in it."""
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = sender, message.address, " ".join(message.subject.split())
    email["Date"], email["Message-ID"] = format_datetime(clock.now()), make_msgid(message.id, domain="groupvisits.invalid")
    email.set_content(message.text)
    return email


class SmtpTransport:
    """smtp://user:password@host:port (STARTTLS where the server offers it) or smtps:// (TLS from the first byte)."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "smtps"
        self.host, self.port = parts.hostname or "localhost", parts.port or (465 if self.tls else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.sender = sender

    def send(self, message: OutboxMessage) -> None:
        context = ssl.create_default_context()
        connect = (
            (lambda: smtplib.SMTP_SSL(self.host, self.port, timeout=20, context=context))
            if self.tls
            else (lambda: smtplib.SMTP(self.host, self.port, timeout=20))
        )
        with connect() as server:
            if not self.tls and server.has_extn("starttls"):
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            try:
                server.send_message(as_email(message, self.sender))
            except smtplib.SMTPRecipientsRefused as refusal:
                raise AddressRefused("The mail server does not know this address.") from refusal


class FileTransport:
    """Writes each message to a file whose name sorts by time."""

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder, self.sender = folder, sender

    def send(self, message: OutboxMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{clock.now():%Y%m%d-%H%M%S-%f}-{message.kind}.eml"
        (self.folder / name).write_bytes(bytes(as_email(message, self.sender)))
