"""Who is on the way into a group, how many reach each step, and how its dates were attended. Attendance is counted from seats each time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.patients.queries import people_in
from groupvisits.programmes.models import Group, Membership, Recruit
from groupvisits.programmes.permissions import POLICY
from groupvisits.programmes.queries import standing_for
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules import recruitment as rules
from groupvisits.sessions.rules.states import CAME

DATES = 12  # of the table; everybody's attendance is counted over all dates
PAGE = 50


@dataclass(frozen=True)
class Person:
    """One person on the way, with the steps they have reached. `is_listed`: somebody noted them here; others came in as members."""

    patient_id: str
    name: str
    record_number: str
    language: str
    is_active: bool
    is_listed: bool
    is_member: bool
    member_since: date | None
    way: rules.Way
    steps: tuple[str, ...]

    @property
    def step(self) -> str:
        """Where they stand: the last step, or "declined"."""
        return "declined" if rules.said_no(self.way) else self.steps[-1]


@dataclass(frozen=True)
class DateCounts:
    """One date that is over. `planned` said yes or came; who cancelled beforehand and who never answered are counted apart."""

    group_session: GroupSession
    counted: Mapping[str, int]
    companions: int
    seen_alone: int

    @property
    def planned(self) -> int:
        return self.came + self.counted.get("no_show", 0)

    @property
    def came(self) -> int:
        return sum(self.counted.get(state, 0) for state in CAME)


@dataclass(frozen=True)
class Recruitment:
    group: Group
    people: Sequence[Person]
    dates: Sequence[DateCounts]  # newest first
    held: int  # how many dates of the group are over
    by_language: Mapping[str, Sequence[rules.Cell]] = field(default_factory=dict)

    def reached(self, step: str) -> int:
        return sum(step in person.steps for person in self.people)

    @property
    def declined(self) -> int:
        return sum(person.step == "declined" for person in self.people)

    @property
    def never_came(self) -> int:
        return sum(rules.never_came(person.way) for person in self.people)

    def at(self, step: str) -> list[Person]:
        """Who stands at a step now; "never" are those who agreed and never came."""
        if step == "never":
            return [person for person in self.people if rules.never_came(person.way)]
        return [person for person in self.people if person.step == step]


def recruitment_for(db: Session, viewer: Actor, group_id: str) -> Recruitment:
    """Everybody noted for the group or ever a member of it, by name, in a number of questions that does not grow. For coordinators."""
    standing = standing_for(db, viewer, group_id)
    POLICY.require(viewer, "programmes:recruit", standing)
    recruits = {recruit.patient_id: recruit for recruit in db.scalars(select(Recruit).where(Recruit.group_id == group_id))}
    members = {membership.patient_id: membership for membership in db.scalars(select(Membership).where(Membership.group_id == group_id))}
    dates = list(
        db.scalars(select(GroupSession.id).where(GroupSession.group_id == group_id, GroupSession.state == "closed").order_by(GroupSession.starts_at.desc()))
    )
    came_to, asked_to = _attended(db, group_id)
    found = people_in(db, standing.clinic_id, {*recruits, *members})
    people = [
        _person(patient, recruits.get(patient.id), members.get(patient.id), frozenset(came_to[patient.id]), frozenset(asked_to[patient.id]), dates)
        for patient in sorted(found.values(), key=lambda p: (p.family_name.casefold(), p.given_name.casefold(), p.id))
    ]
    return Recruitment(standing.group, people, _dates(db, group_id), len(dates), rules.shown(_table(people)))


def _person(
    patient: Patient, recruit: Recruit | None, membership: Membership | None, came_to: frozenset[str], asked_to: frozenset[str], dates: Sequence[str]
) -> Person:
    way = rules.Way(
        contacted_at=recruit.contacted_at if recruit else None,
        agreed_at=recruit.agreed_at if recruit else None,
        declined_at=recruit.declined_at if recruit else None,
        was_member=membership is not None and membership.since != membership.until,
        came_to=came_to,
        asked_to=asked_to,
    )
    is_member = membership is not None and membership.until is None
    return Person(
        patient.id, patient.name, patient.record_number or "", patient.language, patient.is_active, recruit is not None, is_member,
        membership.since if membership is not None and is_member else None, way, rules.steps_of(way, dates),
    )  # fmt: skip


def _attended(db: Session, group_id: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """(patient -> dates of the group they came to, patient -> dates that had them on the list); a make-up in a sister group counts for the date it replaces."""
    came_to: dict[str, set[str]] = defaultdict(set)
    asked_to: dict[str, set[str]] = defaultdict(set)
    own = select(Seat.patient_id, Seat.session_id, Seat.state).join(GroupSession, GroupSession.id == Seat.session_id)
    own = own.where(GroupSession.group_id == group_id, GroupSession.state == "closed", Seat.state != "cancelled")
    for patient_id, session_id, state in db.execute(own):
        asked_to[patient_id].add(session_id)
        if state in CAME:
            came_to[patient_id].add(session_id)
    replaced = select(Seat.patient_id, Seat.makes_up_for_id).join(GroupSession, GroupSession.id == Seat.makes_up_for_id)
    for patient_id, session_id in db.execute(replaced.where(GroupSession.group_id == group_id, Seat.state.in_(CAME))):
        came_to[patient_id].add(str(session_id))
    return came_to, asked_to


def _dates(db: Session, group_id: str) -> list[DateCounts]:
    over = select(GroupSession).where(GroupSession.group_id == group_id, GroupSession.state == "closed").order_by(GroupSession.starts_at.desc()).limit(DATES)
    sessions = db.scalars(over).unique().all()
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    beside: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    query = select(Seat.session_id, Seat.state, Seat.is_fallback, func.count(), func.sum(Seat.companions))
    for session_id, state, is_fallback, number, companions in db.execute(
        query.where(Seat.session_id.in_([s.id for s in sessions])).group_by(Seat.session_id, Seat.state, Seat.is_fallback)
    ):
        counted[session_id][state] = counted[session_id].get(state, 0) + number
        if state in CAME:
            beside[session_id][0] += int(companions or 0)
            beside[session_id][1] += number if is_fallback else 0
    return [DateCounts(s, counted[s.id], *beside[s.id]) for s in sessions]


def _table(people: Sequence[Person]) -> dict[str, list[int]]:
    """Language -> how many reached each step."""
    table: dict[str, list[int]] = {}
    for person in people:
        row = table.setdefault(person.language, [0] * len(rules.STEPS))
        for index, step in enumerate(rules.STEPS):
            row[index] += step in person.steps
    return dict(sorted(table.items(), key=lambda line: (-line[1][0], line[0])))
