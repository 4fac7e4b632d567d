"""Offering a place to who waits: exactly one offer for each place that is free, kept until it is taken, declined or lapses."""

from datetime import datetime

import structlog
from sqlalchemy import select

from groupvisits.accounts.models import Clinic
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SeatArrived, SeatFreed, SessionCancelled, SessionClosed
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.seats import free_seat, held_by, limit_of, lock_session, seat_of, take_seat
from groupvisits.sessions.service.versions import people_changed

log = structlog.get_logger("offers")
AT_ONCE = 200


def on_seat_freed(tx: Transaction, event: SeatFreed) -> None:
    """Listens within: whoever gave a place back, by whatever act, the next who fits is offered it in the same transaction."""
    offer_next(tx, actors.system(), event.session_id, because=f"seat:{event.seat_id}")


def on_arrival(tx: Transaction, event: SeatArrived) -> None:
    """Listens within: who is here waits for nothing any more."""
    entries.follow_seat(tx, actors.system(), event.session_id, tx.get_one(Seat, event.seat_id).patient_id)


def on_session_over(tx: Transaction, event: SessionCancelled | SessionClosed) -> None:
    """Listens within: a date that is off or over offers nothing; who had an offer had not answered, and who waited waits no more."""
    lock_session(tx, event.session_id)
    system = actors.system()
    for entry in tx.scalars(
        select(WaitingListEntry).where(WaitingListEntry.session_id == event.session_id, WaitingListEntry.state.in_(entries.ON_THE_LIST))
    ).all():
        for patient_id in entries.people_of(entry):
            withdraw_notices(tx, event.session_id, patient_id, ("offer", "offer_over"))
        entries.end_entry(tx, system, entry, "left")
    for seat in tx.scalars(select(Seat).where(Seat.session_id == event.session_id, Seat.state.in_(("offered", "waitlisted")))).all():
        seat.state, seat.seat_no, seat.changed_at = "invited", None, clock.now()
    tx.flush()


def offer_next(tx: Transaction, actor: Actor, session_id: str, *, because: str = "free") -> int:
    """Each place that is free is offered to the first of those who wait and fit; returns how many offers were made.

    Nothing is offered by itself in the last two hours before a visit. For code in an open transaction.
    """
    lock_session(tx, session_id)
    group_session = tx.get_one(GroupSession, session_id)
    made = 0
    while group_session.state == "planned" and waiting.offers_by_itself(group_session.starts_at, clock.now()):
        found = {entry.id: entry for entry in entries.waiting_entries(tx, session_id)}
        following = waiting.next_that_fits(entries.as_waiting(list(found.values())), limit_of(tx, group_session) - held_by(tx, session_id)) if found else None
        if following is None:
            break
        _offer(tx, actor, group_session, found[following.id], because)
        made += 1
    return made


def _offer(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry, because: str, reason: str = "") -> Offer:
    now, people = clock.now(), entries.people_of(entry)
    for patient_id in people:
        take_seat(tx, actor, group_session, patient_id, state="offered", over_maximum_reason=reason)
    hours = tx.get_one(Clinic, group_session.clinic_id).offer_hours
    offer = Offer(
        id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, entry_id=entry.id, places=len(people), state="open", because=because,
        made_at=now, made_by=actor.name, expires_at=waiting.expires_at(now, hours, group_session.starts_at),
    )  # fmt: skip
    tx.add(offer)
    entry.state, entry.changed_at = "offered", now
    tx.flush()
    audit.record(tx, actor, "sessions:offer_place", offer, session_id=group_session.id, patient=entry.patient_id, places=offer.places, reason=reason)
    for patient_id in people:
        plan_notice(tx, actor, group_session, patient_id, "offer", occasion=offer.id, facts={"until": offer.expires_at.isoformat()})
    people_changed(tx, group_session.id, *people)
    return offer


def offer_place(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, reason: str = "") -> dict[str, str]:
    """This entry has an open offer. Refuses with AheadReasonNeeded out of turn, with NoPlaceFree beyond the places, unless there is a reason.

    Offering twice is offering once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    entry = own_entry(tx, session_id, entry_id)
    if entry.state == "offered":
        return {"entry_id": entry_id}
    if entry.state != "waiting":
        raise waiting.NotWaiting
    all_waiting = entries.waiting_entries(tx, session_id)
    free = limit_of(tx, place.group_session) - held_by(tx, session_id)
    following = waiting.next_that_fits(entries.as_waiting(all_waiting), free)
    if not reason.strip():
        if free < len(entries.people_of(entry)):
            raise waiting.NoPlaceFree(field="reason")
        if following is None or following.id != entry.id:
            raise waiting.AheadReasonNeeded(field="reason")
    _offer(tx, actor, place.group_session, entry, "by_hand", reason.strip()[:200])
    return {"entry_id": entry_id}


def accept_offer(tx: Transaction, actor: Actor, session_id: str, *, entry_id: str = "") -> dict[str, str]:
    """The offered places are taken, for both of a pair. By the patient, or by staff who was told so (`entry_id`).

    Refuses with OfferOver what has lapsed or gone to somebody else. Twice is the same as once.
    """
    group_session, entry = _of_whom(tx, actor, session_id, entry_id)
    offer = entries.open_offer(tx, entry)
    if offer is None or offer.expires_at <= clock.now():
        if entry.state == "seated":
            return {"state": "confirmed"}
        raise waiting.OfferOver
    take_offered(tx, actor, group_session, entry)
    return {"state": "confirmed"}


def take_offered(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry) -> None:
    """The seats that the entry's offer keeps are taken, for both of a pair. For code in an open transaction."""
    people = entries.people_of(entry)
    for patient_id in people:
        seat = take_seat(tx, actor, group_session, patient_id)
        seat.answered_at, seat.skips = clock.now(), False
        seat.answered_by = "patient" if patient_id == actor.id else "staff" if actor.kind == "staff" else seat.answered_by
        plan_notice(tx, actor, group_session, patient_id, "confirmation")
    people_changed(tx, group_session.id, *people)


