"""Who is next, until when, and why not yet: tables of a list and what follows from it."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.sessions.rules import waiting
from groupvisits.sessions.rules.waiting import TICK, Waiting

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def entry(name: str, places: int = 1, minutes: int = 0) -> Waiting:
    return Waiting(name, places, NOW + timedelta(minutes=minutes))


ROCHAS, AMARA, JEAN = entry("rochas", 2, 0), entry("amara", 1, 1), entry("jean", 1, 2)
LIST = [JEAN, ROCHAS, AMARA]


@pytest.mark.parametrize(("free", "who"), [(0, None), (1, AMARA), (2, ROCHAS), (9, ROCHAS), (-1, None)])
def test_a_free_place_goes_to_the_first_who_fits(free: int, who: Waiting | None) -> None:
    assert waiting.next_that_fits(LIST, free) == who
    assert waiting.is_open_to_others(LIST, free) == (who is None)


def test_a_single_place_is_open_to_others_while_only_two_who_come_together_wait() -> None:
    waiting.check_open_to_others([ROCHAS], 1, "")
    with pytest.raises(waiting.OthersWait) as refused:
        waiting.check_open_to_others([ROCHAS, JEAN], 1, "  ")
    assert refused.value.params == {"waiting": 2}
    waiting.check_open_to_others([ROCHAS, JEAN], 1, "Has come a long way")


@pytest.mark.parametrize(
    ("who", "free", "why"),
    [
        (ROCHAS, 0, "two_places"), (AMARA, 0, "next_single"), (JEAN, 0, "behind"),
        (ROCHAS, 1, "two_places"), (AMARA, 1, "next"), (JEAN, 1, "behind"),
        (ROCHAS, 2, "next"), (AMARA, 2, "next_single"), (JEAN, -1, "behind"),
    ],
)  # fmt: skip
def test_why_not_yet(who: Waiting, free: int, why: str) -> None:
    assert waiting.why_not_yet(who, LIST, free, has_offer=False, takes_offers=True, by_itself=True) == why


@pytest.mark.parametrize(
    ("line", "who", "why"),
    [([AMARA, JEAN], AMARA, "first"), ([AMARA, entry("rochas", 2, 9)], entry("rochas", 2, 9), "behind"), ([ROCHAS], ROCHAS, "two_places")],
)
def test_why_not_yet_when_no_place_is_free(line: list[Waiting], who: Waiting, why: str) -> None:
    assert waiting.why_not_yet(who, line, 0, has_offer=False, takes_offers=True, by_itself=True) == why


def test_why_not_yet_around_an_offer_and_the_end() -> None:
    assert waiting.why_not_yet(AMARA, [JEAN], 0, has_offer=True, takes_offers=True, by_itself=True) == "offered"
    assert waiting.why_not_yet(JEAN, [JEAN], 1, has_offer=False, takes_offers=True, by_itself=False) == "by_hand"
    assert waiting.why_not_yet(JEAN, [JEAN], 1, has_offer=False, takes_offers=False, by_itself=False) == "begun"


@pytest.mark.parametrize(
    ("minutes_to_go", "hours", "minutes_kept", "by_itself"),
    [
        (20 * 24 * 60, 24, 24 * 60, True), (25 * 60, 24, 23 * 60, True), (26 * 60, 24, 24 * 60, True), (136, 24, 16, True), (136, 1, 16, True),
        (135, 24, 135, False), (120, 24, 120, False), (30, 24, 30, False), (135, 1, 60, False),
    ],
)  # fmt: skip
def test_an_offer_ends_in_time(minutes_to_go: int, hours: int, minutes_kept: int, by_itself: bool) -> None:
    starts_at = NOW + timedelta(minutes=minutes_to_go)
    assert waiting.expires_at(NOW, hours, starts_at) == NOW + timedelta(minutes=minutes_kept)
    assert waiting.offers_by_itself(starts_at, NOW) is by_itself


@pytest.mark.parametrize(("expires", "is_over"), [(NOW + TICK, False), (NOW, True), (NOW - TICK, True), (None, True)])
def test_an_offer_is_over_at_its_moment(expires: datetime | None, is_over: bool) -> None:
    if not is_over:
        return waiting.check_still_open(expires, NOW)
    with pytest.raises(waiting.OfferOver):
        waiting.check_still_open(expires, NOW)
    return None


@pytest.mark.parametrize("before", [0, 1, 2])
def test_whoever_goes_ahead_stands_just_before_that_one_also_when_others_did_already(before: int) -> None:
    line = [entry("a"), Waiting("b", 1, NOW + TICK), Waiting("c", 1, NOW + 2 * TICK), entry("d", 1, 5)]
    moved = waiting.moments_ahead(line, "d", line[before].id)
    after = waiting.in_order([Waiting(each.id, each.places, moved.get(each.id, each.at)) for each in line])
    expected = ["a", "b", "c"]
    expected.insert(before, "d")
    assert [each.id for each in after] == expected


def test_nobody_else_moves_where_there_is_room() -> None:
    assert set(waiting.moments_ahead(LIST, "jean", "amara")) == {"jean"}


@pytest.mark.parametrize("companions", [None, 0, 4])
def test_so_many_may_come_along(companions: int | None) -> None:
    waiting.check_companions(companions)


@pytest.mark.parametrize("companions", [-1, 5, 10**9])
def test_more_may_not(companions: int) -> None:
    with pytest.raises(waiting.CompanionsUnclear):
        waiting.check_companions(companions)


@pytest.mark.parametrize(
    ("state", "minutes", "fine"), [("planned", 1, True), ("planned", 0, False), ("open", 60, False), ("closed", -60, False), ("cancelled", 60, False)]
)
def test_answers_are_taken_until_it_begins(state: str, minutes: int, fine: bool) -> None:
    if fine:
        return waiting.check_takes_answers(state, NOW + timedelta(minutes=minutes), NOW)
    with pytest.raises(waiting.TooLateToAnswer):
        waiting.check_takes_answers(state, NOW + timedelta(minutes=minutes), NOW)
    return None
