"""The pages of the room and the ways in, as a browser meets them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from groupvisits.accounts import browser_sessions
from groupvisits.accounts.models import BrowserSession
from groupvisits.agenda.models import Topic
from groupvisits.agenda.rules import LATE_TOPICS
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import rules
from groupvisits.notes.models import ActionPlan, Note
from groupvisits.sessions.models import GroupSession, Seat, WaitingGuest
from groupvisits.sessions.service import check_in, close_session
from groupvisits.slots.models import Slot
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted

JSON = {"Accept": "application/json", "X-Background": "1"}


@pytest.fixture
def phone(app: Flask, cast: Cast) -> FlaskClient:
    """A browser nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def code(app: Flask, opened: str) -> str:
    with app.app_context():
        return str(db.session.get_one(GroupSession, opened).join_code)


@pytest.fixture
def slip(app: Flask, cast: Cast, opened: str) -> str:
    with app.app_context():
        return run(check_in, cast.joanne, opened, cast.seats["rosa"])


@pytest.mark.parametrize(("who", "audience"), [("rosa", "patient"), ("tomas", "facilitator"), ("tomas", "display")])
def test_each_room_opens_for_its_audience_with_a_first_snapshot(app: Flask, cast: Cast, opened: str, who: str, audience: str) -> None:
    page = signed_in(app, getattr(cast, who)).get(f"/sessions/{opened}/rooms/{audience}")
    assert page.status_code == 200
    assert "Tuesday evening group" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_wall_opens_for_its_display(app: Flask, cast: Cast, opened: str) -> None:
    display = signed_in(app, actors.display(ids.new_id(), cast.clinic_id, opened))
    assert display.get(f"/sessions/{opened}/rooms/display").status_code == 200
    assert display.get(f"/sessions/{opened}/snapshot?audience=facilitator", headers=JSON).status_code == 403


def another_date(cast: Cast, days: int, **more: str) -> str:
    """One more date of the group, to which Rosa has been asked."""
    with write() as tx:
        model = tx.get_one(GroupSession, cast.session_id)
        at = model.starts_at + timedelta(days=days)
        visit = a_date(tx, cast, at, **{"state": "planned", **more})
        tx.add(Seat(id=ids.new_id(), session_id=visit.id, patient_id=cast.rosa.id, state="invited", changed_at=clock.now()))
        return visit.id


def plan_for(cast: Cast, name: str, what: str) -> None:
    who = getattr(cast, name)
    with write() as tx:
        slot = tx.scalars(select(Slot).where(Slot.patient_id == who.id)).one()
        note = Note(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, slot_id=slot.id, patient_id=who.id, author_id=slot.provider_id, state="draft",
                    draft={}, revision=1, returned_because="", saved_at=clock.now(), created_at=clock.now())  # fmt: skip
        tx.add(note)
        tx.flush()
        tx.add(ActionPlan(id=ids.new_id(), note_id=note.id, patient_id=who.id, what=what, when_how_often="After lunch", confidence=8, made_at=clock.now()))


def test_after_the_visit_a_phone_shows_its_own_plan_and_the_next_date(app: Flask, cast: Cast, opened: str) -> None:
    with app.app_context():
        plan_for(cast, "rosa", "Walk to the church and back")
        plan_for(cast, "marcus", "A private plan")
        another_date(cast, 14, state="cancelled")
        next_id = another_date(cast, 28)
        another_date(cast, 56)
        run(close_session, cast.tomas, opened)
    rosa = signed_in(app, cast.rosa)
    me = rosa.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).json["me"]  # type: ignore[index]
    assert me["plan"] == {"what": "Walk to the church and back", "when_how_often": "After lunch", "confidence": 8}
    assert me["next_visit"]["id"] == next_id
    page = rosa.get(f"/sessions/{opened}/rooms/patient").text
    assert "Walk to the church and back" in page and "How sure you were: 8 out of 10." in page and "Next time" in page
    assert "A private plan" not in page


