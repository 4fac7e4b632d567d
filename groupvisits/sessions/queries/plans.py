"""What a planned change of a group's dates would do: computed anew at each look, in a bounded number of questions to the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.models import Group, GroupTeamMember
from groupvisits.sessions import emails
from groupvisits.sessions.models import Closure, GroupSession, Notice, Seat, SeriesPlan, SessionTeamMember, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import plans, series
from groupvisits.sessions.rules.plans import Busy, Line, Question
from groupvisits.sessions.rules.states import ONE_ON_ONES

LONGEST = timedelta(minutes=480)  # no visit is longer (a CHECK of groups), so nothing that began earlier is still on


@dataclass(frozen=True)
class Preview:
    """A plan as it stands at this moment. `seen` names this moment and this content, to be given back when the plan is applied.

    `made_by`: who made the plan, where that was not the viewer.
    """

    plan: SeriesPlan
    group: Group
    zone: str
    minutes: int
    rule: series.Rule | None
    lines: tuple[Line, ...]
    seen: str
    team_away: Mapping[str, frozenset[str]]
    dates: tuple[tuple[str, datetime, datetime], ...]  # all dates of this group to come: id, from when to when
    made_by: str = ""

    @property
    def act(self) -> str:
        return self.plan.wish["act"]

    @property
    def acting(self) -> list[Line]:
        return [line for line in self.lines if line.acts]

    @property
    def patients(self) -> frozenset[str]:
        return frozenset().union(*(line.patients for line in self.acting))

    @property
    def staff(self) -> frozenset[str]:
        return frozenset().union(*(line.staff for line in self.acting))

    @property
    def told(self) -> int:
        return len(self.patients) + len(self.staff)

    @property
    def clashes(self) -> int:
        return sum(bool(line.questions) for line in self.lines)


def plan_for(db: Session, viewer: Actor, group_id: str, plan_id: str) -> SeriesPlan:
    """The plan, for who schedules this group; NotFound otherwise."""
    standing = programmes.standing_for(db, viewer, group_id)
    POLICY.require(viewer, "sessions:schedule", standing)
    plan = db.get(SeriesPlan, plan_id)
    if plan is None or plan.group_id != group_id or plan.clinic_id != standing.clinic_id:
        raise NotFound
    return plan


def preview_of(db: Session, viewer: Actor, group_id: str, plan_id: str) -> Preview:
    """Every date now and then, what stays with it, what is in its way and who would be told."""
    plan = plan_for(db, viewer, group_id, plan_id)
    group, clinic, now = db.get_one(Group, group_id), programmes.clinic_of(db, viewer), clock.now()
    zone, wish = zone_of(group, clinic), plan.wish
    minutes = int(wish.get("minutes") or group.minutes)
    rule = plans.rule_from_json(wish["rule"]) if wish.get("rule") else None
    dates = _dates_to_come(db, group, now)
    if wish["act"] == "make":
        lines, moving = _lines_to_make(db, clinic, group, zone, dates, int(wish["count"]), now), []
    elif wish["act"] == "one":
        moving = [line for line in dates if line.id == wish["session_id"] and line in _from(dates, "", now)]
        lines = [_line_of_one(db, clinic, line, wish, zone) for line in moving]
    else:
        moving = _from(dates, wish.get("session_id", ""), now)
        assert rule is not None
        lines = _lines_of_rule(db, clinic, group, zone, moving, rule, wish, now)
    lines = _with_seats(db, lines)
    lines, away = _with_clashes(db, viewer.id, group, lines, zone, minutes, {line.id for line in moving})
    held = tuple((found.id, found.starts_at, found.ends_at) for found in dates if found.state in ("planned", "open"))
    seen = f"{now.isoformat()} {plans.fingerprint(lines, minutes=minutes, zone=zone)}"
    return Preview(plan, group, zone, minutes, rule, tuple(lines), seen, away, held, _maker(db, viewer, plan))


def _maker(db: Session, viewer: Actor, plan: SeriesPlan) -> str:
    if plan.made_by == viewer.id:
        return ""
    return db.scalar(select(StaffMember.name).where(StaffMember.id == plan.made_by, StaffMember.clinic_id == plan.clinic_id)) or ""


def zone_of(group: Group, clinic: Clinic) -> str:
    return group.zone or clinic.zone


def rule_of(group: Group) -> series.Rule:
    """What repeats the group's visits, as a value."""
    return series.Rule(
        group.rule, group.starts, group.week, group.weekday, group.every_weeks, group.first_day,
        tuple(date.fromisoformat(day) for day in group.chosen_days or ()),
    )  # fmt: skip


