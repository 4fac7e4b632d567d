"""Private addresses of calendars: made and revoked by their owner, and for patients by the clinic too."""

from typing import Any

from sqlalchemy import ColumnElement, update

from groupvisits.accounts.models import StaffMember
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import CalendarFeed
from groupvisits.sessions.permissions import POLICY


def make_calendar(tx: Transaction, actor: Actor) -> str:
    """The actor, patient or staff, has one address of their own dates; returns its token, stored nowhere. An earlier address stops working."""
    POLICY.require(actor, "sessions:own_calendar")
    tx.get_one(
        Patient if actor.kind == "patient" else StaffMember, actor.id, with_for_update={"key_share": True}
    )  # one at a time: neither would see the other's
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


def _owned_by(actor: Actor) -> ColumnElement[bool]:
    return CalendarFeed.patient_id == actor.id if actor.kind == "patient" else CalendarFeed.staff_member_id == actor.id


def _revoke(tx: Transaction, owner: ColumnElement[bool]) -> bool:
    ended: Any = tx.execute(update(CalendarFeed).where(owner, CalendarFeed.revoked_at.is_(None)).values(revoked_at=clock.now()))
    return ended.rowcount > 0
