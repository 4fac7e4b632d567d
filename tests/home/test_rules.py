"""What needs a coordinator: one table of dates and what follows from each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.home.rules import DateNow, Need, needs_of, standing

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
FINE = DateNow(
    session_id="s", state="planned", starts_at=NOW + timedelta(days=7), ends_at=NOW + timedelta(days=7, hours=2), held=10, invited=2, declined=0, minimum=8,
    has_facilitator=True, residents=2, left_over=0,
)  # fmt: skip


def in_time(**ahead: float) -> dict[str, datetime]:
    return {"starts_at": NOW + timedelta(**ahead), "ends_at": NOW + timedelta(**ahead) + timedelta(hours=2)}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"held": 7}, ["too_few"]),
        ({"held": 0, "invited": 0}, ["nobody_invited"]),
        ({"held": 0, "invited": 0, "declined": 3}, ["too_few"]),
        ({"has_facilitator": False}, ["no_team"]),
        ({"residents": 0, "left_over": 10}, ["no_team"]),
        ({"left_over": 3}, ["too_few_minutes"]),
        ({"held": 7, "left_over": 1, "has_facilitator": False}, ["no_team", "too_few", "too_few_minutes"]),
        ({"held": 0, **in_time(days=20)}, []),  # not yet
        (in_time(minutes=10), ["not_open"]),
        (in_time(minutes=-30), ["not_open"]),
        (in_time(minutes=16), []),
        ({"held": 1, **in_time(days=-2)}, ["overdue"]),
        ({"state": "cancelled", "held": 0}, []),
        ({"state": "open", "held": 0}, []),
        ({"state": "closed", "held": 0, **in_time(days=-2)}, []),
    ],
)
def test_a_date_needs_this(changes: dict, kinds: list[str]) -> None:
    assert [need.kind for need in needs_of([replace(FINE, **changes)], NOW)] == kinds


def test_the_most_urgent_comes_first() -> None:
    later = replace(FINE, session_id="later", held=1, **in_time(days=9))
    sooner = replace(FINE, session_id="sooner", left_over=1, **in_time(days=2))
    now = replace(FINE, session_id="now", **in_time(minutes=5))
    assert [need.session_id for need in needs_of([later, sooner, now], NOW)] == ["now", "sooner", "later"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "goes_ahead"),
        ({"held": 7}, "too_few"),
        ({"state": "open"}, "open"),
        ({"state": "cancelled"}, "cancelled"),
        ({"state": "closed"}, "over"),
        (in_time(days=-1), "over"),
    ],
)
def test_a_date_stands_like_this(changes: dict, word: str) -> None:
    assert standing(replace(FINE, **changes), NOW) == word


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"expected": 6}, ["too_few"]),
        ({"held": 6, "expected": 8}, []),  # with those who usually come without an answer it is enough
        ({"expected": 6, "decision": "go"}, []),
        ({"expected": 6, "decision": "no_go", "left_over": 2, "waiting": 1, "may_invite": 1}, ["not_going_ahead"]),
        ({"expected": 2, "decision": "singles", "left_over": 2, "waiting": 1, "may_invite": 1}, []),
        ({"waiting": 2, "may_invite": 1}, ["may_invite"]),
        ({"waiting": 2, "may_invite": 0}, []),
        ({"waiting": 0, "may_invite": 3}, []),
        ({"lapsed": 1, "asked_again": 2}, ["asked_again", "lapsed"]),
        ({"left_over": 2, "waiting": 1, "may_invite": 1, **in_time(days=27)}, ["too_few_minutes", "may_invite"]),
        ({"left_over": 2, "waiting": 1, "may_invite": 1, **in_time(days=29)}, []),
    ],
)
def test_a_date_needs_this_of_what_is_expected_and_who_waits(changes: dict, kinds: list[str]) -> None:
    assert [need.kind for need in needs_of([replace(FINE, **changes)], NOW)] == kinds


def test_a_decision_is_as_urgent_as_the_day_by_which_to_decide() -> None:
    decide = replace(FINE, session_id="decide", expected=6, decide_by=NOW + timedelta(days=1), **in_time(days=8))
    sooner = replace(FINE, session_id="sooner", left_over=1, **in_time(days=3))
    others = [Need("texts", "", NOW), Need("scheduler", "", NOW + timedelta(days=28))]
    assert [need.session_id or need.kind for need in needs_of([sooner, decide], NOW, others)] == ["texts", "decide", "sooner", "scheduler"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"expected": 7}, "too_few"),
        ({"expected": 7, "decision": "go"}, "goes_ahead"),
        ({"decision": "no_go"}, "not_going_ahead"),
        ({"decision": "singles"}, "one_on_ones"),
    ],
)
def test_what_was_decided_goes_before_what_is_expected(changes: dict, word: str) -> None:
    assert standing(replace(FINE, **changes), NOW) == word
