"""Alembic's environment: migrations run on the write engine, in one transaction each, on SQLite and PostgreSQL alike."""

from typing import Any

from alembic import context
from flask import current_app

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
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item, compare_type=same_type,
            **{key: value for key, value in current_app.extensions["migrate"].configure_args.items() if key not in ("compare_type", "render_as_batch")},
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
        connection.commit() if connection.in_transaction() else None


run()
