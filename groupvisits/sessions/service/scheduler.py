"""The list of what somebody has to enter in the clinic's main scheduler: only what is left to do, so that nobody enters and deletes for nothing."""

from datetime import datetime

from sqlalchemy import select

from groupvisits.accounts.models import Clinic
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import GroupSession, SchedulerChange
from groupvisits.sessions.permissions import POLICY


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


def tick_change(tx: Transaction, actor: Actor, change_id: str) -> dict[str, str]:
    """This change is entered in the main scheduler, says the actor. Twice is once."""
    change = _found(tx, actor, change_id)
    if change.done_at is None:
        change.done_at, change.done_by = clock.now(), actor.name[:120]
        audit.record(tx, actor, "sessions:tick_change", change, session_id=change.session_id, patient=change.patient_id)
    return {"change_id": change.id}


def untick_change(tx: Transaction, actor: Actor, change_id: str) -> dict[str, str]:
    """A wrong tap is taken back: the change is on the list again. Twice is once."""
    change = _found(tx, actor, change_id)
    if change.done_at is not None:
        change.done_at, change.done_by = None, ""
        audit.record(tx, actor, "sessions:untick_change", change, session_id=change.session_id, patient=change.patient_id)
    return {"change_id": change.id}


def _found(tx: Transaction, actor: Actor, change_id: str) -> SchedulerChange:
    change = tx.get(SchedulerChange, change_id, with_for_update=True)
    if change is None:
        POLICY.require(actor, "sessions:keep_scheduler_list")
        raise NotFound
    POLICY.require(actor, "sessions:keep_scheduler_list", change)
    return change


def note_export(tx: Transaction, actor: Actor) -> None:
    """It is on record that names left in a file, and who took it."""
    POLICY.require(actor, "sessions:keep_scheduler_list")
    audit.record(tx, actor, "sessions:export_changes", tx.get_one(Clinic, actor.clinic_id))
