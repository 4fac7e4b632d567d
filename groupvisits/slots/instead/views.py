"""The preview of a date that becomes one-on-ones, and its one button."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext

from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions.queries import place_for
from groupvisits.slots.instead import forms, queries, service

bp = Blueprint("instead", __name__)


@bp.get("/sessions/<session_id>/one-on-ones")
@access("sessions:decide")
def preview(session_id: str) -> Any:
    return _page(session_id, forms.InsteadForm(formdata=None))


@bp.post("/sessions/<session_id>/one-on-ones")
@access("sessions:decide")
def turn_into_one_on_ones(session_id: str) -> Any:
    form = forms.InsteadForm()
    status = 400
    if form.validate():
        try:
            done = run_command(
                service.turn_into_one_on_ones, current_actor(), form.command("slots:turn_into_one_on_ones"), session_id, seen=form.seen.data or "",
                reason=form.reason.data or "",
            )  # fmt: skip
        except DomainError as refusal:
            if refusal.status in (403, 404):
                raise
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(ngettext("One-on-ones only: %(num)s person is being told.", "One-on-ones only: %(num)s people are being told.", done["told"]), "success")
            return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="census"), 303)
    return _page(session_id, form), status


def _page(session_id: str, form: forms.InsteadForm) -> str:
    session, viewer = db.session(), current_actor()
    plan = queries.instead_for(session, viewer, place_for(session, viewer, session_id), link=gettext("(here stands their own link)"))
    form.seen.data = plan.seen
    return render_template("slots/instead.html", group_session=plan.group_session, plan=plan, form=form)
