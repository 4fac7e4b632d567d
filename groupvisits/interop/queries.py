"""What stands on the papers of a visit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.feedback import items
from groupvisits.interop import rules
from groupvisits.interop.permissions import POLICY
from groupvisits.patients.queries import people_in
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.permissions import POLICY as SESSIONS
from groupvisits.sessions.queries import Place, place_for, seats_of


@dataclass(frozen=True)
class Guest:
    """One line of the door list. Whole names and needs are for those who may look the registry up; the others get the name shown in the room."""

    number: int | None
    given_name: str
    family_name: str
    display_name: str
    state: str
    companions: int
    needs: str
    language: str


@dataclass(frozen=True)
class Paper:
    """What every paper of a visit says in its head."""

    place: Place
    group_session: GroupSession
    clinic: Clinic


def paper_for(db: Session, viewer: Actor, session_id: str, kind: str) -> Paper:
    """The visit a paper is for; NotFound for an unknown kind of paper, and for who may not know of the visit."""
    if kind not in rules.KINDS:
        raise NotFound
    place = place_for(db, viewer, session_id)
    POLICY.require(viewer, "interop:print_feedback_cards" if kind == rules.FEEDBACK_CARDS else "interop:print", place)
    return Paper(place, place.group_session, db.get_one(Clinic, place.clinic_id))


def guests_for(db: Session, viewer: Actor, paper: Paper) -> Sequence[Guest]:
    """Everybody who may come, by family name; those who said no are not on the list."""
    POLICY.require(viewer, "interop:print", paper.place)
    seats = [seat for seat in seats_of(db, paper.place) if seat.state in rules.COMING]
    full = SESSIONS.permits(viewer, "sessions:let_in", paper.place)
    people = people_in(db, paper.clinic.id, (seat.patient_id for seat in seats))
    guests = [
        Guest(
            seat.slip_number,
            person.given_name if full else person.display_name,
            person.family_name if full else "",
            person.display_name,
            seat.state,
            seat.companions,
            person.needs if full else "",
            person.language,
        )
        for seat in seats
        if (person := people.get(seat.patient_id))
    ]
    return sorted(guests, key=lambda guest: (guest.family_name.casefold(), guest.given_name.casefold()))


def cards_to_make(db: Session, viewer: Actor, paper: Paper) -> int:
    """How many slip cards making them now would give."""
    POLICY.require(viewer, "interop:print", paper.place)
    return len(rules.cards_for(seats_now(seats_of(db, paper.place))))


def seats_now(seats: Iterable[Seat]) -> list[rules.SeatNow]:
    return [rules.SeatNow(seat.id, seat.state, seat.seat_no, seat.slip_number, seat.slip_code is not None) for seat in seats]


def questions() -> list[items.Item]:
    """The form's questions, so that it can be answered by hand."""
    return list(items.ITEMS.values())
