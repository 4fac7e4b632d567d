"""The dates of the weeks around today, each with its counts: one question for each kind of row, whatever the number of dates."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.core.actor import Actor
from groupvisits.home import rules
from groupvisits.home.rules import DateNow
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import HOLDING, GroupSession, Offer, Seat, SessionTeamMember, WaitingListEntry
from groupvisits.sessions.queries import lights_of_dates, minute_check
from groupvisits.sessions.rules.census import Light
from groupvisits.sessions.rules.states import SAID_YES

EXPECTED_AHEAD = rules.LOOK_AHEAD + timedelta(days=1)  # all of the fourteenth day
LOOK_BACK = timedelta(days=7)
LAPSED_SINCE = timedelta(days=3)
INTERPRETER = "interpret"  # what somebody typed about a person's needs, such as "Portuguese interpreter"


@dataclass(frozen=True)
class Waiting:
    """Who waits longest for a date, alone or with the other of a pair."""

    patient_id: str
    name: str
    places: int


@dataclass(frozen=True)
class DateLine:
    """One date with its counts and what the decisions make of them."""

    group_session: GroupSession
    now: DateNow
    companions: int
    team: int
    needed: int
    available: int
    standing: str
    waiting: list[Waiting] = field(default_factory=list)
    light: Light | None = None  # of a date near enough to be decided about

    @property
    def places(self) -> int:
        """Chairs and meals: who said yes, and who comes along. The team's are not in it."""
        return self.now.held + self.companions


def lines_for(db: Session, viewer: Actor, since: datetime, until: datetime, now: datetime) -> list[DateLine]:
    """All dates of the viewer's clinic that begin in this time, and those of the week before that never took place; in order."""
    not_over = or_(GroupSession.starts_at >= since, GroupSession.state == "planned")  # what was never opened nor cancelled still asks for it
    where = (GroupSession.clinic_id == viewer.clinic_id, GroupSession.starts_at >= since - LOOK_BACK, GroupSession.starts_at < until, not_over)
    sessions = db.scalars(select(GroupSession).where(*where).order_by(GroupSession.starts_at, GroupSession.id)).unique().all()
    seats, team = _seats(db, where), _team(db, where)
    waiting, lapsed = _waiting(db, where), _lapsed(db, where, now)
    likely = lights_of_dates(db, viewer, [s for s in sessions if s.state == "planned" and now < s.starts_at <= now + EXPECTED_AHEAD])
    return [_line(s, seats[s.id], team.get(s.id, (0, 0, 0)), waiting[s.id], lapsed.get(s.id, 0), likely.get(s.id, (None, None)), now) for s in sessions]


