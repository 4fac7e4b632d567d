"""Who gets a card, and which number."""

import pytest

from groupvisits.interop.rules import SeatNow, cards_for


def seat(id: str, state: str = "confirmed", seat_no: int | None = None, number: int | None = None, has_slip: bool = False) -> SeatNow:
    return SeatNow(id, state, seat_no, number, has_slip)


@pytest.mark.parametrize(
    ("seats", "cards"),
    [
        ([], []),
        ([seat("b", seat_no=2), seat("a", seat_no=1)], [("a", 1), ("b", 2)]),
        ([seat("i", "invited"), seat("a", seat_no=1)], [("a", 1), ("i", 2)]),
        ([seat("a", seat_no=1, number=7), seat("b", seat_no=2)], [("b", 1), ("a", 7)]),
        ([seat("here", "arrived", 1, 1, has_slip=True), seat("a", seat_no=2)], [("a", 2)]),
        ([seat("here", "arrived", 1, 1, has_slip=False)], [("here", 1)]),
        ([seat("no", "declined"), seat("gone", "no_show", 1), seat("x", "cancelled"), seat("l", "left_early", 2), seat("w", "attended", 3)], []),
    ],
)
def test_everybody_who_may_still_come_gets_one_card_and_keeps_a_number_once_given(seats: list[SeatNow], cards: list[tuple[str, int]]) -> None:
    assert cards_for(seats) == cards
