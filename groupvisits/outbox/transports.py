"""How a message leaves: by SMTP or a text-message gateway, or as a file in the instance folder where none is set (the demo, a first look)."""

import http.client
import json
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

OWN_NAMES = ("localhost", "127.0.0.1", "::1")


def transport_for(config: Config) -> Transport:
    files = FileTransport(config.instance / "mail", config.mail_from)
    return Channels(
        email=SmtpTransport(config.smtp_url, config.mail_from) if config.smtp_url else files,
        text=TextTransport(config.sms_url, config.sms_token, config.sms_from) if config.sms_url else files,
    )


class Channels:
    """Each message by its own channel."""

    def __init__(self, *, email: Transport, text: Transport) -> None:
        self.by_channel = {"email": email, "text": text}

    def send(self, message: OutboxMessage) -> str | None:
        return self.by_channel[message.channel].send(message)


def as_email(message: OutboxMessage, sender: str) -> EmailMessage:
    """Plain text, one recipient, and the calendar part last. Raises ValueError for an address with a line break in it."""
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = sender, message.address, " ".join(message.subject.split())
    email["Date"], email["Message-ID"] = format_datetime(clock.now()), make_msgid(message.id, domain="groupvisits.invalid")
    email["Content-Language"] = message.language
    email.set_content(message.text)
    if message.calendar:
        method = next((line[7:] for line in message.calendar.splitlines() if line.startswith("METHOD:")), "")
        # Programs take the last alternative that they understand; the method stands here and in the file, as both are looked at.
        email.add_alternative(message.calendar.replace("\r\n", "\n"), subtype="calendar", params={"method": method})
    return email


class SmtpTransport:
    """smtp://user:password@host:port (STARTTLS where another machine offers it) or smtps:// (TLS from the first byte).

    The certificate is checked. A mail server on this machine is spoken to in clear: it often has a certificate that nobody signed.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "smtps"
        self.host, self.port = parts.hostname or "localhost", parts.port or (465 if self.tls else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.sender = sender

    def send(self, message: OutboxMessage) -> str | None:
        context = ssl.create_default_context()
        connect = (
            (lambda: smtplib.SMTP_SSL(self.host, self.port, timeout=20, context=context))
            if self.tls
            else (lambda: smtplib.SMTP(self.host, self.port, timeout=20))
        )
        with connect() as server:
            server.ehlo_or_helo_if_needed()  # before the greeting, what the server offers is unknown
            if not self.tls and self.host not in OWN_NAMES and server.has_extn("starttls"):
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            try:
                server.send_message(as_email(message, self.sender))
            except smtplib.SMTPRecipientsRefused as refusal:
                raise AddressRefused("The mail server does not know this address.") from refusal


class TextTransport:
    """A text-message gateway: POST {"to", "from", "text", "reference"} as JSON with a bearer token; it answers 2xx, perhaps with {"id"}.

    No redirect is followed, so that the token goes nowhere else. `reference` is the message's own id: the same one is the same text.
    """

    UNKNOWN_NUMBER = frozenset({400, 404, 410, 422})  # trying again would not help; 401, 403 and 429 are ours to put right

    def __init__(self, url: str, token: str, sender: str) -> None:
        self.url, self.token, self.sender = urlsplit(url), token, sender

    def send(self, message: OutboxMessage) -> str | None:
        secure = self.url.scheme == "https"
        gateway = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(self.url.hostname or "", self.url.port, timeout=20)
        body = json.dumps({"to": message.address, "from": self.sender, "text": message.text, "reference": message.id})
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            gateway.request("POST", (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else ""), body.encode(), headers)
            answer = gateway.getresponse()
            told = answer.read(64 * 1024)
        finally:
            gateway.close()
        if answer.status in self.UNKNOWN_NUMBER:
            raise AddressRefused("The text message gateway does not know this number.")
        if not 200 <= answer.status < 300:
            raise GatewayRefused(answer.status)
        return _id_in(told)


class GatewayRefused(Exception):
    """The gateway is busy, or does not take our token: tried again later."""


def _id_in(told: bytes) -> str | None:
    """None for an answer we cannot read or keep: the text has left, and trying again would send it twice."""
    try:
        answer = json.loads(told)
    except (ValueError, RecursionError):
        return None
    found = answer.get("id") if isinstance(answer, dict) else None
    return str(found)[:80] if isinstance(found, str | int) and str(found).isprintable() else None


class FileTransport:
    """Writes each message to a file whose name sorts by time; what would be a text message ends in .txt."""

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder, self.sender = folder, sender

    def send(self, message: OutboxMessage) -> str | None:
        self.folder.mkdir(parents=True, exist_ok=True)
        is_text = message.channel == "text"
        name = f"{clock.now():%Y%m%d-%H%M%S-%f}-{message.kind}.{'txt' if is_text else 'eml'}"
        content = f"To: {message.address}\n\n{message.text}\n".encode() if is_text else bytes(as_email(message, self.sender))
        (self.folder / name).write_bytes(content)
        return None
