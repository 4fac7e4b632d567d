"""The short one-on-ones inside a session."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

SLOT_STATES = ("planned", "called", "coming", "started", "finished", "missed")


class Slot(db.Model):
    """One patient's one-on-one with one provider in one session."""

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint(f"state IN {SLOT_STATES}", name="state"),
        UniqueConstraint("session_id", "seat_id"),
        UniqueConstraint("session_id", "provider_id", "position"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id"), index=True)
    place: Mapped[str] = mapped_column(String(40), default="")
    position: Mapped[int] = mapped_column(Integer)  # order in the provider's list
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    minutes: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(String(8), default="")  # "coming", "help" or "told" (by the facilitator)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unseen_because: Mapped[str] = mapped_column(String(200), default="")  # of somebody who came and was not seen, said at the close
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
