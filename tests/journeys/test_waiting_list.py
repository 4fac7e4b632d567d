"""A date is full and somebody waits: a patient says no on their phone, and the next one has the place by saying yes on theirs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from groupvisits.core import clock
from groupvisits.core.transaction import run, write
from groupvisits.patients import service as patients
from groupvisits.sessions.models import GroupSession, Seat
from tests.journeys.conftest import LAPTOP, PHONE, Server, sign_in
from tests.journeys.test_patient_page import come_in, database_of, fits

pytestmark = pytest.mark.browser


def given_a_full_date(server: Server) -> tuple[str, str, str]:
    """Three places, held by Rosa, Marcus and Gladys; Frank and Teo have not answered. Returns the links of Rosa, Frank and Teo."""
    cast = server.cast
    with database_of(server):
        with write() as tx:
            visit = tx.get_one(GroupSession, cast.session_id)
            visit.starts_at, visit.ends_at, visit.maximum = clock.now() + timedelta(days=3), clock.now() + timedelta(days=3, hours=2), 3
            for who in ("teo", "frank", "beatriz"):
                seat = tx.get_one(Seat, cast.seats[who])
                seat.state, seat.seat_no = "invited", None
        rosa, frank, teo = (run(patients.make_link, cast.joanne, who.id) for who in (cast.rosa, cast.frank, cast.teo))
        return rosa, frank, teo


def test_a_no_on_one_phone_is_a_place_on_another(server: Server, person: Callable[..., Page]) -> None:
    links = given_a_full_date(server)
    rosa, frank, teo, desk = person(PHONE), person(PHONE), person(PHONE), person(LAPTOP)
    for phone, link in zip((rosa, frank, teo), links, strict=True):
        come_in(phone, link)

    # Frank says yes to a full date and is told that he waits; Teo is behind him and knows his number, no name and no count
    for phone in (frank, teo):
        phone.goto(f"/my/visits/{server.cast.session_id}")
        phone.get_by_role("button", name="Yes, I will come").click()
        expect(phone.get_by_role("heading", name="You are on the list for a place")).to_be_visible()
        fits(phone)
    expect(teo.get_by_text("You are number 2")).to_be_visible()
    assert "Frank" not in teo.locator("main").inner_text()

    # the coordinator sees why not yet
    sign_in(desk, "joanne.pike@example.org")
    desk.wait_for_url("**/home")
    desk.goto(f"/sessions/{server.cast.session_id}#waiting-list")
    waiting = desk.get_by_role("region", name="Waiting list")
    expect(waiting).to_contain_text("1. Frank Tully")
    expect(waiting).to_contain_text("Not yet: no place is free. First in line.")
    expect(waiting).to_contain_text("Not yet: behind Frank Tully.")

    # Rosa cannot come: her place is Frank's to take, and nobody else's
    rosa.goto(f"/my/visits/{server.cast.session_id}")
    rosa.get_by_role("button", name="No, not this time").click()
    expect(rosa.get_by_text("The clinic has your no.")).to_be_visible()
    frank.goto("/my/visits")
    expect(frank.get_by_role("heading", name="A place is free for you")).to_be_visible()
    fits(frank)
    teo.reload()
    expect(teo.get_by_text("You are the next one.")).to_be_visible()
    desk.reload()
    expect(waiting).to_contain_text("Has the place that Rosa Delgado gave back")

    # he takes it
    frank.get_by_role("button", name="Accept the place").click()
    expect(frank.get_by_text("The clinic has your yes.")).to_be_visible()
    fits(frank)
    desk.reload()
    expect(waiting).to_contain_text("1. Teo Alvarez")
    expect(waiting).not_to_contain_text("Frank")
    with database_of(server), write() as tx:
        said = {who: tx.get_one(Seat, server.cast.seats[who]).state for who in ("rosa", "frank", "teo")}
    assert said == {"rosa": "declined", "frank": "confirmed", "teo": "waitlisted"}
