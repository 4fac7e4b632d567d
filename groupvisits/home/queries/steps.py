"""How far a new clinic is on the way to its first visit."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember, StaffRole
from groupvisits.core.actor import Actor
from groupvisits.home.permissions import POLICY
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Programme

CLINICIANS = ("resident", "attending")


@dataclass(frozen=True)
class Steps:
    """How far a new clinic is."""

    staff: int
    has_facilitator: bool
    has_clinician: bool
    patients: int
    programmes: int
    groups: int

    @property
    def has_team(self) -> bool:
        return self.has_facilitator and self.has_clinician


def steps_for(db: Session, viewer: Actor) -> Steps:
    """How far the viewer's clinic is with its first visit."""
    POLICY.require(viewer, "home:coordinate")
    mine = StaffMember.clinic_id == viewer.clinic_id

    def with_role(*roles: str):
        return exists().where(StaffRole.staff_member_id == StaffMember.id, StaffRole.name.in_(roles), mine, StaffMember.active)

    row = db.execute(
        select(
            select(func.count()).select_from(StaffMember).where(mine, StaffMember.active).scalar_subquery(),
            with_role("facilitator"),
            with_role(*CLINICIANS),
            select(func.count()).select_from(Patient).where(Patient.clinic_id == viewer.clinic_id).scalar_subquery(),
            select(func.count()).select_from(Programme).where(Programme.clinic_id == viewer.clinic_id).scalar_subquery(),
            select(func.count()).select_from(Group).where(Group.clinic_id == viewer.clinic_id).scalar_subquery(),
        )
    ).one()
    return Steps(*row)
