"""Reads of notes. Residents find their own, attendings the signed ones of sessions they supervise; for everybody else there are none."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda.models import PreVisitForm, Topic
from groupvisits.agenda.permissions import POLICY as AGENDA
from groupvisits.agenda.queries import matters_of, topics_of
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.notes import rules
from groupvisits.notes.models import ActionPlan, Note, NoteAddendum, NoteSignature, NoteVersion
from groupvisits.notes.permissions import POLICY
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Membership
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import Place, place_for
from groupvisits.slots.models import Slot
from groupvisits.slots.queries import seconds_of

UNWRITTEN_FOR = timedelta(days=90)
DONE_SHOWN = 20


@dataclass(frozen=True)
class NotePlace:
    """A note and how the viewer stands to its session."""

    note: Note
    place: Place
    clinic_id: str
    is_signed: bool


@dataclass(frozen=True)
class Signed:
    """What was signed, read back from its bytes."""

    row: NoteSignature
    content: dict[str, Any]
    by: str
    is_intact: bool


@dataclass(frozen=True)
class Added:
    row: NoteAddendum
    by: str


@dataclass(frozen=True)
class Reading:
    """Everything a page about one note shows."""

    note: Note
    patient: Patient
    slot: Slot
    group_session: GroupSession
    author: str
    attendings: Sequence[str]
    individual_seconds: int
    group_seconds: int
    signature: Signed | None
    cosignature: Signed | None
    addenda: Sequence[Added]


@dataclass(frozen=True)
class Line:
    """One note in a list."""

    note: Note
    patient: str
    author: str
    starts_at: datetime
    zone: str
    group: str
    signed_at: datetime | None


@dataclass(frozen=True)
class Unwritten:
    """Somebody the viewer saw one-on-one without having begun a note."""

    slot: Slot
    patient: str
    starts_at: datetime
    zone: str
    group: str


def note_place_for(db: Session, viewer: Actor, note_id: str, *, lock: bool = False) -> NotePlace:
    """The note, if the viewer wrote it or supervises its session; NotFound otherwise, also for the rest of the session's team."""
    note = db.get(Note, note_id, with_for_update=True if lock else None)
    if note is None or note.clinic_id != viewer.clinic_id:
        raise NotFound
    place = place_for(db, viewer, note.session_id)
    found = NotePlace(note, place, note.clinic_id, _last_signature(db, note.id) is not None)
    if not POLICY.permits(viewer, "notes:read", found):
        raise NotFound
    return found


def reading_for(db: Session, viewer: Actor, note_id: str, now: datetime) -> Reading:
    """A note with everything its page shows."""
    found = note_place_for(db, viewer, note_id)
    note = found.note
    slot = db.get_one(Slot, note.slot_id)
    individual, group = seconds_of(db, slot, now)
    signature = _last_signature(db, note.id)
    cosignature = db.scalar(
        select(NoteSignature).where(NoteSignature.note_id == note.id, NoteSignature.kind == "cosignature").order_by(NoteSignature.signed_at.desc())
    )
    addenda = db.execute(
        select(NoteAddendum, StaffMember.name)
        .join(StaffMember, StaffMember.id == NoteAddendum.written_by)
        .where(NoteAddendum.note_id == note.id)
        .order_by(NoteAddendum.written_at)
    )
    return Reading(
        note, db.get_one(Patient, note.patient_id), slot, found.place.group_session, db.get_one(StaffMember, note.author_id).name,
        _attendings(db, note.session_id), individual, group, _signed(db, signature), _signed(db, cosignature), [Added(*row) for row in addenda],
    )  # fmt: skip


def topics_for(db: Session, viewer: Actor, note_id: str) -> Sequence[Topic]:
    """What the note's patient wanted to talk about in this session, alone or in the group, for its author to quote."""
    found = note_place_for(db, viewer, note_id)
    POLICY.require(viewer, "notes:write", found)
    return [topic for topic, _name in topics_of(db, viewer, found.place) if topic.patient_id == found.note.patient_id and topic.state != "taken_back"]


