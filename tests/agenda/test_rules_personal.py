"""What counts as a personal detail, what passes, and that no input makes it slow."""

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupvisits.agenda.rules import PATTERNS, detail_in, names_somebody, patterns_for_phones
from groupvisits.agenda.rules.personal import Pattern

FOUND = [
    ("phone", "call me at 617 555 0110"), ("phone", "617-555-0110"), ("phone", "(617) 555-0110"), ("phone", "+1 617 555 0110"), ("phone", "6175550110"),
    ("phone", "my number is 555-0110"), ("phone", "+509 3412 3456"), ("phone", "(11) 91234-5678"), ("phone", "3412-3456"), ("phone", "+34 612 345 678"),
    ("email", "a.b@example.org"), ("email", "josé@correo.example please"),
    ("address", "12 Main Street"), ("address", "450 north elm st"), ("address", "I live at 12 Oak Tree Lane"), ("address", "77 Sunset Drive"), ("address", "calle Mayor 12"),
    ("address", "Rua das Flores, 123"), ("address", "rue Capois 14"), ("address", "P.O. Box 44"), ("address", "Springfield, MA 01103"), ("address", "zip code 01103"),
    ("number", "MRN 48213"), ("number", "my record number is 12345"), ("number", "MR0001"), ("number", "ssn 123-45-6789"), ("number", "medicare 1EG4 no 1234567"),
    ("birth_date", "I was born on March 3, 1961"), ("birth_date", "nací el 3 de marzo de 1961"), ("birth_date", "fèt 3 mas 1961"), ("birth_date", "03/04/1958"),
]  # fmt: skip
PASSES = [
    "blood sugar 180", "A1c 7.2", "5 mg", "500 mg twice a day", "10-20-30", "sugar was 180 200 220", "from 120 to 180", "120/80", "130/85 and 140/90",
    "my visit on 11/24/2026", "next visit 2026-11-24 at 5:30", "10000 steps a day", "I walk 10,000 steps", "metformin 500 1000", "insulin 10-12-14 units", "24/7", "2019-2020",
    "7.2 in 2019, 6.8 in 2020", "2 blocks down the street", "walk 3 miles down the road", "5 minutes on the way", "drive 10 minutes to the court", "3 times a day", "1/2 tablet",
    "12.5 mg", "between 70 and 130", "camino por la calle 20 minutos", "por la calle unos 20 minutos", "room 2 at 6:20", "1 500 calories", "182.5 lbs", "diagnosed 3/12/2015",
    "800-1200 calories", "1200-1500 kcal", "since 1998", "born in 1961?", "my 3 kids", "20 units at 5:30pm on 11/20", "call 911", "1800 calories 1500 steps", "take 2 a drive", "@home", "😀 10",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "words"), FOUND)
def test_found(kind: str, words: str) -> None:
    assert detail_in(words) == kind


@pytest.mark.parametrize("words", PASSES)
def test_the_numbers_of_an_illness_and_dates_of_visits_pass(words: str) -> None:
    assert detail_in(words) is None


def test_other_digits_and_wide_letters_are_the_same_digits() -> None:
    assert detail_in("６１７ ５５５ ０１１０") == "phone"


@given(
    sugar=st.integers(40, 450),
    many=st.lists(st.sampled_from(["mg", "units", "steps", "minutes", "times a day", "at night", "in the morning", "calories", "and"]), max_size=6),
)
def test_measured_numbers_pass(sugar: int, many: list[str]) -> None:
    assert detail_in(" ".join(f"{sugar} {each}" for each in many)) is None


@given(
    area=st.integers(200, 999),
    exchange=st.integers(200, 999),
    line=st.integers(0, 9999),
    between=st.sampled_from(["-", " ", ".", ""]),
    words=st.sampled_from(["call ", "", "tel:"]),
)
def test_any_telephone_number_is_found(area: int, exchange: int, line: int, between: str, words: str) -> None:
    assert detail_in(f"{words}{area}{between}{exchange}{between}{line:04}") in ("phone", "number")


HOSTILE = [
    "1" * 2000, "a" * 2000, "a@" * 1000, "1 " * 1000, "1 aa " * 400, "(1" * 1000, "calle " * 400, "calle aa aa aa aa aa aa " * 90, "1-" * 1000, "A a" * 700, "1 Aa Aa Aa " * 190,
    "born " * 400, "+1 " * 700, "." * 2000, "mr " * 700, "1 main " * 300, "a.a.a." * 340 + "@", "@" + "a." * 999, "Aa, MA 1" * 250, "record number is " * 130,
]  # fmt: skip


@pytest.mark.parametrize("words", [text[:1999] + "1" for text in HOSTILE] + HOSTILE)
@pytest.mark.timeout(60)  # what grows too fast with its length would not come to an end
def test_no_input_makes_it_hang(words: str) -> None:
    detail_in(words)


@pytest.mark.timeout(60)
@given(st.text(st.sampled_from("1a @.-(+Ñ 2calle@"), max_size=2000))
def test_nor_does_any_mixture(words: str) -> None:
    detail_in(words)


def test_no_pattern_repeats_a_repetition_without_a_bound() -> None:
    for pattern in PATTERNS:
        assert not re.search(r"(?<!\\)[*]|\)\+|[\w\])]\+(?!\?)", re.sub(r"\\.|\[[^\]]*\]", "x", pattern.source)), pattern.source


@pytest.mark.parametrize("pattern", PATTERNS, ids=[f"{number} {pattern.kind}" for number, pattern in enumerate(PATTERNS)])
@given(data=st.data())
def test_what_matches_holds_the_digits_that_its_pattern_says(pattern: Pattern, data: st.DataObject) -> None:
    """A text with fewer is not tried."""
    wanted = re.compile(pattern.source, re.ASCII | (re.IGNORECASE if pattern.ignores_case else 0))
    found = wanted.search(data.draw(st.from_regex(wanted)))
    assert found and sum(letter in "0123456789" for letter in found.group()) >= pattern.digits


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_phones_find_the_same() -> None:
    script = """
        const { patterns, texts } = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const found = (text) => (patterns.find((p) => new RegExp(p.source, p.flags).test(text.normalize("NFKC"))) || { kind: null }).kind;
        console.log(JSON.stringify(texts.map(found)));
    """
    texts = [words for _, words in FOUND] + PASSES
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps({"patterns": patterns_for_phones(), "texts": texts}), capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(done.stdout) == [detail_in(words) for words in texts]


NAMES = ["Will May Willy", "Rose Bell Rose", "Marcus Bell Marcus", "Dr Hana Osei", "Rosa Delgado Rosa", "Bo Li Bo"]


@pytest.mark.parametrize(
    "words",
    ["ask marcus", "MARCUS knows", "Dr Bell knows", "what osei said", "rosa delgado", "Delgado, Rosa", "will may come", "Rose Bell", "Bo Li", "márcus"],
)
def test_named(words: str) -> None:
    assert names_somebody(words, NAMES)


@pytest.mark.parametrize(
    "words", ["I will see in May", "a rose by the bell", "estoy delgado", "la rosa", "Rosa and will", "bo", "marcusson", "", "My doctor said", "dr dr"]
)
def test_everyday_words_name_nobody(words: str) -> None:
    assert not names_somebody(words, NAMES)
