"""The waiting list of a date: getting on it and off it, offers and their answers, and ahead with a reason."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask import session as browser_session
from flask_babel import gettext

from groupvisits.core import ids
from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError, NotFound
from groupvisits.core.language import words
from groupvisits.core.pages import offer_undo
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions import forms, queries, service
from groupvisits.sessions.views import bp
from groupvisits.sessions.views.pages import date_page
from groupvisits.sessions.views.waiting_forms import forms_of, of_entry

LAST = "last_on_waiting_list"  # in the browser session


@bp.post("/sessions/<session_id>/waiting-list-entries")
@access("sessions:seat")
def wait(session_id: str) -> Any:
    form = forms.WaitForm()
    if not form.validate():
        return date_page(session_id, wrong=gettext("We could not read that. Nothing was changed.")), 400
    return _did(session_id, lambda: _once(service.join_waiting_list, form, "join_waiting_list", session_id, patient_id=form.patient_id.data or ""))


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/offers")
@access("sessions:seat")
def offer(session_id: str, entry_id: str) -> Any:
    form = forms.OfferForm()

    def act() -> None:
        _once(service.offer_place, form, "offer_place", session_id, entry_id, reason=form.reason.data or "")
        offer_undo(gettext("A place is on offer."), url_for("sessions.withdraw_offer", session_id=session_id, entry_id=entry_id))

    return _with_form(session_id, entry_id, "offer", form, act)


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/positions")
@access("sessions:seat")
def put_ahead(session_id: str, entry_id: str) -> Any:
    form = forms.AheadForm()

    def act() -> None:
        done = _once(service.put_ahead, form, "put_ahead", session_id, entry_id, before_id=form.before_id.data or "", reason=form.reason.data or "")
        _offer_undo(gettext("They stand ahead now."), "put_ahead", session_id, entry_id, done)

    return _with_form(session_id, entry_id, "ahead", form, act)


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/offer-removals")
@access("sessions:seat")
def withdraw_offer(session_id: str, entry_id: str) -> Any:
    return _did(session_id, lambda: run(service.withdraw_offer, current_actor(), session_id, entry_id), gettext("The offer is taken back."))


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/acceptances")
@access("sessions:seat")
def accept(session_id: str, entry_id: str) -> Any:
    return _did(session_id, lambda: run(service.accept_offer, current_actor(), session_id, entry_id=entry_id), gettext("The yes is kept: they have the place."))


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/refusals")
@access("sessions:seat")
def decline(session_id: str, entry_id: str) -> Any:
    def act() -> None:
        done = run(service.decline_offer, current_actor(), session_id, entry_id=entry_id)
        _offer_undo(gettext("The no is kept. They are off the waiting list of this date."), "leave", session_id, entry_id, done)

    return _did(session_id, act)


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/removals")
@access("sessions:seat")
def remove(session_id: str, entry_id: str) -> Any:
    def act() -> None:
        done = run(service.leave_waiting_list, current_actor(), session_id, entry_id=entry_id)
        _offer_undo(gettext("They are off the waiting list of this date."), "leave", session_id, entry_id, done)

    return _did(session_id, act)


@bp.post("/sessions/<session_id>/waiting-list-entries/<entry_id>/undos")
@access("sessions:seat")
def undo(session_id: str, entry_id: str) -> Any:
    """The last thing done on a waiting list is undone, and what cannot be undone any more is said."""
    last, asked = browser_session.get(LAST), forms.UndoForm().act_id.data
    if not last or (last["act_id"], last["session_id"], last["entry_id"]) != (asked, session_id, entry_id):
        queries.place_for(db.session(), current_actor(), session_id)  # of another clinic there is nothing to know
        flash(gettext("Only the last step on a waiting list can be undone. Nothing was changed."), "error")
        return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="waiting-list"), 303)

    def act() -> None:
        verb = service.undo_put_ahead if last["act"] == "put_ahead" else service.undo_leaving
        flash(_undone_words(run(verb, current_actor(), session_id, entry_id, before=last["before"])), "success")
        browser_session.pop(LAST, None)

    return _did(session_id, act)


def _offer_undo(text: str, act: str, session_id: str, entry_id: str, done: dict[str, Any]) -> None:
    """How it was stays here, so that an undo goes back to what was, not to what a page claims."""
    if "before" not in done:  # it was so already
        flash(text, "success")
        return
    browser_session[LAST] = {"act": act, "act_id": ids.new_id(), "session_id": session_id, "entry_id": entry_id, "before": done["before"]}
    offer_undo(text, url_for("sessions.undo", session_id=session_id, entry_id=entry_id), act_id=browser_session[LAST]["act_id"])


def _undone_words(done: dict[str, Any]) -> str:
    said = [gettext("Undone: the offer stands as it did.") if done["state"] == "offered" else gettext("Undone: they wait where they stood before.")]
    if done.get("gone_to"):
        said.append(gettext("The place itself is gone: it was offered to %(name)s meanwhile, and that stays.", name=done["gone_to"]))
    elif done.get("had_offer") and done["state"] != "offered":
        said.append(gettext("The offer itself has ended."))
    if done.get("told"):
        said.append(gettext("A message about the no has gone out already. Please call them."))
    return " ".join(said)


@bp.get("/sessions/<session_id>/seats/<seat_id>/make-ups")
@access("sessions:seat")
def make_ups(session_id: str, seat_id: str) -> Any:
    return _make_up_page(session_id, seat_id)


@bp.post("/sessions/<session_id>/seats/<seat_id>/make-ups")
@access("sessions:seat")
def make_up(session_id: str, seat_id: str) -> Any:
    form = forms.MakeUpForm()
    if not form.validate():
        return _make_up_page(session_id, seat_id, gettext("Choose a date.")), 400
    line = queries.seat_line(db.session(), current_actor(), session_id, seat_id)
    other_id = form.other_id.data or ""
    try:
        done = _once(service.ask_make_up, form, "ask_make_up", other_id, instead_of=session_id, patient_id=line.patient_id)
    except DomainError as refusal:
        db.session.rollback()
        return _make_up_page(session_id, seat_id, words(refusal)), refusal.status
    waits = done["state"] == "waitlisted"
    flash(gettext("On the waiting list of this date.") if waits else gettext("There is a place on this date now, instead of the other one."), "success")
    return redirect(url_for("sessions.group_session", session_id=other_id, _anchor="waiting-list" if waits else "seats"), 303)


def _make_up_page(session_id: str, seat_id: str, message: str = "") -> str:
    session, viewer = db.session(), current_actor()
    place = queries.place_for(session, viewer, session_id)
    return render_template(
        "sessions/make_ups.html", group_session=place.group_session, line=queries.seat_line(session, viewer, session_id, seat_id), message=message,
        dates=queries.make_up_dates(session, place.group_session),
    )  # fmt: skip


def _once(verb: Callable[..., dict[str, Any]], form: Any, action: str, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return run_command(verb, current_actor(), form.command(f"sessions:{action}"), *args, **kwargs)


def _did(session_id: str, act: Callable[[], Any], done: str = "") -> Any:
    """The act is done and said, and the list shown again; an old page is told how it is now."""
    try:
        act()
    except NotFound:
        raise
    except DomainError as refusal:
        db.session.rollback()
        return date_page(session_id, wrong=words(refusal)), refusal.status
    if done:
        flash(done, "success")
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="waiting-list"), 303)


def _with_form(session_id: str, entry_id: str, kind: str, form: Any, act: Callable[[], Any]) -> Any:
    """The same with the message beside the field and everything typed kept."""
    if form.validate():
        try:
            act()
        except NotFound:
            raise
        except DomainError as refusal:
            db.session.rollback()
            if refusal.field is None:
                return date_page(session_id, wrong=words(refusal)), refusal.status
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="waiting-list"), 303)
    session, viewer = db.session(), current_actor()
    listed = queries.waiting_list_for(session, viewer, queries.place_for(session, viewer, session_id))
    line = next((line for line in listed.lines if line.entry_id == entry_id), None)
    if line is None:
        raise NotFound
    all_forms = {**forms_of(listed)}
    all_forms[entry_id] = {**all_forms[entry_id], kind: of_entry(form, line)}
    return date_page(session_id, waiting_forms=all_forms, waiting_wrong=form), 422
