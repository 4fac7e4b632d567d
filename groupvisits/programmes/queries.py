"""Reads of programmes and groups. Each takes the viewer and finds only what they may know of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember, StaffRole
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import TEAM_ROLES, Group, GroupTeamMember, Membership, Programme, RunSheetTemplate
from groupvisits.programmes.permissions import POLICY

MOST_NEWCOMERS = 500  # of one roster; a longer one is searched by name


@dataclass(frozen=True)
class Standing:
    """How an actor stands to one group: what the permission predicates look at."""

    group: Group
    clinic_id: str
    team_roles: frozenset[str]


@dataclass(frozen=True)
class TeamLine:
    staff_member_id: str
    name: str
    role: str


@dataclass(frozen=True)
class MemberLine:
    patient_id: str
    name: str
    needs: str
    since: date


@dataclass(frozen=True)
class GroupOfPatient:
    group: Group
    since: date


@dataclass(frozen=True)
class GroupLine:
    group: Group
    members: int
    residents: int


def clinic_of(db: Session, viewer: Actor) -> Clinic:
    """The viewer's own clinic."""
    clinic = db.get(Clinic, viewer.clinic_id)
    if clinic is None:
        raise NotFound
    return clinic


def programmes_for(db: Session, viewer: Actor) -> Sequence[Programme]:
    POLICY.require(viewer, "programmes:list")
    return db.scalars(select(Programme).where(Programme.clinic_id == viewer.clinic_id).order_by(func.lower(Programme.name), Programme.id)).all()


def programme_for(db: Session, viewer: Actor, programme_id: str) -> Programme:
    programme = db.get(Programme, programme_id)
    if programme is None:
        raise NotFound
    POLICY.require(viewer, "programmes:design", programme)
    return programme


def run_sheet_templates_for(db: Session, viewer: Actor) -> Sequence[RunSheetTemplate]:
    """The run sheets the viewer's clinic keeps to begin programmes with, by name."""
    POLICY.require(viewer, "programmes:design")
    query = select(RunSheetTemplate).where(RunSheetTemplate.clinic_id == viewer.clinic_id)
    return db.scalars(query.order_by(func.lower(RunSheetTemplate.name), RunSheetTemplate.id)).all()


def run_sheet_template_for(db: Session, viewer: Actor, template_id: str) -> RunSheetTemplate:
    template = db.get(RunSheetTemplate, template_id)
    if template is None:
        raise NotFound
    POLICY.require(viewer, "programmes:design", template)
    return template


def standing_for(db: Session, viewer: Actor, group_id: str, *, lock: bool = False) -> Standing:
    """The group and how the viewer stands to it; NotFound for who may not know of it. `lock` holds its row for this transaction."""
    group = db.get(Group, group_id, with_for_update={"of": Group} if lock else None)
    if group is None or (viewer.clinic_id != group.clinic_id and viewer.kind != "system"):
        raise NotFound
    mine = select(GroupTeamMember.role).where(GroupTeamMember.group_id == group_id, GroupTeamMember.staff_member_id == viewer.id)
    standing = Standing(group, group.clinic_id, frozenset(db.scalars(mine)) & viewer.roles)
    if viewer.kind != "system" and not POLICY.permits(viewer, "programmes:see_group", standing):
        raise NotFound
    return standing


def group_for(db: Session, viewer: Actor, group_id: str) -> Group:
    """The group, if the viewer may know of it; NotFound otherwise."""
    return standing_for(db, viewer, group_id).group


def groups_for(db: Session, viewer: Actor, *, search: str = "") -> Sequence[GroupLine]:
    """The groups the viewer may know of, by name, each with how many members and residents it has."""
    POLICY.require(viewer, "programmes:list_groups")
    today = clock.today(clinic_of(db, viewer).zone)
    members = select(func.count()).where(Membership.group_id == Group.id, _is_current(today)).scalar_subquery()
    residents = select(func.count()).where(GroupTeamMember.group_id == Group.id, GroupTeamMember.role == "resident").scalar_subquery()
    query = select(Group, members, residents).where(Group.clinic_id == viewer.clinic_id).order_by(func.lower(Group.name), Group.id)
    if not viewer.has("coordinator"):
        query = query.where(
            exists().where(GroupTeamMember.group_id == Group.id, GroupTeamMember.staff_member_id == viewer.id, GroupTeamMember.role.in_(viewer.roles))
        )
    if search:
        query = query.where(func.lower(Group.name).contains(search.lower(), autoescape=True))
    return [GroupLine(*row) for row in db.execute(query)]


