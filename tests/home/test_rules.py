"""What needs a coordinator: one table of dates and what follows from each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.home.rules import DateNow, needs_of, standing

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
