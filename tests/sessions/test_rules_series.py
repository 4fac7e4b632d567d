"""Which days a rule means, and what holidays, closures and clocks do to them: tables."""

from datetime import date, datetime, time
from itertools import islice

import pytest

from groupvisits.sessions import rules
from groupvisits.sessions.rules import plans, series
from groupvisits.sessions.rules.series import Laid, Rule

EVENING = time(17, 30)


def monthly(week: int, weekday: int) -> Rule:
    return Rule("monthly", EVENING, week=week, weekday=weekday)


def weekly(every: int, first: date) -> Rule:
    return Rule("weekly", EVENING, every_weeks=every, first_day=first, weekday=first.weekday())


def chosen(*days: date) -> Rule:
    return Rule("dates", EVENING, days=days)


@pytest.mark.parametrize(
    ("rule", "since", "expected"),
    [
        # The last Friday in months without a fifth one is the fourth: no month is left out.
        (monthly(5, 4), date(2027, 2, 1), [date(2027, 2, 26), date(2027, 3, 26), date(2027, 4, 30)]),
        (monthly(5, 1), date(2028, 2, 1), [date(2028, 2, 29), date(2028, 3, 28), date(2028, 4, 25)]),  # 29 February is a last Tuesday
        (monthly(1, 4), date(2027, 1, 2), [date(2027, 2, 5), date(2027, 3, 5), date(2027, 4, 2)]),  # 1 January has passed
        (weekly(2, date(2028, 2, 15)), date(2028, 2, 16), [date(2028, 2, 29), date(2028, 3, 14), date(2028, 3, 28)]),  # over 29 February
        (weekly(4, date(2026, 12, 9)), date(2026, 12, 9), [date(2026, 12, 9), date(2027, 1, 6), date(2027, 2, 3)]),  # the first day counts
        (weekly(4, date(2026, 12, 9)), date(2026, 12, 10), [date(2027, 1, 6), date(2027, 2, 3), date(2027, 3, 3)]),
        (weekly(1, date(2030, 1, 1)), date(2026, 1, 1), [date(2030, 1, 1), date(2030, 1, 8), date(2030, 1, 15)]),  # a first day far ahead
        (weekly(52, date(2024, 2, 29)), date(2026, 1, 1), [date(2026, 2, 26), date(2027, 2, 25), date(2028, 2, 24)]),
        (chosen(date(2028, 2, 29), date(2026, 12, 1), date(2027, 7, 4)), date(2026, 12, 2), [date(2027, 7, 4), date(2028, 2, 29)]),
        (chosen(), date(2026, 12, 2), []),
    ],
)
def test_a_rule_means_these_days(rule: Rule, since: date, expected: list[date]) -> None:
    assert list(islice(series.days_of(rule, since), 3)) == expected


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "name"),
    [
        ("US", "", date(2026, 12, 25), "Christmas Day"),
        ("US", "MA", date(2027, 4, 19), "Patriots' Day"),
        ("US", "", date(2027, 4, 19), None),
        ("US", "MA", date(2026, 7, 4), "Independence Day"),
        ("US", "MA", date(2026, 7, 3), None),  # a Saturday's holiday gives no Friday off in Massachusetts
        ("US", "MA", date(2027, 7, 5), "Independence Day (observed)"),  # a Sunday's gives the Monday
        ("US", "no such place", date(2026, 12, 25), "Christmas Day"),
        ("PT", "", date(2027, 4, 25), "Freedom Day"),
        ("XX", "", date(2026, 12, 25), None),
        ("", "", date(2026, 12, 25), None),
    ],
)
def test_the_public_holidays_are_those_of_the_clinics_place(country: str, subdivision: str, day: date, name: str | None) -> None:
    assert series.ClosedDays(country, subdivision, {}).get(day) == name


CLOSED = {date(2026, 12, 25): "Christmas Day", date(2026, 12, 28): "Snow days", date(2026, 12, 29): "Snow days", date(2027, 1, 1): "New Year's Day"}


@pytest.mark.parametrize(
    ("policy", "wanted", "taken", "expected"),
    [
        ("skip", date(2026, 12, 24), set(), Laid(date(2026, 12, 24), date(2026, 12, 24))),
        ("skip", date(2026, 12, 25), set(), Laid(date(2026, 12, 25), date(2026, 12, 25), "skipped", "Christmas Day")),
        ("keep", date(2026, 12, 25), set(), Laid(date(2026, 12, 25), date(2026, 12, 25), "kept", "Christmas Day")),
        # Friday the 25th: over the weekend and two closed days to Wednesday
        ("move", date(2026, 12, 25), set(), Laid(date(2026, 12, 25), date(2026, 12, 30), "moved", "Christmas Day")),
        ("move", date(2026, 12, 25), {date(2026, 12, 30)}, Laid(date(2026, 12, 25), date(2026, 12, 31), "moved", "Christmas Day")),
        ("move", date(2027, 1, 1), set(), Laid(date(2027, 1, 1), date(2027, 1, 4), "moved", "New Year's Day")),
    ],
)
def test_a_closed_day_is_left_out_moved_or_kept(policy: str, wanted: date, taken: set[date], expected: Laid) -> None:
    assert series.lay(wanted, CLOSED, policy, taken) == expected


def test_where_no_working_day_is_open_for_a_month_the_date_is_left_out() -> None:
    closed = {date(2026, 12, 1).replace(day=day): "Works" for day in range(1, 32)}
    assert series.lay(date(2026, 12, 1), closed, "move", set()).fate == "skipped"


