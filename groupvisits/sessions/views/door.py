"""The tablet at the door: one person at a time, and an empty screen in between."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_babel import gettext

from groupvisits.core import clock, ids
from groupvisits.core.commands import make_once
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import words
from groupvisits.core.pages import may, say_made
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, lacks_its_id
from groupvisits.extensions import db
from groupvisits.patients import queries as patients
from groupvisits.patients import service as registry
from groupvisits.patients.service.registry import Details
from groupvisits.sessions import forms, queries, rules, service
from groupvisits.sessions.queries import PersonAtTheDoor, Place
from groupvisits.sessions.rules import door
from groupvisits.sessions.views import bp
from groupvisits.sessions.views.qr import qr_code

LAST = "last_check_in"  # in the browser session, so that a wrong tap goes back to what was, not to what a page claims
# Also there, each under a key that stands in the address: Back finds pages and never a form to send again, and no name stands in an address.
LOOKED_FOR = "looked_for"
JUST_IN = "just_in"


@bp.get("/sessions/<session_id>/check-ins")
@access("sessions:check_in")
def check_ins(session_id: str) -> Any:
    """The empty screen, what was searched for, or once who was just let in: a fresh slip's code is shown there and nowhere else."""
    place = _place(session_id)
    just_in, looked_for = _asked(browser_session.pop(JUST_IN, None), session_id), _asked(browser_session.get(LOOKED_FOR), session_id)
    if just_in:
        return _arrived_screen(place, just_in)
    if not looked_for:
        return _empty_screen(place, _search_form(place, formdata=None))
    if looked_for["patient_id"]:
        return _person_screen(place, queries.person_for(db.session(), current_actor(), place, looked_for["patient_id"]))
    return _found_screen(place, looked_for)


@bp.post("/sessions/<session_id>/check-in-searches")
@access("sessions:check_in")
def search_person(session_id: str) -> Any:
    """By POST, so that no name and no birth date stands in an address."""
    place = _place(session_id)
    form = _search_form(place)
    if not form.validate():
        return _empty_screen(place, form), 400
    return _look_for(session_id, name=form.name.data or "", born=dict(form.born.data) if isinstance(form, forms.DoorSearchForm) else {})


@bp.post("/sessions/<session_id>/check-in-choices")
@access("sessions:check_in")
def choose_person(session_id: str) -> Any:
    """One of the two or three whom the same letters fit."""
    person = queries.person_for(db.session(), current_actor(), _place(session_id), forms.ArrivalForm().patient_id.data or "")
    return _look_for(session_id, patient_id=person.patient_id)


@bp.post("/sessions/<session_id>/check-ins")
@access("sessions:check_in")
def check_in(session_id: str) -> Any:
    """Who has a slip keeps it, unless a new one is asked for."""
    place, form = _place(session_id), forms.ArrivalForm()
    person = queries.person_for(db.session(), current_actor(), place, form.patient_id.data or "")
    if not form.validate():
        return _person_screen(place, person, form=form), 400
    try:
        code = _let_in(session_id, person, form)
    except rules.SessionFull:
        return _person_screen(place, person, full=True), 409
    except door.PlaceIsFree as refusal:
        form.refuse(refusal)
        return _person_screen(_place(session_id), person, form=form), refusal.status
    before, person = person, queries.person_for(db.session(), current_actor(), _place(session_id), person.patient_id)
    _remember(session_id, before, person, code)
    return _show_arrival(session_id, before, person, code)


def _look_for(session_id: str, *, name: str = "", born: dict[str, Any] | None = None, patient_id: str = "") -> Any:
    kept = browser_session[LOOKED_FOR] = {"key": ids.new_id(), "session_id": session_id, "name": name, "born": born or {}, "patient_id": patient_id}
    return redirect(url_for("sessions.check_ins", session_id=session_id, show=kept["key"]), 303)


def _show_arrival(session_id: str, before: PersonAtTheDoor, person: PersonAtTheDoor, code: str) -> Any:
    """A second tap before the page has come leads to the same page, with the code."""
    browser_session.pop(LOOKED_FOR, None)
    waits = browser_session.get(JUST_IN)
    if code or not before.is_here or not waits or (waits["session_id"], waits["patient_id"]) != (session_id, person.patient_id):
        waits = {"session_id": session_id, "patient_id": person.patient_id, "code": code, "was_here": before.is_here}
    kept = browser_session[JUST_IN] = {**waits, "key": ids.new_id()}
    return redirect(url_for("sessions.check_ins", session_id=session_id, show=kept["key"]), 303)


def _asked(kept: dict[str, Any] | None, session_id: str) -> dict[str, Any] | None:
    return kept if kept and (kept["session_id"], kept["key"]) == (session_id, request.args.get("show")) else None


def _found_screen(place: Place, looked_for: dict[str, Any]) -> str:
    form = _search_form(place, formdata=None, data={"name": looked_for["name"], "born": looked_for["born"]})
    born = form.born.form.as_date() if isinstance(form, forms.DoorSearchForm) else None
    found = queries.find_person(db.session(), current_actor(), place, name=looked_for["name"], born=born)
    if len(found) == 1:
        return _person_screen(place, found[0])
    return _empty_screen(place, form, found=found, nobody=not found)


def _let_in(session_id: str, person: PersonAtTheDoor, form: forms.ArrivalForm) -> str:
    if person.seat_id:
        return run(service.check_in, current_actor(), session_id, person.seat_id, **form.arrival())
    return run(service.let_in, current_actor(), session_id, person.patient_id, **form.arrival())


