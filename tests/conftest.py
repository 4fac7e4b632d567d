"""One application per test process, an empty database per test, and the cast of the screens to play with.

The suite runs on SQLite, or on a real PostgreSQL with `--database postgresql`.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from config import Config
from groupvisits import create_app
from groupvisits.core import database, transaction
from groupvisits.extensions import db
from tests.cast import Cast, arrange_cast

IN_MEMORY = Path("/dev/shm")  # no test cuts the power: what they commit need not wait for a disk
# Deleting the few rows of a test is several times faster than truncating sixty tables; a replica asks no trigger and no reference.
# Without vacuum rows stay in the order they came in, as in a fresh table; a real truncation now and then keeps the tables small.
EMPTIED = """
    DO $$ DECLARE name text; BEGIN
      SET LOCAL session_replication_role = replica;
      FOREACH name IN ARRAY ARRAY[{}] LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP;
    END $$
"""
TRUNCATED_EVERY = 25
_emptied = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", default="sqlite", choices=["sqlite", "postgresql"])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Where CI is set nothing is skipped: what a test needs, .ci/run installs."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome, report.longrepr = (
            "failed",
            f"Skipped, although CI is set: {report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr}",
        )
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database: it has nothing to say here."""
    other = "postgresql_only" if config.getoption("--database") == "sqlite" else "sqlite_only"
    about_the_other = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=about_the_other)
    items[:] = [item for item in items if item not in about_the_other]


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    if request.config.getoption("--database") == "sqlite":
        yield ""
        return
    from tests.postgresql import new_database, server

    with server() as url, new_database(url, f"groupvisits_{worker_id}") as made:
        yield made


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    folder = Path(tempfile.mkdtemp(prefix="groupvisits-test-", dir=_in_memory()))
    config = Config(secret_key="not a secret, only for tests " * 2, instance=folder, database_url=database_url, public_url="http://localhost", testing=True)
    app = create_app(config)
    app.config.update(PROPAGATE_EXCEPTIONS=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        upgrade()
        database.writes().engine.dispose()
        db.engine.dispose()
    if not database_url:
        shutil.copy(folder / "groupvisits.db", folder / "empty.db")
    yield app
    with app.app_context():
        database.writes().engine.dispose()
        db.engine.dispose()
    shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> Path | None:
    has_room = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > 1_000_000_000
    return IN_MEMORY if has_room else None


@pytest.fixture
def empty_database(app: Flask) -> Flask:
    """The application with nothing in its tables."""
    folder: Path = app.extensions["config"].instance
    with app.app_context():
        writes = database.writes()
        if writes.is_sqlite:
            writes.engine.dispose()
            db.engine.dispose()
            for leftover in ("groupvisits.db-wal", "groupvisits.db-shm"):
                (folder / leftover).unlink(missing_ok=True)
            shutil.copy(folder / "empty.db", folder / "groupvisits.db")
        else:
            with writes.engine.begin() as connection:
                names = [table.name for table in db.metadata.sorted_tables]
                if next(_emptied) % TRUNCATED_EVERY:
                    connection.exec_driver_sql(EMPTIED.format(", ".join(f"'{name}'" for name in names)))
                else:
                    for name in names:
                        connection.exec_driver_sql(f'ALTER TABLE "{name}" SET (autovacuum_enabled = false)')
                    connection.exec_driver_sql("TRUNCATE " + ", ".join(f'"{name}"' for name in names) + " CASCADE")
    return app


@pytest.fixture
def cast(empty_database: Flask) -> Cast:
    """Two clinics and everybody in the screens; see tests/cast.py."""
    with empty_database.app_context(), transaction.write() as tx:
        return arrange_cast(tx)


@pytest.fixture
def context(cast: Cast, app: Flask) -> Iterator[None]:
    """An application context for tests that call verbs and queries directly. Not for tests that use a client."""
    with app.app_context():
        yield


@pytest.fixture(scope="session")
def worker_id() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
