"""A patient's own pages: answers, the queue, offers, another day; only their own data, and an old page loses nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from groupvisits.core import clock, ids
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.home.my import rules
from groupvisits.patients import service as patients
from groupvisits.programmes.models import Group
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import GroupSession, Seat, WaitingListEntry
from groupvisits.sessions.service import offers, waiting
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted

JSON = {"Accept": "application/json", "X-Background": "1"}
NAMES = ("Marcus", "Gladys", "Teo", "Frank", "Beatriz", "Delgado", "Bell")


@pytest.mark.parametrize(
    ("state", "more", "answer"),
    [
        ("invited", {}, "open"), ("confirmed", {}, "yes"), ("confirmed", {"asked_again": True}, "moved"), ("declined", {}, "no"),
        ("declined", {"skips": True}, "skip"), ("waitlisted", {}, "waiting"), ("offered", {}, "offered"), ("arrived", {}, "here"),
        ("left_early", {}, "here"), ("cancelled", {}, "gone"),
    ],
)  # fmt: skip
def test_what_the_clinic_has_from_somebody(state: str, more: dict[str, bool], answer: str) -> None:
    assert rules.answer_of(state, **{"skips": False, "asked_again": False, **more}) == answer


@pytest.mark.parametrize(
    ("state", "hours", "phase"),
    [("planned", 1, "to_come"), ("planned", -1, "over"), ("open", -1, "running"), ("closed", 1, "over"), ("cancelled", 1, "cancelled")],
)
def test_where_a_date_stands(state: str, hours: int, phase: str) -> None:
    now = clock.now()
    assert rules.phase_of(state, now + timedelta(hours=hours), now) == phase


@pytest.fixture
def date(app: Flask, cast: Cast) -> str:
    """The Tuesday group's visit in three days; Rosa has not answered."""
    with app.app_context(), write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.starts_at, visit.ends_at = clock.now() + timedelta(days=3), clock.now() + timedelta(days=3, hours=2)
        seat = tx.get_one(Seat, cast.seats["rosa"])
        seat.state, seat.seat_no = "invited", None
    return cast.session_id


@pytest.fixture
def rosa(app: Flask, cast: Cast, date: str) -> FlaskClient:
    return signed_in(app, cast.rosa)


@pytest.fixture
def full(app: Flask, cast: Cast, date: str) -> str:
    """Five chairs for six people: the others have them all."""
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, date).maximum = 5
    return date


@pytest.fixture
def sister(app: Flask, cast: Cast, date: str) -> str:
    """A date of another group of the same programme, two days later."""
    with app.app_context(), write() as tx:
        model = tx.get_one(Group, cast.group_id)
        group = Group(id=ids.new_id(), clinic_id=cast.clinic_id, programme_id=cast.programme_id, name="Friday group", week=1, weekday=4, starts=model.starts,
                      minimum=1, target=2, maximum=2, minutes=120, created_at=clock.now())  # fmt: skip
        tx.add(group)
        tx.flush()
        at = clock.now() + timedelta(days=5)
        visit = a_date(tx, cast, at, group_id=group.id, room="Small room", maximum=2)
        return visit.id


def seat_of(app: Flask, patient_id: str, session_id: str) -> dict[str, Any]:
    with app.app_context():
        seat = db.session.scalars(select(Seat).where(Seat.patient_id == patient_id, Seat.session_id == session_id)).one()
        found = {"state": seat.state, "companions": seat.companions, "skips": seat.skips, "by": seat.answered_by}
        db.session.rollback()
    return found


def answer(browser: FlaskClient, session_id: str, said: str, **more: str) -> Any:
    return browser.post(f"/my/visits/{session_id}/answers", data={"answer": said, **more})


def test_a_visit_says_when_where_and_what_to_do(rosa: FlaskClient, date: str) -> None:
    listed, page = rosa.get("/my/visits").text, rosa.get(f"/my/visits/{date}").text
    assert "We wait for your answer" in listed and f"/my/visits/{date}" in listed
    for words in ("Will you come?", "Main room, Millbrook Community Clinic", "Skip this month", "Tell us what matters to you"):
        assert words in page


