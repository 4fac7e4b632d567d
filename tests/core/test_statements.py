"""Compiled statements write and read what the ORM would, on both databases."""

import importlib
import pkgutil
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, select, update

import groupvisits
from groupvisits.accounts.models import BrowserSession, Clinic
from groupvisits.agenda.models import Support, Topic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.commands import CommandRecord
from groupvisits.core.statements import Added, Statement, columns, table_of
from groupvisits.core.transaction import write
from groupvisits.extensions import db
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")
MOMENT = datetime(2026, 11, 24, 23, 5, 59, 123456, tzinfo=UTC)


def all_statements() -> dict[str, Statement]:
    """Every statement of the product, by where it stands."""
    found = {}
    for module in pkgutil.walk_packages(groupvisits.__path__, "groupvisits."):
        if "migrations" not in module.name:
            values = vars(importlib.import_module(module.name)).items()
            found |= {f"{module.name}.{name}": value for name, value in values if isinstance(value, Statement)}
    return found


@pytest.mark.parametrize("where", sorted(all_statements()))
def test_every_statement_runs_on_this_database(cast: Cast, where: str) -> None:
    """With values of the columns' own types, about rows that do not exist: what it finds is tried where it is used."""
    statement = all_statements()[where]
    if isinstance(statement, Added):
        return  # tried below, with rows
    with write() as tx:
        binds = statement.core.compile(dialect=tx.dialect).params
        values = {
            name: 1 if re.search("version|number", name) else MOMENT if name.endswith("_at") else "none" for name, value in binds.items() if value is None
        }
        found: Any = statement.all(tx, **values) if hasattr(statement.core, "selected_columns") else statement.do(tx, **values)
        assert not found or {type(value) for row in found for value in row} <= {int, type(None)}, "a count at most"


def rows(cast: Cast) -> dict[type, dict[str, Any]]:
    topic_id = ids.new_id()
    return {
        Topic: {"id": topic_id, "session_id": cast.session_id, "patient_id": cast.rosa.id, "words": "¿Qué cuesta? 50 % 🙂", "route": "group", "shows_name": True,
                "proposed_at": MOMENT, "ended_at": None, "still_matters": None, "version": 3},
        Support: {"topic_id": topic_id, "patient_id": cast.marcus.id, "at": MOMENT},
        CommandRecord: {"id": "c", "actor": "a", "body_hash": "h", "result": {"version": 1, "words": "ñ", "none": None}, "received_at": MOMENT},
        AuditEntry: {"chain_id": "chain", "number": 1, "at": MOMENT, "actor_kind": "system", "actor_id": "", "action": "x", "details": {"on": True}, "mac": "m"},
    }  # fmt: skip


def test_an_added_row_is_the_row_the_orm_would_have_added(app: Flask, cast: Cast) -> None:
    from groupvisits.audit.models import AuditChain

    tried = rows(cast)
    with write() as tx:
        tx.add(AuditChain(id="chain"))
        tx.flush()
        for model, values in tried.items():
            assert Added(model).do(tx, **values) == 1
    for model, values in tried.items():
        expected = model(**values)
        keys = {key: values[key] for key in (column.name for column in table_of(model).primary_key)}
        found = db.session.get(model, keys)
        assert found is not None
        for column in table_of(model).c:
            default = None if column.default is None else column.default.arg(None) if column.default.is_callable else column.default.arg
            assert getattr(found, column.name) == (getattr(expected, column.name) if column.name in values else default), column.name
    added = {statement.core.table.name for statement in all_statements().values() if isinstance(statement, Added)}
    assert added <= {table_of(model).name for model in tried}, "show here that its rows are those of the ORM"


def test_a_row_read_by_a_statement_has_the_values_of_the_orm(cast: Cast) -> None:
    now = clock.now()
    with write() as tx:
        for model, values in rows(cast).items():
            if model in (Topic, CommandRecord):
                Added(model).do(tx, **values)
        tx.add(BrowserSession(id="b", patient_id=cast.rosa.id, data={"name": "Rosa"}, created_at=now, seen_at=now, ends_at=MOMENT))
        tx.flush()
        for model in (Topic, CommandRecord, BrowserSession, Clinic):
            key = table_of(model).c.id
            expected = tx.scalars(select(model).limit(1)).one() if model is not Clinic else tx.get_one(Clinic, cast.clinic_id)
            found = Statement(select(*columns(model)).where(key == bindparam("id"))).one(tx, id=expected.id)
            assert found._asdict() == {column.name: getattr(expected, column.name) for column in table_of(model).c}


def test_nothing_found_is_none_and_a_fixed_value_needs_no_parameter(cast: Cast) -> None:
    clinics = table_of(Clinic)
    by_id = Statement(select(clinics.c.name).where(clinics.c.id == bindparam("id"), clinics.c.zone == "America/New_York"))
    rename = Statement(update(clinics).where(clinics.c.id == bindparam("clinic")).values(name=bindparam("called")).returning(clinics.c.name))
    with write() as tx:
        assert by_id.one(tx, id="nobody") is None and by_id.value(tx, id="nobody") is None
        assert by_id.value(tx, id=cast.clinic_id) == "Millbrook Community Clinic"
        assert rename.value(tx, clinic=cast.clinic_id, called="100 % Health") == "100 % Health"
        assert Statement(select(func.count().label("n")).select_from(clinics)).value(tx) == 2
        with pytest.raises(KeyError):
            by_id.one(tx)
