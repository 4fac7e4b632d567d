"""Places: the one way to take one and to free it, and putting people on the list of a date."""

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.patients.queries import usual_companions
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SeatFreed
from groupvisits.sessions.models import HOLDING, GroupSession, Notice, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries
from groupvisits.sessions.service.messages import plan_notice
from groupvisits.sessions.service.scheduler import note_change
from groupvisits.sessions.service.versions import people_changed


def take_seat(
    tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, *, state: str = "confirmed", over_maximum_reason: str = "",
    companions: int | None = None,
) -> Seat:  # fmt: skip
    """The patient holds a place in the session afterwards. The one way to a place, for every path; the caller has checked permission.

    Refuses with SessionFull when all places are held, with OthersWait when a place is free but others wait for it (unless there is a
    reason to go beyond or ahead), with WrongState when the visit is over or cancelled, with GroupDoesNotMeet who was not told of a
    one-on-one on a date with nothing else. `state` "offered" keeps a place for somebody
    who is asked; whoever has an offer and takes a seat has accepted it. Twice is the same as once. The session's row is locked first
    and everything read after: two people who both see the last free place do not both get it.
    """
    lock_session(tx, group_session.id)
    rules.check_is_not_over(group_session.state)
    check_may_come(tx, group_session, patient_id, over_maximum_reason)
    seat = seat_of(tx, group_session.id, patient_id)
    if seat is not None and seat.state in HOLDING and (seat.state != "offered" or state == "offered"):
        return seat
    if seat is None or seat.state != "offered":
        seat = _hold(tx, group_session, patient_id, seat, over_maximum_reason, for_offer=state == "offered")
    seat.state, seat.changed_at = state, clock.now()
    if companions is not None:
        seat.companions = companions
    tx.flush()
    audit.record(
        tx, actor, "sessions:take_seat", seat, session_id=group_session.id, patient=patient_id, state=state, beyond_maximum=bool(seat.over_maximum_reason),
        reason=over_maximum_reason.strip()[:200],
    )  # fmt: skip
    if state != "offered":
        note_change(tx, group_session, patient_id, "add")
        entries.follow_seat(tx, actor, group_session.id, patient_id)
        _give_up_own_date(tx, actor, seat)
    return seat


def check_may_come(tx: Transaction, group_session: GroupSession, patient_id: str, reason: str = "") -> None:
    """Before a date with one-on-ones only, nobody comes anew; who was told of theirs and said no may come after all. (At the door there is a reason.)"""
    if group_session.only_one_on_ones and group_session.state == "planned" and not reason.strip():
        one_on_one = select(Notice.id).where(Notice.session_id == group_session.id, Notice.patient_id == patient_id, Notice.kind == "one_on_one")
        if tx.scalar(one_on_one.where(Notice.state != "withdrawn").limit(1)) is None:
            raise waiting.GroupDoesNotMeet


def _give_up_own_date(tx: Transaction, actor: Actor, seat: Seat) -> None:
    """Who has a place in a sister group instead does not come to the date of their own group that month."""
    own = seat_of(tx, seat.makes_up_for_id, seat.patient_id) if seat.makes_up_for_id else None
    if own is None or own.state not in ("invited", "waitlisted", "offered", "confirmed") or tx.get_one(GroupSession, own.session_id).state != "planned":
        return
    free_seat(tx, actor, own, "declined")
    own.skips, own.answered_at, own.answered_by = True, clock.now(), "patient" if actor.kind == "patient" else "staff"
    people_changed(tx, own.session_id, own.patient_id)


def _hold(tx: Transaction, group_session: GroupSession, patient_id: str, seat: Seat | None, reason: str, *, for_offer: bool) -> Seat:
    """A seat number for this patient, the lowest free one."""
    taken = {number for number in tx.scalars(select(Seat.seat_no).where(Seat.session_id == group_session.id)) if number is not None}
    limit = queries.limit_of(tx, group_session)
    rules.check_place_is_free(taken, limit, reason)
    if not for_offer and group_session.state == "planned" and waiting.offers_by_itself(group_session.starts_at, clock.now()):
        waiting.check_open_to_others(others_waiting(tx, group_session.id, patient_id), limit - len(taken), reason)
    if seat is None:
        seat = Seat(
            id=ids.new_id(),
            session_id=group_session.id,
            patient_id=patient_id,
            state="invited",
            companions=usual_company(tx, patient_id),
            changed_at=clock.now(),
        )
        tx.add(seat)
    seat.over_maximum_reason = reason.strip()[:200] if len(taken) >= limit else ""
    with tx.refused_as(rules.SessionFull(maximum=limit, held=len(taken)), "uq_seats_session_id_seat_no"):
        seat.seat_no = rules.first_free_seat(taken, limit)
    return seat


def others_waiting(tx: Transaction, session_id: str, patient_id: str) -> list[waiting.Waiting]:
    """Who waits for a place on this date, besides this person."""
    return queries.as_waiting([entry for entry in entries.waiting_entries(tx, session_id) if patient_id not in entries.people_of(entry)])


def take_for_both(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, *, over_maximum_reason: str = "") -> Seat:
    """The patient, and whom they come together with, hold a place each: both or none. Refuses like take_seat."""
    for each in entries.together(tx, group_session.id, patient_id)[1:]:
        seat = take_seat(tx, actor, group_session, each, over_maximum_reason=over_maximum_reason)
        seat.answered_at = clock.now()
        plan_notice(tx, actor, group_session, each, "confirmation")
        people_changed(tx, group_session.id, each)
    return take_seat(tx, actor, group_session, patient_id, over_maximum_reason=over_maximum_reason)


