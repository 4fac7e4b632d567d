"""Agreements: what is read, how long it is valid, how somebody stands to it, and what a consent covers."""

from datetime import UTC, datetime, timedelta

import pytest

from groupvisits.core.errors import Refused
from groupvisits.patients.rules import agreements as rules
from groupvisits.patients.rules.agreements import Signed

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
YES, NO = {"name_on_screens": True}, {"name_on_screens": False}


@pytest.mark.parametrize(
    ("signed_at", "months", "until"),
    [
        (datetime(2027, 1, 31, 9, tzinfo=UTC), 1, datetime(2027, 2, 28, 9, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), 12, datetime(2029, 2, 28, 9, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), 48, datetime(2032, 2, 29, 9, tzinfo=UTC)),
        (datetime(2027, 3, 14, 1, tzinfo=UTC), 12, datetime(2028, 3, 14, 1, tzinfo=UTC)),
    ],
)
def test_a_signature_is_valid_for_whole_months(signed_at: datetime, months: int, until: datetime) -> None:
    assert rules.valid_until(signed_at, months) == until


@pytest.mark.parametrize(
    ("signed", "state"),
    [
        (None, "none"),
        (Signed("t2", NOW + timedelta(days=200), YES), "signed"),
        (Signed("t2", NOW + timedelta(days=30), YES), "expires"),
        (Signed("t2", NOW + timedelta(seconds=1), YES), "expires"),
        (Signed("t2", NOW, YES), "expired"),
        (Signed("t1", NOW + timedelta(days=200), YES), "newer"),
        (Signed("t1", NOW, YES), "expired"),
        (Signed("t2", NOW + timedelta(days=200), YES, "withdrawn"), "withdrawn"),
        (Signed("t1", NOW - timedelta(days=200), YES, "withdrawn"), "withdrawn"),
        (Signed("t1", NOW + timedelta(days=200), YES, "replaced"), "none"),
    ],
)
def test_how_somebody_stands_to_the_agreement(signed: Signed | None, state: str) -> None:
    assert rules.standing(signed, "t2", NOW) == state


@pytest.mark.parametrize(
    ("last", "hides"),
    [
        (None, False),  # never asked: shown as before
        (Signed("t", NOW + timedelta(days=1), YES), False),
        (Signed("t", NOW + timedelta(days=1), NO), True),
        (Signed("t", NOW - timedelta(days=1), NO), True),  # a no stays a no when the signature has expired
        (Signed("t", NOW - timedelta(days=1), YES), False),
        (Signed("t", NOW + timedelta(days=1), YES, "withdrawn"), True),
        (Signed("t", NOW + timedelta(days=1), {}, "withdrawn"), True),
        (Signed("t", NOW + timedelta(days=1), {}), False),  # the text does not ask about names
    ],
)
def test_whose_name_screens_do_not_show(last: Signed | None, hides: bool) -> None:
    assert rules.hides_name(last) is hides


@pytest.mark.parametrize(
    ("answers", "asked", "read"),
    [
        ({}, [], {}),
        ({"name_on_screens": "yes"}, ["name_on_screens"], {"name_on_screens": True}),
        ({"name_on_screens": "no", "contact_by_peers": "yes"}, ["name_on_screens", "contact_by_peers"], {"name_on_screens": False, "contact_by_peers": True}),
        ({"results_on_board": "yes"}, [], {}),  # what is not asked is not kept
    ],
)
def test_each_consent_has_an_answer_of_its_own(answers: dict[str, str], asked: list[str], read: dict[str, bool]) -> None:
    assert rules.read_answers(answers, asked) == read


@pytest.mark.parametrize("answer", [{}, {"contact_by_peers": ""}, {"contact_by_peers": "maybe"}])
def test_a_question_left_open_is_named(answer: dict[str, str]) -> None:
    with pytest.raises(rules.AnswerNeeded) as refused:
        rules.read_answers({"name_on_screens": "yes", **answer}, ["name_on_screens", "contact_by_peers"])
    assert refused.value.field == "contact_by_peers"


@pytest.mark.parametrize(
    ("texts", "error", "field"),
    [
        ({}, rules.TextNeeded, "text_en"),
        ({"en": " \n ", "es": ""}, rules.TextNeeded, "text_en"),
        ({"en": "x" * 6001}, rules.TextTooLong, "text_en"),
        ({"en": "fine", "fr": "bien"}, rules.LanguageNotOffered, "text_fr"),
    ],
)
def test_a_text_is_refused_beside_its_box(texts: dict[str, str], error: type[Refused], field: str) -> None:
    with pytest.raises(error) as refused:
        rules.read_texts(texts, ["en", "es"])
    assert refused.value.field == field


def test_texts_are_kept_by_language_with_their_lines() -> None:
    assert rules.read_texts({"en": " One \r\n\r\nTwo ", "es": ""}, ["en", "es"]) == {"en": "One\n\nTwo"}


@pytest.mark.parametrize(("months", "fine"), [(0, False), (1, True), (60, True), (61, False), (-1, False), (10**9, False)])
def test_months_have_limits(months: int, fine: bool) -> None:
    if fine:
        rules.check_months(months)
    else:
        with pytest.raises(rules.MonthsWrong):
            rules.check_months(months)


@pytest.mark.parametrize(("typed", "kept"), [(" Rosa  Delgado ", "Rosa Delgado"), ("Ro\u202esa", "Rosa"), ("علي", "علي"), ("x" * 200, "x" * 120)])
def test_a_name_is_a_signature(typed: str, kept: str) -> None:
    assert rules.read_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\u202e", "...", "🙂"])
def test_no_name_is_no_signature(typed: str) -> None:
    with pytest.raises(rules.NameNeeded):
        rules.read_name(typed)


@pytest.mark.parametrize(
    ("language", "read"), [("es", "es"), ("ht", "en"), ("en", "en")],
)  # fmt: skip
def test_a_text_is_read_in_the_readers_language_or_the_clinics_first(language: str, read: str) -> None:
    assert rules.text_in({"es": "…", "en": "…"}, language, ["en", "es"]) == read
    assert rules.text_in({}, language, ["en"]) == ""
