"""The verbs of one-on-ones: plan, call, answer, tell, start, finish, call the next, mark as not come.

Each returns {"version", "slot_id", "state"}. An act that changes nothing gives the version that was.
"""

from typing import Any

from sqlalchemy import select

from groupvisits.agenda.service import answer_one_on_one
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import CheckInUndone, SeatArrived, SeatFreed, SeatLeftEarly, SessionCancelled, SessionChanged, SessionClosed, SessionOpened
from groupvisits.sessions.models import Seat
from groupvisits.sessions.queries import Place, place_for, seats_of
from groupvisits.sessions.rules import check_is_not_over, check_is_open
from groupvisits.sessions.service import next_version
from groupvisits.slots import queries, rules
from groupvisits.slots.models import Slot
from groupvisits.slots.permissions import POLICY
from groupvisits.slots.queries import SlotPlace, slot_place_for

EXPECTED = queries.EXPECTED


def plan_slots(tx: Transaction, actor: Actor, session_id: str) -> dict[str, Any]:
    """Everybody who holds a seat has a one-on-one with one of the session's residents. Twice is the same as once.

    Refuses with NobodyToSee when no resident is on the team, with WrongState when the visit is over.
    """
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "slots:plan", place)
    check_is_not_over(place.group_session.state)
    if not queries.providers_of(tx, place):
        raise rules.NobodyToSee
    planned = plan_in(tx, actor, place)
    return {"version": place.group_session.version, "planned": planned}


def call(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str) -> dict[str, Any]:
    """The patient's phone says: please come now. A call of the same resident that nobody answered is taken back.

    Refuses while somebody is with the resident or on the way, and for a one-on-one that has begun or is finished.
    """
    subject = _found(tx, actor, "slots:call", session_id, slot_id)
    changed = _call(tx, actor, subject)
    return _done(tx, actor, "slots:call", subject, changed)


def call_next(tx: Transaction, actor: Actor, session_id: str, *, finish_slot_id: str = "", slot_id: str) -> dict[str, Any]:
    """The running one-on-one is finished and the next patient called, in one act. Refuses like finish and call."""
    subject = _found(tx, actor, "slots:call_next", session_id, slot_id)
    changed: list[Slot] = []
    if finish_slot_id:
        running = _found(tx, actor, "slots:finish", session_id, finish_slot_id)
        changed += _finish(running.slot)
    changed += _call(tx, actor, subject)
    return _done(tx, actor, "slots:call_next", subject, changed, finished=finish_slot_id)


def answer(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str, answer: str) -> dict[str, Any]:
    """The resident knows that the patient is coming, or the team that they need somebody. Refuses when the call has ended."""
    subject = _found(tx, actor, "slots:answer", session_id, slot_id)
    slot = subject.slot
    state = rules.answered(slot.state, answer)
    changed = []
    if state in rules.CALLED and (slot.state, slot.answer) != (state, answer):
        slot.state, slot.answer, slot.answered_at = state, answer, clock.now()
        changed = [slot]
    return _done(tx, actor, "slots:answer", subject, changed, answer=answer)


def tell(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str) -> dict[str, Any]:
    """The facilitator has told the patient in person that they are called. Refuses when the call has ended."""
    subject = _found(tx, actor, "slots:tell", session_id, slot_id)
    slot = subject.slot
    rules.check_can_tell(slot.state)
    changed = []
    if slot.state == "called" and slot.answer != "told":
        slot.answer, slot.answered_at = "told", clock.now()
        changed = [slot]
    return _done(tx, actor, "slots:tell", subject, changed)


def start(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str) -> dict[str, Any]:
    """The one-on-one runs and its time counts, called or not. Refuses while another runs or somebody else is on the way."""
    subject = _found(tx, actor, "slots:start", session_id, slot_id)
    slot = subject.slot
    rules.check_can_start(slot.state)
    changed = []
    if slot.state != "started":
        changed = _put_back(tx, actor, slot)
        slot.state, slot.started_at = "started", clock.now()
        changed.append(slot)
    return _done(tx, actor, "slots:start", subject, changed)


