"""One act, one transaction."""

import threading
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock, database, ids, transaction
from groupvisits.core.errors import Conflict
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from tests.cast import Cast


@dataclass(frozen=True)
class ClinicFounded:
    clinic_id: str


def found(tx: Transaction, name: str = "New clinic") -> str:
    clinic = Clinic(id=ids.new_id(), name=name, zone="UTC", created_at=clock.now())
    tx.add(clinic)
    tx.announce(ClinicFounded(clinic.id))
    return clinic.id


def names() -> list[str]:
    return sorted(db.session.scalars(select(Clinic.name)))


@pytest.mark.usefixtures("context")
class TestRun:
    def test_saves_all_or_nothing(self, cast: Cast) -> None:
        before = names()

        def founds_then_fails(tx: Transaction) -> None:
            found(tx)
            tx.flush()
            raise Conflict

        with pytest.raises(Conflict):
            run(founds_then_fails)
        assert names() == before

    def test_what_is_read_next_includes_what_was_written(self, cast: Cast) -> None:
        names()  # a read transaction is open now
        run(found, "Seen at once")
        assert "Seen at once" in names()

    def test_a_verb_never_starts_a_transaction(self, cast: Cast) -> None:
        with pytest.raises(RuntimeError, match="never starts"):
            run(lambda tx: run(found))

    def test_listeners_within_share_the_fate_of_the_verb(self, app: Flask, cast: Cast) -> None:
        before = names()

        def fails(tx: Transaction, event: ClinicFounded) -> None:
            raise Conflict

        app.extensions["listeners"].within(ClinicFounded, fails)
        try:
            with pytest.raises(Conflict):
                run(found)
        finally:
            app.extensions["listeners"]._within[ClinicFounded].clear()
        assert names() == before

    def test_a_failing_listener_after_the_commit_changes_nothing(self, app: Flask, cast: Cast) -> None:
        heard = []
        app.extensions["listeners"].after(ClinicFounded, lambda event: 1 / 0)
        app.extensions["listeners"].after(ClinicFounded, heard.append)
        try:
            clinic_id = run(found, "Stays")
        finally:
            app.extensions["listeners"]._after[ClinicFounded].clear()
        assert heard == [ClinicFounded(clinic_id)]
        assert "Stays" in names()

    def test_reads_cannot_write(self, cast: Cast) -> None:
        db.session.add(Clinic(id=ids.new_id(), name="Through the wrong door", zone="UTC", created_at=clock.now()))
        with pytest.raises(DBAPIError):
            db.session.flush()
        db.session.rollback()

    def test_a_naive_time_is_refused(self, cast: Cast) -> None:
        from datetime import datetime

        with pytest.raises(Exception, match="without a zone"):
            run(lambda tx: (tx.add(Clinic(id=ids.new_id(), name="x", zone="UTC", created_at=datetime(2026, 1, 1))), tx.flush()))


def test_writers_take_turns_and_none_is_lost(app: Flask, cast: Cast) -> None:
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        with app.app_context():
            barrier.wait(5)
            run(found, f"Clinic {number}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    with app.app_context():
        assert len([name for name in names() if name.startswith("Clinic ")]) == 8


def test_a_refused_constraint_gets_its_name_and_the_transaction_stays_usable(app: Flask, cast: Cast) -> None:
    from groupvisits.patients.models import Patient

    def add_twice(tx: Transaction) -> str:
        row = {"clinic_id": cast.clinic_id, "record_number": "MR0001", "given_name": "A", "family_name": "B", "display_name": "A", "created_at": clock.now()}
        try:
            with tx.refused_as(Conflict("taken"), "uq_patients_clinic_id_record_number"):
                tx.add(Patient(id=ids.new_id(), **row))
        except Conflict as refusal:
            return f"{refusal}, {found(tx, 'After the refusal') != ''}"
        return "saved"

    with app.app_context():
        assert transaction.run(add_twice) == "taken, True"
        assert "After the refusal" in names()


def test_two_acts_that_wait_for_each_other_are_both_done(app: Flask, cast: Cast) -> None:
    """On PostgreSQL; SQLite lets only one act write at a time."""
    with app.app_context():
        ids_made = sorted([run(found, "One"), run(found, "Other")])
        if database.writes().is_sqlite:
            return
    both_hold_one, tried, problems = threading.Barrier(2), [], []

    def add_a_sign(tx: Transaction, first: str, second: str) -> None:
        tried.append(first)
        tx.execute(update(Clinic).where(Clinic.id == first).values(name=Clinic.name + "!"))
        if tried.count(first) == 1:
            both_hold_one.wait(20)
        tx.execute(update(Clinic).where(Clinic.id == second).values(name=Clinic.name + "!"))

    def act(first: str, second: str) -> None:
        try:
            with app.app_context():
                run(add_a_sign, first, second)
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=act, args=pair) for pair in (ids_made, ids_made[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with app.app_context():
        assert problems == [] and len(tried) >= 3  # whoever gave up may be faster again than who waited
        assert {"One!!", "Other!!"} <= set(names())