def members_of(db: Session, viewer: Actor, group: Group) -> Sequence[MemberLine]:
    """Who stands in the group now, by name; facilitators see display names only."""
    POLICY.require(viewer, "programmes:see_group", standing_for(db, viewer, group.id))
    full = viewer.has("coordinator")
    found = db.execute(
        select(Patient, Membership.since)
        .join(Membership, Membership.patient_id == Patient.id)
        .where(Membership.group_id == group.id, _is_current(clock.today(clinic_of(db, viewer).zone)))
        .order_by(*((func.lower(Patient.family_name), func.lower(Patient.given_name)) if full else (func.lower(Patient.display_name),)), Patient.id)
    )
    return [MemberLine(patient.id, patient.name if full else patient.display_name, patient.needs if full else "", since) for patient, since in found]


def groups_of_patient(db: Session, viewer: Actor, patient: Patient) -> Sequence[GroupOfPatient]:
    """The groups the patient stands in now, by name. For those who choose members."""
    POLICY.require(viewer, "programmes:choose_members", patient)
    query = select(Group, Membership.since).join(Membership, Membership.group_id == Group.id).where(Membership.patient_id == patient.id)
    rows = db.execute(query.where(_is_current(clock.today(clinic_of(db, viewer).zone))).order_by(func.lower(Group.name), Group.id))
    return [GroupOfPatient(*row) for row in rows]


def member_ids(db: Session, group_id: str, today: date) -> set[str]:
    """For code that acts for the whole group: the ids of its current members."""
    return set(db.scalars(select(Membership.patient_id).where(Membership.group_id == group_id, _is_current(today))))


def team_of(db: Session, group_id: str) -> Sequence[TeamLine]:
    """The standing team of a group the caller has found for its viewer."""
    query = (
        select(StaffMember.id, StaffMember.name, GroupTeamMember.role)
        .join(GroupTeamMember, GroupTeamMember.staff_member_id == StaffMember.id)
        .where(GroupTeamMember.group_id == group_id)
        .order_by(StaffMember.name)
    )
    return sorted((TeamLine(*row) for row in db.execute(query)), key=lambda line: TEAM_ROLES.index(line.role))


def staff_for_teams(db: Session, viewer: Actor) -> Sequence[TeamLine]:
    """Everybody of the viewer's clinic who could stand in a team, once for each role they have."""
    POLICY.require(viewer, "programmes:choose_team")
    query = (
        select(StaffMember.id, StaffMember.name, StaffRole.name)
        .join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
        .where(StaffMember.clinic_id == viewer.clinic_id, StaffMember.active, StaffRole.name.in_(TEAM_ROLES))
        .order_by(StaffMember.name)
    )
    return sorted((TeamLine(*row) for row in db.execute(query)), key=lambda line: TEAM_ROLES.index(line.role))


def holds_role(db: Session, clinic_id: str, staff_member_id: str, role: str) -> bool:
    """Whether somebody works in the clinic, can sign in, and has the role."""
    return db.scalar(
        select(StaffMember.id)
        .join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
        .where(StaffMember.id == staff_member_id, StaffMember.clinic_id == clinic_id, StaffMember.active, StaffRole.name == role)
    ) is not None  # fmt: skip


def _is_current(today: date):
    return and_(Membership.since <= today, or_(Membership.until.is_(None), Membership.until > today))


def newcomers_for(db: Session, viewer: Actor, group: Group, import_id: str, *, at_most: int = 60) -> Sequence[Patient]:
    """Who came in with that roster and does not stand in the group, by name. For those who choose members."""
    POLICY.require(viewer, "programmes:choose_members", group)
    here = exists().where(Membership.group_id == group.id, Membership.patient_id == Patient.id, _is_current(clock.today(clinic_of(db, viewer).zone)))
    came = patients.came_in_with(db, viewer, import_id)[:MOST_NEWCOMERS]
    query = select(Patient).where(Patient.id.in_(came), Patient.is_active, ~here)
    return db.scalars(query.order_by(func.lower(Patient.family_name), func.lower(Patient.given_name), Patient.id).limit(at_most)).all()
