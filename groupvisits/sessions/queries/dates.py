"""Which dates there are, and which there would be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules.states import SAID_YES


@dataclass(frozen=True)
class SessionLine:
    """One date in a list: how many hold a place, and how many have not answered."""

    group_session: GroupSession
    held: int
    invited: int
    my_roles: frozenset[str]


def sessions_for(
    db: Session, viewer: Actor, *, since: datetime | None = None, until: datetime | None = None, group_id: str = "", newest_first: bool = False,
    at_most: int = 100, team_only: bool = False,
) -> list[SessionLine]:  # fmt: skip
    """Dates that begin from `since` on and before `until`: all of the clinic for coordinators, for the others those whose team they are on."""
    POLICY.require(viewer, "sessions:list")
    held = select(func.count()).where(Seat.session_id == GroupSession.id, Seat.state.in_(SAID_YES)).scalar_subquery()
    invited = select(func.count()).where(Seat.session_id == GroupSession.id, Seat.state == "invited").scalar_subquery()
    query = select(GroupSession, held, invited).where(GroupSession.clinic_id == viewer.clinic_id)
    if team_only or not viewer.has("coordinator"):
        query = query.where(
            exists().where(
                SessionTeamMember.session_id == GroupSession.id, SessionTeamMember.staff_member_id == viewer.id, SessionTeamMember.role.in_(viewer.roles)
            )
        )
    if since is not None:
        query = query.where(GroupSession.starts_at >= since)
    if until is not None:
        query = query.where(GroupSession.starts_at < until)
    if group_id:
        query = query.where(GroupSession.group_id == group_id)
    order = GroupSession.starts_at.desc() if newest_first else GroupSession.starts_at
    rows = db.execute(query.order_by(order, GroupSession.id).limit(at_most)).unique().all()
    roles = _roles_by_session(db, viewer, [row[0].id for row in rows])
    return [SessionLine(group_session, here, asked, roles.get(group_session.id, frozenset())) for group_session, here, asked in rows]


def visits_to_come_of(db: Session, viewer: Actor, patient: Patient, *, at_most: int = 6) -> list[tuple[GroupSession, str]]:
    """The patient's next visits, one that runs now among them, each with what their seat says. For those who keep the lists."""
    POLICY.require(viewer, "sessions:seat", patient)
    query = (
        select(GroupSession, Seat.state)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(Seat.patient_id == patient.id, Seat.state != "cancelled", GroupSession.state.in_(("planned", "open")), GroupSession.ends_at > clock.now())
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(at_most)
    )
    return [(group_session, state) for group_session, state in db.execute(query)]


def _roles_by_session(db: Session, viewer: Actor, session_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    mine = select(SessionTeamMember.session_id, SessionTeamMember.role).where(
        SessionTeamMember.staff_member_id == viewer.id, SessionTeamMember.session_id.in_(session_ids)
    )
    found: dict[str, frozenset[str]] = {}
    for session_id, role in db.execute(mine):
        if role in viewer.roles:
            found[session_id] = found.get(session_id, frozenset()) | {role}
    return found


def team_to_begin_with(db: Session, group: Group) -> list[tuple[str, str, str]]:
    """(staff member, role, room) of a new date: the group's team, each in the room they had last time."""
    rooms = {
        (staff_member_id, role): room
        for staff_member_id, role, room in db.execute(
            select(SessionTeamMember.staff_member_id, SessionTeamMember.role, SessionTeamMember.place)
            .join(GroupSession, GroupSession.id == SessionTeamMember.session_id)
            .where(GroupSession.group_id == group.id)
            .order_by(GroupSession.starts_at)
        )
    }
    return [(line.staff_member_id, line.role, rooms.get((line.staff_member_id, line.role), "")) for line in programmes.team_of(db, group.id)]
