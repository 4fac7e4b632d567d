"""What may be said when, and what comes next."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.agenda import rules
from groupvisits.core.errors import DomainError, NotFound

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Why is my sugar high?  ", "Why is my sugar high?"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("turned \u202earound\u202c", "turned around"),
        ("👩\u200d⚕️ visits", "👩\u200d⚕️ visits"),
        ("x" * 300, "x" * 300),
        ("5 × 3", "5 × 3"),
    ],
)
def test_words_are_kept_as_one_clean_line(typed: str, kept: str) -> None:
    assert rules.check_words(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200b", "\n\t", "\u202e", "\u00a0", "\u200d"])
def test_words_nobody_could_see_are_refused(typed: str) -> None:
    with pytest.raises(rules.NoWords):
        rules.check_words(typed)


def test_more_than_300_characters_are_refused_after_trimming() -> None:
    assert rules.check_words(" " * 50 + "x" * 300)
    with pytest.raises(rules.TooManyWords):
        rules.check_words("x" * 301)


@pytest.mark.parametrize(
    ("session_state", "hours_since_close", "expected"),
    [
        ("planned", None, "new"),
        ("open", None, "new"),
        ("closed", 1, "parked"),
        ("closed", 24, "parked"),
        ("closed", 25, rules.TooLate),
        ("cancelled", None, rules.NotTakingTopics),
    ],
)
def test_when_a_topic_is_taken(session_state: str, hours_since_close: int | None, expected: str | type[DomainError]) -> None:
    closed_at = NOON if hours_since_close is not None else None
    now = NOON + timedelta(hours=hours_since_close or 0)
    if isinstance(expected, str):
        assert rules.state_of_new_topic(session_state, closed_at, now) == expected
    else:
        with pytest.raises(expected):
            rules.state_of_new_topic(session_state, closed_at, now)


STATES = ("new", "planned", "current", "talked_about", "answered_one_on_one", "parked", "taken_back")


@pytest.mark.parametrize(
    ("check", "allowed"),
    [
        (rules.check_can_plan, {"new", "parked"}),
        (rules.check_can_start, {"new", "planned", "parked"}),
        (rules.check_can_extend, {"current"}),
        (rules.check_can_finish, {"current", "talked_about"}),
        (rules.check_can_park, {"new", "planned", "current"}),
        (lambda state: rules.check_can_support(state, "group", is_own=False), {"new", "planned", "current"}),
        (lambda state: rules.check_can_take_back(state, None), {"new", "planned", "parked"}),
    ],
)
def test_which_state_allows_what(check, allowed: set[str]) -> None:
    for state in STATES:
        if state in allowed:
            check(state)
        else:
            with pytest.raises(DomainError):
                check(state)


def test_nobody_supports_their_own_topic_or_a_private_one() -> None:
    with pytest.raises(rules.OwnTopic):
        rules.check_can_support("new", "group", is_own=True)
    with pytest.raises(NotFound):
        rules.check_can_support("new", "one_on_one", is_own=False)


def test_a_topic_that_went_on_to_the_next_visit_is_taken_back_there() -> None:
    with pytest.raises(rules.CarriedOn):
        rules.check_can_take_back("parked", "the next one")


def planned(id: str, position: int | None = None, supports: int = 0, is_heard: bool = False, minute: int = 0) -> rules.Planned:
    return rules.Planned(id, position, supports, is_heard, NOON + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("topics", "order"),
    [
        ([], []),
        ([planned("few", supports=1), planned("many", supports=5)], ["many", "few"]),
        ([planned("heard", supports=9, is_heard=True), planned("unheard", supports=1)], ["unheard", "heard"]),
        ([planned("late", minute=9), planned("early", minute=1)], ["early", "late"]),
        ([planned("a", position=2, supports=9), planned("b", position=1)], ["b", "a"]),
        ([planned("new", supports=9), planned("by hand", position=1)], ["by hand", "new"]),
    ],
)
def test_the_order_of_the_agenda(topics: list[rules.Planned], order: list[str]) -> None:
    assert rules.in_order(topics) == order
    assert rules.in_order(reversed(topics)) == order


def test_ordering_by_hand_names_topics_of_the_visit_once_and_passes_over_what_is_no_longer_planned() -> None:
    for named, order in ((["b", "a"], ["b", "a"]), (["b"], ["b"]), (["talked", "b", "a"], ["b", "a"]), ([], [])):
        assert rules.order_by_hand(named, {"a", "b", "talked"}, {"a", "b"}) == order
    for wrong in (["a", "a"], ["a", "b", "x"]):
        with pytest.raises(rules.OrderHasChanged):
            rules.order_by_hand(wrong, {"a", "b", "talked"}, {"a", "b"})


def test_more_minutes_count_from_now_when_the_time_was_over() -> None:
    assert rules.extended_end(NOON + timedelta(minutes=3), NOON, 5) == NOON + timedelta(minutes=8)
    assert rules.extended_end(NOON - timedelta(minutes=3), NOON, 5) == NOON + timedelta(minutes=5)


def sent(id: str, state: str, route: str = "group", into: str | None = None, part_of: str | None = None) -> rules.Sent:
    return rules.Sent(id, route, state, into, part_of)


ALONE = sent("alone", "new", "one_on_one")


@pytest.mark.parametrize(
    ("topics", "session_state", "told"),
    [
        ([], "open", (0, 0, 0)),
        ([sent("a", "new"), sent("b", "talked_about"), ALONE], "open", (3, 3, 1)),
        ([sent("a", "parked"), sent("b", "talked_about"), ALONE], "closed", (3, 2, 1)),
        ([sent("a", "parked", "one_on_one"), sent("b", "answered_one_on_one", "one_on_one")], "closed", (2, 2, 2)),
        ([sent("a", "planned"), sent("b", "talked_about")], "closed", (2, 1, 0)),
        ([sent("a", "merged", into="b"), sent("b", "new")], "open", (2, 2, 0)),
        ([sent("a", "merged", into="b"), sent("b", "parked")], "closed", (2, 2, 0)),
        ([sent("a", "merged", into="b"), sent("b", "declined")], "closed", (2, 2, 0)),
        ([sent("a", "merged", into="b"), sent("b", "planned")], "closed", (2, 0, 0)),
        ([sent("a", "merged", into="b"), sent("b", "merged", into="a")], "open", (2, 0, 0)),
        ([sent("a", "merged")], "open", (1, 0, 0)),
        ([sent("a", "split"), sent("1", "parked", part_of="a"), sent("2", "talked_about", part_of="a")], "closed", (1, 1, 0)),
        ([sent("a", "split"), sent("1", "new", part_of="a"), sent("2", "talked_about", part_of="a")], "closed", (1, 0, 0)),
        ([sent("a", "split"), sent("1", "split", part_of="a"), sent("2", "parked", part_of="1")], "closed", (1, 1, 0)),
        ([sent("a", "split")], "open", (1, 0, 0)),
        ([sent("a", "parked"), sent("1", "merged", into="a", part_of="a")], "closed", (1, 1, 0)),
    ],
)
def test_the_account_shows_a_topic_without_a_fate(topics: list[rules.Sent], session_state: str, told: tuple[int, int, int]) -> None:
    account = rules.account(topics, session_state)
    assert (account.sent, account.accounted_for, account.one_on_one) == told
