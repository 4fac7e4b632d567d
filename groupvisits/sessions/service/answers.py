"""Yes, no, or not this month: what a patient says about one date, themself, by text or to staff. Membership is another thing and stays.

Two who come together answer as one: a yes of one takes a place for both or for none, a no of one is a no of both.
"""

from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries, offers
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.seats import free_seat, lock_for_answer, others_waiting, own_seat, seat_of, take_for_both
from groupvisits.sessions.service.versions import people_changed

BEFORE_THE_DOOR = ("invited", "waitlisted", "offered", "confirmed")  # what a no can still change


def answer(tx: Transaction, actor: Actor, session_id: str, *, answer: str, companions: int | None = None, by: str = "patient") -> dict[str, str]:
    """The patient's own word for this date is kept: "yes" (with `companions`), "no", or "skip" (no for this month).

    A yes takes a place; where none is free, or others wait for it, the patient waits in line instead: the result's state is
    "waitlisted" and its place their number. A no gives the place to the next. `by`: patient, or text. Refuses once the visit has
    begun, and with OfferOver the yes to an offer whose time is up. Twice is the same as once.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:answer_own", place)
    lock_for_answer(tx, session_id, actor.id)
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:answer_own", place)
    assert place.seat is not None  # who has none is not let that far
    tx.refresh(place.seat)
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    waiting.check_companions(companions)
    waiting.check_own_answer(place.seat.state)
    state = note_answer(tx, actor, place.group_session, place.seat, answer, by=by, companions=companions)
    return {"state": state, "place": str(queries.my_place_in_line(tx, actor, session_id)) if state == "waitlisted" else ""}


def answer_for(tx: Transaction, actor: Actor, session_id: str, seat_id: str, *, answer: str, over_maximum_reason: str = "") -> dict[str, str]:
    """The seat says "yes" (holds a place), "no" (holds none), "skip" or "open" (has not answered), as the patient told the coordinator.

    A yes is refused like take_seat refuses, so that staff choose between a reason and the waiting list; any answer is refused with
    AlreadyHere once the person is here.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:seat", place)
    lock_for_answer(tx, session_id, tx.scalar(select(Seat.patient_id).where(Seat.id == seat_id)) or "")
    rules.check_is_not_over(place.group_session.state)
    seat = own_seat(tx, session_id, seat_id)
    rules.check_can_answer(seat.state)
    if answer == "open":
        _open(tx, actor, seat)
    elif answer == "yes" and seat.state not in HOLDING:
        take_for_both(tx, actor, place.group_session, seat.patient_id, over_maximum_reason=over_maximum_reason)
        _note(tx, actor, place.group_session, seat, "invited", answer, by="staff")
    else:
        note_answer(tx, actor, place.group_session, seat, answer, by="staff")
    return {"seat_id": seat_id, "state": seat.state}


def note_answer(
    tx: Transaction,
    actor: Actor,
    group_session: GroupSession,
    seat: Seat,
    answer: str,
    *,
    by: str,
    companions: int | None = None,
    over_maximum_reason: str = "",
) -> str:
    """What was answered is true of the seat; returns its state. For code in an open transaction that holds the session's row."""
    before = (seat.state, seat.asked_again, seat.skips, seat.companions)
    if answer == "yes":
        _yes(tx, actor, group_session, seat, by, over_maximum_reason)
    else:
        _no(tx, actor, group_session, seat, skips=answer == "skip", by=by)
    tx.flush()
    tx.refresh(seat)
    if companions is not None and answer == "yes":
        seat.companions = companions
    if seat.state != "waitlisted":
        _note(tx, actor, group_session, seat, before[0], answer, by=by, changed=before != (seat.state, False, answer == "skip", seat.companions))
    tx.flush()
    return seat.state


def _note(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, before: str, answer: str, *, by: str, changed: bool = True) -> None:
    seat.skips, seat.asked_again, seat.answered_at, seat.answered_by = answer == "skip", False, clock.now(), by
    tx.flush()
    if changed:
        _tell(tx, actor, group_session, seat, before, by)
        people_changed(tx, group_session.id, seat.patient_id)


def _open(tx: Transaction, actor: Actor, seat: Seat) -> None:
    if seat.state == "invited":
        return
    free_seat(tx, actor, seat, "invited")
    seat.answered_at, seat.answered_by, seat.skips = None, "", False
    withdraw_notices(tx, seat.session_id, seat.patient_id, ("confirmation", "seat_cancelled", "form_opens", "offer"))
    people_changed(tx, seat.session_id, seat.patient_id)


def _yes(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, by: str, reason: str) -> None:
    patient_id = seat.patient_id
    if seat.state in HOLDING and seat.state != "offered":
        return
    state = seat.state
    if state != "offered":
        needed, free = len(entries.together(tx, group_session.id, patient_id)), queries.free_places(tx, group_session)
        if reason.strip() or (needed <= free and waiting.is_open_to_others(others_waiting(tx, group_session.id, patient_id), free)):
            take_for_both(tx, actor, group_session, patient_id, over_maximum_reason=reason)
            return
        state = offers.wait(tx, actor, group_session, patient_id)
    if state == "offered" and (entry := entries.entry_of(tx, group_session.id, patient_id)) is not None:
        offers.take_offered(tx, actor, group_session, entry, by=by)


def _no(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, *, skips: bool, by: str) -> None:
    """A no of one is a no of both: the other's place is given back with it, and they are told."""
    if seat.state == "declined":
        return
    partner_id, entry = entries.partner_of(tx, seat.patient_id), entries.entry_of(tx, group_session.id, seat.patient_id)
    if entry is not None and set(entries.people_of(entry)) <= {seat.patient_id, partner_id}:  # else somebody they came with once waits on alone
        entries.end_entry(tx, actor, entry, "left", offer="declined")
    free_seat(tx, actor, seat, "declined")
    other = seat_of(tx, group_session.id, partner_id) if partner_id else None
    if other is not None and other.state in BEFORE_THE_DOOR:
        before = other.state
        free_seat(tx, actor, other, "declined")
        _note(tx, actor, group_session, other, before, "skip" if skips else "no", by=by)


def _tell(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, before: str, by: str) -> None:
    """Who answered hears that the clinic has it."""
    if seat.state == "confirmed":
        withdraw_notices(tx, group_session.id, seat.patient_id, ("seat_cancelled", "offer"))
        plan_notice(tx, actor, group_session, seat.patient_id, "confirmation")
    elif seat.state == "declined" and before in BEFORE_THE_DOOR:
        withdraw_notices(tx, group_session.id, seat.patient_id, ("confirmation", "reminder", "form_opens", "offer"))
        plan_notice(tx, actor, group_session, seat.patient_id, "seat_cancelled", facts={"by": "patient"} if by != "staff" or before != "confirmed" else {})
