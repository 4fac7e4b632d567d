"""The waiting list of a date: getting on it, off it, and ahead on it with a reason; and asking for a place in a sister group instead."""

from typing import Any

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
from groupvisits.sessions.service import answers, as_it_was, entries, offers
from groupvisits.sessions.service.seats import free_seat, invite, lock_sessions, seat_of
from groupvisits.sessions.service.versions import people_changed


def join_waiting_list(tx: Transaction, actor: Actor, session_id: str, *, patient_id: str = "") -> dict[str, str]:
    """The person waits for a place on this date, together with whom they come with; is a place free for them, it is offered at once.

    A patient asks for themself, on dates of their own programme; staff enter anybody of the clinic. Refuses who has a place, and a
    date that has begun. Twice is the same as once.
    """
    group_session, patient_id = _asked_date(tx, actor, session_id, patient_id)
    waiting.check_takes_answers(group_session.state, group_session.starts_at, clock.now())
    offers.lapse_due(tx, session_id, clock.now())  # else who asks again before the next tick would still count as offered
    seat = seat_of(tx, session_id, patient_id)
    if seat is not None and seat.state in HOLDING and seat.state != "offered":
        raise waiting.HasPlace
    state = seat.state if seat is not None and seat.state == "offered" else offers.wait(tx, actor, group_session, patient_id)
    people_changed(tx, session_id, patient_id)
    return {"state": state}


def leave_waiting_list(tx: Transaction, actor: Actor, session_id: str, *, entry_id: str = "") -> dict[str, Any]:
    """The person does not wait any more, and is taken for a no, as is whom they come with; an offer they had goes to the next. Twice is once.

    "before" is what an undo needs.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:answer_own" if actor.kind == "patient" else "sessions:seat", place)
    entry = entries.entry_of(tx, session_id, actor.id) if actor.kind == "patient" else offers.own_entry(tx, session_id, entry_id)
    if entry is None or entry.state not in entries.ON_THE_LIST:
        return {"state": "left"}
    people, before = entries.people_of(entry), as_it_was.before_leaving(tx, entry)
    entries.end_entry(tx, actor, entry, "left", offer="declined")
    audit.record(tx, actor, "sessions:leave_waiting_list", entry, session_id=session_id, patient=entry.patient_id)
    for patient_id in people:
        seat = seat_of(tx, session_id, patient_id)
        if seat is not None and seat.state in entries.ASKED:
            free_seat(tx, actor, seat, "declined")
            seat.answered_at, seat.answered_by = clock.now(), "patient" if actor.kind == "patient" else "staff"
            offers.tell_the_other(tx, actor, place.group_session, patient_id)
    people_changed(tx, session_id, *people)
    return {"state": "left", "before": before | as_it_was.after_leaving(tx, entry)}


def put_ahead(tx: Transaction, actor: Actor, session_id: str, entry_id: str, *, before_id: str, reason: str) -> dict[str, Any]:
    """This entry stands just before that one; who did it and why is shown with it. Refuses without a reason and who has an offer already.

    "before" is what an undo needs.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:seat", place)
    entry, before = offers.own_entry(tx, session_id, entry_id), offers.own_entry(tx, session_id, before_id)
    if entry.state != "waiting" or before.state != "waiting":
        raise waiting.NotWaiting
    if not reason.strip():
        raise waiting.AheadReasonNeeded(field="reason")
    found = {each.id: each for each in entries.waiting_entries(tx, session_id)}
    line = queries.as_waiting(found.values())
    order = [each.id for each in waiting.in_order(line)]
    if order.index(before.id) >= order.index(entry.id):
        raise waiting.AheadOfWhom(field="before_id")
    moved = waiting.moments_ahead(line, entry.id, before.id)
    as_before = as_it_was.order_of(found, moved)
    for each_id, moment in moved.items():
        found[each_id].ahead_at = moment
    entry.ahead_by, entry.ahead_reason, entry.changed_at = actor.name[:120], reason.strip()[:200], clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:put_ahead", entry, session_id=session_id, patient=entry.patient_id, before=before.patient_id, reason=entry.ahead_reason)
    offers.offer_next(tx, actor, session_id)
    return {"entry_id": entry_id, "before": as_before}


def ask_make_up(tx: Transaction, actor: Actor, session_id: str, *, instead_of: str, patient_id: str = "", over_maximum_reason: str = "") -> dict[str, str]:
    """The person has a place, or waits for one, on this date of a sister group instead of their own, as does whom they come together with.

    With the place their own date reads "skips"; until then it stays as it is. `over_maximum_reason`: staff give a place beyond the
    maximum or ahead of others. Refuses who has a place there already, dates of another programme, and dates that have begun.
    """
    lock_sessions(tx, session_id, instead_of)
    group_session, patient_id = _asked_date(tx, actor, session_id, patient_id)
    missed, own = tx.get(GroupSession, instead_of), seat_of(tx, instead_of, patient_id)
    if missed is None or missed.clinic_id != group_session.clinic_id or own is None or own.state == "cancelled":
        raise NotFound
    if missed.id == session_id or missed.group.programme_id != group_session.group.programme_id:
        raise waiting.NotYourDate
    waiting.check_takes_answers(group_session.state, group_session.starts_at, clock.now())
    if (there := seat_of(tx, session_id, patient_id)) is not None and there.state in HOLDING:
        raise waiting.HasPlace
    for each in entries.together(tx, session_id, patient_id):
        seat = invite(tx, actor, group_session, each)
        seat.makes_up_for_id = instead_of if seat_of(tx, instead_of, each) is not None else None
    tx.flush()
    seat = tx.get_one(Seat, seat_of(tx, session_id, patient_id).id)  # type: ignore[union-attr]
    by = "patient" if actor.kind == "patient" else "staff"
    return {"state": answers.note_answer(tx, actor, group_session, seat, "yes", by=by, over_maximum_reason=over_maximum_reason)}


def _asked_date(tx: Transaction, actor: Actor, session_id: str, patient_id: str) -> tuple[GroupSession, str]:
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
