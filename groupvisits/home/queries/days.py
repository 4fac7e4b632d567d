"""The coordinator's day and the team's today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.home import rules
from groupvisits.home.permissions import POLICY
from groupvisits.home.queries.lines import DateLine, interpreters_of, lines_for, residents_of
from groupvisits.home.queries.matters import alarms_without_a_person, ending_agreements, groups_without_dates, open_changes, returned_to
from groupvisits.home.rules import Need
from groupvisits.programmes.queries import clinic_of
from groupvisits.sessions.models import GroupSession
from groupvisits.sessions.queries import SessionLine, messages, sessions_for

FORTNIGHT = timedelta(days=15)  # today and the 14 days after it


@dataclass(frozen=True)
class Thing:
    """One thing that needs somebody: about a date (`line`), or about what `facts` name."""

    need: Need
    line: DateLine | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """The coordinator's home."""

    clinic: Clinic
    today: datetime
    things: Sequence[Thing]  # the most urgent first; only as many as are shown
    count: int  # of all of them
    today_lines: Sequence[DateLine]
    interpreters: Mapping[str, set[str]]  # session -> languages
    next_lines: Sequence[DateLine]
    next_after: GroupSession | None


def day_for(db: Session, viewer: Actor, *, at_most: int = 17) -> Day:
    """Everything on the coordinator's home; the number of questions does not depend on how many dates there are."""
    POLICY.require(viewer, "home:coordinate")
    clinic, now = clinic_of(db, viewer), clock.now()
    midnight = datetime.combine(clock.local(now, clinic.zone).date(), time(), ZoneInfo(clinic.zone))
    tomorrow, end = midnight + timedelta(days=1), midnight + FORTNIGHT
    lines = lines_for(db, viewer, midnight, midnight + rules.PLAN_AHEAD + timedelta(days=1), now)
    coming = [line for line in lines if midnight <= line.group_session.starts_at < end]
    things = _things(db, viewer, lines, now)
    return Day(
        clinic=clinic,
        today=midnight,
        things=_with_residents(db, things[:at_most]),
        count=len(things),
        today_lines=[line for line in coming if line.group_session.starts_at < tomorrow and line.group_session.state != "cancelled"],
        interpreters=interpreters_of(db, viewer, midnight, tomorrow),
        next_lines=coming,
        next_after=_next_after(db, viewer, end) if not coming else None,
    )


def _things(db: Session, viewer: Actor, lines: Sequence[DateLine], now: datetime) -> list[Thing]:
    by_id = {line.group_session.id: line for line in lines}
    others = list(_other_things(db, viewer, by_id, now))
    facts = {id(thing.need): thing for thing in others}
    needs = rules.needs_of((line.now for line in lines), now, [thing.need for thing in others])
    return [facts.get(id(need)) or Thing(need, by_id.get(need.session_id)) for need in needs]


def _with_residents(db: Session, things: Sequence[Thing]) -> list[Thing]:
    """Whose minutes are not enough is named."""
    names = residents_of(db, [thing.need.session_id for thing in things if thing.need.kind == "too_few_minutes"])
    return [replace(thing, facts={"residents": names.get(thing.need.session_id, "")}) if thing.need.kind == "too_few_minutes" else thing for thing in things]


def _other_things(db: Session, viewer: Actor, by_id: Mapping[str, DateLine], now: datetime) -> list[Thing]:
    waiting, later = messages.counts_for(db, viewer), now + rules.PLAN_AHEAD
    counts = (("texts", now, waiting.to_read), ("calls", now, waiting.calls), ("scheduler", later, open_changes(db, viewer)))
    found = [Thing(Need(kind, "", at), None, {"number": number}) for kind, at, number in counts if number]
    for session_id, starts_at, zone, group, number in alarms_without_a_person(db, viewer, now):
        found.append(Thing(Need("alarm", session_id, now), None, {"number": number, "name": group, "starts_at": starts_at, "zone": zone}))
    for ending in ending_agreements(db, viewer, now):
        found.append(Thing(Need("agreements", "", later), None, {"number": ending.number, "group_id": ending.group_id, "name": ending.group}))
    for message in returned_to(db, viewer, now):
        about = by_id.get(message.session_id)
        at = about.group_session.starts_at if about else later
        found.append(Thing(Need("came_back", message.session_id, at), about, {"patient_id": message.patient_id, "name": message.name, "kind": message.kind}))
    for group_id, name in groups_without_dates(db, viewer, now):
        found.append(Thing(Need("no_dates", "", later), None, {"group_id": group_id, "name": name}))
    return found


def _next_after(db: Session, viewer: Actor, moment: datetime) -> GroupSession | None:
    query = select(GroupSession).where(GroupSession.clinic_id == viewer.clinic_id, GroupSession.state == "planned", GroupSession.starts_at >= moment)
    return db.scalar(query.order_by(GroupSession.starts_at).limit(1))


def my_dates(db: Session, viewer: Actor) -> list[SessionLine]:
    """The dates whose team the viewer is on, from four hours ago on, the soonest first."""
    POLICY.require(viewer, "home:today")
    lines = sessions_for(db, viewer, since=clock.now() - timedelta(hours=4), at_most=8, team_only=True)
    return [line for line in lines if line.group_session.state != "cancelled"]
