"""The HTTP door to notes. Every view of a note is itself an act on record (service.read_note)."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from groupvisits.accounts.service import verify_code_or_password
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, run_command
from groupvisits.core.errors import DomainError
from groupvisits.core.forms import parse
from groupvisits.core.pages import say_kept
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, sent_json
from groupvisits.extensions import db
from groupvisits.notes import queries, rules, service
from groupvisits.notes.forms import AddendumForm, ChoiceForm, CosignForm, NoteForm, ReturnForm, SavedForm, SignForm
from groupvisits.slots.views import Document, order_context

bp = Blueprint("notes", __name__)


@bp.get("/notes")
@access("notes:list_own")
def notes() -> str:
    everything = "all" in request.args
    unfinished, waiting, done = queries.notes_for(db.session(), current_actor(), everything=everything)
    has_more = not everything and len(done) > queries.DONE_SHOWN
    return render_template(
        "notes/notes.html",
        unwritten=queries.unwritten_for(db.session(), current_actor(), clock.now()), unfinished=unfinished, waiting=waiting,
        done=done[: queries.DONE_SHOWN] if has_more else done, has_more=has_more,
    )  # fmt: skip


@bp.get("/notes/to-co-sign")
@access("notes:list_to_cosign")
def to_cosign() -> str:
    return render_template("notes/to_cosign.html", lines=queries.notes_to_cosign(db.session(), current_actor()))


@bp.post("/slots/<slot_id>/notes")
@access("notes:open")
def open_note(slot_id: str) -> ResponseReturnValue:
    return redirect(url_for("notes.note", note_id=run(service.open_note, current_actor(), slot_id)), 303)


@bp.get("/notes/<note_id>")
@access("notes:read")
def note(note_id: str) -> str:
    reading = _read(note_id)
    if not _writes(reading):
        return _page("notes/signed.html", reading)
    form = NoteForm(formdata=None, data={**rules.fields_of(reading.note.draft), "base_revision": reading.note.revision})
    return _draft_page(reading, form)


@bp.post("/notes/<note_id>")
@access("notes:write")
def save(note_id: str) -> ResponseReturnValue:
    """The page's own buttons: save and check, save and go, or compare with what is saved."""
    form = NoteForm()
    if not form.validate():
        return _draft_page(_read(note_id), form), 400
    try:
        run(service.save_draft, current_actor(), note_id, base_revision=form.base_revision.data or 0, fields=form.fields(), explicit=True)
    except rules.DraftChanged:
        return _conflict_page(note_id, rules.fields_of(rules.draft_of(form.fields()))), 409
    if request.form.get("act") == "check":
        return redirect(url_for("notes.signatures", note_id=note_id), 303)
    flash(_("Saved. The note stays a draft until you sign it."), "success")
    return redirect(url_for("notes.notes"), 303)


@bp.put("/notes/<note_id>/draft")
@access("notes:write")
def autosave(note_id: str) -> ResponseReturnValue:
    form = parse(NoteForm, sent_json())
    return jsonify(ok=True, result=run(service.save_draft, current_actor(), note_id, base_revision=form.base_revision.data or 0, fields=form.fields()))


@bp.post("/notes/<note_id>/choices")
@access("notes:write")
def choices(note_id: str) -> ResponseReturnValue:
    """What was chosen, part by part, between the words typed here and those saved meanwhile."""
    form: Any = ChoiceForm()
    if not form.validate():
        abort(400)
    mine = {name: form[f"mine_{name}"].data or "" for name in rules.FIELDS if f"mine_{name}" in request.form}
    mine = {name: value for name, value in rules.fields_of(rules.draft_of(mine)).items() if name in mine}
    reading = _read(note_id)
    saved = rules.fields_of(reading.note.draft)
    picked = {name: form[f"choice_{name}"].data for name in rules.FIELDS}
    try:
        rules.check_newer(reading.note.revision, form.base_revision.data or 0)
        fields = rules.chosen(saved, mine, picked)
        run(service.save_draft, current_actor(), note_id, base_revision=form.base_revision.data or 0, fields=fields, explicit=True)
    except rules.ChoiceMissing as missing:
        form.refuse(missing)
        return _conflict_page(note_id, {**saved, **mine}, form), 400
    except rules.DraftChanged:
        return _conflict_page(note_id, {**saved, **mine}), 409
    return redirect(url_for("notes.note", note_id=note_id), 303)


@bp.get("/notes/<note_id>/versions")
@access("notes:write")
def versions(note_id: str) -> str:
    found = queries.versions_for(db.session(), current_actor(), note_id)
    return _page("notes/versions.html", _read(note_id), versions=[(version, rules.fields_of(version.draft)) for version in found])


