"""Taking an offer back that staff made by hand: the undo of a click."""

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries, offers
from groupvisits.sessions.service.messages import plan_notice, was_told
from groupvisits.sessions.service.seats import seat_of
from groupvisits.sessions.service.versions import people_changed


def withdraw_offer(tx: Transaction, actor: Actor, session_id: str, entry_id: str) -> dict[str, str]:
    """An offer made by hand is taken back: the entry waits again where it stood, and a place that is free goes to the first who fits.

    Refuses with OfferedInTurn what was offered in turn: taken back, it would be offered to the same person at once. Whoever was told
    of the offer is told that it is over. Twice is once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    rules.check_is_not_over(place.group_session.state)
    entry = offers.own_entry(tx, session_id, entry_id)
    offer = entries.open_offer(tx, entry)
    if offer is None:
        if entry.state != "waiting":
            raise waiting.OfferOver
        return {"entry_id": entry_id}
    if offer.because != "by_hand":
        raise waiting.OfferedInTurn
    people = entries.people_of(entry)
    entries.end_offer(tx, actor, entry, "withdrawn")
    entry.state, entry.changed_at = "waiting", clock.now()
    for patient_id in people:
        seat = seat_of(tx, session_id, patient_id)
        if seat is not None and seat.state == "offered":
            seat.state, seat.seat_no, seat.over_maximum_reason, seat.changed_at = "waitlisted", None, "", clock.now()
        if was_told(tx, session_id, patient_id, "offer", offer.id):
            plan_notice(tx, actor, place.group_session, patient_id, "offer_over", occasion=offer.id)
    tx.flush()
    people_changed(tx, session_id, *people)
    offers.offer_next(tx, actor, session_id)
    return {"entry_id": entry_id}