def finish(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str) -> dict[str, Any]:
    """The one-on-one has ended and its time stands. Refuses one that was never started."""
    subject = _found(tx, actor, "slots:finish", session_id, slot_id)
    return _done(tx, actor, "slots:finish", subject, _finish(subject.slot))


def missed(tx: Transaction, actor: Actor, session_id: str, *, slot_id: str) -> dict[str, Any]:
    """The patient did not come. They may be called again. Refuses once it has begun."""
    subject = _found(tx, actor, "slots:missed", session_id, slot_id)
    slot = subject.slot
    rules.check_can_miss(slot.state)
    changed = []
    if slot.state != "missed":
        slot.state = "missed"
        changed = [slot]
    return _done(tx, actor, "slots:missed", subject, changed)


def on_session_opened(tx: Transaction, event: SessionOpened | SeatArrived) -> None:
    """Whoever holds a seat when the room opens, or comes later, has a one-on-one."""
    system = actors.system()
    place = place_for(tx, system, event.session_id)
    if place.group_session.state in ("planned", "open") and queries.providers_of(tx, place):
        plan_in(tx, system, place)


def on_seat_left(tx: Transaction, event: SeatFreed | SeatLeftEarly | CheckInUndone) -> None:
    """Nobody waits for somebody who is not here: their call is taken back, and who does not come at all has no one-on-one.

    What has begun goes on.
    """
    slot, seat = queries.slot_of_seat(tx, event.seat_id), tx.get_one(Seat, event.seat_id)
    if slot is None:
        return
    state = rules.without_patient(slot.state, is_expected=seat.state in EXPECTED)
    if slot.state == state:
        return
    slot.state, slot.called_at, slot.answer, slot.answered_at = state, None, "", None
    tx.flush()
    audit.record(tx, actors.system(), "slots:follow_seat", slot, session_id=event.session_id, state=state)
    _announce(tx, event.session_id, [slot])


def on_session_ended(tx: Transaction, event: SessionClosed | SessionCancelled) -> None:
    """What runs is finished with the visit, what has not begun was missed. (Closing and cancelling tell every screen themselves.)

    Refuses to close with UnseenUnexplained until there is a reason for everybody who came and was not seen.
    """
    system = actors.system()
    place = place_for(tx, system, event.session_id)
    slots, reasons = queries.slots_of(tx, place), dict(event.unseen) if isinstance(event, SessionClosed) else {}
    if isinstance(event, SessionClosed):
        came = queries.seats_of_who_came(tx, event.session_id)
        rules.check_unseen([slot.seat_id for slot in slots if slot.seat_id in came and rules.at_close(slot.state) == "missed"], reasons)
    ended = {"finished": 0, "missed": 0}
    for slot in slots:
        if rules.at_close(slot.state) == "missed":
            slot.unseen_because = reasons.get(slot.seat_id, "").strip()[:200]
        state = rules.at_close(slot.state)
        if slot.state == state:
            continue
        slot.state = state
        if state == "finished":
            slot.finished_at = place.group_session.closed_at or clock.now()
            answer_one_on_one(tx, event.session_id, slot.patient_id, place.group_session.version)
        ended[state] += 1
    tx.flush()
    audit.record(tx, system, "slots:end_with_session", place.group_session, session_id=event.session_id, **ended)


def _found(tx: Transaction, actor: Actor, action: str, session_id: str, slot_id: str) -> SlotPlace:
    subject = slot_place_for(tx, actor, slot_id, session_id=session_id, lock=True)
    POLICY.require(actor, action, subject)
    check_is_open(subject.place.group_session.state)
    return subject


def _call(tx: Transaction, actor: Actor, subject: SlotPlace) -> list[Slot]:
    slot = subject.slot
    rules.check_can_call(slot.state)
    if slot.state in rules.CALLED:
        return []
    changed = _put_back(tx, actor, slot)
    slot.state, slot.called_at, slot.answer, slot.answered_at = "called", clock.now(), "", None
    return [*changed, slot]


