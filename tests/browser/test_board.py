"""A clinician's board of one-on-ones in a real browser."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import is_accessible
from tests.live.server import LiveServer

pytestmark = pytest.mark.browser


def test_a_board_that_has_not_heard_the_clinic_claims_no_minutes_and_names_whom_to_ask(room: LiveServer, enter: Callable[..., Page]) -> None:
    osei = room.phone("osei")
    ((slot_id,),) = room.rows(
        "SELECT slots.id FROM slots JOIN staff_members ON staff_members.id = provider_id WHERE staff_members.name LIKE '%Osei' ORDER BY position LIMIT 1"
    )
    for name in ("slots:call", "slots:start"):
        assert osei.ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": {"slot_id": slot_id}})["ok"]
    page = enter("osei", "clinician")
    page.clock.install()
    page.goto(f"/sessions/{room.session_id}/slots?lang=en")
    board, asks = page.locator("[data-board]"), page.get_by_text("Ask the facilitator who waits.")
    expect(board.get_by_text("0 of 8 minutes")).to_be_visible()
    expect(asks).to_be_hidden()
    page.context.set_offline(True)
    for _ in range(10):
        page.clock.fast_forward(45_000)
        if asks.is_visible():
            break
        page.wait_for_timeout(200)  # what was on its way when the network went was heard after all
    expect(asks).to_be_visible()
    expect(board.get_by_text("0 of 8 minutes")).to_be_hidden()
    expect(board.get_by_text("With you")).to_be_visible()
    is_accessible(page)
