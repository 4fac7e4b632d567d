"""Encounter notes: drafts in versions, a signature over exact bytes, a co-signature with its attestation, addenda, action plans."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

BLOCKS = ("co_assess", "co_decide", "co_design", "co_deliver")
NOTE_STATES = ("draft", "signed", "cosigned", "returned")
PRESENCES = ("whole_time", "key_part", "discussed", "read_after")


class Note(db.Model):
    """The resident's document of one encounter. `draft` is the newest text: {block: {"patient": ..., "clinician": ...}}."""

    __tablename__ = "notes"
    __table_args__ = (CheckConstraint(f"state IN {NOTE_STATES}", name="state"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    slot_id: Mapped[str] = mapped_column(ForeignKey("slots.id"), unique=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revision: Mapped[int] = mapped_column(Integer, default=0)  # an autosave names the one it was based on
    returned_because: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoteVersion(db.Model):
    """An earlier state of a draft, kept for "Earlier versions"."""

    __tablename__ = "note_versions"
    note_id: Mapped[str] = mapped_column(ForeignKey("notes.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoteSignature(db.Model):
    """What was signed, byte for byte, by whom, and in the resident's or the attending's capacity. Never changed."""

    __tablename__ = "note_signatures"
    __table_args__ = (CheckConstraint("kind IN ('signature', 'cosignature')", name="kind"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    note_id: Mapped[str] = mapped_column(ForeignKey("notes.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    signed_by: Mapped[str] = mapped_column(ForeignKey("staff_members.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    individual_seconds: Mapped[int] = mapped_column(Integer, default=0)  # never added to the group's
    group_seconds: Mapped[int] = mapped_column(Integer, default=0)
    presence: Mapped[str] = mapped_column(String(12), default="")  # the attending's attestation, chosen without a default
    attestation: Mapped[str] = mapped_column(Text, default="")


class NoteAddendum(db.Model):
    """Added to a signed note, dated when it was written."""

    __tablename__ = "note_addenda"
    __table_args__ = (CheckConstraint("kind IN ('addendum', 'late_entry', 'entered_in_error')", name="kind"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    note_id: Mapped[str] = mapped_column(ForeignKey("notes.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    written_by: Mapped[str] = mapped_column(ForeignKey("staff_members.id"))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ActionPlan(db.Model):
    """What a patient will do, how much, when, how often, and how sure they are (0-10)."""

    __tablename__ = "action_plans"
    __table_args__ = (CheckConstraint("confidence BETWEEN 0 AND 10", name="confidence"), UniqueConstraint("note_id"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    note_id: Mapped[str] = mapped_column(ForeignKey("notes.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    what: Mapped[str] = mapped_column(String(200))
    when_how_often: Mapped[str] = mapped_column(String(200), default="")
    confidence: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


_SIGNED = ("note_signatures", "note_addenda")
SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END"
    for table in _SIGNED
    for verb in ("UPDATE", "DELETE")
) + tuple(  # INSERT OR REPLACE is neither update nor delete
    f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 (names of our own tables)
    " BEGIN SELECT RAISE(ABORT, 'signed text never changes'); END"
    for table in _SIGNED
)
POSTGRESQL_FUNCTION = "CREATE FUNCTION {0}_never_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'signed text never changes'; END $$"
POSTGRESQL_TRIGGER = "CREATE TRIGGER {0}_no_change BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION {0}_never_change()"
for _model in (NoteSignature, NoteAddendum):
    _table = _model.__table__
    for _guard in SQLITE_GUARDS:
        if f" ON {_model.__tablename__} " in _guard:
            event.listen(_table, "after_create", DDL(_guard).execute_if(dialect="sqlite"))
    for _text in (POSTGRESQL_FUNCTION, POSTGRESQL_TRIGGER):
        event.listen(_table, "after_create", DDL(_text.format(_model.__tablename__)).execute_if(dialect="postgresql"))
