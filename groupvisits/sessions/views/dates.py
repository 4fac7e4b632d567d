"""Dates as a list and as a month."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for

from groupvisits.core import clock
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.programmes.forms import WEEKDAYS
from groupvisits.programmes.queries import clinic_of
from groupvisits.sessions import list_forms as forms
from groupvisits.sessions import queries
from groupvisits.sessions.views import bp

LAST_PAGE = 1000


@bp.get("/sessions")
@access("sessions:list")
def sessions() -> Any:
    viewer, session = current_actor(), db.session()
    form = forms.DatesForm(request.args, meta={"csrf": False})
    form.offer_groups(queries.group_names_for(session, viewer))
    form.validate()
    today = clock.today(clinic_of(session, viewer).zone)
    return _month(form, today) if form.view.data == "month" else _list(form, today)


def _list(form: forms.DatesForm, today: date) -> str:
    past = bool(request.args.get("past"))
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    page = queries.list_for(db.session(), current_actor(), past=past, since=form.chosen("since"), page=number, **form.narrowed())
    return render_template("sessions/sessions.html", form=form, page=page, past=past, today=today, address=_address(form, past="1" if past else None))


def _month(form: forms.DatesForm, today: date) -> str:
    first = forms.first_of_month(form.month.data, today)
    days = queries.month_for(db.session(), current_actor(), first, **form.narrowed())
    return render_template(
        "sessions/month.html", form=form, weeks=queries.weeks_of(first), days=days, first=first, today=today, before=queries.month_before(first),
        after=queries.next_month(first), address=_address(form, view="month"), weekday_names=WEEKDAYS,
    )  # fmt: skip


def _address(form: forms.DatesForm, **values: Any) -> Any:
    """The address of this page with other values, its filters kept."""
    kept = {
        key: value
        for key, value in {"group": form.chosen("group"), "state": form.chosen("state"), "from": form.since.raw_data and form.since.raw_data[0]}.items()
        if value
    }
    return lambda **changed: url_for("sessions.sessions", **{key: value for key, value in {**kept, **values, **changed}.items() if value})
