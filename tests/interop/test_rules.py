"""Who gets a card, and which number."""

from datetime import date

import pytest

from groupvisits.interop.rules import Meals, SeatNow, cards_for, meals_for, paper_day


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


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("en", "US", "Tuesday, December 8, 2026"),
        ("en", "GB", "Tuesday, 8 December 2026"),
        ("es", "US", "martes, 8 de diciembre de 2026"),
        ("pt", "BR", "terça-feira, 8 de dezembro de 2026"),
        ("pt", "XX", "terça-feira, 8 de dezembro de 2026"),
        ("en", "", "Tuesday, December 8, 2026"),
        ("xx", "US", "2026-12-08"),
    ],
)
def test_a_day_on_paper_is_written_as_in_the_clinics_country(language: str, country: str, expected: str) -> None:
    assert paper_day(date(2026, 12, 8), language, country) == expected


@pytest.mark.parametrize(
    ("seats", "team", "expected", "chairs", "at_most"),
    [
        ([], 0, Meals(0, 0, 0, 0, 0), 0, 0),
        ([("confirmed", 2), ("arrived", 0), ("invited", 1), ("declined", 3), ("no_show", 1), ("cancelled", 1)], 5, Meals(2, 2, 5, 1, 1), 9, 11),
        ([("offered", 0), ("left_early", 4)], 1, Meals(0, 0, 1, 1, 0), 1, 2),
    ],
)
def test_tables_are_laid_for_who_comes_who_comes_along_and_the_team(
    seats: list[tuple[str, int]], team: int, expected: Meals, chairs: int, at_most: int
) -> None:
    meals = meals_for(seats, team)
    assert (meals, meals.chairs, meals.at_most) == (expected, chairs, at_most)