def test_dates_left_out_stand_between_the_others_and_do_not_count() -> None:
    laid = series.lay_out(weekly(1, date(2026, 12, 18)), after=datetime(2026, 12, 18, 12), count=3, closed=CLOSED, policy="skip")
    assert [(line.day.isoformat(), line.fate) for line in laid] == [
        ("2026-12-18", ""), ("2026-12-25", "skipped"), ("2027-01-01", "skipped"), ("2027-01-08", ""), ("2027-01-15", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("hour", "first"), [(17, "2026-12-08"), (18, "2027-01-12")])
def test_the_time_of_today_that_has_passed_is_not_planned(hour: int, first: str) -> None:
    laid = series.lay_out(monthly(2, 1), after=datetime(2026, 12, 8, hour), count=1, closed={}, policy="skip")
    assert [line.day.isoformat() for line in laid] == [first]


def test_chosen_days_that_run_out_are_all_there_is() -> None:
    assert len(series.lay_out(chosen(date(2027, 1, 5), date(2027, 2, 9)), after=datetime(2026, 12, 8), count=12, closed={}, policy="skip")) == 2


DATES = [date(2027, 1, 12), date(2027, 2, 9), date(2027, 3, 9)]


@pytest.mark.parametrize(
    ("dates", "rule", "expected"),
    [
        (DATES, monthly(2, 2), ["2027-01-13", "2027-02-10", "2027-03-10"]),
        (DATES, monthly(1, 0), ["2027-01-04", "2027-02-01", "2027-03-01"]),  # earlier in the month is fine while it is to come
        ([DATES[0], DATES[2]], monthly(2, 2), ["2027-01-13", "2027-03-10"]),  # a month without a date stays without
        ([date(2026, 12, 22), *DATES], monthly(2, 2), ["", "2027-01-13", "2027-02-10", "2027-03-10"]),  # December's has passed: nothing is pushed along
        ([date(2027, 1, 5), date(2027, 1, 19), DATES[1]], monthly(2, 2), ["2027-01-13", "", "2027-02-10"]),  # one day for two dates
        (DATES, weekly(4, date(2027, 1, 14)), ["2027-01-14", "2027-02-11", "2027-03-11"]),
        (DATES, chosen(date(2027, 1, 20), date(2027, 2, 20)), ["2027-01-20", "2027-02-20", ""]),
        ([date(2028, 2, 8)], monthly(5, 1), ["2028-02-29"]),
    ],
)
def test_each_date_moves_within_its_own_turn(dates: list[date], rule: Rule, expected: list[str]) -> None:
    found = series.pair(dates, rule, after=datetime(2026, 12, 20), closed={}, policy="skip")
    assert [line.day.isoformat() if line else "" for line in found] == expected


@pytest.mark.parametrize(("policy", "day", "fate"), [("skip", "2026-12-25", "skipped"), ("move", "2026-12-30", "moved"), ("keep", "2026-12-25", "kept")])
def test_a_date_that_would_move_to_a_holiday_is_marked(policy: str, day: str, fate: str) -> None:
    line = series.pair([date(2026, 12, 8)], monthly(5, 4), after=datetime(2026, 12, 1), closed=CLOSED, policy=policy)[0]
    assert line is not None
    assert (line.day.isoformat(), line.fate) == (day, fate)


@pytest.mark.parametrize(
    ("rule", "made", "expected"),
    [
        (monthly(2, 1), [("2027-01-12", "planned")], {"2027-01-12": ("2027-01-12", "planned")}),
        (monthly(2, 1), [("2027-01-14", "planned")], {"2027-01-12": ("2027-01-14", "planned")}),  # moved away from the rule's day
        (monthly(2, 1), [("2027-01-14", "cancelled")], {}),
        (monthly(2, 1), [("2027-01-12", "cancelled")], {"2027-01-12": ("2027-01-12", "cancelled")}),
        (monthly(2, 1), [("2027-01-12", "cancelled"), ("2027-01-12", "planned")], {"2027-01-12": ("2027-01-12", "planned")}),
        (weekly(4, date(2027, 1, 12)), [("2027-01-20", "planned")], {"2027-01-12": ("2027-01-20", "planned")}),
        (weekly(1, date(2027, 1, 12)), [("2027-01-16", "planned")], {}),
        (chosen(date(2027, 1, 12)), [("2027-01-13", "planned")], {}),
    ],
)
def test_a_date_that_exists_or_was_moved_is_not_made_again(rule: Rule, made: list[tuple[str, str]], expected: dict[str, tuple[str, str]]) -> None:
    laid = [Laid(date(2027, 1, 12), date(2027, 1, 12))]
    found = series.existing_of(rule, laid, [(date.fromisoformat(day), state) for day, state in made])
    assert {day.isoformat(): (own.isoformat(), state) for day, (own, state) in found.items()} == expected


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Rule("weekly", EVENING), rules.FirstDayNeeded),
        (Rule("dates", EVENING), rules.DaysNeeded),
        (monthly(1, 1), None),
    ],
)
def test_a_rule_without_its_days_is_refused(rule: Rule, error: type[Exception] | None) -> None:
    if error:
        with pytest.raises(error):
            plans.check_rule(rule)
    else:
        assert plans.check_rule(rule) == rule


@pytest.mark.parametrize("rule", [monthly(5, 4), weekly(3, date(2027, 1, 14)), chosen(date(2028, 2, 29), date(2027, 1, 5))])
def test_a_rule_is_kept_as_it_is(rule: Rule) -> None:
    assert plans.rule_from_json(plans.rule_as_json(rule)) == rule