def _remember(session_id: str, before: PersonAtTheDoor, person: PersonAtTheDoor, code: str) -> None:
    if not before.is_here:
        browser_session[LAST] = {
            "session_id": session_id, "seat_id": person.seat_id, "before": before.state or "cancelled", "keeps_card": not code,
            "companions": before.companions, "reason": before.over_maximum_reason if before.holds_place else "",
        }  # fmt: skip
    elif code and (last := browser_session.get(LAST)) and last["seat_id"] == person.seat_id:
        browser_session[LAST] = {**last, "keeps_card": False}


def _arrived_screen(place: Place, just_in: dict[str, Any]) -> str:
    person, code = queries.person_for(db.session(), current_actor(), place, just_in["patient_id"]), just_in["code"]
    shown: dict[str, Any] = {
        "group_session": place.group_session, "counts": queries.counts_for(db.session(), current_actor(), place), "person": person,
        "can_undo": not just_in["was_here"], "facts": _facts(place, person),
    }  # fmt: skip
    if not code:
        return render_template("sessions/card.html", was_here=just_in["was_here"], **shown)
    address = f"{current_app.extensions['config'].public_url}/slips/{place.group_session.id}-{code}"
    return render_template("sessions/slip.html", code=code, qr=qr_code(address), number=person.slip_number, **shown)


@bp.post("/sessions/<session_id>/check-in-undos")
@access("sessions:check_in")
def undo_check_in(session_id: str) -> Any:
    _place(session_id)
    last = browser_session.pop(LAST, None)
    if not last or last["session_id"] != session_id:
        raise rules.NotTheLast
    try:
        run(
            service.undo_check_in, current_actor(), session_id, last["seat_id"], back_to=last["before"], keeps_card=last["keeps_card"],
            companions=last["companions"], over_maximum_reason=last["reason"],
        )  # fmt: skip
    except DomainError as refusal:
        flash(words(refusal), "error")
    else:
        if last["keeps_card"]:
            flash(gettext("Taken back. The printed card still works: keep it for the person it belongs to."), "success")
        else:
            flash(gettext("Taken back. The slip with that code does not work any more."), "success")
    return redirect(url_for("sessions.check_ins", session_id=session_id), 303)


@bp.route("/sessions/<session_id>/newcomers", methods=["GET", "POST"])
@access("patients:add")
def newcomer(session_id: str) -> Any:
    """Somebody who is not in the registry: put there, then let in like everybody. What was searched for is entered already."""
    place = _place(session_id)
    languages = patients.clinic_of(db.session(), current_actor()).languages
    if request.method == "GET":
        return lacks_its_id() or _newcomer_screen(place, forms.NewcomerForm(formdata=None, languages=languages, data=_searched_for(session_id)))
    form = forms.NewcomerForm(languages=languages)
    if not form.validate():
        return _newcomer_screen(place, form), 400
    details = Details(form.given_name.data or "", form.family_name.data or "", birth_date=form.born.form.as_date(), language=form.language.data)
    another = form.is_another_person.data
    try:
        made, is_new = make_once(registry.add_patient, current_actor(), form.making("patients:add"), details, is_another_person=another)
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        form.refuse(refusal)
        return _newcomer_screen(place, form, asks_about_twin=refusal.field == "is_another_person"), refusal.status
    say_made(gettext("They are in the registry."), is_new=is_new)
    return _look_for(session_id, **made)


def _searched_for(session_id: str) -> dict[str, Any]:
    looked_for = browser_session.get(LOOKED_FOR)
    if not looked_for or looked_for["session_id"] != session_id or looked_for["patient_id"]:
        return {}
    return {"family_name": looked_for["name"], "born": looked_for["born"]}


def _newcomer_screen(place: Place, form: forms.NewcomerForm, *, asks_about_twin: bool = False) -> str:
    counts = queries.counts_for(db.session(), current_actor(), place)
    asks = asks_about_twin or bool(form.is_another_person.data)
    return render_template("sessions/newcomer.html", group_session=place.group_session, counts=counts, form=form, asks_about_twin=asks)


def _place(session_id: str) -> Place:
    return queries.place_for(db.session(), current_actor(), session_id)


def _search_form(place: Place, **kwargs: Any) -> Any:
    return (forms.DoorSearchForm if may("sessions:let_in", place) else forms.NameSearchForm)(**kwargs)


def _person_screen(place: Place, person: PersonAtTheDoor, *, full: bool = False, form: forms.ArrivalForm | None = None) -> str:
    """`full` is shown before the tap where it is known, so that nobody at the door is surprised."""
    session, viewer = db.session(), current_actor()
    full = full or queries.is_full_for(session, viewer, place, person)
    asks_next = current_app.extensions["next_one_on_one"]
    return render_template(
        "sessions/person.html", group_session=place.group_session, counts=queries.counts_for(session, viewer, place), person=person, full=full,
        facts=_facts(place, person), form=form or forms.ArrivalForm(formdata=None, data={"patient_id": person.patient_id, "companions": person.companions}),
        care_partners=queries.care_partners_of(session, viewer, place, person), is_late=door.is_late(place.group_session.starts_at, clock.now()),
        own_groups=queries.own_groups_of(session, viewer, place, person) if not person.seat_id and may("sessions:let_in", place) else [],
        next_one_on_one=asks_next(session, viewer, place) if full and asks_next else "",
    )  # fmt: skip


def _facts(place: Place, person: PersonAtTheDoor) -> list[dict[str, str]]:
    return [fact for addition in current_app.extensions["check_in_facts"] for fact in addition(db.session(), current_actor(), place, person.seat_id)]


def _empty_screen(place: Place, form: Any, *, found: Any = (), nobody: bool = False) -> str:
    counts = queries.counts_for(db.session(), current_actor(), place)
    return render_template(
        "sessions/check_ins.html", group_session=place.group_session, counts=counts, form=form, found=found, nobody=nobody, may_add=may("patients:add")
    )
