"""Letting people in, one at a time. Nobody who comes is turned away: without a chair in the group they are seen one-on-one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.patients.rules.person import tidy
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import CheckInUndone, SeatArrived
from groupvisits.sessions.models import HOLDING, GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import door
from groupvisits.sessions.service.scheduler import note_change
from groupvisits.sessions.service.seats import free_seat, lock_for_answer, own_seat, seat_of, take_seat
from groupvisits.sessions.service.versions import people_changed


@dataclass(frozen=True)
class Arrival:
    """How somebody comes in. `companions`: care partners with them (None: as planned). `seen_alone`: no chair in the group, but a
    one-on-one today. `over_maximum_reason`: why they get a chair beyond the maximum all the same."""

    companions: int | None = None
    seen_alone: bool = False
    over_maximum_reason: str = ""
    new_slip: bool = False


def check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str, **arrival: Any) -> str:
    """The patient is here as `arrival` says (see Arrival): takes a place if they had none, gets a slip number and a fresh slip code, which is returned once.

    Whoever has a slip already, printed beforehand or given at the door, keeps it: nothing is returned, because a code is stored
    nowhere. `new_slip` gives a fresh code all the same and ends the old one (a lost slip). Refuses with SessionFull when there is no
    chair, also for somebody who said yes where more were invited than there are chairs, until they are `seen_alone` (counted as a
    seat beyond the maximum) or there is a reason; with PlaceIsFree to see alone somebody for whom there is a chair.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:check_in", place)
    lock_for_answer(tx, session_id, tx.scalar(select(Seat.patient_id).where(Seat.id == seat_id, Seat.session_id == session_id)) or "")
    return _arrive(tx, actor, place, own_seat(tx, session_id, seat_id).patient_id, Arrival(**arrival))


