"""Dates, clocks and places: tables of a situation and what follows from it."""

from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

import pytest

from groupvisits.sessions import rules
from groupvisits.sessions.rules import series

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("week", "weekday", "first_day", "expected"),
    [
        (2, 1, date(2026, 11, 22), [date(2026, 12, 8), date(2027, 1, 12), date(2027, 2, 9)]),
        (1, 0, date(2026, 11, 2), [date(2026, 11, 2), date(2026, 12, 7), date(2027, 1, 4)]),  # the day itself counts
        (5, 4, date(2026, 11, 1), [date(2026, 11, 27), date(2026, 12, 25), date(2027, 1, 29)]),  # a fifth Friday is the last Friday
        (5, 6, date(2027, 2, 1), [date(2027, 2, 28), date(2027, 3, 28), date(2027, 4, 25)]),
        (4, 3, date(2027, 2, 26), [date(2027, 3, 25), date(2027, 4, 22), date(2027, 5, 27)]),
    ],
)
def test_a_monthly_rule_means_these_dates(week: int, weekday: int, first_day: date, expected: list[date]) -> None:
    rule = series.Rule("monthly", time(17, 30), week=week, weekday=weekday)
    assert list(islice(series.days_of(rule, first_day), 3)) == expected


@pytest.mark.parametrize(
    ("wall", "problem"),
    [
        (datetime(2027, 3, 14, 1, 59), ""),
        (datetime(2027, 3, 14, 2, 0), "missing"),
        (datetime(2027, 3, 14, 2, 30), "missing"),
        (datetime(2027, 3, 14, 3, 0), ""),
        (datetime(2027, 11, 7, 0, 59), ""),
        (datetime(2027, 11, 7, 1, 0), "twice"),
        (datetime(2027, 11, 7, 1, 30), "twice"),
        (datetime(2027, 11, 7, 2, 0), ""),
        (datetime(2027, 3, 14, 17, 30), ""),
    ],
)
def test_the_clock_on_the_wall_is_asked_whether_it_shows_this_time_once(wall: datetime, problem: str) -> None:
    assert series.clock_problem(wall, NEW_YORK) == problem


@pytest.mark.parametrize(
    ("wall", "choice", "expected"),
    [
        (datetime(2027, 3, 9, 17, 30), "", datetime(2027, 3, 9, 22, 30, tzinfo=UTC)),
        (datetime(2027, 4, 13, 17, 30), "", datetime(2027, 4, 13, 21, 30, tzinfo=UTC)),  # the same time on the wall, an hour earlier in UTC
        (datetime(2027, 3, 14, 2, 30), "later", datetime(2027, 3, 14, 7, 30, tzinfo=UTC)),  # 3:30 on the wall
        (datetime(2027, 3, 14, 2, 30), "skip", None),
        (datetime(2027, 11, 7, 1, 30), "first", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
        (datetime(2027, 11, 7, 1, 30), "second", datetime(2027, 11, 7, 6, 30, tzinfo=UTC)),
        (datetime(2027, 11, 7, 1, 30), "skip", None),
    ],
)
def test_a_time_on_the_wall_is_this_moment(wall: datetime, choice: str, expected: datetime | None) -> None:
    assert series.moment(wall, NEW_YORK, choice) == expected


@pytest.mark.parametrize(
    ("wall", "choice"),
    [(datetime(2027, 3, 14, 2, 30), ""), (datetime(2027, 3, 14, 2, 30), "first"), (datetime(2027, 11, 7, 1, 30), ""), (datetime(2027, 11, 7, 1, 30), "later")],
)
def test_without_a_fitting_choice_an_unclear_time_is_refused(wall: datetime, choice: str) -> None:
    with pytest.raises(rules.ClockChoiceNeeded) as refusal:
        series.moment(wall, NEW_YORK, choice)
    assert refusal.value.field == f"choice-{wall:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("taken", "maximum", "reason", "refused"),
    [
        (set(), 2, "", False),
        ({1}, 2, "", False),
        ({1, 2}, 2, "", True),
        ({1, 2}, 2, "   ", True),
        ({1, 2}, 2, "Her sister is in the group", False),
        ({1, 2, 3}, 2, "", True),
    ],
)
def test_places_are_held_up_to_the_maximum_and_beyond_only_with_a_reason(taken: set[int], maximum: int, reason: str, refused: bool) -> None:
    if refused:
        with pytest.raises(rules.SessionFull):
            rules.check_place_is_free(taken, maximum, reason)
    else:
        rules.check_place_is_free(taken, maximum, reason)


@pytest.mark.parametrize(("taken", "number"), [(set(), 1), ({1, 2}, 3), ({1, 3}, 2), ({2}, 1)])
def test_the_lowest_free_chair_is_given(taken: set[int], number: int) -> None:
    assert rules.first_free_seat(taken, 8) == number


@pytest.mark.parametrize(
    ("state", "reason", "error"),
    [("planned", "Snow", None), ("planned", " ", rules.CancelReasonNeeded), ("open", "Snow", rules.WrongState), ("closed", "Snow", rules.WrongState)],
)
def test_a_date_is_cancelled_with_a_reason_until_it_is_opened(state: str, reason: str, error: type[Exception] | None) -> None:
    if error:
        with pytest.raises(error):
            rules.check_can_cancel(state, reason)
    else:
        rules.check_can_cancel(state, reason)


@pytest.mark.parametrize(
    ("state", "mine", "last", "fine"), [("arrived", 3, 3, True), ("arrived", 2, 3, False), ("confirmed", 3, 3, False), ("arrived", None, None, False)]
)
def test_a_check_in_is_taken_back_until_the_next_person(state: str, mine: Any, last: Any, fine: bool) -> None:
    if fine:
        rules.check_can_undo(state, mine, last)
    else:
        with pytest.raises(rules.NotTheLast):
            rules.check_can_undo(state, mine, last)