@bp.post("/notes/<note_id>/versions/<int(max=999999999):revision>")
@access("notes:write")
def use_version(note_id: str, revision: int) -> ResponseReturnValue:
    form = SavedForm()
    if not form.validate():
        abort(400)
    run(service.use_version, current_actor(), note_id, revision=revision, base_revision=form.base_revision.data or 0)
    flash(_("The earlier version is back. What was there before is kept under earlier versions."), "success")
    return redirect(url_for("notes.note", note_id=note_id), 303)


@bp.get("/notes/<note_id>/signatures")
@access("notes:sign")
def signatures(note_id: str) -> ResponseReturnValue:
    reading = _read(note_id)
    if not _writes(reading):
        return redirect(url_for("notes.note", note_id=note_id))
    return _sign_page(reading, SignForm(formdata=None, revision=reading.note.revision))


@bp.post("/notes/<note_id>/signatures")
@access("notes:sign")
def sign(note_id: str) -> ResponseReturnValue:
    reading = _read(note_id)
    if not _writes(reading):  # signed already: a second tap, or the answer to the first got lost
        return redirect(url_for("notes.note", note_id=note_id), 303)
    form = SignForm()
    if not form.validate():
        return _sign_page(reading, form), 400
    someone_else = sorted(form.someone_else.data or [])
    command = Command(form.command_id.data or ids.new_id(), "notes:sign", {"note_id": note_id, "revision": form.revision.data, "someone_else": someone_else})
    try:
        queries.require_signable(db.session(), current_actor(), note_id, someone_else)  # before a code is used up in vain
        confirmed = _is_really_them(form.secret.data)
        run_command(service.sign_note, current_actor(), command, note_id, revision=form.revision.data or 0, someone_else=someone_else, confirmed=confirmed)
    except rules.DraftChanged:
        flash(_("The note was changed on another page meanwhile. Read it again before you sign."), "warning")
        return redirect(url_for("notes.signatures", note_id=note_id), 303)
    except DomainError as error:
        form.refuse(error)
        return _sign_page(_read(note_id), form), error.status
    flash(_("Signed. Nobody can change a word now; you can add to it."), "success")
    return redirect(url_for("notes.note", note_id=note_id), 303)


@bp.get("/notes/<note_id>/co-signatures")
@access("notes:cosign")
def cosignatures(note_id: str) -> ResponseReturnValue:
    reading = _read(note_id)
    if not _waits_for_me(reading):
        return redirect(url_for("notes.note", note_id=note_id))
    return _cosign_page(reading)


@bp.post("/notes/<note_id>/co-signatures")
@access("notes:cosign")
def cosign(note_id: str) -> ResponseReturnValue:
    reading, form = _read(note_id), CosignForm()
    if not _waits_for_me(reading):
        return redirect(url_for("notes.note", note_id=note_id), 303)
    if not form.validate():
        return _cosign_page(reading, form), 400
    body = {"signature_id": form.signature_id.data, "presence": form.presence.data, "attestation": form.attestation.data or ""}
    try:
        confirmed = _is_really_them(form.secret.data)
        command = Command(form.command_id.data or ids.new_id(), "notes:cosign", {"note_id": note_id, **body})
        run_command(service.cosign_note, current_actor(), command, note_id, **body, confirmed=confirmed)
    except DomainError as error:
        form.refuse(error)
        return _cosign_page(_read(note_id), form), error.status
    flash(_("Co-signed."), "success")
    return redirect(url_for("notes.to_cosign"), 303)


@bp.get("/notes/<note_id>/returns")
@access("notes:return")
def returns(note_id: str) -> ResponseReturnValue:
    reading = _read(note_id)
    if not _waits_for_me(reading) or reading.signature is None:
        return redirect(url_for("notes.note", note_id=note_id))
    return _page("notes/returns.html", reading, form=ReturnForm(formdata=None, signature_id=reading.signature.row.id))


@bp.post("/notes/<note_id>/returns")
@access("notes:return")
def return_note(note_id: str) -> ResponseReturnValue:
    form = ReturnForm()
    if not form.validate():
        return _page("notes/returns.html", _read(note_id), form=form), 400
    try:
        run_command(
            service.return_note, current_actor(), _about(note_id, form, "notes:return"), note_id, signature_id=form.signature_id.data, comment=form.comment.data
        )
    except DomainError as error:
        form.refuse(error)
        return _page("notes/returns.html", _read(note_id), form=form), error.status
    flash(_("Returned. The author can write in it again and reads what you wrote."), "success")
    return redirect(url_for("notes.to_cosign"), 303)