def example_message(db: Session, viewer: Actor, preview: Preview, *, link: str) -> str:
    """The very text that patients of the first moving date will read, in English; each reads it in their own language. `link` stands for their own."""
    line = next((line for line in preview.acting if line.patients), None) or preview.acting[0]
    group_session, clinic = db.get_one(GroupSession, line.session_id), programmes.clinic_of(db, viewer)
    assert line.starts_at is not None
    facts = emails.facts_of(
        clinic, group_session, language="en", starts_at=line.starts_at, ends_at=line.starts_at + timedelta(minutes=preview.minutes), was=group_session.starts_at,
        link=link,
    )  # fmt: skip
    return emails.words_for("update", replace(facts, room=line.room)).text.strip()


def answers_since(db: Session, preview: Preview, moment: datetime) -> int:
    """How many people have answered for the dates of a preview since it was looked at."""
    ids = [line.session_id for line in preview.lines if line.session_id]
    changed = select(Seat.id).where(Seat.session_id.in_(ids), Seat.changed_at > moment, Seat.state.in_(("confirmed", "declined")))
    return len(db.scalars(changed).all())


def _dates_to_come(db: Session, group: Group, now: datetime) -> list[Any]:
    columns = (
        GroupSession.id,
        GroupSession.starts_at,
        GroupSession.ends_at,
        GroupSession.wall_time,
        GroupSession.zone,
        GroupSession.room,
        GroupSession.state,
        GroupSession.decision,
    )
    query = select(*columns).where(GroupSession.group_id == group.id, GroupSession.starts_at > now - timedelta(days=1))
    return list(db.execute(query.order_by(GroupSession.starts_at, GroupSession.id)))


def _from(dates: Sequence[Any], session_id: str, now: datetime) -> list[Any]:
    """The planned dates to come from that one on; all of them without one. Past, open, closed and cancelled dates never move, nor do
    those whose people have been told a time of their own."""
    begin = next((line.starts_at for line in dates if line.id == session_id), None)
    if session_id and begin is None:
        return []
    may_move = [line for line in dates if line.state == "planned" and line.decision != ONE_ON_ONES]
    return [line for line in may_move if line.starts_at > now and (begin is None or line.starts_at >= begin)]


def closed_days(db: Session, clinic: Clinic, since: date, starts: time, minutes: int) -> series.ClosedDays:
    """When the clinic is closed at the time of a visit: public holidays, and its own closures."""
    closures: dict[date, str] = {}
    until = (datetime.combine(since, starts) + timedelta(minutes=minutes)).time()
    query = select(Closure).where(Closure.clinic_id == clinic.id, Closure.room == "", Closure.last_day >= since)
    for closure in db.scalars(query):
        if closure.from_time and closure.until_time and not (closure.from_time < max(until, starts) and closure.until_time > starts):
            continue
        for ahead in range((closure.last_day - closure.first_day).days + 1):
            closures.setdefault(closure.first_day + timedelta(days=ahead), closure.reason)
    return series.ClosedDays(clinic.country, clinic.subdivision, closures)


