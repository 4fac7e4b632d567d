"""Private addresses of calendars: made and revoked by their owner, and for patients by the clinic too."""

from typing import Any

from sqlalchemy import ColumnElement, select, update

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.events import SessionCancelled, SessionMoved
from groupvisits.sessions.models import CalendarEntry, CalendarFeed, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import calendar


def make_calendar(tx: Transaction, actor: Actor) -> str:
    """The actor, patient or staff, has one address of their own dates; returns its token, stored nowhere. An earlier address stops working."""
    POLICY.require(actor, "sessions:own_calendar")
    # One at a time: neither would see the other's address and end it.
    tx.get_one(Patient if actor.kind == "patient" else StaffMember, actor.id, with_for_update={"key_share": True})
    _revoke(tx, _owned_by(actor))
    token = ids.new_token()
    feed = CalendarFeed(
        id=ids.fingerprint(token), clinic_id=actor.clinic_id, patient_id=actor.id if actor.kind == "patient" else None,
        staff_member_id=actor.id if actor.kind == "staff" else None, made_at=clock.now(),
    )  # fmt: skip
    tx.add(feed)
    audit.record(tx, actor, "sessions:make_calendar")
    return token


def revoke_calendar(tx: Transaction, actor: Actor) -> None:
    """The actor's own address stops working at once. Twice is once."""
    POLICY.require(actor, "sessions:own_calendar")
    if _revoke(tx, _owned_by(actor)):
        audit.record(tx, actor, "sessions:revoke_calendar")


def revoke_calendar_of(tx: Transaction, actor: Actor, patient_id: str) -> None:
    """A patient's address stops working at once, for instance because their phone is lost. Twice is once."""
    patient = patients.patient_for(tx, actor, patient_id)
    POLICY.require(actor, "sessions:revoke_calendar", patient)
    if _revoke(tx, CalendarFeed.patient_id == patient_id):
        audit.record(tx, actor, "sessions:revoke_calendar", patient)


def on_date_changed(tx: Transaction, event: SessionMoved | SessionCancelled) -> None:
    """Calendars that know the date learn that it is another now, also of people whom no e-mail tells it: the sequence of each entry rises.

    Who has an address of their own and was never sent the date has an entry from now on. What an e-mail says afterwards has the same sequence.
    """
    one = tx.get_one(GroupSession, event.session_id)
    place = emails.location(tx.get_one(Clinic, one.clinic_id).name, one.room)
    told = calendar.told(one.starts_at, one.ends_at, place, "CANCELLED" if one.state == "cancelled" else "CONFIRMED")
    entries = {each.patient_id: each for each in tx.scalars(select(CalendarEntry).where(CalendarEntry.session_id == one.id).with_for_update())}
    reads = select(CalendarFeed.patient_id).where(CalendarFeed.revoked_at.is_(None), CalendarFeed.patient_id.is_not(None))
    for seat in tx.scalars(select(Seat).where(Seat.session_id == one.id, Seat.patient_id.in_(reads)).order_by(Seat.id)).all():
        if seat.patient_id not in entries:
            entries[seat.patient_id] = entry = CalendarEntry(id=seat.id, session_id=one.id, patient_id=seat.patient_id, sequence=0, method="REQUEST", told="")
            tx.add(entry)
    for entry in entries.values():
        if entry.told != told:
            entry.sequence, entry.changed_at = entry.sequence + 1, clock.now()
            entry.told = told if entry.told else ""  # "": no e-mail has brought it yet
    tx.flush()


def _owned_by(actor: Actor) -> ColumnElement[bool]:
    return CalendarFeed.patient_id == actor.id if actor.kind == "patient" else CalendarFeed.staff_member_id == actor.id


def _revoke(tx: Transaction, owner: ColumnElement[bool]) -> bool:
    ended: Any = tx.execute(update(CalendarFeed).where(owner, CalendarFeed.revoked_at.is_(None)).values(revoked_at=clock.now()))
    return ended.rowcount > 0
