"""The list of dates, and the preview of a group's next twelve."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from groupvisits.core import clock
from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.forms import WEEKDAYS, WEEKS
from groupvisits.sessions import forms, queries, rules, service
from groupvisits.sessions.rules import series
from groupvisits.sessions.views import bp

LIST = 60


@bp.get("/sessions")
@access("sessions:list")
def sessions() -> Any:
    past, now = bool(request.args.get("past")), clock.now()
    begin = now - timedelta(hours=8)  # a visit that runs now is not past
    lines = queries.sessions_for(
        db.session(), current_actor(), since=None if past else begin, until=begin if past else None, newest_first=past, at_most=LIST + 1
    )
    return render_template("sessions/sessions.html", lines=lines[:LIST], past=past, more=len(lines) > LIST)


@bp.get("/groups/<group_id>/series-previews")
@access("sessions:schedule")
def series_preview(group_id: str) -> Any:
    group = programmes.group_for(db.session(), current_actor(), group_id)
    plan = queries.series_plan(db.session(), current_actor(), group)
    return _preview_page(group, plan, _form_for(plan)(formdata=None, data={"seen": series.seen(plan)}))


@bp.post("/groups/<group_id>/series-previews")
@access("sessions:schedule")
def make_series(group_id: str) -> Any:
    viewer = current_actor()
    group = programmes.group_for(db.session(), viewer, group_id)
    plan = queries.series_plan(db.session(), viewer, group)
    form = _form_for(plan)()
    if form.validate():
        try:
            made = run_command(
                service.make_sessions, viewer, form.command("sessions:make_sessions"), group_id, seen=form.seen.data, choices=form.choices_made()
            )
        except DomainError as refusal:
            form.refuse(refusal)
            form.seen.data = series.seen(plan)
        else:
            flash(
                ngettext("%(num)s date was made.", "%(num)s dates were made.", made["made"])
                + (
                    " " + gettext("Members are on their lists and have not answered yet.")
                    if programmes.member_ids(db.session(), group.id, clock.now().date())
                    else ""
                ),
                "success",
            )
            return redirect(url_for("programmes.group", group_id=group_id, _anchor="dates"), 303)
    return _preview_page(group, plan, form), 400


def _form_for(plan: list[rules.PlannedDate]) -> type[forms.SeriesForm]:
    return forms.series_form_for({line.key: line.state for line in plan if line.state in ("missing", "twice")})


def _preview_page(group: Any, plan: list[rules.PlannedDate], form: Any) -> str:
    viewer = current_actor()
    zone = programmes.clinic_of(db.session(), viewer).zone
    return render_template(
        "sessions/series_preview.html", group=group, plan=plan, form=form, zone=zone, to_make=sum(line.state not in ("exists", "cancelled") for line in plan),
        members=len(programmes.member_ids(db.session(), group.id, clock.today(zone))), team=programmes.team_of(db.session(), group.id),
        week_names=WEEKS, weekday_names=WEEKDAYS,
    )  # fmt: skip
