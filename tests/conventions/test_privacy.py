"""Anonymity is in the tables, and logs and audit details hold ids only."""

import ast

import pytest
from flask import Flask
from sqlalchemy import DateTime, text
from sqlalchemy.exc import DBAPIError

from config import ROOT
from groupvisits.core import database
from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

# Exactly these columns, so that whoever adds one has to read this.
ANONYMOUS = {
    "feedback_responses": {"id", "session_id", "answers", "batch"},
    "feedback_tokens": {"id", "session_id"},
    "feedback_handouts": {"seat_id"},  # that a seat was handed a form, never which and never when
}
PERSONAL = {
    "name",
    "given_name",
    "family_name",
    "display_name",
    "words",
    "text",
    "email",
    "address",
    "phone",
    "birth_date",
    "record_number",
    "note",
    "body",
    "password",
    "token",
    "code_typed",
}


@pytest.mark.parametrize("table", ANONYMOUS)
def test_an_answer_cannot_be_traced_to_a_person_or_a_moment(app: Flask, table: str) -> None:
    columns = db.metadata.tables[table].columns
    assert set(columns.keys()) == ANONYMOUS[table], (
        f"The columns of {table} have changed. It must hold nothing that tells who answered or when: no person, no time, no counter, no language, no device."
    )
    timed = [column.name for column in columns if isinstance(column.type, DateTime | UtcDateTime)]
    assert not timed, f"{table} holds a moment: {timed}."
    for column in columns:
        assert not column.autoincrement or column.autoincrement == "auto", f"{table}.{column.name} counts, and so keeps the order of arrival."


def test_nothing_links_an_answer_to_a_token() -> None:
    reached = {key.column.table.name for key in db.metadata.tables["feedback_responses"].foreign_keys}
    assert reached == {"feedback_forms"}
    pointing = [
        table.name for table in db.metadata.sorted_tables for key in table.foreign_keys if key.column.table.name in ("feedback_responses", "feedback_tokens")
    ]
    assert not pointing, f"{pointing} point at single answers or tokens."


@pytest.mark.parametrize("table", ANONYMOUS)
def test_the_database_keeps_no_order_of_arrival(app: Flask, empty_database: Flask, table: str) -> None:
    """SQLite returns the rows of an ordinary table in the order of their arrival."""
    assert db.metadata.tables[table].dialect_options["sqlite"]["with_rowid"] is False
    with app.app_context():
        if database.writes().is_sqlite:
            made = db.session.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}).scalar_one()
            assert "WITHOUT ROWID" in made


def test_migrations_make_the_anonymous_tables_without_an_order() -> None:
    first = "\n".join(path.read_text() for path in sorted((ROOT / "groupvisits" / "migrations" / "versions").glob("*.py")))
    for table in ANONYMOUS:
        made = first.partition(f'"{table}"')[2].partition("op.create_table")[0]
        assert "sqlite_with_rowid=False" in made, f"The migration makes {table} with row ids, which keep the order of arrival."


def test_a_failed_statement_does_not_put_words_into_the_log(app: Flask, empty_database: Flask) -> None:
    with app.app_context():
        for engine in (database.writes().engine, db.engine):
            with engine.connect() as connection, pytest.raises(DBAPIError) as failed:
                connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "My feet feel numb"})
            assert "numb" not in str(failed.value)


def test_audit_details_and_logs_hold_no_personal_words() -> None:
    found = []
    for path in (ROOT / "groupvisits").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
                continue
            writes = (call.func.value.id, call.func.attr)
            if writes == ("audit", "record") or writes[0] == "log":
                found += [f"{path.relative_to(ROOT)}:{call.lineno} {keyword.arg}" for keyword in call.keywords if keyword.arg in PERSONAL]
    assert not found, f"Audit details and logs hold ids, states, counts and staff's reasons, never what these look like: {', '.join(found)}."
