"""The doors of the registry: what stands on the pages, what is kept after an error, and who gets in."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from groupvisits.core.transaction import write
from groupvisits.extensions import db
from groupvisits.patients.models import Patient, RosterImport
from tests.cast import Cast, signed_in


@pytest.fixture
def joanne(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.joanne)


def test_a_patients_page_says_their_groups_and_next_visits_to_those_who_keep_them(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    page = joanne.get(f"/patients/{cast.rosa.id}").text
    assert f"/groups/{cast.group_id}" in page and "Since 1 January 2026" in page
    assert f"/sessions/{cast.session_id}" in page
    page = joanne.get(f"/patients/{cast.walter.id}").text
    assert "This patient is in no group." in page and "This patient is on the list of no visit to come." in page
    nurses = signed_in(app, cast.nia).get(f"/patients/{cast.rosa.id}").text
    assert "Rosa Delgado" in nurses
    assert "Tuesday evening group" not in nurses and cast.session_id not in nurses


def test_a_visit_that_is_over_or_cancelled_is_no_next_visit(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    joanne.post(f"/sessions/{cast.session_id}/cancellations", data={"reason": "Snow"})
    assert cast.session_id not in joanne.get(f"/patients/{cast.rosa.id}").text


def send(client: FlaskClient, content: bytes, name: str = "roster.csv", **fields: str) -> TestResponse:
    """Post a file; written by hand, because the test client would leave a temporary file open for a large one."""
    parts = [f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    file = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'.encode() + content
    return client.post("/imports", data=b"".join([*parts, file, b"\r\n--edge--\r\n"]), content_type="multipart/form-data; boundary=edge")


def choose(client: FlaskClient, content: bytes, name: str = "roster.csv", **fields: str) -> str:
    """Upload a list and return the address of its mapping."""
    answer = send(client, content, name, **fields)
    assert answer.status_code == 303, re.findall("error-message.*", answer.text)
    return answer.location


def seen_on(page: str) -> str:
    return re.search('name="seen"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]


def command_on(page: str) -> str:
    return re.search('name="command_id"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]


def test_the_list_shows_this_clinics_patients_and_no_others(joanne: FlaskClient) -> None:
    page = joanne.get("/patients")
    assert "Delgado, Rosa" in page.text
    assert "Sunny" not in page.text
    assert "<title>Patients" in page.text


def test_an_empty_registry_leads_to_the_next_step(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        sunny = tx.get_one(Patient, cast.sunny.id)
        tx.delete(sunny)
    assert "There are no patients yet." in signed_in(app, cast.sol).get("/patients").text


def test_a_search_keeps_the_name_out_of_the_address(joanne: FlaskClient) -> None:
    answer = joanne.post("/patients/searches", data={"search": "delgado"})
    assert "delgado" not in answer.location.lower()
    page = joanne.get(answer.location)
    assert "1 patient found." in page.text
    assert 'value="delgado"' in page.text
    assert "Bell, Marcus" not in page.text
    assert "Nobody here fits" in joanne.get(joanne.post("/patients/searches", data={"search": "zzz"}).location).text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "{{ 7*7 }}", '"><img src=x onerror=alert(1)>', "Robert'); DROP TABLE patients;--"])
def test_hostile_text_is_shown_as_text(joanne: FlaskClient, hostile: str) -> None:
    made = joanne.post("/patients/new", data={"given_name": hostile[:40], "family_name": "X", "needs": hostile, "language": "en"})
    assert made.status_code == 303
    for address in (made.location, "/patients"):
        page = joanne.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in re.sub(r'[0-9a-f-]{32,36}|value="[^"]{60,}"', "", page.split("<main", 1)[1].split("</main>", 1)[0].replace("0149", ""))


def test_an_error_stands_beside_its_field_and_everything_typed_is_kept(joanne: FlaskClient) -> None:
    data = {
        "given_name": "Ines",
        "family_name": "",
        "birth_date-day": "31",
        "birth_date-month": "2",
        "birth_date-year": "1970",
        "phone": "12",
        "needs": "Quiet seat",
        "language": "pt",
    }
    page = joanne.post("/patients/new", data=data).text
    assert "Enter the family name." in page
    assert "<title>Error:" in page
    for kept in ("Ines", "31", "1970", "Quiet seat"):
        assert f'value="{kept}"' in page
    page = joanne.post("/patients/new", data=data | {"family_name": "Carvalho"}).text
    assert "There is no such day in the calendar." in page
    page = joanne.post("/patients/new", data=data | {"family_name": "Carvalho", "birth_date-day": "3"}).text
    assert "This does not look like a phone number." in page
    assert 'value="12"' in page


def test_the_same_form_sent_twice_adds_one_patient(joanne: FlaskClient) -> None:
    command = command_on(joanne.get("/patients/new", follow_redirects=True).text)
    data = {"command_id": command, "given_name": "Ines", "family_name": "Carvalho", "language": "pt"}
    assert joanne.post("/patients/new", data=data).location == joanne.post("/patients/new", data=data).location


def test_the_edit_page_shows_what_is_known_and_a_change_by_somebody_else_is_not_overwritten(joanne: FlaskClient, cast: Cast) -> None:
    address = f"/patients/{cast.rosa.id}/edits"
    page = joanne.get(address).text
    assert 'value="Delgado"' in page
    data = {"given_name": "Rosa", "family_name": "Delgado", "language": "es", "needs": "Quiet seat", "seen": seen_on(page)}
    assert joanne.post(address, data=data).status_code == 303
    refused = joanne.post(address, data=data | {"needs": "Large print"})
    assert "changed by somebody else" in refused.text
    assert 'value="Large print"' in refused.text


def test_a_link_is_shown_once_and_a_title_names_nobody(joanne: FlaskClient, cast: Cast) -> None:
    page = joanne.post(f"/patients/{cast.rosa.id}/shown-links")
    assert "http://localhost/links/" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "<title>Patient - groupvisits</title>" in page.text
    assert "/links/" not in joanne.get(f"/patients/{cast.rosa.id}").text.replace(f"/patients/{cast.rosa.id}/links", "")


def test_a_nurse_reads_and_sees_no_buttons(app: Flask, cast: Cast) -> None:
    nia = signed_in(app, cast.nia)
    page = nia.get(f"/patients/{cast.rosa.id}").text
    assert "Rosa Delgado" in page
    assert "Send a link" not in page
    assert "Change details" not in page
    assert "Add a patient" not in nia.get("/patients").text
    assert nia.post(f"/patients/{cast.rosa.id}/links").status_code == 403
    assert nia.get("/imports").status_code == 403


@pytest.mark.parametrize("who", ["tomas", "osei", "adler", "ada", "quinn", "ivo", "rosa"])
def test_others_do_not_get_in(app: Flask, cast: Cast, who: str) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get("/patients").status_code == 403
    assert client.get(f"/patients/{cast.rosa.id}").status_code == 403
    assert client.get("/imports").status_code == 403


def test_a_stranger_gets_nothing(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob\nAna Silva,1980-03-04\n")
    sol = signed_in(app, cast.sol)
    for address in (
        f"/patients/{cast.rosa.id}",
        f"/patients/{cast.rosa.id}/edits",
        mapping,
        mapping.replace("mappings", "previews"),
        mapping.rpartition("/")[0],
    ):
        assert sol.get(address).status_code == 404


# ---------- the list ----------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is a picture, not a list."),
        (b"PK\x03\x04xxxxx", "save as”, then “CSV UTF-8”"),
        (b"name,date of birth\n", "nobody in it"),
        (b"Dear Joanne\nhere is the list\n", "This is not a list we can read"),
        (b"name,dob\n" + b"x" * (10 * 1024 * 1024), "larger than 10 MB"),
    ],
)
def test_a_file_that_is_no_list_is_refused_beside_its_field(joanne: FlaskClient, content: bytes, words: str) -> None:
    answer = send(joanne, content)
    assert answer.status_code == 200
    assert words.lower() in answer.text.lower()
    assert 'class="nhsuk-error-message"' in answer.text


def test_no_file_chosen_is_said_beside_the_field(joanne: FlaskClient) -> None:
    assert "Choose a file first." in joanne.post("/imports", data={}).text


def test_a_list_comes_in_from_file_to_patients(app: Flask, joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,date of birth,phone,email,language\nAna Silva,1980-03-04,617-555-0142,ana@example.org,Portuguese\n")
    page = joanne.get(mapping).text
    assert "name: Ana Silva" in page
    answer = joanne.post(mapping, data={"full_name": "0", "birth_date": "1", "phone": "2", "email": "3", "language": "4"})
    preview = joanne.get(answer.location).text
    assert "1 new patient" in preview
    assert "Silva, Ana" in preview
    done = joanne.post(answer.location, data={"seen": seen_on(preview), "command_id": command_on(preview)})
    assert "1 patient came in" in joanne.get(done.location).text
    again = joanne.post(answer.location, data={"seen": seen_on(preview), "command_id": command_on(preview)})
    assert again.location == done.location
    with app.app_context():
        found = db.session.scalars(select(Patient).where(Patient.family_name == "Silva")).one()
        assert (found.language, found.phone) == ("pt", "+16175550142")


def test_the_mapping_keeps_choices_after_an_error(joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"a,b,c\nAna,Silva,1980-03-04\n")
    page = joanne.post(mapping, data={"given_name": "0", "family_name": "0", "birth_date": "2"}).text
    assert "already used for" in page
    select_ = re.search('<select[^>]*id="birth_date".*?</select>', page, re.S)[0]  # type: ignore[index]
    assert re.search('value="2"[^>]*selected', select_)


def test_a_made_up_column_is_refused(joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"a,b\nAna,Silva\n")
    assert joanne.post(mapping, data={"given_name": "0", "family_name": "77"}).status_code == 200
    assert joanne.post(mapping, data={"given_name": "0", "family_name": "-1"}).status_code == 200
    assert joanne.get(mapping.replace("mappings", "previews")).status_code == 303


def test_the_order_of_day_and_month_is_asked_without_a_default(joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob\nAna Silva,03/04/1980\n")
    page = joanne.get(mapping).text
    assert "03/04/1980 is 3 April 1980" in page
    assert "03/04/1980 is 4 March 1980" in page
    assert " checked" not in page
    page = joanne.post(mapping, data={"full_name": "0", "birth_date": "1"}).text
    assert "Say whether the day or the month comes first" in page
    assert joanne.post(mapping, data={"full_name": "0", "birth_date": "1", "date_order": "dmy"}).status_code == 303


def test_problems_name_row_and_column_and_can_be_taken_home_without_formulas(joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob,phone\nAna Silva,1980-03-04,\n=cmd(),1980-02-31,\nBo Day,1980-01-01,617\n")
    preview = joanne.post(mapping, data={"full_name": "0", "birth_date": "1", "phone": "2"}).location
    page = joanne.get(preview).text
    assert "<strong>dob:</strong> There is no such day in the calendar." in page
    assert "1 row has a problem" in page
    taken = joanne.get(preview.replace("previews", "problem-rows.csv"))
    assert taken.mimetype == "text/csv"
    lines = taken.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("'=cmd(),1980-02-31,,3,")


def test_a_refused_confirmation_says_so_and_saves_nothing(app: Flask, joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob\nAna Silva,1980-03-04\nBo,1980-01-01\n")
    preview = joanne.post(mapping, data={"full_name": "0", "birth_date": "1"}).location
    page = joanne.get(preview).text
    refused = joanne.post(preview, data={"seen": seen_on(page), "command_id": command_on(page)})
    assert "Say that the rows with problems stay out" in refused.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Patient)) == 8
    assert joanne.post(preview, data={"seen": seen_on(page), "command_id": command_on(page), "leave_out": "y"}).status_code == 303


def test_a_registry_that_changed_meanwhile_shows_the_new_preview(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob\nAna Silva,1980-03-04\n")
    preview = joanne.post(mapping, data={"full_name": "0", "birth_date": "1"}).location
    page = joanne.get(preview).text
    joanne.post(
        "/patients/new",
        data={"given_name": "Ana", "family_name": "Silva", "birth_date-day": "4", "birth_date-month": "3", "birth_date-year": "1980", "language": "en"},
    )
    refused = joanne.post(preview, data={"seen": seen_on(page), "command_id": command_on(page)})
    assert "has changed since this page was made" in refused.text
    assert "1 person is already here" in refused.text
    assert seen_on(refused.text) != seen_on(page)


def test_a_list_waits_until_it_is_confirmed_or_dropped(app: Flask, joanne: FlaskClient) -> None:
    mapping = choose(joanne, b"name,dob\nAna Silva,1980-03-04\n", name="november.csv")
    assert "november.csv" in joanne.get("/imports").text
    assert joanne.get(mapping.rpartition("/")[0]).location == mapping
    joanne.post(mapping.replace("mappings", "drops"))
    assert "november.csv" not in joanne.get("/imports").text
    assert "This list was dropped" in joanne.get(mapping.rpartition("/")[0]).text
    with app.app_context():
        assert db.session.scalars(select(RosterImport.content)).all() == [""]


def test_sending_the_same_file_twice_by_one_form_uploads_it_once(joanne: FlaskClient) -> None:
    command = command_on(joanne.get("/imports").text)
    content = b"name,dob\nAna Silva,1980-03-04\n"
    assert choose(joanne, content, command_id=command) == choose(joanne, content, command_id=command)


def test_a_list_of_thousands_comes_in(app: Flask, joanne: FlaskClient) -> None:
    lines = [
        f"Person{chr(97 + n % 26)} Family{n},{(n % 28) + 1:02}.{(n % 12) + 1:02}.19{50 + n % 40},N{n},617-555-{n % 10000:04},p{n}@example.org,es"
        for n in range(5000)
    ]
    mapping = choose(joanne, "\n".join(["name,dob,mrn,phone,email,language", *lines]).encode())
    preview = joanne.post(mapping, data={"full_name": "0", "birth_date": "1", "record_number": "2", "phone": "3", "email": "4", "language": "5"}).location
    page = joanne.get(preview).text
    assert "5,000" in page or "5000 new patients" in page
    assert joanne.post(preview, data={"seen": seen_on(page), "command_id": command_on(page)}).status_code == 303
    assert "Page 1 of 101" in joanne.get("/patients").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Patient)) == 5008
