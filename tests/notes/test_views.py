"""The pages of notes, through their doors."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password

from groupvisits.accounts.models import StaffMember
from groupvisits.core import transaction
from groupvisits.extensions import db
from groupvisits.notes import service, views
from groupvisits.notes.models import Note, NoteAddendum, NoteSignature
from groupvisits.sessions import service as sessions
from groupvisits.slots import service as slots
from groupvisits.slots.queries import slot_of_seat
from tests.cast import PASSWORD, Cast, signed_in

WORDS = {"co_assess_patient": "Mornings are high.", "co_assess_clinician": "Fasting 150.", "plan_what": "Walk", "plan_confidence": "8"}


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_is_really_them", lambda secret: secret == "123456")


@pytest.fixture
def note_id(app: Flask, cast: Cast) -> str:
    """Rosa's note, her one-on-one finished."""
    with app.app_context():
        transaction.run(sessions.open_session, cast.tomas, cast.session_id)
        transaction.run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
        slot = slot_of_seat(db.session(), cast.seats["rosa"])
        assert slot is not None
        transaction.run(slots.start, cast.osei, cast.session_id, slot_id=slot.id)
        made = transaction.run(service.open_note, cast.osei, slot.id)
        transaction.run(slots.finish, cast.osei, cast.session_id, slot_id=slot.id)
    return made


def press(client: FlaskClient, address: str, **fields: str) -> tuple[int, str]:
    answer = client.post(address, data=fields, follow_redirects=True)
    return answer.status_code, answer.text


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or re.search(rf'value="([^"]*)"[^>]*name="{name}"', page)
    assert found, name
    return found.group(1)


def signed(app: Flask, cast: Cast, note_id: str) -> FlaskClient:
    client = signed_in(app, cast.osei)
    press(client, f"/notes/{note_id}", base_revision="0", act="check", **WORDS)
    status, page = press(client, f"/notes/{note_id}/signatures", revision="1", secret="123456")
    assert (status, "Signed. Nobody can change a word now" in page) == (200, True)
    return client