def plan_before(db: Session, viewer: Actor, note_id: str) -> ActionPlan | None:
    """The plan the note's patient made last time, to ask after."""
    note = note_place_for(db, viewer, note_id).note
    query = (
        select(ActionPlan)
        .join(Note, Note.id == ActionPlan.note_id)
        .where(
            ActionPlan.patient_id == note.patient_id,
            Note.clinic_id == viewer.clinic_id,
            Note.session_id != note.session_id,
            ActionPlan.made_at < note.created_at,
        )
    )
    return db.scalar(query.order_by(ActionPlan.made_at.desc()).limit(1))


def form_before(db: Session, viewer: Actor, note_id: str) -> PreVisitForm | None:
    """What the note's patient wrote for this one-on-one, for its author."""
    found = note_place_for(db, viewer, note_id)
    POLICY.require(viewer, "notes:write", found)
    if not AGENDA.permits(viewer, "agenda:read_forms", found.place):
        return None
    return matters_of(db, viewer, found.place, [found.note.patient_id]).get(found.note.patient_id)


def asks_for_code(db: Session, viewer: Actor) -> bool:
    """Whether the viewer proves who they are with a code (they have an authenticator app) or with their password."""
    member = db.get(StaffMember, viewer.id) if viewer.kind == "staff" else None
    return member is not None and bool(member.tf_totp_secret)


def findings_for(db: Session, viewer: Actor, note_id: str) -> rules.Findings:
    """What stands between the draft and its signature."""
    found = note_place_for(db, viewer, note_id)
    POLICY.require(viewer, "notes:sign", found)
    return findings_of(db, found)


def require_signable(db: Session, viewer: Actor, note_id: str, someone_else: Collection[str]) -> None:
    """Refuse what signing would refuse, apart from who is asking."""
    rules.check_can_be_signed(findings_for(db, viewer, note_id), someone_else)


def findings_of(db: Session, found: NotePlace) -> rules.Findings:
    note = found.note
    others = db.execute(
        select(Note.draft, Patient).join(Patient, Patient.id == Note.patient_id).where(Note.session_id == note.session_id, Note.patient_id != note.patient_id)
    )
    return rules.find(
        note.draft,
        own_names=_names(db.get_one(Patient, note.patient_id)),
        others=people_beside(db, found),
        other_drafts=[(draft, _names(patient)) for draft, patient in others],
        slot_state=db.get_one(Slot, note.slot_id).state,
    )


def named_in(db: Session, found: NotePlace, words: str) -> tuple[str, ...]:
    """The names of other members of the group that these words hold."""
    return rules.names_in(words, own_names=_names(db.get_one(Patient, found.note.patient_id)), others=people_beside(db, found))


def people_beside(db: Session, found: NotePlace) -> list[rules.Person]:
    """Everybody else of the session and of its group."""
    note, group_id = found.note, found.place.group_session.group_id
    seated = select(Seat.patient_id).where(Seat.session_id == note.session_id)
    members = select(Membership.patient_id).where(Membership.group_id == group_id)
    patients = db.scalars(select(Patient).where(Patient.id != note.patient_id, Patient.id.in_(seated.union(members))))
    return [rules.Person((*p.given_name.split(), *p.display_name.split()), tuple(p.family_name.split())) for p in patients]


def versions_for(db: Session, viewer: Actor, note_id: str) -> Sequence[NoteVersion]:
    """Earlier states of the viewer's own draft, newest first."""
    found = note_place_for(db, viewer, note_id)
    POLICY.require(viewer, "notes:write", found)
    return db.scalars(select(NoteVersion).where(NoteVersion.note_id == note_id).order_by(NoteVersion.revision.desc())).all()


def notes_for(db: Session, viewer: Actor, *, everything: bool = False) -> tuple[Sequence[Line], Sequence[Line], Sequence[Line]]:
    """The viewer's own notes: (to finish, waiting for a co-signature, done), newest visit first."""
    POLICY.require(viewer, "notes:list_own")
    own = Note.author_id == viewer.id
    done = _lines(db, viewer, own, Note.state == "cosigned", limit=None if everything else DONE_SHOWN + 1)
    return _lines(db, viewer, own, Note.state.in_(rules.EDITABLE), role="resident"), _lines(db, viewer, own, Note.state == "signed", role="resident"), done


