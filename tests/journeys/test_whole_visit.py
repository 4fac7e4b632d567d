"""One whole visit through real screens: the door, the room, the one-on-ones, the notes, and what comes back afterwards."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config import Config
from groupvisits import create_app
from groupvisits.core import database
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.feedback import service as feedback
from tests.cast import PASSWORD
from tests.journeys.conftest import LAPTOP, PHONE, WALL, Server, is_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TABLET = {"width": 1024, "height": 768}
Person = Callable[..., Page]


def let_in(tablet: Page, server: Server, name: str, birthday: str) -> str:
    """At the door: find the person, let them in; return the code on their slip."""
    tablet.goto(f"/sessions/{server.cast.session_id}/check-ins")
    is_accessible(tablet)
    tablet.get_by_label("Name").fill(name[:3])
    day, month, year = birthday.split()
    tablet.get_by_label("Day").fill(day)
    tablet.get_by_label("Month").fill(month)
    tablet.get_by_label("Year").fill(year)
    tablet.get_by_role("button", name="Find this person").click()
    is_accessible(tablet)
    tablet.get_by_role("button", name=f"{name} is here").click()
    expect(tablet.get_by_role("heading", name=f"{name} is here")).to_be_visible()
    is_accessible(tablet)
    return "".join(tablet.locator("#slip .gv-code").inner_text().split())


def enter(phone: Page, server: Server, slip: str) -> None:
    """Scan the slip's QR, tap once."""
    phone.goto(f"/slips/{server.cast.session_id}-{slip}?lang=en")
    is_accessible(phone)
    phone.get_by_role("button", name="Join the visit").click()
    expect(phone.get_by_role("heading", name="Tuesday evening group")).to_be_visible()


def propose(phone: Page, words: str, button: str = "Send to the group") -> None:
    phone.get_by_label("What do you want us to talk about?").fill(words)
    phone.get_by_role("button", name=button).click()
    expect(phone.get_by_text(words).first).to_be_visible()


def give_feedback(phone: Page) -> None:
    phone.get_by_role("button", name="Give feedback").click()
    answer_form(phone)


