"""The waiting list on the page of a date: its sentences, its buttons, what is refused beside the field, and a make-up elsewhere."""

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
from groupvisits.patients.models import Pair
from groupvisits.sessions import service
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from tests.cast import Cast, signed_in
from tests.sessions.arrange import full_date, sister_group
from tests.sessions.test_date_page import words


@pytest.fixture
def full(app: Flask, cast: Cast) -> str:
    """The Tuesday date in three days with four places: Rosa, Marcus, Gladys and Teo have them; Frank and Beatriz have not answered."""
    with app.app_context(), write() as tx:
        return full_date(tx, cast)


@pytest.fixture
def joanne(app: Flask, cast: Cast, full: str) -> FlaskClient:
    return signed_in(app, cast.joanne)


def wait(app: Flask, cast: Cast, *who: str) -> dict[str, str]:
    """They wait, in this order; returns their entries."""
    with app.app_context():
        for each in who:
            run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=getattr(cast, each).id)
        db.session.rollback()
        by = {entry.patient_id: entry.id for entry in db.session.scalars(select(WaitingListEntry))}
        db.session.rollback()
    return {each: by[getattr(cast, each).id] for each in who}


def pair(app: Flask, cast: Cast, one: str, other: str) -> None:
    with app.app_context(), write() as tx:
        tx.add(Pair(id=ids.new_id(), clinic_id=cast.clinic_id, first_id=getattr(cast, one).id, second_id=getattr(cast, other).id, created_at=clock.now()))


def states(app: Flask, cast: Cast) -> dict[str, str]:
    with app.app_context():
        names = {getattr(cast, each).id: each for each in (*cast.seats, "walter")}
        found = {names[seat.patient_id]: seat.state for seat in db.session.scalars(select(Seat).where(Seat.session_id == cast.session_id))}
        db.session.rollback()
    return found


def page(client: FlaskClient, cast: Cast) -> str:
    answer = client.get(f"/sessions/{cast.session_id}?seats=all")
    assert answer.status_code == 200
    return words(answer)


def post(client: FlaskClient, cast: Cast, what: str, **data: str) -> Any:
    return client.post(f"/sessions/{cast.session_id}/waiting-list-entries{what}", data=data)


def says_no(app: Flask, cast: Cast, who: str) -> None:
    with app.app_context():
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats[who], answer="no")


def test_an_empty_list_says_how_people_get_there(joanne: FlaskClient, cast: Cast) -> None:
    assert "Nobody waits for a place on this date." in page(joanne, cast)


