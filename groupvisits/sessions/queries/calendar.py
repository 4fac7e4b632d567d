"""Feeds: everything one person's calendar program is told when it asks at their private address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import CalendarEntry, CalendarFeed, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.messages import channel_of
from groupvisits.sessions.rules import calendar

SINCE, UNTIL, MOST = timedelta(days=60), timedelta(days=400), 500
_STATUS = {"invited": "TENTATIVE", "offered": "TENTATIVE", "declined": "CANCELLED", "cancelled": "CANCELLED"}


@dataclass(frozen=True)
class OwnCalendar:
    """Whether somebody has a private address now, and since when."""

    made_at: datetime | None


def own_calendar(db: Session, viewer: Actor) -> OwnCalendar:
    """The viewer's own: patients and staff alike."""
    POLICY.require(viewer, "sessions:own_calendar")
    owner = CalendarFeed.patient_id == viewer.id if viewer.kind == "patient" else CalendarFeed.staff_member_id == viewer.id
    return OwnCalendar(db.scalar(select(CalendarFeed.made_at).where(owner, CalendarFeed.revoked_at.is_(None))))


def has_calendar(db: Session, viewer: Actor, patient: Patient) -> bool:
    """Whether a private address of this patient works now; for those who may stop it."""
    POLICY.require(viewer, "sessions:revoke_calendar", patient)
    return bool(db.scalar(select(exists().where(CalendarFeed.patient_id == patient.id, CalendarFeed.revoked_at.is_(None)))))


def is_left_behind(db: Session, viewer: Actor, patient: Patient) -> bool:
    """Whether an e-mail put a date to come into this patient's calendar, and changes reach them another way now: nothing corrects that entry."""
    POLICY.require(viewer, "sessions:seat", patient)
    if channel_of(patient) == "email":
        return False
    brought = select(CalendarEntry.id).join(GroupSession, GroupSession.id == CalendarEntry.session_id).where(CalendarEntry.patient_id == patient.id)
    brought = brought.where(CalendarEntry.method == "REQUEST", CalendarEntry.told != "", GroupSession.starts_at > clock.now())
    return db.scalar(brought.limit(1)) is not None


def feed_for(db: Session, token: str) -> bytes:
    """The dates of whoever this secret address belongs to; NotFound once it is revoked or its owner takes part no more.

    A patient's titles are neutral. A staff member's name the group and never a patient. Cancelled dates stay, marked as cancelled.
    """
    feed = db.get(CalendarFeed, ids.fingerprint(token))
    if feed is None or feed.revoked_at is not None:
        raise NotFound
    clinic = db.get_one(Clinic, feed.clinic_id)
    if feed.patient_id:
        return _of_patient(db, clinic, db.get(Patient, feed.patient_id))
    return _of_staff(db, clinic, db.get(StaffMember, feed.staff_member_id))


def _of_patient(db: Session, clinic: Clinic, patient: Patient | None) -> bytes:
    if patient is None or not patient.is_active:
        raise NotFound
    title = emails.summary(clinic.name, clinic.language_for(patient.language))
    query = (
        select(GroupSession, Seat, CalendarEntry)
        .join(Seat, (Seat.session_id == GroupSession.id) & (Seat.patient_id == patient.id))
        .outerjoin(CalendarEntry, (CalendarEntry.session_id == GroupSession.id) & (CalendarEntry.patient_id == patient.id))
    )
    rows: Any = db.execute(_near(query)).unique()
    entries = [
        _entry(one, entry.id if entry else seat.id, entry.sequence if entry else 0, title, emails.location(clinic.name, one.room), _STATUS.get(seat.state, "CONFIRMED"))
        for one, seat, entry in rows
    ]  # fmt: skip
    return calendar.feed(entries, name=title, organizer=_sender(), now=clock.now())


def _of_staff(db: Session, clinic: Clinic, member: StaffMember | None) -> bytes:
    if member is None or not member.active:
        raise NotFound
    roles = {role.name for role in member.roles}
    query = select(GroupSession).where(GroupSession.clinic_id == clinic.id)
    if "coordinator" not in roles:
        query = query.where(
            exists().where(SessionTeamMember.session_id == GroupSession.id, SessionTeamMember.staff_member_id == member.id, SessionTeamMember.role.in_(roles))
        )
    entries = [
        _entry(one, one.id, one.version, one.group.name, emails.location(clinic.name, one.room), "CONFIRMED") for one in db.scalars(_near(query)).unique()
    ]
    return calendar.feed(entries, name=clinic.name, organizer=_sender(), now=clock.now())


def _sender() -> str:
    return current_app.extensions["config"].mail_from


def _near(query: Any) -> Any:
    """The next MOST dates; those that are over, the latest first, only where that leaves room: a large clinic has hundreds of them."""
    now = clock.now()
    to_come = GroupSession.starts_at > now
    near = query.where(GroupSession.starts_at > now - SINCE, GroupSession.starts_at < now + UNTIL)
    return near.order_by(to_come.desc(), case((to_come, GroupSession.starts_at)), GroupSession.starts_at.desc()).limit(MOST)


def _entry(one: GroupSession, uid: str, sequence: int, title: str, place: str, status: str) -> calendar.Entry:
    return calendar.Entry(uid, sequence, one.starts_at, one.ends_at, one.zone, title, place, "CANCELLED" if one.state == "cancelled" else status)