def let_in(tx: Transaction, actor: Actor, session_id: str, patient_id: str, **arrival: Any) -> str:
    """Somebody of the clinic who was not on the list is here: takes a place like everybody and is checked in. Returns like check_in.

    Only for those who may look the registry up (sessions:let_in); refuses like check_in.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:let_in", place)
    lock_for_answer(tx, session_id, patient_id)
    return _arrive(tx, actor, place, patient_id, Arrival(**arrival))


def _arrive(tx: Transaction, actor: Actor, place: queries.Place, patient_id: str, arrival: Arrival) -> str:
    group_session, now = place.group_session, clock.now()
    rules.check_is_not_over(group_session.state)
    rules.check_can_arrive(group_session.state, group_session.starts_at, now)
    door.check_companions(arrival.companions)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id or not patient.is_active:
        raise NotFound
    seat = seat_of(tx, group_session.id, patient_id)
    if seat is None or seat.state not in ("arrived", "attended"):
        seat = _seated(tx, actor, place, patient_id, seat, arrival)
    if seat.slip_number is None:
        seat.slip_number = (_last_number(tx, group_session.id) or 0) + 1
    code = ids.new_code() if arrival.new_slip or seat.slip_code is None else ""
    came_with = seat.companions if arrival.companions is None else arrival.companions
    if seat.state == "arrived" and not code and came_with == seat.companions:
        return ""
    if code:
        seat.slip_code = ids.fingerprint(f"{group_session.id}:{code}")
    seat.state, seat.changed_at, seat.companions, seat.left_at = "arrived", now, came_with, None
    seat.arrived_at = seat.arrived_at or now
    tx.flush()
    audit.record(
        tx, actor, "sessions:check_in", seat, session_id=group_session.id, patient=patient_id, slip="new" if code else "kept", companions=came_with,
        seen_alone=seat.is_fallback, reason=seat.over_maximum_reason,
    )  # fmt: skip
    tx.announce(SeatArrived(group_session.id, seat.id))
    people_changed(tx, group_session.id, patient_id)
    return code


def _seated(tx: Transaction, actor: Actor, place: queries.Place, patient_id: str, seat: Seat | None, arrival: Arrival) -> Seat:
    """The seat of somebody who comes in now, with the reason why they come in beyond the maximum, if they do."""
    counts = queries.counts_of(tx, place)
    holds_place = seat is not None and seat.state in HOLDING
    is_full = door.is_full_for(
        holds_place=holds_place, let_in_with_reason=seat is not None and holds_place and bool(seat.over_maximum_reason), held=counts.held,
        here_in_group=counts.here_in_group, maximum=place.group_session.maximum,
    )  # fmt: skip
    reason = tidy(arrival.over_maximum_reason)[:200]
    if arrival.seen_alone and not is_full:
        raise door.PlaceIsFree
    if is_full and not arrival.seen_alone and not reason:
        raise rules.SessionFull(maximum=place.group_session.maximum, held=max(counts.held, counts.here_in_group))
    if is_full:
        reason = reason or door.SEEN_ALONE
    if seat is None or not holds_place or seat.state == "offered":  # who comes has accepted the offer
        seat = take_seat(tx, actor, place.group_session, patient_id, over_maximum_reason=reason or door.IS_HERE)
    seat.is_fallback, seat.asked_again = arrival.seen_alone, False
    if is_full:
        seat.over_maximum_reason = reason
    return seat


def undo_check_in(
    tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, back_to: str = "confirmed", keeps_card: bool = False, companions: int | None = None,
    over_maximum_reason: str = "",
) -> None:  # fmt: skip
    """A wrong tap is taken back: the person is as before (`back_to`, `companions`, `over_maximum_reason`), the slip's code is dead
    and its number free for the next.

    `keeps_card`: their slip was printed beforehand and works as before.

    Refuses with NotTheLast once somebody else has been let in.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    rules.check_is_not_over(place.group_session.state)
    rules.check_can_undo(seat.state, seat.arrived_at, _last_arrival(tx, session_id))
    seat.state, seat.arrived_at, seat.changed_at = "confirmed", None, clock.now()
    seat.is_fallback, seat.over_maximum_reason = False, over_maximum_reason
    seat.companions = seat.companions if companions is None else companions
    if not keeps_card:
        seat.slip_number = seat.slip_code = None
    if back_to in ("invited", "declined", "cancelled", "waitlisted"):
        free_seat(tx, actor, seat, back_to)
    if back_to in ("waitlisted", "offered"):
        _back_on_the_waiting_list(tx, seat, back_to)
    tx.flush()
    audit.record(tx, actor, "sessions:undo_check_in", seat, session_id=session_id, patient=seat.patient_id, state=seat.state)
    tx.announce(CheckInUndone(session_id, seat.id))
    people_changed(tx, session_id, seat.patient_id)


def _back_on_the_waiting_list(tx: Transaction, seat: Seat, back_to: str) -> None:
    """They wait, or have their offer, as before the wrong tap, in their old place of the list."""
    theirs = or_(WaitingListEntry.patient_id == seat.patient_id, WaitingListEntry.partner_id == seat.patient_id)
    entry = tx.scalar(select(WaitingListEntry).where(WaitingListEntry.session_id == seat.session_id, theirs).order_by(WaitingListEntry.changed_at.desc()))
    if entry is None:
        return
    entry.state, entry.changed_at = ("offered" if back_to == "offered" else "waiting"), clock.now()
    if back_to == "offered":
        seat.state = "offered"
        note_change(tx, tx.get_one(GroupSession, seat.session_id), seat.patient_id, "cancel")
        offer = tx.scalar(select(Offer).where(Offer.entry_id == entry.id, Offer.state == "accepted").order_by(Offer.made_at.desc()))
        if offer is not None:
            offer.state, offer.ended_at = "open", None


def _last_arrival(tx: Transaction, session_id: str) -> datetime | None:
    """By the clock and not by number: numbers printed on cards beforehand come in any order."""
    return tx.scalar(select(func.max(Seat.arrived_at)).where(Seat.session_id == session_id))


def _last_number(tx: Transaction, session_id: str) -> int | None:
    return tx.scalar(select(func.max(Seat.slip_number)).where(Seat.session_id == session_id))
