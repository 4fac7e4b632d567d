"""What stands on the papers of a visit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.feedback import items
from groupvisits.interop import rules
from groupvisits.interop.permissions import POLICY
from groupvisits.patients.queries import people_in
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.permissions import POLICY as SESSIONS
from groupvisits.sessions.queries import Place, place_for, seats_of, team_for
from groupvisits.sessions.queries.messages import Call, call_list
from groupvisits.slots import queries as slots

MAY_PRINT = {rules.FEEDBACK_CARDS: "interop:print_feedback_cards", rules.CALL_LIST: "interop:print_call_list"}


@dataclass(frozen=True)
class OneOnOne:
    at: datetime
    number: int | None
    name: str
    state: str


@dataclass(frozen=True)
class Line:
    """One clinician's one-on-ones in order. `place`: the room."""

    provider: str
    place: str
    one_on_ones: Sequence[OneOnOne]


@dataclass(frozen=True)
class Order:
    """`is_fixed`: the one-on-ones are planned; before that this is how they would be."""

    lines: Sequence[Line]
    is_fixed: bool


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
    POLICY.require(viewer, MAY_PRINT.get(kind, "interop:print"), place)
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


def running_order_for(db: Session, viewer: Actor, paper: Paper) -> Order:
    """Who sees whom, when and where; before it is planned, how it would be planned for everybody who said yes."""
    POLICY.require(viewer, "interop:print", paper.place)
    seats = {seat.id: seat for seat in seats_of(db, paper.place)}
    people = people_in(db, paper.clinic.id, (seat.patient_id for seat in seats.values()))
    full = SESSIONS.permits(viewer, "sessions:let_in", paper.place)
    providers = {provider.id: provider for provider in slots.providers_of(db, paper.place)}
    planned = slots.slots_of(db, paper.place)
    expected = [seat.id for seat in seats.values() if seat.state in slots.EXPECTED]
    added = slots.assignments(db, paper.place, list(providers), expected, planned, clock.now())
    moved = {assignment.seat_id for assignment in added}
    kept = [slot for slot in planned if slot.seat_id not in moved and slot.seat_id in seats]
    lines: dict[str, list[OneOnOne]] = {provider_id: [] for provider_id in providers}
    for provider_id, seat_id, at, state in [
        *((slot.provider_id, slot.seat_id, slot.planned_at, slot.state) for slot in kept),
        *((assignment.provider_id, assignment.seat_id, assignment.planned_at, "planned") for assignment in added),
    ]:
        person = people.get(seats[seat_id].patient_id)
        if person is not None and provider_id in lines and state not in ("missed", "finished"):
            lines[provider_id].append(OneOnOne(at, seats[seat_id].slip_number, person.name if full else person.display_name, state))
    made = [Line(providers[key].name, providers[key].place, sorted(line, key=lambda each: each.at)) for key, line in lines.items()]
    return Order(made, is_fixed=bool(planned))


def meals_for(db: Session, viewer: Actor, paper: Paper) -> rules.Meals:
    """How many chairs and meals: who said yes or is here, who comes along, the team; interpreters and clinicians eat, too."""
    POLICY.require(viewer, "interop:print", paper.place)
    team = {line.staff_member_id for line in team_for(db, paper.place)}
    return rules.meals_for(((seat.state, seat.companions) for seat in seats_of(db, paper.place)), len(team))


def calls_for(db: Session, viewer: Actor, paper: Paper) -> Sequence[Call]:
    """Who is still to be called about this date."""
    POLICY.require(viewer, "interop:print_call_list", paper.place)
    return next((date.calls for date in call_list(db, viewer) if date.group_session.id == paper.group_session.id), [])


def cards_to_make(db: Session, viewer: Actor, paper: Paper) -> int:
    """How many slip cards making them now would give."""
    POLICY.require(viewer, "interop:print", paper.place)
    return len(rules.cards_for(seats_now(seats_of(db, paper.place))))


def seats_now(seats: Iterable[Seat]) -> list[rules.SeatNow]:
    return [rules.SeatNow(seat.id, seat.state, seat.seat_no, seat.slip_number, seat.slip_code is not None) for seat in seats]


def questions() -> list[items.Item]:
    """The form's questions, so that it can be answered by hand."""
    return list(items.ITEMS.values())
