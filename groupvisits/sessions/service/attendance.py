"""Leaving early while a visit runs, and correcting what was noted once it is over."""

from datetime import datetime, time

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.rules.person import tidy
from groupvisits.sessions import queries
from groupvisits.sessions.events import SeatLeftEarly, SessionClosed
from groupvisits.sessions.models import AttendanceCorrection, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import attendance as rules
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.versions import people_changed


def leave_early(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, has_left: bool = True) -> dict[str, str]:
    """Somebody who was let in has gone home before the end, now; or (`has_left` false) they are in the room after all.

    Whatever they wait for ends (see slots). Refuses who is not here, and a visit that is over. Twice is once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:note_leaving", place)
    seat = _own_seat(tx, session_id, seat_id)
    rules.check_can_leave(place.group_session.state, seat.state)
    state = "left_early" if has_left else "arrived"
    if seat.state != state:
        seat.state, seat.left_at, seat.changed_at = state, clock.now() if has_left else None, clock.now()
        tx.flush()
        audit.record(tx, actor, "sessions:leave_early", seat, session_id=session_id, patient=seat.patient_id, state=state)
        tx.announce(SeatLeftEarly(session_id, seat.id))
        people_changed(tx, session_id, seat.patient_id)
    return {"seat_id": seat.id, "state": seat.state}


def correct_attendance(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, after: str, reason: str, left_at: time | None = None) -> dict[str, str]:
    """What is noted of one seat of a visit that is over reads `after`; what it was, who corrected it and why stay on record.

    A "we missed you" that waits to be sent is withdrawn, or planned, as the correction makes it right. Refuses before the visit is
    over, without a reason, and a time of leaving outside the visit. The same again changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:correct_attendance", place)
    seat, group_session = _own_seat(tx, session_id, seat_id), place.group_session
    reason = tidy(reason)[:200]
    rules.check_can_correct(group_session.state, after, reason)
    ended_at = max(group_session.ends_at, group_session.closed_at or group_session.ends_at)
    left = rules.moment_of_leaving(left_at, min(group_session.starts_at, group_session.opened_at or group_session.starts_at), ended_at, group_session.zone)
    left = left if after == "left_early" else None
    if (seat.state, seat.left_at) == (after, left):
        return {"seat_id": seat.id, "state": seat.state}
    before = seat.state
    seat.state, seat.left_at, seat.changed_at = after, left, clock.now()
    if after == "declined":
        seat.seat_no = None
    tx.add(AttendanceCorrection(id=ids.new_id(), seat_id=seat.id, before=before, after=after, reason=reason, corrected_by=actor.name, corrected_at=clock.now()))
    tx.flush()
    audit.record(tx, actor, "sessions:correct_attendance", seat, session_id=session_id, patient=seat.patient_id, before=before, after=after, reason=reason)
    _tell(tx, actor, group_session, seat)
    people_changed(tx, session_id, seat.patient_id)
    return {"seat_id": seat.id, "state": seat.state}


def tell_those_missed(tx: Transaction, event: SessionClosed) -> None:
    """Within the transaction that closes a visit: who said yes and did not come is written to on the next morning."""
    group_session = tx.get_one(GroupSession, event.session_id)
    for seat in tx.scalars(select(Seat).where(Seat.session_id == event.session_id, Seat.state == "no_show").order_by(Seat.id)).all():
        _tell(tx, actors.system(), group_session, seat)


def _tell(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat) -> None:
    due_at: datetime | None = rules.told_at(group_session.starts_at, group_session.zone, clock.now()) if seat.state == "no_show" else None
    if due_at is None:
        withdraw_notices(tx, group_session.id, seat.patient_id, ("missed_you",))
    else:
        plan_notice(tx, actor, group_session, seat.patient_id, "missed_you", due_at=due_at)


def _own_seat(tx: Transaction, session_id: str, seat_id: str) -> Seat:
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id or seat.state == "cancelled":
        raise NotFound
    return seat
