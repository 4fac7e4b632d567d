"""What patients are to be told about a date: planned once in the transaction of the act that causes it, worded when its moment has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import GroupSession, Notice

KINDS = ("invitation", "update", "date_cancelled", "seat_cancelled", "reminder", "offer", "offer_over", "confirmation", "form_opens", "missed_you")
# What can happen to one seat more than once: told each time it happens, but only once while the first still waits to be worded.
REPEATED = frozenset({"update", "date_cancelled", "seat_cancelled", "offer", "offer_over", "confirmation"})


def plan_notice(
    tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, kind: str, *, occasion: str = "", facts: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> Notice:  # fmt: skip
    """The patient will be told about `kind` once, at `due_at` (default: now). For code in an open transaction; the caller has checked permission.

    `occasion` tells apart what happens more than once; without one the same kind is planned again only after it was sent. Planned
    twice is once: the later facts and moment count. `facts` is JSON: update {"was": iso of the former start}, offer {"until": iso},
    seat_cancelled {"by": "patient"} where they said no themselves. When its moment comes the words are made from the rows as they
    then are; what does not fit them any more is withdrawn.
    """
    assert kind in KINDS
    earlier = tx.scalars(
        select(Notice).where(Notice.session_id == group_session.id, Notice.patient_id == patient_id, Notice.kind == kind).order_by(Notice.due_at)
    ).all()
    if not occasion and kind in REPEATED:
        waiting = next((notice for notice in earlier if notice.state == "planned" and notice.occasion.isdigit()), None)
        occasion = waiting.occasion if waiting else str(len(earlier) + 1)
    notice = next((notice for notice in earlier if notice.occasion == occasion), None)
    if notice is None:
        notice = Notice(id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, patient_id=patient_id, kind=kind, occasion=occasion)
        tx.add(notice)
    elif notice.state == "sent":
        return notice
    notice.state, notice.due_at, notice.facts = "planned", due_at or clock.now(), {**(facts or {}), **_first_was(notice)}
    tx.flush()
    return notice


def _first_was(notice: Notice) -> dict[str, Any]:
    """Moved twice before it was told: what people know is the time before the first move."""
    was = (notice.facts or {}).get("was") if notice.state == "planned" else None
    return {"was": was} if was else {}


def withdraw_notices(tx: Transaction, session_id: str, patient_id: str, kinds: tuple[str, ...] | None = None) -> None:
    """The patient is not told what was planned about this date and has not been sent; `kinds`: only of these. Twice is once."""
    query = update(Notice).where(Notice.session_id == session_id, Notice.patient_id == patient_id, Notice.state == "planned")
    tx.execute(query.where(Notice.kind.in_(kinds)).values(state="withdrawn") if kinds else query.values(state="withdrawn"))
