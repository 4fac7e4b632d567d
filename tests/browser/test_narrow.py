"""Nothing is wider than the window: at 320 px, and with letters twice as large, on the pages of a visit that one meets on a small screen."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.live.server import LiveServer

pytestmark = pytest.mark.browser
Enter = Callable[..., Page]

NARROW = {"width": 320, "height": 640}
LAPTOP = {"width": 1366, "height": 768}
TWICE = "document.documentElement.style.fontSize = '32px'"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and what test strips cost in the pharmacy"
# What stands out to the right of the window, if anything does: a test that fails says what to repair.
TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
    .slice(0, 8).map((e) => `${e.tagName}#${e.id}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`)"""


@pytest.fixture(scope="module")
def busy(room: LiveServer) -> LiveServer:
    """A visit with topics in every state of the agenda, in long words too."""

    def act(who: str, name: str, **body: object) -> dict[str, str]:
        answer = room.phone(who).ask(name, {"command_id": str(uuid4()), "session_id": room.session_id, "body": body})
        assert answer["ok"], answer
        return answer["result"]

    topics = [
        act(who, "agenda:propose", words=words, route="group", shows_name=True)["topic_id"]
        for who, words in (("rosa", LONG), ("marcus", "Walking"), ("teo", "What test strips cost"), ("gladys", "Shoes"))
    ]
    act("rosa", "agenda:propose", words="I have chest pain", route="one_on_one")
    act("rosa", "agenda:propose", words="Something for myself", route="one_on_one")
    act("marcus", "agenda:support", topic_id=topics[0], on=True)
    for topic in topics[:3]:
        act("tomas", "agenda:plan", topic_id=topic)
    act("tomas", "agenda:start", topic_id=topics[1], minutes=10)
    act("tomas", "agenda:suggest_words", topic_id=topics[0], words=f"{LONG}?")
    act("marcus", "agenda:translate", topic_id=topics[2], language="pt", words=LONG)
    return room


def check(page: Page, why: str = "") -> None:
    expect(page.locator("h1").first).to_be_visible()
    assert page.evaluate(TOO_WIDE) == [], (why, page.url)
    page.evaluate(TWICE)
    page.wait_for_timeout(100)
    assert page.evaluate(TOO_WIDE) == [], (why, "twice", page.url)
    page.evaluate("document.documentElement.style.fontSize = ''")


PAGES = {
    "phone": "/sessions/{}/rooms/patient",
    "my visits": "/my/visits",
    "my visit": "/my/visits/{}",
    "my name": "/my/name",
    "my reach": "/my/reach",
    "before": "/my/visits/{}",
    "pre-visit form": "/my/pre-visit-forms/{}",
}


@pytest.mark.parametrize("language", ["en", "es", "pt", "ht"])
def test_a_patients_pages(busy: LiveServer, enter: Enter, language: str) -> None:
    page = enter("rosa", "patient", NARROW)
    for name, address in PAGES.items():
        if name == "before":
            busy.write("UPDATE group_sessions SET state = 'planned', starts_at = datetime('now', '+2 days'), ends_at = datetime('now', '+3 days')")
        page.goto(f"{address.format(busy.session_id)}?lang={language}")
        for fold in page.locator("main summary:visible").all():
            fold.click()
        check(page, name)
    busy.write("UPDATE group_sessions SET state = 'open', starts_at = datetime('now', '-1 hours'), ends_at = datetime('now', '+1 hours')")


def test_the_door_for_a_phone(busy: LiveServer, enter: Enter) -> None:
    page = enter("rosa", "patient", NARROW)
    page.context.clear_cookies()
    page.goto("/join?lang=en")
    check(page)
    ((code,),) = busy.rows("SELECT join_code FROM group_sessions WHERE id = ?", busy.session_id)
    page.goto(f"/join/{code}")
    check(page)
    page.get_by_role("button", name="I have no slip").click()
    page.wait_for_url("**/join/waiting")
    check(page)


def test_a_phone_that_is_called_and_after_the_visit(busy: LiveServer, enter: Enter) -> None:
    page = enter("rosa", "patient", NARROW)
    for state, title in (("called", "Please come now"), ("coming", "knows you are coming")):
        busy.write("UPDATE slots SET state = ?, called_at = datetime('now') WHERE patient_id = (SELECT id FROM patients WHERE given_name = 'Rosa')", state)
        page.reload()
        expect(page.locator("#call")).to_contain_text(title)
        check(page, state)
    busy.write("UPDATE slots SET state = 'planned', called_at = NULL")
    busy.write("UPDATE group_sessions SET state = 'closed', closed_at = datetime('now')")
    page.reload()
    expect(page.locator("h1")).to_contain_text("Thank you for coming")
    check(page, "closed")
    busy.write("UPDATE group_sessions SET state = 'open', closed_at = NULL")


@pytest.mark.parametrize("viewport", [NARROW, LAPTOP])
def test_the_console_and_its_dialogs(busy: LiveServer, enter: Enter, viewport: dict[str, int]) -> None:
    page = enter("tomas", "facilitator", viewport)
    expect(page.locator("[data-do='start']").first).to_be_visible()
    check(page)
    page.locator("[data-do='more']:visible").first.click()
    check(page, "more")
    for act in ("open-join", "open-suggest", "open-split", "open-decline"):
        page.locator(f"[data-do='{act}']:visible").last.click()
        expect(page.locator("dialog[open]")).to_be_visible()
        check(page, act)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize(("viewport", "language"), [(NARROW, "en"), (NARROW, "ht"), (LAPTOP, "es")])
def test_a_clinicians_board(busy: LiveServer, enter: Enter, viewport: dict[str, int], language: str) -> None:
    page = enter("osei", "patient", viewport)
    page.goto(f"/sessions/{busy.session_id}/slots?lang={language}")
    check(page)
