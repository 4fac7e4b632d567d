"""Letting people in, one at a time."""

from datetime import datetime

from sqlalchemy import func, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import CheckInUndone, SeatArrived
from groupvisits.sessions.models import HOLDING, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.service.seats import free_seat, take_seat
from groupvisits.sessions.service.versions import people_changed


def check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, over_maximum_reason: str = "", new_slip: bool = False) -> str:
    """The patient is here: takes a place if they had none, gets a slip number and a fresh slip code, which is returned once.

    Whoever has a slip already, printed beforehand or given at the door, keeps it: nothing is returned, because a code is stored
    nowhere. `new_slip` gives a fresh code all the same and ends the old one (a lost slip). Refuses like take_seat.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    return _arrive(tx, actor, place, seat, over_maximum_reason, new_slip=new_slip)


def let_in(tx: Transaction, actor: Actor, session_id: str, patient_id: str, *, over_maximum_reason: str = "") -> str:
    """Somebody of the clinic who was not on the list is here: takes a place like everybody and is checked in. Returns like check_in.

    Only for those who may look the registry up (sessions:let_in); refuses like take_seat.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:let_in", place)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id:
        raise NotFound
    seat = take_seat(tx, actor, place.group_session, patient_id, over_maximum_reason=over_maximum_reason)
    return _arrive(tx, actor, place, seat, over_maximum_reason)


def _arrive(tx: Transaction, actor: Actor, place: queries.Place, seat: Seat, over_maximum_reason: str, *, new_slip: bool = False) -> str:
    session_id = place.group_session.id
    rules.check_takes_seats(place.group_session.state)
    rules.check_can_arrive(place.group_session.state, place.group_session.starts_at, clock.now())
    if not tx.get_one(Patient, seat.patient_id).is_active:
        raise NotFound
    if seat.state not in HOLDING:
        take_seat(tx, actor, place.group_session, seat.patient_id, over_maximum_reason=over_maximum_reason)
    if seat.slip_number is None:
        seat.slip_number = (_last_number(tx, session_id) or 0) + 1
    code = ids.new_code() if new_slip or seat.slip_code is None else ""
    if seat.state == "arrived" and not code:
        return ""
    if code:
        seat.slip_code = ids.fingerprint(f"{session_id}:{code}")
    seat.state, seat.changed_at = "arrived", clock.now()
    seat.arrived_at = seat.arrived_at or clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:check_in", seat, session_id=session_id, patient=seat.patient_id, slip="new" if code else "kept")
    tx.announce(SeatArrived(session_id, seat.id))
    people_changed(tx, session_id, seat.patient_id)
    return code


def undo_check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, back_to: str = "confirmed", keeps_card: bool = False) -> None:
    """A wrong tap is taken back: the person is as before (`back_to`), the slip's code is dead and its number free for the next.

    `keeps_card`: their slip was printed beforehand and works as before.

    Refuses with NotTheLast once somebody else has been let in.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    rules.check_takes_seats(place.group_session.state)
    rules.check_can_undo(seat.state, seat.arrived_at, _last_arrival(tx, session_id))
    seat.state, seat.arrived_at, seat.changed_at = "confirmed", None, clock.now()
    if not keeps_card:
        seat.slip_number = seat.slip_code = None
    if back_to in ("invited", "declined", "cancelled"):
        free_seat(tx, actor, seat, back_to)
    tx.flush()
    audit.record(tx, actor, "sessions:undo_check_in", seat, session_id=session_id, patient=seat.patient_id, state=seat.state)
    tx.announce(CheckInUndone(session_id, seat.id))
    people_changed(tx, session_id, seat.patient_id)


def _last_arrival(tx: Transaction, session_id: str) -> datetime | None:
    """By the clock and not by number: numbers printed on cards beforehand come in any order."""
    return tx.scalar(select(func.max(Seat.arrived_at)).where(Seat.session_id == session_id))


def _last_number(tx: Transaction, session_id: str) -> int | None:
    return tx.scalar(select(func.max(Seat.slip_number)).where(Seat.session_id == session_id))
