"""When answers are released, and how much a count may say."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupvisits.feedback import rules
from groupvisits.feedback.rules import Count

NOW = datetime(2026, 12, 8, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waiting", "released", "is_closing", "expected"),
    [
        (0, 0, False, False),
        (4, 0, False, False),
        (4, 0, True, False),
        (5, 0, False, True),
        (5, 0, True, True),
        (4, 5, False, False),
        (9, 5, False, False),
        (4, 5, True, False),
        (5, 5, True, True),
    ],
)
def test_answers_are_released_by_five_and_then_once_more_at_the_end(waiting: int, released: int, is_closing: bool, expected: bool) -> None:
    assert rules.may_release(waiting, released, is_closing=is_closing) is expected


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([], None),
        ([(4, 4)], None),
        ([(5, 5)], Count(3, 5, 5)),
        ([(3, 5)], Count(3, 5, 5)),
        ([(0, 5)], Count(0, 2, 5)),
        ([(8, 8)], Count(5, 8, 8)),
        ([(4, 9)], Count(0, 4, 9)),
        ([(5, 10)], Count(5, 5, 10)),
        ([(7, 11)], Count(7, 11, 11)),
        ([(11, 11)], Count(7, 11, 11)),
        ([(6, 11)], Count(6, 6, 11)),
        ([(5, 11)], Count(5, 5, 11)),
        ([(4, 11)], Count(0, 4, 11)),
        ([(4, 4), (1, 1)], Count(3, 5, 5)),  # four answered at first: they wait for the later ones
        ([(5, 5), (1, 1)], Count(3, 5, 5)),  # one later answer to this question is not added
        ([(5, 5), (6, 6)], Count(7, 11, 11)),
        ([(3, 5), (3, 6)], Count(6, 6, 11)),
    ],
)
def test_a_count_tells_no_number_that_singles_somebody_out(batches: list[tuple[int, int]], expected: Count | None) -> None:
    assert rules.tellable(batches) == expected


def test_unanimous_answers_look_like_nearly_unanimous_ones() -> None:
    for of in range(5, 31):
        assert rules.tellable([(of, of)]) == rules.tellable([(of - 1, of)])
        assert rules.tellable([(0, of)]) == rules.tellable([(1, of)])


sizes = st.lists(st.integers(0, 12), min_size=1, max_size=2)


def _views(batches: list[tuple[int, int]]) -> tuple[Count | None, ...]:
    """What a reader who looks after every release has seen."""
    return tuple(rules.tellable(batches[: i + 1]) for i in range(len(batches)))


def _possible(sizes: list[int], seen: tuple[Count | None, ...]) -> list[tuple[int, ...]]:
    """Every way people may have answered that looks like this."""
    return [yes for yes in product(*(range(size + 1) for size in sizes)) if _views(list(zip(yes, sizes, strict=True))) == seen]


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_no_series_of_views_gives_one_answer_away(sizes: list[int], data: st.DataObject) -> None:
    yes = [data.draw(st.integers(0, size)) for size in sizes]
    possible = _possible(sizes, _views(list(zip(yes, sizes, strict=True))))
    # Within a release people are alike to the reader: one answer is known only if all of that release are.
    for i, size in enumerate(sizes):
        if size:
            assert {world[i] for world in possible} not in ({0}, {size}), possible


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_not_even_somebody_who_knows_their_own_answer_learns_another(sizes: list[int], data: st.DataObject) -> None:
    yes = [data.draw(st.integers(0, size)) for size in sizes]
    mine = data.draw(st.sampled_from(range(len(sizes))))
    if not sizes[mine]:
        return
    own = data.draw(st.sampled_from([1] * bool(yes[mine]) + [0] * (yes[mine] < sizes[mine])))
    possible = _possible(sizes, _views(list(zip(yes, sizes, strict=True))))
    possible = [world for world in possible if own <= world[mine] <= sizes[mine] - 1 + own]
    for i, size in enumerate(sizes):
        others = size - (i == mine)
        if others:
            assert {world[i] - (own if i == mine else 0) for world in possible} not in ({0}, {others}), possible


def test_no_way_of_answering_gives_anybody_away_to_a_neighbour() -> None:
    """The same as above for every way in which a first five and up to nine later people may answer, two questions skipped or none."""
    for sizes in product((3, 4, 5), range(5, 10)):
        seen: dict[tuple[Count | None, ...], list[tuple[int, ...]]] = {}
        for yes in product(*(range(size + 1) for size in sizes)):
            seen.setdefault(_views(list(zip(yes, sizes, strict=True))), []).append(yes)
        for possible in seen.values():
            for mine, own in product((0, 1), (0, 1)):
                fitting = [world for world in possible if own <= world[mine] <= sizes[mine] - 1 + own]
                for i, size in enumerate(sizes):
                    others = size - (i == mine)
                    assert {world[i] - (own if i == mine else 0) for world in fitting} not in ({0}, {others}), (sizes, possible)


def test_fewer_than_half_asks_for_a_look_only_when_it_is_certain() -> None:
    assert Count(5, 5, 11).needs_a_look
    assert Count(0, 2, 5).needs_a_look
    assert not Count(6, 6, 11).needs_a_look
    assert not Count(3, 5, 5).needs_a_look


@pytest.mark.parametrize(
    ("session_state", "form_state", "closes_in", "refusal"),
    [
        ("planned", "open", 1, rules.NotOpenYet),
        ("open", "open", 1, rules.NotOpenYet),
        ("cancelled", "open", 1, rules.NotOpenYet),
        ("closed", "open", 0, rules.FormClosed),
        ("closed", "closed", 1, rules.FormClosed),
        ("closed", "open", 1, None),
    ],
)
def test_answers_are_taken_after_the_visit_and_until_the_form_closes(
    session_state: str, form_state: str, closes_in: int, refusal: type[Exception] | None
) -> None:
    closes_at = NOW + timedelta(days=closes_in)
    if refusal is None:
        rules.check_takes_answers(session_state, form_state, closes_at, NOW)
        return
    with pytest.raises(refusal):
        rules.check_takes_answers(session_state, form_state, closes_at, NOW)


def test_only_what_was_asked_and_answered_is_kept() -> None:
    assert rules.answered({"safe": "yes", "peer": "", "change": None, "name": "Rosa"}, ["safe", "peer", "change"]) == {"safe": "yes"}


@pytest.mark.parametrize("answers", [{}, {"safe": ""}, {"name": "Rosa"}])
def test_nothing_answered_is_refused(answers: dict[str, str]) -> None:
    with pytest.raises(rules.NothingAnswered):
        rules.answered(answers, ["safe", "change"])


@pytest.mark.parametrize("state", ["invited", "confirmed", "declined", "no_show", "cancelled"])
def test_feedback_is_for_those_who_came(state: str) -> None:
    with pytest.raises(rules.DidNotCome):
        rules.check_came(state)


@pytest.mark.parametrize("count", [0, -1, 41])
def test_cards_are_printed_in_small_numbers(count: int) -> None:
    with pytest.raises(rules.WrongNumberOfCards):
        rules.check_cards(count)
