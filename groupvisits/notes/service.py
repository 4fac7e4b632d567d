"""The verbs of notes: open, read, save, sign, co-sign, return, add to.

Signing and co-signing take `confirmed`: whether the person has just proved with a code or their password that it is they. The door
asks (hashing must not happen inside a write transaction); the verb refuses without.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select

from groupvisits.accounts.models import StaffMember
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.notes import queries, rules
from groupvisits.notes.models import ActionPlan, Note, NoteAddendum, NoteSignature, NoteVersion
from groupvisits.notes.permissions import POLICY
from groupvisits.notes.queries import NotePlace, note_place_for
from groupvisits.patients.models import Patient
from groupvisits.slots.models import Slot
from groupvisits.slots.queries import seconds_of, slot_place_for


def open_note(tx: Transaction, actor: Actor, slot_id: str) -> str:
    """The one-on-one has a note, and its id is returned; the second time the same one. Refuses before the person was called."""
    subject = slot_place_for(tx, actor, slot_id, lock=True)
    POLICY.require(actor, "notes:open", subject)
    slot, now = subject.slot, clock.now()
    note = tx.scalar(select(Note).where(Note.slot_id == slot_id))
    if note is not None:
        return note.id
    if slot.state in ("planned", "missed"):
        raise rules.NotYetSeen
    note = Note(
        id=ids.new_id(), clinic_id=subject.clinic_id, session_id=slot.session_id, slot_id=slot.id, patient_id=slot.patient_id, author_id=actor.id,
        state="draft", draft=rules.draft_of({}), revision=0, returned_because="", saved_at=now, created_at=now,
    )  # fmt: skip
    tx.add(note)
    tx.flush()
    audit.record(tx, actor, "notes:open", note, session_id=note.session_id, patient=note.patient_id)
    return note.id


def read_note(tx: Transaction, actor: Actor, note_id: str) -> None:
    """It is on record that the actor has looked at this note."""
    found = note_place_for(tx, actor, note_id)
    POLICY.require(actor, "notes:read", found)
    audit.record(tx, actor, "notes:read", found.note, session_id=found.note.session_id, patient=found.note.patient_id, state=found.note.state)


def save_draft(tx: Transaction, actor: Actor, note_id: str, *, base_revision: int, fields: Mapping[str, Any], explicit: bool = False) -> dict[str, Any]:
    """The draft holds these words; what it held before is kept (rules.keeps_version). Saving the same words again changes nothing.

    Refuses with DraftChanged when it was changed since `base_revision`, with NoteIsSigned when it is a draft no more.
    """
    found = _found(tx, actor, "notes:write", note_id)
    note, draft, now = found.note, rules.draft_of(fields), clock.now()
    rules.check_can_write(note.state)
    if draft != note.draft:
        rules.check_newer(note.revision, base_revision)
        last = tx.scalar(select(NoteVersion.saved_at).where(NoteVersion.note_id == note.id).order_by(NoteVersion.revision.desc()).limit(1))
        if rules.keeps_version(last, now, note.draft, draft, explicit=explicit):
            tx.add(NoteVersion(note_id=note.id, revision=note.revision, draft=note.draft, saved_at=note.saved_at))
        note.draft, note.revision, note.saved_at = draft, note.revision + 1, now
        _keep_plan(tx, note)
        tx.flush()
        audit.record(tx, actor, "notes:save", note, session_id=note.session_id, revision=note.revision)
    return {"revision": note.revision, "saved_at": note.saved_at.isoformat()}


def use_version(tx: Transaction, actor: Actor, note_id: str, *, revision: int, base_revision: int) -> dict[str, Any]:
    """The draft holds the words of an earlier version again; those it held are kept. Refuses like save_draft."""
    version = tx.get(NoteVersion, (note_id, revision))
    if version is None:
        raise NotFound
    return save_draft(tx, actor, note_id, base_revision=base_revision, fields=rules.fields_of(version.draft), explicit=True)


def sign_note(tx: Transaction, actor: Actor, note_id: str, *, revision: int, someone_else: Collection[str] = (), confirmed: bool) -> dict[str, Any]:
    """The note's exact words stand under the author's signature, with the individual and the group's seconds apart, and never change.

    Refuses empty and copied texts, names of others in the group that the author did not call someone else's, a plan without a number,
    a one-on-one that still runs, a draft that has changed since `revision`, and whoever has not just proved who they are.
    """
    found = _found(tx, actor, "notes:sign", note_id)
    note, now = found.note, clock.now()
    rules.check_can_write(note.state)
    rules.check_newer(note.revision, revision)
    findings = queries.findings_of(tx, found)
    rules.check_can_be_signed(findings, someone_else)
    if not confirmed:
        raise rules.NotThemselves
    slot = tx.get_one(Slot, note.slot_id)
    individual, group = seconds_of(tx, slot, now)
    signature = _sign(
        tx, actor, note, "signature", note_content(tx, note, slot, individual, group, now), now, individual_seconds=individual, group_seconds=group
    )
    note.state, note.returned_because = "signed", ""
    audit.record(tx, actor, "notes:sign", note, session_id=note.session_id, signature=signature.id, sha256=signature.sha256, someone_else=len(findings.named))
    return {"signature_id": signature.id}


def cosign_note(
    tx: Transaction, actor: Actor, note_id: str, *, signature_id: str, presence: str | None, attestation: str = "", confirmed: bool
) -> dict[str, Any]:
    """The attending's attestation about where they were stands under the signature they read, and never changes.

    Refuses without a choice, a note that was signed again meanwhile, and whoever has not just proved who they are.
    """
    found = _found(tx, actor, "notes:cosign", note_id)
    note, now, words = found.note, clock.now(), (attestation or "").strip()
    signed = _waiting_signature(tx, note, signature_id)
    rules.check_attestation(presence, words)
    if not confirmed:
        raise rules.NotThemselves
    content = {
        "format": "groupvisits cosignature 1", "note_id": note.id, "signature_id": signed.id, "signature_sha256": signed.sha256,
        "presence": presence, "attestation": words, "signed_by": _person(tx, actor.id), "signed_at": _moment(now),
    }  # fmt: skip
    row = _sign(
        tx, actor, note, "cosignature", content, now,
        individual_seconds=signed.individual_seconds, group_seconds=signed.group_seconds, presence=presence or "", attestation=words,
    )  # fmt: skip
    note.state = "cosigned"
    audit.record(tx, actor, "notes:cosign", note, session_id=note.session_id, signature=signed.id, cosignature=row.id, presence=presence)
    return {"signature_id": row.id}


def return_note(tx: Transaction, actor: Actor, note_id: str, *, signature_id: str, comment: str) -> dict[str, Any]:
    """Its author can write in the note again and reads why. The signature it had stays on record. Refuses without a comment."""
    found = _found(tx, actor, "notes:return", note_id)
    note = found.note
    _waiting_signature(tx, note, signature_id)
    if not (comment or "").strip():
        raise rules.CommentMissing(field="comment")
    note.state, note.returned_because = "returned", comment.strip()
    audit.record(tx, actor, "notes:return", note, session_id=note.session_id, signature=signature_id)
    return {"state": note.state}


def add_to_note(tx: Transaction, actor: Actor, note_id: str, *, kind: str, words: str, someone_else: Collection[str] = ()) -> dict[str, Any]:
    """Words dated now stand below a signed note, which itself does not change. Refuses notes that are not signed and others' names.

    The same words by the same person stand there once.
    """
    found = _found(tx, actor, "notes:add", note_id)
    note, words = found.note, (words or "").strip()
    rules.check_has_signature(note.state)
    if not words:
        raise rules.WordsMissing(field="words")
    rules.check_names(queries.named_in(tx, found, words), someone_else)
    if existing := tx.scalars(select(NoteAddendum).filter_by(note_id=note.id, kind=kind, words=words, written_by=actor.id)).first():
        return {"addendum_id": existing.id, "already": True}
    addendum = NoteAddendum(id=ids.new_id(), note_id=note.id, kind=kind, words=words, written_by=actor.id, written_at=clock.now())
    tx.add(addendum)
    tx.flush()
    audit.record(tx, actor, "notes:add", note, session_id=note.session_id, addendum=addendum.id, kind=kind)
    return {"addendum_id": addendum.id}


def _found(tx: Transaction, actor: Actor, action: str, note_id: str) -> NotePlace:
    found = note_place_for(tx, actor, note_id, lock=True)
    POLICY.require(actor, action, found)
    return found


def _keep_plan(tx: Transaction, note: Note) -> None:
    """The patient's plan follows the draft from the moment it says what and how sure they are."""
    plan = tx.scalar(select(ActionPlan).where(ActionPlan.note_id == note.id))
    if not rules.has_plan(note.draft):
        tx.execute(delete(ActionPlan).where(ActionPlan.note_id == note.id))
        return
    if plan is None:
        plan = ActionPlan(id=ids.new_id(), note_id=note.id, patient_id=note.patient_id, made_at=clock.now())
        tx.add(plan)
    words = note.draft["plan"]
    plan.what, plan.when_how_often, plan.confidence = words["what"], words["when"], words["confidence"]


