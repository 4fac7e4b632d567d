"""Messages, the call list, and the changes for the clinic's main scheduler."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from groupvisits.core import clock, language
from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.spreadsheets import as_csv
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients.contacts import show_phone
from groupvisits.patients.rules.languages import NAMES
from groupvisits.sessions.message_forms import CallForm, DayForm
from groupvisits.sessions.queries import messages as queries
from groupvisits.sessions.queries import scheduler as scheduler_queries
from groupvisits.sessions.service import calls, scheduler, texts
from groupvisits.sessions.service import messages as service
from groupvisits.sessions.views import bp


@bp.get("/messages")
@access("sessions:message")
def messages() -> Any:
    form = DayForm(formdata=request.args, meta={"csrf": False})
    day = form.day.data if form.validate() else None
    session, viewer = db.session(), current_actor()
    return render_template(
        "sessions/messages.html", form=form, day=day, sent=queries.sent_to_patients(session, viewer, day=day, page=request.args.get("page", 1, type=int)),
        came_back=queries.came_back(session, viewer), texts=queries.texts_to_read(session, viewer), counts=queries.counts_for(session, viewer),
        changes=scheduler_queries.changes_for(session, viewer, at_most=1).total, phone=show_phone,
    ), 400 if form.errors else 200  # fmt: skip


@bp.post("/messages/<message_id>/resends")
@access("sessions:message")
def send_again(message_id: str) -> Any:
    if _did(lambda: run(service.send_again, current_actor(), message_id)):
        flash(gettext("It goes out again. A calendar that has the date gets no second one."), "success")
    return redirect(url_for("sessions.messages"), 303)


@bp.post("/messages/<message_id>/settlements")
@access("sessions:message")
def settle(message_id: str) -> Any:
    run(calls.settle, current_actor(), message_id)
    return redirect(url_for("sessions.messages"), 303)


@bp.post("/incoming-texts/<text_id>/readings")
@access("sessions:message")
def read_text(text_id: str) -> Any:
    run(texts.read_text, current_actor(), text_id)
    return redirect(url_for("sessions.messages"), 303)


@bp.get("/call-list")
@access("sessions:message")
def call_list() -> Any:
    dates = queries.call_list(db.session(), current_actor())
    return render_template(
        "sessions/call_list.html", dates=dates, phone=show_phone, languages_known=NAMES, reader=language.current_language(), printed_at=clock.now()
    )


@bp.post("/messages/<message_id>/calls")
@access("sessions:message")
def note_call(message_id: str) -> Any:
    form = CallForm()
    if form.validate():
        command = form.command(f"sessions:note_call {message_id}")
        outcome, reason = form.outcome.data or "", form.over_maximum_reason.data or ""
        if _did(lambda: run_command(calls.note_call, current_actor(), command, message_id, outcome=outcome, over_maximum_reason=reason)):
            said = {
                "yes": gettext("They come. Their place is held."), "no": gettext("They do not come. Their place is free."), "told": gettext("They know."),
                "not_reached": gettext("Not reached. They stay on the list."),
            }  # fmt: skip
            flash(said[outcome], "success")
    else:
        flash(gettext("We could not read that. Nothing was changed."), "error")
    return redirect(url_for("sessions.call_list"), 303)


@bp.get("/scheduler-changes")
@access("sessions:keep_scheduler_list")
def scheduler_changes() -> Any:
    done = request.args.get("done") == "1"
    changes = scheduler_queries.changes_for(db.session(), current_actor(), done=done, page=request.args.get("page", 1, type=int))
    return render_template("sessions/scheduler_changes.html", changes=changes, done=done)


@bp.post("/scheduler-changes/exports")
@access("sessions:keep_scheduler_list")
def scheduler_changes_file() -> Any:
    run(scheduler.note_export, current_actor())
    changes = scheduler_queries.changes_for(db.session(), current_actor(), at_most=scheduler_queries.MOST_IN_A_FILE)
    words = {"add": gettext("Add"), "move": gettext("Move"), "cancel": gettext("Cancel")}
    header = [
        gettext("What to do"),
        gettext("Family name"),
        gettext("First name"),
        gettext("Record number"),
        gettext("Group"),
        gettext("Visit"),
        gettext("Was"),
    ]
    rows = []
    for line in changes.lines:
        one, person, was = line.group_session, line.patient, line.change.was_at
        moments = [
            f"{clock.local(moment, one.zone):%Y-%m-%d %H:%M}" if moment else "" for moment in (one.starts_at, was if line.change.kind == "move" else None)
        ]
        rows.append([words[line.change.kind], person.family_name, person.given_name, person.record_number or "", one.group.name, *moments])
    headers = {"Content-Disposition": 'attachment; filename="scheduler-changes.csv"'}
    return Response(as_csv(header, rows), mimetype="text/csv", headers=headers)


@bp.post("/scheduler-changes/<change_id>/ticks")
@access("sessions:keep_scheduler_list")
def tick_change(change_id: str) -> Any:
    run(scheduler.tick_change, current_actor(), change_id)
    flash(gettext("Ticked."), "success")
    return redirect(url_for("sessions.scheduler_changes"), 303)


@bp.post("/scheduler-changes/<change_id>/tick-removals")
@access("sessions:keep_scheduler_list")
def untick_change(change_id: str) -> Any:
    run(scheduler.untick_change, current_actor(), change_id)
    flash(gettext("It is on the list again."), "success")
    return redirect(url_for("sessions.scheduler_changes"), 303)


def _did(act: Any) -> bool:
    """Whether it was done; a refusal is said on the page that comes next."""
    try:
        act()
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        flash(language.words(refusal), "error")
        return False
    return True
