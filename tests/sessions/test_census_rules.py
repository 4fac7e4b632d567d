"""The light, the next action, the days to look, and who moves: as tables."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupvisits.sessions.rules import WrongState, census
from groupvisits.sessions.rules.census import CensusNow, Light, Person

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days_left", "expected", "colour"),
    [
        (40, 5, "amber"), (40, 8, "green"), (40, 10, "green"),
        (15, 7, "amber"), (14, 7, "red"), (14, 8, "amber"), (14, 9, "amber"), (14, 10, "green"),
        (7, 7, "red"), (7, 9, "amber"), (3, 9, "amber"), (2, 9, "green"), (2, 7, "red"), (0, 7, "red"), (0, 8, "green"),
    ],
)  # fmt: skip
def test_the_light_turns_by_days_left_and_the_number_expected(days_left: int, expected: int, colour: str) -> None:
    assert census.light(days_left, expected, minimum=8, best=10, invited=12, too_many=0.05, limit=10).colour == colour


@pytest.mark.parametrize(("too_many", "words"), [(0.10, "Enough"), (0.11, "Perhaps too many")])
def test_more_than_the_clinics_limit_of_too_many_is_amber(too_many: float, words: str) -> None:
    assert census.light(20, 14, minimum=8, best=10, invited=20, too_many=too_many, limit=10).words == words


def test_nobody_invited_is_red_at_any_time() -> None:
    assert census.light(90, 0, minimum=8, best=10, invited=0, too_many=0, limit=10) == Light("red", "Nobody is invited")


def now(**values: Any) -> CensusNow:
    usual = {
        "days_left": 20, "light": Light("green", ""), "decision": "", "go_no_go_days": 7, "yes": 6, "unanswered": 4, "waiting": 0, "places": 5, "more": 3,
        "sisters": 0, "residents": 1, "short_of_time": False, "can_add_provider": False,
    }  # fmt: skip
    return CensusNow(**{**usual, **values})


RED, AMBER = Light("red", ""), Light("amber", "")


@pytest.mark.parametrize(
    ("values", "action"),
    [
        ({}, ""),  # enough, and weeks left
        ({"light": AMBER, "days_left": 30}, "invite"),
        ({"light": AMBER, "days_left": 30, "more": 0}, ""),
        ({"light": AMBER, "days_left": 12}, "invite"),
        ({"light": AMBER, "days_left": 12, "more": 0}, "call"),
        ({"light": AMBER, "days_left": 6}, "call"),
        ({"light": AMBER, "days_left": 6, "unanswered": 0}, ""),
        ({"days_left": 2}, "call"),  # enough, but who has not answered is asked
        ({"days_left": 2, "unanswered": 0}, ""),
        ({"light": RED, "days_left": 7}, "decide"),
        ({"light": RED, "days_left": 8}, "invite"),
        ({"light": RED, "days_left": 3, "decision": "go"}, "call"),
        ({"light": RED, "days_left": 3, "yes": 0, "unanswered": 0}, ""),  # nobody to decide about
        ({"decision": "no_go"}, "cancel"),
        ({"decision": "no_go", "sisters": 1}, "merge"),
        ({"waiting": 1}, "offer"),
        ({"waiting": 1, "places": 0}, ""),
        ({"light": RED, "days_left": 3, "waiting": 2}, "decide"),
        ({"short_of_time": True, "can_add_provider": True}, "add_provider"),
        ({"short_of_time": True}, ""),
        ({"waiting": 1, "more": 4, "places": 0, "light": AMBER, "days_left": 30}, ""),  # who waits comes first: nobody else is invited
    ],
)
def test_there_is_one_next_action(values: dict[str, Any], action: str) -> None:
    assert census.next_action(now(**values)) == action


@pytest.mark.parametrize(
    ("left", "go_no_go_days", "days", "current"),
    [(20, 7, [14, 7, 2], None), (14, 7, [14, 7, 2], 14), (10, 10, [14, 10, 7, 2], 10), (3, 7, [14, 7, 2], 7), (0, 7, [14, 7, 2], 2), (5, 0, [14, 7, 2, 0], 7)],
)
def test_the_census_is_looked_at_14_7_and_2_days_before_and_when_it_is_decided(left: int, go_no_go_days: int, days: list[int], current: int | None) -> None:
    starts_at = NOW + timedelta(days=left)
    points = census.checkpoints(starts_at, left, go_no_go_days)
    assert [point.days for point in points] == days
    assert [point.days for point in points if point.is_now] == ([] if current is None else [current])
    assert [point.days for point in points if point.is_past] == ([] if current is None else [day for day in days if day > current])
    assert next(point for point in points if point.days == go_no_go_days).helps[0] == "decide"
    assert points[0].at == starts_at - timedelta(days=points[0].days)


@pytest.mark.parametrize(
    ("starts_at", "left"),
    [
        (datetime(2026, 12, 1, 23, 0, tzinfo=UTC), 0),  # 6pm the same day in New York
        (datetime(2026, 12, 2, 4, 30, tzinfo=UTC), 0),  # 11:30pm
        (datetime(2026, 12, 2, 5, 30, tzinfo=UTC), 1),
        (datetime(2026, 12, 8, 22, 30, tzinfo=UTC), 7),
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), 0),
    ],
)
def test_days_are_counted_by_the_calendar_on_the_clinics_wall(starts_at: datetime, left: int) -> None:
    assert census.days_left(starts_at, NOW, "America/New_York") == left


@pytest.mark.parametrize("state", ["open", "closed", "cancelled"])
def test_only_a_planned_date_is_decided_about(state: str) -> None:
    with pytest.raises(WrongState):
        census.check_can_decide(state, "go", "")


@pytest.mark.parametrize(("decision", "reason", "refused"), [("go", "", False), ("no_go", "Three came", False), ("no_go", " ", True)])
def test_not_going_ahead_needs_a_reason(decision: str, reason: str, refused: bool) -> None:
    if refused:
        with pytest.raises(census.ReasonForNoGo):
            census.check_can_decide("planned", decision, reason)
    else:
        census.check_can_decide("planned", decision, reason)


def person(name: str, state: str, there: str = "", minutes: int = 0) -> Person:
    return Person(name, state, NOW + timedelta(minutes=minutes), there)


def test_places_go_to_those_who_said_yes_first() -> None:
    people = [person("rosa", "confirmed", minutes=3), person("marcus", "confirmed", minutes=1), person("teo", "invited"), person("frank", "declined")]
    move = census.plan_move(people, 1)
    assert (move.keep, move.ask, move.already, move.said_no) == (("marcus",), ("rosa", "teo"), (), ("frank",))


@pytest.mark.parametrize(
    ("there", "keep", "ask", "already"),
    [
        ("", 1, 0, 0), ("cancelled", 1, 0, 0), ("invited", 1, 0, 0),  # asked there before, and said yes to this one: a place is kept
        ("confirmed", 0, 0, 1), ("offered", 0, 0, 1), ("declined", 0, 0, 1),
    ],
)  # fmt: skip
def test_who_is_on_the_other_list_already_stays_as_they_are(there: str, keep: int, ask: int, already: int) -> None:
    move = census.plan_move([person("rosa", "confirmed", there)], 5)
    assert (len(move.keep), len(move.ask), len(move.already)) == (keep, ask, already)


def test_without_places_everybody_is_asked_and_nobody_twice() -> None:
    people = [person("rosa", "confirmed"), person("teo", "invited"), person("gladys", "offered"), person("beatriz", "confirmed", "invited")]
    move = census.plan_move(people, 0)
    assert (move.keep, set(move.ask), move.already) == ((), {"rosa", "teo", "gladys"}, ("beatriz",))


def test_a_preview_that_says_something_else_looks_different() -> None:
    one = census.plan_move([person("rosa", "confirmed")], 1)
    assert one.seen == census.plan_move([person("rosa", "confirmed", minutes=9)], 3).seen
    assert one.seen != census.plan_move([person("rosa", "confirmed")], 0).seen
    assert len(one.seen) == 64


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ({}, True), ({"yes": 0}, False), ({"residents": 0}, False), ({"days_left": 8}, False), ({"decision": "no_go"}, True), ({"decision": "singles"}, False),
        ({"days_left": 0}, True),
    ],
)  # fmt: skip
def test_one_on_ones_are_offered_within_a_week_while_somebody_can_see_somebody(values: dict[str, Any], offered: bool) -> None:
    assert ("one_on_ones" in census.possible(now(**{"days_left": 7, **values}))) is offered


def test_a_date_with_one_on_ones_only_has_no_next_action() -> None:
    assert census.next_action(now(decision="singles", light=RED, days_left=2, waiting=1, sisters=1)) == ""


@pytest.mark.parametrize(
    ("state", "hours", "yes", "reason", "error"),
    [
        ("planned", 1, 1, "Too few", None), ("planned", 0, 1, "Too few", WrongState), ("open", 1, 1, "Too few", WrongState),
        ("cancelled", 1, 1, "Too few", WrongState), ("planned", 1, 0, "Too few", census.NobodyToSeeAlone), ("planned", 1, 1, " ", census.OneOnOnesReasonNeeded),
    ],
)  # fmt: skip
def test_when_a_date_may_become_one_on_ones(state: str, hours: int, yes: int, reason: str, error: type[Exception] | None) -> None:
    moment = datetime(2026, 12, 8, 22, 30, tzinfo=UTC)
    with pytest.raises(error) if error else nullcontext():
        census.check_can_see_one_on_one(state, moment + timedelta(hours=hours), moment, yes=yes, reason=reason)
