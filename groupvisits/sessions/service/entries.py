"""The rows of the waiting list and of offers, as other acts change them; for code in an open transaction that holds the session's row."""

from collections.abc import Sequence

from sqlalchemy import Select, or_, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Pair, Patient
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules.states import COMES
from groupvisits.sessions.service.messages import withdraw_notices

ON_THE_LIST = ("waiting", "offered")
ASKED = ("waitlisted", "offered")  # what the seats of those on the list say


def entry_of(tx: Transaction, session_id: str, patient_id: str) -> WaitingListEntry | None:
    """The entry with which this person waits or has an offer, alone or as the other of a pair."""
    return _first(tx, _entries_of(session_id, patient_id).where(WaitingListEntry.state.in_(ON_THE_LIST)))


def latest_entry_of(tx: Transaction, session_id: str, patient_id: str) -> WaitingListEntry | None:
    """The same, or the last one that is over."""
    return entry_of(tx, session_id, patient_id) or _first(tx, _entries_of(session_id, patient_id).order_by(WaitingListEntry.changed_at.desc()))


def _entries_of(session_id: str, patient_id: str) -> Select[WaitingListEntry]:
    theirs = or_(WaitingListEntry.patient_id == patient_id, WaitingListEntry.partner_id == patient_id)
    return select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, theirs)


def _first(tx: Transaction, query: Select[WaitingListEntry]) -> WaitingListEntry | None:
    """As the row is now: what was read before the date's row was held may be old."""
    return tx.scalars(query, execution_options={"populate_existing": True}).first()


def waiting_entries(tx: Transaction, session_id: str) -> list[WaitingListEntry]:
    query = select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, WaitingListEntry.state == "waiting")
    return list(tx.scalars(query, execution_options={"populate_existing": True}))


def offered_entries(tx: Transaction, session_id: str) -> list[WaitingListEntry]:
    query = select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, WaitingListEntry.state == "offered")
    return list(tx.scalars(query, execution_options={"populate_existing": True}))


def people_of(entry: WaitingListEntry) -> tuple[str, ...]:
    return (entry.patient_id, entry.partner_id) if entry.partner_id else (entry.patient_id,)


def partner_of(tx: Transaction, patient_id: str) -> str | None:
    """Whom this person comes together with."""
    pair = tx.scalar(select(Pair).where(or_(Pair.first_id == patient_id, Pair.second_id == patient_id)))
    return None if pair is None else pair.second_id if pair.first_id == patient_id else pair.first_id


def together(tx: Transaction, session_id: str, patient_id: str) -> tuple[str, ...]:
    """Who takes places in this date when this person does: they and whom they come with, unless that one has a place, said no or was taken off."""
    partner_id = partner_of(tx, patient_id)
    if partner_id is None or not tx.get_one(Patient, partner_id).is_active:
        return (patient_id,)
    state = tx.scalar(select(Seat.state).where(Seat.session_id == session_id, Seat.patient_id == partner_id))
    return (patient_id, partner_id) if state in (None, "invited", "waitlisted") else (patient_id,)


def enter(tx: Transaction, actor: Actor, group_session: GroupSession, people: Sequence[str]) -> WaitingListEntry:
    """These one or two people wait from now on, at the end of the list; who waits already keeps their moment."""
    patient_id, partner_id = people[0], people[1] if len(people) > 1 else None
    for each in people:
        if (entry := entry_of(tx, group_session.id, each)) is not None:
            return _of_both(entry, patient_id, partner_id)
    entry = tx.scalar(select(WaitingListEntry).where(WaitingListEntry.session_id == group_session.id, WaitingListEntry.patient_id == patient_id))
    if entry is None:
        entry = WaitingListEntry(id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, patient_id=patient_id)
        tx.add(entry)
    now = clock.now()
    entry.partner_id, entry.state, entry.since, entry.changed_at = partner_id, "waiting", now, now
    entry.ahead_at, entry.ahead_by, entry.ahead_reason = None, "", ""
    tx.flush()
    audit.record(tx, actor, "sessions:join_waiting_list", entry, session_id=group_session.id, patient=patient_id, together=bool(partner_id))
    return entry


def _of_both(entry: WaitingListEntry, patient_id: str, partner_id: str | None) -> WaitingListEntry:
    """Somebody waited alone and comes together with somebody now: the two go on with the moment of the one who waited."""
    if entry.state == "waiting" and entry.partner_id is None and partner_id is not None:
        entry.partner_id = partner_id if entry.patient_id == patient_id else patient_id
    return entry


def open_offer(tx: Transaction, entry: WaitingListEntry) -> Offer | None:
    return tx.scalar(select(Offer).where(Offer.entry_id == entry.id, Offer.state == "open"))


def end_offer(tx: Transaction, actor: Actor, entry: WaitingListEntry, became: str) -> Offer | None:
    """The entry's open offer is over: accepted, declined, lapsed or withdrawn. A message about it that waits still is not sent."""
    offer = open_offer(tx, entry)
    if offer is None:
        return None
    offer.state, offer.ended_at = became, clock.now()
    for patient_id in people_of(entry):
        withdraw_notices(tx, entry.session_id, patient_id, ("offer",))
    tx.flush()
    audit.record(tx, actor, f"sessions:offer_{became}", offer, session_id=entry.session_id, patient=entry.patient_id, places=offer.places)
    return offer


def end_entry(tx: Transaction, actor: Actor, entry: WaitingListEntry, state: str, *, offer: str = "withdrawn") -> None:
    """The entry is over: seated or left. Its open offer, if any, becomes `offer`."""
    end_offer(tx, actor, entry, offer)
    entry.state, entry.changed_at = state, clock.now()
    tx.flush()


def follow_seat(tx: Transaction, actor: Actor, session_id: str, patient_id: str) -> None:
    """A seat of somebody on the list has changed by whatever act: who does not wait any more is off the list, and the other of a pair waits on alone."""
    entry = entry_of(tx, session_id, patient_id)
    if entry is None:
        return
    found = tx.execute(select(Seat.patient_id, Seat.state).where(Seat.session_id == session_id, Seat.patient_id.in_(people_of(entry))))
    states = {row.patient_id: row.state for row in found}
    still = [each for each in people_of(entry) if states.get(each) in ASKED]
    if not still and states.get(patient_id) in COMES:
        end_entry(tx, actor, entry, "seated", offer="accepted")
    elif not still:
        end_entry(tx, actor, entry, "left", offer="withdrawn")
    elif len(still) < len(people_of(entry)):
        _go_on_alone(tx, actor, entry, still[0])


def _go_on_alone(tx: Transaction, actor: Actor, entry: WaitingListEntry, patient_id: str) -> None:
    """One of two has a place or is off: the other keeps their moment and, if there was one, an offer of one place."""
    offer, since = open_offer(tx, entry), (entry.since, entry.ahead_at, entry.ahead_by, entry.ahead_reason, entry.state)
    if entry.patient_id != patient_id:
        entry.state, entry.changed_at = "left", clock.now()
        tx.flush()
        entry = enter(tx, actor, tx.get_one(GroupSession, entry.session_id), (patient_id,))
        entry.since, entry.ahead_at, entry.ahead_by, entry.ahead_reason, entry.state = since
    entry.partner_id = None
    if offer is not None:
        offer.entry_id, offer.places = entry.id, 1
    tx.flush()
