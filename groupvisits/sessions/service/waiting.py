"""The waiting list of a date: getting on it, off it, and ahead on it with a reason."""

from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.sessions import queries
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import entries, offers
from groupvisits.sessions.service.seats import free_seat, invite, seat_of
from groupvisits.sessions.service.versions import people_changed


def join_waiting_list(tx: Transaction, actor: Actor, session_id: str, *, patient_id: str = "") -> dict[str, str]:
    """The person waits for a place on this date, together with whom they come with; is a place free for them, it is offered at once.

    A patient asks for themself, on dates of their own programme; staff enter anybody of the clinic. Refuses who has a place, and a
    date that has begun. Twice is the same as once.
    """
    group_session, patient_id = asked_date(tx, actor, session_id, patient_id)
    waiting.check_takes_answers(group_session.state, group_session.starts_at, clock.now())
    seat = seat_of(tx, session_id, patient_id)
    if seat is not None and seat.state in HOLDING and seat.state != "offered":
        raise waiting.HasPlace
    state = wait(tx, actor, group_session, patient_id)
    people_changed(tx, session_id, patient_id)
    return {"state": state}


def wait(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str) -> str:
    """The person is on the list and the list has moved on as far as it can; returns what their seat says then. For code in an open transaction."""
    partner_id = entries.partner_of(tx, patient_id)
    other = seat_of(tx, group_session.id, partner_id) if partner_id else None
    if other is not None and other.state in HOLDING:
        partner_id = None  # the other has a place: only one more is needed
    entry = entries.enter(tx, actor, group_session, patient_id, partner_id)
    for each in entries.people_of(entry):
        seat = invite(tx, actor, group_session, each)
        if seat.state not in HOLDING:
            seat.state, seat.changed_at = "waitlisted", clock.now()
    tx.flush()
    offers.offer_next(tx, actor, group_session.id)
    found = seat_of(tx, group_session.id, patient_id)
    return found.state if found is not None else ""


def leave_waiting_list(tx: Transaction, actor: Actor, session_id: str, *, entry_id: str = "") -> dict[str, str]:
    """The person does not wait any more, and is taken for a no; an offer they had goes to the next. Twice is the same as once."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:answer_own" if actor.kind == "patient" else "sessions:seat", place)
    entry = entries.entry_of(tx, session_id, actor.id) if actor.kind == "patient" else offers.own_entry(tx, session_id, entry_id)
    if entry is None or entry.state not in entries.ON_THE_LIST:
        return {"state": "left"}
    people = entries.people_of(entry)
    entries.end_entry(tx, actor, entry, "left")
    audit.record(tx, actor, "sessions:leave_waiting_list", entry, session_id=session_id, patient=entry.patient_id)
    for patient_id in people:
        seat = seat_of(tx, session_id, patient_id)
        if seat is not None and seat.state in ("waitlisted", "offered"):
            free_seat(tx, actor, seat, "declined")
    people_changed(tx, session_id, *people)
    return {"state": "left"}


def put_ahead(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, before_id: str, reason: str) -> dict[str, str]:
    """This entry stands just before that one; who did it and why is shown with it. Refuses without a reason and who has an offer already."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    entry, before = offers.own_entry(tx, session_id, entry_id), offers.own_entry(tx, session_id, before_id)
    if entry.state != "waiting" or before.state != "waiting":
        raise waiting.NotWaiting
    if not reason.strip():
        raise waiting.AheadReasonNeeded(field="reason")
    order = [each.id for each in waiting.in_order(entries.as_waiting(entries.waiting_entries(tx, session_id)))]
    if order.index(before.id) >= order.index(entry.id):
        raise waiting.AheadOfWhom(field="before_id")
    entry.ahead_at = waiting.just_before(before.ahead_at or before.since)
    entry.ahead_by, entry.ahead_reason, entry.changed_at = actor.name[:120], reason.strip()[:200], clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:put_ahead", entry, session_id=session_id, patient=entry.patient_id, reason=entry.ahead_reason)
    return {"entry_id": entry_id}


def ask_make_up(tx: Transaction, actor: Actor, session_id: str, *, instead_of: str, patient_id: str = "") -> dict[str, str]:
    """The person has a place, or waits for one, on this date of a sister group instead of their own; their own date reads "skips".

    Refuses dates of another programme, and like taking a place refuses.
    """
    group_session, patient_id = asked_date(tx, actor, session_id, patient_id)
    waiting.check_takes_answers(group_session.state, group_session.starts_at, clock.now())
    missed = tx.get(GroupSession, instead_of)
    if missed is None or missed.clinic_id != group_session.clinic_id:
        raise NotFound
    own = seat_of(tx, instead_of, patient_id)
    if missed.id == session_id or missed.group.programme_id != group_session.group.programme_id or own is None:
        raise waiting.NotYourDate
    state = wait(tx, actor, group_session, patient_id)
    if state == "offered":
        offers.take_offered(tx, actor, group_session, entries.enter(tx, actor, group_session, patient_id, None))
        state = "confirmed"
    seat = tx.get_one(Seat, seat_of(tx, session_id, patient_id).id)  # type: ignore[union-attr]
    seat.makes_up_for_id = instead_of
    if state == "confirmed" and missed.state == "planned" and own.state in ("invited", "confirmed", "waitlisted", "offered"):
        free_seat(tx, actor, own, "declined")
        own.skips, own.answered_at, own.answered_by = True, clock.now(), "patient" if actor.kind == "patient" else "staff"
        people_changed(tx, instead_of, patient_id)
    tx.flush()
    people_changed(tx, session_id, patient_id)
    return {"state": state}


def asked_date(tx: Transaction, actor: Actor, session_id: str, patient_id: str) -> tuple[GroupSession, str]:
    """The date a person asks for and who it is for: staff of the clinic for anybody there, a patient for themself in their programme's groups."""
    if actor.kind == "patient":
        POLICY.require(actor, "sessions:ask_for_seat")
        return queries.date_of_programme(tx, actor, session_id, lock=True), actor.id
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != place.clinic_id or not patient.is_active:
        raise NotFound
    return place.group_session, patient_id
