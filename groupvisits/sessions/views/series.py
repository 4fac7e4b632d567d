"""Making and moving dates: a wish, its preview, and the press that carries it out. And the days on which nothing can be."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from groupvisits.core import clock, language
from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.forms import SelectChoice
from groupvisits.core.pages import say_kept
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.forms import HOLIDAY_POLICIES, WEEKDAYS, WEEKS
from groupvisits.sessions import forms, queries, rules, service
from groupvisits.sessions.rules.plans import Line, Question, field_of
from groupvisits.sessions.views import bp

WORDS = {"week_names": WEEKS, "weekday_names": WEEKDAYS}


@bp.get("/groups/<group_id>/series-previews")
@access("sessions:schedule")
def series_preview(group_id: str) -> Any:
    return _start_page(group_id, forms.MoreDatesForm(formdata=None))


@bp.post("/groups/<group_id>/series-previews")
@access("sessions:schedule")
def make_series(group_id: str) -> Any:
    form = forms.MoreDatesForm()
    if form.validate():
        try:
            planned = run_command(service.plan_more_dates, current_actor(), form.command("sessions:plan_more_dates"), group_id, count=form.count.data)
        except rules.NoDays as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.series_preview_plan", **planned), 303)
    return _start_page(group_id, form), 400


def _start_page(group_id: str, form: forms.MoreDatesForm) -> str:
    viewer, session = current_actor(), db.session()
    group = programmes.group_for(session, viewer, group_id)
    return render_template(
        "sessions/series_start.html", group=group, form=form, policy_names=HOLIDAY_POLICIES, team=programmes.team_of(session, group.id),
        members=len(programmes.member_ids(session, group.id, clock.today(programmes.clinic_of(session, viewer).zone))), **WORDS,
    )  # fmt: skip


@bp.get("/groups/<group_id>/rule-changes")
@access("sessions:schedule")
def series_rule(group_id: str) -> Any:
    group = programmes.group_for(db.session(), current_actor(), group_id)
    form = forms.RuleChangeForm(formdata=None, obj=group, data={"session_id": request.args.get("from", "")[:32]})
    form.room.data = ""
    return _rule_page(group, form)


@bp.post("/groups/<group_id>/rule-changes")
@access("sessions:schedule")
def change_series_rule(group_id: str) -> Any:
    group = programmes.group_for(db.session(), current_actor(), group_id)
    form = forms.RuleChangeForm()
    if form.validate():
        try:
            planned = run_command(service.plan_rule_change, current_actor(), form.command("sessions:plan_rule_change"), group_id, **form.changed())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.series_preview_plan", **planned), 303)
    return _rule_page(group, form), 400


def _rule_page(group: Any, form: forms.RuleChangeForm) -> str:
    first = queries.group_session_for(db.session(), current_actor(), form.session_id.data) if form.session_id.data else None
    return render_template("sessions/series_rule.html", group=group, form=form, first=first, **WORDS)


@bp.get("/sessions/<session_id>/date-changes")
@access("sessions:schedule")
def date_change(session_id: str) -> Any:
    group_session = queries.group_session_for(db.session(), current_actor(), session_id)
    wall = datetime.fromisoformat(group_session.wall_time)
    minutes = round((group_session.ends_at - group_session.starts_at).total_seconds() / 60)
    data = {"day": wall.date(), "starts": wall.time(), "minutes": minutes, "room": group_session.room}
    return _date_page(group_session, forms.DateChangeForm(formdata=None, data=data))


@bp.post("/sessions/<session_id>/date-changes")
@access("sessions:schedule")
def change_date(session_id: str) -> Any:
    form = forms.DateChangeForm()
    if form.validate():
        try:
            planned = run_command(service.plan_date_change, current_actor(), form.command("sessions:plan_date_change"), session_id, **form.body())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("sessions.series_preview_plan", **planned), 303)
    return _date_page(queries.group_session_for(db.session(), current_actor(), session_id), form), 400


def _date_page(group_session: Any, form: forms.DateChangeForm) -> str:
    can_move = group_session.state == "planned" and group_session.starts_at > clock.now()
    return render_template("sessions/series_date.html", group_session=group_session, form=form, can_move=can_move)


@bp.get("/groups/<group_id>/series-previews/<plan_id>")
@access("sessions:schedule")
def series_preview_plan(group_id: str, plan_id: str) -> Any:
    preview = queries.preview_of(db.session(), current_actor(), group_id, plan_id)
    if preview.plan.applied_at is not None:
        flash(gettext("This plan was carried out before. These are the dates as they are now."), "info")
        return redirect(url_for("programmes.group", group_id=group_id, _anchor="dates"), 302)
    return _preview_page(preview, _plan_form(preview)(formdata=None, data={"seen": preview.seen}))


@bp.post("/groups/<group_id>/series-previews/<plan_id>")
@access("sessions:schedule")
def series_preview_apply(group_id: str, plan_id: str) -> Any:
    viewer = current_actor()
    preview = queries.preview_of(db.session(), viewer, group_id, plan_id)
    form = _plan_form(preview)()
    if form.validate():
        try:
            done = run_command(
                service.apply_plan, viewer, form.command("sessions:apply_plan"), group_id, plan_id, seen=form.seen.data, choices=form.choices_made()
            )
        except DomainError as refusal:
            preview = queries.preview_of(db.session(), viewer, group_id, plan_id)
            form = _again(preview, form)
            form.refuse(refusal)
        else:
            flash(_done_words(done), "success")
            return redirect(url_for("programmes.group", group_id=group_id, _anchor="dates"), 303)
    return _preview_page(preview, form), 400


def _again(preview: queries.Preview, form: forms.PlanForm) -> forms.PlanForm:
    """The form for the plan as it is now, with the choices that still have their question."""
    fresh = _plan_form(preview)(formdata=None, data={**form.choices_made(), "seen": preview.seen})
    for field in fresh:
        field.errors = []
    return fresh


def _done_words(done: dict[str, int]) -> str:
    if done["made"]:
        return ngettext("%(num)s date was made.", "%(num)s dates were made.", done["made"])
    return " ".join(
        [
            ngettext("%(num)s date was moved.", "%(num)s dates were moved.", done["moved"]),
            ngettext("%(num)s person is told.", "%(num)s people are told.", done["told"]),
        ]
    )


def _plan_form(preview: queries.Preview) -> type[forms.PlanForm]:
    asked = [(line, question) for line in preview.lines for question in line.questions]
    questions = {
        field_of(line, question): (_question_words(line, question), [SelectChoice(value, _option_words(line, question, value)) for value in question.options])
        for line, question in asked
    }
    return forms.plan_form_for(questions, _shared(asked))


def _shared(asked: Sequence[tuple[Line, Question]]) -> dict[str, tuple[str, list[Any], list[str]]]:
    """Each question that more than one date asks, to be answered once for all of them."""
    by_kind: dict[str, list[tuple[Line, Question]]] = {}
    for line, question in asked:
        by_kind.setdefault(f"all-{question.kind}" + (f"-{question.about}" if question.kind == "clock" else ""), []).append((line, question))
    return {
        name: (_shared_words([question for _, question in found]), _shared_choices([question for _, question in found]), [field_of(*each) for each in found])
        for name, found in by_kind.items()
        if len(found) > 1
    }


def _shared_choices(questions: Sequence[Question]) -> list[Any]:
    """Every option that any of the dates has, and of how many where not all have it."""
    counts = Counter(value for question in questions for value in question.options)
    words = {value: _shared_option_words(value) for value in counts}
    return [
        SelectChoice("", gettext("Choose for each date")),
        *(
            SelectChoice(value, words[value] if n == len(questions) else gettext("%(choice)s (on %(n)s of them)", choice=words[value], n=n))
            for value, n in counts.items()
        ),
    ]


def _shared_words(questions: Sequence[Question]) -> str:
    n, abouts = len(questions), {question.about for question in questions}
    about = abouts.pop() if len(abouts) == 1 else ""
    return {
        "room": gettext("%(room)s is taken on %(n)s dates", room=about, n=n) if about else gettext("The room is taken on %(n)s dates", n=n),
        "team": gettext("Somebody of the team is elsewhere on %(n)s dates", n=n),
        "closed": gettext("The clinic is closed on %(n)s dates", n=n),
        "clock": gettext("The clocks change in the night of %(n)s dates", n=n),
    }[questions[0].kind]


def _shared_option_words(value: str) -> str:
    if value.startswith("room:"):
        return gettext("Use %(room)s", room=value.removeprefix("room:"))
    return {
        "keep": gettext("Keep the day and time they have now"),
        "no-room": gettext("Leave the room open for now"),
        "skip": gettext("Leave these dates out"),
        "without": gettext("Without whoever is elsewhere"),
        "with": gettext("With them all the same: they settle it"),
        "open": gettext("Hold them all the same"),
        "later": gettext("Start as much later as the clocks jump"),
        "first": gettext("The first time the clocks show it"),
        "second": gettext("The second time, an hour later"),
    }[value]


def _question_words(line: Line, question: Question) -> str:
    assert line.wall is not None
    return gettext("What shall we do on %(day)s?", day=language.day(line.wall))


def _option_words(line: Line, question: Question, value: str) -> str:
    """Where it is about one date; the others read as they do for all."""
    if value == "keep":
        assert line.was is not None
        return gettext("Keep %(day)s, %(time)s", day=language.day(line.was), time=language.time(line.was))
    of_one = {
        "skip": gettext("Leave this date out"),
        "without": gettext("Without %(names)s on this date", names=question.about),
        "with": gettext("With %(names)s all the same: they settle it", names=question.about),
        "open": gettext("Hold it all the same"),
    }
    return of_one.get(value) or _shared_option_words(value)


def _preview_page(preview: queries.Preview, form: forms.PlanForm) -> str:
    ordered = {person: number for number, person in enumerate(sorted(preview.patients | preview.staff))}
    told = {line.key: " ".join(str(ordered[person]) for person in sorted(line.patients | line.staff)) for line in preview.acting}
    shows_message = preview.acting and preview.act != "make"
    message = queries.example_message(db.session(), current_actor(), preview, link=gettext("(here stands their own link)")) if shows_message else ""
    return render_template(
        "sessions/series_preview.html", preview=preview, group=preview.group, form=form, field_of=field_of, told=told, message=message, **WORDS
    )


@bp.get("/closures")
@access("sessions:keep_closures")
def closures() -> Any:
    return _closures_page(forms.ClosureForm(formdata=None))


@bp.post("/closures")
@access("sessions:keep_closures")
def enter_closure() -> Any:
    form = forms.ClosureForm()
    if form.validate():
        try:
            made = run_command(service.enter_closure, current_actor(), form.command("sessions:enter_closure"), **form.entered())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_kept(gettext("Saved. Dates that exist stay as they are; look at them in their group."), made)
            return redirect(url_for("sessions.closures"), 303)
    return _closures_page(form), 400


@bp.post("/closures/removals")
@access("sessions:keep_closures")
def remove_closure() -> Any:
    form = forms.ClosureRemovalForm()
    if form.validate():
        run(service.remove_closure, current_actor(), form.closure_id.data or "")
        flash(gettext("Removed."), "success")
    return redirect(url_for("sessions.closures"), 303)


def _closures_page(form: forms.ClosureForm) -> str:
    viewer, session = current_actor(), db.session()
    return render_template(
        "sessions/closures.html", form=form, closures=queries.closures_for(session, viewer), holidays=queries.public_holidays_for(session, viewer)
    )
