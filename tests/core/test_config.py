"""The configuration refuses what would put patients' data at risk."""

from pathlib import Path

import pytest

from config import Config, ConfigurationError

SAFE = {"SECRET_KEY": "x" * 40}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"PUBLIC_URL": "visits.example.org"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://visits.example.org"}, "https"),
        ({"PROCESSES": "2"}, "REDIS_URL"),
        ({"PROCESSES": "2", "REDIS_URL": "redis://localhost"}, "PostgreSQL"),
    ],
)
def test_refuses_unsafe_settings(settings: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Config.from_environment({**SAFE, "INSTANCE": str(tmp_path), **settings})


@pytest.mark.parametrize("address", ["http://192.168.1.20:5000", "http://localhost:5000", "http://visits.local", "https://visits.example.org"])
def test_plain_http_is_for_the_clinics_own_network(address: str, tmp_path: Path) -> None:
    assert Config.from_environment({**SAFE, "INSTANCE": str(tmp_path), "PUBLIC_URL": address}).public_url == address


def test_a_secret_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    first, second = (Config.from_environment({"INSTANCE": str(tmp_path)}) for _ in range(2))
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_no_secret_in_its_printed_form(tmp_path: Path) -> None:
    config = Config.from_environment({**SAFE, "INSTANCE": str(tmp_path), "SMTP_URL": "smtp://user:hidden@localhost"})
    assert "xxx" not in repr(config)
    assert "hidden" not in repr(config)


def test_a_postgresql_address_gets_its_driver(tmp_path: Path) -> None:
    config = Config.from_environment({**SAFE, "INSTANCE": str(tmp_path), "DATABASE_URL": "postgres://localhost/groupvisits"})
    assert config.database_uri == "postgresql+psycopg://localhost/groupvisits"