def decline_offer(tx: Transaction, actor: Actor, session_id: str, *, entry_id: str = "") -> dict[str, str]:
    """The offered places are free again and go to the next; who declined is off the list and still in their group. Twice is once."""
    group_session, entry = _of_whom(tx, actor, session_id, entry_id)
    if entry.state == "left":
        return {"state": "declined"}
    if entries.open_offer(tx, entry) is None:
        raise waiting.OfferOver
    _give_back(tx, actor, group_session, entry, "declined", "declined")
    return {"state": "declined"}


def _give_back(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry, became: str, seat_state: str) -> None:
    entries.end_offer(tx, actor, entry, became)
    entries.end_entry(tx, actor, entry, "left")
    for patient_id in entries.people_of(entry):
        seat = seat_of(tx, group_session.id, patient_id)
        if seat is not None and seat.state == "offered":
            if became == "declined":
                seat.answered_at, seat.answered_by = clock.now(), "patient" if actor.kind == "patient" else "staff"
            free_seat(tx, actor, seat, seat_state)
    people_changed(tx, group_session.id, *entries.people_of(entry))


def _of_whom(tx: Transaction, actor: Actor, session_id: str, entry_id: str) -> tuple[GroupSession, WaitingListEntry]:
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:answer_own" if actor.kind == "patient" else "sessions:seat", place)
    rules.check_takes_seats(place.group_session.state)
    if actor.kind != "patient":
        return place.group_session, own_entry(tx, session_id, entry_id)
    entry = entries.entry_of(tx, session_id, actor.id) or _latest(tx, session_id, actor.id)
    if entry is None:
        raise waiting.OfferOver
    return place.group_session, entry


def _latest(tx: Transaction, session_id: str, patient_id: str) -> WaitingListEntry | None:
    theirs = (WaitingListEntry.patient_id == patient_id) | (WaitingListEntry.partner_id == patient_id)
    query = select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, theirs)
    return tx.scalars(query.order_by(WaitingListEntry.changed_at.desc())).first()


def own_entry(tx: Transaction, session_id: str, entry_id: str) -> WaitingListEntry:
    """An entry of this very session: one from elsewhere is not found."""
    entry = tx.get(WaitingListEntry, entry_id, populate_existing=True)
    if entry is None or entry.session_id != session_id:
        raise NotFound
    return entry


def lapse_offers() -> int:
    """Offers whose time is up have lapsed and their places gone to the next; places that became free without an act are offered.

    Each date in a transaction of its own that claims it by its row: any number of processes may do it. Returns how many dates were looked at.
    """
    now = clock.now()
    due = select(Offer.session_id).where(Offer.state == "open", Offer.expires_at <= now)
    waited_for = (
        select(WaitingListEntry.session_id)
        .join(GroupSession, GroupSession.id == WaitingListEntry.session_id)
        .where(WaitingListEntry.state == "waiting", GroupSession.state == "planned", GroupSession.starts_at > now)
    )
    sessions = sorted({*db.session.scalars(due.distinct().limit(AT_ONCE)), *db.session.scalars(waited_for.distinct())})
    db.session.rollback()
    for session_id in sessions:
        try:
            run(_lapse, session_id, now)
        except Exception as problem:
            log.exception("offers_not_lapsed", session=session_id, problem=type(problem).__name__)
    return len(sessions)


def _lapse(tx: Transaction, session_id: str, now: datetime) -> None:
    lock_session(tx, session_id)
    group_session = tx.get_one(GroupSession, session_id)
    system = actors.system(group_session.clinic_id)
    for offer in tx.scalars(select(Offer).where(Offer.session_id == session_id, Offer.state == "open", Offer.expires_at <= now)).all():
        entry = tx.get_one(WaitingListEntry, offer.entry_id)
        _give_back(tx, system, group_session, entry, "lapsed", "invited")
        for patient_id in entries.people_of(entry):
            plan_notice(tx, system, group_session, patient_id, "offer_over", occasion=offer.id)
    offer_next(tx, system, session_id)
