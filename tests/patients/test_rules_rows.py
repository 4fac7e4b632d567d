"""What becomes of each row: a table of rows and fates, and that nothing raises or disappears."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupvisits.patients import contacts
from groupvisits.patients.rules import rows
from groupvisits.patients.rules.files import Row
from groupvisits.patients.rules.rows import DIED, KNOWN, NEW, PROBLEM, Known, Outcome, Person

TODAY = date(2026, 11, 22)
COLUMNS = ["First", "Last", "Born", "MRN", "Phone", "Mail", "Language", "Needs", "Died", "Shown"]
MAPPING = {
    "given_name": 0,
    "family_name": 1,
    "birth_date": 2,
    "record_number": 3,
    "phone": 4,
    "email": 5,
    "language": 6,
    "needs": 7,
    "death_date": 8,
    "display_name": 9,
}
READERS = rows.Readers(lambda text: contacts.read_phone(text, "US"), contacts.read_email)
ROSA = Known("rosa", "MR1", "Rosa Delgado", date(1961, 3, 4))


def read(*cells: list[str], registry: tuple[Known, ...] = (), mapping: dict[str, int] | None = None, columns: list[str] | None = None) -> list[Outcome]:
    reading = rows.Reading(columns or COLUMNS, mapping or MAPPING, "mdy", TODAY)
    return rows.read_rows([Row(number, row) for number, row in enumerate(cells, start=2)], reading, READERS, registry)


def one(*cells: str, registry: tuple[Known, ...] = ()) -> Outcome:
    return read(list(cells), registry=registry)[0]


def test_a_whole_row_becomes_a_person() -> None:
    outcome = one("Rosa", "Delgado", "3/4/1961", "MR1", "(617) 555-0101", "Rosa@Example.org", "Spanish", "Large print", "", "Rosi")
    assert (outcome.kind, outcome.notes) == (NEW, [])
    assert outcome.person == Person("Rosa", "Delgado", "Rosi", date(1961, 3, 4), "MR1", "+16175550101", "Rosa@example.org", "es", "Large print")


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        (["", "", "3/4/1961"], "First", "name is missing"),
        (["", "Delgado"], "First", "first name is missing"),
        (["Rosa", ""], "Last", "family name is missing"),
        (["Rosa", "Delgado", "2/30/1961"], "Born", "no such day"),
        (["Rosa", "Delgado", "someday"], "Born", "not a date"),
        (["Rosa", "Delgado", "1/1/2031"], "Born", "has not come"),
        (["Rosa", "Delgado", "1/1/1850"], "Born", "more than"),
        (["Rosa", "Delgado", "25/12/1961"], "Born", "other order"),
        (["R" * 81, "Delgado"], "First", "too long"),
        (["Rosa", "Delgado", "", "9" * 65], "MRN", "too long"),
        (["Rosa", "Delgado", "", "", "", "", "", "n" * 1001], "Needs", "too long"),
        (["Ros\ufffd", "Delgado"], "First", "damaged"),
        (["Rosa", "Delgado", "", "", "", "", "", "", "", "", "more"], "", "11 cells"),
        (["Rosa", "Delgado" + "\n" * 12], "", "quotation mark"),
    ],
)
def test_a_row_with_a_problem_names_the_column_and_says_why(cells: list[str], column: str, words: str) -> None:
    outcome = one(*cells)
    assert outcome.kind == PROBLEM
    told = [(p.column, p.message % p.params if p.params else p.message) for p in outcome.problems]
    assert any(c == column and words in text for c, text in told), told


@pytest.mark.parametrize(
    ("cells", "kept", "words"),
    [
        (["A", "B", "1961-1-1", "", "ask her son"], Person(phone="ask her son"), "kept as it was written"),
        (["A", "B", "1961-1-1", "", "617-555-0101 or 617-555-0102"], Person(phone="+16175550101"), "more than one"),
        (["A", "B", "1961-1-1", "", "", "not-an-address"], Person(email=""), "not an e-mail address"),
        (["A", "B", "1961-1-1", "", "", "", "Klingon", "Large print"], Person(language="", needs="Large print; Klingon"), "do not know this language"),
        (["A", "B", "1/1/61"], Person(birth_date=date(1961, 1, 1)), "read as %(year)s"),
        (["A", "B", "unknown"], Person(birth_date=None), "no date of birth"),
        (["A\x00", "B", "1961-1-1"], Person(given_name="A"), "Invisible"),
    ],
)
def test_what_can_be_put_right_later_keeps_nobody_out(cells: list[str], kept: Person, words: str) -> None:
    outcome = one(*cells)
    assert outcome.kind == NEW
    assert any(words in note.message for note in outcome.notes)
    for key in ("phone", "email", "language", "needs", "birth_date", "given_name"):
        if getattr(kept, key):
            assert getattr(outcome.person, key) == getattr(kept, key)


@pytest.mark.parametrize(
    ("said", "kind"), [("2004-03-21", DIED), ("yes", DIED), ("true", DIED), ("", NEW), ("no", NEW), ("false", NEW), ("alive", NEW), ("N/A", NEW)]
)
def test_who_died_is_never_brought_in(said: str, kind: str) -> None:
    assert one("Rosa", "Delgado", "3/4/1961", "", "", "", "", "", said).kind == kind


def test_digits_that_synthea_appends_are_taken_away_where_most_names_have_them() -> None:
    outcomes = read(["Maynard46", "Mosciski958"], ["María Elena12", "O'Kon634"], ["Ana", "Silva"])
    assert [o.person.name for o in outcomes] == ["Maynard Mosciski", "María Elena O'Kon", "Ana Silva"]
    assert [o.person.name for o in read(["Ana", "Silva"], ["R2", "D2"], ["Bo", "Day"])] == ["Ana Silva", "R2 D2", "Bo Day"]


@pytest.mark.parametrize(
    ("whole", "given", "family"),
    [
        ("Rosa Delgado", "Rosa", "Delgado"),
        ("Delgado, Rosa", "Rosa", "Delgado"),
        ("Ana María de la Cruz", "Ana María", "de la Cruz"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Sam Bell Jr.", "Sam", "Bell Jr."),
        ("Sam Bell, Jr.", "Sam", "Bell Jr."),
        ("Rosa", "Rosa", ""),
        ("Delgado,", "", "Delgado"),
        ("", "", ""),
    ],
)
def test_a_whole_name_is_split(whole: str, given: str, family: str) -> None:
    assert rows.split_name(whole) == (given, family)


def test_the_same_record_number_twice_in_a_file_is_a_problem_of_the_later_row() -> None:
    outcomes = read(["Rosa", "Delgado", "", "MR1"], ["Marcus", "Bell", "", "mr1"])
    assert [o.kind for o in outcomes] == [NEW, PROBLEM]
    assert outcomes[1].problems[0].params == {"row": 2}


def test_the_same_person_twice_in_a_file_is_a_problem_of_the_later_row() -> None:
    assert [o.kind for o in read(["Rosa", "Delgado", "3/4/1961"], ["ROSA", "delgado", "1961-03-04"])] == [NEW, PROBLEM]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["Rosa", "Delgado", "3/4/1961", "MR1"], KNOWN),
        (["Rosa", "Delgado", "3/4/1961", ""], KNOWN),
        (["RÓSA", "delgado", "3/4/1961", "other"], KNOWN),  # likely the same person under another number: skip or update
        (["Rosa", "Núñez", "3/4/1961", "MR1"], KNOWN),  # married
        (["Rosa", "Delgado", "5/6/1980", "MR1"], KNOWN),  # a birth date put right
        (["Marcus", "Bell", "5/6/1980", "MR1"], PROBLEM),  # somebody else's number
        (["Rosa", "Delgado", "5/6/1980", ""], NEW),
        (["Rosa", "Delgado", "", ""], NEW),
    ],
)
def test_somebody_already_here_is_recognised(cells: list[str], kind: str) -> None:
    outcome = one(*cells, registry=(ROSA,))
    assert outcome.kind == kind
    assert outcome.known_id == ("rosa" if kind == KNOWN else "")


def test_two_of_one_name_in_the_registry_are_left_to_a_human() -> None:
    assert one("Rosa", "Delgado", "3/4/1961", registry=(ROSA, Known("twin", "", "Rosa Delgado", date(1961, 3, 4)))).kind == PROBLEM


def test_two_rows_for_one_patient_here_are_a_problem_of_the_later_row() -> None:
    outcomes = read(["Rosa", "Delgado", "", "MR1"], ["Rosa", "Delgado", "3/4/1961", ""], registry=(ROSA,))
    assert [o.kind for o in outcomes] == [KNOWN, PROBLEM]


@pytest.mark.parametrize(
    ("known", "found", "fresh"),
    [
        ({"phone": "1"}, Person(phone="2"), {"phone": "2"}),
        ({"phone": "1"}, Person(phone=""), {}),
        ({"phone": "1"}, Person(phone="1"), {}),
        ({"display_name": "Rosi"}, Person(display_name="Rosa"), {}),
        ({"record_number": "MR1"}, Person(record_number="MR2"), {}),
        ({"record_number": None}, Person(record_number="MR2"), {"record_number": "MR2"}),
    ],
)
def test_an_update_changes_only_what_the_list_states(known: dict[str, object], found: Person, fresh: dict[str, object]) -> None:
    assert rows.update_of(known, found) == fresh


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=20), max_size=12), max_size=15),
    st.dictionaries(st.sampled_from(list(MAPPING)), st.integers(0, 11)),
    st.sampled_from(["dmy", "mdy", ""]),
)
def test_nothing_raises_and_every_row_has_one_fate(cells: list[list[str]], mapping: dict[str, int], order: str) -> None:
    table = [Row(number, row) for number, row in enumerate(cells, start=2)]
    outcomes = rows.read_rows(table, rows.Reading(COLUMNS, mapping, order, TODAY), READERS, [ROSA])
    assert [o.number for o in outcomes] == [row.number for row in table]
    assert sum(rows.counts(outcomes).values()) == len(table)
    for outcome in outcomes:
        assert bool(outcome.problems) == (outcome.kind == PROBLEM) or outcome.kind == DIED
        if outcome.kind in (NEW, KNOWN):
            assert outcome.person.given_name
            assert outcome.person.family_name
            assert len(outcome.person.given_name) <= 80
            assert len(outcome.person.email) <= 254
            assert len(outcome.person.phone) <= 32
            assert len(outcome.person.needs) <= 200
            assert len(outcome.person.display_name) <= 40
            assert outcome.person.display_name
    rows.digest(outcomes)
