"""Signing in and out, the second factor, and what ends with them."""

import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from groupvisits.accounts import browser_sessions, passwords, queries, rules, service
from groupvisits.accounts.models import BrowserSession, Clinic, SignInAttempt, StaffMember
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids, transaction
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db, security
from tests.cast import PASSWORD, Cast, signed_in

EMAIL = "joanne.pike@example.org"


@pytest.fixture
def client(app: Flask, cast: Cast) -> FlaskClient:
    """A browser of somebody who has a password."""
    with app.app_context(), transaction.write() as tx:
        tx.query(StaffMember).filter_by(email=EMAIL).one().password = passwords.hashed(PASSWORD)
    return app.test_client()


def sign_in(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD, **query: str):
    return client.post("/sign-ins", query_string=query, data={"email": email, "password": password})


def with_authenticator(app: Flask, cast: Cast) -> tuple[str, list[str]]:
    with app.app_context():
        secret = security.totp_factory.generate_totp_secret()
        codes = run(service.confirm_second_factor, cast.joanne, secret, security.totp_factory.generate_totp_password(secret))
        with transaction.write() as tx:  # as if the code for the set-up had been typed a while ago
            tx.get_one(StaffMember, cast.joanne.id).tf_last_step = 0
    return secret, codes


def code(app: Flask, secret: str) -> str:
    with app.app_context():
        return security.totp_factory.generate_totp_password(secret)


def test_the_right_password_opens_the_start_page(client: FlaskClient) -> None:
    assert sign_in(client).headers["Location"] == "/"
    assert client.get("/home").status_code == 200


def test_a_wrong_password_says_so_beside_the_field_and_keeps_the_address(client: FlaskClient) -> None:
    answer = sign_in(client, password="wrong wrong wrong")
    assert answer.status_code == 422
    assert "is not right" in answer.text
    assert EMAIL in answer.text


def test_an_unknown_address_gets_the_same_answer(client: FlaskClient) -> None:
    known, unknown = sign_in(client, password="wrong wrong wrong").text, sign_in(client, email="nobody@example.org").text
    assert without_token(known.replace(EMAIL, "")) == without_token(unknown.replace("nobody@example.org", ""))


