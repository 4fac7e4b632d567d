"""Offering a place to who waits: exactly one offer for each place that is free, kept until it is taken, declined or lapses."""

import time
from datetime import datetime
from typing import Any

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
from groupvisits.sessions import queries
from groupvisits.sessions.events import SeatArrived, SeatFreed, SessionCancelled, SessionClosed, SessionMoved
from groupvisits.sessions.models import HOLDING, GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import as_it_was, entries
from groupvisits.sessions.service.messages import A_TURN, plan_notice, withdraw_notices
from groupvisits.sessions.service.scheduler import note_change
from groupvisits.sessions.service.seats import check_may_come, free_seat, invite, lock_for_answer, lock_session, seat_of, take_seat
from groupvisits.sessions.service.versions import people_changed

log = structlog.get_logger("offers")
AT_ONCE = 200  # dates in one round of the tick


# What other acts lead to, in their transaction


def on_seat_freed(tx: Transaction, event: SeatFreed) -> None:
    """Whoever gave a place back, by whatever act: the next who fits is offered it in the same transaction."""
    group_session = tx.get_one(GroupSession, event.session_id)
    offer_next(tx, actors.system(group_session.clinic_id), event.session_id, because=f"seat:{event.seat_id}")


def on_arrival(tx: Transaction, event: SeatArrived) -> None:
    """Who is here has taken what they were offered, and waits for nothing any more."""
    seat = tx.get_one(Seat, event.seat_id)
    group_session = tx.get_one(GroupSession, event.session_id)
    entry = entries.entry_of(tx, event.session_id, seat.patient_id)
    if entry is not None and entry.state == "offered":
        note_change(tx, group_session, seat.patient_id, "add")
    entries.follow_seat(tx, actors.system(group_session.clinic_id), event.session_id, seat.patient_id)


def on_session_moved(tx: Transaction, event: SessionMoved) -> None:
    """An offer never outlives its date, whenever that is now."""
    group_session, now = tx.get_one(GroupSession, event.session_id), clock.now()
    hours = tx.get_one(Clinic, group_session.clinic_id).offer_hours
    for offer in tx.scalars(select(Offer).where(Offer.session_id == event.session_id, Offer.state == "open")).all():
        offer.expires_at = min(offer.expires_at, waiting.expires_at(now, hours, group_session.starts_at))


def on_session_over(tx: Transaction, event: SessionCancelled | SessionClosed) -> None:
    """A date that is off or over offers nothing; who had an offer had not answered, and who waited waits no more."""
    lock_session(tx, event.session_id)
    system = actors.system(tx.get_one(GroupSession, event.session_id).clinic_id)
    for seat in tx.scalars(select(Seat).where(Seat.session_id == event.session_id, Seat.state.in_(entries.ASKED)).order_by(Seat.id)).all():
        withdraw_notices(tx, event.session_id, seat.patient_id, ("offer", "offer_over"))
        free_seat(tx, system, seat, "invited")


# The list moves on


def offer_next(tx: Transaction, actor: Actor, session_id: str, *, because: str = "free") -> int:
    """Each place that is free is offered to the first of those who wait and fit; returns how many offers were made.

    Nothing is offered by itself in the last two hours before a visit. For code in an open transaction.
    """
    lock_session(tx, session_id)
    group_session = tx.get_one(GroupSession, session_id)
    made = 0
    while group_session.state == "planned" and not group_session.only_one_on_ones and waiting.offers_by_itself(group_session.starts_at, clock.now()):
        found = {entry.id: entry for entry in entries.waiting_entries(tx, session_id)}
        following = waiting.next_that_fits(queries.as_waiting(found.values()), queries.free_places(tx, group_session)) if found else None
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


