"""Dates as a list and as a month: names, counts and states, without the rows behind them."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.programmes.models import Group
from groupvisits.programmes.queries import clinic_of
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.advice import INVITED, advice_of_dates
from groupvisits.sessions.rules import census
from groupvisits.sessions.rules.advice import Expected
from groupvisits.sessions.rules.census import Light
from groupvisits.sessions.rules.states import SAID_YES

PAGE = 50
RUNNING = timedelta(hours=8)  # a visit that runs now is not past
DECIDED_AHEAD = timedelta(days=15)


@dataclass(frozen=True)
class DateOfList:
    """One date in a list or a month; `starts_at` is in its own zone."""

    id: str
    starts_at: datetime
    group: str
    room: str
    state: str
    minimum: int
    maximum: int
    yes: int
    unanswered: int
    decision: str
    expected: int | None = None  # of dates near enough to be decided about
    light: Light | None = None

    @property
    def will_come(self) -> int:
        return self.yes if self.expected is None else self.expected


@dataclass(frozen=True)
class ListPage:
    """One page of dates; `number` counts from 1."""

    lines: Sequence[DateOfList]
    number: int
    has_more: bool


def list_for(db: Session, viewer: Actor, *, past: bool = False, group_id: str = "", state: str = "", since: date | None = None, page: int = 1) -> ListPage:
    """Dates from `since` (today) on, the soonest first, or past ones, the latest first: of the clinic for coordinators, else of one's own teams."""
    POLICY.require(viewer, "sessions:list")
    zone, now = ZoneInfo(clinic_of(db, viewer).zone), clock.now()
    begin = datetime.combine(since, time(), zone) if since else now - RUNNING
    query = _query(viewer).where(GroupSession.starts_at < begin if past else GroupSession.starts_at >= begin)
    if group_id:
        query = query.where(GroupSession.group_id == group_id)
    if state:
        query = query.where(GroupSession.state == state)
    order = GroupSession.starts_at.desc() if past else GroupSession.starts_at
    rows = db.execute(query.order_by(order, GroupSession.id).offset((page - 1) * PAGE).limit(PAGE + 1)).all()
    return ListPage(_lines(db, viewer, rows[:PAGE]), page, len(rows) > PAGE)


def month_for(db: Session, viewer: Actor, first: date, *, group_id: str = "", state: str = "") -> Mapping[date, Sequence[DateOfList]]:
    """The dates of the month that begins with `first`, by their day in their own zone."""
    POLICY.require(viewer, "sessions:list")
    zone = ZoneInfo(clinic_of(db, viewer).zone)
    # A group may keep another zone: its day can be the one before or after ours.
    begin, end = datetime.combine(first, time(), zone) - timedelta(days=1), datetime.combine(next_month(first), time(), zone) + timedelta(days=1)
    query = _query(viewer).where(GroupSession.starts_at >= begin, GroupSession.starts_at < end).order_by(GroupSession.starts_at, GroupSession.id)
    if group_id:
        query = query.where(GroupSession.group_id == group_id)
    if state:
        query = query.where(GroupSession.state == state)
    found: dict[date, list[DateOfList]] = defaultdict(list)
    for line in _lines(db, viewer, db.execute(query).all()):
        if (line.starts_at.year, line.starts_at.month) == (first.year, first.month):
            found[line.starts_at.date()].append(line)
    return found


def group_names_for(db: Session, viewer: Actor) -> Sequence[tuple[str, str]]:
    """(id, name) of the groups whose dates the viewer may list, by name."""
    POLICY.require(viewer, "sessions:list")
    query = select(Group.id, Group.name).where(Group.clinic_id == viewer.clinic_id).order_by(func.lower(Group.name), Group.id)
    if not viewer.has("coordinator"):
        query = query.where(exists().where(GroupSession.group_id == Group.id, _on_the_team(viewer)))
    return [(group_id, name) for group_id, name in db.execute(query)]


def next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def weeks_of(first: date) -> list[list[date]]:
    """The weeks of a month, Monday to Sunday; days of the months around it are among them."""
    return Calendar().monthdatescalendar(first.year, first.month)


def _query(viewer: Actor) -> Any:
    columns = (
        GroupSession.id,
        GroupSession.starts_at,
        GroupSession.zone,
        GroupSession.room,
        GroupSession.state,
        GroupSession.decision,
        GroupSession.maximum,
        Group.name,
        Group.minimum,
    )
    query = select(*columns).join(Group, Group.id == GroupSession.group_id).where(GroupSession.clinic_id == viewer.clinic_id)
    return query if viewer.has("coordinator") else query.where(_on_the_team(viewer))


def _on_the_team(viewer: Actor) -> Any:
    return exists().where(
        SessionTeamMember.session_id == GroupSession.id, SessionTeamMember.staff_member_id == viewer.id, SessionTeamMember.role.in_(viewer.roles)
    )


def _lines(db: Session, viewer: Actor, rows: Sequence[Any]) -> list[DateOfList]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(Seat.session_id, Seat.state, func.count()).where(Seat.session_id.in_([row.id for row in rows]))
    for session_id, state, number in db.execute(query.group_by(Seat.session_id, Seat.state)):
        counts[session_id][state] = number
    lines = [_line(row, counts[row.id]) for row in rows]
    near = [line.id for line in lines if line.state == "planned" and clock.now() < line.starts_at <= clock.now() + DECIDED_AHEAD]
    lights = lights_of_dates(db, viewer, db.scalars(select(GroupSession).where(GroupSession.id.in_(near))).unique().all()) if near else {}
    return [replace(line, expected=lights[line.id][0], light=lights[line.id][1]) if line.id in lights else line for line in lines]


def _line(row: Any, counts: dict[str, int]) -> DateOfList:
    return DateOfList(
        id=row.id, starts_at=clock.local(row.starts_at, row.zone), group=row.name, room=row.room, state=row.state, minimum=row.minimum, maximum=row.maximum,
        yes=sum(counts.get(state, 0) for state in SAID_YES), unanswered=counts.get("invited", 0), decision=row.decision,
    )  # fmt: skip


def lights_of_dates(db: Session, viewer: Actor, sessions: Sequence[GroupSession]) -> dict[str, tuple[int, Light]]:
    """How many will come to each of these dates of the viewer's clinic, and its light: the same few questions for any number."""
    likely = advice_of_dates(db, viewer, sessions)
    asked = select(Seat.session_id, func.count()).where(Seat.session_id.in_(likely), Seat.state.in_(INVITED)).group_by(Seat.session_id)
    invited: dict[str, int] = {row[0]: row[1] for row in db.execute(asked)}
    limit, now = clinic_of(db, viewer).too_many_percent, clock.now()
    return {s.id: (likely[s.id].expected, _light(s, likely[s.id], invited.get(s.id, 0), limit, now)) for s in sessions if s.id in likely}


def _light(group_session: GroupSession, likely: Expected, invited: int, limit: int, now: datetime) -> Light:
    group = group_session.group
    return census.light(
        census.days_left(group_session.starts_at, now, group_session.zone), likely.expected, minimum=group.minimum, best=group.target, invited=invited, too_many=likely.too_many,
        limit=limit,
    )  # fmt: skip
