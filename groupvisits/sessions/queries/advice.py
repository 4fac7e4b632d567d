"""How many are likely to come to a date, and how many to invite: the counts that sessions.rules.advice works on.

What counts as history: dates of the same programme that were closed in the last twelve months. Somebody's own record is theirs in all
groups of the programme, so that a make-up visit in a sister group counts as having come.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import AttendanceCorrection, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.pages import minute_check
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.rules import advice as rules
from groupvisits.sessions.rules.advice import Expected, Rates, Record
from groupvisits.sessions.rules.states import CAME, COMES, HOLDING

HISTORY = timedelta(days=365)
KEPT = (*CAME, "no_show")
ASKED = (*KEPT, "invited", "declined")
INVITED = ("invited", "offered", *COMES)  # everybody on the list who has not said no
MOST_COUNTED = 32  # histories kept in memory, each some hundred kilobytes in a large clinic


@dataclass(frozen=True)
class Advice:
    """What a coordinator is told about one date. Chances are between 0 and 1; `limit` is the clinic's, in a hundred."""

    now: Expected
    invited: int
    yes: int
    unanswered: int
    offered: int
    most: int  # how many can come and all be seen: the maximum, or fewer where the one-on-one time ends before
    minimum: int
    maximum: int
    one_on_ones: int  # how many one-on-ones fit; 0: nobody gives any
    limit: int
    too_many_with_one_more: float
    visits: int  # of this group that history is made of
    visits_of_others: int  # of the programme's other groups
    new: int  # people on the list of whom there is no history
    off_by: int
    over_inviting: bool
    held: int
    held_limit: int  # how many places may be held at most

    @property
    def more(self) -> int:
        """How many more to invite; below zero: so many are invited beyond what is advised."""
        return self.now.advised - self.invited

    @property
    def few_in_100(self) -> int:
        return rules.in_a_hundred(self.now.too_few)

    @property
    def many_in_100(self) -> int:
        return rules.in_a_hundred(self.now.too_many)

    @property
    def one_more_in_100(self) -> int:
        return rules.in_a_hundred(self.too_many_with_one_more)

    @property
    def is_bound_by_time(self) -> bool:
        return self.most < self.maximum


def _none() -> list[int]:
    return [0, 0, 0]


@dataclass
class _History:
    """Closed dates of some programmes as [asked, held, came], by group, by programme, and by programme and person."""

    groups: dict[str, list[int]] = field(default_factory=lambda: defaultdict(_none))
    programmes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(_none))
    people: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(_none))

    def rates_of(self, group: Group) -> Rates:
        own = Record(*self.groups.get(group.id, _none()))
        return rules.rates_of_group(own, Record(*self.programmes.get(group.programme_id, _none())) - own)

    def rates_of_person(self, group: Group, patient_id: str, towards: Rates) -> Rates:
        return rules.rates_of_person(Record(*self.people.get((group.programme_id, patient_id), _none())), towards)

    def knows(self, group: Group, patient_id: str) -> bool:
        return (group.programme_id, patient_id) in self.people


_COUNTED: dict[tuple[str, frozenset[str]], tuple[tuple[Any, ...], _History]] = {}