def unwritten_for(db: Session, viewer: Actor, now: datetime) -> Sequence[Unwritten]:
    """Whom the viewer has seen one-on-one in the last months without a note."""
    POLICY.require(viewer, "notes:list_own")
    query = (
        select(Slot, Patient.given_name, Patient.family_name, GroupSession)
        .join(Patient, Patient.id == Slot.patient_id)
        .join(GroupSession, GroupSession.id == Slot.session_id)
        .join(SessionTeamMember, (SessionTeamMember.session_id == Slot.session_id) & (SessionTeamMember.staff_member_id == viewer.id) & (SessionTeamMember.role == "resident"))
        .outerjoin(Note, Note.slot_id == Slot.id)
        .where(
            Slot.provider_id == viewer.id, Slot.state.in_(("started", "finished")), Note.id.is_(None),
            GroupSession.clinic_id == viewer.clinic_id, GroupSession.starts_at > now - UNWRITTEN_FOR,
        )
        .order_by(GroupSession.starts_at.desc(), Slot.position)
    )  # fmt: skip
    return [Unwritten(slot, f"{given} {family}", run.starts_at, run.zone, run.group.name) for slot, given, family, run in db.execute(query)]


def notes_to_cosign(db: Session, viewer: Actor) -> Sequence[Line]:
    """Signed notes of sessions the viewer supervises, the longest waiting first."""
    POLICY.require(viewer, "notes:list_to_cosign")
    lines = _lines(db, viewer, Note.state == "signed", Note.author_id != viewer.id, role="attending")
    return sorted(lines, key=lambda line: line.signed_at or line.starts_at)


def states_of(db: Session, viewer: Actor, session_id: str) -> dict[str, tuple[str, str]]:
    """Slot id -> (note id, state) of the viewer's own notes of a session."""
    place_for(db, viewer, session_id)
    query = select(Note.slot_id, Note.id, Note.state).where(Note.session_id == session_id, Note.author_id == viewer.id)
    return {slot_id: (note_id, state) for slot_id, note_id, state in db.execute(query)}


def _lines(db: Session, viewer: Actor, *conditions: Any, role: str = "resident", limit: int | None = None) -> list[Line]:
    """Notes of sessions on whose team the viewer is in this role."""
    signed_at = (
        select(NoteSignature.signed_at)
        .where(NoteSignature.note_id == Note.id, NoteSignature.kind == "signature")
        .order_by(NoteSignature.signed_at.desc()).limit(1).correlate(Note).scalar_subquery()
    )  # fmt: skip
    query = (
        select(Note, Patient, StaffMember.name, GroupSession, signed_at)
        .join(Patient, Patient.id == Note.patient_id)
        .join(StaffMember, StaffMember.id == Note.author_id)
        .join(GroupSession, GroupSession.id == Note.session_id)
        .join(
            SessionTeamMember,
            (SessionTeamMember.session_id == Note.session_id) & (SessionTeamMember.staff_member_id == viewer.id) & (SessionTeamMember.role == role),
        )
        .where(Note.clinic_id == viewer.clinic_id, *conditions)
        .order_by(GroupSession.starts_at.desc(), Note.created_at)
        .limit(limit)
    )
    return [Line(note, patient.name, author, run.starts_at, run.zone, run.group.name, at) for note, patient, author, run, at in db.execute(query)]


def _names(patient: Patient) -> list[str]:
    return [*patient.given_name.split(), *patient.family_name.split(), *patient.display_name.split()]


def _last_signature(db: Session, note_id: str) -> NoteSignature | None:
    query = select(NoteSignature).where(NoteSignature.note_id == note_id, NoteSignature.kind == "signature")
    return db.scalar(query.order_by(NoteSignature.signed_at.desc()).limit(1))


def _signed(db: Session, row: NoteSignature | None) -> Signed | None:
    if row is None:
        return None
    return Signed(row, json.loads(row.content), db.get_one(StaffMember, row.signed_by).name, rules.digest(row.content) == row.sha256)


def _attendings(db: Session, session_id: str) -> Sequence[str]:
    query = select(StaffMember.name).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    return db.scalars(query.where(SessionTeamMember.session_id == session_id, SessionTeamMember.role == "attending").order_by(StaffMember.name)).all()
