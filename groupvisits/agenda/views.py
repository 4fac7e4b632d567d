"""The form that a patient fills in before a visit."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from groupvisits.agenda import forms, queries, rules, service
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions.queries import place_for

bp = Blueprint("agenda", __name__)


@bp.get("/sessions/<session_id>/similar-topics")
@access("agenda:similar")
def similar_topics(session_id: str) -> ResponseReturnValue:
    """Pairs that may ask the same, for whoever leads to look at."""
    viewer = current_actor()
    pairs = queries.similar_in(db.session(), viewer, place_for(db.session(), viewer, session_id))
    return jsonify(pairs=[{"topic_id": each.first, "into_id": each.second, "score": each.score, "shared": each.shared} for each in pairs])


@bp.get("/my/pre-visit-forms/<session_id>")
@access("agenda:fill_in_form")
def pre_visit_form(session_id: str) -> str:
    found = _form_now(session_id)
    return _page(found, forms.PreVisitForm(formdata=None, data=forms.as_entered(found)))


@bp.post("/my/pre-visit-forms/<session_id>")
@access("agenda:fill_in_form")
def fill_in(session_id: str) -> ResponseReturnValue:
    form = forms.PreVisitForm()
    if form.validate():
        try:
            run(service.fill_in_form, current_actor(), session_id, **form.entered())
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("The clinic has received it. You can change it here until the visit begins."), "success")
            return redirect(url_for("agenda.pre_visit_form", session_id=session_id), 303)
    return _page(_form_now(session_id), form), 422


def _form_now(session_id: str) -> queries.FormNow:
    viewer = current_actor()
    return queries.form_for(db.session(), viewer, place_for(db.session(), viewer, session_id))


def _page(found: queries.FormNow, form: Any) -> str:
    group_session = found.place.group_session
    return render_template(
        "agenda/pre_visit_form.html", form=form, found=found, group_session=group_session, opens_at=group_session.starts_at - rules.FORM_OPENS
    )
