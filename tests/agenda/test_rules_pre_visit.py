"""The form before a visit: when it is open, what it takes, and what a change of it does to topics."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.agenda import rules
from groupvisits.agenda.rules import Change, Concern
from groupvisits.core.errors import Refused

STARTS = datetime(2027, 3, 16, 21, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
G, O = "group", "one_on_one"  # noqa: E741


@pytest.mark.parametrize(
    ("state", "now", "form"),
    [
        ("planned", STARTS - WEEK - timedelta(seconds=1), "not_yet"),
        ("planned", STARTS - WEEK, "open"),
        ("planned", STARTS - timedelta(minutes=1), "open"),
        ("planned", STARTS + timedelta(minutes=10), "open"),  # the room has not been opened: late people still write
        ("open", STARTS - timedelta(minutes=1), "closed"),
        ("closed", STARTS + timedelta(hours=3), "closed"),
        ("cancelled", STARTS - timedelta(days=3), "closed"),
    ],
)
def test_the_form_is_open_from_seven_days_before_until_the_room_opens(state: str, now: datetime, form: str) -> None:
    assert rules.form_state(state, STARTS, now) == form
    refusal = {"not_yet": rules.NotOpenYet, "closed": rules.FormClosed}.get(form)
    if refusal is None:
        rules.check_form_is_open(state, STARTS, now)
    else:
        with pytest.raises(refusal):
            rules.check_form_is_open(state, STARTS, now)


def test_seven_days_are_the_same_time_of_day_give_or_take_the_clock_change() -> None:
    """Clocks go forward on 14 March 2027 in New York: the form opens an hour by the wall earlier or later, never a day."""
    assert rules.FORM_OPENS == WEEK


@pytest.mark.parametrize(
    ("entered", "read"),
    [
        ([("", ""), ("", ""), ("", "")], []),
        ([("  ", G), ("", O)], []),
        ([("Feet", G), ("Sleep", O)], [Concern("Feet", G), Concern("Sleep", O)]),
        ([("", ""), ("Feet", G)], [Concern("Feet", G)]),
        ([("Feet", G), (" Feet ", G)], [Concern("Feet", G)]),
        ([("Feet", G), ("Feet", O)], [Concern("Feet", G), Concern("Feet", O)]),
        ([("a\nb", G)], [Concern("a b", G)]),
        ([("\u202eevil", G)], [Concern("evil", G)]),
        ([("🙂", G)], [Concern("🙂", G)]),
        ([("ما الذي يساعد؟", O)], [Concern("ما الذي يساعد؟", O)]),
        ([("1", G), ("2", G), ("3", G), ("4", G)], [Concern("1", G), Concern("2", G), Concern("3", G)]),
    ],
)
def test_concerns_are_read_box_by_box(entered: list[tuple[str, str]], read: list[Concern]) -> None:
    assert rules.read_concerns(entered) == read


@pytest.mark.parametrize(
    ("entered", "error", "field"),
    [
        ([("Feet", "")], rules.RouteMissing, "route_1"),
        ([("Feet", G), ("Sleep", "everybody")], rules.RouteMissing, "route_2"),
        ([("", ""), ("", ""), ("x" * 301, G)], rules.TooManyWords, "words_3"),
    ],
)
def test_a_refusal_names_its_box(entered: list[tuple[str, str]], error: type[Refused], field: str) -> None:
    with pytest.raises(error) as refused:
        rules.read_concerns(entered)
    assert refused.value.field == field


@pytest.mark.parametrize(("written", "kept"), [("", ""), ("  \n ", ""), ("one\r\ntwo\r\rthree", "one\ntwo\nthree"), ("\u202edark", "dark")])
def test_what_matters_keeps_its_lines_and_no_hidden_characters(written: str, kept: str) -> None:
    assert rules.read_lines(written, "matters", 600) == kept


def test_what_matters_has_a_limit_and_says_so_at_its_box() -> None:
    with pytest.raises(rules.TooManyWords) as refused:
        rules.read_lines("x" * 601, "matters", 600)
    assert refused.value.field == "matters"


@pytest.mark.parametrize(
    ("made", "wanted", "settled", "change"),
    [
        ([], [], set(), Change((), (), ())),
        ([], [Concern("a", G)], set(), Change((), (), (Concern("a", G),))),
        ([("1", Concern("a", G))], [Concern("a", G)], set(), Change((), (), ())),
        ([("1", Concern("a", G))], [Concern("b", G)], set(), Change((), (("1", "b"),), ())),
        ([("1", Concern("a", G))], [], set(), Change(("1",), (), ())),
        # Another route is another topic: the group's phones keep what they were shown.
        ([("1", Concern("a", G))], [Concern("a", O)], set(), Change(("1",), (), (Concern("a", O),))),
        # Others said "me too" to the old words, or it is on the agenda already.
        ([("1", Concern("a", G))], [Concern("b", G)], {"1"}, Change(("1",), (), (Concern("b", G),))),
        ([("1", Concern("a", G))], [Concern("a", G)], {"1"}, Change((), (), ())),
        # Moved to another box, nothing has changed.
        ([("1", Concern("a", G)), ("2", Concern("b", O))], [Concern("b", O), Concern("a", G)], set(), Change((), (), ())),
        ([("1", Concern("a", G)), ("2", Concern("b", G))], [Concern("b", G), Concern("c", G)], set(), Change((), (("1", "c"),), ())),
        ([("1", Concern("a", G)), ("2", Concern("b", O))], [Concern("c", O)], set(), Change(("1",), (("2", "c"),), ())),
    ],
)
def test_a_form_filled_in_again_changes_only_what_is_different(made: list, wanted: list[Concern], settled: set[str], change: Change) -> None:
    assert rules.changes_of(made, wanted, settled) == change