def test_each_line_says_why_not_yet(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    pair(app, cast, "frank", "beatriz")
    wait(app, cast, "frank", "walter")
    text = page(joanne, cast)
    assert "1. Frank Tully and Beatriz Sousa, since" in text
    assert "Not yet: they come together and need 2 places. They stay first." in text
    assert "2. Walter Moss, since" in text
    assert "Next for a single place." in text


def test_a_place_given_back_is_named_with_its_expiry(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    wait(app, cast, "walter", "frank")
    assert "Not yet: no place is free. First in line." in page(joanne, cast)
    says_no(app, cast, "marcus")
    text = page(joanne, cast)
    assert "Offer open Has the place that Marcus Bell gave back, if the answer is yes by tomorrow, " in text
    assert "2. Frank Tully" in text and "1 has an offer (dashed)" in text
    assert "waitlisted" not in text and "offered" not in text.replace("is offered", "").replace("is being offered", "")


def test_somebody_goes_ahead_with_a_reason_that_is_shown(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter", "frank")
    sent = post(joanne, cast, f"/{entries['frank']}/positions", before_id=entries["walter"], reason="the interpreter is booked")
    assert (sent.status_code, sent.location) == (303, f"/sessions/{cast.session_id}#waiting-list")
    text = page(joanne, cast)
    assert "1. Frank Tully" in text
    assert f"Ahead of Walter Moss: the interpreter is booked (Joanne Pike, {clock.local(clock.now(), 'America/New_York').day} " in text
    assert "Not yet: behind Frank Tully." in text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "x" * 5000])
def test_going_ahead_without_a_reason_is_answered_beside_the_field(app: Flask, cast: Cast, joanne: FlaskClient, reason: str) -> None:
    entries = wait(app, cast, "walter", "frank")
    sent = post(joanne, cast, f"/{entries['frank']}/positions", before_id=entries["walter"], reason=reason)
    assert sent.status_code == 422 and f'id="reason-aheadform-{entries["frank"]}-error"' in sent.text
    assert not reason.strip() or reason in sent.text
    assert "1. Walter Moss" in words(sent)


def test_nobody_goes_ahead_of_who_stands_behind(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter", "frank")
    for before in (entries["frank"], "nobody", "x" * 500):
        sent = post(joanne, cast, f"/{entries['walter']}/positions", before_id=before, reason="<b>because</b>")
        assert sent.status_code in (422, 404)
        assert "<b>because" not in sent.text


def test_a_place_out_of_turn_or_beyond_the_maximum_asks_for_a_reason(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter", "frank")
    sent = post(joanne, cast, f"/{entries['walter']}/offers")
    assert sent.status_code == 422 and "Say why one more is offered." in words(sent)
    assert states(app, cast)["walter"] == "waitlisted"
    assert post(joanne, cast, f"/{entries['walter']}/offers", reason="Comes from far away").status_code == 303
    assert states(app, cast)["walter"] == "offered"
    assert "A place is kept, if the answer is yes by" in page(joanne, cast)


def test_an_offer_made_by_hand_is_taken_back(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter", "frank")
    post(joanne, cast, f"/{entries['frank']}/offers", reason="Wrong click")
    shown = joanne.get(f"/sessions/{cast.session_id}").text
    assert "A place is on offer." in shown and shown.count(f"/{entries['frank']}/offer-removals") == 2  # the undo of the click, and later on
    assert "Take the offer to Frank Tully back" in joanne.get(f"/sessions/{cast.session_id}").text
    for _ in range(2):
        assert post(joanne, cast, f"/{entries['frank']}/offer-removals").status_code == 303
    assert (states(app, cast)["frank"], states(app, cast)["walter"]) == ("waitlisted", "waitlisted")
    text = page(joanne, cast)
    assert text.index("1. Walter Moss") < text.index("2. Frank Tully")


def test_an_offer_in_turn_is_not_taken_back(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter")
    says_no(app, cast, "marcus")
    sent = post(joanne, cast, f"/{entries['walter']}/offer-removals")
    assert sent.status_code == 409 and "Note a yes or a no instead." in words(sent)
    assert states(app, cast)["walter"] == "offered"


@pytest.mark.parametrize(("answer", "walter", "frank"), [("acceptances", "confirmed", "waitlisted"), ("refusals", "declined", "offered")])
def test_staff_note_what_was_said_to_an_offer(app: Flask, cast: Cast, joanne: FlaskClient, answer: str, walter: str, frank: str) -> None:
    entries = wait(app, cast, "walter", "frank")
    says_no(app, cast, "marcus")
    for _ in range(2):
        assert post(joanne, cast, f"/{entries['walter']}/{answer}").status_code == 303
    assert (states(app, cast)["walter"], states(app, cast)["frank"]) == (walter, frank)


def test_a_late_yes_is_told_that_the_offer_is_over(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    entries = wait(app, cast, "walter")
    says_no(app, cast, "marcus")
    with app.app_context(), write() as tx:
        tx.scalars(select(Offer)).one().expires_at = clock.now() - timedelta(minutes=1)
    sent = post(joanne, cast, f"/{entries['walter']}/acceptances")
    assert sent.status_code == 409 and "This offer has ended." in words(sent)


def test_somebody_is_put_on_the_list_and_taken_off(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    found = joanne.post(f"/sessions/{cast.session_id}/seat-searches", data={"words": "Walter"})
    assert "Walter Moss waits for a place" in found.text
    for _ in range(2):
        assert post(joanne, cast, "", patient_id=cast.walter.id).status_code == 303
    assert "1. Walter Moss" in page(joanne, cast) and "Waits for a place" in page(joanne, cast)
    with app.app_context():
        entry = db.session.scalars(select(WaitingListEntry)).one().id
        db.session.rollback()
    for _ in range(2):
        assert post(joanne, cast, f"/{entry}/removals").status_code == 303
    assert "Nobody waits for a place on this date." in page(joanne, cast)
    assert states(app, cast)["walter"] == "declined"


@pytest.mark.parametrize(("patient", "status"), [("", 400), ("x" * 33, 400), ("nobody", 404), ("rosa", 409), ("sunny", 404)])
def test_who_cannot_wait_is_refused(app: Flask, cast: Cast, joanne: FlaskClient, patient: str, status: int) -> None:
    patient_id = getattr(cast, patient).id if hasattr(cast, patient) else patient
    assert post(joanne, cast, "", patient_id=patient_id).status_code == status
    assert "walter" not in states(app, cast)


def test_a_yes_while_others_wait_asks_for_a_reason_or_the_list(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    wait(app, cast, "walter")
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = 5  # a place that nobody has been offered yet
    sent = joanne.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": cast.seats["frank"], "answer": "yes"})
    text = words(sent)
    assert sent.status_code == 409 and "Others wait for this place" in text and "1 person waits for a place on this date." in text
    assert "Put them on the waiting list" in text and f'value="{cast.frank.id}"' in sent.text
    done = {"seat_id": cast.seats["frank"], "answer": "yes", "over_maximum_reason": "Has come the wrong day before"}
    assert joanne.post(f"/sessions/{cast.session_id}/answers", data=done).status_code == 303
    assert states(app, cast)["frank"] == "confirmed"


def test_staff_note_that_somebody_skips_this_month(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    assert joanne.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": cast.seats["frank"], "answer": "skip"}).status_code == 303
    assert "No, skips this month" in page(joanne, cast)


def test_a_make_up_in_another_group(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    with app.app_context(), write() as tx:
        _, other = sister_group(tx, cast)
    address = f"/sessions/{cast.session_id}/seats/{cast.seats['frank']}/make-ups"
    assert address in joanne.get(f"/sessions/{cast.session_id}").text
    text = words(joanne.get(address))
    assert "Frank Tully comes to one of these dates instead of" in text and "Thursday noon group, Main room. 8 places are free." in text
    sent = joanne.post(address, data={"other_id": other})
    assert (sent.status_code, sent.location) == (303, f"/sessions/{other}#seats")
    assert states(app, cast)["frank"] == "declined" and "No, skips this month" in page(joanne, cast)
    assert "Makes up for a date of their own group" in words(joanne.get(f"/sessions/{other}"))
    assert joanne.post(address, data={"other_id": other}).status_code == 409


def test_who_waits_has_a_make_up_too_and_waits_no_more_where_the_place_is_taken(app: Flask, cast: Cast, full: str, joanne: FlaskClient) -> None:
    entry_id = wait(app, cast, "walter")["walter"]
    with app.app_context(), write() as tx:
        _, other = sister_group(tx, cast)
    found = re.search(rf'id="entry-{entry_id}".*?href="(/sessions/{full}/seats/\w+/make-ups)"', joanne.get(f"/sessions/{full}").text, re.DOTALL)
    assert found is not None
    assert joanne.post(found[1], data={"other_id": other}).location == f"/sessions/{other}#seats"
    assert "Walter" not in joanne.get(f"/sessions/{full}").text.split('id="waiting-list"')[1]


@pytest.mark.parametrize(("other", "status"), [("", 400), ("x" * 40, 400), ("nobody", 404)])
def test_a_make_up_that_cannot_be_says_so(cast: Cast, joanne: FlaskClient, other: str, status: int) -> None:
    address = f"/sessions/{cast.session_id}/seats/{cast.seats['frank']}/make-ups"
    assert "No other group of this programme has a date around this one." in words(joanne.get(address))
    assert joanne.post(address, data={"other_id": other}).status_code == status


def test_the_team_does_not_see_who_waits(app: Flask, cast: Cast, full: str) -> None:
    wait(app, cast, "walter")
    assert "Walter" not in signed_in(app, cast.tomas).get(f"/sessions/{full}").text


@pytest.mark.parametrize(("given_back", "words_"), [(False, "Waits for a place"), (True, "Has an offer")])
def test_the_patients_page_says_it_in_words(app: Flask, cast: Cast, joanne: FlaskClient, given_back: bool, words_: str) -> None:
    wait(app, cast, "walter")
    if given_back:
        says_no(app, cast, "marcus")
    text = words(joanne.get(f"/patients/{cast.walter.id}"))
    assert words_ in text and "waitlisted" not in text and "offered" not in text.replace("offered places as one", "")
