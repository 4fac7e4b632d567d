"""The way into one group: lists by step with one press each, the funnel in sentences, and how the dates were attended."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import words
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import queries as patients
from groupvisits.patients.rules.languages import NAMES as LANGUAGES
from groupvisits.programmes import recruiting
from groupvisits.programmes.forms import SearchForm
from groupvisits.sessions import forms
from groupvisits.sessions.queries.recruitment import PAGE, recruitment_for
from groupvisits.sessions.rules.recruitment import LAST_DATES, OF_THEM, SMALL, STEPS
from groupvisits.sessions.views import bp

LISTS = ("eligible", "contacted", "agreed", "attended", "regular", "declined", "never")


@bp.get("/groups/<group_id>/recruitment")
@access("programmes:recruit")
def recruitment(group_id: str) -> str:
    return _page(group_id)


@bp.post("/groups/<group_id>/recruit-searches")
@access("programmes:recruit")
def search_recruits(group_id: str) -> Any:
    form = SearchForm()
    if not form.validate():
        return _page(group_id, search=form), 400
    return _page(group_id, search=form, found=patients.patients_for(db.session(), current_actor(), search=form.words.data or "").patients)


@bp.post("/groups/<group_id>/recruits")
@access("programmes:recruit")
def add_recruits(group_id: str) -> Any:
    form = _many_form()
    if not form.validate():
        return _page(group_id, many=form), 400
    try:
        made = run_command(recruiting.note_eligible, current_actor(), form.command("programmes:note_eligible"), group_id, **form.chosen())
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(group_id, many=form), refusal.status
    said = ngettext("%(num)s person was added.", "%(num)s people were added.", made["added"])
    if made["already"]:
        said += " " + ngettext("%(num)s was here already.", "%(num)s were here already.", made["already"])
    flash(said, "success")
    return redirect(url_for("sessions.recruitment", group_id=group_id, _anchor="people"), 303)


@bp.post("/groups/<group_id>/recruit-steps")
@access("programmes:recruit")
def note_recruit_step(group_id: str) -> Any:
    form = forms.RecruitStepForm()
    if not form.validate():
        return _page(group_id, wrong=gettext("We could not read that. Nothing was changed.")), 400
    verb = recruiting.take_back_step if form.take_back.data else recruiting.note_step
    try:
        run_command(
            verb, current_actor(), form.command("programmes:take_back_step" if form.take_back.data else "programmes:note_step"), group_id,
            form.patient_id.data or "", step=form.step.data,
        )  # fmt: skip
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        return _page(group_id, wrong=words(refusal)), refusal.status
    return redirect(
        url_for("sessions.recruitment", group_id=group_id, list=request.args.get("list") if request.args.get("list") in LISTS else None, _anchor="people"), 303
    )


def _many_form(**kwargs: Any) -> forms.RecruitsForm:
    form = forms.RecruitsForm(**kwargs)
    form.offer(patients.finished_imports_for(db.session(), current_actor()))
    return form


def _page(group_id: str, *, search: Any = None, found: Any = None, many: Any = None, wrong: str = "") -> str:
    told = recruitment_for(db.session(), current_actor(), group_id)
    asked = request.args.get("list", "")
    shown = asked if asked in LISTS else next((step for step in LISTS if told.at(step)), "eligible")
    people = told.at(shown)
    last = max(1, -(-len(people) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return render_template(
        "sessions/recruitment.html", told=told, group=told.group, lists=LISTS, shown=shown, people=people[(page - 1) * PAGE : page * PAGE], total=len(people),
        page=page, last_page=last, listed={person.patient_id for person in told.people}, search=search or SearchForm(formdata=None), found=found,
        form=many or _many_form(formdata=None), wrong=wrong, step_words=forms.WAY, languages_known=LANGUAGES, steps=STEPS, small=SMALL, of_them=OF_THEM,
        last_dates=LAST_DATES,
    )  # fmt: skip