def test_the_note_is_opened_from_the_board_and_shown_beside_it(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    assert f"/notes/{note_id}" in client.get(f"/sessions/{cast.session_id}/slots").text
    page = client.get(f"/notes/{note_id}").text
    assert "Rosa Delgado" in page
    assert "Born 1 March 1961." in page
    assert "Speaks Spanish." in page
    assert "These are never added." in page
    assert "data-board=" in page
    assert "Rosa" not in page.split("<title>")[1].split("</title>")[0]


def test_writing_is_saved_while_it_goes_on(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    first = client.put(f"/notes/{note_id}/draft", json={"base_revision": 0, **WORDS})
    assert (first.status_code, first.json["result"]["revision"]) == (200, 1)
    stale = client.put(f"/notes/{note_id}/draft", json={"base_revision": 0, "co_assess_patient": "other"})
    assert (stale.status_code, stale.json["error"]["code"]) == (409, "draft_changed")
    long = client.put(f"/notes/{note_id}/draft", json={"base_revision": 1, "co_assess_patient": "x" * 4001})
    assert (long.status_code, long.json["error"]["field"]) == (400, "co_assess_patient")
    assert client.put(f"/notes/{note_id}/draft", data="no json").status_code == 415
    assert client.put(f"/notes/{note_id}/draft", json={"base_revision": 1, "unknown": "x"}).status_code == 400
    assert app.test_client().put(f"/notes/{note_id}/draft", json={"base_revision": 1}).status_code == 401


def test_too_long_words_are_kept_on_the_page(app: Flask, cast: Cast, note_id: str) -> None:
    status, page = press(signed_in(app, cast.osei), f"/notes/{note_id}", base_revision="0", co_assess_patient="y" * 4001)
    assert (status, "This is too long: at most 4000 letters." in page, "y" * 4001 in page) == (400, True, True)


def test_two_versions_are_compared_part_by_part(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    client.put(f"/notes/{note_id}/draft", json={"base_revision": 0, "co_assess_patient": "from the other page", "co_decide_patient": "same"})
    status, page = press(client, f"/notes/{note_id}", base_revision="0", act="compare", co_assess_patient="typed here", co_decide_patient="same")
    assert (status, "from the other page" in page, "typed here" in page) == (409, True, True)
    assert "choice_co_decide_patient" not in page
    status, page = press(client, f"/notes/{note_id}/choices", base_revision="1", mine_co_assess_patient="typed here")
    assert (status, "Choose which words to keep." in page, "typed here" in page) == (400, True, True)
    status, page = press(client, f"/notes/{note_id}/choices", base_revision="1", mine_co_assess_patient="typed here", choice_co_assess_patient="mine")
    assert (status, "typed here" in page, "same" in page) == (200, True, True)
    versions = client.get(f"/notes/{note_id}/versions").text
    assert "from the other page" in versions


def test_an_earlier_version_comes_back(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    assert "There are no earlier versions yet." in client.get(f"/notes/{note_id}/versions").text
    press(client, f"/notes/{note_id}", base_revision="0", co_assess_patient="first words")
    press(client, f"/notes/{note_id}", base_revision="1", co_assess_patient="second words")
    status, page = press(client, f"/notes/{note_id}/versions/1", base_revision="2")
    assert (status, "first words" in page) == (200, True)


def test_checking_says_what_is_in_the_way(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    status, page = press(client, f"/notes/{note_id}", base_revision="0", act="check", co_assess_patient="Only hers", plan_what="Walk")
    assert "Your own words are empty" in page
    assert "The plan has no number yet" in page
    assert 'aria-disabled="true"' in page
    press(client, f"/notes/{note_id}", base_revision="1", act="check", co_assess_clinician="Marcus said so")
    status, page = press(client, f"/notes/{note_id}/signatures", revision="2", secret="123456")
    assert (status, "is also in this group" in page, "<mark" in page) == (422, True, True)
    status, page = press(client, f"/notes/{note_id}/signatures", revision="2", secret="123456", someone_else="Marcus")
    assert (status, "Signed." in page) == (200, True)


def test_a_wrong_code_signs_nothing(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    press(client, f"/notes/{note_id}", base_revision="0", act="check", **WORDS)
    status, page = press(client, f"/notes/{note_id}/signatures", revision="1", secret="")
    assert (status, "Enter a new code from your app, or your password" in page) == (400, True)
    status, page = press(client, f"/notes/{note_id}/signatures", revision="1", secret="000000")
    assert (status, "This is not right." in page) == (422, True)
    with app.app_context():
        assert db.session.scalars(db.select(NoteSignature)).all() == []


def test_who_signs_is_asked_for_what_they_have(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed_in(app, cast.osei)
    assert "Your password" in client.get(f"/notes/{note_id}/signatures").text
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.osei.id).tf_totp_secret = "a secret"
    assert "Code from your authenticator app" in client.get(f"/notes/{note_id}/signatures").text


def test_the_own_password_signs_and_another_does_not(app: Flask, cast: Cast, note_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.osei.id).password = hash_password(PASSWORD)
    client = signed_in(app, cast.osei)
    press(client, f"/notes/{note_id}", base_revision="0", act="check", **WORDS)
    assert press(client, f"/notes/{note_id}/signatures", revision="1", secret="wrong")[0] == 422
    assert "Signed by Dr Hana Osei" in press(client, f"/notes/{note_id}/signatures", revision="1", secret=PASSWORD)[1]


def test_a_second_tap_on_sign_leads_to_the_signed_note(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed(app, cast, note_id)
    status, page = press(client, f"/notes/{note_id}/signatures", revision="1", secret="123456")
    assert (status, "Signed by Dr Hana Osei" in page) == (200, True)
    assert "<textarea" not in page


def test_the_attending_co_signs_without_a_choice_made_for_them(app: Flask, cast: Cast, note_id: str) -> None:
    signed(app, cast, note_id)
    client = signed_in(app, cast.adler)
    assert "Rosa Delgado" in client.get("/notes/to-co-sign").text
    page = client.get(f"/notes/{note_id}/co-signatures").text
    assert "Where were you during this one-on-one?" in page
    assert " checked" not in page
    signature_id = value(page, "signature_id")
    status, page = press(client, f"/notes/{note_id}/co-signatures", signature_id=signature_id, secret="123456", attestation="My words")
    assert (status, "Say where you were" in page, "My words" in page) == (400, True, True)
    status, page = press(client, f"/notes/{note_id}/co-signatures", signature_id=signature_id, secret="123456", presence="key_part")
    assert (status, "which part" in page) == (400, True)
    status, page = press(client, f"/notes/{note_id}/co-signatures", signature_id=signature_id, secret="999999", presence="discussed")
    assert (status, "This is not right." in page) == (422, True)
    status, page = press(client, f"/notes/{note_id}/co-signatures", signature_id=signature_id, secret="123456", presence="discussed")
    assert (status, "Co-signed." in page, "Nothing waits for your co-signature." in page) == (200, True, True)
    assert "We talked it through before the patient left" in signed_in(app, cast.osei).get(f"/notes/{note_id}").text


def test_a_note_is_returned_with_its_comment_on_top(app: Flask, cast: Cast, note_id: str) -> None:
    resident = signed(app, cast, note_id)
    attending = signed_in(app, cast.adler)
    page = attending.get(f"/notes/{note_id}/returns").text
    signature_id = value(page, "signature_id")
    status, page = press(attending, f"/notes/{note_id}/returns", signature_id=signature_id, comment="")
    assert (status, "Write what should be changed" in page) == (422, True)
    press(attending, f"/notes/{note_id}/returns", signature_id=signature_id, comment="Say how often.")
    assert "Say how often." in resident.get(f"/notes/{note_id}").text
    assert "Returned to you" in resident.get("/notes").text
    assert "This is the text as it was signed then" in attending.get(f"/notes/{note_id}").text


def test_additions_stand_below_the_signed_text(app: Flask, cast: Cast, note_id: str) -> None:
    client = signed(app, cast, note_id)
    status, page = press(client, f"/notes/{note_id}/addenda", words="Teo drove her.", kind="late_entry")
    assert (status, "is also in this group" in page, "Teo drove her." in page) == (422, True, True)
    status, page = press(client, f"/notes/{note_id}/addenda", words="Teo drove her.")
    assert (status, "Choose what kind of addition it is" in page) == (400, True)
    status, page = press(
        client, f"/notes/{note_id}/addenda", words="Teo drove her.", kind="late_entry", someone_else="Teo", command_id="0b9b3f3e-5d5c-4e0c-9d38-0a6a4d0e3a11"
    )
    assert (status, "Late entry" in page, "Teo drove her." in page) == (200, True, True)
    press(client, f"/notes/{note_id}/addenda", words="Teo drove her.", kind="late_entry", someone_else="Teo", command_id="0b9b3f3e-5d5c-4e0c-9d38-0a6a4d0e3a11")
    with app.app_context():
        assert len(db.session.scalars(db.select(NoteAddendum)).all()) == 1


def test_empty_lists_say_so(app: Flask, cast: Cast) -> None:
    assert "You have no notes yet." in signed_in(app, cast.osei).get("/notes").text
    assert "Nothing waits for your co-signature." in signed_in(app, cast.adler).get("/notes/to-co-sign").text


def test_nobody_else_gets_a_page(app: Flask, cast: Cast, note_id: str) -> None:
    signed(app, cast, note_id)
    for somebody in (cast.farrow, cast.joanne, cast.tomas, cast.nia, cast.ivo, cast.quinn, cast.ada, cast.rosa, cast.sol):
        client = signed_in(app, somebody)
        for page in ("", "/versions", "/signatures", "/co-signatures", "/returns", "/addenda"):
            assert client.get(f"/notes/{note_id}{page}").status_code in (403, 404)
    with app.app_context():
        assert db.session.get_one(Note, note_id).state == "signed"


def test_a_note_is_never_kept_by_the_browser(app: Flask, cast: Cast, note_id: str) -> None:
    assert signed_in(app, cast.osei).get(f"/notes/{note_id}").headers["Cache-Control"] == "no-store"
