"""Alembic's environment: migrations run on the write engine, in one transaction each, on SQLite and PostgreSQL alike."""

from typing import Any

from alembic import context
from flask import current_app

from groupvisits.core.database import UtcDateTime, writes
from groupvisits.extensions import db


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """A migration says what the column is in the database; our types may change their names later."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def compare_type(_context: Any, _inspected: Any, _metadata: Any, inspected_type: Any, metadata_type: Any) -> bool | None:
    # SQLite keeps no time zone in the type, so its DATETIME is what UtcDateTime asks for.
    if isinstance(metadata_type, UtcDateTime):
        return "DATETIME" not in str(inspected_type).upper() and "TIMESTAMP" not in str(inspected_type).upper()
    return None


def run() -> None:
    engine = writes().engine
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item, compare_type=compare_type,
            **{key: value for key, value in current_app.extensions["migrate"].configure_args.items() if key not in ("compare_type", "render_as_batch")},
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
        connection.commit() if connection.in_transaction() else None


run()
