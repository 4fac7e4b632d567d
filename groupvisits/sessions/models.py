"""Dated visits of a group, the team of each, and its seats."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db
from groupvisits.programmes.models import Group

SESSION_STATES = ("planned", "open", "closed", "cancelled")
SEAT_STATES = ("invited", "confirmed", "declined", "arrived", "attended", "no_show", "left_early", "cancelled")
HOLDING = ("confirmed", "arrived", "attended", "left_early", "no_show")  # these keep a place; DOMAIN 5: invited and unanswered do not


class GroupSession(db.Model):
    """One dated visit of a group. `version` counts its accepted live commands without a gap; `epoch` changes after a restore."""

    __tablename__ = "group_sessions"
    __table_args__ = (
        CheckConstraint(f"state IN {SESSION_STATES}", name="state"),
        UniqueConstraint("group_id", "starts_at"),
        Index("ix_group_sessions_clinic_id_starts_at", "clinic_id", "starts_at"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wall_time: Mapped[str] = mapped_column(String(16))  # "2026-12-08T17:30": what the clinic meant, whatever its zone does later
    zone: Mapped[str] = mapped_column(String(64))
    room: Mapped[str] = mapped_column(String(120), default="")
    maximum: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    join_code: Mapped[str | None] = mapped_column(String(6), unique=True)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    epoch: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer, default=0)
    # The live run, kept as absolute moments so that a restart changes nothing.
    current_topic_id: Mapped[str | None] = mapped_column(String(32))
    topic_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    topic_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phase: Mapped[int] = mapped_column(Integer, default=0)
    curtain: Mapped[bool] = mapped_column(default=False)
    group: Mapped[Group] = relationship(lazy="joined", innerjoin=True)


class SessionTeamMember(db.Model):
    """Who works in this session; copied from the group's team when the session is made, then its own."""

    __tablename__ = "session_team_members"
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id", ondelete="CASCADE"), primary_key=True)
    staff_member_id: Mapped[str] = mapped_column(ForeignKey("staff_members.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    place: Mapped[str] = mapped_column(String(40), default="")  # "Room 2"


class Seat(db.Model):
    """One patient's place in one session. `seat_no` is held while the state holds a place, and unique: no chair is given twice."""

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint(f"state IN {SEAT_STATES}", name="state"),
        UniqueConstraint("session_id", "patient_id"),
        UniqueConstraint("session_id", "seat_no"),
        UniqueConstraint("session_id", "slip_number"),
        CheckConstraint("seat_no IS NULL OR seat_no >= 1", name="seat_no"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="invited")
    seat_no: Mapped[int | None] = mapped_column(Integer)
    over_maximum_reason: Mapped[str] = mapped_column(String(200), default="")
    companions: Mapped[int] = mapped_column(Integer, default=0)
    slip_number: Mapped[int | None] = mapped_column(Integer)  # the number called out; given at check-in
    slip_code: Mapped[str | None] = mapped_column(String(64))  # fingerprint of the code on the slip
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WaitingGuest(db.Model):
    """A phone in the room without a slip: a number shown to the facilitator, who admits it to a seat."""

    __tablename__ = "waiting_guests"
    __table_args__ = (UniqueConstraint("session_id", "number"), UniqueConstraint("session_id", "browser_session_id"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    browser_session_id: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seats.id"))
