"""Administrators keep the accounts of their own clinic."""

import contextlib
import threading
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.accounts import passwords, queries, rules, service
from groupvisits.accounts.models import BrowserSession, Installation, StaffMember, StaffRole
from groupvisits.core import transaction
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from tests.cast import Cast, signed_in


def link_in_mail(kind: str) -> str:
    (message,) = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind, OutboxMessage.state == "waiting")).all()
    return next(word for word in message.text.split() if "/invitations/" in word).removeprefix("http://localhost")


def test_an_invitation_leads_to_a_password_once(app: Flask, cast: Cast) -> None:
    admin = signed_in(app, cast.ada)
    answer = admin.post("/staff-members/new", data={"name": "Lee Park", "email": "Lee.Park@example.org", "roles": ["facilitator", "nurse"]})
    assert answer.status_code == 303
    with app.app_context():
        path = link_in_mail("staff_invitation")
    newcomer = app.test_client()
    assert "lee.park@example.org" in newcomer.get(path).text.lower()
    assert newcomer.post(path, data={"password": "short"}).status_code == 422
    assert newcomer.post(path, data={"password": "four good long words"}).status_code == 303
    assert newcomer.get(path).status_code == 410
    assert newcomer.post("/sign-ins", data={"email": "lee.park@example.org", "password": "four good long words"}).status_code == 303


def test_a_known_address_is_refused_beside_the_field_and_nothing_is_lost(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.ada).post("/staff-members/new", data={"name": "Other Joanne", "email": "joanne.pike@example.org", "roles": ["nurse"]})
    assert answer.status_code == 422
    assert "can already sign in" in answer.text
    assert "Other Joanne" in answer.text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "x", "email": "no address", "roles": ["nurse"]},
        {"name": "x", "email": "a@example.org"},
        {"name": "x" * 500, "email": "a@example.org", "roles": ["nurse"]},
        {"name": "x", "email": "a@example.org", "roles": ["emperor"]},
    ],
)
def test_bad_input_saves_nothing(app: Flask, cast: Cast, data: dict[str, object]) -> None:
    assert signed_in(app, cast.ada).post("/staff-members/new", data=data).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(OutboxMessage)).first() is None


def test_disabling_ends_what_is_open(app: Flask, cast: Cast) -> None:
    tomas = signed_in(app, cast.tomas)
    assert tomas.get("/today").status_code == 200
    signed_in(app, cast.ada).post(f"/staff-members/{cast.tomas.id}/disablings")
    assert tomas.get("/today").status_code == 302


def test_changing_roles_signs_out_and_bites(app: Flask, cast: Cast) -> None:
    tomas = signed_in(app, cast.tomas)
    signed_in(app, cast.ada).post(f"/staff-members/{cast.tomas.id}", data={"roles": ["nurse"]})
    assert tomas.get("/today").status_code == 302
    with app.app_context():
        assert [role.name for role in db.session.get_one(StaffMember, cast.tomas.id).roles] == ["nurse"]
        assert db.session.scalars(select(BrowserSession).where(BrowserSession.staff_member_id == cast.tomas.id)).first() is None


