"""The form's pages leave no trace; the results page says only what was released."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask import session as browser_session
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from groupvisits.accounts.models import BrowserSession
from groupvisits.audit.models import AuditEntry
from groupvisits.core.commands import CommandRecord
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.feedback import service, tokens
from groupvisits.feedback.models import FeedbackResponse
from groupvisits.live.models import TalkAccount
from tests.cast import Cast, signed_in
from tests.feedback.test_service import answer, hold_visit


@pytest.fixture
def card(app: Flask, cast: Cast) -> str:
    """The address on a paper card, after the visit."""
    with app.app_context():
        hold_visit(cast)
        return f"/feedback-forms/{run(service.print_cards, cast.joanne, cast.session_id, 1)[0]}"


@pytest.fixture
def with_csrf(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


def rows(app: Flask, *models: type) -> tuple[int, ...]:
    with app.app_context():
        return tuple(db.session.scalar(select(func.count()).select_from(model)) or 0 for model in models)


def responses(app: Flask) -> list[dict[str, str]]:
    with app.app_context():
        return [r.answers for r in db.session.scalars(select(FeedbackResponse))]


@pytest.mark.usefixtures("with_csrf")
def test_answering_leaves_no_cookie_no_log_line_no_session_and_no_audit_entry(app: Flask, card: str) -> None:
    client, before = app.test_client(), rows(app, BrowserSession, AuditEntry, CommandRecord)
    with capture_logs() as lines:
        visits = [
            client.get(card),
            client.get(card + "?lang=es"),
            client.post(card, data={}),  # nothing answered
            client.post(card + "?lang=es", data={"safe": "yes", "change": "Más tiempo"}),
            client.get(card),
            client.post(card, data={"safe": "no"}),
            client.get("/feedback-forms/unknown"),
            client.post("/feedback-forms/unknown", data={"safe": "no"}),
            client.put(card),
        ]
    assert [v.status_code for v in visits] == [200, 200, 422, 303, 200, 303, 404, 404, 405]
    for visit in visits:
        assert "Set-Cookie" not in visit.headers
        assert visit.headers["Cache-Control"] == "no-store"
        assert visit.headers["Referrer-Policy"] == "no-referrer"
    assert lines == []
    assert rows(app, BrowserSession, AuditEntry, CommandRecord) == before
    assert responses(app) == [{"safe": "yes", "change": "Más tiempo"}]


@pytest.mark.usefixtures("with_csrf")
def test_a_signed_in_phone_is_not_looked_at(app: Flask, cast: Cast, card: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(app, cast.rosa)
    looked_up: list[str] = []
    monkeypatch.setattr("groupvisits.accounts.browser_sessions.live_row", looked_up.append)
    monkeypatch.setattr("groupvisits.accounts.actors.live_row", looked_up.append)
    page = client.get(card)
    sent = client.post(card, data={"safe": "yes"})
    assert looked_up == []
    assert "Set-Cookie" not in page.headers
    assert "Set-Cookie" not in sent.headers
    assert "Sign out" not in page.text
    assert "csrf_token" not in page.text


def test_not_even_a_page_that_asks_for_a_session_sets_a_cookie(app: Flask, card: str) -> None:
    """Whatever a layout or an error page may want to remember one day."""
    with app.test_request_context(card):
        browser_session["csrf_token"] = "x"
        response = app.make_response("")
        app.session_interface.save_session(app, browser_session, response)
    assert "Set-Cookie" not in response.headers
    assert rows(app, BrowserSession) == (0,)


def test_looking_changes_nothing(app: Flask, card: str) -> None:
    client = app.test_client()
    for _ in range(3):
        assert "How was today for you?" in client.get(card).text
    assert responses(app) == []


def test_the_promise_comes_with_its_limit(app: Flask, card: str) -> None:
    page = app.test_client().get(card).text
    assert "Nobody can see who said what" in page
    assert "What we cannot promise:" in page
    assert "if you write something only you would say, people may guess." in page


def test_sending_leads_to_thanks_and_so_does_the_used_card(app: Flask, card: str) -> None:
    client = app.test_client()
    thanks = client.post(card, data={"safe": "yes"}, follow_redirects=True)
    assert "Thank you. Your answers are in." in thanks.text
    assert client.get(card).data == thanks.data


def test_the_language_is_kept_in_the_address_alone(app: Flask, card: str) -> None:
    client = app.test_client()
    assert '<html lang="es"' in client.get(card + "?lang=es").text
    sent = client.post(card + "?lang=es", data={"safe": "yes"})
    assert sent.headers["Location"].endswith("?lang=es")
    assert '<html lang="en"' in client.get(card).text


def test_a_made_up_address_gets_a_gentle_page(app: Flask, cast: Cast) -> None:
    page = app.test_client().get("/feedback-forms/made-up")
    assert page.status_code == 404
    assert "We do not know this form" in page.text


def test_nothing_answered_is_said_and_the_page_stays(app: Flask, card: str) -> None:
    page = app.test_client().post(card, data={"safe": ""})
    assert page.status_code == 422
    assert "Answer at least one question" in page.text


def test_a_wrong_answer_is_refused_beside_its_question_and_the_rest_is_kept(app: Flask, card: str) -> None:
    page = app.test_client().post(card, data={"safe": "maybe", "change": "Warmer room", "peer": "mostly"})
    assert page.status_code == 422
    assert "Choose one of the answers, or skip this question." in page.text
    assert "Warmer room" in page.text
    assert re.search(r'value="mostly"[^>]*checked', page.text)
    assert responses(app) == []


def test_a_text_that_is_too_long_is_refused_and_kept(app: Flask, card: str) -> None:
    long = "x" * 1001
    page = app.test_client().post(card, data={"change": long})
    assert page.status_code == 422
    assert "Please shorten this to 1000 characters" in page.text
    assert long in page.text


def test_what_was_not_asked_is_not_kept(app: Flask, card: str) -> None:
    app.test_client().post(card, data={"safe": "yes", "name": "Rosa", "phone": "555"})
    assert responses(app) == [{"safe": "yes"}]


def test_a_card_before_the_end_of_the_visit_says_when(app: Flask, cast: Cast) -> None:
    with app.app_context():
        token = run(service.print_cards, cast.joanne, cast.session_id, 1)[0]
    page = app.test_client().get(f"/feedback-forms/{token}")
    assert page.status_code == 409
    assert "This form opens when the visit is over." in page.text


# Handing out


def handouts(cast: Cast) -> str:
    return f"/sessions/{cast.session_id}/feedback-handouts"


def test_the_button_leads_to_a_form_of_ones_own_once(app: Flask, cast: Cast, card: str) -> None:
    client = signed_in(app, cast.rosa)
    handed = client.post(handouts(cast))
    assert handed.status_code == 303
    assert tokens_are_ours(app, handed.headers["Location"])
    again = client.post(handouts(cast))
    assert again.status_code == 409
    assert "Your form was opened before" in again.text


def tokens_are_ours(app: Flask, address: str) -> bool:
    with app.app_context():
        return tokens.is_ours(address.rpartition("/")[2])


def test_handing_out_is_not_logged(app: Flask, cast: Cast, card: str) -> None:
    client = signed_in(app, cast.rosa)
    with capture_logs() as lines:
        client.post(handouts(cast))
    assert lines == []


def test_handing_out_before_the_end_says_so_kindly(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.rosa).post(handouts(cast))
    assert page.status_code == 409
    assert "There is no form for you now" in page.text


def test_only_a_signed_in_patient_is_handed_a_form(app: Flask, cast: Cast, card: str) -> None:
    assert app.test_client().post(handouts(cast)).status_code in (302, 401)
    assert signed_in(app, cast.joanne).post(handouts(cast)).status_code == 403
    assert signed_in(app, cast.sunny).post(handouts(cast)).status_code == 404


# Results


@pytest.fixture
def quinn(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.quinn)


def test_an_empty_page_says_what_it_waits_for(quinn: FlaskClient) -> None:
    assert "No results yet." in quinn.get("/results").text


def test_four_answers_are_counted_and_not_shown(app: Flask, cast: Cast, card: str, quinn: FlaskClient) -> None:
    with app.app_context():
        answer(cast, 4, safe="no", change="Warmer room")
    page = quinn.get("/results").text
    assert "4 have answered. We show results from 5." in page
    assert "Warmer room" not in page
    assert "said yes" not in page


def test_five_answers_are_shown(app: Flask, cast: Cast, card: str, quinn: FlaskClient) -> None:
    with app.app_context():
        answer(cast, 5, safe="no", change="Warmer room")
        answer(cast, 2, change="Later")
    page = quinn.get(f"/results?group={cast.group_id}").text
    assert "2 or fewer of 5 said yes" in page
    assert "Look here" in page
    assert page.count("Warmer room") == 5
    assert "Later" not in page.replace("Later answers", "")
    assert "2 more have answered." in page


@pytest.mark.parametrize("who", ["joanne", "tomas", "osei", "adler", "ada", "rosa"])
def test_results_are_for_reviewers_only(app: Flask, cast: Cast, who: str) -> None:
    assert signed_in(app, getattr(cast, who)).get("/results").status_code == 403


def test_a_group_of_another_clinic_is_not_found(app: Flask, cast: Cast, card: str) -> None:
    assert signed_in(app, cast.sol).get(f"/results?group={cast.group_id}").status_code == 404


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"here": 11, "heard": 6, "from_own_hand": 5, "talked_about": 10}, ["6 of 11", "5 of 10", "62 of 110"]),
        ({"here": 11, "heard": 11, "from_own_hand": 4, "talked_about": 4}, ["7 or more of 11", "Fewer than 5 topics", "62 of 110"]),
        ({"here": 7, "heard": 1, "from_own_hand": 7, "talked_about": 7}, ["3 or fewer of 7", "4 or more of 7", "62 of 110"]),
        ({"here": 4, "heard": 3, "from_own_hand": 5, "talked_about": 5}, []),
    ],
)
def test_how_the_talk_was_shared_stands_with_the_visit_as_coarsely_as_its_answers(
    app: Flask, cast: Cast, card: str, quinn: FlaskClient, figures: dict[str, int], said: list[str]
) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(TalkAccount, cast.session_id).figures = {"topics": 12, "minutes_on_topics": 62, "minutes_open": 110, **figures}
    page = quinn.get("/results").text
    assert re.findall(r"<dd[^>]*>([^<]*)</dd>", page) == said
    assert ("How the talk was shared" in page) == bool(said)
    for name in ("Rosa", "Marcus", "Gladys"):
        assert name not in page.partition("<main")[2]


def test_a_visit_from_before_the_talk_was_counted_says_nothing_of_it(app: Flask, cast: Cast, card: str, quinn: FlaskClient) -> None:
    with app.app_context(), write() as tx:
        tx.execute(delete(TalkAccount))
    page = quinn.get("/results").text
    assert "Nobody has answered yet." in page
    assert "How the talk was shared" not in page