@bp.get("/notes/<note_id>/addenda")
@access("notes:add")
def addenda(note_id: str) -> ResponseReturnValue:
    reading = _read(note_id)
    if reading.note.state in rules.EDITABLE:
        return redirect(url_for("notes.note", note_id=note_id))
    return _page("notes/addenda.html", reading, form=AddendumForm(formdata=None), named=())


@bp.post("/notes/<note_id>/addenda")
@access("notes:add")
def add(note_id: str) -> ResponseReturnValue:
    form, named = AddendumForm(), ()
    if not form.validate():
        return _page("notes/addenda.html", _read(note_id), form=form, named=named), 400
    body = {"kind": form.kind.data, "words": form.words.data, "someone_else": sorted(form.someone_else.data or [])}
    try:
        made = run_command(service.add_to_note, current_actor(), _about(note_id, form, "notes:add"), note_id, **body)
    except DomainError as error:
        form.refuse(error)
        named = queries.named_in(db.session(), queries.note_place_for(db.session(), current_actor(), note_id), form.words.data or "")
        return _page("notes/addenda.html", _read(note_id), form=form, named=named), error.status
    say_kept(_("Added to the note, dated now."), made)
    return redirect(url_for("notes.note", note_id=note_id), 303)


def documents(session: Session, viewer: Actor, session_id: str) -> dict[str, Document]:
    """What the board of one-on-ones shows of the viewer's notes."""
    words = {"draft": _("Note not signed"), "returned": _("Note returned to you"), "signed": _("Note signed"), "cosigned": _("Note co-signed")}
    found = queries.states_of(session, viewer, session_id)
    return {slot_id: Document(url_for("notes.note", note_id=note_id), words[state]) for slot_id, (note_id, state) in found.items()}


def _read(note_id: str) -> queries.Reading:
    run(service.read_note, current_actor(), note_id)
    return queries.reading_for(db.session(), current_actor(), note_id, clock.now())


def _writes(reading: queries.Reading) -> bool:
    return reading.note.state in rules.EDITABLE and reading.note.author_id == current_actor().id


def _waits_for_me(reading: queries.Reading) -> bool:
    return reading.note.state == "signed" and reading.note.author_id != current_actor().id


def _about(note_id: str, form: Any, kind: str) -> Command:
    command = form.command(kind)
    return Command(command.id, kind, {**command.body, "note_id": note_id})


def _page(template: str, reading: queries.Reading, **more: Any) -> str:
    return render_template(
        template, reading=reading, note=reading.note, patient=reading.patient, zone=reading.group_session.zone, blocks=rules.BLOCKS,
        marked=rules.marked, waits_for_me=_waits_for_me(reading), fields_of=rules.fields_of, sure_enough=rules.SURE_ENOUGH, **more,
    )  # fmt: skip


def _draft_page(reading: queries.Reading, form: NoteForm) -> str:
    note_id = reading.note.id
    beside = order_context(reading.group_session.id, url_for("notes.note", note_id=note_id)) if reading.group_session.state == "open" else {}
    topics = queries.topics_for(db.session(), current_actor(), note_id)
    before = queries.plan_before(db.session(), current_actor(), note_id)
    wrote = queries.form_before(db.session(), current_actor(), note_id)
    # The board brings the zone of the same session.
    return _page("notes/note.html", reading, form=form, topics=topics, plan_before=before, wrote=wrote, **{k: v for k, v in beside.items() if k != "zone"})


def _conflict_page(note_id: str, mine: dict[str, str], form: Any = None) -> str:
    reading = _read(note_id)
    saved = rules.fields_of(reading.note.draft)
    form = form or ChoiceForm(formdata=None, base_revision=reading.note.revision)
    return _page("notes/conflict.html", reading, form=form, saved=saved, mine=mine, differing=rules.differing(saved, mine))


def _sign_page(reading: queries.Reading, form: SignForm) -> str:
    findings = queries.findings_for(db.session(), current_actor(), reading.note.id)
    return _page("notes/signatures.html", reading, form=form, findings=findings, by_code=queries.asks_for_code(db.session(), current_actor()))


def _cosign_page(reading: queries.Reading, form: CosignForm | None = None) -> str:
    signature_id = reading.signature.row.id if reading.signature else ""
    form = form or CosignForm(formdata=None, signature_id=signature_id)
    return _page("notes/cosignatures.html", reading, form=form, by_code=queries.asks_for_code(db.session(), current_actor()))


def _is_really_them(secret: str | None) -> bool:
    """A fresh code or the password, asked of accounts before the write transaction begins."""
    return verify_code_or_password(current_actor(), secret or "")
