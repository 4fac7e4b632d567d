"""Dates as people and programs write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupvisits.patients.rules import dates
from groupvisits.patients.rules.dates import DAY_FIRST, MONTH_FIRST

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("1961-03-04", date(1961, 3, 4), date(1961, 3, 4)),
        ("1961/3/4", date(1961, 3, 4), date(1961, 3, 4)),
        ("1961.03.04", date(1961, 3, 4), date(1961, 3, 4)),
        ("19610304", date(1961, 3, 4), date(1961, 3, 4)),
        ("1961-03-04T00:00:00Z", date(1961, 3, 4), date(1961, 3, 4)),
        ("1961-03-04 12:30 PM", date(1961, 3, 4), date(1961, 3, 4)),
        ("3/4/1961", date(1961, 4, 3), date(1961, 3, 4)),
        ("03.04.1961", date(1961, 4, 3), date(1961, 3, 4)),
        ("03-04-61", date(1961, 4, 3), date(1961, 3, 4)),
        ("03/04/14", date(2014, 4, 3), date(2014, 3, 4)),
        ("03041961", date(1961, 4, 3), date(1961, 3, 4)),
        ("4 March 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("March 4, 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("Saturday, March 4th 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("04-Mar-1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("4 de marzo de 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("4 de março de 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("4 mas 1961", date(1961, 3, 4), date(1961, 3, 4)),
        ("4 août 1961", date(1961, 8, 4), date(1961, 8, 4)),
        ("٤/٣/١٩٦١", date(1961, 3, 4), date(1961, 4, 3)),
    ],
)
def test_a_date_is_read(text: str, day_first: date, month_first: date) -> None:
    assert dates.read(text, DAY_FIRST, TODAY).value == day_first
    assert dates.read(text, MONTH_FIRST, TODAY).value == month_first


@pytest.mark.parametrize(
    ("text", "order", "problem"),
    [
        ("31/02/1961", DAY_FIRST, dates.IMPOSSIBLE),
        ("1961-02-30", DAY_FIRST, dates.IMPOSSIBLE),
        ("29/02/1961", DAY_FIRST, dates.IMPOSSIBLE),
        ("00/00/0000", DAY_FIRST, dates.IMPOSSIBLE),
        ("13/13/1961", DAY_FIRST, dates.IMPOSSIBLE),
        ("25/12/1961", MONTH_FIRST, dates.OTHER_ORDER),
        ("12/25/1961", DAY_FIRST, dates.OTHER_ORDER),
        ("22345", DAY_FIRST, dates.SERIAL),
        ("soon", DAY_FIRST, dates.UNREADABLE),
        ("1961", DAY_FIRST, dates.UNREADABLE),
        ("March 1961", DAY_FIRST, dates.UNREADABLE),
        ("<b>", DAY_FIRST, dates.UNREADABLE),
        ("", DAY_FIRST, dates.UNREADABLE),
    ],
)
def test_what_is_no_date_says_why(text: str, order: str, problem: str) -> None:
    assert dates.read(text, order, TODAY) == dates.Reading(problem=problem)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        ([], ""),
        (["1961-03-04", "4 March 1961"], ""),
        (["4/4/1961"], ""),
        (["13/4/1961", "3/4/1961"], DAY_FIRST),
        (["4/13/1961", "3/4/1961"], MONTH_FIRST),
        (["3/4/1961"], "ask"),
        (["13/4/1961", "4/13/1961"], "ask"),
        (["nonsense", ""], ""),
    ],
)
def test_the_file_decides_the_order_or_a_human_is_asked(texts: list[str], order: str) -> None:
    assert dates.order_of(texts) == order


def test_the_question_shows_a_date_of_the_file() -> None:
    assert dates.example_of_two_readings(["1961-01-02", "5/5/1961", "3/4/1961"]) == "3/4/1961"
    assert dates.example_of_two_readings(["13/4/1961"]) == ""


@given(st.text(max_size=40), st.sampled_from([DAY_FIRST, MONTH_FIRST, ""]))
def test_reading_never_raises_and_gives_a_date_or_a_reason(text: str, order: str) -> None:
    reading = dates.read(text, order, TODAY)
    assert (reading.value is None) == bool(reading.problem)
    dates.order_of([text])
    dates.example_of_two_readings([text])


@given(st.dates(date(1907, 1, 1), date(2026, 11, 21)), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y", "%Y%m%d"]))
def test_a_written_date_comes_back(born: date, style: str) -> None:
    assert dates.read(born.strftime(style), DAY_FIRST, TODAY).value == born
