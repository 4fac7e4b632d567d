"""Which papers there are, who gets one, and what to lay the tables for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from babel.core import UnknownLocaleError
from babel.dates import format_date

from groupvisits.core.errors import Refused, mark

DOOR_LIST, SLIP_CARDS, NAME_TAGS, FEEDBACK_CARDS = "door-list", "slip-cards", "name-tags", "feedback-cards"
RUNNING_ORDER, CALL_LIST, MEALS, TOPIC_CARDS = "running-order", "call-list", "meals", "topic-cards"
KINDS = {
    DOOR_LIST: mark("Door list"),
    RUNNING_ORDER: mark("One-on-ones in order"),
    CALL_LIST: mark("Call list"),
    MEALS: mark("Meals and seats"),
    SLIP_CARDS: mark("Slip cards"),
    NAME_TAGS: mark("Name tags"),
    TOPIC_CARDS: mark("Topic cards"),
    FEEDBACK_CARDS: mark("Feedback cards"),
}
COMING = ("invited", "offered", "confirmed", "arrived")
CARDS = (SLIP_CARDS, FEEDBACK_CARDS)  # hold secrets: made by a POST, shown once
SPARE_CARDS = 3  # for those who spoil one


class NobodyOnTheList(Refused):
    message = mark("Nobody is on the list of this visit yet, so there is nothing to print.")


@dataclass(frozen=True)
class SeatNow:
    """What deciding about a card needs to know of a seat."""

    id: str
    state: str
    seat_no: int | None
    slip_number: int | None
    has_slip: bool


def cards_for(seats: Iterable[SeatNow]) -> list[tuple[str, int]]:
    """(seat, number) for everybody who gets a card, in the order of the numbers; a number once given stays.

    Whoever has arrived holds a slip already and keeps it; those who said no or did not come get none.
    """
    seats = list(seats)
    taken = {seat.slip_number for seat in seats if seat.slip_number is not None}
    wanted = [seat for seat in seats if seat.state in COMING and not (seat.state == "arrived" and seat.has_slip)]
    free = iter(number for number in range(1, len(seats) + len(taken) + 1) if number not in taken)
    # Confirmed people first, by chair: a number tells nobody who answered late.
    ordered = sorted(wanted, key=lambda seat: (seat.seat_no is None, seat.seat_no or 0, seat.id))
    return sorted(((seat.id, seat.slip_number or next(free)) for seat in ordered), key=lambda card: card[1])


@dataclass(frozen=True)
class Meals:
    """People to lay the tables for. `undecided` have not answered and may come; they and their care partners are not in the sums."""

    patients: int
    care_partners: int
    team: int
    undecided: int
    undecided_with: int

    @property
    def chairs(self) -> int:
        return self.patients + self.care_partners + self.team

    @property
    def at_most(self) -> int:
        return self.chairs + self.undecided + self.undecided_with


def meals_for(seats: Iterable[tuple[str, int]], team: int) -> Meals:
    """`seats`: (state, care partners who come along) of everybody on the list; `team`: how many work there."""
    seats = list(seats)
    coming = [beside for state, beside in seats if state in ("confirmed", "arrived")]
    open_ = [beside for state, beside in seats if state in ("invited", "offered")]
    return Meals(len(coming), sum(coming), team, len(open_), sum(open_))


def paper_day(value: date | datetime, language: str, country: str) -> str:
    """The day with its year as people of the clinic's country write it: "Tuesday, December 8, 2026" or "Tuesday, 8 December 2026".

    The pattern is CLDR's "full" date for the language and country, by Babel; for a pair it does not know, the language's own.
    """
    for locale in (f"{language}_{country}", language):
        try:
            return format_date(value, format="full", locale=locale)
        except (UnknownLocaleError, ValueError):
            continue
    return value.strftime("%Y-%m-%d")
