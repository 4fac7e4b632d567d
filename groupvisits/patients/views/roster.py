"""Bringing a list in: choose a file, say what its columns mean, look at every row's fate, then confirm or drop it."""

import hashlib
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from groupvisits.core import clock, ids
from groupvisits.core.commands import Command, run_command
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.spreadsheets import as_csv
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import contacts, queries, service
from groupvisits.patients.forms import ConfirmForm, MappingForm, RosterForm
from groupvisits.patients.rules import columns, files, rows
from groupvisits.patients.rules.languages import NAMES as LANGUAGES
from groupvisits.patients.views import bp

SHOWN = {rows.PROBLEM: 100, rows.KNOWN: 50, rows.NEW: 20, "notes": 50}


@bp.route("/imports", methods=["GET", "POST"])
@access("patients:import")
def imports() -> ResponseReturnValue:
    form = RosterForm()
    if form.validate_on_submit():
        try:
            made = _upload(form)
            if not made.get("already"):
                return redirect(url_for(".mapping", import_id=made["import_id"]), 303)
            flash(_("This list was chosen before and waits here. Nothing was brought in a second time."), "info")
            return redirect(url_for(".roster_import", import_id=made["import_id"]), 303)
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            if "kind" in refusal.params:
                refusal.params["kind"] = _(str(refusal.params["kind"]))
            form.refuse(refusal)
            db.session.rollback()
    waiting = queries.open_imports_for(db.session(), current_actor())
    zone = queries.clinic_of(db.session(), current_actor()).zone
    return render_template("patients/imports.html", form=form, waiting=waiting, zone=zone)


@bp.get("/imports/<import_id>")
@access("patients:import")
def roster_import(import_id: str) -> ResponseReturnValue:
    roster = _roster(import_id)
    if roster.state == "uploaded":
        return redirect(url_for(".mapping", import_id=import_id))
    if roster.state == "mapped":
        return redirect(url_for(".preview", import_id=import_id))
    return render_template("patients/roster_import.html", roster=roster, result=roster.reading.get("result"))


@bp.route("/imports/<import_id>/mappings", methods=["GET", "POST"])
@access("patients:import")
def mapping(import_id: str) -> ResponseReturnValue:
    roster = _roster(import_id)
    if roster.state not in ("uploaded", "mapped"):
        return redirect(url_for(".roster_import", import_id=import_id), 303)
    chosen = queries.mapping_of(roster)
    values = {key: str(index) for key, index in chosen.items()} | {"date_order": roster.reading.get("date_order")}
    form = MappingForm(data=values, names=_column_names(roster), samples=queries.samples_of(roster))
    date_column = form.mapping().get("birth_date") if _is_whole(form) else None
    order, example = queries.date_order_of(roster, date_column)
    if order == "ask":
        form.ask_about(example, clock.today(queries.clinic_of(db.session(), current_actor()).zone))
    if form.validate_on_submit():
        try:
            run(service.map_columns, current_actor(), import_id, form.mapping(), date_order=form.date_order.data or "")
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            if "other" in refusal.params:
                refusal.params["other"] = _(str(refusal.params["other"]))
            form.refuse(refusal)
            db.session.rollback()
            roster = _roster(import_id)
        else:
            return redirect(url_for(".preview", import_id=import_id), 303)
    return render_template("patients/mapping.html", form=form, roster=roster, fields=list(columns.FIELDS), asks=order == "ask", how=_how_it_was_read(roster))


