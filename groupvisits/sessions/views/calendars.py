"""Private calendar addresses: the feed itself, and where its owner makes and revokes it."""

from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext

from groupvisits.accounts.service.sign_in import public_address
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access, current_actor
from groupvisits.extensions import db, limiter
from groupvisits.sessions.queries import calendar as queries
from groupvisits.sessions.service import calendars as service
from groupvisits.sessions.views import bp


@bp.get("/calendars/<token>.ics")
@access(PUBLIC)
@limiter.limit("120 per hour")
def calendar_feed(token: str) -> Any:
    """The secret in the address is the authority; it is kept out of logs and stored as a fingerprint."""
    content = queries.feed_for(db.session(), token)
    headers = {"Content-Disposition": 'inline; filename="visits.ics"', "Cache-Control": "no-store"}
    return Response(content, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


@bp.get("/own-calendar")
@access("sessions:own_calendar")
def own_calendar() -> Any:
    return _page()


@bp.post("/own-calendar/addresses")
@access("sessions:own_calendar")
def make_calendar() -> Any:
    """The address stands in this answer and nowhere else."""
    token = run(service.make_calendar, current_actor())
    return _page(public_address(f"/calendars/{token}.ics"))


@bp.post("/own-calendar/revocations")
@access("sessions:own_calendar")
def revoke_calendar() -> Any:
    run(service.revoke_calendar, current_actor())
    flash(gettext("The calendar address does not work any more."), "success")
    return redirect(url_for("sessions.own_calendar"), 303)


@bp.post("/patients/<patient_id>/calendar-revocations")
@access("sessions:revoke_calendar")
def revoke_calendar_of(patient_id: str) -> Any:
    run(service.revoke_calendar_of, current_actor(), patient_id)
    flash(gettext("The patient's calendar address does not work any more."), "success")
    return redirect(url_for("patients.patient", patient_id=patient_id), 303)


def _page(address: str = "") -> str:
    return render_template("sessions/own_calendar.html", calendar=queries.own_calendar(db.session(), current_actor()), address=address)
