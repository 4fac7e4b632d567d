"""What the decisions about a date look at: sister dates, who would move, and who could help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember, StaffRole
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import GroupTeamMember
from groupvisits.programmes.rules import MinuteCheck
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, SessionTeamMember, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.advice import Advice, advice_for
from groupvisits.sessions.queries.pages import Census, TeamLine, census_of, minute_check, team_for
from groupvisits.sessions.queries.places import Place, place_for
from groupvisits.sessions.queries.sisters import SisterDate, sisters_of
from groupvisits.sessions.queries.waiting import limit_of
from groupvisits.sessions.rules import census as rules
from groupvisits.sessions.rules.census import Checkpoint, Light, Move, Person

AT_MOST = 6


@dataclass(frozen=True)
class MergePlan:
    target: GroupSession
    free: int
    move: Move
    names: Mapping[str, str]  # of everybody the plan names
    companions: Mapping[str, int]


@dataclass(frozen=True)
class FreeResident:
    staff_member_id: str
    name: str


def sister_dates(db: Session, viewer: Actor, place: Place) -> Sequence[SisterDate]:
    """The dates of the programme's other groups that people of this date could go to: planned, within three weeks of it.

    Those with a free place first, among them the nearest first.
    """
    POLICY.require(viewer, "sessions:decide", place)
    mine = place.group_session
    found = sisters_of(db, mine, rules.SISTER_WITHIN)
    return sorted(found, key=lambda sister: (not sister.for_newcomers, abs(sister.group_session.starts_at - mine.starts_at)))[:AT_MOST]


def merge_plan(db: Session, viewer: Actor, place: Place, target_id: str) -> MergePlan:
    """What would become of everybody if this date were given up for `target_id`. Refuses with NoSister, with NotFound what is not known."""
    POLICY.require(viewer, "sessions:decide", place)
    target = place_for(db, viewer, target_id).group_session
    mine = place.group_session
    if (
        target.id == mine.id
        or target.group.programme_id != mine.group.programme_id
        or target.state != "planned"
        or target.only_one_on_ones
        or target.starts_at <= clock.now()
    ):
        raise rules.NoSister
    there = {patient_id: (state, seat_no) for patient_id, state, seat_no in db.execute(_seats_of(target.id))}
    maximum = min(limit_of(db, target), target.maximum)
    others_wait = db.scalar(select(WaitingListEntry.id).where(WaitingListEntry.session_id == target.id, WaitingListEntry.state == "waiting").limit(1))
    free = 0 if others_wait else maximum - sum(seat_no is not None for _, seat_no in there.values())
    seats = db.scalars(select(Seat).where(Seat.session_id == mine.id, Seat.state != "cancelled").order_by(Seat.id)).all()
    people = [Person(seat.patient_id, seat.state, seat.changed_at, there.get(seat.patient_id, ("", None))[0]) for seat in seats]
    people += [Person(who, "invited", since, there.get(who, ("", None))[0]) for who, since in _waiting(db, mine.id, {seat.patient_id for seat in seats})]
    active = {patient.id: patient.name for patient in db.scalars(select(Patient).where(Patient.id.in_([p.patient_id for p in people]), Patient.is_active))}
    move = rules.plan_move([person for person in people if person.patient_id in active], free)
    return MergePlan(target, max(free, 0), move, active, {seat.patient_id: seat.companions for seat in seats if seat.state in HOLDING})


def _seats_of(session_id: str):
    return select(Seat.patient_id, Seat.state, Seat.seat_no).where(Seat.session_id == session_id)


def _waiting(db: Session, session_id: str, seated: set[str]) -> list[tuple]:
    """Who waits for the date that is given up and has no seat in it: patient and since when."""
    query = select(WaitingListEntry.patient_id, WaitingListEntry.partner_id, WaitingListEntry.since)
    rows = db.execute(query.where(WaitingListEntry.session_id == session_id, WaitingListEntry.state.in_(("waiting", "offered"))))
    return [(who, since) for first, second, since in rows for who in (first, second) if who and who not in seated]


def free_residents(db: Session, viewer: Actor, place: Place) -> Sequence[FreeResident]:
    """Residents of the clinic who are in no visit at that time: those of the group's team first."""
    POLICY.require(viewer, "sessions:choose_team", place)
    mine = place.group_session
    busy = (
        select(SessionTeamMember.staff_member_id)
        .join(GroupSession, GroupSession.id == SessionTeamMember.session_id)
        .where(GroupSession.clinic_id == place.clinic_id, GroupSession.state.in_(("planned", "open")))
        .where(GroupSession.starts_at < mine.ends_at, GroupSession.ends_at > mine.starts_at)
    )
    stands = select(GroupTeamMember.staff_member_id).where(GroupTeamMember.group_id == mine.group_id, GroupTeamMember.role == "resident")
    query = (
        select(StaffMember.id, StaffMember.name)
        .join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
        .where(StaffMember.clinic_id == place.clinic_id, StaffMember.active, StaffRole.name == "resident", StaffMember.id.not_in(busy))
        .order_by(StaffMember.id.not_in(stands), StaffMember.name, StaffMember.id)
        .limit(AT_MOST)
    )
    return [FreeResident(*row) for row in db.execute(query)]


