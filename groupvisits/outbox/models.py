"""One row per message and recipient; the row is the truth, whatever became of the worker."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db

CHANNELS = ("email", "text", "call")  # a call is made by a human, who ticks it
STATES = ("waiting", "sending", "sent", "failed", "withdrawn")


class OutboxMessage(db.Model):
    __tablename__ = "outbox_messages"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        Index("ix_outbox_messages_due", "state", "due_at"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(String(32), default="", index=True)
    kind: Mapped[str] = mapped_column(String(40))  # "staff_invitation", "patient_link", ...
    patient_id: Mapped[str | None] = mapped_column(String(32), index=True)
    session_id: Mapped[str | None] = mapped_column(String(32), index=True)
    channel: Mapped[str] = mapped_column(String(8), default="email")
    language: Mapped[str] = mapped_column(String(8), default="en")
    calendar: Mapped[str] = mapped_column(Text, default="")  # the calendar part of an e-mail
    # Messages of one thread (one patient's event) leave in the order they were queued: a cancellation never overtakes its invitation.
    thread: Mapped[str | None] = mapped_column(String(80), index=True)
    number: Mapped[int] = mapped_column(Integer, default=0)  # in its thread
    gateway_id: Mapped[str | None] = mapped_column(String(80), index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[str] = mapped_column(String(200), default="")