def _waiting_signature(tx: Transaction, note: Note, signature_id: str) -> NoteSignature:
    """The signature that was read and still stands."""
    rules.check_waits_for_cosignature(note.state)
    signed = tx.scalar(
        select(NoteSignature).where(NoteSignature.note_id == note.id, NoteSignature.kind == "signature").order_by(NoteSignature.signed_at.desc()).limit(1)
    )
    if signed is None or signed.id != signature_id:
        raise rules.OtherSignature
    return signed


def note_content(tx: Transaction, note: Note, slot: Slot, individual: int, group: int, now: datetime) -> dict[str, Any]:
    patient = tx.get_one(Patient, note.patient_id)
    return {
        "format": "groupvisits note 1", "note_id": note.id, "session_id": note.session_id, "slot_id": note.slot_id, "revision": note.revision,
        "patient": {"id": patient.id, "name": patient.name, "birth_date": patient.birth_date.isoformat() if patient.birth_date else None},
        "author": _person(tx, note.author_id), "blocks": {block: note.draft[block] for block in rules.BLOCKS}, "plan": note.draft["plan"],
        "started_at": _moment(slot.started_at), "finished_at": _moment(slot.finished_at),
        "individual_seconds": individual, "group_seconds": group, "signed_at": _moment(now),
    }  # fmt: skip


def _sign(tx: Transaction, actor: Actor, note: Note, kind: str, content: dict[str, Any], now: datetime, **more: Any) -> NoteSignature:
    written = rules.canonical(content)
    row = NoteSignature(id=ids.new_id(), note_id=note.id, kind=kind, content=written, sha256=rules.digest(written), signed_by=actor.id, signed_at=now, **more)
    tx.add(row)
    tx.flush()
    return row


def _person(tx: Transaction, staff_member_id: str) -> dict[str, str]:
    return {"id": staff_member_id, "name": tx.get_one(StaffMember, staff_member_id).name}


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
