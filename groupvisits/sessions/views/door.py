"""The tablet at the door: one person at a time, and an empty screen in between."""

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask import session as browser_session
from flask_babel import gettext

from groupvisits.core.errors import DomainError
from groupvisits.core.language import words
from groupvisits.core.pages import may
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions import forms, queries, rules, service
from groupvisits.sessions.queries import Place
from groupvisits.sessions.views import bp
from groupvisits.sessions.views.qr import qr_code

LAST = "last_check_in"  # in the browser session, so that a wrong tap goes back to what was, not to what a page claims


@bp.get("/sessions/<session_id>/check-ins")
@access("sessions:check_in")
def check_ins(session_id: str) -> Any:
    place = _place(session_id)
    return _empty_screen(place, _search_form(place, formdata=None))


@bp.post("/sessions/<session_id>/check-in-searches")
@access("sessions:check_in")
def search_person(session_id: str) -> Any:
    """By POST, so that no name and no birth date stands in an address."""
    place = _place(session_id)
    form = _search_form(place)
    if not form.validate():
        return _empty_screen(place, form), 400
    born = form.born.form.as_date() if isinstance(form, forms.DoorSearchForm) else None
    found = queries.find_person(db.session(), current_actor(), place, name=form.name.data or "", born=born)
    if len(found) == 1:
        return _person_screen(place, found[0])
    return _empty_screen(place, form, found=found, nobody=not found)


@bp.post("/sessions/<session_id>/check-in-choices")
@access("sessions:check_in")
def choose_person(session_id: str) -> Any:
    """One of the two or three whom the same letters fit."""
    place = _place(session_id)
    return _person_screen(place, queries.person_for(db.session(), current_actor(), place, forms.ArrivalForm().patient_id.data or ""))


@bp.post("/sessions/<session_id>/check-ins")
@access("sessions:check_in")
def check_in(session_id: str) -> Any:
    """A fresh slip's code is shown in this answer and nowhere else. Who has a slip keeps it, unless a new one is asked for."""
    place, form = _place(session_id), forms.ArrivalForm()
    if not form.validate():
        return redirect(url_for("sessions.check_ins", session_id=session_id), 303)
    person = queries.person_for(db.session(), current_actor(), place, form.patient_id.data or "")
    reason = form.over_maximum_reason.data or ""
    try:
        if person.seat_id:
            code = run(service.check_in, current_actor(), session_id, person.seat_id, over_maximum_reason=reason, new_slip=form.new_slip.data)
        else:
            code = run(service.let_in, current_actor(), session_id, person.patient_id, over_maximum_reason=reason)
    except rules.SessionFull:
        return _person_screen(place, person, full=True), 409
    place, before = _place(session_id), person
    person = queries.person_for(db.session(), current_actor(), place, person.patient_id)
    if not before.is_here:
        browser_session[LAST] = {"session_id": session_id, "seat_id": person.seat_id, "before": before.state or "cancelled", "keeps_card": not code}
    elif code and (last := browser_session.get(LAST)) and last["seat_id"] == person.seat_id:
        browser_session[LAST] = {**last, "keeps_card": False}
    if not code:
        return render_template(
            "sessions/card.html", group_session=place.group_session, counts=queries.counts_for(db.session(), current_actor(), place), person=person,
            was_here=before.is_here, can_undo=not before.is_here,
        )  # fmt: skip
    address = f"{current_app.extensions['config'].public_url}/slips/{session_id}-{code}"
    return render_template(
        "sessions/slip.html", group_session=place.group_session, counts=queries.counts_for(db.session(), current_actor(), place), person=person, code=code,
        qr=qr_code(address), number=person.slip_number, can_undo=not before.is_here,
    )  # fmt: skip


@bp.post("/sessions/<session_id>/check-in-undos")
@access("sessions:check_in")
def undo_check_in(session_id: str) -> Any:
    _place(session_id)
    last = browser_session.pop(LAST, None)
    if not last or last["session_id"] != session_id:
        raise rules.NotTheLast
    try:
        run(service.undo_check_in, current_actor(), session_id, last["seat_id"], back_to=last["before"], keeps_card=last["keeps_card"])
    except DomainError as refusal:
        flash(words(refusal), "error")
    else:
        if last["keeps_card"]:
            flash(gettext("Taken back. The printed card still works: keep it for the person it belongs to."), "success")
        else:
            flash(gettext("Taken back. The slip with that code does not work any more."), "success")
    return redirect(url_for("sessions.check_ins", session_id=session_id), 303)


def _place(session_id: str) -> Place:
    return queries.place_for(db.session(), current_actor(), session_id)


def _search_form(place: Place, **kwargs: Any) -> Any:
    return (forms.DoorSearchForm if may("sessions:let_in", place) else forms.NameSearchForm)(**kwargs)


def _person_screen(place: Place, person: Any, *, full: bool = False) -> str:
    """`full` is shown before the tap where it is known, so that nobody at the door is surprised."""
    counts = queries.counts_for(db.session(), current_actor(), place)
    full = full or (not person.holds_place and counts.held >= place.group_session.maximum)
    facts: list[dict[str, str]] = []
    for addition in current_app.extensions["check_in_facts"]:
        facts.extend(addition(db.session(), current_actor(), place, person.seat_id))
    form = forms.ArrivalForm(formdata=None, data={"patient_id": person.patient_id})
    return render_template("sessions/person.html", group_session=place.group_session, counts=counts, person=person, full=full, facts=facts, form=form)


def _empty_screen(place: Place, form: Any, *, found: Any = (), nobody: bool = False) -> str:
    counts = queries.counts_for(db.session(), current_actor(), place)
    return render_template("sessions/check_ins.html", group_session=place.group_session, counts=counts, form=form, found=found, nobody=nobody)