def advice_for(db: Session, viewer: Actor, place: Place) -> Advice:
    """Who is likely to come to this date, and how many to invite. For those who see the date; the same few questions for any size."""
    POLICY.require(viewer, "sessions:see", place)
    group_session = place.group_session
    group = group_session.group
    history = _recent_history(db, place.clinic_id, [group.programme_id])
    visits = _visits(db, [group.programme_id])
    seats = _seats(db, [group_session.id])[group_session.id]
    one_on_ones = _one_on_ones(group_session, _residents(db, [group_session.id])[group_session.id])
    most, limit = rules.room_for(group_session.maximum, one_on_ones), _limit(db, place.clinic_id)
    towards = history.rates_of(group)
    on_list = [(patient_id, state) for patient_id, state in seats if state in INVITED]
    chances = [rules.chance(state, history.rates_of_person(group, patient_id, towards)) for patient_id, state in on_list]
    new = [come for (patient_id, _), come in zip(on_list, chances, strict=True) if not history.knows(group, patient_id)]
    return Advice(
        now=rules.outlook(chances, towards.asked, minimum=group.minimum, most=most, too_many=limit / 100),
        invited=len(on_list),
        yes=sum(state not in ("invited", "offered") for _, state in on_list),
        unanswered=sum(state == "invited" for _, state in on_list),
        offered=sum(state == "offered" for _, state in on_list),
        most=most,
        minimum=group.minimum,
        maximum=group_session.maximum,
        one_on_ones=one_on_ones,
        limit=limit,
        too_many_with_one_more=rules.more_than(rules.census([*chances, towards.asked]), most),
        visits=visits.get(group.id, 0),
        visits_of_others=sum(visits.values()) - visits.get(group.id, 0),
        new=len(new),
        off_by=rules.off_by(new, len(on_list), visits.get(group.id, 0)),
        over_inviting=group.over_inviting,
        held=sum(state in HOLDING for _, state in seats),
        held_limit=_held_limit(group_session, seats, history, most, limit) if group.over_inviting else group_session.maximum,
    )


def advice_of_dates(db: Session, viewer: Actor, sessions: Iterable[GroupSession]) -> dict[str, Expected]:
    """What is likely for each of these dates, by its id: the same few questions for one date as for all of a clinic's next two weeks.

    For those who see the lists of their clinic; dates of other clinics are left out.
    """
    POLICY.require(viewer, "sessions:list")
    dates = [group_session for group_session in sessions if group_session.clinic_id == viewer.clinic_id]
    if not dates:
        return {}
    ids = [group_session.id for group_session in dates]
    history = _recent_history(db, viewer.clinic_id, {group_session.group.programme_id for group_session in dates})
    seats, residents, limit = _seats(db, ids), _residents(db, ids), _limit(db, viewer.clinic_id)
    found = {}
    for group_session in dates:
        group = group_session.group
        towards = history.rates_of(group)
        chances = [rules.chance(state, history.rates_of_person(group, who, towards)) for who, state in seats[group_session.id] if state in INVITED]
        most = rules.room_for(group_session.maximum, _one_on_ones(group_session, residents[group_session.id]))
        found[group_session.id] = rules.outlook(chances, towards.asked, minimum=group.minimum, most=most, too_many=limit / 100)
    return found


def limit_for(tx: Transaction | Session, group_session: GroupSession) -> int:
    """How many places of this date may be held at most, for a group that over-invites.

    The largest number of held places of which more people than can be seen (the maximum, or fewer where the one-on-one time ends before)
    come with a chance within the clinic's limit; each holder counts with their own rate given a yes, further ones with the group's. Never
    fewer than can be seen. For code in an open transaction; whoever takes places has locked the session's row.
    """
    group = group_session.group
    most = rules.room_for(group_session.maximum, _one_on_ones(group_session, _residents(tx, [group_session.id])[group_session.id]))
    seats = _seats(tx, [group_session.id])[group_session.id]
    return _held_limit(group_session, seats, _history(tx, group_session.clinic_id, [group.programme_id]), most, _limit(tx, group_session.clinic_id))


def limits_for(db: Session, dates: Sequence[GroupSession]) -> dict[str, int]:
    """The same for several dates, any clinic's, in the same few questions for each clinic."""
    ids = [each.id for each in dates]
    seats, residents = (_seats(db, ids), _residents(db, ids)) if ids else ({}, {})
    found = {}
    for clinic_id in sorted({each.clinic_id for each in dates}):
        theirs = [each for each in dates if each.clinic_id == clinic_id]
        history, limit = _recent_history(db, clinic_id, {each.group.programme_id for each in theirs}), _limit(db, clinic_id)
        for each in theirs:
            most = rules.room_for(each.maximum, _one_on_ones(each, residents[each.id]))
            found[each.id] = _held_limit(each, seats[each.id], history, most, limit)
    return found


def _held_limit(group_session: GroupSession, seats: Sequence[tuple[str, str]], history: _History, most: int, limit: int) -> int:
    group = group_session.group
    towards = history.rates_of(group)
    # An offer that is taken is a yes: it is counted as one beforehand.
    held = [
        rules.chance("confirmed" if state == "offered" else state, history.rates_of_person(group, who, towards)) for who, state in seats if state in HOLDING
    ]
    return rules.most_invited(sorted(held, reverse=True), towards.yes, most=most, too_many=limit / 100)


