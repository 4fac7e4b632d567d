"""From bytes to a table: every kind of file that coordinators have on their desks."""

import contextlib
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupvisits.patients.rules import columns, files

PLAIN = "name,date of birth,phone,email,language\nRosa Delgado,1961-03-04,617-555-0101,rosa@example.org,Spanish\n"
SYNTHEA = (
    "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON\n"
    "1d60,1961-10-06,,999-17-5017,S9991,X12,Mrs.,Maynard46,Mosciski958,,,M,white,nonhispanic,F,Boston,7 Stamm Lock,Somerville,Massachusetts,Middlesex County,02155,42.36,-71.15\n"
)


def guessed(table: files.Table) -> dict[str, str]:
    return {key: table.columns[i] for key, i in columns.guess(table.columns, [row.cells for row in table.rows]).items()}


def test_the_plain_shape_is_understood() -> None:
    table = files.read_table(PLAIN.encode())
    assert guessed(table) == {"full_name": "name", "birth_date": "date of birth", "phone": "phone", "email": "email", "language": "language"}
    assert [(row.number, row.cells[0]) for row in table.rows] == [(2, "Rosa Delgado")]


def test_the_shape_of_synthea_is_understood_and_national_numbers_are_not_kept() -> None:
    table = files.read_table(SYNTHEA.encode())
    assert guessed(table) == {"record_number": "Id", "birth_date": "BIRTHDATE", "death_date": "DEATHDATE", "given_name": "FIRST", "family_name": "LAST"}
    assert table.forgotten == ["SSN", "DRIVERS", "PASSPORT"]
    assert not any(secret in repr(table.rows) for secret in ("999-17-5017", "S9991", "X12"))


def test_a_national_number_in_a_wrong_column_is_not_kept_either() -> None:
    table = files.read_table(b"name,date of birth,phone\nRosa Delgado,1961-03-04,999-17-5017\n")
    assert "999-17-5017" not in repr(table)


@pytest.mark.parametrize(
    "name",
    ["SSN", "Social Security No.", "ssn_last4", "Passport", "Driver's License", "DRIVERS", "CPF", "Número de Seguro Social", "National Insurance Number"],
)
def test_names_of_columns_nobody_may_keep(name: str) -> None:
    assert columns.must_not_be_kept(name)


@pytest.mark.parametrize("name", ["Session", "Assigned nurse", "Name", "Single", "Business"])
def test_other_names_are_kept(name: str) -> None:
    assert not columns.must_not_be_kept(name)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(separator: str, encoding: str, newline: str) -> None:
    text = newline.join(
        [
            separator.join(("Nombre", "Apellidos", "Correo")),
            separator.join(("José", "Núñez", "j@example.org")),
            separator.join(("Ana", "García", "a@example.org")),
        ]
    )
    table = files.read_table(text.encode(encoding))
    assert (table.separator, [row.cells for row in table.rows]) == (separator, [["José", "Núñez", "j@example.org"], ["Ana", "García", "a@example.org"]])
    assert table.encoding == {"cp1252": "windows-1252"}.get(encoding, encoding)


def test_a_few_damaged_letters_do_not_turn_the_rest_to_gibberish() -> None:
    content = "name,born\nJosé Núñez,1961-03-04\nÂngela Sá,1960-01-01\n".encode() + b"Jos\xe9 Paz,1950-01-01\n"
    table = files.read_table(content)
    assert (table.encoding, table.rows[0].cells[0], table.rows[2].cells[0]) == ("utf-8", "José Núñez", "Jos\ufffd Paz")


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", files.FileEmpty),
        (b"  \n\n", files.FileEmpty),
        (b"\x00" * 50, files.FileEmpty),
        (b",,,\n,,,\n", files.FileEmpty),
        (b"\xef\xbb\xbf", files.FileEmpty),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, files.IsOtherKind),
        (b"%PDF-1.7 ...", files.IsOtherKind),
        (b"\xff\xd8\xff\xe0" + b"x" * 50, files.IsOtherKind),
        (b"PK\x03\x04" + b"\x00" * 500, files.IsWorkbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, files.IsWorkbook),
        (b"<!DOCTYPE html><html><body>name,date</body></html>", files.IsOtherKind),
        (b"\x7fELF" + bytes(range(256)) * 40, files.CannotRead),
        (b"hello world\nthis is a letter\n", files.NotATable),
        (b"name,date of birth\n", files.OnlyHeader),
        (b"name,date of birth\n\n , \n", files.OnlyHeader),
        (b"x" * (files.MAX_BYTES + 1), files.FileTooLarge),
        (("name,born\n" + "A B,1961-01-01\n" * (files.MAX_ROWS + 1)).encode(), files.TooManyRows),
        ((",".join(f"c{i}" for i in range(300)) + "\n" + ",".join("x" for _ in range(300))).encode(), files.TooManyColumns),
    ],
)
def test_what_is_no_list_is_refused_by_name(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal) as caught:
        files.read_table(content)
    assert caught.value.field == "file"  # type: ignore[attr-defined]


