"""Names, birth dates and languages, as tables."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupvisits.patients.rules import person
from groupvisits.patients.rules.languages import read_language

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("born", "refusal"),
    [
        (None, None),
        (date(1961, 3, 4), None),
        (TODAY, None),
        (date(1906, 1, 1), None),
        (date(2026, 11, 23), person.BirthDateInFuture),
        (date(1905, 12, 31), person.BirthDateTooLongAgo),
        (date(1, 1, 1), person.BirthDateTooLongAgo),
    ],
)
def test_a_birth_date_can_be_true(born: date | None, refusal: type[Exception] | None) -> None:
    if refusal is None:
        person.check_birth_date(born, TODAY)
        return
    with pytest.raises(refusal):
        person.check_birth_date(born, TODAY)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Rosa \n Delgado\t", "Rosa Delgado"),
        ("Rosa\x00\x07", "Rosa"),
        ("\u202easoR", "asoR"),  # text that turns the reading direction around
        ("Ro\u200bsa", "Rosa"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # harmless where pages escape it
        ("O'Brien-Núñez", "O'Brien-Núñez"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("=1+1", "=1+1"),
        ("", ""),
    ],
)
def test_text_keeps_what_it_says_and_loses_what_nobody_sees(typed: str, kept: str) -> None:
    assert person.tidy(typed) == kept


@given(st.text())
def test_tidying_never_raises_and_is_done_once(text: str) -> None:
    once = person.tidy(text)
    assert person.tidy(once) == once
    assert "\x00" not in once


@pytest.mark.parametrize(("text", "folded"), [("Ângela", "angela"), ("NÚÑEZ", "nunez"), ("Straße", "strasse"), ("  a  b ", "a b")])
def test_comparing_ignores_accents_and_capitals(text: str, folded: str) -> None:
    assert person.fold(text) == folded


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("en", "en"), ("EN-us", "en"), ("English", "en"), ("inglés", "en"), ("Anglè", "en"), ("spa", "es"), ("Español", "es"), ("Spanish; Castilian", "es"), ("Panyòl", "es"),
        ("pt_BR", "pt"), ("Português (Brasil)", "pt"), ("Portuguese", "pt"), ("Kreyòl", "ht"), ("Haitian Creole", "ht"), ("HT", "ht"), ("créole haïtien", "ht"),
        ("Cape Verdean Creole", "cv"), ("Tiếng Việt", "vi"), ("中文", "zh"), ("Mandarin Chinese", "zh"), ("Klingon", ""), ("", ""), ("English or Spanish", ""), ("7", ""),
    ],
)  # fmt: skip
def test_a_language_is_known_by_code_or_name_in_several_tongues(said: str, code: str) -> None:
    assert read_language(said) == code


@given(st.text(max_size=60))
def test_reading_a_language_never_raises(text: str) -> None:
    assert read_language(text) == "" or len(read_language(text)) == 2
