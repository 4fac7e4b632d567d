"""Two ways to the database: connections that only read, behind `db.session`, and one write engine behind `core.transaction`.

SQLite begins a deferred transaction for a read and an immediate one for a write: with the driver's defaults two people who look
at the last free seat both take it. The process-wide lock keeps a greenlet that waits for the disk from freezing the others.
"""

import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import DateTime, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

from groupvisits.core import quick_json
from groupvisits.core.errors import Busy
from groupvisits.extensions import db

WAIT_SECONDS = 10.0


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Naive times are refused: nobody could tell later which clock they came from."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        value = _in_utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    # For SQLite the same texts as SQLAlchemy's, written and read in one step: a proposal has ten moments.
    def bind_processor(self, dialect: Any) -> Any:
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("A time without a zone cannot be stored.")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds")[:-6]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


_JSON: dict[str, Any] = {"json_serializer": quick_json.dumps, "json_deserializer": quick_json.loads}


class Writes:
    """The write engine of one application and the lock that lets one write transaction at a time hold SQLite."""

    def __init__(self, uri: str) -> None:
        self.is_sqlite = uri.startswith("sqlite")
        self.lock = threading.Lock()
        self.engine = write_engine(uri)


def init_app(app: Flask, uri: str) -> None:
    """Bind `db` for reading and put the write engine at `app.extensions["writes"]`."""
    sqlite = uri.startswith("sqlite")
    # hide_parameters: what patients wrote must not reach the log when a statement fails.
    app.config["SQLALCHEMY_DATABASE_URI"] = uri
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = (
        {"hide_parameters": True, **_JSON, "poolclass": QueuePool, "pool_size": 20, "max_overflow": 40, "connect_args": {"check_same_thread": False}}
        if sqlite
        else {
            "hide_parameters": True,
            **_JSON,
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 20,
            "connect_args": {"options": "-c default_transaction_read_only=on -c timezone=UTC"},
        }
    )
    db.init_app(app)
    app.extensions["writes"] = Writes(uri)
    if sqlite:
        with app.app_context():
            _prepare_sqlite(db.engine, reads_only=True)


def writes() -> Writes:
    return current_app.extensions["writes"]


def write_engine(uri: str) -> Engine:
    """An engine whose transactions begin by taking the right to write."""
    if not uri.startswith("sqlite"):
        return create_engine(uri, hide_parameters=True, **_JSON, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"options": "-c timezone=UTC"})
    Path(uri.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(uri, hide_parameters=True, **_JSON, poolclass=QueuePool, pool_size=2, max_overflow=8, connect_args={"check_same_thread": False})
    _prepare_sqlite(engine, reads_only=False)
    return engine


def _prepare_sqlite(engine: Engine, *, reads_only: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in ("busy_timeout=0", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            _retried(lambda pragma=pragma: connection.execute(f"PRAGMA {pragma}"))
        # What a savepoint may have to undo, and what a full transaction has changed, stays in memory until the commit: no disk in between.
        for pragma in ("query_only=ON",) if reads_only else ("temp_store=MEMORY", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        if reads_only:
            connection.exec_driver_sql("BEGIN")
        else:
            _retried(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _retried(attempt: Any) -> None:
    """Wait for another process's lock by sleeping here: SQLite's own busy wait would stop every greenlet."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            attempt()
            return
        except (OperationalError, sqlite3.OperationalError) as refusal:
            if "locked" not in str(refusal):
                raise
            if time.monotonic() > deadline:
                raise Busy from refusal
            time.sleep(0.005)