@pytest.mark.usefixtures("context")
class TestVerbs:
    def test_the_last_administrator_stays(self, cast: Cast) -> None:
        with pytest.raises(rules.LastAdministrator):
            run(service.disable, cast.ada, cast.ada.id)
        with pytest.raises(rules.LastAdministrator):
            run(service.change_roles, cast.ada, cast.ada.id, roles=["nurse"])

    def test_somebody_who_never_chose_a_password_is_no_administrator_to_rely_on(self, cast: Cast) -> None:
        run(service.invite, cast.ada, name="Lee Park", email="lee.park@example.org", roles=["admin"])
        with pytest.raises(rules.LastAdministrator):
            run(service.disable, cast.ada, cast.ada.id)

    def test_two_administrators_who_remove_each_other_at_once_leave_one(self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        with transaction.write() as tx:
            for who in (cast.ada, cast.joanne):
                tx.get_one(StaffMember, who.id).password = "something"
            tx.add(StaffRole(staff_member_id=cast.joanne.id, name="admin"))
        joanne, check = replace(cast.joanne, roles=frozenset({"admin"})), rules.check_keeps_an_administrator

        checked, in_turn = threading.Barrier(2), threading.BrokenBarrierError

        def side_by_side(*args: int, **kwargs: bool) -> None:
            """Whoever has checked waits for the other to have checked too; with the turn held, the other cannot come that far."""
            check(*args, **kwargs)
            with contextlib.suppress(in_turn):
                checked.wait(0.5)

        monkeypatch.setattr(rules, "check_keeps_an_administrator", side_by_side)
        refused: list[Exception] = []

        def disable(actor: Actor, other: Actor) -> None:
            with app.app_context():
                try:
                    run(service.disable, actor, other.id)
                except rules.LastAdministrator as refusal:
                    refused.append(refusal)

        threads = [threading.Thread(target=disable, args=pair) for pair in ((cast.ada, joanne), (joanne, cast.ada))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1

    def test_a_stranger_does_not_find_the_account(self, cast: Cast) -> None:
        for verb in (service.disable, service.enable, service.send_invitation_again, service.reset_second_factor):
            with pytest.raises(NotFound):
                run(verb, cast.sol, cast.tomas.id)

    def test_a_coordinator_may_not(self, cast: Cast) -> None:
        for verb in (service.disable, service.enable, service.send_invitation_again, service.reset_second_factor):
            with pytest.raises(NotAllowed):
                run(verb, cast.joanne, cast.tomas.id)
        with pytest.raises(NotAllowed):
            run(service.invite, cast.joanne, name="x", email="x@example.org", roles=["admin"])

        with pytest.raises(NotAllowed):
            queries.staff_of(db.session(), cast.joanne)
        with pytest.raises(NotAllowed):
            run(service.change_settings, cast.joanne, name="x", zone="UTC", country="US", phone="", emergency_number="911", paper="a4", languages=[])

    def test_an_administrator_sees_only_their_own_clinic(self, cast: Cast) -> None:
        assert {member.clinic_id for member in queries.staff_of(db.session(), cast.ada)} == {cast.clinic_id}
        assert "Sol Stern" not in queries.staff_names(db.session(), cast.ada).values()

    def test_a_newer_link_replaces_the_older(self, cast: Cast) -> None:
        staff_member_id = run(service.invite, cast.ada, name="Lee Park", email="lee.park@example.org", roles=["nurse"])["staff_member_id"]
        older = link_in_mail("staff_invitation").rpartition("/")[2]
        run(service.send_invitation_again, cast.ada, staff_member_id)
        with pytest.raises(rules.LinkUsed):
            run(service.choose_password, older, "x")

    def test_a_link_used_twice_at_once_is_used_once(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        run(service.invite, cast.ada, name="Lee Park", email="lee.park@example.org", roles=["nurse"])
        token = link_in_mail("staff_invitation").rpartition("/")[2]
        member = queries.open_invitation(db.session(), token)[1]
        run(service.choose_password, token, "first")
        monkeypatch.setattr(queries, "open_invitation", lambda tx, _token: (None, tx.get_one(StaffMember, member.id)))
        with pytest.raises(rules.LinkUsed):
            run(service.choose_password, token, "second")
        assert db.session.get_one(StaffMember, member.id).password == "first"

    def test_the_link_of_somebody_disabled_does_not_work(self, cast: Cast) -> None:
        run(service.ask_for_new_password, "tomas.reyes@example.org")
        token = link_in_mail("staff_password").rpartition("/")[2]
        run(service.disable, cast.ada, cast.tomas.id)
        with pytest.raises(rules.LinkUsed):
            run(service.choose_password, token, "x")

    def test_a_forgotten_password_is_asked_for_three_times_at_most(self, cast: Cast) -> None:
        for _ in range(5):
            run(service.ask_for_new_password, "joanne.pike@example.org")
        run(service.ask_for_new_password, "nobody@example.org")
        assert len(db.session.scalars(select(OutboxMessage)).all()) == 3

    def test_a_new_password_ends_what_was_signed_in_with_the_old_one(self, app: Flask, cast: Cast) -> None:
        signed_in(app, cast.joanne)
        run(service.ask_for_new_password, "joanne.pike@example.org")
        token = link_in_mail("staff_password").rpartition("/")[2]
        run(service.choose_password, token, passwords.hashed("four good long words"))
        assert db.session.scalars(select(BrowserSession).where(BrowserSession.staff_member_id == cast.joanne.id)).first() is None
        with pytest.raises(rules.LinkUsed):
            run(service.choose_password, token, "x")


class TestFirstVisit:
    FORM = {"name": "New Clinic", "zone": "Europe/Lisbon", "country": "PT", "phone": "", "emergency_number": "112", "paper": "a4", "your_name": "Ada Moss", "email": "ada@example.org",
            "password": "four good long words"}  # fmt: skip

    def test_every_page_of_an_empty_installation_leads_to_set_up(self, empty_database: Flask) -> None:
        client = empty_database.test_client()
        for path in ("/", "/home", "/join", "/sign-ins", "/settings", "/links/x"):
            assert client.get(path).headers.get("Location") == "/set-up"

    def test_the_printed_code_makes_the_clinic_and_its_administrator(self, empty_database: Flask) -> None:
        with empty_database.app_context():
            code = run(service.ensure_setup_code)
        client = empty_database.test_client()
        wrong = client.post("/set-up", data={**self.FORM, "code": "BBBB-BBBB"})
        assert wrong.status_code == 422
        assert "New Clinic" in wrong.text
        assert client.post("/set-up", data={**self.FORM, "code": code.lower()}).status_code == 303  # type: ignore[union-attr]
        assert client.post("/set-up", data={**self.FORM, "code": code}).headers["Location"] == "/sign-ins"
        answer = client.post("/sign-ins", data={"email": "ada@example.org", "password": "four good long words"})
        assert answer.headers["Location"] == "/second-factor"
        with empty_database.app_context():
            assert run(service.ensure_setup_code) is None
            assert db.session.get_one(Installation, 1).setup_code == ""
        assert empty_database.test_client().get("/set-up").headers["Location"] == "/sign-ins"

    def test_a_second_first_administrator_is_refused(self, app: Flask, cast: Cast) -> None:
        entered = {
            "clinic_name": "x",
            "zone": "UTC",
            "country": "US",
            "phone": "",
            "emergency_number": "911",
            "paper": "a4",
            "name": "x",
            "email": "x@example.org",
        }
        with app.app_context(), pytest.raises(rules.AlreadySetUp):
            run(service.set_up, code="", hashed_password="x", **entered)

    def test_a_weak_password_makes_no_clinic_and_keeps_what_was_typed(self, empty_database: Flask) -> None:
        with empty_database.app_context():
            typed = run(service.ensure_setup_code)
        answer = empty_database.test_client().post("/set-up", data={**self.FORM, "code": typed, "password": "short"})
        assert answer.status_code == 422
        assert "at least 12 characters" in answer.text
        assert "New Clinic" in answer.text
        assert empty_database.test_client().get("/").headers["Location"] == "/set-up"

    def test_a_newer_code_replaces_the_older(self, empty_database: Flask) -> None:
        with empty_database.app_context():
            older, newer = run(service.ensure_setup_code), run(service.ensure_setup_code)
        client = empty_database.test_client()
        assert client.post("/set-up", data={**self.FORM, "code": older}).status_code == 422
        assert client.post("/set-up", data={**self.FORM, "code": newer}).status_code == 303

    def test_an_empty_code_opens_nothing(self, empty_database: Flask) -> None:
        from groupvisits.core import clock

        with empty_database.app_context(), transaction.write() as tx:
            tx.add(Installation(id=1, is_demo=False, setup_code="", made_at=clock.now()))
        assert empty_database.test_client().post("/set-up", data={**self.FORM, "code": " "}).status_code == 422


def test_settings_are_kept_and_unreviewed_languages_refused(app: Flask, cast: Cast) -> None:
    admin = signed_in(app, cast.ada)
    form = {"name": "Millbrook", "zone": "America/Chicago", "country": "US", "phone": "555 0111", "emergency_number": "911", "paper": "a4"}
    assert admin.post("/settings", data=form).status_code == 303
    refused = admin.post("/settings", data={**form, "languages": ["es"]})
    assert refused.status_code == 422
    assert "Nobody has reviewed" in refused.text
    assert signed_in(app, cast.joanne).get("/settings").status_code in (403, 404)