def test_a_date_that_passed_without_being_opened_is_nobodys_next_visit(app: Flask, cast: Cast, opened: str) -> None:
    with app.app_context():
        another_date(cast, 28)
        run(close_session, cast.tomas, opened)
        with write() as tx:
            for visit in tx.scalars(select(GroupSession)):
                visit.starts_at, visit.ends_at = visit.starts_at - timedelta(days=40), visit.ends_at - timedelta(days=40)
    assert signed_in(app, cast.rosa).get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).json["me"]["next_visit"] is None  # type: ignore[index]


@pytest.mark.parametrize("audience", ["nobody", ""])
def test_there_is_no_snapshot_for_an_audience_that_does_not_exist(app: Flask, cast: Cast, opened: str, audience: str) -> None:
    assert signed_in(app, cast.rosa).get(f"/sessions/{opened}/snapshot?audience={audience}", headers=JSON).status_code == 404


@pytest.mark.parametrize("audience", ["patient", "facilitator", "display", "clinician", "nobody", ""])
def test_a_snapshot_is_for_those_who_belong_there(app: Flask, cast: Cast, opened: str, audience: str) -> None:
    assert signed_in(app, cast.sol).get(f"/sessions/{opened}/snapshot?audience={audience}", headers=JSON).status_code == 404
    assert app.test_client().get(f"/sessions/{opened}/snapshot?audience={audience}", headers=JSON).status_code == 401


def test_a_snapshot_takes_the_same_number_of_reads_however_many_topics_there_are(app: Flask, cast: Cast, opened: str) -> None:
    browsers = {"patient": signed_in(app, cast.rosa), "facilitator": signed_in(app, cast.tomas), "clinician": signed_in(app, cast.osei)}

    def reads(audience: str) -> int:
        with counted(app) as asked:
            assert browsers[audience].get(f"/sessions/{opened}/snapshot?audience={audience}", headers=JSON).status_code == 200
        return sum(question.startswith("SELECT") for question in asked)

    def propose(*numbers: int) -> None:
        for number in numbers:
            body = {"words": f"Topic {number}", "route": "group" if number % 2 else "one_on_one"}
            assert marcus.post(f"/sessions/{opened}/commands/agenda:propose", json={"command_id": f"c{number}", "body": body}).json["ok"]

    marcus = signed_in(app, cast.marcus)
    propose(1, 2)
    before = {audience: reads(audience) for audience in browsers}
    propose(*range(3, 9))
    assert {audience: reads(audience) for audience in browsers} == before
    assert max(before.values()) <= 20


def test_a_plain_form_sends_a_command_and_comes_back(app: Flask, cast: Cast, opened: str) -> None:
    rosa = signed_in(app, cast.rosa)
    answer = rosa.post(f"/sessions/{opened}/commands/agenda:propose", data={"words": "Without script", "route": "group"})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{opened}/rooms/patient")
    assert "Without script" in rosa.get(answer.location).text


def test_the_qr_on_a_slip_shows_a_button_and_only_its_post_signs_in(app: Flask, cast: Cast, opened: str, slip: str, phone: FlaskClient) -> None:
    address = f"/slips/{opened}-{slip}"
    page = phone.get(address)
    assert page.status_code == 200 and "Rosa" not in page.text
    assert phone.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).status_code == 401
    answer = phone.post(address)
    assert answer.location == f"/sessions/{opened}/rooms/patient"
    assert phone.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).json["me"]["display_name"] == "Rosa"
    assert 'lang="es"' in phone.get(answer.location).text


@pytest.mark.parametrize("address", ["{session}-BCDFGH", "unknown-{slip}", "{slip}", "-", "{session}-"])
def test_a_slip_that_does_not_work_says_so_and_no_more(app: Flask, cast: Cast, opened: str, slip: str, phone: FlaskClient, address: str) -> None:
    answer = phone.post("/slips/" + address.format(session=opened, slip=slip))
    assert answer.status_code == rules.SlipDoesNotWork.status
    assert "ask a member of staff" in answer.text
    assert phone.get("/my/visits", headers=JSON).status_code == 401


