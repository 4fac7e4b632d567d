"""A coordinator who goes back after saving and saves again has still made one thing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LAPTOP, PHONE, Server, is_accessible, sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_back_and_save_again_make_no_second_group(person: Callable[..., Page], server: Server, size: dict[str, int]) -> None:
    page = person(size)
    # Given a group that has just been saved
    sign_in(page, "joanne.pike@example.org")
    page.goto("/groups")
    page.get_by_role("link", name="New group").click()
    page.get_by_label("Name of the group").fill("Friday lunch")
    page.get_by_label("Start", exact=True).fill("12:00")
    page.get_by_role("button", name="Save group").click()
    expect(page.get_by_role("heading", name="Friday lunch", level=1)).to_be_visible()
    # When the coordinator goes back, changes the name and saves again
    page.go_back()
    expect(page.get_by_text("What you saved from this page is there already.")).to_be_visible()
    is_accessible(page)
    page.get_by_label("Name of the group").fill("Friday supper")
    page.get_by_label("Start", exact=True).fill("18:00")
    page.get_by_role("button", name="Save group").click()
    # Then the group that was made is shown, and there is no other
    expect(page.get_by_text("nothing was made a second time")).to_be_visible()
    expect(page.get_by_role("heading", name="Friday lunch", level=1)).to_be_visible()
    page.goto("/groups")
    expect(page.get_by_text("Friday supper")).to_have_count(0)
    expect(page.get_by_text("Friday lunch")).to_have_count(1)
