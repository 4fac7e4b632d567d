"""Small things a coordinator reads all day: none is said as a person says it, names lead on, and what a calendar still holds is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from groupvisits.core import clock, ids, transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import CalendarEntry, GroupSession, Seat
from groupvisits.sessions.queries.calendar import is_left_behind
from tests.cast import Cast, signed_in

NONE_OF = re.compile(r"(?<![\d:.])0 (?!min|of )[a-z]+")  # "0 of 3 dates" is a figure in a table


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1].split("</main>")[0]))


@pytest.mark.parametrize("state", ["confirmed", "invited", "declined", "no_show", "arrived", "nobody"])
@pytest.mark.parametrize("date", ["planned", "closed"])
def test_no_page_counts_nothing(app: Flask, cast: Cast, state: str, date: str) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = date
        holds = state in ("confirmed", "arrived", "no_show")
        if not holds:
            tx.execute(update(Seat).where(Seat.session_id == cast.session_id).values(seat_no=None))
        if state == "nobody":
            tx.execute(delete(Seat).where(Seat.session_id == cast.session_id))
        else:
            tx.execute(update(Seat).where(Seat.session_id == cast.session_id).values(state=state))
    client = signed_in(app, cast.joanne)
    for page in ("", "/attendance", "/cancellations", "/mergers"):
        words = words_of(client.get(f"/sessions/{cast.session_id}{page}").text)
        assert not NONE_OF.findall(words), words
    for address in ("/home", "/sessions", f"/groups/{cast.group_id}", f"/groups/{cast.group_id}/recruitment"):
        words = words_of(client.get(address).text)
        assert not NONE_OF.findall(words), f"{address}: {words}"
    words = words_of(signed_in(app, cast.tomas).get("/today").text)
    assert not NONE_OF.findall(words), words


def test_the_names_of_members_lead_to_the_patient_for_those_who_may_see_them(app: Flask, cast: Cast) -> None:
    link = f'<a href="/patients/{cast.rosa.id}">'
    assert link in signed_in(app, cast.joanne).get(f"/groups/{cast.group_id}").text
    assert link not in signed_in(app, cast.tomas).get(f"/groups/{cast.group_id}").text


def test_the_address_of_a_calendar_can_be_copied_or_without_script_selected(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.joanne).post("/own-calendar/addresses").text
    assert re.search(r'<input class="nhsuk-input" id="address" type="text" readonly value="http[^"]+/calendars/[^"]+\.ics">', page)
    assert re.search(r'<button [^>]*type="button" data-copy="address"[^>]* hidden>', page)  # shown by the script that makes it work


def known_by_email(app: Flask, cast: Cast, *, days: int = 5, told: str = "x", method: str = "REQUEST", **patient: object) -> bool:
    """Whether Rosa's own calendar keeps what nothing corrects, after an e-mail brought it the date."""
    with app.app_context():
        with transaction.write() as tx:
            tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() + timedelta(days=days)
            entry = {"id": ids.new_id(), "session_id": cast.session_id, "patient_id": cast.rosa.id, "sequence": 0, "changed_at": clock.now()}
            tx.add(CalendarEntry(**entry, method=method, told=told))
            tx.execute(update(Patient).where(Patient.id == cast.rosa.id).values(email="rosa@example.org", phone="+16175550100", **patient))
        return is_left_behind(db.session(), cast.joanne, db.session.get_one(Patient, cast.rosa.id))


@pytest.mark.parametrize(
    ("told", "is_left"),
    [
        ({"channel": "text", "text_consent_at": clock.now()}, True),
        ({"channel": "call"}, True),
        ({"channel": "email"}, False),
        ({"channel": "text"}, False),  # they never agreed, so e-mail it stays
        ({"channel": "call", "days": -5}, False),
        ({"channel": "call", "told": ""}, False),  # only in their own feed, which follows by itself
        ({"channel": "call", "method": "CANCEL"}, False),
    ],
)
def test_dates_that_an_e_mail_left_in_a_calendar_are_told_to_the_coordinator(app: Flask, cast: Cast, told: dict[str, Any], is_left: bool) -> None:
    assert known_by_email(app, cast, **told) is is_left
    assert ("Their own calendar holds dates" in signed_in(app, cast.joanne).get(f"/patients/{cast.rosa.id}").text) is is_left


@pytest.mark.usefixtures("context")
def test_who_does_not_keep_the_lists_is_told_nothing_of_calendars(cast: Cast) -> None:
    for who in (cast.tomas, cast.sol):
        with pytest.raises((NotAllowed, NotFound)):
            is_left_behind(db.session(), who, db.session.get_one(Patient, cast.rosa.id))
