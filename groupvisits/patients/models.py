"""The registry: who a patient is, how to reach them, what they need, and what they agreed to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db


class Patient(db.Model):
    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("clinic_id", "record_number"),
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
