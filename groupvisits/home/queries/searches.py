"""Finding a patient or a group by what somebody types."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.home.permissions import POLICY
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.patients.rules.person import fold
from groupvisits.programmes.models import Group

AT_MOST = 20


@dataclass(frozen=True)
class Found:
    """The first of each, and how many there are in all."""

    patients: Sequence[Patient]
    of_patients: int
    groups: Sequence[tuple[str, str]]
    of_groups: int


def found_for(db: Session, viewer: Actor, words: str) -> Found:
    """Patients by the beginnings of their names, record number or telephone number, and groups by any part of their names; accents do not matter."""
    POLICY.require(viewer, "home:coordinate")
    page = patients.patients_for(db, viewer, search=words)
    wanted = fold(words[:200]).split()
    names = db.execute(select(Group.id, Group.name).where(Group.clinic_id == viewer.clinic_id).order_by(func.lower(Group.name), Group.id))
    groups = [(group_id, name) for group_id, name in names if all(word in fold(name) for word in wanted)]
    return Found(page.patients[:AT_MOST], page.total, groups[:AT_MOST], len(groups))
