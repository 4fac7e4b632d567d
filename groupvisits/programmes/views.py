"""The pages of programmes and groups."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from groupvisits.core.commands import make_once, run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.pages import say_kept, say_made
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, lacks_its_id
from groupvisits.extensions import db
from groupvisits.patients import queries as patients
from groupvisits.programmes import forms, queries, rules, service
from groupvisits.programmes.permissions import POLICY

bp = Blueprint("programmes", __name__)
OWN = "own-"  # how the address begins for a run sheet the clinic keeps itself
WORDS = {"week_names": forms.WEEKS, "weekday_names": forms.WEEKDAYS, "layout_names": forms.LAYOUTS, "role_names": forms.ROLES}


@bp.get("/programmes")
@access("programmes:list")
def programmes() -> Any:
    return render_template("programmes/programmes.html", programmes=queries.programmes_for(db.session(), current_actor()))


@bp.get("/programmes/new")
@access("programmes:design")
def new_programme() -> Any:
    start = request.args.get("start", "")
    if start in rules.PRESETS:
        phases = _in_readers_words(rules.preset_run_sheet(start))
    elif start.startswith(OWN):
        phases = queries.run_sheet_template_for(db.session(), current_actor(), start.removeprefix(OWN)).phases
    elif start == "empty":
        phases = [{"owner": "Facilitator"}]
    else:
        templates = queries.run_sheet_templates_for(db.session(), current_actor())
        return render_template("programmes/new_programme.html", presets=rules.PRESETS, templates=templates, own=OWN)
    return lacks_its_id() or _programme_page(forms.ProgrammeForm(formdata=None, data={"phases": phases}), None)


@bp.post("/programmes/<programme_id>/run-sheet-templates")
@access("programmes:design")
def keep_run_sheet(programme_id: str) -> Any:
    found = queries.programme_for(db.session(), current_actor(), programme_id)
    form = forms.KeepRunSheetForm()
    if form.validate():
        try:
            command = form.command("programmes:keep_run_sheet")
            made = run_command(service.keep_run_sheet, current_actor(), command, programme_id, name=form.template_name.data or "")
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_kept(gettext("Kept. A new programme can begin with this run sheet."), made)
            return redirect(url_for("programmes.programme", programme_id=programme_id), 303)
    return _programme_page(_form_of(found), found, keep=form), 400


@bp.post("/run-sheet-template-removals")
@access("programmes:design")
def drop_run_sheet() -> Any:
    form = forms.DropRunSheetForm()
    if form.validate():
        run(service.drop_run_sheet, current_actor(), form.template_id.data or "")
        flash(gettext("Removed. Programmes that began with it stay as they are."), "success")
    return redirect(url_for("programmes.new_programme"), 303)


@bp.post("/programmes")
@access("programmes:design")
def design_programme() -> Any:
    form = forms.ProgrammeForm()
    if act := request.form.get("act"):
        form.rearrange(act)
        return _programme_page(form, None)
    if form.validate():
        try:
            made, is_new = make_once(service.design_programme, current_actor(), form.making("programmes:design"), **form.arranged())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_made(gettext("The programme is saved."), is_new=is_new)
            return redirect(url_for("programmes.programmes") if is_new else url_for("programmes.programme", **made), 303)
    return _programme_page(form, None), 400


@bp.get("/programmes/<programme_id>")
@access("programmes:design")
def programme(programme_id: str) -> Any:
    found = queries.programme_for(db.session(), current_actor(), programme_id)
    return _programme_page(_form_of(found), found)


def _form_of(found: Any) -> forms.ProgrammeForm:
    data = {
        "name": found.name,
        "purpose": found.purpose,
        "design_partners": found.design_partners,
        "phases": found.run_sheet,
        "support_budget": found.support_budget,
        "hides_supports": found.hides_supports,
    }
    return forms.ProgrammeForm(formdata=None, data=data)


@bp.post("/programmes/<programme_id>")
@access("programmes:design")
def change_programme(programme_id: str) -> Any:
    found = queries.programme_for(db.session(), current_actor(), programme_id)
    form = forms.ProgrammeForm()
    if act := request.form.get("act"):
        form.rearrange(act)
        return _programme_page(form, found)
    if form.validate():
        try:
            run(service.change_programme, current_actor(), programme_id, **form.arranged())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("The programme is saved."), "success")
            return redirect(url_for("programmes.programmes"), 303)
    return _programme_page(form, found), 400


def _programme_page(form: forms.ProgrammeForm, found: Any, *, keep: forms.KeepRunSheetForm | None = None) -> str:
    if keep is None and found is not None:
        keep = forms.KeepRunSheetForm(formdata=None, data={"template_name": found.name})
    return render_template("programmes/programme.html", form=form, programme=found, keep=keep, most_phases=rules.MAX_PHASES)


def _in_readers_words(phases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**phase, **{key: gettext(phase[key]) for key in ("name", *rules.SAID)}} for phase in phases]


@bp.get("/groups")
@access("programmes:list_groups")
def groups() -> Any:
    return render_template("programmes/groups.html", groups=queries.groups_for(db.session(), current_actor()), **WORDS)


@bp.get("/groups/new")
@access("programmes:arrange_group")
def new_group() -> Any:
    return lacks_its_id() or _group_form_page(_group_form(formdata=None, data={"programme_id": request.args.get("programme_id")}), None)


@bp.post("/groups")
@access("programmes:arrange_group")
def arrange_group() -> Any:
    form = _group_form()
    if request.form.get("act") == "check":
        return _group_form_page(form, None)
    if form.validate():
        try:
            made, is_new = make_once(service.arrange_group, current_actor(), form.making("programmes:arrange_group"), **form.arranged())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_made(gettext("The group is saved. Next: its team, its members and its dates."), is_new=is_new)
            return redirect(url_for("programmes.group", **made), 303)
    return _group_form_page(form, None), 400


@bp.get("/groups/<group_id>/arrangement")
@access("programmes:arrange_group")
def arrangement(group_id: str) -> Any:
    found = queries.group_for(db.session(), current_actor(), group_id)
    return _group_form_page(_group_form(formdata=None, obj=found), found)


@bp.post("/groups/<group_id>/arrangement")
@access("programmes:arrange_group")
def change_group(group_id: str) -> Any:
    found = queries.group_for(db.session(), current_actor(), group_id)
    form = _group_form()
    if request.form.get("act") == "check":
        return _group_form_page(form, found)
    if form.validate():
        try:
            run(service.change_group, current_actor(), group_id, **form.arranged())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("The group is saved. Dates that were made before stay as they are; “Move the dates to come” brings them to the new rule."), "success")
            return redirect(url_for("programmes.group", group_id=group_id), 303)
    return _group_form_page(form, found), 400


def _group_form(**kwargs: Any) -> forms.GroupForm:
    form = forms.GroupForm(**kwargs)
    form.programme_id.choices = forms.choices_of({p.id: p.name for p in queries.programmes_for(db.session(), current_actor())})
    return form


def _group_form_page(form: forms.GroupForm, found: Any) -> str:
    programmes = queries.programmes_for(db.session(), current_actor())
    windows = {
        p.id: {layout: rules.one_on_one_window(layout, p.run_sheet, sum(phase["minutes"] for phase in p.run_sheet)).minutes for layout in forms.LAYOUTS}
        for p in programmes
    }
    return render_template(
        "programmes/group_form.html", form=form, group=found, programmes=programmes, windows=windows, zone=queries.clinic_of(db.session(), current_actor()).zone,
        check=form.check(windows),
    )  # fmt: skip


@bp.get("/groups/<group_id>")
@access("programmes:see_group")
def group(group_id: str) -> Any:
    return _group_page(group_id)


@bp.post("/groups/<group_id>/member-searches")
@access("programmes:choose_members")
def search_members(group_id: str) -> Any:
    form = forms.SearchForm()
    if not form.validate():
        return _group_page(group_id, search=form), 400
    return _group_page(group_id, search=form, found=patients.patients_for(db.session(), current_actor(), search=form.words.data or "").patients)


@bp.post("/groups/<group_id>/members")
@access("programmes:choose_members")
def add_member(group_id: str) -> Any:
    form = forms.MemberForm()
    if form.validate():
        run(service.add_member, current_actor(), group_id, form.patient_id.data or "")
        flash(gettext("Added. They are asked to all dates of this group that are to come."), "success")
    return redirect(url_for("programmes.group", group_id=group_id, _anchor="members"), 303)


@bp.get("/groups/<group_id>/newcomers")
@access("programmes:choose_members")
def newcomers(group_id: str) -> Any:
    """Everybody of the roster is ticked where all of it may be meant for this group; else nobody."""
    form = _newcomers_form(group_id, request.args.get("import_id", "")[:32], formdata=None)
    maximum = queries.group_for(db.session(), current_actor(), group_id).maximum
    form.patient_ids.data = form.offered if rules.are_all_meant(len(form.offered), maximum) else []
    return _newcomers_page(group_id, form)


@bp.post("/groups/<group_id>/newcomers")
@access("programmes:choose_members")
def add_newcomers(group_id: str) -> Any:
    form = _newcomers_form(group_id, request.form.get("import_id", "")[:32])
    if form.validate():
        chosen = form.patient_ids.data or []
        added = run_command(service.add_members, current_actor(), form.command("programmes:add_members"), group_id, chosen)["added"]
        flash(ngettext("%(num)s member added.", "%(num)s members added.", added), "success")
        return redirect(url_for("programmes.group", group_id=group_id, _anchor="members"), 303)
    return _newcomers_page(group_id, form), 400


def _newcomers_form(group_id: str, import_id: str, **kwargs: Any) -> forms.NewcomersForm:
    viewer, session = current_actor(), db.session()
    group, rosters = queries.group_for(session, viewer, group_id), patients.finished_imports_for(session, viewer)
    chosen = next((roster.id for roster in rosters if roster.id == import_id), rosters[0].id if rosters else "")
    form = forms.NewcomersForm(data={"import_id": chosen}, **kwargs)
    form.offer(rosters, queries.newcomers_for(session, viewer, group, chosen) if chosen else [])
    return form


def _newcomers_page(group_id: str, form: forms.NewcomersForm) -> str:
    return render_template("programmes/newcomers.html", group=queries.group_for(db.session(), current_actor(), group_id), form=form)


@bp.post("/groups/<group_id>/member-removals")
@access("programmes:choose_members")
def remove_member(group_id: str) -> Any:
    form = forms.MemberForm()
    if form.validate():
        run(service.remove_member, current_actor(), group_id, form.patient_id.data or "")
        flash(gettext("Removed. Their places in dates to come are free. Past visits stay on record."), "success")
    return redirect(url_for("programmes.group", group_id=group_id, _anchor="members"), 303)


@bp.post("/groups/<group_id>/team")
@access("programmes:choose_team")
def add_to_team(group_id: str) -> Any:
    form = _team_form()
    if form.validate():
        try:
            run(service.add_to_team, current_actor(), group_id, **form.chosen())
        except rules.RoleNotHeld as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("programmes.group", group_id=group_id, _anchor="team"), 303)
    return _group_page(group_id, team=form), 400


@bp.post("/groups/<group_id>/team-removals")
@access("programmes:choose_team")
def take_from_team(group_id: str) -> Any:
    form = _team_form()
    if form.validate():
        run(service.take_from_team, current_actor(), group_id, **form.chosen())
    return redirect(url_for("programmes.group", group_id=group_id, _anchor="team"), 303)


def _team_form(**kwargs: Any) -> forms.TeamForm:
    form = forms.TeamForm(**kwargs)
    staff = queries.staff_for_teams(db.session(), current_actor())
    form.person.choices = forms.staff_choices(staff)
    form.person.validate_choice = False
    return form


def _group_page(group_id: str, *, search: Any = None, found: Any = None, team: Any = None) -> str:
    """The group's page; packages that know more about a group (its dates) add what they know, see `group_page` in __init__."""
    viewer, session = current_actor(), db.session()
    group = queries.group_for(session, viewer, group_id)
    members, lines = queries.members_of(session, viewer, group), queries.team_of(session, group.id)
    window = rules.one_on_one_window(group.layout, group.programme.run_sheet, group.minutes)
    residents = sum(line.role == "resident" for line in lines)
    more: dict[str, Any] = {}
    for addition in current_app.extensions["group_page"]:
        more.update(addition(session, viewer, group))
    may_arrange = POLICY.permits(viewer, "programmes:arrange_group", group)
    return render_template(
        "programmes/group.html", group=group, members=members, member_ids={line.patient_id for line in members}, team=lines,
        check=rules.MinuteCheck(group.target, group.slot_minutes, residents or group.providers, window.minutes), no_resident_yet=not residents, window=window, may_arrange=may_arrange,
        search=search or forms.SearchForm(formdata=None), found=found, team_form=(team or _team_form(formdata=None)) if may_arrange else None, **WORDS, **more,
    )  # fmt: skip
