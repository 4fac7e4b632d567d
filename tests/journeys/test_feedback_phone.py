"""A patient answers the form on a phone whose network comes and goes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config import Config
from groupvisits import create_app
from groupvisits.core import database
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.feedback import service
from groupvisits.feedback.models import FeedbackResponse
from groupvisits.sessions import service as sessions
from tests.journeys.conftest import PHONE, Server, is_accessible

pytestmark = pytest.mark.browser


def a_card(server: Server) -> str:
    with _database(server).app_context():
        run(sessions.open_session, server.cast.tomas, server.cast.session_id)
        run(sessions.close_session, server.cast.tomas, server.cast.session_id)
        (token,) = run(service.print_cards, server.cast.joanne, server.cast.session_id, 1)
        _close()
    return f"/feedback-forms/{token}"


def the_answers(server: Server) -> list[dict[str, str]]:
    with _database(server).app_context():
        found = [response.answers for response in db.session.scalars(db.select(FeedbackResponse))]
        _close()
    return found


def _database(server: Server):  # type: ignore[no-untyped-def]
    return create_app(Config(secret_key="not a secret, only for tests " * 2, instance=server.folder, public_url=server.url, testing=True))


def _close() -> None:
    db.session.remove()
    database.writes().engine.dispose()
    db.engine.dispose()


def test_answers_wait_on_the_phone_until_the_network_is_back(server: Server, person: Callable[..., Page]) -> None:
    card, phone = a_card(server), person(PHONE)

    # given a question answered, one skipped, and the page closed and opened again in another language
    phone.goto(card)
    is_accessible(phone)
    phone.get_by_role("button", name="Start").click()
    expect(phone.get_by_text("Question 1 of 6")).to_be_visible()
    is_accessible(phone)
    phone.get_by_label("Mostly").locator("visible=true").check()
    phone.get_by_role("button", name="Next").click()
    phone.get_by_role("button", name="Skip this one").click()
    phone.goto(f"{card}?lang=es")
    phone.goto(card)
    expect(phone.get_by_text("Question 3 of 6")).to_be_visible()

    # when the last answer is sent without a network
    for _ in range(3):
        phone.get_by_role("button", name="Next").click()
    phone.get_by_label("What is one thing we should change?").fill("Longer one-on-ones")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_text("Your answers wait on this phone.")).to_be_visible()
    is_accessible(phone)
    assert the_answers(server) == []

    # then they arrive once it is back, and nothing of them stays on the phone
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Thank you. Your answers are in.")).to_be_visible()
    is_accessible(phone)
    assert the_answers(server) == [{"listened": "mostly", "change": "Longer one-on-ones"}]
    assert phone.evaluate("localStorage.length") == 0
    assert phone.context.cookies() == []


def test_the_form_works_without_script(server: Server, person: Callable[..., Page]) -> None:
    phone = person(PHONE, java_script_enabled=False)
    phone.goto(a_card(server))
    phone.locator("input[name=safe][value=yes]").check()
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("heading", name="Thank you. Your answers are in.")).to_be_visible()
    assert the_answers(server) == [{"safe": "yes"}]


def test_an_answer_that_was_received_unheard_is_not_sent_twice(server: Server, person: Callable[..., Page]) -> None:
    """The clinic's reply gets lost on the way: the phone sends again, and is thanked."""
    phone = person(PHONE)
    phone.goto(a_card(server))
    lost: list[str] = []

    def lose_the_first_reply(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(str(route.fetch().status))
            route.abort()
        else:
            route.continue_()

    phone.route("**/feedback-forms/*", lose_the_first_reply)
    phone.get_by_role("button", name="Start").click()
    phone.get_by_label("Yes").locator("visible=true").check()
    for _ in range(5):
        phone.get_by_role("button", name="Next").click()
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("button", name="Try again now").click()
    expect(phone.get_by_role("heading", name="Thank you. Your answers are in.")).to_be_visible()
    assert lost
    assert the_answers(server) == [{"listened": "yes"}]
