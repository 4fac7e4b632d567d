"""The list of what somebody has to enter in the clinic's main scheduler: only what is left to do, so that nobody enters and deletes for nothing."""

from datetime import datetime

from sqlalchemy import select

from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import GroupSession, SchedulerChange


def note_change(tx: Transaction, group_session: GroupSession, patient_id: str, kind: str, was_at: datetime | None = None) -> None:
    """The list says what is now different from the main scheduler: "add" (a place taken), "move" (`was_at`: the former start), "cancel" (a place freed).

    For code in an open transaction; call it only where somebody holds or held a place. What is not ticked yet is combined with it: added
    and cancelled leaves nothing to do, moved twice is one move from where it was first.
    """
    waiting = tx.scalars(
        select(SchedulerChange)
        .where(SchedulerChange.session_id == group_session.id, SchedulerChange.patient_id == patient_id, SchedulerChange.done_at.is_(None))
        .order_by(SchedulerChange.made_at)
        .with_for_update()
    ).first()
    known_at = was_at or group_session.starts_at
    if waiting is None:
        tx.add(_change(group_session, patient_id, kind, known_at if kind != "add" else None))
    elif waiting.kind == "add" and kind == "cancel":
        tx.delete(waiting)
    elif waiting.kind == "move" and kind == "cancel":
        waiting.kind = "cancel"
    elif waiting.kind == "move" and kind == "move" and waiting.was_at == group_session.starts_at:
        tx.delete(waiting)  # moved back
    elif waiting.kind == "cancel" and kind == "add":
        if waiting.was_at in (None, group_session.starts_at):
            tx.delete(waiting)
        else:
            waiting.kind = "move"
    tx.flush()


def _change(group_session: GroupSession, patient_id: str, kind: str, was_at: datetime | None) -> SchedulerChange:
    return SchedulerChange(
        id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, patient_id=patient_id, kind=kind, was_at=was_at, made_at=clock.now()
    )
