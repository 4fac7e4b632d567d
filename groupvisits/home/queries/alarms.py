"""Who of a visit's people may need a person now, as one line for everybody of its team, on whatever page they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda.models import Alarm
from groupvisits.agenda.permissions import GO_TO_PEOPLE, SEE_PATIENTS
from groupvisits.core.actor import Actor
from groupvisits.home.permissions import POLICY
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, SessionTeamMember


@dataclass(frozen=True)
class AlarmLine:
    """Never what was written. `roles` are the viewer's in that visit."""

    id: str
    session_id: str
    group: str
    zone: str
    name: str
    raised_at: datetime
    taken_by: str | None
    roles: frozenset[str]

    @property
    def may_go(self) -> bool:
        """From this very line: whoever has a board or a console goes from there, and reads what was found."""
        return not (self.sees_patients or self.leads)

    @property
    def leads(self) -> bool:
        return "facilitator" in self.roles

    @property
    def sees_patients(self) -> bool:
        return not self.roles.isdisjoint(SEE_PATIENTS)


def alarms_for(db: Session, viewer: Actor, besides: str = "") -> Sequence[AlarmLine]:
    """What nobody has ended, in the visits the viewer is on the team of; not of the visit `besides`. First those to whom nobody goes yet, the oldest first."""
    if not POLICY.could(viewer, "home:see_alarms"):
        return []
    query = (
        select(Alarm.id, GroupSession.id, Group.name, GroupSession.zone, Patient.display_name, Alarm.raised_at, StaffMember.name, SessionTeamMember.role)
        .join(GroupSession, GroupSession.id == Alarm.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .join(Patient, Patient.id == Alarm.patient_id)
        .join(SessionTeamMember, SessionTeamMember.session_id == GroupSession.id)
        .outerjoin(StaffMember, StaffMember.id == Alarm.taken_by)
        .where(
            Alarm.ended_at.is_(None), GroupSession.clinic_id == viewer.clinic_id, GroupSession.id != besides,
            SessionTeamMember.staff_member_id == viewer.id, SessionTeamMember.role.in_(viewer.roles.intersection(GO_TO_PEOPLE)),
        )
        .order_by(Alarm.taken_by.is_not(None), Alarm.raised_at, Alarm.id)
    )  # fmt: skip
    lines: dict[str, AlarmLine] = {}
    for alarm_id, session_id, group, zone, name, raised_at, taken_by, role in db.execute(query):
        line = lines.get(alarm_id) or AlarmLine(alarm_id, session_id, group, zone, name, raised_at, taken_by, frozenset())
        lines[alarm_id] = replace(line, roles=line.roles | {role})
    return list(lines.values())
