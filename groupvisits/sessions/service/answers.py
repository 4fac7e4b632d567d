"""Yes, no, or not this month: what a patient says about one date, themself, by text or to staff. Membership is another thing and stays."""

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries, offers
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.seats import free_seat, held_by, limit_of, own_seat, seat_of, take_seat
from groupvisits.sessions.service.versions import people_changed
from groupvisits.sessions.service.waiting import wait


def answer(tx: Transaction, actor: Actor, session_id: str, *, answer: str, companions: int | None = None, by: str = "patient") -> dict[str, str]:
    """The patient's own word for this date is kept: "yes" (with `companions`), "no", or "skip" (no for this month).

    A yes takes a place; where none is free, or others wait for it, the patient waits in line instead and the result's state is
    "waitlisted". A no gives the place to the next. Refuses once the visit has begun. Twice is the same as once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:answer_own", place)
    assert place.seat is not None  # who has none is not let that far
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    waiting.check_companions(companions)
    rules.check_can_answer(place.seat.state)
    state = note_answer(tx, actor, place.group_session, place.seat, answer, by=by, companions=companions)
    return {"state": state, "place": str(queries.my_place_in_line(tx, actor, session_id)) if state == "waitlisted" else ""}


def answer_for(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, answer: str, over_maximum_reason: str = "") -> dict[str, str]:
    """The seat says "yes" (holds a place), "no" (holds none), "skip" or "open" (has not answered), as the patient told the coordinator.

    A yes is refused like take_seat refuses; any answer is refused with AlreadyHere once the person is here.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_takes_seats(place.group_session.state)
    seat = own_seat(tx, session_id, seat_id)
    rules.check_can_answer(seat.state)
    if answer == "yes" and seat.state not in HOLDING:
        take_seat(tx, actor, place.group_session, seat.patient_id, over_maximum_reason=over_maximum_reason)
    if answer == "open":
        if seat.state != "invited":
            free_seat(tx, actor, seat, "invited")
            seat.answered_at, seat.answered_by, seat.skips = None, "", False
            people_changed(tx, session_id, seat.patient_id)
        return {"seat_id": seat_id, "state": seat.state}
    return {"seat_id": seat_id, "state": note_answer(tx, actor, place.group_session, seat, answer, by="staff")}


def note_answer(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, answer: str, *, by: str, companions: int | None = None) -> str:
    """What was answered is true of the seat; returns its state. For code in an open transaction that holds the session's row."""
    before, patient_id = (seat.state, seat.asked_again, seat.skips, seat.companions), seat.patient_id
    if answer == "yes":
        _yes(tx, actor, group_session, seat, by)
    else:
        _no(tx, actor, group_session, seat)
    seat.skips = answer == "skip"
    seat.asked_again = False
    if companions is not None and answer == "yes":
        seat.companions = companions
    if seat.state != "waitlisted":
        seat.answered_at, seat.answered_by = clock.now(), by
    tx.flush()
    if before != (seat.state, seat.asked_again, seat.skips, seat.companions):
        _tell(tx, actor, group_session, seat, before[0], by)
        people_changed(tx, group_session.id, patient_id)
    return seat.state


def _yes(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, by: str) -> None:
    if seat.state == "offered":
        _take_offered(tx, actor, group_session, seat.patient_id)
        return
    if seat.state in HOLDING:
        return
    partner = _partner_who_is_asked(tx, group_session, seat.patient_id)
    needed = 2 if partner else 1
    if not entries.waiting_entries(tx, group_session.id) and held_by(tx, group_session.id) + needed <= limit_of(tx, group_session):
        take_seat(tx, actor, group_session, seat.patient_id)
        if partner:  # they come together or not at all: the other keeps a place, too, and is asked
            take_seat(tx, actor, group_session, partner.patient_id).asked_again = True
            people_changed(tx, group_session.id, partner.patient_id)
    elif wait(tx, actor, group_session, seat.patient_id) == "offered":
        _take_offered(tx, actor, group_session, seat.patient_id)
    tx.refresh(seat)


def _take_offered(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> None:
    entry = entries.entry_of(tx, group_session.id, patient_id)
    if entry is not None:
        offers.take_offered(tx, actor, group_session, entry)
    else:
        take_seat(tx, actor, group_session, patient_id)


def _no(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat) -> None:
    if seat.state == "declined":
        return
    both = entries.entry_of(tx, group_session.id, seat.patient_id)
    others = [each for each in entries.people_of(both) if each != seat.patient_id] if both else []
    free_seat(tx, actor, seat, "declined")
    partner_id = entries.partner_of(tx, seat.patient_id)
    for other_id in others:  # who waits or is asked together does so no more
        other = seat_of(tx, group_session.id, other_id)
        if other is not None and other.state in ("waitlisted", "offered"):
            free_seat(tx, actor, other, "invited")
    if partner_id and partner_id not in others:
        other = seat_of(tx, group_session.id, partner_id)
        if other is not None and other.state == "confirmed":
            other.asked_again = True  # will they come alone? Their place is kept until they say
            people_changed(tx, group_session.id, partner_id)


def _partner_who_is_asked(tx: Transaction, group_session: GroupSession, patient_id: str) -> Seat | None:
    partner_id = entries.partner_of(tx, patient_id)
    seat = seat_of(tx, group_session.id, partner_id) if partner_id else None
    return seat if seat is not None and seat.state == "invited" else None


def _tell(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, before: str, by: str) -> None:
    """Who answered hears that the clinic has it."""
    if seat.state == "confirmed":
        withdraw_notices(tx, group_session.id, seat.patient_id, ("seat_cancelled", "offer"))
        plan_notice(tx, actor, group_session, seat.patient_id, "confirmation")
    elif seat.state == "declined" and before in ("confirmed", "invited", "offered", "waitlisted"):
        withdraw_notices(tx, group_session.id, seat.patient_id, ("confirmation", "reminder", "form_opens", "offer"))
        plan_notice(tx, actor, group_session, seat.patient_id, "seat_cancelled", facts={"by": "patient"} if by != "staff" or before != "confirmed" else {})
