"""A series moves to another weekday: looked at first, one room clash settled by a choice, then carried out whole."""

import re
from collections.abc import Callable
from datetime import date, time
from itertools import islice

import pytest
from playwright.sync_api import Page, expect

from groupvisits.core import clock, language
from groupvisits.sessions.rules import series
from tests.journeys.conftest import LAPTOP, PHONE, Server, is_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
WEDNESDAY = 2


def wednesdays(count: int) -> list[date]:
    rule = series.Rule("monthly", time(17, 30), week=2, weekday=WEDNESDAY)
    return list(islice(series.days_of(rule, clock.today("America/New_York").replace(day=1)), count))


def test_a_series_moves_to_wednesdays(server: Server, person: Callable[..., Page]) -> None:
    group = f"/groups/{server.cast.group_id}"

    # given: three dates of the Tuesday evening group
    joanne = person(LAPTOP)
    sign_in(joanne, "joanne.pike@example.org")
    expect(joanne).to_have_url(re.compile("/home$"))
    joanne.goto(group)
    joanne.get_by_role("link", name="Make more dates").click()
    joanne.get_by_label("How many dates").fill("3")
    is_accessible(joanne)
    joanne.get_by_role("button", name="Look at the dates").click()
    expect(joanne.get_by_text("3 new dates")).to_be_visible()
    is_accessible(joanne)
    joanne.get_by_role("button", name="Make 3 dates").click()
    expect(joanne.get_by_text("3 dates were made.")).to_be_visible()
    is_accessible(joanne)

    # and: a choir in the main room on one of the Wednesdays, a year of them to be sure which
    joanne.goto("/closures")
    is_accessible(joanne)
    third = wednesdays(5)[2]
    for room, what in (("Main room", "Wednesday choir"), ("Room 5", "")):
        joanne.get_by_label("First day").fill(third.isoformat())
        joanne.get_by_label("From").fill("17:00" if what else "08:00")
        joanne.get_by_label("Until").fill("19:00" if what else "09:00")
        joanne.get_by_label("Room").fill(room)
        joanne.get_by_label("What for").fill(what or "Cleaning")
        joanne.get_by_role("button", name="Save").click()
        expect(joanne.get_by_role("cell", name=what or "Cleaning", exact=True)).to_be_visible()
    is_accessible(joanne)

    # when: she wants the dates to come on Wednesdays
    joanne.goto(group)
    joanne.get_by_role("link", name="Move the dates to come").click()
    is_accessible(joanne)
    expect(joanne.get_by_label("First day", exact=True)).to_be_hidden()
    joanne.get_by_label("Day", exact=True).select_option("Wednesday")
    joanne.get_by_role("button", name="Look at the dates").click()

    # then: she sees each date now and then, the clash, and the words people will read; nothing has moved
    expect(joanne.get_by_text("Nothing has changed yet.")).to_be_visible()
    expect(joanne.get_by_text("Main room is taken")).to_be_visible()
    expect(joanne.get_by_text("Wednesday choir, 5:00pm–7:00pm")).to_be_visible()
    expect(joanne.get_by_role("heading", name="What patients will read")).to_be_visible()
    is_accessible(joanne)
    press = joanne.get_by_role("button", name=re.compile(r"^Move \d dates? and tell \d+ (person|people)$"))
    expect(press).to_have_attribute("aria-disabled", "true")
    expect(joanne.get_by_text("First choose what to do with 1 date.")).to_be_visible()
    moving = int(re.search(r"Move (\d)", press.inner_text()).group(1))  # type: ignore[union-attr]

    # when: pressed too early, nothing happens; keeping that date makes one fewer; she takes the other room
    press.press("Enter")
    expect(joanne.get_by_text("Nothing has changed yet.")).to_be_visible()
    joanne.get_by_label("Keep Tuesday").check()
    expect(press).to_have_text(re.compile(f"Move {moving - 1} date"))
    joanne.get_by_label("Use Room 5").check()
    expect(press).to_have_text(re.compile(f"Move {moving} date"))
    expect(press).not_to_have_attribute("aria-disabled", "true")
    is_accessible(joanne)
    press.click()

    # then: they have moved, and the one with the clash is in the other room
    expect(joanne.get_by_text(re.compile(f"{moving} dates were moved"))).to_be_visible()
    expect(joanne.get_by_text("Second Wednesday of the month, 5:30pm")).to_be_visible()
    joanne.get_by_role("link", name=f"{language.day(third, 'en')}, 5:30pm").click()
    expect(joanne.get_by_text("Room 5").first).to_be_visible()

    # and: on a phone, one date of it moves alone, with what is wrong said beside the field
    joanne.set_viewport_size(PHONE)
    joanne.get_by_role("link", name="Change this date…").click()
    joanne.get_by_label("Day", exact=True).fill("2020-01-01")
    is_accessible(joanne)
    joanne.get_by_role("button", name="Look at this change").click()
    expect(joanne.get_by_text("This is in the past. Choose a day and a time to come.").first).to_be_visible()
    is_accessible(joanne)
    joanne.get_by_label("Day", exact=True).fill(third.replace(day=third.day + 1).isoformat())
    joanne.get_by_role("button", name="Look at this change").click()
    expect(joanne.get_by_text("1 date moves")).to_be_visible()
    is_accessible(joanne)
    joanne.get_by_role("button", name=re.compile("^Move 1 date")).click()
    expect(joanne.get_by_text("1 date was moved.")).to_be_visible()
