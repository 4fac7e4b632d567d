"""The tables are made by the migrations, and these agree with the models."""

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import CheckConstraint, inspect, select, text

from groupvisits.accounts.models import Clinic
from groupvisits.agenda.models import Topic
from groupvisits.core import clock, database, transaction
from groupvisits.core.health import newest_revision
from groupvisits.extensions import db
from groupvisits.migrations.types import same_type
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import Seat
from tests.cast import Cast, arrange_cast


@pytest.fixture
def migrated(cast: Cast, app: Flask) -> Iterator[Flask]:
    """With the cast's rows in the tables; the tables are there again afterwards."""
    with app.app_context():
        yield app
        db.session.remove()
        upgrade()


def test_go_down_and_up_with_data(migrated: Flask) -> None:
    db.session.remove()
    downgrade(revision="base")
    assert inspect(database.writes().engine).get_table_names() == ["alembic_version"]
    upgrade()
    with transaction.write() as tx:
        arrange_cast(tx)
    assert db.session.query(Clinic).count() == 2


def test_one_step_back_and_forth_keeps_what_was_there(migrated: Flask, cast: Cast) -> None:
    with transaction.write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).state = "offered"
    db.session.remove()
    downgrade(revision="0001")
    upgrade()
    states = dict(db.session.execute(select(Seat.patient_id, Seat.state)).all())
    assert states.pop(cast.rosa.id) == "invited"
    assert set(states.values()) == {"confirmed"}
    assert db.session.get_one(Group, cast.group_id).every_weeks == 4


def test_a_topic_that_was_joined_waits_for_the_next_visit_where_the_older_tables_know_no_joining(migrated: Flask, cast: Cast) -> None:
    topic = Topic(id="t1", session_id=cast.session_id, patient_id=cast.rosa.id, words="Feet", route="group", state="merged", proposed_at=clock.now())
    with transaction.write() as tx:
        tx.add(topic)
    db.session.remove()
    downgrade(revision="0002")
    assert db.session.execute(text("SELECT state FROM topics")).scalars().all() == ["parked"]
    db.session.remove()
    upgrade()
    found = db.session.get_one(Topic, "t1")
    assert (found.state, found.rev, found.hidden_because) == ("parked", 0, "")


def test_the_models_have_nothing_the_migrations_lack(migrated: Flask) -> None:
    with database.writes().engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": same_type})
        assert compare_metadata(context, db.metadata) == []
        assert context.get_current_revision() == newest_revision(migrated)


def test_allowed_states_are_the_same_in_code_and_database(migrated: Flask) -> None:
    """Alembic does not see a new value in a CHECK."""
    with database.writes().engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            wanted = {c.name: _words(str(c.sqltext)) for c in table.constraints if isinstance(c, CheckConstraint) and c.name}
            there = {c["name"]: _words(str(c["sqltext"])) for c in inspect(connection).get_check_constraints(table.name)}
            assert there == wanted, table.name


def test_triggers_stand_where_the_models_say(migrated: Flask) -> None:
    with database.writes().engine.connect() as connection:
        if database.writes().is_sqlite:
            found = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))}
            assert len(found) == 9
        else:
            found = {row[0] for row in connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))}
            assert len(found) == 3


def _words(condition: str) -> set[str]:
    return set(re.findall(r"'([a-z_0-9]+)'", condition))