def _lines_to_make(db: Session, clinic: Clinic, group: Group, zone: str, dates: Sequence[Any], count: int, now: datetime) -> list[Line]:
    rule, after = rule_of(group), clock.local(now, zone).replace(tzinfo=None)
    closed = closed_days(db, clinic, after.date(), group.starts, group.minutes)
    laid = series.lay_out(rule, after=after, count=count, closed=closed, policy=group.holiday_policy)
    walls = {(wall := datetime.fromisoformat(found.wall_time)).date(): wall for found in dates}
    existing = series.existing_of(rule, laid, [(datetime.fromisoformat(found.wall_time).date(), found.state) for found in dates])
    lines = []
    for line in laid:
        key, made = line.wanted.isoformat(), existing.get(line.day)
        if made:
            lines.append(Line(key, "cancelled" if made[1] == "cancelled" else "exists", wall=walls[made[0]], room=group.room))
            continue
        state = "skipped" if line.fate == "skipped" else "new"
        lines.append(_with_clock(Line(key, state, wall=datetime.combine(line.day, rule.starts), room=group.room, fate=line.fate, because=line.because), zone))
    return lines


def _line_of_one(db: Session, clinic: Clinic, found: Any, wish: Mapping[str, Any], zone: str) -> Line:
    wall, room, minutes = datetime.fromisoformat(wish["wall"]), wish["room"], int(wish["minutes"])
    line = _moving(found, wall, room, minutes, zone)
    because = closed_days(db, clinic, wall.date(), wall.time(), minutes).get(wall.date())
    if because and line.acts and line.was is not None and line.was.date() != wall.date():
        line = replace(line, questions=(Question("closed", because, ("open", "keep")),))
    return _with_clock(line, zone)


def _moving(found: Any, wall: datetime, room: str, minutes: int, zone: str) -> Line:
    was = datetime.fromisoformat(found.wall_time)
    same = was == wall and found.zone == zone and room == found.room and found.ends_at - found.starts_at == timedelta(minutes=minutes)
    return Line(found.id, "stays" if same else "moves", was=was, wall=wall, session_id=found.id, room=room, room_was=found.room)


def _lines_of_rule(
    db: Session, clinic: Clinic, group: Group, zone: str, moving: Sequence[Any], rule: series.Rule, wish: Mapping[str, Any], now: datetime
) -> list[Line]:
    after, minutes = clock.local(now, zone).replace(tzinfo=None), int(wish["minutes"])
    closed = closed_days(db, clinic, after.date(), rule.starts, minutes)
    days = [datetime.fromisoformat(found.wall_time).date() for found in moving]
    lines = []
    for found, laid in zip(moving, series.pair(days, rule, after=after, closed=closed, policy=group.holiday_policy), strict=True):
        if laid is None:
            was = datetime.fromisoformat(found.wall_time)
            lines.append(Line(found.id, "unplaced", was=was, wall=was, session_id=found.id, room=found.room, room_was=found.room))
            continue
        line = _moving(found, datetime.combine(laid.day, rule.starts), wish.get("room") or found.room, minutes, zone)
        line = replace(line, fate=laid.fate, because=laid.because)
        if laid.fate == "skipped" and line.acts:
            line = replace(line, questions=(Question("closed", laid.because, ("open", "keep")),))
        lines.append(_with_clock(line, zone))
    return lines


