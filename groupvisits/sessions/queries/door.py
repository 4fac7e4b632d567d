"""Finding one person at the door: never a list, and for facilitators no more than the name shown in the room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.patients.rules.person import fold
from groupvisits.sessions.models import HOLDING, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.rules import HERE

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


@dataclass(frozen=True)
class Counts:
    here: int
    to_come: int
    held: int


def counts_for(db: Session, viewer: Actor, place: Place) -> Counts:
    """How many are here and how many are still to come."""
    POLICY.require(viewer, "sessions:check_in", place)
    query = select(Seat.state, func.count()).where(Seat.session_id == place.group_session.id).group_by(Seat.state)
    counted: dict[str, int] = dict(db.execute(query).all())  # type: ignore[arg-type]
    here = sum(counted.get(state, 0) for state in HERE)
    return Counts(here, counted.get("confirmed", 0), sum(counted.get(state, 0) for state in HOLDING))


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
        is_here=seat is not None and seat.state in HERE,
        companions=seat.companions if seat is not None else 0,
        needs=patient.needs if full else "",
        slip_number=seat.slip_number if seat is not None else None,
        has_slip=seat is not None and seat.slip_code is not None,
    )
