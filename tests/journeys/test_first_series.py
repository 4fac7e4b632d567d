"""From an empty clinic to a year of dates with twelve people invited: in at most thirty interactions, and they are counted."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from config import Config
from groupvisits import create_app
from groupvisits.core import database, transaction
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, GroupTeamMember, Membership, Programme
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from tests.journeys.conftest import LAPTOP, Server, is_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
MOST = 30
NAMES = ("Ana Alba", "Ben Bank", "Cy Cole", "Dina Diaz", "Eli East", "Fay Ford", "Gus Gray", "Hana Hill", "Ida Innes", "Jon Jara", "Kim Kerr", "Lou Lane")


class Hands:
    """Does what a person does, and counts: each click, each field that is filled in or chosen, each file."""

    def __init__(self) -> None:
        self.interactions = 0

    def click(self, what: Locator) -> None:
        self.interactions += 1
        what.click()

    def fill(self, what: Locator, words: str) -> None:
        self.interactions += 1
        what.fill(words)

    def choose(self, what: Locator, words: str) -> None:
        self.interactions += 1
        what.select_option(words)

    def upload(self, what: Locator, file: Path) -> None:
        self.interactions += 1
        what.set_input_files(file)


def empty_the_clinic(server: Server) -> None:
    """Staff are there; patients, programmes, groups and dates are not."""
    app = create_app(Config(secret_key="not a secret, only for tests " * 2, instance=server.folder, public_url=server.url, testing=True))
    with app.app_context():
        with transaction.write() as tx:
            for table in (Seat, SessionTeamMember, GroupSession, Membership, GroupTeamMember, Group, Programme, Patient):
                tx.execute(delete(table))
        database.writes().engine.dispose()
        db.engine.dispose()


def test_from_an_empty_clinic_to_a_year_of_dates(
    server: Server, person: Callable[..., Page], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    empty_the_clinic(server)
    roster = tmp_path / "roster.csv"
    roster.write_text("name,date of birth,phone,email,language\n" + "".join(f"{name},1961-04-{n:02},,p{n}@example.org,en\n" for n, name in enumerate(NAMES, 1)))
    page, hands = person(LAPTOP), Hands()
    sign_in(page, "joanne.pike@example.org")
    expect(page).to_have_url(re.compile("/home$"))
    is_accessible(page)

    # the people
    hands.click(page.get_by_role("link", name="Choose a file"))
    hands.upload(page.locator('input[type="file"]'), roster)
    hands.click(page.get_by_role("button", name="Go on"))
    hands.click(page.get_by_role("button", name="Look at the people"))
    hands.click(page.get_by_role("button", name="Bring in 12 new patients"))
    expect(page.get_by_role("link", name="Look at all patients")).to_be_visible()

    # the programme, from a run sheet that is there
    hands.click(page.get_by_role("link", name="Home"))
    hands.click(page.get_by_role("link", name="See the run sheets"))
    hands.click(page.get_by_role("link", name=re.compile("^Start from")).first)
    hands.fill(page.get_by_label("Name", exact=True), "Living well together")
    hands.fill(page.get_by_label("Why we meet"), "To learn from each other.")
    hands.click(page.get_by_role("button", name="Save programme"))

    # the group
    hands.click(page.get_by_role("link", name="Plan a group"))
    is_accessible(page)
    hands.fill(page.get_by_label("Name of the group"), "Tuesday evening group")
    hands.fill(page.get_by_label("Start", exact=True), "17:30")
    hands.click(page.get_by_role("button", name="Save group"))

    # its team and its members
    for who in ("Tomas Reyes, Facilitator", "Dr Hana Osei, Resident"):
        hands.choose(page.get_by_label("Add somebody to the team"), who)
        hands.click(page.get_by_role("button", name="Add to the team"))
    hands.click(page.get_by_role("link", name=re.compile("Add several at once")))
    is_accessible(page)
    hands.click(page.get_by_role("button", name="Add those who are ticked"))
    expect(page.get_by_text("12 members added.")).to_be_visible()

    # a year of dates
    hands.click(page.get_by_role("link", name="Make the next dates"))
    hands.click(page.get_by_role("button", name="Look at the dates"))
    expect(page.get_by_text("12 members are asked")).to_be_visible()
    hands.click(page.get_by_role("button", name="Make 12 dates"))
    expect(page.get_by_text("12 dates were made.")).to_be_visible()
    expect(page.get_by_text("12 have not answered").first).to_be_visible()
    is_accessible(page)
    record_property("interactions", hands.interactions)  # 24 when this was written
    assert hands.interactions <= MOST, f"It took {hands.interactions} interactions."
