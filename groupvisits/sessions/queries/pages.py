"""What a session's page shows: census, seats, team, and whether the one-on-one minutes fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.contacts import show_phone
from groupvisits.patients.models import Pair, Patient
from groupvisits.programmes.models import TEAM_ROLES
from groupvisits.programmes.rules import MinuteCheck, one_on_one_window
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import Place, place_for
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
    told: "Told | None" = None  # the last message about this date; None: nothing was sent yet
    skips: bool = False
    asked_again: bool = False
    companions: int = 0
    is_made_up: bool = False
    partner: str = ""  # the other of a pair, where both are on the list
    both_yes: bool = False


@dataclass(frozen=True)
class Told:
    """How somebody was told last: channel (email, text, call) and what became of it: waiting, sent, arrived, failed."""

    channel: str
    state: str


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
    offered: int = 0  # of those held

    @property
    def yes(self) -> int:
        """Who said yes or is here: an open offer holds a place and is no answer yet."""
        return self.held - self.offered


def seat_lines(db: Session, viewer: Actor, place: Place) -> Sequence[SeatLine]:
    """Everybody on the list of this date by name. Only for coordinators: nobody else needs the whole list."""
    POLICY.require(viewer, "sessions:seat", place)
    query = (
        select(Seat, Patient)
        .join(Patient, Patient.id == Seat.patient_id)
        .where(Seat.session_id == place.group_session.id, Seat.state != "cancelled")
        .order_by(func.lower(Patient.family_name), func.lower(Patient.given_name), Seat.id)
    )
    rows = db.execute(query).all()
    told = last_told(db, place.group_session.id)
    partners = _partners(db, {seat.patient_id: seat.state for seat, _ in rows}, {patient.id: patient.name for _, patient in rows})
    lines = [
        SeatLine(
            seat.id, patient.id, patient.name, seat.state, patient.needs, seat.over_maximum_reason, show_phone(patient.phone), told.get(patient.id), seat.skips,
            seat.asked_again, seat.companions, seat.makes_up_for_id is not None, *partners.get(patient.id, ("", False)),
        )
        for seat, patient in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.state == "declined", line.state == "invited"))


def seat_line(db: Session, viewer: Actor, session_id: str, seat_id: str) -> SeatLine:
    """One row of them; NotFound for a seat of another date."""
    found = [line for line in seat_lines(db, viewer, place_for(db, viewer, session_id)) if line.seat_id == seat_id]
    if not found:
        raise NotFound
    return found[0]


def last_told(db: Session, session_id: str) -> Mapping[str, Told]:
    """How each patient was last told about a session the caller has found, by patient."""
    query = (
        select(OutboxMessage.patient_id, OutboxMessage.channel, OutboxMessage.state, OutboxMessage.delivered_at)
        .where(OutboxMessage.session_id == session_id, OutboxMessage.patient_id.is_not(None), OutboxMessage.state != "withdrawn")
        .order_by(OutboxMessage.due_at, OutboxMessage.number, OutboxMessage.id)
    )
    found = {}
    for patient_id, channel, state, delivered_at in db.execute(query):
        found[patient_id] = Told(channel, "arrived" if delivered_at else "waiting" if state == "sending" else state)
    return found


def _partners(db: Session, states: Mapping[str, str], names: Mapping[str, str]) -> Mapping[str, tuple[str, bool]]:
    """Who of the list comes with whom: the other's name, and whether both said yes."""
    pairs = db.execute(select(Pair.first_id, Pair.second_id).where(Pair.first_id.in_(states), Pair.second_id.in_(states)))
    found = {}
    for one, other in pairs:
        both = states[one] == states[other] == "confirmed"
        found[one], found[other] = (names[other], both), (names[one], both)
    return found


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
        offered=counts.get("offered", 0),
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