def wait(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> str:
    """The person waits, with whom they come together, and the list has moved on as far as it can; returns what their seat says then.

    Refuses with GroupDoesNotMeet where there are one-on-ones only. For code in an open transaction that holds the session's row.
    """
    people = entries.together(tx, group_session.id, patient_id)
    for each in people:
        check_may_come(tx, group_session, each)
    entry = entries.enter(tx, actor, group_session, people)
    for each in entries.people_of(entry):
        seat = invite(tx, actor, group_session, each)
        if seat.state not in HOLDING:
            seat.state, seat.changed_at, seat.skips = "waitlisted", clock.now(), False
    tx.flush()
    offer_next(tx, actors.system(group_session.clinic_id), group_session.id)
    seat = seat_of(tx, group_session.id, patient_id)
    assert seat is not None
    return seat.state


# Verbs


def offer_place(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, reason: str = "") -> dict[str, str]:
    """This entry has an open offer, also in the last two hours. Out of turn or beyond the places only with a reason.

    Refuses with AheadReasonNeeded or NoPlaceFree without one, with NotWaiting who is off the list. Offering twice is offering once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    entry = own_entry(tx, session_id, entry_id)
    if entry.state == "offered":
        return {"entry_id": entry_id}
    if entry.state != "waiting":
        raise waiting.NotWaiting
    free = queries.free_places(tx, place.group_session)
    following = waiting.next_that_fits(queries.as_waiting(entries.waiting_entries(tx, session_id)), free)
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
    if entry.state == "seated":
        return {"state": "confirmed"}
    take_offered(tx, actor, group_session, entry, by="patient" if actor.kind == "patient" else "staff")
    return {"state": "confirmed"}


def take_offered(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry, *, by: str) -> None:
    """The places that the entry's offer keeps are taken, for both of a pair: one of them speaks for both. Refuses with OfferOver after its time.

    For code in an open transaction.
    """
    offer, now = entries.open_offer(tx, entry), clock.now()
    waiting.check_still_open(offer.expires_at if offer else None, now)
    people = [each for each in entries.people_of(entry) if (seat := seat_of(tx, group_session.id, each)) is not None and seat.state == "offered"]
    for patient_id in people:
        seat = take_seat(tx, actor, group_session, patient_id)
        seat.answered_at, seat.answered_by, seat.skips = now, by, False
    entries.end_entry(tx, actor, entry, "seated", offer="accepted")
    for patient_id in people:
        withdraw_notices(tx, group_session.id, patient_id, ("offer", "offer_over"))
        plan_notice(tx, actor, group_session, patient_id, "confirmation")
    people_changed(tx, group_session.id, *people)


def decline_offer(tx: Transaction, actor: Actor, session_id: str, *, entry_id: str = "") -> dict[str, Any]:
    """The offered places are free again and go to the next; who declined is off the list and still in their group. Twice is once.

    "before" is what an undo needs.
    """
    group_session, entry = _of_whom(tx, actor, session_id, entry_id)
    if entry.state == "left":
        return {"state": "declined"}
    if entries.open_offer(tx, entry) is None:
        raise waiting.OfferOver
    before = as_it_was.before_leaving(tx, entry)
    give_back(tx, actor, group_session, entry, "declined", by="patient" if actor.kind == "patient" else "staff")
    return {"state": "declined", "before": before | as_it_was.after_leaving(tx, entry)}


def give_back(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry, became: str, *, by: str = "") -> None:
    """The entry's offer is over without a yes: its places are free. Who declined has said no, whose offer lapsed has not answered."""
    people = entries.people_of(entry)
    entries.end_entry(tx, actor, entry, "left", offer=became)
    for patient_id in people:
        seat = seat_of(tx, group_session.id, patient_id)
        if seat is not None and seat.state == "offered":
            free_seat(tx, actor, seat, "declined" if became == "declined" else "invited")
            if became == "declined":
                seat.answered_at, seat.answered_by = clock.now(), by
                tell_the_other(tx, actor, group_session, patient_id)
    people_changed(tx, group_session.id, *people)


def tell_the_other(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> None:
    """Whose place or wait ended with a no hears of it, unless it was they who said so on their own page."""
    if actor.id != patient_id:
        plan_notice(tx, actor, group_session, patient_id, "seat_cancelled", facts={"waited": True})


def _of_whom(tx: Transaction, actor: Actor, session_id: str, entry_id: str) -> tuple[GroupSession, WaitingListEntry]:
    """The date and the entry an answer is about: a patient's own, else the one staff names. Holds the date, and the one it makes up for."""
    place = queries.place_for(tx, actor, session_id)
    named = tx.scalar(select(WaitingListEntry.patient_id).where(WaitingListEntry.id == entry_id))
    lock_for_answer(tx, session_id, actor.id if actor.kind == "patient" else named or "")
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:answer_own" if actor.kind == "patient" else "sessions:seat", place)
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    entry = entries.latest_entry_of(tx, session_id, actor.id) if actor.kind == "patient" else own_entry(tx, session_id, entry_id)
    if entry is None:
        raise waiting.OfferOver
    return place.group_session, entry


def own_entry(tx: Transaction, session_id: str, entry_id: str) -> WaitingListEntry:
    """An entry of this very session: one from elsewhere is not found."""
    entry = tx.get(WaitingListEntry, entry_id, populate_existing=True)
    if entry is None or entry.session_id != session_id:
        raise NotFound
    return entry


# The tick


def lapse_offers() -> int:
    """Offers whose time is up have lapsed and their places gone to the next. Returns how many dates were looked at.

    Each date in a transaction of its own that claims it by its row: any number of processes may do it, and one bad row never stops the rest.
    """
    now = clock.now()
    due = select(Offer.session_id).where(Offer.state == "open", Offer.expires_at <= now).distinct().limit(AT_ONCE)
    return _each(sorted(db.session.scalars(due)), now)


def offer_what_is_free() -> int:
    """Places that became free without anybody's act, because more may be held than before, are offered. Returns how many dates were looked at."""
    now = clock.now()
    waited_for = (
        select(GroupSession)
        .where(GroupSession.state == "planned", GroupSession.starts_at > now)
        .where(GroupSession.id.in_(select(WaitingListEntry.session_id).where(WaitingListEntry.state == "waiting")))
        .order_by(GroupSession.starts_at)
    )
    dates = [each for each in db.session.scalars(waited_for).unique() if not each.only_one_on_ones and waiting.offers_by_itself(each.starts_at, now)]
    free = [each for start in range(0, len(dates), AT_ONCE) for each in queries.with_free_places(db.session(), dates[start : start + AT_ONCE])]
    return _each(free, now)


def _each(session_ids: list[str], now: datetime) -> int:
    db.session.rollback()
    for session_id in session_ids:
        time.sleep(A_TURN)
        try:
            run(_lapse, session_id, now)
        except Exception as problem:
            log.exception("offers_not_lapsed", session=session_id, problem=type(problem).__name__)
    return len(session_ids)


def _lapse(tx: Transaction, session_id: str, now: datetime) -> None:
    lapse_due(tx, session_id, now)
    group_session = tx.get_one(GroupSession, session_id)
    offer_next(tx, actors.system(group_session.clinic_id), session_id)


def lapse_due(tx: Transaction, session_id: str, now: datetime) -> None:
    """The date's offers whose time is up are over, and who had one will hear it. For code in an open transaction."""
    lock_session(tx, session_id)
    group_session = tx.get_one(GroupSession, session_id)
    system = actors.system(group_session.clinic_id)
    over = select(Offer).where(Offer.session_id == session_id, Offer.state == "open", Offer.expires_at <= now).order_by(Offer.made_at, Offer.id)
    for offer in tx.scalars(over, execution_options={"populate_existing": True}).all():
        entry = tx.get_one(WaitingListEntry, offer.entry_id)
        people = entries.people_of(entry)
        give_back(tx, system, group_session, entry, "lapsed")
        for patient_id in people:
            plan_notice(tx, system, group_session, patient_id, "offer_over", occasion=offer.id)