def answer_form(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Yes", exact=True).locator("visible=true").check()
    page.get_by_role("button", name="Next").click()
    for _ in range(4):
        page.get_by_role("button", name="Skip this one").click()
    is_accessible(page)
    page.get_by_role("button", name=re.compile("Send")).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    is_accessible(page)


def two_cards(server: Server) -> list[str]:
    """The addresses in the squares of two more cards: a card on paper is read by a camera, which a browser without one cannot do."""
    app = create_app(Config(secret_key="not a secret, only for tests " * 2, instance=server.folder, public_url=server.url, testing=True))
    with app.app_context():
        tokens = run(feedback.print_cards, server.cast.joanne, server.cast.session_id, 2)
        database.writes().engine.dispose()
        db.engine.dispose()
    return [f"/feedback-forms/{token}" for token in tokens]


def test_a_whole_visit(server: Server, person: Person) -> None:
    session = f"/sessions/{server.cast.session_id}"

    # given: the coordinator looks at her day and at the visit, and opens the room
    joanne = person(TABLET)
    sign_in(joanne, "joanne.pike@example.org")
    expect(joanne).to_have_url(re.compile("/home$"))
    is_accessible(joanne)
    joanne.goto(session)
    is_accessible(joanne)

    # and: the facilitator opens the room and puts its screen on the wall
    tomas, wall = person(LAPTOP), person(WALL)
    sign_in(tomas, "tomas.reyes@example.org")
    is_accessible(tomas)
    tomas.goto(session)
    tomas.get_by_role("button", name="Open the room").click()
    expect(tomas.get_by_role("heading", name="New topics")).to_be_visible()
    is_accessible(tomas)
    joanne.goto(session)
    joanne.get_by_role("button", name="Screen in the room").click()
    is_accessible(joanne)
    wall.goto("/displays/" + re.search(r"/displays/([\w-]+)", joanne.content()).group(1))  # type: ignore[union-attr]
    expect(wall.get_by_text("No phone? Ask for a card.")).to_be_visible()
    is_accessible(wall)

    # and: three people are let in one by one and scan their slips
    rosa, marcus, gladys = person(PHONE), person(PHONE), person(PHONE)
    for phone, name, birthday in ((rosa, "Rosa", "1 3 1961"), (marcus, "Marcus", "2 3 1961"), (gladys, "Gladys", "3 3 1961")):
        enter(phone, server, let_in(joanne, server, name, birthday))
    is_accessible(rosa)

    # when: they say what they want to talk about, and one thing only for the one-on-one
    propose(rosa, "Why is my sugar high in the morning?")
    propose(marcus, "What test strips cost")
    propose(marcus, "Something I want to ask alone", "Send for my one-on-one only")

    # then: the console shows the group's topics, and of the private one only that there is one
    expect(tomas.get_by_text("What test strips cost")).to_be_visible()
    expect(tomas.get_by_text("1 topic went straight to a one-on-one.")).to_be_visible()
    expect(tomas.get_by_text("Something I want to ask alone")).to_have_count(0)

    # when: the facilitator puts both on the agenda, a patient says "me too", and one is started
    for words in ("Why is my sugar high in the morning?", "What test strips cost"):
        tomas.get_by_role("button", name=f"Put on agenda: {words}").click()
        expect(tomas.get_by_role("button", name=f"Start: {words}")).to_be_visible()
    show_news(gladys)
    gladys.locator("li", has_text="What test strips cost").get_by_role("button", name=re.compile("Me too")).click()
    expect(gladys.locator("li", has_text="What test strips cost").get_by_role("button", name=re.compile("Me too"))).to_have_attribute("aria-pressed", "true")
    expect(tomas.get_by_text(re.compile("1 me too")).first).to_be_visible()
    tomas.get_by_role("button", name="Start: What test strips cost").click()

    # then: wall and phones follow
    expect(wall.get_by_text("We are talking about")).to_be_visible()
    expect(wall.get_by_text("What test strips cost")).to_be_visible()
    expect(rosa.get_by_text("Talking now:")).to_be_visible()
    for page in (tomas, wall, rosa, gladys):
        is_accessible(page)

    # when: the resident calls the first person
    osei = person(LAPTOP)
    sign_in(osei, "hana.osei@example.org")
    osei.goto(f"{session}/slots")
    is_accessible(osei)
    called = osei.get_by_role("button", name=re.compile("^Call "))
    name = (called.first.inner_text().removeprefix("Call ")).strip()
    called.first.click()
    phone = {"Rosa": rosa, "Marcus": marcus, "Gladys": gladys}[name]

    # then: that phone says where to go, and the resident reads that they are coming
    expect(phone.get_by_role("heading", name="Please come now")).to_be_visible()
    is_accessible(phone)
    phone.get_by_role("button", name="I am coming").click()
    expect(osei.get_by_text("Called. On the way").first).to_be_visible()

    # when: the one-on-one is held and written up
    osei.get_by_role("button", name=f"Start with {name}").click()
    expect(osei.get_by_text("With you, 0 of 8 minutes").first).to_be_visible()
    osei.get_by_text("Write note").first.click()
    is_accessible(osei)
    for index, words in enumerate(("Mornings are high.", "Fasting 150 on 5 of 7 days.", "I want to walk first.", "No new medicine for 4 weeks.")):
        osei.locator("main textarea").nth(index).fill(words)
    expect(osei.get_by_text(re.compile("Saved"))).to_be_visible()
    note = osei.url
    osei.goto(f"{session}/slots")
    osei.get_by_role("button", name=re.compile(f"Finish {name}")).last.click()
    expect(osei.get_by_text("Done").first).to_be_visible()
    osei.goto(note)
    osei.get_by_role("button", name="Check and sign").click()
    is_accessible(osei)
    osei.get_by_role("textbox", name=re.compile("password", re.IGNORECASE)).fill(PASSWORD)
    osei.get_by_role("button", name="Sign", exact=True).click()
    expect(osei.get_by_role("button", name="Check and sign")).to_have_count(0)
    is_accessible(osei)

    # and: the attending says where she was and co-signs
    adler = person(LAPTOP)
    sign_in(adler, "ruth.adler@example.org")
    adler.goto("/notes/to-co-sign")
    is_accessible(adler)
    adler.locator('main a[href^="/notes/"]').first.click()
    is_accessible(adler)
    adler.get_by_label("Not in the room. We talked it through before the patient left").or_(
        adler.get_by_label(re.compile("We talked it through"))
    ).first.check()
    adler.get_by_role("textbox", name=re.compile("password", re.IGNORECASE)).fill(PASSWORD)
    adler.get_by_role("button", name="Co-sign", exact=True).click()
    is_accessible(adler)

    # when: the topic is finished with a line of what the group took from it, and the visit is closed
    tomas.get_by_role("button", name="Finish…").click()
    tomas.get_by_role("dialog").get_by_role("textbox").fill("Two people get them cheaper by mail.")
    tomas.get_by_role("dialog").get_by_role("button", name="Finish").click()
    expect(marcus.get_by_text("Two people get them cheaper by mail.")).to_be_visible()
    tomas.get_by_role("button", name="Close visit…").click()
    expect(tomas.get_by_text("3 topics sent, 3 accounted for").first).to_be_visible()
    is_accessible(tomas)

    # and: of everybody who came and was not seen one-on-one he says why, before anything closes
    unseen = {"Rosa", "Marcus", "Gladys"} - {name}
    tomas.get_by_role("button", name="Close and open feedback").press("Enter")
    expect(tomas.get_by_role("dialog").get_by_text("First say what happened with")).to_be_visible()
    for who in unseen:
        tomas.get_by_role("group", name=f"Why was {who} not seen?").get_by_label("Another reason").check()
        tomas.get_by_role("group", name=f"Why was {who} not seen?").get_by_label("Which reason?").fill("The bus left early")
    is_accessible(tomas)
    tomas.get_by_role("button", name="Close and open feedback").click()

    # then: everybody reads what became of theirs, and the wall is blank
    expect(rosa.get_by_text("Kept for next month").first).to_be_visible()
    expect(wall.get_by_text("What test strips cost")).not_to_be_visible()
    for page in (rosa, tomas, wall):
        is_accessible(page)

    # when: three phones and two paper cards answer
    quinn = person(LAPTOP)
    sign_in(quinn, "quinn.hale@example.org")
    for phone in (rosa, marcus, gladys):
        give_feedback(phone)
    quinn.goto("/results")
    expect(quinn.get_by_text(re.compile("3 have answered")).first).to_be_visible()
    expect(quinn.get_by_text("Felt listened to")).to_have_count(0)
    is_accessible(quinn)
    joanne.goto(f"{session}/papers/feedback-cards")
    is_accessible(joanne)
    joanne.locator("input[name=count]").fill("2")
    joanne.get_by_role("button", name="Make cards").click()
    expect(joanne.get_by_role("heading", name="How was this visit for you?")).to_have_count(2)
    is_accessible(joanne)
    for card in two_cards(server):
        helper = person(PHONE)
        helper.goto(card)
        answer_form(helper)

    # then: the reviewer reads the results, and not before
    quinn.goto("/results")
    expect(quinn.get_by_text("Felt listened to").first).to_be_visible()
    is_accessible(quinn)


def show_news(phone: Page) -> None:
    """News waits behind a button, so that nothing moves under a finger."""
    news = phone.get_by_role("button", name=re.compile("^Show .* new topic"))
    if news.count():
        news.first.click()