def _put_back(tx: Transaction, actor: Actor, slot: Slot) -> list[Slot]:
    """Nobody else is with the resident; calls nobody answered are planned again."""
    tx.flush()
    others = tx.scalars(select(Slot).where(Slot.session_id == slot.session_id, Slot.provider_id == actor.id, Slot.id != slot.id)).all()
    unanswered = rules.check_is_free({other.id: other.state for other in others})
    back = [other for other in others if other.id in unanswered]
    for other in back:
        other.state, other.called_at, other.answer, other.answered_at = "planned", None, "", None
    return back


def _finish(slot: Slot) -> list[Slot]:
    rules.check_can_finish(slot.state)
    if slot.state == "finished":
        return []
    slot.state, slot.finished_at = "finished", clock.now()
    return [slot]


def _done(tx: Transaction, actor: Actor, action: str, subject: SlotPlace, changed: list[Slot], **details: Any) -> dict[str, Any]:
    """Record and announce what changed; nothing, if nothing did."""
    slot, version = subject.slot, subject.place.group_session.version
    if changed:
        tx.flush()
        audit.record(tx, actor, action, slot, session_id=slot.session_id, state=slot.state, **details)
        version = _announce(tx, slot.session_id, changed)
    return {"version": version, "slot_id": slot.id, "state": slot.state}


def _announce(tx: Transaction, session_id: str, changed: list[Slot]) -> int:
    """One new version: those who wait for the same residents learn that fewer people are before them; what a finished one-on-one
    was asked for has been answered there."""
    version = next_version(tx, session_id)
    providers = {slot.provider_id for slot in changed}
    waiting = tx.scalars(
        select(Slot.patient_id).where(Slot.session_id == session_id, Slot.provider_id.in_(providers), Slot.state == "planned").order_by(Slot.position)
    )
    patients = tuple(dict.fromkeys([slot.patient_id for slot in changed] + list(waiting)))
    topics = [topic for slot in changed if slot.state == "finished" for topic in answer_one_on_one(tx, session_id, slot.patient_id, version)]
    tx.announce(SessionChanged(session_id, version, topics=tuple(topics), slots=tuple(slot.id for slot in changed), patients=patients))
    return version


def plan_in(tx: Transaction, actor: Actor, place: Place) -> int:
    """Every seat that should have a slot has one; returns how many were made or moved. For code in an open transaction."""
    group_session = place.group_session
    group = group_session.group
    providers = {provider.id: provider for provider in queries.providers_of(tx, place)}
    seats = {seat.id: seat for seat in seats_of(tx, place) if seat.state in EXPECTED}
    existing = {slot.seat_id: slot for slot in queries.slots_of(tx, place)}
    changed = [slot for seat_id, slot in existing.items() if _follow_seat(slot, seats.get(seat_id))]
    for assignment in queries.assignments(tx, place, list(providers), list(seats), list(existing.values()), clock.now()):
        slot = existing.get(assignment.seat_id)
        if slot is None:
            seat = seats[assignment.seat_id]
            slot = Slot(
                id=ids.new_id(),
                session_id=group_session.id,
                seat_id=seat.id,
                patient_id=seat.patient_id,
                minutes=group.slot_minutes,
                state="planned",
                answer="",
            )
        slot.provider_id, slot.position, slot.planned_at = assignment.provider_id, assignment.position, assignment.planned_at
        slot.place = providers[assignment.provider_id].place
        tx.add(slot)
        changed.append(slot)
    if changed:
        tx.flush()
        audit.record(tx, actor, "slots:plan", group_session, session_id=group_session.id, slots=len(changed))
        _announce(tx, group_session.id, changed)
    return len(changed)


def _follow_seat(slot: Slot, seat: Seat | None) -> bool:
    """A slot whose patient said no is not waited for; one whose patient comes after all is planned again."""
    if seat is None and slot.state in ("planned", *rules.CALLED):
        slot.state, slot.called_at, slot.answer, slot.answered_at = "missed", None, "", None
        return True
    if seat is not None and slot.state == "missed" and slot.called_at is None:
        slot.state = "planned"
        return True
    return False
