"""What a phone in bad hands, or an emoji cut in two, may send: it is refused or tidied, and nothing breaks."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import select

from groupvisits import create_app
from groupvisits.accounts import passwords, rules
from groupvisits.accounts.models import BrowserSession, Clinic, StaffMember
from groupvisits.agenda.models import Topic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import database, ids, transaction
from groupvisits.core.logs import without_token
from groupvisits.core.web import safe_next
from groupvisits.extensions import db, security
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.transports import as_email
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, WaitingGuest
from groupvisits.sessions.service import open_session
from tests.cast import Cast, signed_in

HALF = "\ud83d"  # the first half of an emoji, as a box with a limit leaves it
DEEP = "[" * 100_000


def command(cast: Cast, name: str) -> str:
    return f"/sessions/{cast.session_id}/commands/{name}"


def test_half_a_character_is_left_out_and_the_topic_is_received(app: Flask, cast: Cast) -> None:
    sent = {"command_id": str(uuid.uuid4()), "body": {"words": f"My knees {HALF}", "route": "group"}}
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), data=json.dumps(sent), content_type="application/json")
    assert answer.status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Topic.words)).all() == ["My knees"]
        db.session.rollback()


@pytest.mark.parametrize("command_id", [HALF, "\x00", "é", "x" * 37, "", 1, None])
def test_an_id_of_unreadable_letters_is_refused(app: Flask, cast: Cast, command_id: object) -> None:
    sent = {"command_id": command_id, "body": {"words": "My knees", "route": "group"}}
    assert signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), json=sent).status_code == 400


@pytest.mark.parametrize("body", [DEEP, f'{{"command_id": "a", "body": {DEEP}', f'"{"x" * 300_000}"'])
def test_what_is_nested_without_end_or_endless_is_refused(app: Flask, cast: Cast, body: str) -> None:
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), data=body, content_type="application/json")
    assert answer.status_code in (400, 413) and answer.json["ok"] is False
    draft = signed_in(app, cast.osei).put("/notes/unknown/draft", data=body, content_type="application/json")
    assert draft.status_code in (400, 413)


def test_a_forged_field_and_an_endless_body_by_post_are_on_record(app: Flask, cast: Cast) -> None:
    rosa = signed_in(app, cast.rosa)
    forged = {"command_id": "forged", "body": {"words": "My knees", "route": "group", "patient_id": cast.marcus.id}}
    assert rosa.post(command(cast, "agenda:propose"), json=forged).json["error"]["code"] == "unknown_field"
    endless = rosa.post(command(cast, "agenda:propose"), data=f'"{"x" * 300_000}"', content_type="application/json")
    assert (endless.status_code, endless.json["error"]["code"]) == (413, "too_much")
    with app.app_context():
        refused = db.session.scalars(select(AuditEntry.details).where(AuditEntry.action == "request:refused")).all()
        assert {each["code"] for each in refused} == {"unknown_field", "too_much"}


def test_a_command_that_does_not_exist_is_refused_by_post_and_on_record(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:destroy"), json={"command_id": "a", "body": {"words": "In private"}})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert app.test_client().post(command(cast, "agenda:destroy"), json={}).status_code == 404
    with app.app_context():
        (refused,) = db.session.scalars(select(AuditEntry.details).where(AuditEntry.action == "request:refused")).all()
        assert refused == {"asked": "commands", "code": "not_found"}


def test_what_is_no_json_is_invalid(app: Flask, cast: Cast) -> None:
    for body in ("", "{", '{"command_id": "a", "body": {"words": ' + "9" * 6000 + "}}", b'"\xf1"'):
        answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), data=body, content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_what_is_larger_than_any_file_is_refused_alike_and_on_record(app: Flask, cast: Cast, kind: str) -> None:
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), data=b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1), content_type=kind)
    assert answer.status_code == 413
    assert kind != "application/json" or answer.json["error"]["code"] == "too_much"
    with app.app_context():
        (refused,) = db.session.scalars(select(AuditEntry.details).where(AuditEntry.action == "request:refused")).all()
        assert refused["code"] == "too_much"


def test_a_null_character_in_an_address_finds_nothing(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    for address in ("/sessions/%00", "/groups/a%00b", "/patients/%00", "/groups/new?programme_id=%00"):
        assert joanne.get(address).status_code == 404
    assert app.test_client().get("/links/%00").status_code == 404


def test_a_null_character_in_a_tap_at_the_door_finds_nobody(app: Flask, cast: Cast) -> None:
    assert signed_in(app, cast.nia).post(f"/sessions/{cast.session_id}/check-in-choices", data={"patient_id": "\x00"}).status_code == 404


def test_a_number_larger_than_any_database_counts_is_no_failure(app: Flask, cast: Cast) -> None:
    assert signed_in(app, cast.ada).get(f"/audit-entries?page={10**30}").status_code == 200
    assert signed_in(app, cast.osei).post(f"/notes/unknown/versions/{10**30}", data={"base_revision": "0"}).status_code == 404


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\t\\evil.example", "https://evil.example", "/a\r\nX-Other: y", "/a\x00b", "evil", ""]
)
def test_the_way_back_is_a_path_of_our_own(target: str) -> None:
    assert safe_next(target, "/home") == "/home"


def test_a_header_is_never_split(app: Flask, cast: Cast) -> None:
    sent = {"back_to": "/a\r\nX-Other: y", "words": "My knees", "route": "group"}
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), data=sent)
    assert answer.status_code == 303 and answer.location == f"/sessions/{cast.session_id}/rooms/patient"
    message = OutboxMessage(id="1", address="a@example.org", subject="Your account at Mill\r\nBcc: b@example.org", text="Hello")
    assert as_email(message, "clinic@example.org")["Subject"] == "Your account at Mill Bcc: b@example.org"


def test_no_secret_of_an_address_reaches_the_log() -> None:
    for place in ("links", "slips", "displays", "feedback-forms", "invitations"):
        assert without_token(f"/{place}/secret-{place}/refusals") == f"/{place}/…/refusals"


def test_a_patient_who_no_longer_takes_part_is_not_let_in_from_the_waiting_list(app: Flask, cast: Cast) -> None:
    with app.app_context():
        transaction.run(open_session, cast.tomas, cast.session_id)
        code = db.session.scalar(select(GroupSession.join_code))
        db.session.rollback()
    phone = app.test_client()
    assert phone.post("/join", data={"code": code, "no_slip": "1"}).status_code == 303
    with app.app_context(), transaction.write() as tx:
        tx.get_one(Patient, cast.rosa.id).is_active = False
        guest = tx.scalar(select(WaitingGuest.id))
    sent = {"command_id": str(uuid.uuid4()), "body": {"guest_id": guest, "seat_id": cast.seats["rosa"]}}
    assert signed_in(app, cast.tomas).post(command(cast, "live:admit"), json=sent).status_code == 404
    assert phone.get("/my/visits").status_code == 302


def test_guessing_the_set_up_code_is_slowed_down(app: Flask, tmp_path: Path) -> None:
    empty = create_app(replace(app.extensions["config"], instance=tmp_path, database_url=""))
    empty.config["WTF_CSRF_ENABLED"] = False
    with empty.app_context():
        db.metadata.create_all(database.writes().engine)
    entered = {
        "code": "WRNG-WRNG", "name": "Mill", "zone": "America/New_York", "country": "US", "emergency_number": "911", "paper": "letter",
        "your_name": "Ada Moss", "email": "ada@example.org", "password": "four words are easy",
    }  # fmt: skip
    visitor = empty.test_client()
    answers = [visitor.post("/set-up", data=entered).text for _ in range(rules.PER_ADDRESS + 1)]
    slowed = rules.TooManyAttempts.message.split(".")[0]
    assert slowed not in answers[-2] and slowed in answers[-1]
    with empty.app_context():
        assert db.session.scalar(select(Clinic.id)) is None
        db.session.rollback()


@pytest.mark.parametrize(("proxies", "seen"), [(0, "10.0.0.1"), (1, "203.0.113.9")])
def test_an_address_told_by_the_browser_counts_only_behind_our_own_proxy(app: Flask, tmp_path: Path, proxies: int, seen: str) -> None:
    """Only what the nearest proxy wrote: the browser may have written the rest."""
    other = create_app(replace(app.extensions["config"], instance=tmp_path, database_url="", proxies=proxies))
    addresses: list[str | None] = []
    other.before_request_funcs.setdefault(None, []).insert(0, lambda: addresses.append(request.remote_addr) or ("", 204))  # type: ignore[func-returns-value]
    other.test_client().get("/healthz", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert addresses == [seen]


def test_an_open_page_alone_brings_no_authenticator_of_its_own(app: Flask, cast: Cast) -> None:
    """Otherwise a copied cookie could bring one, and sign notes with its codes."""
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.osei.id).password = passwords.hashed("four words are easy")
    thief = signed_in(app, cast.osei)
    thief.get("/second-factor")
    token = thief.get_cookie("groupvisits")
    assert token is not None
    with app.app_context():
        row = db.session.get_one(BrowserSession, ids.fingerprint(token.value))
        code = security.totp_factory.generate_totp_password(row.data["totp_secret"])
        db.session.rollback()
    for password in ("", "wrong wrong wrong"):
        assert thief.post("/second-factor", data={"code": code, "password": password}).status_code == 422
    with app.app_context():
        assert db.session.get_one(StaffMember, cast.osei.id).tf_totp_secret is None
        db.session.rollback()
    assert thief.post("/second-factor", data={"code": code, "password": "four words are easy"}).status_code == 200


@pytest.mark.parametrize("words", [None, [], "", "\x00", HALF, "\u202e"])
def test_a_topic_of_no_words_is_refused_with_its_reason(app: Flask, cast: Cast, words: object) -> None:
    sent = {"command_id": str(uuid.uuid4()), "body": {"words": words, "route": "group"}}
    answer = signed_in(app, cast.rosa).post(command(cast, "agenda:propose"), json=sent)
    assert answer.json["error"]["code"] == "no_words"