def _recent_history(db: Session, clinic_id: str, programme_ids: Iterable[str]) -> _History:
    """The history for lists of dates, counted anew when a visit was closed or an attendance corrected: in a large clinic that takes 100 ms."""
    programmes = frozenset(programme_ids)
    state = _state_of_history(db, clinic_id)
    known = _COUNTED.get((clinic_id, programmes))
    if known is None or known[0] != state:
        known = state, _history(db, clinic_id, programmes)
        while len(_COUNTED) >= MOST_COUNTED:
            _COUNTED.pop(next(iter(_COUNTED)), None)
        _COUNTED[clinic_id, programmes] = known
    return known[1]


def _state_of_history(db: Session, clinic_id: str) -> tuple[Any, ...]:
    """What changes whenever the history of a clinic does."""
    corrections = select(func.count()).select_from(AttendanceCorrection).scalar_subquery()
    query = select(func.count(), func.max(GroupSession.closed_at), corrections).where(GroupSession.clinic_id == clinic_id, GroupSession.state == "closed")
    return (*db.execute(query).one(), clock.now().date())


def _history(db: Session, clinic_id: str, programme_ids: Iterable[str]) -> _History:
    query = (
        select(
            Group.programme_id, Seat.patient_id, GroupSession.group_id, func.count(), func.sum(case((Seat.state.in_(KEPT), 1), else_=0)),
            func.sum(case((Seat.state.in_(CAME), 1), else_=0)),
        )
        .select_from(Group)
        .join(GroupSession, GroupSession.group_id == Group.id)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(Group.programme_id.in_(set(programme_ids)), Group.clinic_id == clinic_id, GroupSession.state == "closed")
        .where(GroupSession.starts_at >= clock.now() - HISTORY, Seat.state.in_(ASKED))
        .group_by(Group.programme_id, GroupSession.group_id, Seat.patient_id)
    )  # fmt: skip
    history = _History()
    for programme_id, patient_id, group_id, asked, held, came in db.execute(query):
        for count in (history.groups[group_id], history.programmes[programme_id], history.people[programme_id, patient_id]):
            count[0], count[1], count[2] = count[0] + asked, count[1] + int(held), count[2] + int(came)
    return history


def _visits(db: Session, programme_ids: Iterable[str]) -> Mapping[str, int]:
    query = (
        select(GroupSession.group_id, func.count())
        .join(Group, Group.id == GroupSession.group_id)
        .where(Group.programme_id.in_(set(programme_ids)), GroupSession.state == "closed", GroupSession.starts_at >= clock.now() - HISTORY)
        .group_by(GroupSession.group_id)
    )
    return dict(db.execute(query).all())  # type: ignore[arg-type]


def _seats(db: Session, session_ids: Sequence[str]) -> Mapping[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    query = select(Seat.session_id, Seat.patient_id, Seat.state).where(Seat.session_id.in_(session_ids), Seat.state != "cancelled")
    for session_id, patient_id, state in db.execute(query.order_by(Seat.id)):
        found[session_id].append((patient_id, state))
    return found


def _residents(db: Session, session_ids: Sequence[str]) -> Mapping[str, int]:
    query = select(SessionTeamMember.session_id, func.count()).where(SessionTeamMember.session_id.in_(session_ids), SessionTeamMember.role == "resident")
    return defaultdict(int, dict(db.execute(query.group_by(SessionTeamMember.session_id)).all()))  # type: ignore[arg-type]


def _one_on_ones(group_session: GroupSession, residents: int) -> int:
    """How many one-on-ones fit the date: with its residents, or as many clinicians as the group plans with until some are chosen."""
    providers = residents or group_session.group.providers
    return minute_check(group_session, 0, providers).places_each * providers


def _limit(db: Session, clinic_id: str) -> int:
    """The clinic's limit for the chance of too many, in a hundred."""
    return db.scalar(select(Clinic.too_many_percent).where(Clinic.id == clinic_id)) or 0