@bp.route("/imports/<import_id>/previews", methods=["GET", "POST"])
@access("patients:import")
def preview(import_id: str) -> ResponseReturnValue:
    roster = _roster(import_id)
    if roster.state != "mapped":
        return redirect(url_for(".roster_import", import_id=import_id), 303)
    made = queries.preview_for(db.session(), current_actor(), roster)
    form = ConfirmForm(seen=made.seen)
    if form.validate_on_submit():
        try:
            command = form.command("patients:confirm_import")
            seen, known, leave_out = form.seen.data or "", form.known.data or "", form.leave_out.data
            run_command(service.confirm_import, current_actor(), command, import_id, preview=made, seen=seen, known=known, leave_out=leave_out)
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
            db.session.rollback()
            roster = _roster(import_id)
            made = queries.preview_for(db.session(), current_actor(), roster)
            form.seen.data = made.seen  # what is on the page now is what the next tap confirms
        else:
            return redirect(url_for(".roster_import", import_id=import_id), 303)
    noted = [outcome for outcome in made.outcomes if outcome.notes and outcome.kind in (rows.NEW, rows.KNOWN)]
    return render_template(
        "patients/preview.html", roster=roster, preview=made, counts=made.counts, noted=noted, form=form, shown=SHOWN, phone=contacts.show_phone,
        languages_known=LANGUAGES, default_language=_default_language(), how=_how_it_was_read(roster), order=roster.reading.get("date_order"), said=_said, column=_column_name,
    )  # fmt: skip


@bp.get("/imports/<import_id>/problem-rows.csv")
@access("patients:import")
def problem_rows(import_id: str) -> ResponseReturnValue:
    """The rows that stay out, as they stood in the file, each with its problem: to put right and bring in by themselves."""
    roster = _roster(import_id)
    if roster.state != "mapped":
        return redirect(url_for(".roster_import", import_id=import_id), 303)
    problems = {outcome.number: outcome.problems for outcome in queries.preview_for(db.session(), current_actor(), roster).of(rows.PROBLEM)}
    found = []
    for row in queries.table_of(roster):
        if row.number in problems:
            cells = [row.cells[i] if i < len(row.cells) else "" for i in range(max(len(row.cells), len(roster.columns)))]
            told = "; ".join(f"{_column_name(problem.column)}: {_said(problem)}" if problem.column else _said(problem) for problem in problems[row.number])
            found.append([*cells, row.number, told])
    headers = {"Content-Disposition": 'attachment; filename="problem-rows.csv"'}
    return Response(as_csv([*_column_names(roster), _("Row in the first file"), _("Problem")], found), mimetype="text/csv", headers=headers)


@bp.post("/imports/<import_id>/drops")
@access("patients:import")
def drop(import_id: str) -> ResponseReturnValue:
    run(service.drop_import, current_actor(), import_id)
    flash(_("The list is gone. Nobody came in with it."), "success")
    return redirect(url_for(".imports"), 303)


def _upload(form: RosterForm) -> dict[str, Any]:
    file = form.file.data
    content = file.stream.read(files.MAX_BYTES + 1)
    table = service.read_file(content)
    command = Command(form.command_id.data or ids.new_id(), "patients:upload_roster", {"sha256": hashlib.sha256(content).hexdigest()})
    return run_command(service.upload_roster, current_actor(), command, file_name=file.filename or "", table=table)


def _roster(import_id: str) -> queries.RosterImport:
    return queries.roster_import_for(db.session(), current_actor(), import_id)


def _default_language() -> str:
    return (queries.clinic_of(db.session(), current_actor()).languages or ["en"])[0]


def _is_whole(form: MappingForm) -> bool:
    """Whether every choice is one of those offered; a made-up one is refused by the form itself."""
    return all((form[key].data or "") in form.offered() for key in columns.FIELDS)


def _column_names(roster: queries.RosterImport) -> list[str]:
    return [_column_name(name) for name in roster.columns]


def _column_name(name: str) -> str:
    return _("Column %(number)s", number=name[1:]) if name.startswith("#") and name[1:].isdecimal() else name


def _said(remark: rows.Remark) -> str:
    text = _(remark.message)
    return text % remark.params if remark.params else text


def _how_it_was_read(roster: queries.RosterImport) -> dict[str, str]:
    encoding = str(roster.reading.get("encoding", ""))
    return {
        "encoding": {"utf-8-sig": "UTF-8", "windows-1252": "Windows-1252"}.get(encoding, encoding.upper()),
        "separator": _(files.SEPARATORS.get(str(roster.reading.get("separator")), "")),
    }