def test_the_code_on_the_wall_and_the_code_on_the_slip_open_the_room(app: Flask, cast: Cast, opened: str, code: str, slip: str, phone: FlaskClient) -> None:
    assert code in phone.get(f"/join/{code}").text
    answer = phone.post("/join", data={"code": f"{code[:3]} {code[3:]}".lower(), "slip": slip})
    assert answer.location == f"/sessions/{opened}/rooms/patient"
    assert phone.get(answer.location).status_code == 200


@pytest.mark.parametrize(("typed_code", "typed_slip"), [("{code}", "BCDFGH"), ("BCDFGH", "{slip}"), ("BCDFGH", "BCDFGH")])
def test_wrong_codes_get_one_and_the_same_answer_and_stay_in_the_form(
    app: Flask, cast: Cast, code: str, slip: str, phone: FlaskClient, typed_code: str, typed_slip: str
) -> None:
    typed = {"code": typed_code.format(code=code), "slip": typed_slip.format(slip=slip)}
    answer = phone.post("/join", data=typed)
    assert answer.status_code == rules.WrongCode.status
    assert "These codes do not open a visit." in answer.text
    assert f'value="{typed["code"]}"' in answer.text


@pytest.mark.parametrize("typed", [{"code": "", "slip": "BCDFGH"}, {"code": "BCDFGH", "slip": ""}, {"code": "B" * 21, "slip": "BCDFGH"}])
def test_a_missing_or_overlong_code_is_no_guess(app: Flask, cast: Cast, code: str, phone: FlaskClient, typed: dict[str, str]) -> None:
    for _ in range(rules.TRIES_PER_BROWSER + 1):
        assert phone.post("/join", data=typed).status_code == 422


def test_guessing_is_stopped(app: Flask, cast: Cast, code: str, slip: str, phone: FlaskClient) -> None:
    phone.get("/join?lang=es")  # a browser with a cookie
    for _ in range(rules.TRIES_PER_BROWSER):
        phone.post("/join", data={"code": code, "slip": "BCDFGH"})
    assert phone.post("/join", data={"code": code, "slip": slip}).status_code == 429


def test_a_phone_at_the_door_is_told_when_the_visit_ends(app: Flask, cast: Cast, opened: str, code: str, phone: FlaskClient) -> None:
    phone.post("/join", data={"code": code, "no_slip": "yes"})
    assert "Please wait a moment" in phone.get("/join/waiting").text
    with app.app_context():
        run(close_session, cast.tomas, opened)
    assert phone.get("/join/waiting", headers=JSON).json == {"waiting": False, "address": "/join/waiting"}
    ended = phone.get("/join/waiting").text
    assert "This visit has ended" in ended and "Please wait" not in ended and "waiting.js" not in ended


def test_a_phone_without_a_slip_waits_and_is_let_in_without_a_tap(app: Flask, cast: Cast, opened: str, code: str, phone: FlaskClient) -> None:
    assert phone.post("/join", data={"code": code, "no_slip": "yes"}).location == "/join/waiting"
    assert phone.get("/join/waiting", headers=JSON).json == {"waiting": True, "number": 1}
    planted = phone.get_cookie("groupvisits")
    tomas = signed_in(app, cast.tomas)
    (guest,) = tomas.get(f"/sessions/{opened}/snapshot?audience=facilitator", headers=JSON).json["guests"]
    assert guest["number"] == 1
    body = {"command_id": "c1", "body": {"guest_id": guest["id"], "seat_id": cast.seats["gladys"]}}
    assert tomas.post(f"/sessions/{opened}/commands/live:admit", json=body).json["ok"]

    assert phone.get("/join/waiting", headers=JSON).json == {"waiting": False, "address": f"/sessions/{opened}/rooms/patient"}
    assert phone.get("/join/waiting").location == f"/sessions/{opened}/rooms/patient"
    assert phone.get(f"/sessions/{opened}/rooms/patient").status_code == 200
    assert phone.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).json["me"]["display_name"] == "Gladys"
    renewed = phone.get_cookie("groupvisits")
    assert planted and renewed and planted.value != renewed.value
    thief = app.test_client()
    thief.set_cookie("groupvisits", planted.value)
    assert thief.get("/my/visits", headers=JSON).status_code == 401
    assert tomas.get(f"/sessions/{opened}/snapshot?audience=facilitator", headers=JSON).json["guests"] == []


