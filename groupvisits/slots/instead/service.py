"""Turning a date of a group into one-on-ones. (That the group meets after all is a verb of sessions: it changes no one-on-one.)"""

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.rules import census
from groupvisits.sessions.service import keep_one_on_ones_only
from groupvisits.slots import queries, rules
from groupvisits.slots.instead.queries import instead_for
from groupvisits.slots.service import plan_in


def turn_into_one_on_ones(tx: Transaction, actor: Actor, session_id: str, *, seen: str, reason: str) -> dict[str, int]:
    """The group does not meet on this date; everybody who said yes has a one-on-one and is told when, the others are off the list.

    Refuses with OneOnOnesChanged when it is no longer what the preview showed (`seen`), with NobodyToSeeAlone, NobodyToSee (no
    resident on the team), OneOnOnesReasonNeeded, and with WrongState once the date has begun or is cancelled. Twice is the same as once.
    """
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:decide", place)
    group_session = place.group_session
    if group_session.only_one_on_ones:
        return {"seen": 0, "told": 0}
    plan = instead_for(tx, actor, place)
    if not plan.has_resident:
        raise rules.NobodyToSee
    yes = sum(seat.state == "confirmed" for seat in queries.seats_of(tx, place))
    census.check_can_see_one_on_one(group_session.state, group_session.starts_at, clock.now(), yes=yes, reason=reason)
    if plan.seen != seen:
        raise census.OneOnOnesChanged
    plan_in(tx, actor, place)
    keep_one_on_ones_only(tx, actor, group_session, reason=reason, times=plan.times)
    return {"seen": len(plan.people), "told": plan.told}
