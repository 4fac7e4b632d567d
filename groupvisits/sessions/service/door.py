"""Letting people in, one at a time."""

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


def check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, over_maximum_reason: str = "") -> str:
    """The patient is here: takes a place if they had none, gets a slip number, and a fresh slip code, which is returned once.

    Checking in again gives a new code and ends the old one (a lost slip). Refuses like take_seat.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    return _arrive(tx, actor, place, seat, over_maximum_reason)


def let_in(tx: Transaction, actor: Actor, session_id: str, patient_id: str, *, over_maximum_reason: str = "") -> str:
    """Somebody of the clinic who was not on the list is here: takes a place like everybody and is checked in. Returns the slip code.

    Only for those who may look the registry up (sessions:let_in); refuses like take_seat.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:let_in", place)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id:
        raise NotFound
    seat = take_seat(tx, actor, place.group_session, patient_id, over_maximum_reason=over_maximum_reason)
    return _arrive(tx, actor, place, seat, over_maximum_reason)


def _arrive(tx: Transaction, actor: Actor, place: queries.Place, seat: Seat, over_maximum_reason: str) -> str:
    session_id = place.group_session.id
    rules.check_takes_seats(place.group_session.state)
    if seat.state not in HOLDING:
        take_seat(tx, actor, place.group_session, seat.patient_id, over_maximum_reason=over_maximum_reason)
    if seat.slip_number is None:
        seat.slip_number = (_last_number(tx, session_id) or 0) + 1
    code = ids.new_code()
    seat.state, seat.slip_code, seat.changed_at = "arrived", ids.fingerprint(f"{session_id}:{code}"), clock.now()
    seat.arrived_at = seat.arrived_at or clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:check_in", seat, session_id=session_id, patient=seat.patient_id)
    tx.announce(SeatArrived(session_id, seat.id))
    people_changed(tx, session_id, seat.patient_id)
    return code


def undo_check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, back_to: str = "confirmed") -> None:
    """A wrong tap is taken back: the person is as before (`back_to`), the slip's code is dead and its number free for the next.

    Refuses with NotTheLast once somebody else has been let in.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    rules.check_takes_seats(place.group_session.state)
    rules.check_can_undo(seat.state, seat.slip_number, _last_number(tx, session_id))
    seat.state, seat.slip_number, seat.slip_code, seat.arrived_at, seat.changed_at = "confirmed", None, None, None, clock.now()
    if back_to in ("invited", "declined", "cancelled"):
        free_seat(tx, actor, seat, back_to)
    tx.flush()
    audit.record(tx, actor, "sessions:undo_check_in", seat, session_id=session_id, patient=seat.patient_id, state=seat.state)
    tx.announce(CheckInUndone(session_id, seat.id))
    people_changed(tx, session_id, seat.patient_id)


def _last_number(tx: Transaction, session_id: str) -> int | None:
    return tx.scalar(select(func.max(Seat.slip_number)).where(Seat.session_id == session_id))
