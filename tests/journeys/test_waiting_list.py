"""One gives their place back on their phone, and who waits longest takes it on theirs; the coordinator sees why, and nobody sees a name."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from groupvisits.core.transaction import run, write
from groupvisits.patients import service as patients
from groupvisits.sessions import service
from tests.journeys.conftest import LAPTOP, PHONE, Server, is_accessible, sign_in
from tests.journeys.test_patient_page import come_in, database_of, fits
from tests.sessions.arrange import full_date

pytestmark = pytest.mark.browser


def given_a_full_date(server: Server) -> dict[str, str]:
    """In three days, with four places, all taken; Frank and then Walter wait. Returns the links of those with a phone."""
    cast = server.cast
    with database_of(server):
        with write() as tx:
            full_date(tx, cast)
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.walter.id)
        return {who: run(patients.make_link, cast.joanne, getattr(cast, who).id) for who in ("marcus", "frank", "walter")}


def test_a_place_given_back_on_a_phone_is_taken_on_another(server: Server, person: Callable[..., Page]) -> None:
    cast = server.cast
    links = given_a_full_date(server)
    marcus, walter, frank, joanne = person(PHONE), person(PHONE), person(PHONE), person(LAPTOP)

    # Frank says yes to a date that is full, and reads that he waits in line behind somebody.
    come_in(frank, links["frank"])
    frank.get_by_role("button", name="Yes, I will come").first.click()
    frank.goto(f"/my/visits/{cast.session_id}")
    expect(frank.get_by_text("You are number 2.")).to_be_visible()
    fits(frank)

    # Walter reads that he is the next one.
    come_in(walter, links["walter"])
    walter.goto(f"/my/visits/{cast.session_id}")
    expect(walter.get_by_text("You are the next one.")).to_be_visible()

    # Marcus cannot come.
    come_in(marcus, links["marcus"])
    marcus.goto(f"/my/visits/{cast.session_id}")
    marcus.get_by_role("button", name="No, not this time").click()
    expect(marcus.get_by_text("The clinic has your no.")).to_be_visible()
    fits(marcus)

    # The coordinator sees at once who has the place, until when, and why Frank does not.
    sign_in(joanne, "joanne.pike@example.org")
    joanne.wait_for_url("**/home")
    joanne.goto(f"/sessions/{cast.session_id}")
    line = joanne.get_by_role("listitem").filter(has_text="Walter Moss").filter(has_text="Has the place that Marcus Bell gave back")
    expect(line).to_be_visible()
    is_accessible(joanne)

    # The place is kept for Walter, who takes it.
    walter.reload()
    expect(walter.get_by_role("heading", name="A place is free for you")).to_be_visible()
    expect(walter.get_by_text("We keep it for you until")).to_be_visible()
    fits(walter)
    for name in ("Marcus", "Frank", "Bell"):
        expect(walter.get_by_text(name)).to_have_count(0)
    walter.get_by_role("button", name="Accept the place").click()
    expect(walter.get_by_text("The clinic has your yes.")).to_be_visible()
    fits(walter)

    # Frank is the next one now; the page of the date says the same, also on a phone.
    frank.reload()
    expect(frank.get_by_text("You are the next one.")).to_be_visible()
    joanne.reload()
    expect(joanne.get_by_role("heading", name="1. Frank Tully")).to_be_visible()
    expect(joanne.get_by_text("Not yet: no place is free. First in line.")).to_be_visible()
    joanne.set_viewport_size(PHONE)
    fits(joanne)

    # He does not want to wait any more.
    frank.get_by_role("button", name="Take me off the list").click()
    expect(frank.get_by_text("You are off the list.")).to_be_visible()
    joanne.reload()
    expect(joanne.get_by_text("Nobody waits for a place on this date.")).to_be_visible()


def test_the_coordinators_pages_fit_a_phone_with_everything_open(server: Server, person: Callable[..., Page]) -> None:
    cast = server.cast
    given_a_full_date(server)
    with database_of(server):
        run(patients.pair, cast.joanne, cast.frank.id, other_id=cast.beatriz.id)
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.frank.id)
    page = person(PHONE)
    sign_in(page, "joanne.pike@example.org")
    page.wait_for_url("**/home")

    # Going ahead without a reason is answered beside the field, with the form still open.
    page.goto(f"/sessions/{cast.session_id}")
    line = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="2. Frank Tully and Beatriz Sousa"))
    line.locator("summary").click()
    line.get_by_role("button", name="Put Frank Tully and Beatriz Sousa ahead").click()
    expect(page.get_by_role("link", name="Say why this person goes ahead of those who wait longer.")).to_be_visible()
    expect(line.get_by_label("Why?")).to_be_visible()
    fits(page)
    line.get_by_label("Why?").fill("The interpreter is booked")
    line.get_by_role("button", name="Put Frank Tully and Beatriz Sousa ahead").click()
    expect(page.get_by_text("They stay first. Ahead of Walter Moss: The interpreter is booked (Joanne Pike,")).to_be_visible()
    fits(page)

    # A make-up in a sister group, and who comes with whom.
    page.goto(f"/sessions/{cast.session_id}/seats/{cast.seats['rosa']}/make-ups")
    expect(page.get_by_text("No other group of this programme has a date around this one.")).to_be_visible()
    fits(page)
    page.goto(f"/patients/{cast.rosa.id}")
    page.get_by_text("Comes together with another patient").click()
    page.get_by_label("Find the other patient").fill("marcus")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Rosa Delgado and Marcus Bell come together").click()
    expect(page.get_by_text("They come together from now on.")).to_be_visible()
    page.get_by_text("Add family or a friend who comes along").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name="Enter the name.")).to_be_visible()
    fits(page)
