"""The large practice clinic, made small: exactly so many of each, and nothing in it that the verbs would not leave."""

import json

import pytest
from flask import Flask
from sqlalchemy import func, select

from groupvisits.accounts.models import Installation
from groupvisits.demo import large
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import HOLDING, GroupSession, Offer, Seat, WaitingListEntry
from tests.cast import Cast
from tests.demo.test_demo import make

HOW_MANY = {"PATIENTS": 260, "GROUPS": 15, "DATES": 220}


@pytest.fixture
def clinic(empty_database: Flask, monkeypatch: pytest.MonkeyPatch) -> dict:
    for name, number in HOW_MANY.items():
        monkeypatch.setattr(large, name, number)
    monkeypatch.setattr(large, "OFFERED", 1)
    result = empty_database.test_cli_runner().invoke(args=["demo", "--json", "--size", "large"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_there_are_exactly_so_many_patients_groups_and_dates_in_one_clinic(app: Flask, clinic: dict) -> None:
    with app.app_context():
        home = db.session.scalars(select(GroupSession.clinic_id).where(GroupSession.id == clinic["live_session_id"])).one()
        found = [db.session.scalar(select(func.count()).select_from(model).where(model.clinic_id == home)) for model in (Patient, Group, GroupSession)]
        assert found == list(HOW_MANY.values())
        assert db.session.get_one(Installation, 1).is_demo


def test_its_seats_waiting_lists_and_offers_fit_together(app: Flask, clinic: dict) -> None:
    with app.app_context():
        seats = db.session.execute(select(Seat, GroupSession).join(GroupSession, GroupSession.id == Seat.session_id)).all()
        assert all((seat.seat_no is not None) == (seat.state in HOLDING) for seat, _ in seats)
        assert all(seat.seat_no <= date.maximum for seat, date in seats if seat.seat_no)
        states = {(seat.session_id, seat.patient_id): seat.state for seat, _ in seats}
        entries = db.session.scalars(select(WaitingListEntry)).all()
        assert len(entries) > 5
        assert all(states[entry.session_id, entry.patient_id] == {"waiting": "waitlisted", "offered": "offered"}[entry.state] for entry in entries)
        offered = {entry.id for entry in entries if entry.state == "offered"}
        assert {offer.entry_id for offer in db.session.scalars(select(Offer).where(Offer.state == "open"))} == offered
        over = [(date.state, seat.state) for seat, date in seats if date.state == "closed"]
        assert {"attended", "no_show", "declined"} <= {state for _, state in over}


def test_what_it_prints_has_the_shape_of_the_normal_one(app: Flask, clinic: dict) -> None:
    normal = make(app)
    assert set(clinic) == set(normal)
    assert set(clinic["people"]) == set(normal["people"])


def test_it_never_touches_a_real_clinic(app: Flask, cast: Cast) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "--size", "large"])
    assert result.exit_code != 0
    assert "never touches it" in result.output
