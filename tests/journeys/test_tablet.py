"""The tablet at the door, at its own size and on a phone held upright: everybody gets in, also when all chairs are taken."""

import re
import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Server, is_accessible, sign_in

pytestmark = pytest.mark.browser
TABLET = {"width": 1024, "height": 768}


def change(server: Server, statement: str) -> None:
    connection = sqlite3.connect(server.folder / "groupvisits.db", timeout=10)
    with connection:
        connection.execute(statement)
    connection.close()


def is_fine(page: Page) -> None:
    is_accessible(page)
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), "The page scrolls sideways."


def look_for(page: Page, name: str, day: str) -> None:
    page.get_by_label("First letters of the name").fill(name)
    for box, value in (("Day", day), ("Month", "3"), ("Year", "1961")):
        page.get_by_label(box, exact=True).fill(value)
    page.get_by_role("button", name="Find this person").click()


@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
def test_everybody_who_comes_gets_in(person: Callable[..., Page], server: Server, size: dict[str, int]) -> None:
    page = person(size)
    # Given the tablet at the door of a visit that has just been opened
    sign_in(page, "joanne.pike@example.org")
    page.goto(f"/sessions/{server.cast.session_id}")
    page.get_by_role("button", name="Open the room").click()
    page.goto(f"/sessions/{server.cast.session_id}/check-ins")
    is_fine(page)
    # When a search fits nobody, it is kept and says what to do
    look_for(page, "zz", "1")
    expect(page.get_by_text("Nobody fits, or too many do.")).to_be_visible()
    is_fine(page)
    # When Rosa comes with her daughter
    look_for(page, "del", "1")
    expect(page.get_by_role("heading", name="Rosa Delgado")).to_be_visible()
    expect(page.get_by_text("One-on-one", exact=True)).to_be_visible()
    page.get_by_label("1 person").check()
    is_fine(page)
    page.get_by_role("button", name="Rosa is here").click()
    # Then she gets a slip, and how many are here has changed
    expect(page.get_by_role("heading", name="Rosa is here")).to_be_visible()
    expect(page.get_by_text("1 here, 5 to come")).to_be_visible()
    assert re.fullmatch(r"\w{3} \w{3}", page.locator(".gv-slip .gv-code").inner_text())
    is_fine(page)
    # And a wrong tap is taken back until the next person
    page.get_by_role("button", name="Wrong person: take it back").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(page.get_by_text("0 here, 6 to come")).to_be_visible()

    # When all chairs are taken and Walter comes
    change(server, "UPDATE group_sessions SET maximum = 6")
    page.goto(f"/sessions/{server.cast.session_id}/check-ins")
    look_for(page, "moss", "7")
    # Then he is still seen today, and the tablet says when and by whom
    expect(page.get_by_role("heading", name="All 6 places are taken. Walter is still seen today.")).to_be_visible()
    is_fine(page)
    page.get_by_role("button", name=re.compile(r"^See Dr .+ at [\d:]+[ap]m$")).click()
    expect(page.get_by_text("No chair in the group today: Walter is seen one-on-one.")).to_be_visible()
    is_fine(page)

    # Then Back shows the empty screen, whoever was on it before
    page.go_back()
    expect(page.get_by_role("heading", name="Who is here?")).to_be_visible()
    expect(page.get_by_text("Walter")).to_have_count(0)
    page.get_by_role("link", name="Leave").click()
    page.go_back()
    expect(page.get_by_role("heading", name="Who is here?")).to_be_visible()

    # When somebody comes who is not in the registry
    page.get_by_role("link", name="Somebody who is not in the registry yet").click()
    is_fine(page)
    page.get_by_role("button", name="Put into the registry, then let in").click()
    expect(page.get_by_role("heading", name="Please check these things")).to_be_visible()
    is_fine(page)
    page.get_by_label("First name").fill("Olga")
    page.get_by_label("Family name").fill("Petrie")
    for box, value in (("Day", "4"), ("Month", "3"), ("Year", "1958")):
        page.get_by_label(box, exact=True).fill(value)
    page.get_by_role("button", name="Put into the registry, then let in").click()
    # Then she has a chair with a reason that is kept
    page.get_by_text("A chair in the group all the same, with a reason").click()
    page.get_by_label("Why is one more person let in?").fill("Her husband is in the group")
    page.get_by_role("button", name="Let Olga in, with this reason").click()
    expect(page.get_by_role("heading", name="Olga is here")).to_be_visible()

    # And the coordinator sees who came without a chair, and who leaves early
    page.goto(f"/sessions/{server.cast.session_id}/attendance")
    expect(page.get_by_text("Seen one-on-one, no chair in the group")).to_be_visible()
    expect(page.get_by_text("Beyond the maximum: Her husband is in the group")).to_be_visible()
    page.get_by_role("button", name="Walter Moss leaves early").click()
    expect(page.get_by_role("button", name="Walter Moss is still here")).to_be_visible()
    is_fine(page)


def test_a_facilitator_at_the_door_sees_names_only(person: Callable[..., Page], server: Server) -> None:
    page = person(TABLET)
    sign_in(page, "tomas.reyes@example.org")
    page.goto(f"/sessions/{server.cast.session_id}/check-ins")
    expect(page.get_by_label("Year", exact=True)).to_have_count(0)
    page.get_by_label("First letters of the name").fill("ro")
    page.get_by_role("button", name="Find this person").click()
    expect(page.get_by_role("heading", name="Rosa", exact=True)).to_be_visible()
    assert "Delgado" not in page.content() and "1961" not in page.content()
    is_fine(page)
