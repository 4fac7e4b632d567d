"""Undoing a wrong tap on the waiting list: the order of arrival, reasons and answers are as before. What others were told meanwhile stays."""

from typing import Any

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.sessions import queries
from groupvisits.sessions.models import GroupSession, Notice, Offer, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import undos, waiting
from groupvisits.sessions.service import as_it_was, entries, offers
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.seats import check_may_come, take_seat
from groupvisits.sessions.service.versions import people_changed


def undo_put_ahead(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, before: dict[str, Any]) -> dict[str, str]:
    """The entry stands where it stood, with the reason it had. `before` is what put_ahead returned.

    Refuses with CannotPutBack who has been offered a place or was moved since. Twice is refused as well.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    waiting.check_takes_answers(place.group_session.state, place.group_session.starts_at, clock.now())
    entry = offers.own_entry(tx, session_id, entry_id)
    found = {each.id: each for each in entries.waiting_entries(tx, session_id)}
    if entry.id not in found or as_it_was.moment(entry.ahead_at) != before["order"][entry_id]["became"]:
        raise undos.CannotPutBack
    for each_id, was in before["order"].items():
        each = found.get(each_id)
        if each is not None and as_it_was.moment(each.ahead_at) == was["became"]:
            each.ahead_at, each.ahead_by, each.ahead_reason = as_it_was.read(was["at"]), was["by"], was["reason"]
    entry.changed_at = clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:undo_waiting_list", entry, session_id=session_id, patient=entry.patient_id, act="put_ahead")
    offers.offer_next(tx, actor, session_id)
    return {"state": entry.state}


def undo_leaving(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, before: dict[str, Any]) -> dict[str, Any]:
    """Who was noted as a no, or taken off the list, waits again where they stood; `before` is what the verb returned that did it.

    An offer they had stands again, until the same moment, if its place is still free. Returns the state ("waiting" or "offered"), who has
    been offered a place since ("gone_to") and whether they were told of the no ("told"): neither can be undone. Refuses with
    CannotTakeBack what has changed since, and with GroupDoesNotMeet where there are one-on-ones only by now.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    group_session = place.group_session
    waiting.check_takes_answers(group_session.state, group_session.starts_at, clock.now())
    entry = offers.own_entry(tx, session_id, entry_id)
    seats = as_it_was.seats_of(tx, entry)
    if as_it_was.stood(seats) != before["seats_left_at"]:  # the entry's state follows its seats
        raise undos.CannotTakeBack
    for seat in seats:
        check_may_come(tx, group_session, seat.patient_id)
    told = _was_told_off(tx, entry, before["left_at"])
    for seat in seats:
        was = before["seats"][seat.patient_id]
        seat.state, seat.skips, seat.changed_at = "waitlisted", was["skips"], clock.now()
        seat.answered_at, seat.answered_by, seat.makes_up_for_id = as_it_was.read(was["answered_at"]), was["answered_by"], was["makes_up_for_id"]
        withdraw_notices(tx, session_id, seat.patient_id, ("seat_cancelled",))
    entry.state, entry.changed_at = "waiting", clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:undo_waiting_list", entry, session_id=session_id, patient=entry.patient_id, act="leave")
    _offer_stands_again(tx, actor, group_session, entry, before)
    offers.offer_next(tx, actors.system(group_session.clinic_id), session_id)
    people_changed(tx, session_id, *entries.people_of(entry))
    tx.refresh(entry)
    gone_to = _offered_since(tx, entry, before) if before["offer_id"] and entry.state == "waiting" else ""
    return {"state": entry.state, "had_offer": bool(before["offer_id"]), "gone_to": gone_to, "told": told}


def _offer_stands_again(tx: Transaction, actor: Actor, group_session: GroupSession, entry: WaitingListEntry, before: dict[str, Any]) -> None:
    offer = tx.get(Offer, before["offer_id"]) if before["offer_id"] else None
    if offer is None or offer.expires_at <= clock.now():
        return
    people = entries.people_of(entry)
    reasons = [before["seats"][patient_id]["reason"] for patient_id in people]
    if queries.free_places(tx, group_session) < len(people) and not all(reasons):
        return
    for patient_id, reason in zip(people, reasons, strict=True):
        take_seat(tx, actor, group_session, patient_id, state="offered", over_maximum_reason=reason)
    offer.state, offer.ended_at, entry.state = "open", None, "offered"
    tx.flush()
    for patient_id in people:
        plan_notice(tx, actor, group_session, patient_id, "offer", occasion=offer.id, facts={"until": offer.expires_at.isoformat()})


def _offered_since(tx: Transaction, entry: WaitingListEntry, before: dict[str, Any]) -> str:
    since = select(Patient).join(WaitingListEntry, WaitingListEntry.patient_id == Patient.id).join(Offer, Offer.entry_id == WaitingListEntry.id)
    since = since.where(Offer.session_id == entry.session_id, Offer.made_at >= as_it_was.read(before["left_at"]), Offer.state.in_(("open", "accepted")))
    patient = tx.scalars(since.order_by(Offer.made_at)).first()
    return patient.name if patient else ""


def _was_told_off(tx: Transaction, entry: WaitingListEntry, left_at: str) -> bool:
    told = select(Notice.id).where(Notice.session_id == entry.session_id, Notice.patient_id.in_(entries.people_of(entry)))
    return tx.scalar(told.where(Notice.kind == "seat_cancelled", Notice.state == "sent", Notice.due_at >= as_it_was.read(left_at)).limit(1)) is not None
