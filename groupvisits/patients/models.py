"""The registry: who a patient is, how to reach them, what they need, and what they agreed to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

CHANNELS = ("", "email", "text", "call")


class Patient(db.Model):
    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("clinic_id", "record_number"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        Index("ix_patients_clinic_id_family_name", "clinic_id", "family_name"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    record_number: Mapped[str | None] = mapped_column(String(64))
    given_name: Mapped[str] = mapped_column(String(80))
    family_name: Mapped[str] = mapped_column(String(80))
    display_name: Mapped[str] = mapped_column(String(40))  # what others in the room may see: a first name or an alias
    birth_date: Mapped[date | None] = mapped_column(Date)
    phone: Mapped[str] = mapped_column(String(32), default="")  # E.164 where it could be read
    email: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    needs: Mapped[str] = mapped_column(String(200), default="")  # "Large print", "Portuguese interpreter"
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    channel: Mapped[str] = mapped_column(String(8), default="")  # how they want to be told: email, text, call; empty: whatever works
    text_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text_stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # answered STOP; only they themselves can undo it
    in_person: Mapped[bool] = mapped_column(Boolean, default=False)  # "tell me in person": a call or news is said by a person, too
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class RosterImport(db.Model):
    """An uploaded roster on its way: read, mapped to our columns, previewed, confirmed. Patients appear only with `confirmed`."""

    __tablename__ = "roster_imports"
    __table_args__ = (CheckConstraint("state IN ('uploaded', 'mapped', 'confirmed', 'dropped')", name="state"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    uploaded_by: Mapped[str] = mapped_column(String(32))
    file_name: Mapped[str] = mapped_column(String(200))
    # [[line, [cell, ...]], ...] as JSON, never with national numbers; emptied when confirmed or dropped
    content: Mapped[str] = mapped_column(Text, deferred=True)
    # how the file was read and is to be read: encoding, separator, date_order, ...; afterwards what became of its rows, as counts
    reading: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    columns: Mapped[list[str]] = mapped_column(JSON)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # our field -> index of the file's column
    state: Mapped[str] = mapped_column(String(10), default="uploaded")
    imported_count: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CarePartner(db.Model):
    """Family or a friend who comes along: counts for chairs and meals, has no encounter."""

    __tablename__ = "care_partners"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    relation: Mapped[str] = mapped_column(String(40), default="")
    usually_comes: Mapped[bool] = mapped_column(Boolean, default=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Pair(db.Model):
    """Two patients who come together or not at all, such as a couple: they wait, are offered places and move as one."""

    __tablename__ = "pairs"
    __table_args__ = (CheckConstraint("first_id <> second_id", name="two"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    first_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), unique=True)
    second_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AgreementText(db.Model):
    """One version of what participants sign. A published version never changes; a change is a new version."""

    __tablename__ = "agreement_texts"
    __table_args__ = (UniqueConstraint("clinic_id", "programme_id", "version"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    programme_id: Mapped[str] = mapped_column(String(32))  # programmes.id; no foreign key upwards
    version: Mapped[int] = mapped_column(Integer)
    words: Mapped[dict[str, str]] = mapped_column(JSON)  # language -> text
    consents: Mapped[list[str]] = mapped_column(JSON)  # which of the granular consents are asked, by key
    valid_months: Mapped[int] = mapped_column(Integer, default=12)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(32))


class AgreementSignature(db.Model):
    """Who agreed to which version, with which consents. A withdrawal or a change of consents ends the row; nothing is rewritten."""

    __tablename__ = "agreement_signatures"
    __table_args__ = (CheckConstraint("signer IN ('patient', 'care_partner', 'observer')", name="signer"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    text_id: Mapped[str] = mapped_column(ForeignKey("agreement_texts.id"), index=True)
    programme_id: Mapped[str] = mapped_column(String(32), index=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.id"), index=True)  # none for an observer
    care_partner_id: Mapped[str | None] = mapped_column(ForeignKey("care_partners.id"))
    signer: Mapped[str] = mapped_column(String(12))
    signer_name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8))  # of the text that was read
    consents: Mapped[dict[str, bool]] = mapped_column(JSON)
    way: Mapped[str] = mapped_column(String(8))  # phone, paper, tablet
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_because: Mapped[str] = mapped_column(String(12), default="")  # withdrawn, replaced
