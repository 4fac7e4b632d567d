"""How many will come and how many to invite: tables and properties, without an application."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupvisits.sessions.rules import advice
from groupvisits.sessions.rules.advice import Rates, Record

CHANCES = st.lists(st.floats(0, 1), max_size=40)


@pytest.mark.parametrize(("rate", "number"), [(0.5, 24), (0.6, 21), (0.7, 18), (0.75, 17), (0.8, 16), (0.9, 15)])
def test_so_many_can_be_invited_that_more_than_15_come_at_most_10_times_in_100(rate: float, number: int) -> None:
    assert advice.most_invited([], rate, most=15, too_many=0.10) == number
    assert advice.more_than(advice.census([rate] * number), 15) <= 0.10 < advice.more_than(advice.census([rate] * (number + 1)), 15)


def test_seventeen_people_of_whom_seven_in_ten_come_are_about_twelve() -> None:
    found = advice.outlook([0.71] * 17, 0.71, minimum=8, most=15, too_many=0.10)
    assert (found.expected, found.low, found.high, found.advised) == (12, 10, 14, 18)
    assert (advice.in_a_hundred(found.too_few), advice.in_a_hundred(found.too_many)) == (1, 2)


@given(CHANCES)
def test_all_outcomes_together_are_certain_and_none_is_negative(chances: list[float]) -> None:
    distribution = advice.census(chances)
    assert len(distribution) == len(chances) + 1
    assert min(distribution) >= 0
    assert math.isclose(sum(distribution), 1, abs_tol=1e-9)
    assert math.isclose(sum(n * p for n, p in enumerate(distribution)), sum(chances), abs_tol=1e-9)


@given(CHANCES, st.floats(0, 1), st.integers(0, 20))
def test_one_more_invited_makes_too_many_likelier_and_too_few_less_likely(chances: list[float], one_more: float, number: int) -> None:
    before, after = advice.census(chances), advice.census([*chances, one_more])
    assert advice.more_than(after, number) >= advice.more_than(before, number) - 1e-9
    assert advice.fewer_than(after, number) <= advice.fewer_than(before, number) + 1e-9


@given(st.integers(0, 30), st.floats(0, 1))
def test_equal_chances_give_the_binomial(number: int, chance: float) -> None:
    binomial = [math.comb(number, k) * chance**k * (1 - chance) ** (number - k) for k in range(number + 1)]
    assert all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(advice.census([chance] * number), binomial, strict=True))


@given(CHANCES)
def test_eighty_in_a_hundred_lie_in_the_likely_range(chances: list[float]) -> None:
    distribution = advice.census(chances)
    low, high = advice.likely_range(distribution)
    assert 0 <= low <= high <= len(chances)
    assert sum(distribution[low : high + 1]) >= advice.LIKELY - 1e-9
    assert sum(distribution[:low]) <= 0.1 + 1e-9
    assert sum(distribution[high + 1 :]) <= 0.1 + 1e-9


@given(CHANCES, st.floats(0, 1), st.integers(1, 20), st.floats(0, 0.5))
def test_the_advice_is_the_largest_number_within_the_limit(chances: list[float], further: float, most: int, too_many: float) -> None:
    number = advice.most_invited(chances, further, most=most, too_many=too_many)
    everybody = [*chances, *[further] * advice.MOST_INVITED]
    assert number >= most
    assert advice.more_than(advice.census(everybody[:number]), most) <= too_many + 1e-9
    assert number == advice.MOST_INVITED or advice.more_than(advice.census(everybody[: number + 1]), most) > too_many


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.05, 1), st.integers(1, 20), st.floats(0.01, 0.4), st.floats(0.01, 0.1))
def test_a_stricter_limit_never_advises_more(chances: list[float], further: float, most: int, too_many: float, less: float) -> None:
    strict = advice.most_invited(chances, further, most=most, too_many=max(too_many - less, 0))
    assert strict <= advice.most_invited(chances, further, most=most, too_many=too_many)


@pytest.mark.parametrize(
    ("own", "asked", "held"),
    [
        (Record(), 0.6, 0.8),  # nothing known: the group's
        (Record(asked=6, held=6, came=6), (6 + 3.6) / 12, (6 + 4.8) / 12),  # half a year of coming weighs as much as the group
        (Record(asked=6, held=0, came=0), 3.6 / 12, 0.8),  # always said no: a yes still is worth what it is in the group
        (Record(asked=600, held=600, came=300), 0.501, 0.503),  # a long history speaks for itself
    ],
)
def test_a_persons_own_record_is_shrunk_towards_their_group(own: Record, asked: float, held: float) -> None:
    found = advice.rates_of_person(own, Rates(0.6, 0.8))
    assert (round(found.asked, 3), round(found.yes, 3)) == (round(asked, 3), round(held, 3))


def test_a_group_without_history_is_what_its_programme_is_and_a_programme_without_is_the_default() -> None:
    assert advice.rates_of_group(Record(), Record()) == advice.DEFAULT
    programme = Record(asked=2000, held=1800, came=1000)
    assert advice.rates_of_group(Record(), programme).asked == pytest.approx(0.5, abs=0.01)
    assert advice.rates_of_group(Record(asked=2000, held=2000, came=1800), programme).asked == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("state", "chance"),
    [
        ("invited", 0.6), ("offered", 0.6), ("confirmed", 0.8), ("arrived", 1), ("attended", 1), ("left_early", 1), ("declined", 0), ("cancelled", 0), ("no_show", 0),
    ],
)  # fmt: skip
def test_what_a_seat_says_decides_the_chance(state: str, chance: float) -> None:
    assert advice.chance(state, Rates(0.6, 0.8)) == chance


@pytest.mark.parametrize(("maximum", "one_on_ones", "most"), [(15, 20, 15), (15, 7, 7), (15, 0, 15)])
def test_no_more_come_than_can_be_seen_one_on_one(maximum: int, one_on_ones: int, most: int) -> None:
    assert advice.room_for(maximum, one_on_ones) == most


@pytest.mark.parametrize(
    ("new", "invited", "visits", "people"),
    [([0.67] * 3, 17, 11, 2), ([0.3] * 4, 17, 11, 3), ([], 17, 11, 0), ([0.6] * 17, 17, 0, 3), ([], 0, 0, 0), ([0.6], 1, 0, 1)],
)
def test_little_data_is_said_in_people(new: list[float], invited: int, visits: int, people: int) -> None:
    assert advice.off_by(new, invited, visits) == people


@pytest.mark.parametrize(("chance", "number"), [(0, 0), (0.004, -1), (0.006, 1), (0.0984, 10), (0.994, 99), (0.997, 101), (1, 100)])
def test_a_chance_is_said_as_a_number_in_a_hundred(chance: float, number: int) -> None:
    assert advice.in_a_hundred(chance) == number
