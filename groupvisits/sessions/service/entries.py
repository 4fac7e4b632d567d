"""The rows of the waiting list and of offers, as other acts change them; for code in an open transaction that holds the session's row."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Pair
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules.waiting import Waiting
from groupvisits.sessions.service.messages import withdraw_notices

ON_THE_LIST = ("waiting", "offered")
YES = ("confirmed", "arrived", "attended", "left_early")


def entry_of(tx: Transaction, session_id: str, patient_id: str) -> WaitingListEntry | None:
    """The entry with which this person waits or has an offer, alone or as the other of a pair."""
    theirs = or_(WaitingListEntry.patient_id == patient_id, WaitingListEntry.partner_id == patient_id)
    return tx.scalars(select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, theirs, WaitingListEntry.state.in_(ON_THE_LIST))).first()


def waiting_entries(tx: Transaction, session_id: str) -> list[WaitingListEntry]:
    query = select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, WaitingListEntry.state == "waiting")
    return list(tx.scalars(query, execution_options={"populate_existing": True}))


def as_waiting(entries: Sequence[WaitingListEntry]) -> list[Waiting]:
    return [Waiting(entry.id, 2 if entry.partner_id else 1, entry.ahead_at or entry.since) for entry in entries]


def people_of(entry: WaitingListEntry) -> tuple[str, ...]:
    return (entry.patient_id, entry.partner_id) if entry.partner_id else (entry.patient_id,)


def partner_of(tx: Transaction, patient_id: str) -> str | None:
    """Whom this person comes together with."""
    pair = tx.scalar(select(Pair).where(or_(Pair.first_id == patient_id, Pair.second_id == patient_id)))
    return None if pair is None else pair.second_id if pair.first_id == patient_id else pair.first_id


def enter(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, partner_id: str | None) -> WaitingListEntry:
    """The person waits from now on, at the end of the list; who waits already keeps their moment."""
    entry = entry_of(tx, group_session.id, patient_id)
    if entry is not None:
        return entry
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


def end_entry(tx: Transaction, actor: Actor, entry: WaitingListEntry, state: str) -> None:
    """The entry is over: seated or left. Its open offer, if any, ends with it."""
    end_offer(tx, actor, entry, "accepted" if state == "seated" else "withdrawn")
    entry.state, entry.changed_at = state, clock.now()
    tx.flush()


def follow_seat(tx: Transaction, actor: Actor, session_id: str, patient_id: str) -> None:
    """A seat of somebody on the list has changed by whatever act: their entry and offer end once none of its seats is left open."""
    entry = entry_of(tx, session_id, patient_id)
    if entry is None:
        return
    states = set(tx.scalars(select(Seat.state).where(Seat.session_id == session_id, Seat.patient_id.in_(people_of(entry)))))
    if states & {"waitlisted", "offered"}:
        return
    if states & set(YES):
        end_entry(tx, actor, entry, "seated")
    else:
        end_offer(tx, actor, entry, "declined")
        end_entry(tx, actor, entry, "left")
