"""Whether a date goes ahead, whether its group meets, and making one date of two."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries import decisions as merging
from groupvisits.sessions.rules import census, plans
from groupvisits.sessions.service import entries, team_mail
from groupvisits.sessions.service.messages import plan_notice, was_told, withdraw_notices
from groupvisits.sessions.service.running import cancel_session
from groupvisits.sessions.service.seats import free_seat, invite, take_seat
from groupvisits.sessions.service.versions import next_version, people_changed


def decide(tx: Transaction, actor: Actor, session_id: str, *, decision: str, reason: str = "") -> dict[str, str]:
    """It is on record whether the date goes ahead ("go", "no_go") and why; nobody is told and no place is freed by it.

    Refuses with ReasonForNoGo, with WrongState once the date has begun or is cancelled, and with PeopleWereTold where there are
    one-on-ones only. The same decision again changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:decide", place)
    group_session = place.group_session
    census.check_can_decide(group_session.state, decision, reason, before=group_session.decision)
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
    census.check_can_decide(group_session.state, "go", "", before=group_session.decision)
    if group_session.decision:
        group_session.decision, group_session.decided_because, group_session.decided_at = "", "", None
        tx.flush()
        audit.record(tx, actor, "sessions:take_back_decision", group_session, session_id=session_id)
    return {"decision": ""}


def keep_one_on_ones_only(tx: Transaction, actor: Actor, group_session: GroupSession, *, reason: str, times: Mapping[str, tuple[datetime, str]]) -> None:
    """The group does not meet on this date; `times` says when and where each patient is seen one-on-one, and each is told their own.

    Whoever has not said yes holds nothing any more: invitations, offers and the waiting list are over, and who knew of the date is
    told that their place is cancelled. The team gets an e-mail. For code in an open transaction that holds the session's row and has checked permission.
    """
    now = clock.now()
    group_session.decision, group_session.decided_because, group_session.decided_at = rules.ONE_ON_ONES, reason.strip()[:200], now
    tx.flush()
    for entry in [*entries.waiting_entries(tx, group_session.id), *entries.offered_entries(tx, group_session.id)]:
        entries.end_entry(tx, actor, entry, "left")
    seats = tx.scalars(select(Seat).where(Seat.session_id == group_session.id, Seat.state.in_(census.NOT_SEEN)).order_by(Seat.id)).all()
    for seat in seats:
        waited = {"waited": True} if seat.state == "waitlisted" else None  # they asked for a place, so they know of the date
        free_seat(tx, actor, seat, "cancelled")
        seat.changed_at = now  # the moment of the decision: so they are known when the group meets after all
        withdraw_notices(tx, group_session.id, seat.patient_id)
        plan_notice(tx, actor, group_session, seat.patient_id, "seat_cancelled", occasion=now.isoformat(), facts=waited)
    for patient_id, (at, place) in times.items():
        withdraw_notices(tx, group_session.id, patient_id)
        plan_notice(tx, actor, group_session, patient_id, "one_on_one", occasion=now.isoformat(), facts={"at": at.isoformat(), "place": place})
    team_mail.one_on_ones_only(tx, actor, group_session)
    tx.flush()
    audit.record(
        tx, actor, "sessions:only_one_on_ones", group_session, session_id=group_session.id, seen=len(times), withdrawn=len(seats),
        reason=group_session.decided_because,
    )  # fmt: skip
    tx.announce(SessionChanged(group_session.id, next_version(tx, group_session.id), everything=True))


def meet_after_all(tx: Transaction, actor: Actor, session_id: str) -> dict[str, int]:
    """The group meets on this date after all: whoever said yes still has their place, the others are invited again, and everybody
    who was told otherwise is told.

    The waiting list does not come back: who waited is invited. The team gets an e-mail. Refuses once the visit is open or has begun. Twice is the same as once.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:decide", place)
    group_session = place.group_session
    if not group_session.only_one_on_ones:
        return {"told": 0}
    census.check_can_meet_after_all(group_session.state, group_session.starts_at, clock.now())
    decided_at = group_session.decided_at
    assert decided_at is not None
    group_session.decision, group_session.decided_because, group_session.decided_at = "", "", None
    tx.flush()
    seats = tx.scalars(select(Seat).where(Seat.session_id == session_id).order_by(Seat.id)).all()
    told = sum(_told_of_group(tx, actor, group_session, seat, decided_at) for seat in seats)
    team_mail.meets_after_all(tx, actor, group_session)
    audit.record(tx, actor, "sessions:meet_after_all", group_session, session_id=session_id, told=told)
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), everything=True))
    return {"told": told}


def _told_of_group(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat, decided_at: datetime) -> bool:
    """Whether this person is told; what they have not been told yet is only withdrawn."""
    occasion, who = decided_at.isoformat(), seat.patient_id
    if seat.state == "confirmed":
        withdraw_notices(tx, group_session.id, who, ("one_on_one",))
        if not was_told(tx, group_session.id, who, "one_on_one", occasion):
            return False
        plan_notice(tx, actor, group_session, who, "group_meets", occasion=occasion)
        return True
    if seat.state == "cancelled" and seat.changed_at == decided_at:
        invite(tx, actor, group_session, who)
        withdraw_notices(tx, group_session.id, who, ("seat_cancelled",))
        knows = was_told(tx, group_session.id, who, "seat_cancelled", occasion)
        due_at = plans.invitation_due(group_session.starts_at, group_session.group.invite_days, clock.now())
        plan_notice(tx, actor, group_session, who, "invitation", occasion=occasion if knows else "", due_at=due_at)
        return knows
    return False


def merge_into(tx: Transaction, actor: Actor, session_id: str, *, target_id: str, seen: str, reason: str) -> dict[str, int]:
    """The people of this date are on the list of a sister date, and this date is cancelled with the reason: all of it or nothing.

    Who said yes keeps a place there, in the order of the answers, as far as there are places, and is asked whether that day suits them;
    the others are asked and hold no place. Each place there says which date it makes up for. Who knew of this date is told that it
    is cancelled, and everybody who moves is told of the other one. Refuses with MergeChanged when it is no longer what the preview showed (`seen`), with NoSister,
    NoPlaceThere where no place is free for newcomers, NobodyToMove, MergeReasonNeeded. Merging a cancelled date is refused with WrongState.
    """
    place = _lock_both(tx, actor, session_id, target_id)
    POLICY.require(actor, "sessions:decide", place)
    rules.check_is_not_over(place.group_session.state)
    if not reason.strip():
        raise census.MergeReasonNeeded(field="reason")
    plan = merging.merge_plan(tx, actor, place, target_id)
    if plan.move.seen != seen:
        raise census.MergeChanged
    if not plan.free:
        raise census.NoPlaceThere
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
