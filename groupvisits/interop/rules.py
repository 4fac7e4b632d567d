"""Which papers there are, and who gets one."""

from collections.abc import Iterable
from dataclasses import dataclass

from groupvisits.core.errors import Refused, mark

DOOR_LIST, SLIP_CARDS, NAME_TAGS, FEEDBACK_CARDS = "door-list", "slip-cards", "name-tags", "feedback-cards"
KINDS = {
    DOOR_LIST: mark("Door list"),
    SLIP_CARDS: mark("Slip cards"),
    NAME_TAGS: mark("Name tags"),
    FEEDBACK_CARDS: mark("Feedback cards"),
}
COMING = ("invited", "confirmed", "arrived")
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
