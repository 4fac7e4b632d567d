"""Places: the one way to take one, and what a coordinator does with the answers of the invited."""

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SeatFreed
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.service.versions import people_changed


def take_seat(
    tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, *, state: str = "confirmed", over_maximum_reason: str = "", companions: int = 0
) -> Seat:
    """The patient holds a place in the session afterwards. The one way to a place, for every path; the caller has checked permission.

    Refuses with SessionFull when all places are held (unless there is a reason to go beyond), with WrongState when the visit is
    over or cancelled. Twice is the same as once. The session's row is locked first and everything read after: two people who
    both see the last free place do not both get it.
    """
    _lock_session(tx, group_session.id)
    rules.check_takes_seats(group_session.state)
    seat = _seat_of(tx, group_session.id, patient_id)
    if seat is not None and seat.state in HOLDING:
        return seat
    taken = {number for number in tx.scalars(select(Seat.seat_no).where(Seat.session_id == group_session.id)) if number is not None}
    rules.check_place_is_free(taken, group_session.maximum, over_maximum_reason)
    if seat is None:
        seat = Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patient_id)
        tx.add(seat)
    beyond = len(taken) >= group_session.maximum
    seat.state, seat.changed_at, seat.companions = state, clock.now(), companions
    seat.over_maximum_reason = over_maximum_reason.strip()[:200] if beyond else ""
    with tx.refused_as(rules.SessionFull(maximum=group_session.maximum, held=len(taken)), "uq_seats_session_id_seat_no"):
        seat.seat_no = rules.first_free_seat(taken, group_session.maximum)
    audit.record(
        tx,
        actor,
        "sessions:take_seat",
        seat,
        session_id=group_session.id,
        patient=patient_id,
        state=state,
        beyond_maximum=beyond,
        reason=seat.over_maximum_reason,
    )
    return seat


def _lock_session(tx: Transaction, session_id: str) -> None:
    """Nobody else counts or takes seats of this session until we commit; what we had read of it before is read again.

    (SQLite: the whole transaction has that right already.)
    """
    tx.execute(
        select(GroupSession).where(GroupSession.id == session_id).with_for_update(of=GroupSession), execution_options={"populate_existing": True}
    ).unique()


def _seat_of(tx: Transaction, session_id: str, patient_id: str) -> Seat | None:
    query = select(Seat).where(Seat.session_id == session_id, Seat.patient_id == patient_id)
    return tx.scalar(query, execution_options={"populate_existing": True})


def free_seat(tx: Transaction, actor: Actor, seat: Seat, state: str) -> None:
    """The seat no longer holds a place; `state` says why ("declined", "cancelled", "invited"). Its place is free at once."""
    _lock_session(tx, seat.session_id)
    seat.state, seat.seat_no, seat.over_maximum_reason, seat.changed_at = state, None, "", clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:free_seat", seat, session_id=seat.session_id, patient=seat.patient_id, state=state)
    tx.announce(SeatFreed(seat.session_id, seat.id))


def invite(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> Seat:
    """The patient is asked to this date and holds no place yet. Who was asked before, or has answered, stays as they are.

    For code in an open transaction; the caller has checked permission.
    """
    _lock_session(tx, group_session.id)
    seat = _seat_of(tx, group_session.id, patient_id)
    if seat is not None and seat.state != "cancelled":
        return seat
    if seat is None:
        seat = Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patient_id)
        tx.add(seat)
    seat.state, seat.changed_at = "invited", clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:invite", seat, session_id=group_session.id, patient=patient_id)
    return seat


def answer_for(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, answer: str, over_maximum_reason: str = "") -> dict[str, str]:
    """The seat says "yes" (holds a place), "no" (holds none) or "open" (has not answered), as the patient told the coordinator.

    A yes is refused like take_seat refuses; any answer is refused with AlreadyHere once the person is here.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_takes_seats(place.group_session.state)
    seat = _own_seat(tx, session_id, seat_id)
    rules.check_can_answer(seat.state)
    if answer == "yes":
        take_seat(tx, actor, place.group_session, seat.patient_id, over_maximum_reason=over_maximum_reason)
    elif seat.state != (state := "declined" if answer == "no" else "invited"):
        free_seat(tx, actor, seat, state)
    people_changed(tx, session_id, seat.patient_id)
    return {"seat_id": seat_id, "state": seat.state}


def seat_patient(tx: Transaction, actor: Actor, session_id: str, patient_id: str, *, answer: str, over_maximum_reason: str = "") -> dict[str, str]:
    """A patient of the clinic, of this group or not, is asked to this date ("open") or holds a place in it ("yes").

    Refuses with HasSeat who is on the list already, with SessionFull when all places are held and there is no reason to go beyond.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_takes_seats(place.group_session.state)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id or not patient.is_active:
        raise NotFound
    seat = _seat_of(tx, session_id, patient_id)
    if seat is not None and seat.state not in ("cancelled", "declined"):
        raise rules.HasSeat
    if answer == "yes":
        seat = take_seat(tx, actor, place.group_session, patient_id, over_maximum_reason=over_maximum_reason)
    elif seat is not None and seat.state == "declined":
        free_seat(tx, actor, seat, "invited")
    else:
        seat = invite(tx, actor, place.group_session, patient_id)
    people_changed(tx, session_id, patient_id)
    return {"seat_id": seat.id}


def take_back_seat(tx: Transaction, actor: Actor, session_id: str, seat_id: str) -> dict[str, str]:
    """The patient is off the list of this date; the group's membership stays as it is. Refuses who is here already."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_takes_seats(place.group_session.state)
    seat = _own_seat(tx, session_id, seat_id)
    rules.check_can_answer(seat.state)
    if seat.state != "cancelled":
        free_seat(tx, actor, seat, "cancelled")
        people_changed(tx, session_id, seat.patient_id)
    return {"seat_id": seat_id}


def _own_seat(tx: Transaction, session_id: str, seat_id: str) -> Seat:
    """A seat of this very session: a seat's id from elsewhere is not found."""
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    return seat
