"""What a session's page shows: census, seats, team, and whether the one-on-one minutes fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.core.actor import Actor
from groupvisits.patients.contacts import show_phone
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import TEAM_ROLES
from groupvisits.programmes.rules import MinuteCheck, one_on_one_window
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.rules import HERE


@dataclass(frozen=True)
class SeatLine:
    seat_id: str
    patient_id: str
    name: str
    state: str
    needs: str
    over_maximum_reason: str
    phone: str = ""


@dataclass(frozen=True)
class TeamLine:
    staff_member_id: str
    name: str
    role: str
    room: str


@dataclass(frozen=True)
class Census:
    """How many hold a place, have not answered, said no; and how many of those who hold one are here."""

    held: int
    invited: int
    declined: int
    here: int
    beyond: int


def seat_lines(db: Session, viewer: Actor, place: Place) -> Sequence[SeatLine]:
    """Everybody on the list of this date by name. Only for coordinators: nobody else needs the whole list."""
    POLICY.require(viewer, "sessions:seat", place)
    query = (
        select(Seat, Patient)
        .join(Patient, Patient.id == Seat.patient_id)
        .where(Seat.session_id == place.group_session.id, Seat.state != "cancelled")
        .order_by(func.lower(Patient.family_name), func.lower(Patient.given_name), Seat.id)
    )
    lines = [
        SeatLine(seat.id, patient.id, patient.name, seat.state, patient.needs, seat.over_maximum_reason, show_phone(patient.phone))
        for seat, patient in db.execute(query)
    ]
    return sorted(lines, key=lambda line: (line.state == "declined", line.state == "invited"))


def census_of(db: Session, place: Place) -> Census:
    """The counts of a session the caller has found for its viewer."""
    counts: dict[str, int] = {}
    beyond = 0
    query = select(Seat.state, func.count(), func.sum(case((Seat.over_maximum_reason != "", 1), else_=0))).where(Seat.session_id == place.group_session.id)
    for state, number, with_reason in db.execute(query.group_by(Seat.state)):
        counts[state] = number
        beyond += int(with_reason) if state in HOLDING else 0
    return Census(
        held=sum(counts.get(state, 0) for state in HOLDING),
        invited=counts.get("invited", 0),
        declined=counts.get("declined", 0),
        here=sum(counts.get(state, 0) for state in HERE),
        beyond=beyond,
    )


def team_for(db: Session, place: Place) -> Sequence[TeamLine]:
    """Who works in a session the caller has found for its viewer."""
    query = (
        select(StaffMember.id, StaffMember.name, SessionTeamMember.role, SessionTeamMember.place)
        .join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
        .where(SessionTeamMember.session_id == place.group_session.id)
        .order_by(StaffMember.name)
    )
    return sorted((TeamLine(*row) for row in db.execute(query)), key=lambda line: TEAM_ROLES.index(line.role))


def minute_check(group_session: GroupSession, people: int, residents: int) -> MinuteCheck:
    """Whether the one-on-ones of that many people fit this date."""
    group = group_session.group
    minutes = round((group_session.ends_at - group_session.starts_at).total_seconds() / 60)
    window = one_on_one_window(group.layout, group.programme.run_sheet, minutes)
    return MinuteCheck(people, group.slot_minutes, residents, window.minutes)
