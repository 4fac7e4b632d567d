"""Whether a date goes ahead, and making one date of two."""

from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.models import GroupSession
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries import decisions as merging
from groupvisits.sessions.rules import census
from groupvisits.sessions.service.messages import plan_notice
from groupvisits.sessions.service.running import cancel_session
from groupvisits.sessions.service.seats import invite, take_seat
from groupvisits.sessions.service.versions import people_changed


def decide(tx: Transaction, actor: Actor, session_id: str, *, decision: str, reason: str = "") -> dict[str, str]:
    """It is on record whether the date goes ahead ("go", "no_go") and why; nobody is told and no place is freed by it.

    Refuses with ReasonForNoGo, and with WrongState once the date has begun or is cancelled. The same decision again changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:decide", place)
    group_session = place.group_session
    census.check_can_decide(group_session.state, decision, reason)
    because = reason.strip()[:200]
    if (group_session.decision, group_session.decided_because) != (decision, because):
        group_session.decision, group_session.decided_because, group_session.decided_at = decision, because, clock.now()
        tx.flush()
        audit.record(tx, actor, "sessions:decide", group_session, session_id=session_id, decision=decision, reason=because)
    return {"decision": decision}


def take_back_decision(tx: Transaction, actor: Actor, session_id: str) -> dict[str, str]:
    """Nothing is decided about the date any more. Twice is the same as once."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:decide", place)
    group_session = place.group_session
    census.check_can_decide(group_session.state, "go", "")
    if group_session.decision:
        group_session.decision, group_session.decided_because, group_session.decided_at = "", "", None
        tx.flush()
        audit.record(tx, actor, "sessions:take_back_decision", group_session, session_id=session_id)
    return {"decision": ""}


def merge_into(tx: Transaction, actor: Actor, session_id: str, *, target_id: str, seen: str, reason: str) -> dict[str, int]:
    """The people of this date are on the list of a sister date, and this date is cancelled with the reason: all of it or nothing.

    Who said yes keeps a place there, in the order of the answers, as far as there are places, and is asked whether that day suits them;
    the others are asked and hold no place. Each place there says which date it makes up for. Who knew of this date is told that it
    is cancelled, and everybody who moves is told of the other one. Refuses with MergeChanged when it is no longer what the preview showed (`seen`), with NoSister,
    NobodyToMove, MergeReasonNeeded. Merging a cancelled date is refused with WrongState.
    """
    place = _lock_both(tx, actor, session_id, target_id)
    POLICY.require(actor, "sessions:decide", place)
    rules.check_takes_seats(place.group_session.state)
    if not reason.strip():
        raise census.MergeReasonNeeded(field="reason")
    plan = merging.merge_plan(tx, actor, place, target_id)
    if plan.move.seen != seen:
        raise census.MergeChanged
    if not plan.move.keep and not plan.move.ask:
        raise census.NobodyToMove
    for patient_id in (*plan.move.keep, *plan.move.ask):
        _move(tx, actor, plan, patient_id, place.group_session)
    audit.record(
        tx, actor, "sessions:merge", place.group_session, session_id=session_id, into=target_id, kept=len(plan.move.keep), asked=len(plan.move.ask), reason=reason.strip()[:200],
    )  # fmt: skip
    people_changed(tx, target_id, *plan.move.keep, *plan.move.ask)
    cancel_session(tx, actor, session_id, reason=reason)
    return {"kept": len(plan.move.keep), "asked": len(plan.move.ask)}


def _move(tx: Transaction, actor: Actor, plan: merging.MergePlan, patient_id: str, given_up: GroupSession) -> None:
    if patient_id in plan.move.keep:
        seat = take_seat(tx, actor, plan.target, patient_id, companions=plan.companions.get(patient_id, 0))
        seat.asked_again = True  # a yes to one day is no yes to another: the place is kept until they say
        plan_notice(tx, actor, plan.target, patient_id, "update", facts={"was": given_up.starts_at.isoformat()})
    else:
        seat = invite(tx, actor, plan.target, patient_id)
        plan_notice(tx, actor, plan.target, patient_id, "invitation")
    seat.makes_up_for_id = given_up.id
    tx.flush()


def _lock_both(tx: Transaction, actor: Actor, session_id: str, target_id: str) -> queries.Place:
    """Both rows are held, in the order of their ids: two merges that meet do not wait for each other for ever."""
    for each in sorted({session_id, target_id}):
        if tx.get(GroupSession, each, with_for_update={"of": GroupSession}) is None:
            raise NotFound
    return queries.place_for(tx, actor, session_id, lock=True)