def without_token(page: str) -> str:
    """The page without what is different each second anyway."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_a_disabled_account_cannot_sign_in(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        run(service.disable, cast.ada, cast.joanne.id)
    assert sign_in(client).status_code == 422


def test_an_account_disabled_behind_the_browsers_back_ends_at_the_next_page(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.joanne.id).active = False
    assert client.get("/home").status_code == 302


def test_guessing_is_slowed_down_before_anything_is_compared(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(8):
        sign_in(client, password="wrong wrong wrong")
    monkeypatch.setattr(passwords, "is_right", lambda *_: pytest.fail("compared a password"))
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text


def test_a_try_counts_before_it_is_compared_so_that_many_at_once_gain_nothing(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def compare(*_: object) -> bool:
        counted.append(queries.failed_attempts(db.session(), f"email:{EMAIL}"))
        return False

    monkeypatch.setattr(passwords, "is_right", compare)
    for _ in range(10):
        sign_in(client)
    assert counted == [1, 2, 3, 4, 5, 6, 7, 8]


def test_one_network_cannot_try_address_after_address(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "is_right", lambda *_: False)
    answers = [sign_in(client, email=f"somebody{n}@example.org").status_code for n in range(rules.PER_NETWORK + 1)]
    assert set(answers[:-1]) == {422}
    assert answers[-1] == 429


def test_a_clinic_behind_one_address_signs_in_all_day(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "is_right", lambda *_: True)
    for _ in range(rules.PER_NETWORK + 1):
        assert sign_in(app.test_client()).status_code == 303


def test_an_accent_typed_on_another_keyboard_is_the_same_password(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.joanne.id).password = passwords.hashed("caf\u00e9 au lait chaud")
    assert sign_in(client, password="cafe\u0301 au lait chaud").status_code == 303


def test_nothing_an_earlier_visitor_left_in_the_browser_stays(app: Flask, client: FlaskClient) -> None:
    client.get("/sign-ins")
    with client.session_transaction() as browser_session:
        browser_session.update(language="es", totp_secret="known to somebody", csrf_token="planted", name="Rosa")
    sign_in(client)
    with client.session_transaction() as browser_session:
        assert browser_session["language"] == "es"
        assert not {"totp_secret", "csrf_token", "name"} & set(browser_session)


def test_flask_security_knows_who_signed_in(client: FlaskClient) -> None:
    sign_in(client)
    with client.session_transaction() as browser_session:
        assert browser_session["_user_id"]
        assert time.time() - browser_session["fs_paa"] < 60


def test_a_sign_in_forgets_failed_tries_and_is_audited(app: Flask, client: FlaskClient) -> None:
    sign_in(client, password="wrong wrong wrong")
    sign_in(client)
    with app.app_context():
        assert {entry.action for entry in db.session.scalars(select(AuditEntry))} >= {"accounts:failed_sign_in", "accounts:sign_in"}
        assert len(db.session.scalars(select(SignInAttempt)).all()) == 1  # the network's; the address's are forgotten


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_leads_nowhere_else_afterwards(client: FlaskClient, target: str) -> None:
    assert sign_in(client, next=target).headers["Location"] == "/"


def test_leads_back_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    asked = client.get("/patients?page=2")
    assert asked.status_code == 302
    assert sign_in(client, next="/patients?page=2").headers["Location"] == "/patients?page=2"


def test_a_secret_planted_before_is_worth_nothing_after(client: FlaskClient) -> None:
    client.get("/sign-ins")
    before = client.get_cookie("groupvisits")
    sign_in(client)
    after = client.get_cookie("groupvisits")
    assert after is not None
    assert before is None or before.value != after.value


def test_signing_out_kills_every_copy_of_the_cookie(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    stolen = client.get_cookie("groupvisits").value  # type: ignore[union-attr]
    thief = app.test_client()
    thief.set_cookie("groupvisits", stolen)
    assert thief.get("/home").status_code == 200
    client.post("/sign-outs")
    assert thief.get("/home").status_code == 302
    assert client.get("/home").status_code == 302


def test_a_request_under_way_does_not_bring_an_ended_sign_in_back(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    token = client.get_cookie("groupvisits").value  # type: ignore[union-attr]
    with app.app_context():
        under_way = browser_sessions.DatabaseSession(token, browser_sessions.live_row(ids.fingerprint(token)))
        client.post("/sign-outs")
        under_way["something"] = "new"
        run(browser_sessions._store, under_way, is_activity=True)
        assert browser_sessions.live_row(ids.fingerprint(token)) is None


def test_fifteen_idle_minutes_end_it_and_the_page_says_so(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with app.app_context(), transaction.write() as tx:
        for row in tx.scalars(select(BrowserSession)):
            row.seen_at = clock.now().replace(year=2020)
    assert client.get("/home").status_code == 302
    for page in (
        client.get("/sign-ins?next=/notes/1"),
        client.get("/sign-ins?next=/notes/1"),
        client.post("/sign-ins?next=/notes/1", data={"email": EMAIL, "password": ""}),
    ):
        assert "You were signed out" in page.text
        assert "Nothing happened for 15 minutes" in page.text
        assert "Your draft note is safe." in page.text
    assert "Enter your password" in page.text
    assert EMAIL in page.text
    sign_in(client)
    client.post("/sign-outs")
    assert "You were signed out" not in client.get("/sign-ins").text


def test_the_whole_working_day_is_no_idling(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with app.app_context(), transaction.write() as tx:
        for row in tx.scalars(select(BrowserSession)):
            row.ends_at = clock.now() - timedelta(seconds=1)
    assert client.get("/home").status_code == 302
    assert "Nothing happened for 15 minutes" not in client.get("/sign-ins").text


def test_what_has_ended_is_forgotten_after_a_day(app: Flask, client: FlaskClient) -> None:
    sign_in(client, password="wrong wrong wrong")
    sign_in(client)
    with app.app_context(), transaction.write() as tx:
        service.forget_what_has_ended(tx)
        assert tx.scalars(select(BrowserSession).where(BrowserSession.staff_member_id.is_not(None))).all()
        for row in tx.scalars(select(BrowserSession)):
            row.ends_at = clock.now() - timedelta(days=2)
        for attempt in tx.scalars(select(SignInAttempt)):
            attempt.at = clock.now() - timedelta(days=2)
        tx.flush()
        service.forget_what_has_ended(tx)
        assert not tx.scalars(select(BrowserSession)).all()
        assert not tx.scalars(select(SignInAttempt)).all()


def test_pages_that_refresh_themselves_keep_nobody_signed_in(app: Flask, cast: Cast) -> None:
    browser = signed_in(app, cast.joanne)
    with app.app_context(), transaction.write() as tx:
        for row in tx.scalars(select(BrowserSession)):
            row.seen_at = clock.now() - timedelta(minutes=5)

    def seen() -> float:
        with app.app_context():
            return (clock.now() - db.session.scalars(select(BrowserSession)).one().seen_at).total_seconds()

    browser.get("/home", headers={"X-Background": "1"})
    assert seen() > 290
    browser.get("/home")
    assert seen() < 30


class TestSecondFactor:
    def test_is_asked_after_the_password_and_a_code_works_once(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        secret, _ = with_authenticator(app, cast)
        assert "/sign-ins/code" in sign_in(client).headers["Location"]
        assert client.get("/home").status_code == 302
        used = code(app, secret)
        assert client.post("/sign-ins/code", data={"code": used}).status_code == 303
        assert client.get("/home").status_code == 200
        other = app.test_client()
        sign_in(other)
        assert other.post("/sign-ins/code", data={"code": used}).status_code == 422

    def test_a_recovery_code_works_once(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        _, codes = with_authenticator(app, cast)
        sign_in(client)
        assert client.post("/sign-ins/code?recovery=1", data={"code": codes[0].upper()}).status_code == 303
        other = app.test_client()
        sign_in(other)
        assert other.post("/sign-ins/code?recovery=1", data={"code": codes[0]}).status_code == 422

    def test_guessing_codes_is_slowed_down_even_with_the_password(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        secret, _ = with_authenticator(app, cast)
        for _ in range(rules.PER_ADDRESS):
            sign_in(client)
            assert client.post("/sign-ins/code", data={"code": "no code"}).status_code == 422
        refused = client.post("/sign-ins/code", data={"code": code(app, secret)})
        assert "Too many tries" in refused.text
        assert client.get("/home").status_code == 302

    def test_ten_minutes_after_the_password_it_is_asked_again(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        secret, _ = with_authenticator(app, cast)
        sign_in(client)
        with client.session_transaction() as browser_session:
            browser_session["pending"] = {**browser_session["pending"], "at": time.time() - 601}
        answer = client.post("/sign-ins/code", data={"code": code(app, secret)})
        assert answer.headers["Location"].startswith("/sign-ins?")

    def test_whoever_is_disabled_between_password_and_code_stays_out(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        secret, _ = with_authenticator(app, cast)
        sign_in(client)
        with app.app_context():
            run(service.disable, cast.ada, cast.joanne.id)
        assert client.post("/sign-ins/code", data={"code": code(app, secret)}).headers["Location"].startswith("/sign-ins?")
        assert client.get("/home").status_code == 302

    def test_a_code_sent_twice_at_once_is_accepted_once(self, app: Flask, client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        secret, _ = with_authenticator(app, cast)
        # Both have looked before either has written: only the conditional update is left to tell them apart.
        monkeypatch.setattr(passwords.SingleUseTotp, "get_last_counter", lambda *_: None)
        used = code(app, secret)
        with app.app_context():
            run(service.accept_code, cast.joanne, used)
            with pytest.raises(rules.WrongCode):
                run(service.accept_code, cast.joanne, used)

    def test_recovery_codes_are_not_in_the_database(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        _, codes = with_authenticator(app, cast)
        with app.app_context():
            stored = db.session.get_one(StaffMember, cast.joanne.id).mf_recovery_codes or []
        assert len(set(stored)) == len(set(codes)) == 8
        assert not set(stored) & set(codes)

    def test_without_a_password_there_is_no_code_page(self, client: FlaskClient) -> None:
        assert client.get("/sign-ins/code").status_code == 302

    def test_where_it_is_required_nothing_else_opens_before(self, app: Flask, client: FlaskClient, cast: Cast) -> None:
        with app.app_context(), transaction.write() as tx:
            tx.get_one(Clinic, cast.clinic_id).two_factor_required = True
        assert sign_in(client).headers["Location"] == "/second-factor"
        assert client.get("/home").headers["Location"] == "/second-factor"
        for path in ("/patients", "/settings", "/staff-members", "/sign-ins"):
            assert client.get(path).headers["Location"] == "/second-factor"
        assert client.post("/patients", data={}).status_code in (403, 404, 405)
        page = client.get("/second-factor")
        assert page.status_code == 200
        assert client.get("/second-factor/code.svg").data.startswith(b"<?xml")
        with client.session_transaction() as browser_session:
            secret = browser_session["totp_secret"]
        done = client.post("/second-factor", data={"code": code(app, secret)})
        assert "Write these recovery codes down" in done.text
        assert client.get("/home").status_code == 200


@pytest.mark.usefixtures("context")
class TestProvingOnesself:
    def test_by_password_where_there_is_no_second_factor(self, cast: Cast) -> None:
        def set_password(tx: Transaction) -> None:
            tx.get_one(StaffMember, cast.osei.id).password = passwords.hashed(PASSWORD)

        run(set_password)
        assert service.verify_code_or_password(cast.osei, PASSWORD)
        assert not service.verify_code_or_password(cast.osei, "wrong wrong wrong")
        assert not service.verify_code_or_password(cast.osei, "")

    def test_by_code_where_there_is_one_and_once(self, app: Flask, cast: Cast) -> None:
        secret = security.totp_factory.generate_totp_secret()
        run(service.confirm_second_factor, cast.osei, secret, security.totp_factory.generate_totp_password(secret))

        def forget_step(tx: Transaction) -> None:
            tx.get_one(StaffMember, cast.osei.id).tf_last_step = int(time.time()) // 30 - 5

        run(forget_step)
        used = security.totp_factory.generate_totp_password(secret)
        assert service.verify_code_or_password(cast.osei, used)
        assert not service.verify_code_or_password(cast.osei, used)
