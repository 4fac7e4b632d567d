"""Whether a date goes ahead, and making one date of two."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.pages import offer_undo
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions import forms, queries, service
from groupvisits.sessions.views import bp


@bp.get("/sessions/<session_id>/decisions")
@access("sessions:decide")
def decision(session_id: str) -> Any:
    place = queries.place_for(db.session(), current_actor(), session_id)
    return _decision_page(session_id, forms.DecisionForm(formdata=None, data={"decision": place.group_session.decision or None}))


@bp.post("/sessions/<session_id>/decisions")
@access("sessions:decide")
def decide(session_id: str) -> Any:
    form = forms.DecisionForm()
    if form.validate():
        before = _decided(session_id)
        try:
            run_command(
                service.decide, current_actor(), form.command("sessions:decide"), session_id, decision=form.decision.data or "", reason=form.reason.data or ""
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            if before != _decided(session_id):
                _offer_undo(session_id, before)
            return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="census"), 303)
    return _decision_page(session_id, form), 400


def _decided(session_id: str) -> tuple[str, str]:
    group_session = queries.place_for(db.session(), current_actor(), session_id).group_session
    return group_session.decision, group_session.decided_because


def _offer_undo(session_id: str, before: tuple[str, str]) -> None:
    """Back to what was decided before, reason and all, or to nothing decided."""
    decision, reason = before
    if decision:
        offer_undo(gettext("The decision is kept."), url_for("sessions.decide", session_id=session_id), decision=decision, reason=reason)
    else:
        offer_undo(gettext("The decision is kept."), url_for("sessions.take_back_decision", session_id=session_id))


@bp.post("/sessions/<session_id>/decision-removals")
@access("sessions:decide")
def take_back_decision(session_id: str) -> Any:
    run(service.take_back_decision, current_actor(), session_id)
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="census"), 303)


@bp.post("/sessions/<session_id>/one-on-one-removals")
@access("sessions:decide")
def meet_after_all(session_id: str) -> Any:
    told = run(service.meet_after_all, current_actor(), session_id)["told"]
    flash(
        gettext("The group meets after all.") + (" " + ngettext("%(num)s person is being told.", "%(num)s people are being told.", told) if told else ""),
        "success",
    )
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="census"), 303)


def _decision_page(session_id: str, form: forms.DecisionForm) -> str:
    session, viewer = db.session(), current_actor()
    place = queries.place_for(session, viewer, session_id)
    return render_template(
        "sessions/decision.html", group_session=place.group_session, form=form, advice=queries.advice_for(session, viewer, place),
        sisters=queries.sister_dates(session, viewer, place),
    )  # fmt: skip


@bp.get("/sessions/<session_id>/mergers")
@access("sessions:decide")
def merger(session_id: str) -> Any:
    return _merger_page(session_id, request.args.get("target", "")[:32], None)


@bp.post("/sessions/<session_id>/mergers")
@access("sessions:decide")
def merge(session_id: str) -> Any:
    form = forms.MergeForm()
    target_id = (form.target_id.data or "")[:32]
    if form.validate():
        try:
            run_command(
                service.merge_into, current_actor(), form.command("sessions:merge_into"), session_id, target_id=target_id, seen=form.seen.data or "",
                reason=form.reason.data or "",
            )  # fmt: skip
        except DomainError as refusal:
            if refusal.status == 404:
                raise
            form.refuse(refusal)
        else:
            flash(gettext("The people are on the list of this date now. The other one is cancelled."), "success")
            return redirect(url_for("sessions.group_session", session_id=target_id, _anchor="seats"), 303)
    return _merger_page(session_id, target_id, form), 400


def _merger_page(session_id: str, target_id: str, form: forms.MergeForm | None) -> str:
    session, viewer = db.session(), current_actor()
    place = queries.place_for(session, viewer, session_id)
    sisters = queries.sister_dates(session, viewer, place)
    plan = queries.merge_plan(session, viewer, place, target_id) if target_id else None
    if plan is not None and form is None:
        form = forms.MergeForm(formdata=None, data={"target_id": target_id})
    if plan is not None and form is not None:
        form.seen.data = plan.move.seen
    return render_template("sessions/merger.html", group_session=place.group_session, sisters=sisters, plan=plan, form=form)
