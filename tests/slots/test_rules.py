"""Planning, the order of states, and how the two kinds of minutes are counted."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.core.errors import DomainError
from groupvisits.slots import rules

START = datetime(2026, 11, 10, 22, 30, tzinfo=UTC)
EIGHT = timedelta(minutes=8)


def planned(seat: str, provider: str, position: int, state: str = "planned") -> rules.Planned:
    return rules.Planned(seat, provider, position, START + (position - 1) * EIGHT, state)


def plan(
    seats: list[str], providers: list[str], existing: list[rules.Planned] | None = None, now: datetime = START - EIGHT
) -> list[tuple[str, str, int, datetime]]:
    made = rules.plan(seats, providers, existing or [], begins_at=START, minutes=8, now=now)
    return [(a.seat_id, a.provider_id, a.position, a.planned_at) for a in made]


def test_people_are_spread_evenly_in_their_order() -> None:
    assert plan(["a", "b", "c", "d", "e"], ["osei", "farrow"]) == [
        ("a", "osei", 1, START),
        ("b", "farrow", 1, START),
        ("c", "osei", 2, START + EIGHT),
        ("d", "farrow", 2, START + EIGHT),
        ("e", "osei", 3, START + 2 * EIGHT),
    ]


def test_planning_twice_moves_nobody() -> None:
    assert plan(["a", "b"], ["osei"], [planned("a", "osei", 1), planned("b", "osei", 2)]) == []


def test_somebody_new_comes_behind_the_shorter_list() -> None:
    existing = [planned("a", "osei", 1), planned("b", "farrow", 1), planned("c", "osei", 2)]
    assert plan(["a", "b", "c", "new"], ["osei", "farrow"], existing) == [("new", "farrow", 2, START + EIGHT)]


def test_the_time_of_somebody_who_does_not_come_is_free_for_the_next() -> None:
    existing = [planned("a", "osei", 1), planned("b", "farrow", 1), planned("gone", "farrow", 2, "missed")]
    assert plan(["a", "b", "new", "newer"], ["osei", "farrow"], existing) == [("new", "osei", 2, START + EIGHT), ("newer", "farrow", 3, START + EIGHT)]


@pytest.mark.parametrize(
    ("state", "expected", "gone"),
    [("planned", "planned", "missed"), ("called", "planned", "missed"), ("coming", "planned", "missed"), ("missed", "missed", "missed"),
     ("started", "started", "started"), ("finished", "finished", "finished")],
)  # fmt: skip
def test_nobody_waits_for_somebody_who_is_not_here(state: str, expected: str, gone: str) -> None:
    assert (rules.without_patient(state, is_expected=True), rules.without_patient(state, is_expected=False)) == (expected, gone)


def test_nobody_is_planned_in_the_past() -> None:
    now = START + timedelta(minutes=30, seconds=5)
    assert plan(["late"], ["osei"], now=now) == [("late", "osei", 1, START + timedelta(minutes=31))]


@pytest.mark.parametrize(("state", "moves"), [("planned", True), ("missed", True), ("called", False), ("started", False), ("finished", False)])
def test_only_who_was_not_seen_moves_when_a_resident_leaves_the_team(state: str, moves: bool) -> None:
    assert bool(plan(["a"], ["osei"], [planned("a", "farrow", 1, state)])) == moves


def test_without_a_resident_nothing_is_planned() -> None:
    assert plan(["a"], []) == []


@pytest.mark.parametrize(
    ("check", "allowed"),
    [
        (rules.check_can_call, {"planned", "called", "coming", "missed"}),
        (rules.check_can_start, {"planned", "called", "coming", "missed", "started"}),
        (rules.check_can_finish, {"started", "finished"}),
        (rules.check_can_miss, {"planned", "called", "coming", "missed"}),
        (rules.check_can_tell, {"called", "coming", "started", "finished"}),
    ],
)
def test_which_act_fits_which_state(check, allowed: set[str]) -> None:  # type: ignore[no-untyped-def]
    for state in ("planned", "called", "coming", "started", "finished", "missed"):
        if state in allowed:
            check(state)
        else:
            with pytest.raises(DomainError):
                check(state)


@pytest.mark.parametrize(
    ("state", "answer", "after"),
    [
        ("called", "coming", "coming"),
        ("called", "help", "called"),
        ("coming", "help", "called"),
        ("coming", "coming", "coming"),
        ("started", "coming", "started"),
        ("finished", "help", "finished"),
        ("planned", "coming", rules.CallEnded),
        ("missed", "coming", rules.CallEnded),
    ],
)
def test_what_an_answer_makes_of_a_call(state: str, answer: str, after: str | type[DomainError]) -> None:
    if isinstance(after, str):
        assert rules.answered(state, answer) == after
    else:
        with pytest.raises(after):
            rules.answered(state, answer)


def test_one_person_at_a_time() -> None:
    with pytest.raises(rules.FinishFirst):
        rules.check_is_free({"a": "started"})
    with pytest.raises(rules.SomebodyIsComing):
        rules.check_is_free({"a": "coming"})
    assert rules.check_is_free({"a": "called", "b": "planned", "c": "finished", "d": "missed"}) == ["a"]


@pytest.mark.parametrize(
    ("state", "after"),
    [("planned", "missed"), ("called", "missed"), ("coming", "missed"), ("started", "finished"), ("finished", "finished"), ("missed", "missed")],
)
def test_what_becomes_of_a_slot_when_the_visit_ends(state: str, after: str) -> None:
    assert rules.at_close(state) == after


def waiting(name: str, state: str = "planned", here: bool = True) -> rules.Waiting:
    return rules.Waiting(name, name, state, here)


@pytest.mark.parametrize(
    ("in_order", "talking", "chosen"),
    [
        ([waiting("a"), waiting("b")], "", "a"),
        ([waiting("a", here=False), waiting("b")], "", "b"),
        ([waiting("a"), waiting("b")], "a", "b"),  # nobody is pulled out during their own topic
        ([waiting("a")], "a", "a"),
        ([waiting("a", "missed"), waiting("b")], "", "b"),
        ([waiting("a", "missed"), waiting("b", "finished")], "", "a"),
        ([waiting("a", "started"), waiting("b", "called")], "", None),
        ([], "", None),
    ],
)
def test_who_is_called_next(in_order: list[rules.Waiting], talking: str, chosen: str | None) -> None:
    assert rules.next_slot(in_order, talking) == chosen


def test_individual_seconds_run_until_the_end_or_now() -> None:
    assert rules.individual_seconds(None, None, START) == 0
    assert rules.individual_seconds(START, None, START + EIGHT) == 480
    assert rules.individual_seconds(START, START + timedelta(minutes=4), START + EIGHT) == 240


@pytest.mark.parametrize(
    ("opened", "arrived", "closed", "started", "finished", "minutes"),
    [
        (None, 0, None, None, None, 0),
        (0, None, None, None, None, 0),
        (0, 10, None, None, None, 50),
        (10, 0, None, None, None, 50),
        (0, 0, 40, None, None, 40),
        (0, 0, 40, 10, 18, 32),  # the one-on-one is not part of the group's time
        (0, 0, None, 52, None, 52),
        (0, 0, 40, 45, 50, 40),  # a one-on-one after the group takes nothing from it
        (0, 30, 40, 10, 20, 10),
    ],
)
def test_group_minutes_never_hold_individual_ones(
    opened: int | None, arrived: int | None, closed: int | None, started: int | None, finished: int | None, minutes: int
) -> None:
    moments = [None if at is None else START + timedelta(minutes=at) for at in (opened, arrived, closed, started, finished)]
    assert rules.group_seconds(*moments, START + timedelta(minutes=60)) == minutes * 60