def lock_sessions(tx: Transaction, *session_ids: str | None) -> None:
    """Several dates, always in the same order: two people who swap groups do not wait for each other for ever."""
    for session_id in sorted({each for each in session_ids if each}):
        lock_session(tx, session_id)


def lock_for_answer(tx: Transaction, session_id: str, patient_id: str) -> None:
    """This date, and those of their own groups that this person and whom they come with would give up for it, in the same order."""
    people = (patient_id, entries.partner_of(tx, patient_id))
    lock_sessions(tx, session_id, *tx.scalars(select(Seat.makes_up_for_id).where(Seat.session_id == session_id, Seat.patient_id.in_(people))))


def lock_session(tx: Transaction, session_id: str) -> None:
    """Nobody else counts or takes seats of this session until we commit; what we had read of it before is read again.

    (SQLite: the whole transaction has that right already.)
    """
    tx.execute(
        select(GroupSession).where(GroupSession.id == session_id).with_for_update(of=GroupSession), execution_options={"populate_existing": True}
    ).unique()


def seat_of(tx: Transaction, session_id: str, patient_id: str) -> Seat | None:
    query = select(Seat).where(Seat.session_id == session_id, Seat.patient_id == patient_id)
    return tx.scalar(query, execution_options={"populate_existing": True})


def free_seat(tx: Transaction, actor: Actor, seat: Seat, state: str) -> None:
    """The seat no longer holds a place; `state` says why ("declined", "cancelled", "invited"). Its place is free at once, and who waits is asked."""
    lock_session(tx, seat.session_id)
    was = seat.state
    seat.state, seat.seat_no, seat.over_maximum_reason, seat.changed_at, seat.asked_again = state, None, "", clock.now(), False
    seat.makes_up_for_id = None
    tx.flush()
    audit.record(tx, actor, "sessions:free_seat", seat, session_id=seat.session_id, patient=seat.patient_id, state=state)
    if was in ("confirmed", "arrived"):
        note_change(tx, tx.get_one(GroupSession, seat.session_id), seat.patient_id, "cancel")
    if was in ("offered", "waitlisted"):
        entries.follow_seat(tx, actor, seat.session_id, seat.patient_id)
    tx.announce(SeatFreed(seat.session_id, seat.id))


def invite(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> Seat:
    """The patient is asked to this date and holds no place yet. Who was asked before, or has answered, stays as they are.

    Refuses with GroupDoesNotMeet where there are one-on-ones only. For code in an open transaction; the caller has checked permission.
    """
    lock_session(tx, group_session.id)
    seat = seat_of(tx, group_session.id, patient_id)
    if seat is not None and seat.state != "cancelled":
        return seat
    check_may_come(tx, group_session, patient_id)
    if seat is None:
        seat = Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patient_id, companions=usual_company(tx, patient_id))
        tx.add(seat)
    seat.state, seat.changed_at = "invited", clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:invite", seat, session_id=group_session.id, patient=patient_id)
    return seat


def usual_company(tx: Transaction, patient_id: str) -> int:
    """How many usually come along with this patient, until they say otherwise for one date."""
    return min(usual_companions(tx, [patient_id]).get(patient_id, 0), waiting.MOST_COMPANIONS)


def seat_patient(tx: Transaction, actor: Actor, session_id: str, patient_id: str, *, answer: str, over_maximum_reason: str = "") -> dict[str, str]:
    """A patient of the clinic, of this group or not, is asked to this date ("open") or holds a place in it ("yes").

    Refuses with HasSeat who is on the list already, and like take_seat.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:seat", place)
    lock_for_answer(tx, session_id, patient_id)
    rules.check_is_not_over(place.group_session.state)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id or not patient.is_active:
        raise NotFound
    seat = seat_of(tx, session_id, patient_id)
    if seat is not None and seat.state not in ("cancelled", "declined", "waitlisted"):
        raise rules.HasSeat
    if answer == "yes":
        seat = take_for_both(tx, actor, place.group_session, patient_id, over_maximum_reason=over_maximum_reason)
        seat.answered_at, seat.answered_by, seat.skips = clock.now(), "staff", False
        plan_notice(tx, actor, place.group_session, patient_id, "confirmation")
    elif seat is not None and seat.state in ("declined", "waitlisted"):
        free_seat(tx, actor, seat, "invited")
    else:
        seat = invite(tx, actor, place.group_session, patient_id)
        plan_notice(tx, actor, place.group_session, patient_id, "invitation")
    people_changed(tx, session_id, patient_id)
    return {"seat_id": seat.id}


def take_back_seat(tx: Transaction, actor: Actor, session_id: str, seat_id: str) -> dict[str, str]:
    """The patient is off the list of this date; the group's membership stays as it is. Refuses who is here already."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_is_not_over(place.group_session.state)
    seat = own_seat(tx, session_id, seat_id)
    rules.check_can_answer(seat.state)
    if seat.state != "cancelled":
        free_seat(tx, actor, seat, "cancelled")
        plan_notice(tx, actor, place.group_session, seat.patient_id, "seat_cancelled")
        people_changed(tx, session_id, seat.patient_id)
    return {"seat_id": seat_id}


def own_seat(tx: Transaction, session_id: str, seat_id: str) -> Seat:
    """A seat of this very session: a seat's id from elsewhere is not found."""
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    return seat