@dataclass(frozen=True)
class Look:
    """What a date's page says about its people and minutes. The parts of coordinators are empty for others and for dates that are over."""

    census: Census
    team: Sequence[TeamLine]
    check: MinuteCheck
    check_all: MinuteCheck
    left: int
    advice: Advice | None
    light: Light | None
    action: str
    checkpoints: Sequence[Checkpoint]
    decide_by: datetime
    next_look: datetime | None
    residents_free: Sequence[FreeResident]
    first_waiting: str
    may_see_one_on_one: bool


def look_for(db: Session, viewer: Actor, place: Place, now: datetime) -> Look:
    """How a date stands and the one next action, for those who see it; the number of questions does not depend on how many come."""
    POLICY.require(viewer, "sessions:see", place)
    date = place.group_session
    group, counts, team = date.group, census_of(db, place), team_for(db, place)
    residents = sum(line.role == "resident" for line in team)
    advice = advice_for(db, viewer, place) if date.state in ("planned", "open") else None
    people = max(counts.held, advice.now.expected if advice else 0) or group.target
    check = minute_check(date, people, residents)
    left = rules.days_left(date.starts_at, now, date.zone)
    plans = POLICY.permits(viewer, "sessions:decide", place) and date.state == "planned"
    residents_free = free_residents(db, viewer, place) if plans else []
    first_waiting, waiting = _first_waiting(db, date.id) if plans else ("", 0)
    light = _light(advice, left, group.target) if advice and advice.invited + counts.declined else Light(*rules.NOBODY) if advice else None
    action, steps = "", set[str]()
    if plans and advice and light:
        sisters = sister_dates(db, viewer, place) if left <= rules.CHECKPOINTS[0][0] or date.decision else ()
        standing = rules.CensusNow(
            days_left=left, light=light, decision=date.decision, go_no_go_days=group.go_no_go_days, yes=advice.yes, unanswered=advice.unanswered,
            waiting=waiting, places=max(advice.held_limit - advice.held, 0), more=advice.more, sisters=sum(sister.for_newcomers > 0 for sister in sisters), residents=residents,
            short_of_time=bool(check.left_over) or (advice.is_bound_by_time and advice.now.too_many * 100 > advice.limit),
            can_add_provider=bool(residents_free),
        )  # fmt: skip
        action, steps = rules.next_action(standing), rules.possible(standing)
    points = rules.checkpoints(date.starts_at, left, group.go_no_go_days) if plans else []
    return Look(
        census=counts, team=team, check=check, left=left, advice=advice, light=light, action=action, checkpoints=points,
        check_all=minute_check(date, min(counts.held + counts.invited, max(date.maximum, counts.held)), residents),
        decide_by=date.starts_at - timedelta(days=group.go_no_go_days), next_look=next((point.at for point in points if point.at > now), None),
        residents_free=residents_free, first_waiting=first_waiting,
        may_see_one_on_one="one_on_ones" in steps and date.starts_at > now,
    )  # fmt: skip


def _light(advice: Advice, left: int, best: int) -> Light:
    now = advice.now
    return rules.light(left, now.expected, minimum=advice.minimum, best=best, invited=advice.invited, too_many=now.too_many, limit=advice.limit)


def _first_waiting(db: Session, session_id: str) -> tuple[str, int]:
    """Who waits first, by name, and how many entries wait."""
    query = (
        select(Patient, func.count().over())
        .join(WaitingListEntry, WaitingListEntry.patient_id == Patient.id)
        .where(WaitingListEntry.session_id == session_id, WaitingListEntry.state == "waiting")
        .order_by(func.coalesce(WaitingListEntry.ahead_at, WaitingListEntry.since), WaitingListEntry.id)
        .limit(1)
    )
    row = db.execute(query).first()
    return (row[0].name, row[1]) if row else ("", 0)
