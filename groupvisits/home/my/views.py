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
from groupvisits.patients import service as patients

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
    from groupvisits.sessions.service import answers

    said = form.answer.data or ""
    try:
        run(answers.answer, current_actor(), session_id, answer=said, companions=form.companions.data or 0 if said == "yes" else None)
    except DomainError as refusal:
        return _refused(session_id, refusal, form)
    flash(_received(said), "success")
    return redirect(url_for("my.visit", session_id=session_id), 303)


@bp.get("/my/contact")
@access("home:my_pages")
def contact() -> str:
    now = queries.my_contact(db.session(), current_actor())
    return _contact_page(now, forms.ContactForm(formdata=None, data={"channel": now.channel, "agrees_to_texts": now.agrees_to_texts}))


@bp.post("/my/contact")
@access("home:my_pages")
def choose_contact() -> ResponseReturnValue:
    form = forms.ContactForm()
    if form.validate():
        try:
            run(patients.choose_channel, current_actor(), channel=form.channel.data or "", agrees_to_texts=bool(form.agrees_to_texts.data))
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("Thank you. From now on we tell you this way."), "success")
            return redirect(url_for("my.visits"), 303)
    return _contact_page(queries.my_contact(db.session(), current_actor()), form), 422


def _contact_page(now: queries.Contact, form: forms.ContactForm) -> str:
    return render_template("home/my/contact.html", contact=now, form=form)


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
    return render_template("home/my/visit.html", visit=found, form=form, message=message, most=forms.MAX_COMPANIONS)


def _received(said: str) -> str:
    return {
        "yes": gettext("Thank you. The clinic has your yes. We look forward to seeing you."),
        "no": gettext("Thank you for telling us. The clinic has your no. You do not need to do anything else."),
        "skip": gettext("Thank you for telling us. You skip this one, and we ask you again for the next."),
    }[said]