def test_a_cell_of_ten_megabytes_is_read_and_cut() -> None:
    table = files.read_table(b"name,date of birth,notes\nRosa Delgado,1961-03-04," + b"x" * (files.MAX_BYTES - 200) + b"\nMarcus Bell,1950-01-01,\n")
    assert len(table.rows) == 2
    assert len(table.rows[0].cells[2]) == files.MAX_CELL + 1


def test_a_title_above_the_names_of_columns_is_left_out() -> None:
    table = files.read_table(b"Roster of November\n\nName,DOB\nA B,1.1.60\n\nC D,1.2.60\n")
    assert (table.columns, table.header_row, [row.number for row in table.rows], table.blank_rows) == (["Name", "DOB"], 3, [4, 6], 1)


def test_a_list_without_names_of_columns_keeps_its_first_person() -> None:
    table = files.read_table(b"Rosa,Delgado,1961-03-04,rosa@example.org\nMarcus,Bell,1950-01-01,m@example.org\n")
    assert (table.header_row, len(table.rows)) == (0, 2)
    assert guessed(table) == {"email": "#4", "birth_date": "#3", "given_name": "#1", "family_name": "#2"}


def test_unknown_names_of_columns_lead_to_the_mapping_not_to_a_refusal() -> None:
    assert files.read_table(b"alpha,beta\nRosa Delgado,x\n").columns == ["alpha", "beta"]


def test_a_line_that_states_its_separator_is_no_row() -> None:
    table = files.read_table(b"sep=;\nname;born\nA B;1961-01-01\n")
    assert (table.columns, [row.number for row in table.rows]) == (["name", "born"], [3])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["First Name", "Last Name", "DOB", "MRN", "Cell Phone", "E-mail Address", "Preferred Language"],
         {"given_name": 0, "family_name": 1, "birth_date": 2, "record_number": 3, "phone": 4, "email": 5, "language": 6}),
        (["Nombre", "Apellidos", "Fecha de nacimiento", "Teléfono", "Correo electrónico", "Idioma"],
         {"given_name": 0, "family_name": 1, "birth_date": 2, "phone": 3, "email": 4, "language": 5}),
        (["Nome", "Sobrenome", "Data de Nascimento", "Celular", "E-mail", "Prontuário"],
         {"given_name": 0, "family_name": 1, "birth_date": 2, "phone": 3, "email": 4, "record_number": 5}),
        (["Non", "Siyati", "Dat nesans", "Telefòn", "Imèl", "Lang"], {"given_name": 0, "family_name": 1, "birth_date": 2, "phone": 3, "email": 4, "language": 5}),
        (["patientFirstName", "patient_last_name", "birthDate", "medicalRecordNumber"], {"given_name": 0, "family_name": 1, "birth_date": 2, "record_number": 3}),
        (["Name", "Emergency contact phone", "Mother's maiden name", "Last visit", "Provider name", "Phone (home)"], {"full_name": 0, "phone": 5}),
        (["Birthdate", "Deathdate"], {"birth_date": 0, "death_date": 1}),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_name(names: list[str], expected: dict[str, int]) -> None:
    assert columns.guess_by_name(names) == expected


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({}, "given_name"),
        ({"given_name": 0}, "family_name"),
        ({"family_name": 0}, "given_name"),
        ({"full_name": 0, "phone": 0}, "phone"),
        ({"given_name": 1, "family_name": 1}, "family_name"),
    ],
)
def test_a_mapping_without_a_name_or_with_a_column_used_twice_is_refused_at_its_field(mapping: dict[str, int], field: str) -> None:
    with pytest.raises(columns.Refused) as caught:
        columns.check(mapping)
    assert caught.value.field == field


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(files.CannotRead):
        files.read_table(content)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=6), max_size=12), st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"])
)
def test_any_csv_is_a_table_or_a_refusal_and_every_record_is_counted(records: list[list[str]], separator: str, encoding: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator).writerows([["name", "date of birth"], *records])
    try:
        table = files.read_table(written.getvalue().encode(encoding, errors="replace"))
    except files.CannotRead:
        return
    assert table.columns
    assert len({row.number for row in table.rows}) == len(table.rows)
    if not any("\r" in cell or "\n" in cell for record in records for cell in record):
        last = max(row.number for row in table.rows)
        assert table.header_row + len(table.rows) + table.blank_rows >= last
