"""What is left to enter in the clinic's main scheduler."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, SchedulerChange
from groupvisits.sessions.permissions import POLICY

PAGE = 50
MOST_IN_A_FILE = 5000


@dataclass(frozen=True)
class ChangeLine:
    change: SchedulerChange
    group_session: GroupSession
    patient: Patient


@dataclass(frozen=True)
class Changes:
    lines: Sequence[ChangeLine]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE))


def changes_for(db: Session, viewer: Actor, *, done: bool = False, page: int = 1, at_most: int = PAGE) -> Changes:
    """One page of what is to do, the next visit first; or of what was ticked, the latest first."""
    POLICY.require(viewer, "sessions:keep_scheduler_list")
    theirs = (SchedulerChange.clinic_id == viewer.clinic_id, SchedulerChange.done_at.is_not(None) if done else SchedulerChange.done_at.is_(None))
    total = db.scalar(select(func.count()).select_from(SchedulerChange).where(*theirs)) or 0
    number = min(max(page, 1), max(1, -(-total // at_most)))
    order = (SchedulerChange.done_at.desc(),) if done else (GroupSession.starts_at, Patient.family_name, Patient.given_name)
    query = (
        select(SchedulerChange, GroupSession, Patient)
        .join(GroupSession, GroupSession.id == SchedulerChange.session_id)
        .join(Patient, Patient.id == SchedulerChange.patient_id)
        .where(*theirs)
        .order_by(*order, SchedulerChange.id)
        .offset((number - 1) * at_most)
        .limit(at_most)
    )
    return Changes([ChangeLine(*row) for row in db.execute(query).unique()], total, number)
