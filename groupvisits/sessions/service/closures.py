"""Days on which the clinic is closed, and rooms that others use."""

from datetime import date, time
from typing import Any

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import rules
from groupvisits.sessions.models import Closure
from groupvisits.sessions.permissions import POLICY


def enter_closure(
    tx: Transaction, actor: Actor, *, first_day: date, last_day: date | None, from_time: time | None, until_time: time | None, room: str, reason: str
) -> dict[str, Any]:
    """The clinic is closed on these days, or the room is used by others; with times, only then. Dates that exist stay as they are.

    Refuses a last day before the first or more than a year after it, and times of which one is missing or that end before they begin.
    The same days for the same reason twice are entered once.
    """
    POLICY.require(actor, "sessions:keep_closures")
    last_day = last_day or first_day
    rules.check_closure(first_day, last_day, from_time, until_time)
    entered = {
        "clinic_id": actor.clinic_id, "room": room, "first_day": first_day, "last_day": last_day, "from_time": from_time, "until_time": until_time,
        "reason": reason,
    }  # fmt: skip
    if existing := tx.scalars(select(Closure).filter_by(**entered)).first():
        return {"closure_id": existing.id, "already": True}
    closure = Closure(id=ids.new_id(), created_at=clock.now(), **entered)
    tx.add(closure)
    tx.flush()
    audit.record(tx, actor, "sessions:enter_closure", closure, first_day=first_day.isoformat(), last_day=last_day.isoformat(), of_room=bool(room))
    return {"closure_id": closure.id}


def remove_closure(tx: Transaction, actor: Actor, closure_id: str) -> None:
    """The clinic, or the room, is free then again. NotFound where there is none."""
    closure = tx.get(Closure, closure_id)
    if closure is None:
        raise NotFound
    POLICY.require(actor, "sessions:keep_closures", closure)
    audit.record(tx, actor, "sessions:remove_closure", closure, first_day=closure.first_day.isoformat(), last_day=closure.last_day.isoformat())
    tx.delete(closure)