def residents_of(db: Session, session_ids: Sequence[str]) -> dict[str, str]:
    """Session -> the names of its residents; the caller has found these sessions for its viewer."""
    query = (
        select(SessionTeamMember.session_id, StaffMember.name)
        .join(StaffMember, StaffMember.id == SessionTeamMember.staff_member_id)
        .where(SessionTeamMember.session_id.in_(session_ids), SessionTeamMember.role == "resident")
        .order_by(StaffMember.name)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for session_id, name in db.execute(query):
        found[session_id].append(name)
    return {session_id: ", ".join(names) for session_id, names in found.items()}


def interpreters_of(db: Session, viewer: Actor, since: datetime, until: datetime) -> dict[str, set[str]]:
    """Session -> the languages that somebody who said yes needs an interpreter for."""
    query = (
        select(Seat.session_id, Patient.language)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .join(Patient, Patient.id == Seat.patient_id)
        .where(GroupSession.clinic_id == viewer.clinic_id, GroupSession.starts_at >= since, GroupSession.starts_at < until)
        .where(Seat.state.in_(SAID_YES), func.lower(Patient.needs).contains(INTERPRETER))
        .distinct()
    )
    found: dict[str, set[str]] = defaultdict(set)
    for session_id, language in db.execute(query):
        found[session_id].add(language)
    return found


def _line(
    group_session: GroupSession,
    seats: dict[str, Any],
    team: tuple[int, int, int],
    waiting: list[Waiting],
    lapsed: int,
    likely: tuple[int | None, Light | None],
    now: datetime,
) -> DateLine:
    held, offered = sum(seats.get(state, 0) for state in SAID_YES), seats.get("offered", 0)
    facilitators, residents, everybody = team
    check, group = minute_check(group_session, held, residents), group_session.group
    date = DateNow(
        session_id=group_session.id, state=group_session.state, starts_at=group_session.starts_at, ends_at=group_session.ends_at, held=held,
        invited=seats.get("invited", 0), declined=seats.get("declined", 0), minimum=group.minimum,
        has_facilitator=facilitators > 0, expected=likely[0], residents=residents, left_over=check.left_over,
        decide_by=group_session.starts_at - timedelta(days=group.go_no_go_days), decision=group_session.decision,
        waiting=len(waiting), may_invite=_may_invite(group_session.maximum - held - offered, waiting), lapsed=lapsed, asked_again=seats.get("asked_again", 0),
    )  # fmt: skip
    return DateLine(group_session, date, seats.get("companions", 0), everybody, check.needed, check.available, rules.standing(date, now), waiting, likely[1])


def _may_invite(free: int, waiting: list[Waiting]) -> int:
    """Free places that somebody who waits could take: none where all who wait are pairs and one place is free."""
    return free if any(entry.places <= free for entry in waiting) else 0


def _seats(db: Session, where: Any) -> dict[str, dict[str, Any]]:
    """Session -> seat state -> how many; and "companions" and "asked_again" of those who hold a place."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    again = func.sum(case((Seat.asked_again, 1), else_=0))
    query = select(Seat.session_id, Seat.state, func.count(), func.sum(Seat.companions), again).join(GroupSession, GroupSession.id == Seat.session_id)
    for session_id, state, number, along, asked_again in db.execute(query.where(*where).group_by(Seat.session_id, Seat.state)):
        counts = found[session_id]
        counts[state] = number
        if state in HOLDING:
            counts["companions"] = counts.get("companions", 0) + int(along or 0)
            counts["asked_again"] = counts.get("asked_again", 0) + int(asked_again or 0)
    return found


def _team(db: Session, where: Any) -> dict[str, tuple[int, int, int]]:
    """Session -> how many facilitators, how many residents and how many people in all work there."""
    facilitators, residents = (func.sum(case((SessionTeamMember.role == role, 1), else_=0)) for role in ("facilitator", "resident"))
    everybody = func.count(SessionTeamMember.staff_member_id.distinct())
    query = select(SessionTeamMember.session_id, facilitators, residents, everybody).join(GroupSession, GroupSession.id == SessionTeamMember.session_id)
    rows = db.execute(query.where(*where).group_by(SessionTeamMember.session_id))
    return {session_id: (int(leads), int(sees), int(all_of_them)) for session_id, leads, sees, all_of_them in rows}


def _waiting(db: Session, where: Any) -> dict[str, list[Waiting]]:
    """Session -> who waits for a place in it, in the order of the list."""
    query = (
        select(WaitingListEntry.session_id, WaitingListEntry.patient_id, WaitingListEntry.partner_id, Patient.given_name, Patient.family_name)
        .join(GroupSession, GroupSession.id == WaitingListEntry.session_id)
        .join(Patient, Patient.id == WaitingListEntry.patient_id)
        .where(*where, WaitingListEntry.state == "waiting")
        .order_by(func.coalesce(WaitingListEntry.ahead_at, WaitingListEntry.since), WaitingListEntry.id)
    )
    found: dict[str, list[Waiting]] = defaultdict(list)
    for session_id, patient_id, partner_id, given, family in db.execute(query):
        found[session_id].append(Waiting(patient_id, f"{given} {family}".strip(), 2 if partner_id else 1))
    return found


def _lapsed(db: Session, where: Any, now: datetime) -> dict[str, int]:
    """Session -> offers of the last days that ran out without an answer, while the date is still to come."""
    query = select(Offer.session_id, func.count()).join(GroupSession, GroupSession.id == Offer.session_id)
    recent = (Offer.state == "lapsed", Offer.ended_at > now - LAPSED_SINCE, GroupSession.starts_at > now)
    rows = db.execute(query.where(*where, *recent).group_by(Offer.session_id))
    return {row[0]: row[1] for row in rows}
