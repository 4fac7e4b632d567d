"""What somebody makes with a form is made once: also after Back and a second Save, with other words or the same."""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from groupvisits.accounts.models import StaffMember, StaffRole
from groupvisits.core import transaction
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Programme, RunSheetTemplate
from groupvisits.sessions.models import Closure
from tests.cast import Cast, signed_in

VIEWS = sorted(path for path in Path("groupvisits").rglob("*.py") if path.name == "views.py" or path.parent.name == "views")
# Verbs that make something without make_once. Each says why sending it again makes no second one, or why a second one is meant.
TWICE_IS_ONCE = {
    "add_care_partner": "the same name changes the one there is",
    "add_member": "one membership at a time",
    "add_members": "one membership at a time",
    "add_to_note": "the same words by the same person stand there once",
    "add_to_team": "one line for each person and role",
    "apply_plan": "a plan is carried out once",
    "ask_for_new_link": "another link is what was asked for",
    "ask_for_new_password": "another link is what was asked for",
    "correct_attendance": "the same again changes nothing",
    "cosign_note": "a note is co-signed once",
    "count_attempt": "each attempt counts",
    "enter_closure": "the same days for the same reason are entered once",
    "enter_signature": "the same answers to the same text are signed once",
    "fill_in_form": "one form for each patient and visit",
    "hand_out": "one card for each seat",
    "join_with_codes": "one line for each guest",
    "join_with_slip": "one line for each guest",
    "keep_run_sheet": "one template of a name",
    "make_calendar": "another address, which ends the older one, is what was asked for",
    "make_room_display": "another screen is what was asked for",
    "note_eligible": "one line for each person",
    "open_note": "one note for each one-on-one",
    "pair": "one partner at a time",
    "plan_date_change": "a plan changes nothing until it is carried out, which is once",
    "plan_more_dates": "a plan changes nothing until it is carried out, which is once",
    "plan_rule_change": "a plan changes nothing until it is carried out, which is once",
    "print_cards": "another sheet of cards is what was asked for",
    "publish_text": "the text in force is not published again",
    "save_draft": "versions of one note, each kept",
    "seat_patient": "one seat for each patient and visit",
    "send_again": "another try is what was asked for",
    "send_answers": "its token works once",
    "set_up": "an installation is set up once",
    "sign": "the same answers to the same text are signed once",
    "sign_note": "a note is signed once",
    "take_text": "the gateway's own number is unique",
    "upload_roster": "a list that waits is not brought in again",
    "use_version": "versions of one note, each kept",
    "wait_at_door": "one guest for each phone",
}


