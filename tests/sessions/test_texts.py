"""Texts that come in by the gateway's door: each once, understood or left for a human, and STOP at once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, IncomingText, Notice, Seat
from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.service import messages, texts
from tests.cast import Cast, signed_in

TOKEN = "a token that the gateway and the program share"
MARCUS = "+16175550102"


@pytest.fixture
def gateway(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    """The gateway's side of the door."""
    config = app.extensions["config"]
    app.extensions["config"] = replace(config, sms_token=TOKEN)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    yield client
    app.extensions["config"] = config


@pytest.fixture(autouse=True)
def asked(app: Flask, cast: Cast) -> None:
    """Marcus takes texts and was asked by text to a visit in nine days; Frank is expected there."""
    with app.app_context():
        starts_at = clock.now() + timedelta(days=9)
        change(GroupSession, cast.session_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        change(Patient, cast.marcus.id, channel="text", text_consent_at=clock.now())
        change(Seat, cast.seats["marcus"], state="invited", seat_no=None)
        run(lambda tx: messages.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), cast.marcus.id, "invitation"))
        messages.word_due()
        run(lambda tx: tx.execute(update(OutboxMessage).values(state="sent")))


def change(model: Any, key: str, **values: Any) -> None:
    run(lambda tx: tx.execute(update(model).where(model.id == key).values(**values)))


def send(gateway: FlaskClient, words: str, *, sender: str = MARCUS, id: str = "m1") -> int:
    return gateway.post("/texts", json={"id": id, "from": sender, "text": words}).status_code


def row(app: Flask, model: Any, key: str) -> Any:
    with app.app_context():
        db.session.rollback()
        return db.session.get_one(model, key)


def replies(app: Flask) -> list[str]:
    with app.app_context():
        db.session.rollback()
        return list(db.session.scalars(select(OutboxMessage.text).where(OutboxMessage.kind == "text_reply").order_by(OutboxMessage.due_at)))


def kept(app: Flask) -> list[tuple[str, bool]]:
    """(what was understood, whether somebody must still read it) of every text that came in."""
    with app.app_context():
        db.session.rollback()
        return [(one.understood, one.read_at is None) for one in db.session.scalars(select(IncomingText).order_by(IncomingText.received_at))]


@pytest.mark.parametrize(("words", "state"), [("YES", "confirmed"), ("Sí!", "confirmed"), ("no", "declined"), ("Não.", "declined")])
def test_a_yes_or_no_answers_the_date_that_was_asked_about(app: Flask, cast: Cast, gateway: FlaskClient, words: str, state: str) -> None:
    assert send(gateway, words) == 200
    seat = row(app, Seat, cast.seats["marcus"])
    assert (seat.state, seat.answered_by) == (state, "text")
    assert len(replies(app)) == 1 and not kept(app)[0][1]


def test_the_same_text_again_changes_nothing(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "yes")
    with app.app_context():
        change(Seat, cast.seats["marcus"], state="declined", seat_no=None)
    assert send(gateway, "yes") == 200
    assert row(app, Seat, cast.seats["marcus"]).state == "declined"
    assert len(kept(app)) == len(replies(app)) == 1


def test_who_is_answered_by_text_gets_no_second_message_about_it(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "yes")
    with app.app_context():
        messages.word_due()
        about = db.session.scalars(select(OutboxMessage.kind).where(OutboxMessage.patient_id == cast.marcus.id)).all()
    assert sorted(about) == ["invitation", "text_reply"]


