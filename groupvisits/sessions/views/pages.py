"""One date: who comes, who works, and the doors to the room, the tablet and the papers."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from groupvisits.accounts import service as accounts
from groupvisits.core import clock
from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.pages import door, may, offer_undo
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import queries as patients
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.forms import ROLES, SearchForm, staff_choices
from groupvisits.programmes.rules import RoleNotHeld
from groupvisits.sessions import forms, queries, rules, service
from groupvisits.sessions.rules.waiting import GroupDoesNotMeet
from groupvisits.sessions.views import bp
from groupvisits.sessions.views.qr import qr_code
from groupvisits.sessions.views.waiting_forms import forms_of


@bp.get("/sessions/<session_id>")
@access("sessions:see")
def group_session(session_id: str) -> Any:
    return date_page(session_id)


@bp.post("/sessions/<session_id>/answers")
@access("sessions:seat")
def answer(session_id: str) -> Any:
    form = forms.AnswerForm()
    if not form.validate():
        return date_page(session_id, wrong=gettext("We could not read that. Nothing was changed.")), 400
    before = queries.answer_now(db.session(), current_actor(), session_id, form.seat_id.data or "")
    try:
        run_command(
            service.answer_for, current_actor(), form.command("sessions:answer_for"), session_id, form.seat_id.data or "",
            answer=form.answer.data, over_maximum_reason=form.over_maximum_reason.data or "",
        )  # fmt: skip
    except rules.SessionFull as full:
        return date_page(session_id, full=full, override=forms.AnswerForm(formdata=None, data={"seat_id": form.seat_id.data, "answer": "yes"})), full.status
    except GroupDoesNotMeet as refusal:
        return date_page(session_id, wrong=gettext(refusal.message)), refusal.status
    if before and before != form.answer.data:
        offer_undo(gettext("The answer is kept."), url_for("sessions.answer", session_id=session_id), seat_id=form.seat_id.data or "", answer=before)
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="seats"), 303)


@bp.post("/sessions/<session_id>/seat-searches")
@access("sessions:seat")
def search_patients(session_id: str) -> Any:
    form = SearchForm()
    if not form.validate():
        return date_page(session_id, search=form), 400
    return date_page(session_id, search=form, found=patients.patients_for(db.session(), current_actor(), search=form.words.data or "").patients)


@bp.post("/sessions/<session_id>/seats")
@access("sessions:seat")
def seat_patient(session_id: str) -> Any:
    form = forms.SeatPatientForm()
    if not form.validate():
        return date_page(session_id, wrong=gettext("We could not read that. Nothing was changed.")), 400
    try:
        run_command(
            service.seat_patient, current_actor(), form.command("sessions:seat_patient"), session_id, form.patient_id.data or "",
            answer=form.answer.data, over_maximum_reason=form.over_maximum_reason.data or "",
        )  # fmt: skip
    except rules.SessionFull as full:
        return date_page(
            session_id, full=full, override=forms.SeatPatientForm(formdata=None, data={"patient_id": form.patient_id.data, "answer": "yes"})
        ), full.status
    except rules.HasSeat as refusal:  # also after Back: it is there, which is what was wanted
        flash(gettext(refusal.message), "info")
    except GroupDoesNotMeet as refusal:
        return date_page(session_id, wrong=gettext(refusal.message)), refusal.status
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="seats"), 303)


@bp.post("/sessions/<session_id>/seat-removals")
@access("sessions:seat")
def take_back_seat(session_id: str) -> Any:
    form = forms.SeatForm()
    if form.validate():
        run(service.take_back_seat, current_actor(), session_id, form.seat_id.data or "")
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="seats"), 303)


@bp.get("/sessions/<session_id>/cancellations")
@access("sessions:cancel")
def cancellation(session_id: str) -> Any:
    return _cancel_page(session_id, forms.CancelForm(formdata=None))


@bp.post("/sessions/<session_id>/cancellations")
@access("sessions:cancel")
def cancel(session_id: str) -> Any:
    form = forms.CancelForm()
    if form.validate():
        try:
            run(service.cancel_session, current_actor(), session_id, reason=form.reason.data or "")
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("This date is cancelled. The people concerned are being told; the call list shows whom to call."), "success")
            return redirect(url_for("sessions.group_session", session_id=session_id), 303)
    return _cancel_page(session_id, form), 400


def _cancel_page(session_id: str, form: forms.CancelForm) -> str:
    place = queries.place_for(db.session(), current_actor(), session_id)
    return render_template(
        "sessions/cancellation.html",
        group_session=place.group_session,
        census=queries.census_of(db.session(), place),
        form=form,
        told=len(queries.who_to_tell(db.session(), [session_id]).get(session_id, ())),
        message=queries.words_of_cancellation(db.session(), current_actor(), place.group_session, link=gettext("(here stands their own link)")),
    )


@bp.post("/sessions/<session_id>/openings")
@access("sessions:open")
def open_session(session_id: str) -> Any:
    run(service.open_session, current_actor(), session_id)
    return redirect(door("live.facilitator_room", session_id=session_id) or url_for("sessions.group_session", session_id=session_id), 303)


@bp.post("/sessions/<session_id>/displays")
@access("accounts:make_room_display")
def make_display(session_id: str) -> Any:
    place = queries.place_for(db.session(), current_actor(), session_id)
    token = run(accounts.make_room_display, current_actor(), place.clinic_id, session_id)
    address = f"{current_app.extensions['config'].public_url}/displays/{token}"
    return render_template("sessions/display.html", group_session=place.group_session, address=address, code=qr_code(address))


@bp.post("/sessions/<session_id>/team")
@access("sessions:choose_team")
def add_to_team(session_id: str) -> Any:
    form = _team_form()
    if form.validate():
        try:
            run(service.add_to_team, current_actor(), session_id, **form.chosen(), room=form.room.data or "")
        except RoleNotHeld as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="team"), 303)
    return date_page(session_id, team_form=form), 400


@bp.post("/sessions/<session_id>/team-rooms")
@access("sessions:choose_team")
def change_place(session_id: str) -> Any:
    form = forms.TeamForm()
    if form.validate():
        run(service.change_place, current_actor(), session_id, **form.chosen(), room=form.room.data or "")
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="team"), 303)


@bp.post("/sessions/<session_id>/team-removals")
@access("sessions:choose_team")
def take_from_team(session_id: str) -> Any:
    form = forms.TeamForm()
    if form.validate():
        run(service.take_from_team, current_actor(), session_id, **form.chosen())
    return redirect(url_for("sessions.group_session", session_id=session_id, _anchor="team"), 303)


def _team_form(**kwargs: Any) -> forms.TeamForm:
    form = forms.TeamForm(**kwargs)
    staff = programmes.staff_for_teams(db.session(), current_actor())
    form.person.choices = staff_choices(staff)
    return form


def date_page(
    session_id: str, *, full: Any = None, override: Any = None, wrong: str = "", search: Any = None, found: Any = None, team_form: Any = None,
    waiting_forms: Any = None, waiting_wrong: Any = None,
) -> str:  # fmt: skip
    """The page of a date, with what was refused or searched for on it."""
    viewer, session = current_actor(), db.session()
    place = queries.place_for(session, viewer, session_id)
    group_session, keeps_list = place.group_session, may("sessions:seat", place)
    can_change = keeps_list and group_session.state in ("planned", "open")
    look = queries.look_for(session, viewer, place, clock.now())
    seats = queries.seat_lines(session, viewer, place) if keeps_list else []
    waiting_list = queries.waiting_list_for(session, viewer, place) if keeps_list else None
    return render_template(
        "sessions/group_session.html", place=place, group_session=group_session, group=group_session.group, seats=seats, census=look.census, team=look.team,
        check=look.check, check_all=look.check_all, left=look.left, advice=look.advice, light=look.light, action=look.action, checkpoints=look.checkpoints,
        decide_by=look.decide_by, next_look=look.next_look, residents_free=look.residents_free, first_waiting=look.first_waiting, can_change=can_change,
        may_see_one_on_one=look.may_see_one_on_one,
        is_past=group_session.starts_at < clock.now(),
        all_seats=request.args.get("seats") == "all", skipping=sum(line.skips for line in seats if line.state == "declined"),
        asked_again=sum(line.asked_again for line in seats), companions=sum(line.companions for line in seats if line.state in rules.HOLDING),
        role_names=ROLES, is_near=rules.is_near(group_session.starts_at, clock.now()), full=full, override=override, wrong=wrong, found=found,
        seated={line.patient_id for line in seats}, search=search or SearchForm(formdata=None),
        team_form=(team_form or _team_form(formdata=None)) if can_change else None,
        full_patient_id=_patient_of(override, seats), waiting_list=waiting_list, waiting_forms={**forms_of(waiting_list), **(waiting_forms or {})}, waiting_wrong=waiting_wrong,
    )  # fmt: skip


def _patient_of(override: Any, seats: Any) -> str:
    """Whom a refused yes was about, so that they can wait in line instead."""
    if override is None:
        return ""
    if isinstance(override, forms.SeatPatientForm):
        return override.patient_id.data or ""
    return next((line.patient_id for line in seats if line.seat_id == override.seat_id.data), "")
