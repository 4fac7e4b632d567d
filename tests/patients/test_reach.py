"""How a patient is told things: by staff's form or by their own choice, and never by a text without consent."""

import pytest
from flask import Flask
from sqlalchemy import update

from groupvisits.core import clock
from groupvisits.core.errors import NotAllowed
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.patients.rules import person
from groupvisits.patients.service import reach
from tests.cast import Cast, signed_in

FORM = {"given_name": "Rosa", "family_name": "Delgado", "display_name": "Rosa", "record_number": "MR0001", "phone": "+16175550101", "email": "rosa@example.org", "language": "es",
        "birth_date-day": "1", "birth_date-month": "3", "birth_date-year": "1961"}  # fmt: skip


def patient(app: Flask, cast: Cast) -> Patient:
    with app.app_context():
        return db.session.get_one(Patient, cast.rosa.id)


def seen(client, cast: Cast) -> str:
    page = client.get(f"/patients/{cast.rosa.id}/edits").text
    return page.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("channel", "email", "phone", "agreed", "refused"),
    [
        ("", "", "", False, None), ("email", "a@example.org", "", False, None), ("call", "", "+1", False, None), ("text", "", "+1", True, None),
        ("email", "", "+1", False, "channel"), ("call", "a@example.org", "", False, "channel"), ("text", "", "+1", False, "channel"),
        ("text", "a@example.org", "", True, "channel"), ("pigeon", "a@example.org", "+1", True, "channel"), ("", "a@example.org", "", True, "agreed_to_texts"),
    ],
)  # fmt: skip
def test_a_channel_must_be_able_to_work(channel: str, email: str, phone: str, agreed: bool, refused: str | None) -> None:
    if refused is None:
        person.check_channel(channel, email=email, phone=phone, agreed_to_texts=agreed)
        return
    with pytest.raises(person.Refused) as refusal:
        person.check_channel(channel, email=email, phone=phone, agreed_to_texts=agreed)
    assert refusal.value.field == refused


def test_staff_note_that_somebody_agreed_to_texts_and_take_it_back(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    address = f"/patients/{cast.rosa.id}/edits"
    assert client.post(address, data={**FORM, "channel": "text", "agreed_to_texts": "y", "seen": seen(client, cast)}).status_code == 303
    assert patient(app, cast).channel == "text" and patient(app, cast).text_consent_at is not None
    assert client.post(address, data={**FORM, "channel": "", "seen": seen(client, cast)}).status_code == 303
    assert patient(app, cast).channel == "" and patient(app, cast).text_consent_at is None


def test_a_text_without_consent_is_refused_beside_its_field_and_keeps_what_was_typed(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    page = client.post(f"/patients/{cast.rosa.id}/edits", data={**FORM, "needs": "Large print", "channel": "text", "seen": seen(client, cast)})
    assert "Texts need a telephone number, and that the person agreed to them." in page.text and "Large print" in page.text
    assert patient(app, cast).channel == "" and patient(app, cast).needs == ""


@pytest.mark.parametrize("channel", ["pigeon", "x" * 5000, "<script>", "\x00"])
def test_a_channel_that_does_not_exist_changes_nothing(app: Flask, cast: Cast, channel: str) -> None:
    client = signed_in(app, cast.joanne)
    client.post(f"/patients/{cast.rosa.id}/edits", data={**FORM, "channel": channel, "seen": seen(client, cast)})
    assert patient(app, cast).channel == ""


def test_only_the_patient_undoes_a_stop(app: Flask, cast: Cast) -> None:
    with app.app_context():
        run(lambda tx: tx.execute(update(Patient).where(Patient.id == cast.rosa.id).values(text_stopped_at=clock.now(), text_consent_at=clock.now())))
    client = signed_in(app, cast.joanne)
    assert "They answered STOP" in client.get(f"/patients/{cast.rosa.id}/edits").text
    client.post(f"/patients/{cast.rosa.id}/edits", data={**FORM, "channel": "text", "agreed_to_texts": "y", "seen": seen(client, cast)})
    assert patient(app, cast).text_stopped_at is not None
    own = signed_in(app, cast.rosa)
    assert "You answered STOP" in own.get("/my/reach").text
    assert own.post("/my/reach", data={"channel": "text", "agreed_to_texts": "y"}).status_code == 303
    assert patient(app, cast).text_stopped_at is None and patient(app, cast).channel == "text"
    assert "You answered STOP" not in own.get("/my/reach").text


def test_a_patient_who_takes_consent_back_is_not_texted(app: Flask, cast: Cast) -> None:
    own = signed_in(app, cast.rosa)
    own.post("/my/reach", data={"channel": "text", "agreed_to_texts": "y"})
    answer = own.post("/my/reach", data={"channel": "text"})
    assert answer.status_code == 422 and patient(app, cast).text_consent_at is not None
    assert own.post("/my/reach", data={"channel": "email"}).status_code == 303
    assert patient(app, cast).text_consent_at is None


def test_nobody_chooses_for_a_patient_but_themselves(app: Flask, cast: Cast) -> None:
    def choose(tx: Transaction) -> None:
        reach.choose_channel(tx, cast.joanne, channel="email", agreed_to_texts=False)

    with app.app_context(), pytest.raises(NotAllowed):
        run(choose)