def _with_clock(line: Line, zone: str) -> Line:
    """The line with its moment, and with a question where the clocks change in that night."""
    if not line.acts or line.wall is None:
        return line
    problem = series.clock_problem(line.wall, zone)
    line = replace(line, starts_at=line.wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    if not problem:
        return line
    options = tuple("keep" if value == "skip" and line.state == "moves" else value for value in series.CHOICES[problem])
    return replace(line, questions=(*line.questions, Question("clock", problem, options)))


def who_to_tell(db: Session, session_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """Which patients hear when these dates move or are cancelled: who said yes or waits for a place, and who was asked or offered one by a message.

    Whoever said no or skips is left in peace; whom no invitation has reached yet is invited to the date as it then is.
    """
    reached = {
        (session_id, patient_id)
        for session_id, patient_id in db.execute(
            select(Notice.session_id, Notice.patient_id).where(Notice.session_id.in_(session_ids), Notice.state == "sent").distinct()
        )
    }
    told: dict[str, set[str]] = {}
    seats = select(Seat.session_id, Seat.patient_id, Seat.state).where(
        Seat.session_id.in_(session_ids), Seat.state.in_(("invited", "waitlisted", "offered", "confirmed"))
    )
    for session_id, patient_id, state in db.execute(seats):
        if state in ("waitlisted", "confirmed") or (session_id, patient_id) in reached:
            told.setdefault(session_id, set()).add(patient_id)
    return {session_id: frozenset(people) for session_id, people in told.items()}


def _with_seats(db: Session, lines: Sequence[Line]) -> list[Line]:
    """What stays with each date that exists, and who hears of its move."""
    ids = [line.session_id for line in lines if line.session_id]
    if not ids:
        return list(lines)
    told = who_to_tell(db, ids)
    seats: dict[str, list[Any]] = {}
    for seat in db.execute(select(Seat.session_id, Seat.patient_id, Seat.state).where(Seat.session_id.in_(ids)).order_by(Seat.id)):
        seats.setdefault(seat.session_id, []).append(seat)
    waiting: dict[str, int] = {}
    entries = select(WaitingListEntry.session_id).where(WaitingListEntry.session_id.in_(ids), WaitingListEntry.state.in_(("waiting", "offered")))
    for session_id in db.scalars(entries):
        waiting[session_id] = waiting.get(session_id, 0) + 1
    return [
        replace(
            line, answers=sum(seat.state in ("confirmed", "declined") for seat in seats.get(line.session_id, ())), waiting=waiting.get(line.session_id, 0),
            patients=told.get(line.session_id, frozenset()), changed=tuple(f"{seat.patient_id} {seat.state}" for seat in seats.get(line.session_id, ())),
        )
        for line in lines
    ]  # fmt: skip


def _with_clashes(
    db: Session, viewer_id: str, group: Group, lines: Sequence[Line], zone: str, minutes: int, moving: set[str]
) -> tuple[list[Line], dict[str, frozenset[str]]]:
    spans = {line.key: series.span(line.wall, zone, minutes) for line in lines if line.acts and line.wall is not None}
    if not spans:
        return list(lines), {}
    busy = [entry for entry in _visits_during(db, group.clinic_id, list(spans.values())) if entry.session_id not in moving]
    booked = _bookings(db, group.clinic_id, zone, list(spans.values()))
    rooms = _rooms_of(db, group)
    teams = _teams(db, group, [line for line in lines if line.acts])
    members = programmes.member_ids(db, group.id, clock.today(zone))
    on_lists = {line.session_id: frozenset(one.split(" ")[0] for one in line.changed if not one.endswith(("cancelled", "declined"))) for line in lines}
    staff = {person for team in teams.values() for person in team}
    working, seated = _people_in(db, [entry.session_id for entry in busy], staff, members.union(*on_lists.values()))
    names = _names(db, staff)
    found, away = [], {}
    for line in lines:
        if line.key not in spans:
            found.append(line)
            continue
        there = [entry for entry in busy if entry.during(*spans[line.key])]
        team = teams.get(line.session_id, frozenset())
        elsewhere = {person: entry for entry in there for person in working.get(entry.session_id, ()) if person in team}
        away[line.key] = frozenset(elsewhere)
        people = members if line.state == "new" else on_lists.get(line.session_id, frozenset())
        also = {name for entry in there for patient_id, name in seated.get(entry.session_id, ()) if patient_id in people}
        met = replace(
            line,
            staff=(team & frozenset(names)) - {viewer_id},
            elsewhere=tuple(sorted(also)),
            patients=frozenset(members) if line.state == "new" else line.patients,
        )
        by_name = {names[person]: elsewhere[person] for person in elsewhere if person in names}
        found.append(plans.clashes(met, span=spans[line.key], busy=[*there, *booked], rooms=rooms, team_elsewhere=by_name))
    return found, away


def _visits_during(db: Session, clinic_id: str, spans: Iterable[tuple[datetime, datetime]]) -> list[Busy]:
    columns = (GroupSession.id, Group.name, GroupSession.room, GroupSession.starts_at, GroupSession.ends_at, GroupSession.zone, GroupSession.group_id)
    during = or_(*(and_(GroupSession.clinic_id == clinic_id, GroupSession.starts_at > first - LONGEST, GroupSession.starts_at < last) for first, last in spans))
    query = select(*columns).join(Group, Group.id == GroupSession.group_id).where(during, GroupSession.state.in_(("planned", "open")))
    return [Busy(*row) for row in db.execute(query.order_by(GroupSession.starts_at, GroupSession.id))]


def _bookings(db: Session, clinic_id: str, zone: str, spans: Sequence[tuple[datetime, datetime]]) -> list[Busy]:
    """Rooms that others use on the days of these visits."""
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    query = select(Closure).where(
        Closure.clinic_id == clinic_id, Closure.room != "", Closure.last_day >= first.date() - timedelta(days=1), Closure.first_day <= last.date()
    )
    days = {clock.local(moment, zone).date() for span in spans for moment in span}
    tz = ZoneInfo(zone)
    return [
        Busy(
            "", closure.reason, closure.room, datetime.combine(day, closure.from_time or time.min, tz).astimezone(UTC),
            datetime.combine(day, closure.until_time or time.max, tz).astimezone(UTC),
        )
        for closure in db.scalars(query.order_by(Closure.first_day, Closure.id))
        for day in sorted(days)
        if closure.first_day <= day <= closure.last_day
    ]  # fmt: skip


def _rooms_of(db: Session, group: Group) -> list[str]:
    """The rooms that the clinic's groups use, and those that others book: what there is to choose from."""
    groups = select(Group.room).where(Group.clinic_id == group.clinic_id, Group.room != "").distinct()
    booked = select(Closure.room).where(Closure.clinic_id == group.clinic_id, Closure.room != "").distinct()
    seen: dict[str, str] = {}
    for room in sorted(db.scalars(groups.union(booked)), key=str.casefold):
        seen.setdefault(room.strip().casefold(), room.strip())
    return list(seen.values())


def _teams(db: Session, group: Group, lines: Sequence[Line]) -> dict[str, frozenset[str]]:
    """Who works in each date by its id; new dates ("") begin with the group's team."""
    teams: dict[str, set[str]] = {}
    if any(line.state == "new" for line in lines):
        teams[""] = set(db.scalars(select(GroupTeamMember.staff_member_id).where(GroupTeamMember.group_id == group.id)))
    ids = [line.session_id for line in lines if line.session_id]
    if ids:
        query = select(SessionTeamMember.session_id, SessionTeamMember.staff_member_id).where(SessionTeamMember.session_id.in_(ids))
        for session_id, person in db.execute(query):
            teams.setdefault(session_id, set()).add(person)
    return {session_id: frozenset(people) for session_id, people in teams.items()}


def _people_in(db: Session, session_ids: Sequence[str], staff: set[str], patients: set[str]) -> tuple[dict[str, set[str]], dict[str, set[tuple[str, str]]]]:
    """Who of these works in those visits, and who of these patients has a place or an invitation there, with their names."""
    working: dict[str, set[str]] = {}
    seated: dict[str, set[tuple[str, str]]] = {}
    if session_ids and staff:
        query = select(SessionTeamMember.session_id, SessionTeamMember.staff_member_id)
        for session_id, person in db.execute(query.where(SessionTeamMember.session_id.in_(session_ids), SessionTeamMember.staff_member_id.in_(staff))):
            working.setdefault(session_id, set()).add(person)
    if session_ids and patients:
        query = select(Seat.session_id, Patient.id, Patient.given_name, Patient.family_name).join(Patient, Patient.id == Seat.patient_id)
        query = query.where(Seat.session_id.in_(session_ids), Seat.patient_id.in_(patients), Seat.state.in_(("invited", "offered", "confirmed")))
        for session_id, patient_id, given, family in db.execute(query):
            seated.setdefault(session_id, set()).add((patient_id, f"{given} {family}".strip()))
    return working, seated


def _names(db: Session, staff: set[str]) -> dict[str, str]:
    """The staff members who can still sign in, by name."""
    return dict(db.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(staff), StaffMember.active)).all())  # type: ignore[arg-type]