@pytest.mark.parametrize(
    ("said", "more", "seat", "message"),
    [
        ("yes", {"companions": "2"}, {"state": "confirmed", "companions": 2, "skips": False, "by": "patient"}, "The clinic has your yes"),
        ("yes", {}, {"state": "confirmed", "companions": 0, "skips": False, "by": "patient"}, "The clinic has your yes"),
        ("no", {}, {"state": "declined", "companions": 0, "skips": False, "by": "patient"}, "The clinic has your no"),
        ("skip", {}, {"state": "declined", "companions": 0, "skips": True, "by": "patient"}, "You skip this one"),
    ],
)
def test_an_answer_is_received_once_and_says_what_comes_next(
    app: Flask, cast: Cast, rosa: FlaskClient, date: str, said: str, more: dict[str, str], seat: dict[str, Any], message: str
) -> None:
    for _ in range(2):
        sent = answer(rosa, date, said, **more)
        assert (sent.status_code, sent.location) == (303, f"/my/visits/{date}")
    assert seat_of(app, cast.rosa.id, date) == seat
    assert message in rosa.get(f"/my/visits/{date}").text


def test_a_quick_yes_leaves_the_company_as_it_was(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    answer(rosa, date, "yes", companions="2")
    answer(rosa, date, "yes")
    assert seat_of(app, cast.rosa.id, date)["companions"] == 2


@pytest.mark.parametrize("companions", ["-1", "5", "2.5", "many", "9" * 400, "٣٣", "x" * 10_000])
def test_an_impossible_number_of_people_is_answered_beside_the_box(app: Flask, cast: Cast, rosa: FlaskClient, date: str, companions: str) -> None:
    sent = answer(rosa, date, "yes", companions=companions)
    assert sent.status_code == 422 and 'id="companions-error"' in sent.text and companions in sent.text
    assert seat_of(app, cast.rosa.id, date)["state"] == "invited"


@pytest.mark.parametrize("said", ["", "maybe", "YES", "yes\x00no"])
def test_an_answer_that_is_none_changes_nothing(app: Flask, cast: Cast, rosa: FlaskClient, date: str, said: str) -> None:
    assert answer(rosa, date, said).status_code == 422
    assert seat_of(app, cast.rosa.id, date)["state"] == "invited"


def test_a_yes_to_a_full_date_is_a_place_in_the_queue(app: Flask, cast: Cast, rosa: FlaskClient, full: str) -> None:
    page = rosa.get(f"/my/visits/{full}").text
    assert "All places are taken just now" in page and "Ask for a place" in page
    assert answer(rosa, full, "yes").status_code == 303
    page = rosa.get(f"/my/visits/{full}").text
    assert "You are the next one" in page and "You are on the list" in rosa.get("/my/visits").text
    assert rosa.post(f"/my/visits/{full}/waiting-list-entries").status_code == 303  # twice is once
    assert rosa.post(f"/my/visits/{full}/waiting-list-departures").status_code == 303
    assert "You said no" in rosa.get(f"/my/visits/{full}").text


def test_ones_own_place_in_the_queue_and_nobody_elses(app: Flask, cast: Cast, rosa: FlaskClient, full: str) -> None:
    with app.app_context():
        run(waiting.join_waiting_list, cast.joanne, full, patient_id=cast.walter.id)
    rosa.post(f"/my/visits/{full}/waiting-list-entries")
    page = rosa.get(f"/my/visits/{full}").text
    assert "You are number 2" in page and "Walter" not in page


@pytest.fixture
def offered(app: Flask, cast: Cast, rosa: FlaskClient, full: str) -> str:
    """Rosa waited, Marcus said no: the place is kept for her."""
    rosa.post(f"/my/visits/{full}/waiting-list-entries")
    answer(signed_in(app, cast.marcus), full, "no")
    return full


def test_an_offer_says_until_when_and_is_accepted_once(app: Flask, cast: Cast, rosa: FlaskClient, offered: str) -> None:
    for page in (rosa.get("/my/visits").text, rosa.get(f"/my/visits/{offered}").text):
        assert "A place is free for you" in page and "We keep it for you until" in page
        assert not any(name in page for name in NAMES)
    assert rosa.post(f"/my/visits/{offered}/offer-answers", data={"answer": "accept"}).status_code == 303
    assert seat_of(app, cast.rosa.id, offered)["state"] == "confirmed"
    assert "You said yes" in rosa.get(f"/my/visits/{offered}").text


def test_no_thank_you_gives_the_place_on(app: Flask, cast: Cast, rosa: FlaskClient, offered: str) -> None:
    assert rosa.post(f"/my/visits/{offered}/offer-answers", data={"answer": "decline"}).status_code == 303
    assert seat_of(app, cast.rosa.id, offered)["state"] == "declined"


@pytest.mark.parametrize("said", ["accept", "decline"])
def test_an_old_page_with_an_offer_that_is_over_says_so_and_loses_nothing(app: Flask, cast: Cast, rosa: FlaskClient, offered: str, said: str) -> None:
    with app.app_context(), write() as tx:
        for offer in tx.scalars(select(offers.Offer)):
            offer.expires_at = clock.now() - timedelta(minutes=1)
    with app.app_context():
        offers.lapse_offers()
    sent = rosa.post(f"/my/visits/{offered}/offer-answers", data={"answer": said})
    assert sent.status_code == 409 and "not kept for you any more" in sent.text
    assert "You can ask for a place again" in sent.text


@pytest.mark.parametrize("ticked", [False, True])
def test_an_offer_whose_time_is_up_is_not_shown_any_more_and_can_be_asked_for_again(
    app: Flask, cast: Cast, rosa: FlaskClient, offered: str, ticked: bool
) -> None:
    with app.app_context(), write() as tx:
        for offer in tx.scalars(select(offers.Offer)):
            offer.expires_at = clock.now() - timedelta(minutes=1)
    if ticked:
        with app.app_context():
            offers.lapse_offers()
    listed, page = rosa.get("/my/visits").text, rosa.get(f"/my/visits/{offered}").text
    for each in (listed, page):
        assert "A place is free for you" not in each and "We keep it for you" not in each and "The place is not kept for you any more" in each
        assert "Yes, I will come" not in each and "Tell us what matters to you" not in each
    assert "You can ask for a place again" in page and "Come to:" not in page
    assert rosa.post(f"/my/visits/{offered}/waiting-list-entries").status_code == 303
    assert "A place is free for you" in rosa.get(f"/my/visits/{offered}").text  # nobody else waits, so it is theirs again


def test_who_asks_again_after_their_offer_ran_out_stands_behind_those_who_waited(app: Flask, cast: Cast, rosa: FlaskClient, offered: str) -> None:
    with app.app_context():
        run(waiting.join_waiting_list, cast.joanne, offered, patient_id=cast.walter.id)
    with app.app_context(), write() as tx:
        for offer in tx.scalars(select(offers.Offer)):
            offer.expires_at = clock.now() - timedelta(minutes=1)
    rosa.post(f"/my/visits/{offered}/waiting-list-entries")
    assert seat_of(app, cast.walter.id, offered)["state"] == "offered" and seat_of(app, cast.rosa.id, offered)["state"] == "waitlisted"
    assert "You are the next one" in rosa.get(f"/my/visits/{offered}").text


@pytest.mark.parametrize("said", ["", "no"])
def test_where_all_places_are_taken_nobody_is_shown_a_yes_that_is_none(app: Flask, cast: Cast, rosa: FlaskClient, full: str, said: str) -> None:
    if said:
        answer(rosa, full, said)
    page = rosa.get(f"/my/visits/{full}").text
    assert "Ask for a place" in page and "Yes, I will come" not in page and 'name="companions"' not in page
    assert ("No, not this time" in page) is (said == "")


def test_two_who_come_together_are_told_that_they_wait_for_two_places(app: Flask, cast: Cast, rosa: FlaskClient, full: str) -> None:
    with app.app_context(), write() as tx:
        seat = tx.get_one(Seat, cast.seats["marcus"])
        seat.state, seat.seat_no = "invited", None
        tx.get_one(GroupSession, full).maximum = 4
    with app.app_context():
        run(patients.pair, cast.joanne, cast.rosa.id, other_id=cast.marcus.id)
    rosa.post(f"/my/visits/{full}/waiting-list-entries")
    assert "as soon as two places are free" in rosa.get(f"/my/visits/{full}").text
    assert "as soon as two places are free" in signed_in(app, cast.marcus).get(f"/my/visits/{full}").text


def test_another_day_with_a_sister_group(app: Flask, cast: Cast, rosa: FlaskClient, date: str, sister: str) -> None:
    page = rosa.get(f"/my/visits/{date}/other-dates").text
    assert "Small room" in page and "I will come on this day" in page
    sent = rosa.post(f"/my/visits/{date}/make-ups", data={"other_id": sister})
    assert (sent.status_code, sent.location) == (303, f"/my/visits/{sister}")
    assert seat_of(app, cast.rosa.id, sister)["state"] == "confirmed" and seat_of(app, cast.rosa.id, date)["skips"]
    again = rosa.post(f"/my/visits/{date}/make-ups", data={"other_id": sister})
    assert again.status_code == 409 and "There is no other day just now." in again.text


@pytest.mark.parametrize("other", ["", "x" * 40, "no such date", "own"])
def test_another_day_that_is_none(app: Flask, cast: Cast, rosa: FlaskClient, date: str, other: str) -> None:
    sent = rosa.post(f"/my/visits/{date}/make-ups", data={"other_id": date if other == "own" else other})
    assert sent.status_code == 409
    assert seat_of(app, cast.rosa.id, date)["state"] == "invited"


def test_a_seat_that_is_gone_meanwhile_is_said_kindly(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    with app.app_context():
        run(sessions.take_back_seat, cast.joanne, date, cast.seats["rosa"])
    sent = answer(rosa, date, "yes", companions="1")
    assert sent.status_code == 409
    assert "This visit has changed since you opened the page" in sent.text and "not on the list for this visit any more" in sent.text
    assert date not in rosa.get("/my/visits").text


def test_a_visit_that_has_begun_takes_no_answers(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, date).starts_at = clock.now() - timedelta(minutes=5)
    assert answer(rosa, date, "no").status_code == 409
    assert "Will you come?" not in rosa.get(f"/my/visits/{date}").text


def test_a_cancelled_date_says_that_nothing_is_to_be_done(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    with app.app_context():
        run(sessions.cancel_session, cast.joanne, date, reason="Snow")
    page = rosa.get(f"/my/visits/{date}").text
    assert "does not take place" in page and "Snow" not in page
    assert "Does not take place" in rosa.get("/my/visits").text


def test_a_moved_date_asks_again_and_keeps_the_place(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    answer(rosa, date, "yes")
    with app.app_context(), write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).asked_again = True
    assert "Your place is kept until you answer" in rosa.get(f"/my/visits/{date}").text
    answer(rosa, date, "yes")
    assert "You said yes" in rosa.get(f"/my/visits/{date}").text


POSTS = ("answers", "offer-answers", "waiting-list-entries", "waiting-list-departures", "make-ups")


@pytest.mark.parametrize(("who", "status"), [("walter", 404), ("sunny", 404), ("tomas", 403), ("joanne", 403), ("sol", 403)])
def test_others_do_not_get_in(app: Flask, cast: Cast, date: str, who: str, status: int) -> None:
    browser = signed_in(app, getattr(cast, who))
    for address in (f"/my/visits/{date}", f"/my/visits/{date}/other-dates"):
        assert browser.get(address, headers=JSON).status_code == status
    for last in POSTS:
        assert browser.post(f"/my/visits/{date}/{last}", data={"answer": "yes", "other_id": date}, headers=JSON).status_code == status
    assert browser.get("/my/visits", headers=JSON).status_code == (200 if status == 404 else 403)


def test_no_page_names_anybody_else(app: Flask, cast: Cast, rosa: FlaskClient, date: str, sister: str) -> None:
    for address in ("/my/visits", f"/my/visits/{date}", f"/my/visits/{date}/other-dates", "/my/agreements", f"/my/pre-visit-forms/{date}"):
        page = rosa.get(address).text
        assert not any(name in page for name in NAMES), address
        assert "Living well" not in re.findall("<title>(.*?)</title>", page)[0]


def test_empty_pages_say_what_comes_next(app: Flask, cast: Cast) -> None:
    walter = signed_in(app, cast.walter)
    assert "No visit is planned for you yet." in walter.get("/my/visits").text
    assert "There is nothing to sign." in walter.get("/my/agreements").text


def test_many_visits_take_no_more_questions_than_few(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    def asked() -> int:
        with counted(app) as questions:
            assert rosa.get("/my/visits").status_code == 200
        return len(questions)

    few = asked()
    with app.app_context(), write() as tx:
        model = tx.get_one(GroupSession, date)
        for month in range(1, 25):
            at = model.starts_at + timedelta(days=28 * month)
            visit = a_date(tx, cast, at)
            tx.add(Seat(id=ids.new_id(), session_id=visit.id, patient_id=cast.rosa.id, state="invited", changed_at=clock.now()))
            tx.add(
                WaitingListEntry(
                    id=ids.new_id(),
                    clinic_id=cast.clinic_id,
                    session_id=visit.id,
                    patient_id=cast.marcus.id,
                    since=clock.now(),
                    changed_at=clock.now(),
                    state="waiting",
                )
            )
    assert asked() <= few + 1


def test_in_spanish_the_pages_are_in_spanish(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    rosa.get("/my/visits?lang=es")
    page = rosa.get(f"/my/visits/{date}").text
    assert 'lang="es"' in page and "¿Vendrá?" in page and "Will you come" not in page
    answer(rosa, date, "no")
    assert "La clínica tiene su no" in rosa.get(f"/my/visits/{date}").text


def test_a_date_of_another_clinic_is_not_there_whatever_its_seats_say(app: Flask, cast: Cast, rosa: FlaskClient, date: str) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, date).clinic_id = cast.harbor_id
    assert rosa.get(f"/my/visits/{date}", headers=JSON).status_code == 404
    assert date not in rosa.get("/my/visits").text