def test_whoever_waits_while_signed_in_is_signed_out_first(app: Flask, cast: Cast, opened: str, code: str) -> None:
    osei = signed_in(app, cast.osei)
    osei.post("/join", data={"code": code, "no_slip": "yes"})
    assert osei.get(f"/sessions/{opened}/snapshot?audience=clinician", headers=JSON).status_code == 401
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(WaitingGuest)) == 1


def test_a_known_phone_needs_only_the_qr_on_the_wall(app: Flask, cast: Cast, opened: str, code: str) -> None:
    assert signed_in(app, cast.rosa).get(f"/join/{code}").location == f"/sessions/{opened}/rooms/patient"
    for other in (cast.walter, cast.sunny, cast.tomas):
        assert signed_in(app, other).get(f"/join/{code}").status_code == 200


def test_closing_by_the_button_accounts_for_every_topic(app: Flask, cast: Cast, opened: str) -> None:
    signed_in(app, cast.rosa).post(f"/sessions/{opened}/commands/agenda:propose", data={"words": "Words", "route": "group"})
    tomas = signed_in(app, cast.tomas)
    answer = tomas.post(f"/sessions/{opened}/closings", headers=JSON).json
    assert answer["result"]["account"] == {"sent": 1, "accounted_for": 1, "one_on_one": 0}
    assert tomas.post(f"/sessions/{opened}/closings").location == f"/sessions/{opened}/rooms/facilitator"
    assert tomas.get(f"/sessions/{opened}/rooms/facilitator").status_code == 200
    assert signed_in(app, cast.osei).post(f"/sessions/{opened}/closings", headers=JSON).status_code == 403
    assert signed_in(app, cast.sol).post(f"/sessions/{opened}/closings", headers=JSON).status_code == 404


def test_names_leave_other_phones_with_the_end_of_the_visit(app: Flask, cast: Cast, opened: str) -> None:
    signed_in(app, cast.rosa).post(f"/sessions/{opened}/commands/agenda:propose", data={"words": "Words", "route": "group", "shows_name": "true"})
    marcus = signed_in(app, cast.marcus)

    def author() -> str | None:
        return marcus.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).json["topics"][0]["author"]

    assert author() == "Rosa"
    with app.app_context():
        run(close_session, cast.tomas, opened)
    assert author() is None


@pytest.fixture
def past(app: Flask, cast: Cast, opened: str) -> Iterator[str]:
    signed_in(app, cast.rosa).post(f"/sessions/{opened}/commands/agenda:propose", data={"words": "Cooking for a family", "route": "group"})
    with app.app_context():
        run(close_session, cast.tomas, opened)
    yield opened


def test_my_visits_shows_what_became_of_my_topics_and_nobody_elses(app: Flask, cast: Cast, past: str) -> None:
    assert "Cooking for a family" in signed_in(app, cast.rosa).get("/my/visits").text
    assert "Cooking for a family" not in signed_in(app, cast.marcus).get("/my/visits").text
    walter = signed_in(app, cast.walter).get("/my/visits")
    assert walter.status_code == 200 and past not in walter.text
    assert signed_in(app, cast.tomas).get("/my/visits").status_code == 403


