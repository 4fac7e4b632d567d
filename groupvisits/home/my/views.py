"""A patient's own pages. Each works without script and says, after every answer, what was received and what comes next."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import words
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.home.my import forms, queries
from groupvisits.sessions.service import answers, offers, waiting

bp = Blueprint("my", __name__)


@bp.get("/my/visits")
@access("home:my_pages")
def visits() -> str:
    return render_template("home/my/visits.html", mine=queries.my_visits(db.session(), current_actor()))


@bp.get("/my/visits/<session_id>")
@access("home:my_pages")
def visit(session_id: str) -> str:
    found = _visit(session_id)
    return _visit_page(found, _answer_form(found))


@bp.post("/my/visits/<session_id>/answers")
@access("home:my_pages")
def answer(session_id: str) -> ResponseReturnValue:
    found, form = _visit(session_id), forms.AnswerForm()
    if not form.validate():
        return _visit_page(found, form), 422
    said = form.answer.data or ""
    try:
        told = run(
            answers.answer, current_actor(), session_id, answer=said, companions=form.companions.data if said == "yes" and form.companions.raw_data else None
        )
    except DomainError as refusal:
        return _refused(session_id, refusal, form)
    flash(_received("waiting" if told["state"] == "waitlisted" else said), "success")
    return redirect(url_for("my.visit", session_id=session_id), 303)


@bp.post("/my/visits/<session_id>/offer-answers")
@access("home:my_pages")
def answer_offer(session_id: str) -> ResponseReturnValue:
    found, form = _visit(session_id), forms.OfferForm()
    if not form.validate() or found.offer is None:
        return _visit_page(found, _answer_form(found), message=gettext("This place is not kept for you any more. Here is how it is now.")), 409
    verb = offers.accept_offer if form.answer.data == "accept" else offers.decline_offer
    try:
        run(verb, current_actor(), session_id)
    except DomainError as refusal:
        return _refused(session_id, refusal)
    flash(_received("yes") if form.answer.data == "accept" else gettext("Thank you for telling us. The place goes to somebody else."), "success")
    return redirect(url_for("my.visit", session_id=session_id), 303)


@bp.post("/my/visits/<session_id>/waiting-list-entries")
@access("home:my_pages")
def join_line(session_id: str) -> ResponseReturnValue:
    _visit(session_id)
    try:
        run(waiting.join_waiting_list, current_actor(), session_id)
    except DomainError as refusal:
        return _refused(session_id, refusal)
    flash(_received("waiting"), "success")
    return redirect(url_for("my.visit", session_id=session_id), 303)


@bp.post("/my/visits/<session_id>/waiting-list-departures")
@access("home:my_pages")
def leave_line(session_id: str) -> ResponseReturnValue:
    _visit(session_id)
    try:
        run(waiting.leave_waiting_list, current_actor(), session_id)
    except DomainError as refusal:
        return _refused(session_id, refusal)
    flash(gettext("You are off the list. You do not need to do anything else."), "success")
    return redirect(url_for("my.visits"), 303)


@bp.get("/my/visits/<session_id>/other-dates")
@access("home:my_pages")
def other_dates(session_id: str) -> str:
    return _others_page(session_id)


@bp.post("/my/visits/<session_id>/make-ups")
@access("home:my_pages")
def make_up(session_id: str) -> ResponseReturnValue:
    """A place in another group's date instead of the viewer's own, or a place in its queue where it is full."""
    form, others = forms.OtherDateForm(), {one.group_session.id: one for one in queries.other_dates(db.session(), current_actor(), session_id)}
    chosen = others.get(form.other_id.data or "") if form.validate() else None
    if chosen is None:
        return _others_page(session_id, gettext("This day is not open to choose any more. Here are the days as they are now.")), 409
    try:
        run(waiting.ask_make_up, current_actor(), chosen.group_session.id, instead_of=session_id)
    except DomainError as refusal:
        db.session.rollback()
        return _others_page(session_id, words(refusal)), refusal.status
    flash(gettext("The clinic has received it. Here is your new day."), "success")
    return redirect(url_for("my.visit", session_id=chosen.group_session.id), 303)


def _others_page(session_id: str, message: str = "") -> str:
    own = _visit(session_id)
    others = queries.other_dates(db.session(), current_actor(), session_id)
    return render_template("home/my/other_dates.html", visit=own, others=others, message=message)


def _visit(session_id: str) -> queries.Visit:
    return queries.my_visit(db.session(), current_actor(), session_id)


def _answer_form(found: queries.Visit) -> forms.AnswerForm:
    return forms.AnswerForm(formdata=None, data={"companions": found.seat.companions if found.seat else 0})


def _refused(session_id: str, refusal: DomainError, form: Any = None) -> ResponseReturnValue:
    """The same visit as it is now, with the reason on top: an old page loses nothing."""
    db.session.rollback()
    found = _visit(session_id)
    message = (
        gettext("This visit has changed since you opened the page. Here is how it is now.") if isinstance(refusal, NotFound | NotAllowed) else words(refusal)
    )
    return _visit_page(found, form or _answer_form(found), message=message), 409 if refusal.status in (403, 404) else refusal.status


def _visit_page(found: queries.Visit, form: forms.AnswerForm, message: str = "") -> str:
    after = queries.afterwards(db.session(), current_actor(), found)
    return render_template("home/my/visit.html", visit=found, after=after, form=form, message=message, most=forms.MAX_COMPANIONS)


def _received(said: str) -> str:
    return {
        "waiting": gettext("You are on the list. We tell you as soon as there is a place for you."),
        "yes": gettext("Thank you. The clinic has your yes. We look forward to seeing you."),
        "no": gettext("Thank you for telling us. The clinic has your no. You do not need to do anything else."),
        "skip": gettext("Thank you for telling us. You skip this one, and we ask you again for the next."),
    }[said]
