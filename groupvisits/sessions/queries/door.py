"""Finding one person at the door: never a list, and for facilitators no more than the name shown in the room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import CarePartner, Patient
from groupvisits.patients.rules.person import fold
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.rules import HERE, door

AT_MOST = 3


@dataclass(frozen=True)
class PersonAtTheDoor:
    patient_id: str
    seat_id: str  # empty: not on today's list
    name: str
    short_name: str
    birth_date: date | None  # None for those who may not see it
    state: str
    holds_place: bool
    is_here: bool
    companions: int
    needs: str
    slip_number: int | None
    has_slip: bool  # printed beforehand or given at the door; its code is known to nobody but its holder
    over_maximum_reason: str = ""  # why they come in beyond the maximum, if they do
    is_fallback: bool = False  # no chair in the group: seen one-on-one


@dataclass(frozen=True)
class OwnGroup:
    """A group that somebody who is not on today's list stands in, and its next date."""

    name: str
    next_date: GroupSession | None


@dataclass(frozen=True)
class Counts:
    """`here_in_group`: who sits in the group; those seen one-on-one without a chair are here, too."""

    here: int
    to_come: int
    held: int
    here_in_group: int


def counts_for(db: Session, viewer: Actor, place: Place) -> Counts:
    """How many are here and how many are still to come."""
    POLICY.require(viewer, "sessions:check_in", place)
    return counts_of(db, place)


def counts_of(db: Session, place: Place) -> Counts:
    """The counts of a session the caller has found for its viewer."""
    query = select(Seat.state, Seat.is_fallback, func.count()).where(Seat.session_id == place.group_session.id).group_by(Seat.state, Seat.is_fallback)
    counted = [(state, is_fallback, number) for state, is_fallback, number in db.execute(query)]
    here = sum(number for state, _, number in counted if state in ("arrived", "attended"))
    in_group = sum(number for state, is_fallback, number in counted if state in ("arrived", "attended") and not is_fallback)
    to_come = sum(number for state, _, number in counted if state == "confirmed")
    return Counts(here, to_come, sum(number for state, _, number in counted if state in HOLDING), in_group)


def is_full_for(db: Session, viewer: Actor, place: Place, person: PersonAtTheDoor) -> bool:
    """Whether there is no chair in the group for this person now."""
    counts = counts_for(db, viewer, place)
    return not person.is_here and door.is_full_for(
        holds_place=person.holds_place, let_in_with_reason=person.holds_place and bool(person.over_maximum_reason), held=counts.held,
        here_in_group=counts.here_in_group, maximum=place.group_session.maximum,
    )  # fmt: skip


def care_partners_of(db: Session, viewer: Actor, place: Place, person: PersonAtTheDoor) -> Sequence[str]:
    """Who usually comes along, "Elena (daughter)"; nobody for those who may not look the registry up."""
    if not POLICY.permits(viewer, "sessions:let_in", place):
        return []
    query = select(CarePartner.name, CarePartner.relation).where(CarePartner.patient_id == person.patient_id, CarePartner.ended_at.is_(None))
    found = db.execute(query.where(CarePartner.usually_comes).order_by(CarePartner.name, CarePartner.id))
    return [f"{name} ({relation})" if relation else name for name, relation in found]


def own_groups_of(db: Session, viewer: Actor, place: Place, person: PersonAtTheDoor) -> Sequence[OwnGroup]:
    """The other groups that somebody stands in, each with its next date: they may have come on the wrong day."""
    POLICY.require(viewer, "sessions:let_in", place)
    today = clock.today(place.group_session.zone)
    theirs = (
        select(Group)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.patient_id == person.patient_id, Membership.since <= today, (Membership.until.is_(None)) | (Membership.until > today))
        .where(Group.id != place.group_session.group_id)
        .order_by(func.lower(Group.name), Group.id)
    )
    return [OwnGroup(group.name, _next_date(db, group.id)) for group in db.scalars(theirs.limit(AT_MOST)).unique()]


def _next_date(db: Session, group_id: str) -> GroupSession | None:
    query = select(GroupSession).where(GroupSession.group_id == group_id, GroupSession.state == "planned", GroupSession.starts_at > clock.now())
    return db.scalars(query.order_by(GroupSession.starts_at).limit(1)).unique().first()


def find_person(db: Session, viewer: Actor, place: Place, *, name: str, born: date | None) -> Sequence[PersonAtTheDoor]:
    """Who it may be: with name and day of birth anybody of the clinic, else only those on today's list by the name shown in the room.

    Nobody when more than three fit: that would be a list of who comes.
    """
    POLICY.require(viewer, "sessions:check_in", place)
    here = (Seat.patient_id == Patient.id) & (Seat.session_id == place.group_session.id)
    query = select(Patient, Seat).where(Patient.clinic_id == place.clinic_id, Patient.is_active).order_by(Patient.display_name, Patient.id)
    if POLICY.permits(viewer, "sessions:let_in", place):
        query = query.outerjoin(Seat, here).where(Patient.birth_date == born)
    else:
        query = query.join(Seat, here).where(Seat.state != "cancelled")
    # Compared here, not by the database: none folds accents, and few share a birthday or a visit.
    people = [_person(viewer, place, patient, seat) for patient, seat in db.execute(query)]
    start = fold(name)
    found = [person for person in people if any(words.startswith(start) for words in _beginnings(person))]
    return found if len(found) <= AT_MOST else []


def _beginnings(person: PersonAtTheDoor) -> list[str]:
    """What a search may begin with: the whole name and each later part of it."""
    words = fold(f"{person.name} {person.short_name}").split()
    return [" ".join(words[index:]) for index in range(len(words))]


def person_for(db: Session, viewer: Actor, place: Place, patient_id: str) -> PersonAtTheDoor:
    """One person at the door; NotFound for who may not be let in by this viewer."""
    POLICY.require(viewer, "sessions:check_in", place)
    patient = db.get(Patient, patient_id)
    seat = db.scalar(select(Seat).where(Seat.session_id == place.group_session.id, Seat.patient_id == patient_id))
    if patient is None or patient.clinic_id != place.clinic_id or not patient.is_active:
        raise NotFound
    if (seat is None or seat.state == "cancelled") and not POLICY.permits(viewer, "sessions:let_in", place):
        raise NotFound
    return _person(viewer, place, patient, seat)


def _person(viewer: Actor, place: Place, patient: Patient, seat: Seat | None) -> PersonAtTheDoor:
    full = POLICY.permits(viewer, "sessions:let_in", place)
    on_list = seat is not None and seat.state != "cancelled"
    return PersonAtTheDoor(
        patient_id=patient.id,
        seat_id=seat.id if seat is not None and on_list else "",
        name=patient.name if full else patient.display_name,
        short_name=patient.display_name,
        birth_date=patient.birth_date if full else None,
        state=seat.state if seat is not None else "",
        holds_place=seat is not None and seat.state in HOLDING,
        is_here=seat is not None and seat.state in HERE and seat.state != "left_early",
        companions=seat.companions if seat is not None else 0,
        needs=patient.needs if full else "",
        slip_number=seat.slip_number if seat is not None else None,
        has_slip=seat is not None and seat.slip_code is not None,
        over_maximum_reason=seat.over_maximum_reason if seat is not None else "",
        is_fallback=seat is not None and seat.is_fallback,
    )
