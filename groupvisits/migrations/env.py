"""Alembic's environment: migrations run on the write engine, in one transaction each, on SQLite and PostgreSQL alike."""

import contextlib
from collections.abc import Iterator
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from groupvisits.core.database import UtcDateTime, writes
from groupvisits.extensions import db
from groupvisits.migrations.types import same_type


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """A migration says what the column is in the database; our types may change their names later."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    engine = writes().engine
    with engine.connect() as connection, _tables_may_be_rebuilt(connection):
        context.configure(
            connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item, compare_type=same_type,
            **{key: value for key, value in current_app.extensions["migrate"].configure_args.items() if key not in ("compare_type", "render_as_batch")},
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
            _check_references(connection)
        connection.commit() if connection.in_transaction() else None


@contextlib.contextmanager
def _tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, which other tables' references would forbid. Works outside of a transaction only."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    """Nothing may point to a row that is no longer there; else the migration is undone."""
    if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
        raise RuntimeError(f"The migration would leave {len(lost)} references to nothing, the first in {lost[0][0]}. Nothing was changed.")


run()
