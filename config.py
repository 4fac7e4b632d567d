"""What may differ from one installation to the next; nothing else reads the environment.

Every setting is checked when the server starts: a clinic learns of a wrong one then, not in the middle of a visit.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
EVERYWHERE = "0.0.0.0"  # noqa: S104  # listening on the local network is the installation's choice


class ConfigurationError(Exception):
    """A setting is missing, unreadable or unsafe; the message says which one and what to write instead."""


@dataclass(frozen=True)
class Config:
    """The settings of one installation. `from_environment` fills them, `check` refuses unsafe ones."""

    secret_key: str = field(repr=False)
    instance: Path = ROOT / "instance"
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 5000
    public_url: str = ""
    smtp_url: str = field(default="", repr=False)
    mail_from: str = "groupvisits@example.org"
    sms_url: str = ""
    sms_token: str = field(default="", repr=False)
    sms_from: str = ""
    redis_url: str = field(default="", repr=False)
    processes: int = 1
    proxies: int = 0
    background_worker: bool = True
    testing: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Config":
        env = os.environ if environ is None else environ
        instance = Path(env.get("INSTANCE") or ROOT / "instance").absolute()
        host, port = env.get("HOST") or cls.host, _whole_number(env, "PORT", cls.port)
        return cls(
            secret_key=env.get("SECRET_KEY") or _kept_secret(instance),
            instance=instance,
            database_url=env.get("DATABASE_URL", ""),
            host=host,
            port=port,
            public_url=(env.get("PUBLIC_URL") or f"http://{_own_address() if host == EVERYWHERE else host}:{port}").rstrip("/"),
            smtp_url=env.get("SMTP_URL", ""),
            mail_from=env.get("MAIL_FROM", cls.mail_from),
            sms_url=env.get("SMS_URL", ""),
            sms_token=env.get("SMS_TOKEN", ""),
            sms_from=env.get("SMS_FROM", ""),
            redis_url=env.get("REDIS_URL", ""),
            processes=_whole_number(env, "PROCESSES", 1),
            proxies=_whole_number(env, "PROXIES", 0),
            background_worker=env.get("BACKGROUND_WORKER", "on") != "off",
        ).check()

    def check(self) -> "Config":
        """Return the configuration; refuse it with ConfigurationError where it would put patients' data at risk."""
        if len(self.secret_key) < 32:
            raise ConfigurationError("SECRET_KEY is too short: use at least 32 characters, or leave it out and one is made and kept for you.")
        if not 0 < self.port < 65536:
            raise ConfigurationError("PORT must be between 1 and 65535.")
        if self.processes > 1 and not self.redis_url:
            raise ConfigurationError("More than one process needs REDIS_URL: without a shared queue half of the room would miss what the other half does.")
        if self.processes > 1 and self.is_sqlite:
            raise ConfigurationError("More than one process needs PostgreSQL: set DATABASE_URL.")
        address = urlsplit(self.public_url)
        if self.public_url and (address.scheme not in ("http", "https") or not address.hostname):
            raise ConfigurationError("PUBLIC_URL must look like https://visits.example.org.")
        if self.public_url and address.scheme == "http" and not _is_local(address.hostname or ""):
            raise ConfigurationError("PUBLIC_URL must begin with https:// unless it is an address of the clinic's own network.")
        gateway = urlsplit(self.sms_url)
        if self.sms_url and (gateway.scheme not in ("http", "https") or not gateway.hostname):
            raise ConfigurationError("SMS_URL must look like https://texts.example.org/messages.")
        if self.sms_url and gateway.scheme == "http" and not _is_local(gateway.hostname or ""):
            raise ConfigurationError("SMS_URL must begin with https:// unless it is an address of the clinic's own network.")
        if self.sms_url and len(self.sms_token) < 20:
            raise ConfigurationError("SMS_TOKEN is too short: the gateway and this program know each other by it. Use at least 20 characters.")
        return self

    @property
    def database_uri(self) -> str:
        """The database's address in SQLAlchemy's words; SQLite in the instance folder when none is set."""
        if not self.database_url:
            return f"sqlite:///{self.instance / 'groupvisits.db'}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else self.database_url

    @property
    def is_sqlite(self) -> bool:
        return self.database_uri.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(env.get(name) or default)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number.") from None


def _own_address() -> str:
    """This machine's address in the local network, as a phone beside it would type it. Asks the routing table; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


def _kept_secret(instance: Path) -> str:
    """A secret made once and kept beside the database, so that nobody runs a clinic on a well-known default."""
    path = instance / "secret-key"
    if not path.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _is_local(hostname: str) -> bool:
    try:
        return ip_address(hostname).is_private
    except ValueError:
        return hostname == "localhost" or "." not in hostname or hostname.endswith((".local", ".lan", ".internal", ".home.arpa"))
