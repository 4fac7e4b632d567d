"""Joining, phases, and about when a topic comes."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.live import rules

SIX = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.mark.parametrize(("by_browser", "by_address", "refused"), [(0, 0, False), (9, 59, False), (10, 0, True), (0, 60, True)])
def test_guessing_is_slowed_down_by_browser_and_by_address(by_browser: int, by_address: int, refused: bool) -> None:
    if refused:
        with pytest.raises(rules.TooManyTries):
            rules.check_tries(by_browser, by_address)
    else:
        rules.check_tries(by_browser, by_address)


@pytest.mark.parametrize(("phase", "count", "refused"), [(0, 5, False), (4, 5, False), (5, 5, True), (-1, 5, True), (0, 0, False)])
def test_a_visit_has_the_parts_of_its_run_sheet(phase: int, count: int, refused: bool) -> None:
    if refused:
        with pytest.raises(rules.NoSuchPhase):
            rules.check_phase(phase, count)
    else:
        rules.check_phase(phase, count)


def test_a_waiting_phone_is_let_in_once() -> None:
    rules.check_can_admit(None, "seat")
    rules.check_can_admit("seat", "seat")
    with pytest.raises(rules.AlreadyAdmitted):
        rules.check_can_admit("seat", "another")


def test_the_parts_of_a_visit_follow_each_other() -> None:
    assert rules.phase_times(SIX, [20, 5]) == [(SIX, SIX + timedelta(minutes=20)), (SIX + timedelta(minutes=20), SIX + timedelta(minutes=25))]


@pytest.mark.parametrize(
    ("topic_ends", "expected"),
    [
        (None, {"a": 0, "b": 10}),
        (5, {"a": 5, "b": 15}),
        (-5, {"a": 0, "b": 10}),
        (20, {"a": 20}),
        (25, {}),
        (30, {}),
    ],
)
def test_planned_topics_come_after_the_current_one_and_before_the_end(topic_ends: int | None, expected: dict[str, int]) -> None:
    ends = SIX + timedelta(minutes=topic_ends) if topic_ends is not None else None
    found = rules.expected_starts([("a", 10), ("b", 10)], ends, SIX, SIX + timedelta(minutes=30))
    assert found == {topic: SIX + timedelta(minutes=minutes) for topic, minutes in expected.items()}


@pytest.mark.parametrize(("current", "part"), [(0, 1), (1, 1), (2, 2), (9, 2)])
def test_topics_are_talked_about_in_the_longest_part_or_the_current_one_if_that_is_later(current: int, part: int) -> None:
    times = rules.phase_times(SIX, [10, 55, 25])
    assert rules.talk_times(times, current) == times[part]
    assert rules.talk_times([], current) is None
