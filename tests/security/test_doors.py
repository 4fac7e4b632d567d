"""Every address, asked by everybody who has no business there: another clinic's people, the wrong roles, a display, nobody at all.

Made from the address map and the policy tables, so that a new page is tried without anybody thinking of it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from groupvisits.accounts import service as accounts
from groupvisits.accounts.models import BrowserSession, StaffMember, StaffRole
from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids, transaction
from groupvisits.core.actor import ANYONE, Actor
from groupvisits.core.transaction import Transaction, run
from groupvisits.core.web import PUBLIC
from groupvisits.extensions import db
from groupvisits.interop.rules import KINDS
from groupvisits.live import service as live
from groupvisits.notes import service as notes
from groupvisits.outbox import service as outbox
from groupvisits.patients import service as patients
from groupvisits.patients.models import Patient
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import GroupSession, IncomingText, SchedulerChange, WaitingGuest, WaitingListEntry
from groupvisits.sessions.permissions import TEAM
from groupvisits.sessions.service import scheduler
from groupvisits.slots import service as slots
from groupvisits.slots.models import Slot
from tests.cast import Cast, signed_in

MILLBROOK = (
    "joanne", "tomas", "osei", "adler", "nia", "ivo", "quinn", "ada", "rosa",
)  # fmt: skip
OF_ANOTHER_CLINIC = ("sol", "sunny")
# What these tables hold is not what a refused request must leave alone: who asked, and that they were refused.
KEPT_OF_ASKING = {"audit_entries", "audit_chains", "browser_sessions", "sign_in_attempts"}


@pytest.fixture
def running(cast: Cast, app: Flask) -> dict[str, str]:
    """A visit of Millbrook that runs, and the id of one of everything in it, by the name addresses and forms use."""
    with app.app_context():
        here = cast.session_id
        patient = db.session.get_one(Patient, cast.rosa.id)
        topic = run(agenda.propose_topic, cast.rosa, here, words="What helps at night?", route="group")["topic_id"]
        run(agenda.propose_topic, cast.gladys, here, words="I have chest pain", route="one_on_one")
        alarm = db.session.scalar(select(Alarm.id))
        run(sessions.answer_for, cast.joanne, here, cast.seats["beatriz"], answer="no")
        run(sessions.join_waiting_list, cast.joanne, here, patient_id=cast.beatriz.id)
        entry = db.session.scalar(select(WaitingListEntry.id))
        partner = run(patients.add_care_partner, cast.joanne, cast.rosa.id, name="Ana")["care_partner_id"]
        run(sessions.open_session, cast.tomas, here)
        run(sessions.check_in, cast.nia, here, cast.seats["rosa"])
        slot = str(db.session.scalar(select(Slot.id).where(Slot.provider_id == cast.osei.id).limit(1)))
        run(slots.call, cast.osei, here, slot_id=slot)
        note = run(notes.open_note, cast.osei, slot)
        roster = run(patients.upload_roster, cast.joanne, file_name="list.csv", table=patients.read_file(b"Name,Born\nPat Hill,1961-03-04\n"))["import_id"]
        plan = run(sessions.plan_more_dates, cast.joanne, cast.group_id, count=12)["plan_id"]
        link = run(accounts.make_patient_link, cast.joanne, patient)
        code = db.session.scalar(select(GroupSession.join_code).where(GroupSession.id == here))
        run(live.wait_at_door, ANYONE, code=code, fingerprint="f" * 64, address="127.0.0.1")
        guest = db.session.scalar(select(WaitingGuest.id))
        told = run(_messages, cast)
        db.session.rollback()
    return {
        "session_id": here, "group_id": cast.group_id, "programme_id": cast.programme_id, "patient_id": cast.rosa.id, "seat_id": cast.seats["rosa"],
        "staff_member_id": cast.quinn.id, "topic_id": str(topic), "slot_id": slot, "note_id": note, "import_id": roster, "plan_id": plan, "guest_id": str(guest), "alarm_id": str(alarm), **told,
        "entry_id": str(entry), "care_partner_id": partner,
        "token": link, "slip": f"{here}-BCDFGH", "code": str(code), "kind": next(iter(KINDS)), "revision": "0",
    }  # fmt: skip


def _messages(tx: Transaction, cast: Cast) -> dict[str, str]:
    """A call to make, a text to read and a change for the main scheduler."""
    scheduler.note_change(tx, tx.get_one(GroupSession, cast.session_id), cast.rosa.id, "add")
    text = IncomingText(id=ids.fingerprint("a text"), clinic_id=cast.clinic_id, sender="+16175550101", words="hm", understood="", received_at=clock.now())
    tx.add(text)
    call = outbox.queue(
        tx,
        kind="invitation",
        clinic_id=cast.clinic_id,
        address="+16175550101",
        subject="",
        text="",
        patient_id=cast.rosa.id,
        session_id=cast.session_id,
        channel="call",
    )
    return {"message_id": call, "text_id": text.id, "change_id": str(tx.scalar(select(SchedulerChange.id)))}


def guarded(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Each address that needs a permission, each method it takes, and the action it names."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        action = getattr(app.view_functions[rule.endpoint], "access", PUBLIC)
        if rule.endpoint != "static" and action != PUBLIC:
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE", "PATCH"}):
                yield rule, method, action


def ask(client: FlaskClient, rule: Rule, method: str, running: dict[str, str], **headers: str) -> Any:
    """With everything a form could ask for filled in, so that it is the permission that refuses and not the form."""
    address = rule.build({name: running[name] for name in rule.arguments}, append_unknown=False)
    assert address is not None
    if method == "GET":
        return client.get(address[1], query_string={"audience": "facilitator"}, headers=headers)
    return client.open(address[1], method=method, headers=headers, **_sent(rule, method, running))


def _sent(rule: Rule, method: str, running: dict[str, str]) -> dict[str, Any]:
    entered: dict[str, Any] = {
        **{name: running[name] for name in ("seat_id", "patient_id", "topic_id", "slot_id", "guest_id", "alarm_id")},
        "person": f"{running['staff_member_id']} nurse", "answer": "coming" if "slots" in rule.rule else "park" if "poll" in rule.rule else "yes", "poll_id": "0" * 32, "reason": "Snow", "words": "some words", "route": "group", "parts": ["one", "two"], "language": "pt", "minutes": "5",
        "phase": "1", "on": "y", "outcome": "yes" if "calls" in rule.rule else "", "topic_ids": running["topic_id"], "into_id": running["topic_id"], "base_revision": "0", "count": "3", "name": "Rosa", "search": "Rosa",
        "born-day": "1", "born-month": "3", "born-year": "1961", "roles": "admin", "co_assess_clinician": "words", "kind": "addendum",
        "signature_id": "s", "comment": "c", "presence": "discussed", "secret": "s", "full_name": "0", "birth_date": "1",
    }  # fmt: skip
    if method == "PUT":
        return {"json": {"base_revision": 0, "co_assess_clinician": "words"}}
    return {"data": entered}


def everything_saved(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    with app.app_context():
        rows = {
            table.name: sorted(map(repr, db.session.execute(select(table)).all())) for table in db.metadata.sorted_tables if table.name not in KEPT_OF_ASKING
        }
        db.session.rollback()
    return rows  # type: ignore[return-value]


def newcomer(app: Flask, actor: Actor) -> FlaskClient:
    """Signed in by password alone where the clinic asks for more."""
    client = signed_in(app, actor)
    cookie = client.get_cookie("groupvisits")
    assert cookie is not None
    with app.app_context(), transaction.write() as tx:
        tx.get_one(BrowserSession, ids.fingerprint(cookie.value)).data = {"needs_second_factor": True}
    return client


def test_nobody_at_all_is_asked_to_sign_in_everywhere(app: Flask, running: dict[str, str]) -> None:
    before, policies = everything_saved(app), app.extensions["policies"]
    for rule, method, action in guarded(app):
        if policies[action].could(ANYONE, action):
            continue
        answer = ask(app.test_client(), rule, method, running)
        asked_to = answer.status_code == 302 and "/sign-ins" in answer.location
        assert asked_to or (answer.status_code == 401 and answer.is_json), f"{method} {rule.rule} answers nobody with {answer.status}"
    assert everything_saved(app) == before


@pytest.mark.parametrize("who", MILLBROOK)
def test_every_address_refuses_the_wrong_role(app: Flask, cast: Cast, running: dict[str, str], who: str) -> None:
    actor, policies = getattr(cast, who), app.extensions["policies"]
    client, before = signed_in(app, actor), everything_saved(app)
    for rule, method, action in guarded(app):
        if not policies[action].could(actor, action):
            answer = ask(client, rule, method, running)
            assert answer.status_code == 403, f"{method} {rule.rule} answers {who} with {answer.status}"
    assert everything_saved(app) == before


@pytest.mark.parametrize("who", OF_ANOTHER_CLINIC)
def test_nothing_of_one_clinic_exists_for_another(app: Flask, cast: Cast, running: dict[str, str], who: str) -> None:
    """Sol has every role there is, in Harbor Clinic: only the clinic refuses him."""
    actor, before = getattr(cast, who), everything_saved(app)
    client = signed_in(app, actor)
    for rule, method, action in guarded(app):
        if rule.arguments - {"kind", "code", "slip"}:
            answer = ask(client, rule, method, running)
            expected = 404 if app.extensions["policies"][action].could(actor, action) else 403
            assert answer.status_code == expected, f"{method} {rule.rule} answers {who} with {answer.status}"
    assert everything_saved(app) == before


def on_no_team(app: Flask, cast: Cast, *roles: str) -> Actor:
    """Staff of Millbrook who work in none of its groups."""
    with app.app_context(), transaction.write() as tx:
        member = StaffMember(id=ids.new_id(), clinic_id=cast.clinic_id, name="Max Lane", email="max.lane@example.org", active=True, fs_uniquifier=ids.new_token(),
                             create_datetime=clock.now(), roles=[StaffRole(name=role) for role in sorted(roles)])  # fmt: skip
        tx.add(member)
    return actors.staff(member.id, cast.clinic_id, set(roles), member.name)


def test_nothing_of_a_visit_exists_for_the_team_of_another_group(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    """With every role that teams have: it is the team that refuses."""
    client, before = signed_in(app, on_no_team(app, cast, *TEAM)), everything_saved(app)
    for rule, method, _action in guarded(app):
        if rule.arguments & {"session_id", "slot_id", "note_id"}:
            answer = ask(client, rule, method, running)
            assert answer.status_code in (403, 404), f"{method} {rule.rule} answers the team of another group with {answer.status}"
    assert everything_saved(app) == before


def test_a_page_left_open_is_dead_once_the_account_is_switched_off(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    client, policies = signed_in(app, cast.joanne), app.extensions["policies"]
    with app.app_context(), transaction.write() as tx:
        tx.get_one(StaffMember, cast.joanne.id).active = False
    before = everything_saved(app)
    for rule, method, action in guarded(app):
        if not policies[action].could(ANYONE, action):
            answer = ask(client, rule, method, running)
            assert answer.status_code == 401 or (answer.status_code == 302 and "/sign-ins" in answer.location), f"{method} {rule.rule}: {answer.status}"
    assert everything_saved(app) == before


def test_nothing_of_one_patient_exists_for_another_in_the_same_room(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    client, before = signed_in(app, cast.marcus), everything_saved(app)
    theirs = {"patient_id", "seat_id", "slot_id", "note_id", "entry_id", "care_partner_id", "message_id", "text_id", "change_id", "import_id", "guest_id"}
    for rule, method, _action in guarded(app):
        if rule.arguments & theirs:
            answer = ask(client, rule, method, running)
            assert answer.status_code in (403, 404), f"{method} {rule.rule} answers another patient with {answer.status}"
    assert everything_saved(app) == before


def test_nothing_of_a_visit_exists_for_a_patient_who_has_no_place_in_it(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    client, before = signed_in(app, cast.walter), everything_saved(app)
    for rule, method, _action in guarded(app):
        if "session_id" in rule.arguments:
            answer = ask(client, rule, method, running)
            assert answer.status_code in (403, 404), f"{method} {rule.rule} answers a patient of another group with {answer.status}"
    assert everything_saved(app) == before


def test_a_wall_display_opens_its_own_room_and_nothing_else(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    client, before = signed_in(app, actors.display(ids.new_id(), cast.clinic_id, running["session_id"])), everything_saved(app)
    del before["room_displays"]
    opened = set()
    for rule, method, action in guarded(app):
        if not app.extensions["policies"][action].could(ANYONE, action) and ask(client, rule, method, running).status_code not in (403, 404):
            opened.add(rule.rule)
    assert opened == {"/sessions/<session_id>/rooms/display", "/sessions/<session_id>/join-code.svg"}
    assert client.get(f"/sessions/{running['session_id']}/snapshot?audience=display").status_code == 200
    after = everything_saved(app)
    del after["room_displays"]
    assert after == before


def test_a_newcomer_reaches_the_second_factor_and_nothing_else(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    client, before, policies = newcomer(app, cast.ada), everything_saved(app), app.extensions["policies"]
    for rule, method, action in guarded(app):
        if rule.endpoint in ("accounts.second_factor", "accounts.second_factor_code") or policies[action].could(ANYONE, action):
            continue
        answer = ask(client, rule, method, running)
        led = method == "GET" and answer.status_code == 302 and answer.location == "/second-factor"
        assert led or answer.status_code == 403, f"{method} {rule.rule} answers a newcomer with {answer.status}"
    assert everything_saved(app) == before


@pytest.mark.parametrize("who", [*MILLBROOK, *OF_ANOTHER_CLINIC])
def test_no_address_breaks_whoever_asks(app: Flask, cast: Cast, running: dict[str, str], who: str) -> None:
    """The application is made so that an unexpected failure is raised here."""
    actor, policies = getattr(cast, who), app.extensions["policies"]
    for rule, method, action in guarded(app):
        if policies[action].could(actor, action):
            answer = ask(signed_in(app, actor), rule, method, running)
            assert answer.status_code < 500, f"{method} {rule.rule} answers {who} with {answer.status}"


def test_the_stranger_would_have_been_let_in_at_home(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    """Otherwise the tests above would also pass if every address answered "not found" to everybody."""
    with app.app_context():
        topics = db.session.scalars(select(Topic)).all()
        assert topics
        db.session.rollback()
    opened = 0
    for who in MILLBROOK:
        client = signed_in(app, getattr(cast, who))
        opened += sum(ask(client, rule, "GET", running).status_code == 200 for rule, method, _ in guarded(app) if method == "GET" and rule.arguments)
    assert opened >= 25


ELSEWHERE = re.compile(
    r"""<(?:script|img|link|iframe|source|video|audio|object|embed|form|base|use|image)\b[^>]*?\s(?:src|srcset|href|data|action|poster)=["'](?:[a-z]+:)?//[^"']*"""
)
OURSELVES = {"'none'", "'self'", "data:", "ws://localhost", "wss://localhost"}


def test_no_page_asks_another_host_for_anything(app: Flask, cast: Cast, running: dict[str, str]) -> None:
    """The clinic's own network is enough: every answer forbids browsers to ask elsewhere, and no page names another host where it would."""
    clients = [app.test_client(), *(signed_in(app, getattr(cast, who)) for who in ("rosa", "joanne", "tomas", "osei", "ada"))]
    pages = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or set()):
            continue
        for client in clients:
            answer = ask(client, rule, "GET", {**dict.fromkeys(rule.arguments, "x"), **running})
            policy = {name: set(sources) for name, *sources in (each.split() for each in answer.headers["Content-Security-Policy"].split(";"))}
            assert policy["default-src"] == {"'none'"} and set().union(*policy.values()) <= OURSELVES, f"{rule.rule}: {policy}"
            assert "frame-ancestors" in policy and "form-action" in policy and "base-uri" in policy  # default-src does not stand for these
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert not ELSEWHERE.search(answer.text), f"{rule.rule}: {ELSEWHERE.search(answer.text)}"
                pages += 1
                break
    assert pages >= 60
