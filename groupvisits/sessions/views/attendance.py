"""Who came: leaving early while the visit runs, corrections with a reason and their history when it is over."""

from typing import Any

from flask import redirect, render_template, url_for

from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.pages import may
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.sessions import forms, queries, service
from groupvisits.sessions.views import bp


@bp.get("/sessions/<session_id>/attendance")
@access("sessions:see_attendance")
def attendance(session_id: str) -> str:
    place = queries.place_for(db.session(), current_actor(), session_id)
    return render_template(
        "sessions/attendance.html", group_session=place.group_session, attendance=queries.attendance_for(db.session(), current_actor(), place),
        words=forms.ATTENDANCE, may_correct=may("sessions:correct_attendance", place), may_note=may("sessions:note_leaving", place),
    )  # fmt: skip


@bp.post("/sessions/<session_id>/leavings")
@access("sessions:note_leaving")
def note_leaving(session_id: str) -> Any:
    form = forms.LeavingForm()
    if not form.validate():
        raise NotFound
    run(service.leave_early, current_actor(), session_id, form.seat_id.data or "", has_left=not form.is_back.data)
    endpoint = "sessions.attendance" if may("sessions:see_attendance") else "sessions.group_session"
    return redirect(url_for(endpoint, session_id=session_id), 303)


@bp.route("/sessions/<session_id>/attendance/<seat_id>/corrections", methods=["GET", "POST"])
@access("sessions:correct_attendance")
def attendance_correction(session_id: str, seat_id: str) -> Any:
    place = queries.place_for(db.session(), current_actor(), session_id)
    line = queries.attendance_of_seat(db.session(), current_actor(), place, seat_id)
    form = forms.CorrectionForm()
    if form.validate_on_submit():
        try:
            run(
                service.correct_attendance, current_actor(), session_id, seat_id, after=form.after.data, reason=form.reason.data or "", left_at=form.left_at.data
            )  # fmt: skip
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.attendance", session_id=session_id, _anchor=f"seat-{seat_id}"), 303)
    status = 400 if form.errors else 200
    return render_template("sessions/attendance_correction.html", group_session=place.group_session, line=line, form=form, words=forms.ATTENDANCE), status