def _doors() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(view's module, how it runs the verb, the verb)"""
    for path in VIEWS:
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            how, verb = ast.unparse(call.func), ast.unparse(call.args[0]) if call.args else ""
            if how not in ("run", "run_command", "make_once") or not re.fullmatch(r"[\w.]+", verb):
                continue
            try:
                found = eval(verb, vars(module))
            except NameError:  # a parameter: the view that hands it over is looked at instead
                continue
            yield module.__name__, how, found


def _makes(verb: Callable[..., Any], seen: frozenset[str] = frozenset()) -> bool:
    """Whether the verb, or a helper beside it, adds rows."""
    for call in (node for node in ast.walk(ast.parse(inspect.getsource(verb))) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name in ("tx.add", "tx.add_all"):
            return True
        helper = verb.__globals__.get(name)
        if inspect.isfunction(helper) and helper.__module__ == verb.__module__ and name not in seen and _makes(helper, seen | {name}):
            return True
    return False


def test_whatever_makes_something_is_safe_against_being_sent_twice() -> None:
    unsafe = {f"{verb.__name__} ({module})" for module, how, verb in _doors() if how != "make_once" and _makes(verb) and verb.__name__ not in TWICE_IS_ONCE}
    assert not unsafe, (
        f"Sent again after Back, these may make a second one: {', '.join(sorted(unsafe))}. Give the form a page of its own, make it a MakingForm, "
        "ask lacks_its_id() first and run the verb with make_once; or let the verb find what is there already and name it in TWICE_IS_ONCE."
    )


def test_the_list_of_those_safe_by_themselves_is_not_out_of_date() -> None:
    known = {verb.__name__ for _, how, verb in _doors() if how != "make_once" and _makes(verb)}
    assert not set(TWICE_IS_ONCE) - known, f"No door runs these any more, or they make nothing: {sorted(set(TWICE_IS_ONCE) - known)}."


def test_the_page_of_a_form_that_makes_something_keeps_the_forms_id() -> None:
    for module in {module for module, how, _ in _doors() if how == "make_once"}:
        assert "lacks_its_id()" in inspect.getsource(importlib.import_module(module)), f"{module} runs make_once, but its page never asks lacks_its_id()."


PHASES = {"phases-0-name": "Welcome", "phases-0-minutes": "60", "phases-0-owner": "Facilitator"}
NUMBERS = {"week": "2", "weekday": "1", "every_weeks": "4", "minutes": "60", "minimum": "3", "target": "5", "maximum": "8", "slot_minutes": "8",
           "providers": "2", "invite_days": "28", "go_no_go_days": "7", "rule": "monthly", "layout": "parallel", "holiday_policy": "skip"}  # fmt: skip
MADE: dict[str, tuple[str, str, dict[str, str], Any]] = {
    "group": ("/groups/new", "/groups", {**NUMBERS, "name": "Evening", "starts": "17:30", "room": "Hall"}, Group),
    "programme": ("/programmes/new?start=empty", "/programmes", {"name": "Evening", "purpose": "To meet", **PHASES}, Programme),
    "patient": ("/patients/new", "/patients/new", {"name": "", "given_name": "Ines", "family_name": "Carvalho", "language": "en"}, Patient),
    "staff": ("/staff-members/new", "/staff-members/new", {"name": "Lee Park", "email": "lee.park@example.org", "roles": "nurse"}, StaffMember),
    "newcomer": ("/sessions/{session_id}/newcomers", "/sessions/{session_id}/newcomers",
                 {"given_name": "Ines", "family_name": "Carvalho", "born-day": "4", "born-month": "3", "born-year": "1958", "language": "en"}, Patient),
}  # fmt: skip
CHANGED = {"name": "Evening and supper", "given_name": "Inez"}


def _count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def _opened(client: FlaskClient, address: str) -> tuple[str, str]:
    """(the address that a browser shows and comes back to, the page)"""
    answer = client.get(address)
    assert answer.status_code == 302, "The page's address gets an id."
    return answer.location, client.get(answer.location).text


def _command(page: str) -> str:
    found = re.search(r'name="command_id"[^>]*value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("what", MADE)
@pytest.mark.parametrize("changed", [False, True], ids=["the same words", "other words"])
def test_back_and_save_again_lead_to_what_was_made(app: Flask, cast: Cast, what: str, changed: bool) -> None:
    page_at, door, data, model = MADE[what]
    page_at, door = page_at.format(session_id=cast.session_id), door.format(session_id=cast.session_id)
    data = {**data, "programme_id": cast.programme_id} if what == "group" else data
    client = signed_in(app, cast.ada if what == "staff" else cast.joanne)
    before = _count(app, model)
    address, page = _opened(client, page_at)
    assert "Begin a new one" not in page
    first = client.post(door, data={**data, "command_id": _command(page)})
    assert first.status_code == 303, first.text
    client.get(first.location)  # says that it is made
    # Back: the browser fetches the very page again
    again = client.get(address).text
    assert "What you saved from this page is there already." in again
    second = client.post(door, data={**data, **({k: v for k, v in CHANGED.items() if data.get(k)} if changed else {}), "command_id": _command(again)})
    assert second.status_code == 303
    landed = client.get(second.location)
    assert landed.status_code == 200
    assert "nothing was made a second time" in landed.text
    assert (data.get("given_name") or data["name"]) in landed.text
    assert _count(app, model) == before + 1
    # and who begins anew makes another
    _, fresh = _opened(client, page_at)
    assert _command(fresh) != _command(again)


def test_the_address_of_a_form_handed_to_a_colleague_is_their_own_form(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.add(StaffRole(staff_member_id=cast.tomas.id, name="coordinator"))
    address, page = _opened(signed_in(app, cast.joanne), "/patients/new")
    assert _command(signed_in(app, cast.tomas).get(address).text) != _command(page)


def test_an_address_with_a_made_up_id_or_hostile_words_leads_nowhere_else(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    for asked in ("form=" + "x" * 50, "form=%00", "_external=1&_scheme=javascript", "programme_id=//evil.example"):
        answer = client.get(f"/groups/new?{asked}")
        assert answer.status_code in (302, 404)
        assert answer.status_code == 404 or answer.location.startswith("/groups/new?")
    assert client.get("/groups/new?form=<script>").status_code == 200


def test_the_same_closure_again_is_one(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    data = {"first_day": "2026-12-24", "reason": "Staff training"}
    assert "nothing was made a second time" not in client.post("/closures", data=data, follow_redirects=True).text
    assert "The same is here already" in client.post("/closures", data=data, follow_redirects=True).text
    client.post("/closures", data={**data, "room": "Main room"})
    assert _count(app, Closure) == 2


def test_the_same_run_sheet_by_the_same_name_is_kept_once(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    for said in ("Kept.", "The same is here already"):
        assert said in client.post(f"/programmes/{cast.programme_id}/run-sheet-templates", data={"template_name": "Ours"}, follow_redirects=True).text
    assert _count(app, RunSheetTemplate) == 1


def test_a_plan_that_was_carried_out_says_so_when_it_is_opened_again(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    preview = client.post(f"/groups/{cast.group_id}/series-previews", data={"count": "2"}).location
    page = client.get(preview).text
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert seen is not None
    done = client.post(preview, data={"seen": seen[1], "command_id": _command(page)})
    assert done.status_code == 303, done.text
    client.get(done.location)
    assert "This plan was carried out before." in client.get(preview, follow_redirects=True).text
