"""The practice clinic: what outside tools rely on, and that it never touches a real clinic."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from groupvisits.accounts.models import Clinic, Installation, StaffMember
from groupvisits.agenda.models import Alarm, PreVisitForm, Topic, TopicTranslation
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock
from groupvisits.demo import build, scheduling
from groupvisits.demo.commands import START_PAGES
from groupvisits.extensions import db
from groupvisits.feedback.models import FeedbackResponse
from groupvisits.live.models import TalkAccount
from groupvisits.notes import rules as note_rules
from groupvisits.notes.models import NoteSignature
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import AgreementSignature, CarePartner, Patient
from groupvisits.programmes.models import Group, Recruit, RunSheetTemplate
from groupvisits.sessions.models import (
    HOLDING,
    AttendanceCorrection,
    Closure,
    GroupSession,
    IncomingText,
    Notice,
    Offer,
    SchedulerChange,
    Seat,
    SessionTeamMember,
    WaitingListEntry,
)
from groupvisits.sessions.queries.messages import call_list
from tests.cast import Cast


def make(app: Flask) -> dict[str, Any]:
    result = app.test_cli_runner().invoke(args=["demo", "--json"])
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    return json.loads(line)


@pytest.fixture
def demo(empty_database: Flask) -> Iterator[dict[str, Any]]:
    yield make(empty_database)


def test_prints_exactly_one_object_with_everybodys_way_in(app: Flask, demo: dict[str, Any]) -> None:
    assert {"clinic", "people", "patients", "join_url", "join_code", "slip_codes", "display_url", "live_session_id"} <= set(demo)
    assert {"coordinator", "facilitator", "resident", "attending", "reviewer", "admin", "stranger"} <= set(demo["people"])
    assert all(set(person) == {"email", "password", "url"} for person in demo["people"].values())
    assert len(demo["patients"]) >= 8
    assert len(demo["slip_codes"]) == len(demo["patients"])
    assert all(address.startswith("/") for address in (demo["join_url"], demo["display_url"], *(p["url"] for p in demo["patients"])))


@pytest.mark.parametrize("role", list(START_PAGES))
def test_everybody_signs_in_and_finds_their_page(app: Flask, demo: dict[str, Any], role: str) -> None:
    person, client = demo["people"][role], app.test_client()
    assert client.post("/sign-ins", data={"email": person["email"], "password": person["password"]}).status_code == 303
    assert client.get(person["url"]).status_code == 200


def test_phones_and_wall_come_in(app: Flask, demo: dict[str, Any]) -> None:
    room = f"/sessions/{demo['live_session_id']}/rooms"
    phone, slip, wall = app.test_client(), app.test_client(), app.test_client()
    assert phone.post(demo["patients"][0]["url"]).status_code == 303
    assert phone.get(f"{room}/patient").status_code == 200
    assert slip.post(f"/slips/{demo['live_session_id']}-{demo['slip_codes'][1]}").status_code in (302, 303)
    assert slip.get(f"{room}/patient").status_code == 200
    wall.get(demo["display_url"])
    assert wall.get(f"{room}/display").status_code == 200


def test_the_stranger_sees_nothing_of_it(app: Flask, demo: dict[str, Any]) -> None:
    person, client = demo["people"]["stranger"], app.test_client()
    client.post("/sign-ins", data={"email": person["email"], "password": person["password"]})
    assert client.get(f"/sessions/{demo['live_session_id']}").status_code == 404
    assert demo["patients"][0]["display_name"] not in client.get("/patients").text


def test_has_three_groups_with_a_year_behind_them_and_one_visit_live(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        sessions = db.session.execute(select(GroupSession.state, func.count(), func.count(GroupSession.group_id.distinct())).group_by(GroupSession.state)).all()
        assert {state: (many, groups) for state, many, groups in sessions} == {"closed": (36, 3), "open": (1, 1), "planned": (35, 3)}
        for model in (Seat, Topic, NoteSignature, FeedbackResponse):
            assert (db.session.scalar(select(func.count()).select_from(model)) or 0) > 100
        assert all(note_rules.digest(row.content) == row.sha256 for row in db.session.scalars(select(NoteSignature)))
        assert list(audit.verify(db.session())) == []


def test_nobody_meets_on_a_closed_day_but_who_meets_now(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        clinic = db.session.scalars(select(Clinic).where(Clinic.name == "Millbrook Community Clinic")).one()
        dates = db.session.scalars(select(GroupSession).where(GroupSession.state != "open")).all()
        closed = scheduling.closed_days(clinic, clock.now())
        assert [date.wall_time for date in dates if closed.get(datetime.fromisoformat(date.wall_time).date())] == []
        closures = db.session.scalars(select(Closure)).one()
        assert closed.get(closures.first_day) and closed.get(closures.last_day)


@pytest.mark.parametrize("day", ["2026-11-22", "2026-12-23", "2026-12-24", "2027-11-24", "2027-07-03", "2028-02-29"])
def test_on_whatever_day_it_is_made_no_date_but_the_live_one_is_on_a_closed_day(day: str) -> None:
    clinic, today = Clinic(country="US", subdivision="", zone="America/New_York"), date.fromisoformat(day)
    closed = scheduling.closed_days(clinic, datetime.combine(today, time(17), UTC))
    for weekday in range(7):
        group = Group(week=4, weekday=weekday)
        past, future = build.dates_of(group, today, closed, live=None)
        assert len(past) == len(future) == 12
        assert not any(closed.get(one) for one in (*past, *future))


def test_who_is_on_a_list_was_told_and_calls_can_be_read_in_english(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        unanswered = db.session.execute(select(Seat.session_id, Seat.patient_id).where(Seat.state.in_(("invited", "offered")))).all()
        invited = set(db.session.execute(select(Notice.session_id, Notice.patient_id).where(Notice.state == "sent")).all())
        assert unanswered and {tuple(row) for row in unanswered} <= {tuple(row) for row in invited}
        waiting = db.session.scalars(select(OutboxMessage).where(OutboxMessage.channel == "call", OutboxMessage.state == "waiting")).all()
        joanne = db.session.scalars(select(StaffMember).where(StaffMember.name == "Joanne Pike")).one()
        calls = [call for date in call_list(db.session(), actors.staff(joanne.id, joanne.clinic_id, {"coordinator"}, joanne.name)) for call in date.calls]
        assert len(calls) == len(waiting) > 0
        assert all(call.reading or call.message.language == "en" for call in calls)


def test_a_new_one_takes_the_old_ones_place(app: Flask, demo: dict[str, Any]) -> None:
    again = make(app)
    assert again["live_session_id"] != demo["live_session_id"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Clinic)) == 2
        assert db.session.get_one(Installation, 1).is_demo


def test_refuses_a_real_clinic(app: Flask, cast: Cast) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "--json"])
    assert result.exit_code != 0
    assert "never touches it" in result.output
    with app.app_context():
        assert db.session.get(Clinic, cast.clinic_id) is not None


def test_shows_a_full_date_with_an_offer_and_a_pair_behind_it(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        offer = db.session.scalars(select(Offer).where(Offer.state == "open")).one()
        date = db.session.get_one(GroupSession, offer.session_id)
        held = db.session.scalar(select(func.count()).where(Seat.session_id == date.id, Seat.state.in_(HOLDING)))
        entries = db.session.scalars(select(WaitingListEntry).where(WaitingListEntry.session_id == date.id)).all()
        assert held == date.maximum
        assert sorted(entry.state for entry in entries) == ["offered", "waiting", "waiting", "waiting", "waiting"]
        assert sum(entry.partner_id is not None for entry in entries) == 1
        assert [bool(entry.ahead_reason) for entry in entries].count(True) == 1


def test_the_open_visit_has_what_each_screen_of_it_can_show(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        visit = db.session.get_one(GroupSession, demo["live_session_id"])
        leads = select(func.count()).select_from(SessionTeamMember).where(SessionTeamMember.session_id == visit.id, SessionTeamMember.role == "facilitator")
        assert (db.session.scalar(leads), visit.led_by_id) == (2, None)
        alarm = db.session.scalars(select(Alarm)).one()
        assert (db.session.get_one(StaffMember, alarm.taken_by).name, alarm.ended_at) == ("Dr Hana Osei", None)
        assert db.session.get_one(Topic, alarm.topic_id).hidden_because == "alarm"
        joined = db.session.scalars(select(Topic).where(Topic.state == "merged")).one()
        assert db.session.get_one(Topic, joined.merged_into_id).state == "planned"
        translation = db.session.scalars(select(TopicTranslation)).one()
        assert db.session.get_one(Topic, translation.topic_id).state == "current"
        asked = db.session.scalars(select(Seat).join(Patient, Patient.id == Seat.patient_id).where(Patient.in_person, Seat.session_id == visit.id)).one()
        assert len(db.session.scalars(select(Seat.id).where(Seat.listening, Seat.session_id == visit.id)).all()) == 1
        assert asked.state == "arrived"


def test_each_visit_that_is_over_has_its_figures_of_the_talk(app: Flask, demo: dict[str, Any]) -> None:
    with app.app_context():
        figures = [account.figures for account in db.session.scalars(select(TalkAccount))]
        assert len(figures) == 36
        assert all(0 < each["heard"] <= each["here"] and 0 < each["minutes_on_topics"] <= each["minutes_open"] for each in figures)


def test_shows_what_scheduling_has(app: Flask, demo: dict[str, Any]) -> None:
    models = (
        AgreementSignature,
        AttendanceCorrection,
        CarePartner,
        Closure,
        IncomingText,
        OutboxMessage,
        PreVisitForm,
        Recruit,
        RunSheetTemplate,
        SchedulerChange,
    )
    with app.app_context():
        assert all(db.session.scalar(select(func.count()).select_from(model)) for model in models)


def test_every_phase_of_the_practice_visit_says_what_to_say_and_what_to_watch() -> None:
    assert all(phase["prompt"] and phase["watch"] for phase in build.RUN_SHEET)