def test_a_running_visit_comes_first_and_a_declined_one_is_not_to_come(app: Flask, cast: Cast, opened: str) -> None:
    assert f"/sessions/{opened}/rooms/patient" in signed_in(app, cast.rosa).get("/my/visits").text
    with app.app_context(), write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).state = "declined"
        tx.get_one(Seat, cast.seats["rosa"]).seat_no = None
    rosa = signed_in(app, cast.rosa)
    assert opened not in rosa.get("/my/visits").text
    assert rosa.get(f"/sessions/{opened}/snapshot?audience=patient", headers=JSON).status_code == 403


def test_the_same_topic_sent_by_a_form_twice_is_one_topic(app: Flask, cast: Cast, opened: str) -> None:
    rosa = signed_in(app, cast.rosa)
    for _ in range(2):
        rosa.post(f"/sessions/{opened}/commands/agenda:propose", data={"words": "Once", "route": "group", "command_id": "5e0c9a2e-4b11-4f6e-9b66-0d6f3e1f9a10"})
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Topic)) == 1


def test_without_script_a_refused_topic_comes_back_with_its_words_and_the_reason(app: Flask, cast: Cast) -> None:
    phone = signed_in(app, cast.rosa)
    too_long = "Why is my sugar high? " * 20
    answer = phone.post(f"/sessions/{cast.session_id}/commands/agenda:propose", data={"words": too_long, "route": "group"})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{cast.session_id}/rooms/patient")
    page = phone.get(f"{answer.location}?lang=en", follow_redirects=True).text
    assert "This is too long" in page
    assert too_long.strip() in page
    assert too_long.strip() not in phone.get(answer.location).text


@pytest.mark.parametrize(("state", "shown"), [("cancelled", "was not sent"), ("closed", '<details class="live-late" open>')])
def test_without_script_the_words_are_in_sight_where_there_is_no_box_any_more(app: Flask, cast: Cast, state: str, shown: str) -> None:
    with app.app_context(), write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.state, visit.closed_at = state, clock.now() - timedelta(days=2)
    phone = signed_in(app, cast.rosa)
    assert '<section id="late" class="live-part">' not in phone.get(f"/sessions/{cast.session_id}/rooms/patient").text
    answer = phone.post(f"/sessions/{cast.session_id}/commands/agenda:propose", data={"words": "Shoes that fit", "route": "group"})
    page = phone.get(f"{answer.location}?lang=en", follow_redirects=True).text
    assert "Shoes that fit" in page and shown in page


def test_of_a_whole_book_sent_without_script_only_the_first_page_is_kept(app: Flask, cast: Cast) -> None:
    phone = signed_in(app, cast.rosa)
    phone.post(f"/sessions/{cast.session_id}/commands/agenda:propose", data={"words": "w" * 5000, "route": "group"})
    page = phone.get(f"/sessions/{cast.session_id}/rooms/patient").text
    assert "w" * 2000 in page and "w" * 2001 not in page


def test_a_phone_and_the_console_are_told_until_when_topics_are_taken_after_the_close(app: Flask, cast: Cast) -> None:
    closed_at = clock.now()

    def told() -> list[str | None]:
        asked = ((cast.rosa, "patient"), (cast.tomas, "facilitator"))
        return [signed_in(app, who).get(f"/sessions/{cast.session_id}/snapshot?audience={role}").json["run"]["takes_topics_until"] for who, role in asked]

    assert told() == [None, None]
    with app.app_context(), write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.state, visit.closed_at = "closed", closed_at
    assert told() == [(closed_at + LATE_TOPICS).isoformat()] * 2


def test_a_page_is_shown_although_nobody_can_note_that_it_was_asked_for(app: Flask, cast: Cast, opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the disk is full, or another process holds the database."""
    rosa, room = signed_in(app, cast.rosa), f"/sessions/{opened}/rooms/patient"
    rosa.get(room)
    with app.app_context(), write() as tx:
        tx.execute(update(BrowserSession).values(seen_at=clock.now() - timedelta(minutes=5)))

    def full(*_args: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(browser_sessions, "run", full)
    assert rosa.get(room).status_code == 200
