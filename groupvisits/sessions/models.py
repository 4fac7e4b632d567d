"""Dated visits of a group, the team of each, and its seats."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db
from groupvisits.programmes.models import Group
from groupvisits.sessions.rules.states import HOLDING as HOLDING
from groupvisits.sessions.rules.states import ONE_ON_ONES

SESSION_STATES = ("planned", "open", "closed", "cancelled")
SEAT_STATES = ("invited", "waitlisted", "offered", "confirmed", "declined", "arrived", "attended", "no_show", "left_early", "cancelled")
WAITING_STATES = ("waiting", "offered", "seated", "left")
OFFER_STATES = ("open", "accepted", "declined", "lapsed", "withdrawn")
NOTICE_STATES = ("planned", "sent", "withdrawn")


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
    meeting_link: Mapped[str] = mapped_column(String(300), default="")
    maximum: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    join_code: Mapped[str | None] = mapped_column(String(6), unique=True)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    decision: Mapped[str] = mapped_column(String(8), default="")  # go, no_go, singles: what the coordinator decided about its census
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_because: Mapped[str] = mapped_column(String(200), default="")
    epoch: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer, default=0)
    # The live run, kept as absolute moments so that a restart changes nothing.
    current_topic_id: Mapped[str | None] = mapped_column(String(32))
    topic_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    topic_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phase: Mapped[int] = mapped_column(Integer, default=0)
    curtain: Mapped[bool] = mapped_column(default=False)
    run_sheet: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))  # this visit's own, once changed; else the programme's
    phase_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gathering_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the room is asked for topics until then
    led_by_id: Mapped[str | None] = mapped_column(String(32))  # the facilitator who has the floor; the others help
    handed_to_id: Mapped[str | None] = mapped_column(String(32))  # who was asked to take over
    supports_shown: Mapped[bool] = mapped_column(default=False)  # where counts are hidden at first: the facilitator has shown them
    group: Mapped[Group] = relationship(lazy="joined", innerjoin=True)

    @property
    def phases(self) -> list[dict[str, Any]]:
        """The parts of this visit in their order: its own run sheet once it has one, else the programme's."""
        return self.group.programme.run_sheet if self.run_sheet is None else self.run_sheet

    @property
    def only_one_on_ones(self) -> bool:
        """The group does not meet on this date; whoever said yes is seen one-on-one."""
        return self.decision == ONE_ON_ONES


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
    companions: Mapped[int] = mapped_column(Integer, default=0)  # care partners who come along to this date
    skips: Mapped[bool] = mapped_column(default=False)  # a no for this month only, said beforehand
    asked_again: Mapped[bool] = mapped_column(default=False)  # the date moved after a yes: the place is kept until there is a new answer
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str] = mapped_column(String(8), default="")  # patient, text, staff
    makes_up_for_id: Mapped[str | None] = mapped_column(String(32))  # the date of their own group that this seat in a sister group replaces
    is_fallback: Mapped[bool] = mapped_column(default=False)  # came when all places were taken: seen one-on-one all the same
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listening: Mapped[bool] = mapped_column(default=False)  # is here to listen this time: their own choice
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


class WaitingListEntry(db.Model):
    """Somebody who wants a place in a full date, alone or with their pair. Order: `ahead_at` where staff gave a reason, else `since`."""

    __tablename__ = "waiting_list_entries"
    __table_args__ = (CheckConstraint(f"state IN {WAITING_STATES}", name="state"), UniqueConstraint("session_id", "patient_id"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    partner_id: Mapped[str | None] = mapped_column(ForeignKey("patients.id"))  # the other of a pair: they take two places or none
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ahead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ahead_by: Mapped[str] = mapped_column(String(120), default="")
    ahead_reason: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Offer(db.Model):
    """A place kept for one entry of the waiting list until it is taken, declined or lapses. The seats it holds are `offered`."""

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint(f"state IN {OFFER_STATES}", name="state"),
        Index("uq_offers_one_open", "entry_id", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
        Index("ix_offers_due", "state", "expires_at"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("waiting_list_entries.id"), index=True)
    places: Mapped[int] = mapped_column(Integer, default=1)
    state: Mapped[str] = mapped_column(String(10), default="open")
    because: Mapped[str] = mapped_column(String(200), default="")  # why there was a place: a seat given back, one more may be invited
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(120), default="")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttendanceCorrection(db.Model):
    """What was noted of a seat before it was corrected, by whom and why. Rows are only added."""

    __tablename__ = "attendance_corrections"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"), index=True)
    before: Mapped[str] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    corrected_by: Mapped[str] = mapped_column(String(120))
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Closure(db.Model):
    """Days on which the clinic is closed, or a room (`room`) is used by others; with times, only then."""

    __tablename__ = "closures"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    room: Mapped[str] = mapped_column(String(120), default="")
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    from_time: Mapped[time | None] = mapped_column(Time)
    until_time: Mapped[time | None] = mapped_column(Time)
    reason: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SeriesPlan(db.Model):
    """A wish about a group's dates that is looked at before anything changes; `wish` is computed anew each time it is looked at."""

    __tablename__ = "series_plans"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"), index=True)
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CalendarEntry(db.Model):
    """What one patient's calendar was last told about one date: the row's id is the event's UID, `sequence` rises with time, place or status."""

    __tablename__ = "calendar_entries"
    __table_args__ = (UniqueConstraint("session_id", "patient_id"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    method: Mapped[str] = mapped_column(String(8), default="REQUEST")
    told: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of time, place and status as last told
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarFeed(db.Model):
    """A private address of somebody's own dates; revoked by its owner or, for patients, by the clinic. Only a fingerprint is stored."""

    __tablename__ = "calendar_feeds"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.id"), index=True)
    staff_member_id: Mapped[str | None] = mapped_column(ForeignKey("staff_members.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Notice(db.Model):
    """Something one person is to be told about one date, once: planned for a moment, worded and put into the outbox when that has come.

    `occasion` tells apart what may happen more than once to a seat (an update with each move); the same notice is never planned twice.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint(f"state IN {NOTICE_STATES}", name="state"),
        UniqueConstraint("session_id", "patient_id", "kind", "occasion"),
        Index("ix_notices_due", "state", "due_at"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"))
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(40), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what the words need and the rows no longer say, such as the former time
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    message_id: Mapped[str | None] = mapped_column(String(32))  # in the outbox


class SchedulerChange(db.Model):
    """One thing to do by hand in the clinic's main scheduler, until somebody ticks it."""

    __tablename__ = "scheduler_changes"
    __table_args__ = (CheckConstraint("kind IN ('add', 'move', 'cancel')", name="kind"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinics.id"), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("group_sessions.id"))
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    kind: Mapped[str] = mapped_column(String(8))
    was_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(String(120), default="")


class IncomingText(db.Model):
    """A text message that came in, once, however often the gateway delivers it."""

    __tablename__ = "incoming_texts"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # fingerprint of the gateway's own id
    clinic_id: Mapped[str | None] = mapped_column(ForeignKey("clinics.id"), index=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.id"), index=True)
    sender: Mapped[str] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(Text)
    understood: Mapped[str] = mapped_column(String(16), default="")  # yes, no, stop, start, help; empty: a human must read it
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