def test_a_no_answers_the_date_of_the_last_text_though_another_is_open(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    """He said yes to the date he is reminded of; an earlier question about another date is not what he answers."""
    with app.app_context():
        change(Seat, cast.seats["marcus"], state="confirmed", seat_no=2)
    assert send(gateway, "no") == 200
    assert row(app, Seat, cast.seats["marcus"]).state == "declined"


@pytest.mark.parametrize("words", ["Yes but I come late", "my knee hurts", "", "cancel", "👍", "x" * 5000, "<script>alert(1)</script>", "=1+1"])
def test_what_is_not_clear_waits_for_a_human_and_is_not_answered(app: Flask, cast: Cast, gateway: FlaskClient, words: str) -> None:
    assert send(gateway, words) == 200
    assert kept(app) == [("", True)] and replies(app) == []
    assert row(app, Seat, cast.seats["marcus"]).state == "invited"
    page = signed_in(app, cast.joanne).get("/messages").text
    assert "1 text needs a person" in page and "Marcus Bell" in page and "<script>alert" not in page


def test_a_yes_from_a_number_that_two_people_share_is_nobodys_answer(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(Patient, cast.frank.id, phone=MARCUS)
    assert send(gateway, "yes") == 200
    assert row(app, Seat, cast.seats["marcus"]).state == "invited" and kept(app) == [("", True)]
    assert "Several people share this number" in signed_in(app, cast.joanne).get("/messages").text


def test_a_yes_with_nothing_to_answer_waits_for_a_human(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(GroupSession, cast.session_id, state="cancelled")
    assert send(gateway, "yes") == 200 and kept(app) == [("", True)] and replies(app) == []


def test_a_yes_when_all_places_are_held_says_so(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(GroupSession, cast.session_id, maximum=5)
    assert send(gateway, "yes") == 200
    assert row(app, Seat, cast.seats["marcus"]).state in ("invited", "waitlisted")
    assert "taken" in replies(app)[0]


def test_an_unknown_number_is_read_by_the_only_clinic_or_by_nobody(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    assert send(gateway, "who are you?", sender="+19995550199") == 200
    assert "1 text needs a person" not in signed_in(app, cast.joanne).get("/messages").text  # two clinics: it may be the other's
    assert replies(app) == []


def test_stop_ends_texts_at_once_and_says_what_comes_instead(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        run(lambda tx: tx.execute(update(OutboxMessage).values(state="waiting")))
    assert send(gateway, "Stop") == 200
    patient = row(app, Patient, cast.marcus.id)
    assert patient.text_stopped_at is not None
    (reply,) = replies(app)
    assert "no more texts" in reply and "e-mails instead" in reply
    with app.app_context():
        waiting = db.session.execute(
            select(OutboxMessage.channel, OutboxMessage.kind).where(OutboxMessage.patient_id == cast.marcus.id, OutboxMessage.state == "waiting")
        ).all()
        assert sorted(tuple(one) for one in waiting) == [("email", "invitation"), ("text", "text_reply")]


def test_stop_without_another_address_says_that_we_call(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(Patient, cast.marcus.id, email="")
    send(gateway, "STOP")
    assert "we call you instead" in replies(app)[0]


def test_stop_holds_for_everybody_who_shares_the_telephone(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(Patient, cast.frank.id, phone=MARCUS, text_consent_at=clock.now())
    send(gateway, "stop")
    assert row(app, Patient, cast.frank.id).text_stopped_at is not None and row(app, Patient, cast.marcus.id).text_stopped_at is not None
    assert len(replies(app)) == 1


@pytest.mark.parametrize("wrote", [True, False])
def test_stop_holds_in_every_clinic_that_has_the_number(app: Flask, cast: Cast, gateway: FlaskClient, wrote: bool) -> None:
    """All clinics of an installation write by one number; `wrote`: one of them has."""
    with app.app_context(), write() as tx:
        stranger = Patient(id=ids.new_id(), clinic_id=cast.sol.clinic_id, given_name="Mark", family_name="Bell", display_name="Mark", phone=MARCUS,
                           text_consent_at=clock.now(), created_at=clock.now())  # fmt: skip
        tx.add(stranger)
        if not wrote:
            tx.execute(update(OutboxMessage).values(state="withdrawn"))
    send(gateway, "STOP")
    assert row(app, Patient, cast.marcus.id).text_stopped_at is not None and row(app, Patient, stranger.id).text_stopped_at is not None
    assert len(replies(app)) == 1 and kept(app) == [("stop", False)]
    send(gateway, "START", id="m2")
    assert (row(app, Patient, cast.marcus.id).text_stopped_at is None) == wrote and row(app, Patient, stranger.id).text_stopped_at is not None


def test_start_brings_texts_back(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "STOP", id="m1")
    send(gateway, "START", id="m2")
    patient = row(app, Patient, cast.marcus.id)
    assert patient.text_stopped_at is None and patient.text_consent_at is not None


def test_help_says_who_texts(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "HELP")
    assert "Millbrook Community Clinic" in replies(app)[0] and "STOP" in replies(app)[0]


def test_a_machine_that_asks_for_ever_is_not_answered_for_ever(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    for number in range(rules.MOST_REPLIES + 3):
        assert send(gateway, "HELP", id=f"m{number}") == 200
    assert len(replies(app)) == rules.MOST_REPLIES and len(kept(app)) == rules.MOST_REPLIES + 3
    send(gateway, "STOP", id="last")
    assert row(app, Patient, cast.marcus.id).text_stopped_at is not None
    with app.app_context():
        run(lambda tx: tx.execute(update(OutboxMessage).values(due_at=clock.now() - rules.REPLIES_WITHIN)))
    send(gateway, "HELP", id="later")
    assert len(replies(app)) == rules.MOST_REPLIES + 1


def test_replies_speak_the_patients_language(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    with app.app_context():
        change(Patient, cast.marcus.id, language="ht")
    send(gateway, "wi")
    assert replies(app)[0].startswith("Mèsi")


class TestDoor:
    @pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", TOKEN[:-1], "Bearer ñ"])
    def test_without_the_token_nothing_is_read(self, app: Flask, cast: Cast, gateway: FlaskClient, header: str | None) -> None:
        client = app.test_client()
        for address in ("/texts", "/text-reports"):
            headers = {"Authorization": header.encode("utf-8").decode("latin-1")} if header else {}
            answer = client.post(address, json={"id": "m1", "from": MARCUS, "text": "STOP", "state": "failed"}, headers=headers)
            assert answer.status_code == 401
        assert kept(app) == [] and row(app, Patient, cast.marcus.id).text_stopped_at is None

    def test_without_a_gateway_there_is_no_such_door(self, app: Flask, cast: Cast) -> None:
        assert app.test_client().post("/texts", json={"id": "m1", "from": MARCUS, "text": "STOP"}).status_code == 404

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{}", b"[]", b"null", b"{", b'{"id": 1, "from": "+1", "text": "yes"}', b'{"id": "", "from": "+1", "text": "yes"}', b'{"id": "a", "from": "+1"}',
            b'{"id": "a", "from": "+1", "text": {"a": 1}}', b"[" * 10000, b'{"id": "a", "from": "+1", "text": "' + b"x" * 20000 + b'"}',
        ],
    )  # fmt: skip
    def test_what_is_no_text_is_refused(self, app: Flask, cast: Cast, gateway: FlaskClient, body: bytes) -> None:
        assert gateway.post("/texts", data=body, content_type="application/json").status_code in (400, 413)
        assert kept(app) == []

    @pytest.mark.parametrize("sender", ["", "x" * 500, "\x00", "12345", "6175550102", "1 (617) 555-0102", "' OR 1=1 --"])
    def test_strange_numbers_and_ids_do_no_harm(self, app: Flask, cast: Cast, gateway: FlaskClient, sender: str) -> None:
        assert send(gateway, "hello\x00", sender=sender, id="x" * 3000) in (200, 400)

    @pytest.mark.parametrize("words", ["yes \\ud83d", "my knee\\u0000 hurts \\ud83d"])
    def test_a_character_cut_in_two_by_the_gateway_is_left_out(self, app: Flask, cast: Cast, gateway: FlaskClient, words: str) -> None:
        """Otherwise the text would be lost, or brought again for ever."""
        sent = f'{{"id": "m\\ud83d\\u0000", "from": "{MARCUS}\\ud83d", "text": "{words}"}}'
        assert gateway.post("/texts", data=sent, content_type="application/json").status_code == 200
        assert len(kept(app)) == 1
        assert gateway.post("/text-reports", data='{"id": "g\\ud83d\\u0000", "state": "failed"}', content_type="application/json").status_code == 200

    def test_reports_say_what_became_of_a_text(self, app: Flask, cast: Cast, gateway: FlaskClient) -> None:
        with app.app_context():
            run(lambda tx: tx.execute(update(OutboxMessage).values(gateway_id="gw-7")))
        assert gateway.post("/text-reports", json={"id": "gw-7", "state": "failed"}).status_code == 200
        assert "1 message came back" in signed_in(app, cast.joanne).get("/messages").text
        assert gateway.post("/text-reports", json={"id": "other", "state": "delivered"}).status_code == 200
        assert gateway.post("/text-reports", json={"id": "gw-7", "state": "odd"}).status_code == 200

    def test_a_form_is_no_way_in(self, app: Flask, cast: Cast, gateway: FlaskClient) -> None:
        assert gateway.post("/texts", data={"id": "m1", "from": MARCUS, "text": "STOP"}).status_code in (400, 415)
        assert kept(app) == []


def test_a_text_is_read_once_by_those_who_may(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "my knee hurts")
    with app.app_context():
        text_id = str(db.session.scalar(select(IncomingText.id)))
        for person, refusal in ((cast.sol, NotFound), (cast.tomas, NotAllowed), (cast.marcus, NotAllowed)):
            with pytest.raises(refusal):
                run(texts.read_text, person, text_id)
    client = signed_in(app, cast.joanne)
    for _ in range(2):
        assert client.post(f"/incoming-texts/{text_id}/readings").status_code == 303
    assert "needs a person" not in client.get("/messages").text
    assert kept(app) == [("", False)]


def test_no_notice_is_lost_when_texts_stop(app: Flask, cast: Cast, gateway: FlaskClient) -> None:
    send(gateway, "STOP")
    with app.app_context():
        change(Notice, str(db.session.scalar(select(Notice.id))), state="planned")
        messages.word_due()
        channels = db.session.scalars(select(OutboxMessage.channel).where(OutboxMessage.kind == "invitation").order_by(OutboxMessage.number)).all()
        assert channels[-1] == "email" and db.session.scalar(select(func.count()).select_from(IncomingText)) == 1
