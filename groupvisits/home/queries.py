"""What the start pages show: reads over several capabilities, in a number of questions that does not grow with the clinic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember, StaffRole
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.home import rules
from groupvisits.home.permissions import POLICY
from groupvisits.home.rules import DateNow, Need
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Programme
from groupvisits.programmes.queries import clinic_of
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import SessionLine, minute_check, sessions_for

LOOK_BACK = timedelta(days=7)
CLINICIANS = ("resident", "attending")


@dataclass(frozen=True)
class DateLine:
    """One date with its counts and what the decisions make of them."""

    group_session: GroupSession
    now: DateNow
    companions: int
    needed: int
    available: int
    residents: str
    standing: str


@dataclass(frozen=True)
class Returned:
    """A message that could not be sent to a patient."""

    patient_id: str
    name: str
    kind: str


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


@dataclass(frozen=True)
class Day:
    """The coordinator's home."""

    clinic: Clinic
    today: datetime
    needs: Sequence[tuple[Need, DateLine]]
    returned: Sequence[Returned]
    groups_without_dates: Sequence[tuple[str, str]]
    today_lines: Sequence[DateLine]
    next_lines: Sequence[DateLine]
    next_after: GroupSession | None


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


def day_for(db: Session, viewer: Actor) -> Day:
    """Everything on the coordinator's home; the number of questions does not depend on how many dates there are."""
    POLICY.require(viewer, "home:coordinate")
    clinic, now = clinic_of(db, viewer), clock.now()
    midnight = datetime.combine(clock.local(now, clinic.zone).date(), time(), ZoneInfo(clinic.zone))
    lines = _lines(db, viewer, midnight - LOOK_BACK, midnight + timedelta(days=15), now)
    by_id = {line.group_session.id: line for line in lines}
    tomorrow = midnight + timedelta(days=1)
    coming = [line for line in lines if line.group_session.starts_at >= midnight]
    return Day(
        clinic=clinic,
        today=midnight,
        needs=[(need, by_id[need.session_id]) for need in rules.needs_of((line.now for line in lines), now)],
        returned=_returned(db, viewer, now),
        groups_without_dates=_groups_without_dates(db, viewer, now),
        today_lines=[line for line in coming if line.group_session.starts_at < tomorrow and line.group_session.state != "cancelled"],
        next_lines=coming,
        next_after=_next_after(db, viewer, midnight + timedelta(days=15)) if not coming else None,
    )


def _lines(db: Session, viewer: Actor, since: datetime, until: datetime, now: datetime) -> list[DateLine]:
    where = (GroupSession.clinic_id == viewer.clinic_id, GroupSession.starts_at >= since, GroupSession.starts_at < until)
    sessions = db.scalars(select(GroupSession).where(*where).order_by(GroupSession.starts_at, GroupSession.id)).unique().all()
    counts: dict[str, dict[str, int]] = {}
    companions: dict[str, int] = {}
    seats = select(Seat.session_id, Seat.state, func.count(), func.sum(Seat.companions)).join(GroupSession, GroupSession.id == Seat.session_id).where(*where)
    for session_id, state, number, along in db.execute(seats.group_by(Seat.session_id, Seat.state)):
        counts.setdefault(session_id, {})[state] = number
        if state in HOLDING:
            companions[session_id] = companions.get(session_id, 0) + int(along or 0)
    team: dict[str, list[tuple[str, str]]] = {}
    members = (
        select(SessionTeamMember.session_id, SessionTeamMember.role, StaffMember.name)
        .join(StaffMember, StaffMember.id == SessionTeamMember.staff_member_id)
        .join(GroupSession, GroupSession.id == SessionTeamMember.session_id)
        .where(*where)
        .order_by(StaffMember.name)
    )
    for session_id, role, name in db.execute(members):
        team.setdefault(session_id, []).append((role, name))
    return [_line(s, counts.get(s.id, {}), companions.get(s.id, 0), team.get(s.id, []), now) for s in sessions]


def _line(group_session: GroupSession, counts: dict[str, int], companions: int, team: list[tuple[str, str]], now: datetime) -> DateLine:
    held = sum(counts.get(state, 0) for state in HOLDING)
    residents = [name for role, name in team if role == "resident"]
    check = minute_check(group_session, held, len(residents))
    date = DateNow(
        session_id=group_session.id, state=group_session.state, starts_at=group_session.starts_at, ends_at=group_session.ends_at, held=held,
        invited=counts.get("invited", 0), declined=counts.get("declined", 0), minimum=group_session.group.minimum,
        has_facilitator=any(role == "facilitator" for role, _ in team), residents=len(residents), left_over=check.left_over,
    )  # fmt: skip
    return DateLine(group_session, date, companions, check.needed, check.available, ", ".join(residents), rules.standing(date, now))


def _returned(db: Session, viewer: Actor, now: datetime) -> list[Returned]:
    """Messages of the last two weeks that did not reach a patient, unless a later one of the same kind did."""
    failed = select(OutboxMessage.patient_id, OutboxMessage.kind, OutboxMessage.due_at).where(
        OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.state == "failed", OutboxMessage.patient_id.is_not(None),
        OutboxMessage.due_at > now - timedelta(days=14),
    )  # fmt: skip
    found = {(patient_id, kind): due_at for patient_id, kind, due_at in db.execute(failed.order_by(OutboxMessage.due_at)) if patient_id}
    if not found:
        return []
    sent = select(OutboxMessage.patient_id, OutboxMessage.kind, func.max(OutboxMessage.due_at)).where(
        OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.state == "sent", OutboxMessage.patient_id.in_({patient_id for patient_id, _ in found})
    )  # fmt: skip
    for patient_id, kind, due_at in db.execute(sent.group_by(OutboxMessage.patient_id, OutboxMessage.kind)):
        if patient_id and (patient_id, kind) in found and due_at >= found[patient_id, kind]:
            del found[patient_id, kind]
    people = patients.people_in(db, viewer.clinic_id, {patient_id for patient_id, _ in found})
    return [Returned(patient_id, people[patient_id].name, kind) for patient_id, kind in found if patient_id in people]


def _groups_without_dates(db: Session, viewer: Actor, now: datetime) -> list[tuple[str, str]]:
    to_come = exists().where(GroupSession.group_id == Group.id, GroupSession.starts_at > now, GroupSession.state == "planned")
    query = select(Group.id, Group.name).where(Group.clinic_id == viewer.clinic_id, ~to_come).order_by(Group.name)
    return [(group_id, name) for group_id, name in db.execute(query)]


def _next_after(db: Session, viewer: Actor, moment: datetime) -> GroupSession | None:
    query = select(GroupSession).where(GroupSession.clinic_id == viewer.clinic_id, GroupSession.state == "planned", GroupSession.starts_at >= moment)
    return db.scalar(query.order_by(GroupSession.starts_at).limit(1))


def my_dates(db: Session, viewer: Actor) -> list[SessionLine]:
    """The dates whose team the viewer is on, from four hours ago on, the soonest first."""
    POLICY.require(viewer, "home:today")
    lines = sessions_for(db, viewer, since=clock.now() - timedelta(hours=4), at_most=8, team_only=True)
    return [line for line in lines if line.group_session.state != "cancelled"]
