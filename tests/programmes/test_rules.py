"""Run sheets, census limits and one-on-one minutes."""

import pytest

from groupvisits.programmes import rules
from groupvisits.programmes.rules import MinuteCheck, Window, one_on_one_window
from tests.cast import RUN_SHEET


@pytest.mark.parametrize(
    ("people", "slot", "residents", "window", "needed", "available", "short", "left_over", "would_fit"),
    [
        (12, 8, 1, 60, 96, 60, 36, 5, 2),  # DOMAIN 5: one resident does not fit a 60-minute window, two do
        (12, 8, 2, 60, 96, 120, 0, 0, 2),
        (15, 8, 2, 60, 120, 120, 0, 1, 3),  # enough minutes, but half a one-on-one is none
        (7, 8, 1, 60, 56, 60, 0, 0, 1),
        (5, 8, 0, 60, 40, 0, 40, 5, 1),
        (0, 8, 1, 60, 0, 60, 0, 0, 0),
        (3, 30, 1, 20, 90, 20, 70, 3, None),
    ],
)
def test_minutes_needed_against_minutes_there(
    people: int, slot: int, residents: int, window: int, needed: int, available: int, short: int, left_over: int, would_fit: int | None
) -> None:
    check = MinuteCheck(people, slot, residents, window)
    assert (check.needed, check.available, check.short, check.left_over, check.providers_needed) == (needed, available, short, left_over, would_fit)


@pytest.mark.parametrize(
    ("layout", "run_sheet", "window"),
    [
        ("parallel", RUN_SHEET, Window(25, 55)),  # beside the longest phase, the discussion
        ("before", RUN_SHEET, Window(0, 25)),
        ("after", RUN_SHEET, Window(80, 40)),
        ("parallel", [], Window(0, 120)),
        ("after", rules.preset_run_sheet("chcc"), Window(70, 45)),
        ("after", rules.preset_run_sheet("sma"), Window(55, 30)),
        ("before", rules.preset_run_sheet("prenatal"), Window(0, 40)),
        ("before", rules.preset_run_sheet("physicals"), Window(0, 45)),
        ("before", [{"name": "Topics", "minutes": 60}], Window(0, 60)),
    ],
)
def test_one_on_ones_have_this_part_of_the_visit(layout: str, run_sheet: list, window: Window) -> None:
    assert one_on_one_window(layout, run_sheet, 120) == window


@pytest.mark.parametrize(("key", "least", "most"), [("chcc", 90, 120), ("sma", 60, 90), ("prenatal", 90, 120), ("physicals", 60, 90)])
def test_presets_last_as_long_as_their_source_says_and_are_sound(key: str, least: int, most: int) -> None:
    kept = rules.check_run_sheet(rules.preset_run_sheet(key))
    assert least <= sum(phase["minutes"] for phase in kept) <= most
    assert all(phase["owner"] in rules.OWNERS for phase in kept)


@pytest.mark.parametrize(
    ("phases", "error"),
    [
        ([], rules.RunSheetEmpty),
        ([{"name": " ", "minutes": 10}], rules.PhaseUnclear),
        ([{"name": "Topics", "minutes": 0}], rules.PhaseUnclear),
        ([{"name": "Topics", "minutes": 241}], rules.PhaseUnclear),
        ([{"name": "Topics", "minutes": None}], rules.PhaseUnclear),
        ([{"name": "Topics", "minutes": 10}] * 21, rules.TooManyPhases),
    ],
)
def test_an_unclear_run_sheet_is_refused(phases: list, error: type[Exception]) -> None:
    with pytest.raises(error):
        rules.check_run_sheet(phases)


@pytest.mark.parametrize(
    ("limits", "fine"), [((8, 10, 15), True), ((5, 5, 5), True), ((10, 8, 15), False), ((8, 16, 15), False), ((0, 1, 2), False), ((8, 10, 61), False)]
)
def test_census_limits_grow(limits: tuple[int, int, int], fine: bool) -> None:
    if fine:
        rules.check_census(*limits)
    else:
        with pytest.raises(rules.CensusUnclear):
            rules.check_census(*limits)


@pytest.mark.parametrize(
    ("people", "slot", "providers", "window", "fits", "slot_that_fits", "people_that_fit", "window_that_fits"),
    [
        (12, 8, 1, 60, 2, 5, 7, 96),
        (12, 8, 2, 60, 2, 10, 14, 48),
        (12, 70, 1, 60, None, 5, 0, 840),
        (60, 8, 1, 60, 9, None, 7, 480),
        (12, 8, 0, 60, 2, None, 0, None),
    ],
)
def test_what_would_make_the_one_on_ones_fit(
    people: int, slot: int, providers: int, window: int, fits: int | None, slot_that_fits: int | None, people_that_fit: int, window_that_fits: int | None
) -> None:
    check = rules.MinuteCheck(people, slot, providers, window)
    assert (check.providers_needed, check.slot_that_fits, check.people_that_fit, check.window_that_fits) == (
        fits,
        slot_that_fits,
        people_that_fit,
        window_that_fits,
    )
