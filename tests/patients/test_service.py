"""Patients one by one and by the list: rows, audit, refusals, and that twice is the same as once."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from groupvisits.accounts.models import BrowserSession, PatientLink
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, run_command
from groupvisits.core.errors import Conflict, NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import queries, service
from groupvisits.patients.models import Patient, RosterImport
from groupvisits.patients.rules import columns, person
from groupvisits.patients.service import roster as roster_service
from groupvisits.patients.service.registry import Details, version_of
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def patient(cast_member: Actor) -> Patient:
    return db.session.get_one(Patient, cast_member.id)


def details(**changed: Any) -> Details:
    return Details(**({"given_name": "Ines", "family_name": "Carvalho", "birth_date": date(1970, 5, 6), "record_number": "MR90", "language": "pt"} | changed))


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action)))


def how_many() -> int:
    return db.session.scalar(select(func.count()).select_from(Patient)) or 0


# ---------- one by one ----------


def test_a_patient_is_added_with_tidy_details_and_an_audit_entry(cast: Cast) -> None:
    made = run(service.add_patient, cast.joanne, details(phone="(617) 555 0142", email="Ines@EXAMPLE.org", given_name="  Ines "))
    found = db.session.get_one(Patient, made["patient_id"])
    assert (found.name, found.display_name, found.phone, found.email) == ("Ines Carvalho", "Ines", "+16175550142", "Ines@example.org")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "patients:add")).one()
    assert (entry.subject_id, entry.details) == (found.id, {})
    assert list(audit.verify(db.session())) == []


@pytest.mark.parametrize(
    ("changed", "refusal", "field"),
    [
        ({"given_name": " "}, person.NameNeeded, "given_name"),
        ({"family_name": "\u200b"}, person.NameNeeded, "family_name"),
        ({"birth_date": clock.now().date() + timedelta(days=2)}, person.BirthDateInFuture, "birth_date"),
        ({"birth_date": date(1850, 1, 1)}, person.BirthDateTooLongAgo, "birth_date"),
        ({"record_number": "MR0001"}, person.RecordNumberTaken, "record_number"),
        ({"phone": "12"}, person.PhoneUnreadable, "phone"),
        ({"email": "ines@"}, person.EmailUnreadable, "email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, person.EmailUnreadable, "email"),
        ({"language": "xx"}, person.LanguageUnknown, "language"),
        ({"given_name": "rosa", "family_name": "DELGADO", "birth_date": date(1961, 3, 1)}, person.LooksLikeSomebody, "is_another_person"),
    ],
)
def test_what_cannot_be_true_is_refused_at_its_field_and_nothing_is_saved(cast: Cast, changed: dict[str, Any], refusal: type[Exception], field: str) -> None:
    before = how_many()
    with pytest.raises(refusal) as caught:
        run(service.add_patient, cast.joanne, details(**changed))
    assert caught.value.field == field  # type: ignore[attr-defined]
    assert how_many() == before
    assert "patients:add" not in actions()


def test_somebody_else_with_the_same_name_and_birth_date_can_be_added_when_said_so(cast: Cast) -> None:
    twin = details(given_name="Rosa", family_name="Delgado", birth_date=date(1961, 3, 1))
    assert run(service.add_patient, cast.joanne, twin, is_another_person=True)["patient_id"]


def test_adding_twice_with_one_command_adds_once(cast: Cast) -> None:
    command = Command(ids.new_id(), "patients:add", {})
    first = run_command(service.add_patient, cast.joanne, command, details())
    assert run_command(service.add_patient, cast.joanne, command, details()) == first


def test_the_same_record_number_in_another_clinic_is_no_conflict(cast: Cast) -> None:
    assert run(service.add_patient, cast.sol, details(record_number="MR0001"))["patient_id"]


@pytest.mark.parametrize("who", ["tomas", "osei", "adler", "nia", "ivo", "quinn", "ada", "rosa"])
def test_only_coordinators_add_edit_deactivate_and_import(cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    for verb, arguments, keywords in (
        (service.add_patient, (details(),), {}),
        (service.edit_patient, (cast.rosa.id, details()), {"seen": ""}),
        (service.deactivate_patient, (cast.rosa.id,), {}),
        (service.activate_patient, (cast.rosa.id,), {}),
        (service.send_link, (cast.rosa.id,), {}),
        (service.make_link, (cast.rosa.id,), {}),
        (service.upload_roster, (), {"file_name": "x", "table": service.read_file(b"name,dob\nA B,1961-01-01\n")}),
    ):
        with pytest.raises(NotAllowed):
            run(verb, actor, *arguments, **keywords)


def test_a_stranger_finds_no_patient_of_another_clinic(cast: Cast) -> None:
    for verb, keywords in (
        (service.edit_patient, {"details": details(), "seen": ""}),
        (service.deactivate_patient, {}),
        (service.send_link, {}),
        (service.make_link, {}),
    ):
        with pytest.raises(NotFound):
            run(verb, cast.sol, cast.rosa.id, **keywords)
    with pytest.raises(NotFound):
        queries.patient_for(db.session(), cast.sol, cast.rosa.id)


def as_they_are(found: Patient, **changed: Any) -> Details:
    from groupvisits.patients.service.registry import EDITED

    return Details(**({key: getattr(found, key) or ("" if key != "birth_date" else None) for key in EDITED} | changed))


def test_an_edit_changes_the_details_and_says_which_in_the_record(cast: Cast) -> None:
    run(
        service.edit_patient,
        cast.joanne,
        cast.rosa.id,
        as_they_are(patient(cast.rosa), needs="Large print", email="new@example.org"),
        seen=version_of(patient(cast.rosa)),
    )
    assert (patient(cast.rosa).needs, patient(cast.rosa).email) == ("Large print", "new@example.org")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "patients:edit")).one()
    assert entry.details == {"changed": ["email", "needs"]}


def test_an_edit_of_an_older_page_is_refused_unless_it_changes_nothing(cast: Cast) -> None:
    seen = version_of(patient(cast.rosa))
    mine = as_they_are(patient(cast.rosa), needs="Quiet seat")
    run(service.edit_patient, cast.joanne, cast.rosa.id, mine, seen=seen)
    run(service.edit_patient, cast.joanne, cast.rosa.id, mine, seen=seen)  # the same again: twice is once
    with pytest.raises(Conflict):
        run(service.edit_patient, cast.joanne, cast.rosa.id, as_they_are(patient(cast.rosa), needs="Large print"), seen=seen)
    assert patient(cast.rosa).needs == "Quiet seat"
    assert actions().count("patients:edit") == 1


def test_an_edit_keeps_a_number_that_could_not_be_read_when_it_was_imported(cast: Cast) -> None:
    with write() as tx:
        tx.get_one(Patient, cast.rosa.id).phone = "ask her son"
    found = patient(cast.rosa)
    run(service.edit_patient, cast.joanne, found.id, as_they_are(found, needs="x"), seen=version_of(found))
    assert patient(cast.rosa).phone == "ask her son"


def test_deactivating_ends_links_and_phones_at_once_and_can_be_undone(cast: Cast) -> None:
    now = clock.now()
    with write() as tx:
        tx.add(BrowserSession(id="rosas-phone", patient_id=cast.rosa.id, data={}, created_at=now, seen_at=now, ends_at=now + timedelta(days=9)))
        tx.add(PatientLink(id="rosas-link", clinic_id=cast.clinic_id, patient_id=cast.rosa.id, made_at=now, ends_at=now + timedelta(days=9)))
    run(service.deactivate_patient, cast.joanne, cast.rosa.id)
    run(service.deactivate_patient, cast.joanne, cast.rosa.id)
    assert not patient(cast.rosa).is_active
    assert db.session.get(BrowserSession, "rosas-phone") is None
    assert db.session.get_one(PatientLink, "rosas-link").ends_at <= clock.now()
    assert actions().count("patients:deactivate") == 1
    with pytest.raises(person.NotActive):
        run(service.make_link, cast.joanne, cast.rosa.id)
    run(service.activate_patient, cast.joanne, cast.rosa.id)
    assert patient(cast.rosa).is_active


# ---------- links ----------


def test_a_link_is_sent_in_the_patients_language_and_names_nobody(cast: Cast) -> None:
    run(service.send_link, cast.joanne, cast.rosa.id)
    message = db.session.scalars(select(OutboxMessage)).one()
    assert (message.address, message.patient_id, message.kind) == ("rosa@example.org", cast.rosa.id, "patient_link")
    assert "http://localhost/links/" in message.text
    for word in ("Rosa", "Delgado", "Joanne", "diabetes", "Tuesday", "Living well"):
        assert word not in message.text + message.subject
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "patients:send_link")).one()
    assert "links" not in str(entry.details)


def test_a_link_cannot_be_sent_without_an_address_but_can_be_shown(cast: Cast) -> None:
    with write() as tx:
        tx.get_one(Patient, cast.rosa.id).email = ""
    with pytest.raises(person.NoEmail):
        run(service.send_link, cast.joanne, cast.rosa.id)
    assert run(service.make_link, cast.joanne, cast.rosa.id).startswith("http://localhost/links/")
    assert db.session.scalars(select(OutboxMessage)).all() == []


# ---------- reading ----------


def test_the_list_is_searched_by_name_and_record_number_without_accents(cast: Cast) -> None:
    run(service.add_patient, cast.joanne, details(given_name="Ângela", family_name="Sousa-Núñez", record_number="X77"))

    def found(search: str) -> list[str]:
        return [p.given_name for p in queries.patients_for(db.session(), cast.joanne, search=search).patients]

    assert found("angela") == ["Ângela"]
    assert found("nunez") == ["Ângela"]
    assert found("x77") == ["Ângela"]
    assert found("del ros") == ["Rosa"]
    assert found("elgado") == []  # words begin a name
    assert found("%") == []
    assert found("sunny") == []  # another clinic


def test_the_list_is_paged_and_a_page_beyond_the_end_is_the_last(cast: Cast) -> None:
    with write() as tx:
        tx.add_all(
            [
                Patient(id=ids.new_id(), clinic_id=cast.clinic_id, given_name="P", family_name=f"F{n:03}", display_name="P", created_at=clock.now())
                for n in range(120)
            ]
        )
    page = queries.patients_for(db.session(), cast.joanne, page=99)
    assert (page.total, page.number, page.last, len(page.patients)) == (127, 3, 3, 27)
    assert queries.patients_for(db.session(), cast.joanne, page=-1).number == 1
    assert queries.patients_for(db.session(), cast.joanne, search="p", page=2).total == 120


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("joanne", True), ("nia", True), ("tomas", False), ("osei", False), ("adler", False), ("ada", False), ("quinn", False), ("rosa", False), ("ivo", False)],
)
def test_coordinators_and_nurses_read_the_registry_and_nobody_else(cast: Cast, who: str, allowed: bool) -> None:
    actor = getattr(cast, who)
    if allowed:
        assert queries.patients_for(db.session(), actor).total == 7
        assert queries.patient_for(db.session(), actor, cast.rosa.id).id == cast.rosa.id
        return
    with pytest.raises(NotAllowed):
        queries.patients_for(db.session(), actor)
    with pytest.raises(NotAllowed):
        queries.patient_for(db.session(), actor, cast.rosa.id)


def test_the_helpers_for_packages_above_never_reach_into_another_clinic(cast: Cast) -> None:
    wanted = [cast.rosa.id, cast.sunny.id, "nobody"]
    assert list(queries.people_in(db.session(), cast.clinic_id, wanted)) == [cast.rosa.id]


# ---------- the list ----------


def upload(cast: Cast, content: bytes) -> str:
    return run(service.upload_roster, cast.joanne, file_name="roster.csv", table=service.read_file(content))["import_id"]


def mapped(cast: Cast, content: bytes, **keywords: Any) -> str:
    import_id = upload(cast, content)
    run(service.map_columns, cast.joanne, import_id, queries.mapping_of(queries.roster_import_for(db.session(), cast.joanne, import_id)), **keywords)
    return import_id


def preview(cast: Cast, import_id: str) -> queries.Preview:
    return queries.preview_for(db.session(), cast.joanne, queries.roster_import_for(db.session(), cast.joanne, import_id))


def confirm(cast: Cast, import_id: str, **keywords: Any) -> dict[str, Any]:
    made = preview(cast, import_id)
    return run(service.confirm_import, cast.joanne, import_id, preview=made, **({"seen": made.seen} | keywords))


def test_a_list_is_uploaded_mapped_and_confirmed_in_one_piece(cast: Cast, bell_csv: bytes) -> None:
    import_id = mapped(cast, bell_csv)
    assert preview(cast, import_id).counts == {"new": 2, "known": 1, "died": 0, "problem": 0}
    before = how_many()
    assert confirm(cast, import_id, known="skip") == {"imported": 2, "updated": 0, "left_out": 0, "died": 0, "known": 1}
    assert how_many() == before + 2
    found = queries.patients_for(db.session(), cast.joanne, search="silva").patients[0]
    assert (found.given_name, found.display_name, found.language, found.phone, found.clinic_id) == ("Ana", "Ana", "en", "", cast.clinic_id)
    assert patient(cast.marcus).phone == "+16175550102"


def test_those_already_here_are_brought_up_to_date_when_asked(cast: Cast, bell_csv: bytes) -> None:
    assert confirm(cast, mapped(cast, bell_csv), known="update")["updated"] == 1
    found = patient(cast.marcus)
    assert (found.phone, found.email, found.language) == ("+16175550199", "marcus@example.org", "en")


def test_what_to_do_with_those_already_here_must_be_said(cast: Cast, bell_csv: bytes) -> None:
    import_id, before = mapped(cast, bell_csv), how_many()
    with pytest.raises(roster_service.SayWhatToDoWithKnown):
        confirm(cast, import_id)
    assert how_many() == before


def test_rows_with_problems_stay_out_only_when_said_so(cast: Cast) -> None:
    import_id, before = mapped(cast, b"name,dob\nAna Silva,1980-03-04\nBo Day,1980-02-31\n"), how_many()
    with pytest.raises(roster_service.LeaveOutNeeded):
        confirm(cast, import_id)
    assert how_many() == before
    assert confirm(cast, import_id, leave_out=True) == {"imported": 1, "updated": 0, "left_out": 1, "died": 0, "known": 0}


def test_confirming_twice_is_the_same_as_once(cast: Cast, bell_csv: bytes) -> None:
    import_id = mapped(cast, bell_csv)
    made = preview(cast, import_id)
    first = run(service.confirm_import, cast.joanne, import_id, preview=made, seen=made.seen, known="skip")
    again = run(service.confirm_import, cast.joanne, import_id, preview=made, seen=made.seen, known="skip")
    assert again == first
    assert actions().count("patients:confirm_import") == 1
    assert db.session.scalar(select(func.count()).select_from(Patient).where(Patient.family_name == "Silva")) == 1


def test_a_registry_that_changed_since_the_preview_is_looked_at_again(cast: Cast, bell_csv: bytes) -> None:
    import_id = mapped(cast, bell_csv)
    made = preview(cast, import_id)
    # The database alone would not notice: no record number is taken twice.
    run(service.add_patient, cast.joanne, details(given_name="Ana", family_name="Silva", birth_date=date(1980, 3, 4), record_number=""))
    before = how_many()
    with pytest.raises(roster_service.LookAgain):
        run(service.confirm_import, cast.joanne, import_id, preview=made, seen=made.seen, known="skip")
    assert how_many() == before
    assert queries.roster_import_for(db.session(), cast.joanne, import_id).state == "mapped"


def test_what_was_not_seen_is_not_confirmed(cast: Cast, bell_csv: bytes) -> None:
    with pytest.raises(roster_service.LookAgain):
        confirm(cast, mapped(cast, bell_csv), seen="something else", known="skip")


def test_an_import_is_one_audit_entry_with_counts_and_no_names(cast: Cast, bell_csv: bytes) -> None:
    confirm(cast, mapped(cast, bell_csv), known="skip")
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "roster_imports")).all()
    assert [e.action for e in sorted(entries, key=lambda e: e.number)] == ["patients:upload_roster", "patients:map_columns", "patients:confirm_import"]
    assert not any(name in str(e.details) for e in entries for name in ("Silva", "Bell", "New Person", "1970"))


def test_the_uploaded_list_is_not_kept_after_it_was_confirmed_or_dropped(cast: Cast, bell_csv: bytes) -> None:
    confirmed = mapped(cast, bell_csv)
    confirm(cast, confirmed, known="skip")
    dropped = upload(cast, bell_csv)
    run(service.drop_import, cast.joanne, dropped)
    run(service.drop_import, cast.joanne, dropped)
    assert [queries.roster_import_for(db.session(), cast.joanne, i).content for i in (confirmed, dropped)] == ["", ""]
    assert actions().count("patients:drop_import") == 1


def test_a_dropped_list_cannot_be_confirmed_and_a_confirmed_one_not_dropped(cast: Cast, bell_csv: bytes) -> None:
    first = mapped(cast, bell_csv)
    made = preview(cast, first)
    run(service.drop_import, cast.joanne, first)
    second = mapped(cast, bell_csv)
    with pytest.raises(roster_service.AlreadySettled):
        run(service.confirm_import, cast.joanne, first, preview=made, seen=made.seen, known="skip")
    confirm(cast, second, known="skip")
    with pytest.raises(roster_service.AlreadyConfirmed):
        run(service.drop_import, cast.joanne, second)


def test_a_list_that_waits_is_not_brought_in_again(cast: Cast) -> None:
    first = upload(cast, b"name,dob\nAna Silva,1980-03-04\n")
    assert upload(cast, b"name,dob\nAna Silva,1980-03-04\n") == first
    assert upload(cast, b"name,born\nAna Silva,1980-03-04\n") != first
    run(service.drop_import, cast.joanne, first)
    assert upload(cast, b"name,dob\nAna Silva,1980-03-04\n") != first


def test_national_numbers_are_stored_nowhere(cast: Cast) -> None:
    import_id = upload(cast, b"FIRST,LAST,SSN,BIRTHDATE\nAna,Silva,999-17-5017,1980-03-04\n")
    roster = queries.roster_import_for(db.session(), cast.joanne, import_id)
    assert "999-17-5017" not in roster.content + str(roster.reading) + str(roster.columns)
    assert roster.reading["forgotten"] == ["SSN"]


def test_dates_that_can_be_read_both_ways_need_an_answer(cast: Cast) -> None:
    import_id = upload(cast, b"name,dob\nAna Silva,03/04/1980\n")
    mapping = {"full_name": 0, "birth_date": 1}
    with pytest.raises(columns.OrderNeeded):
        run(service.map_columns, cast.joanne, import_id, mapping)
    with pytest.raises(columns.OrderNeeded):
        run(service.map_columns, cast.joanne, import_id, mapping, date_order="sideways")
    run(service.map_columns, cast.joanne, import_id, mapping, date_order="dmy")
    confirm(cast, import_id)
    assert queries.patients_for(db.session(), cast.joanne, search="silva").patients[0].birth_date == date(1980, 4, 3)


def test_a_stranger_neither_sees_nor_confirms_a_list(cast: Cast, bell_csv: bytes) -> None:
    import_id = mapped(cast, bell_csv)
    made = preview(cast, import_id)
    for attempt in (
        lambda: queries.roster_import_for(db.session(), cast.sol, import_id),
        lambda: run(service.map_columns, cast.sol, import_id, {"full_name": 0}),
        lambda: run(service.confirm_import, cast.sol, import_id, preview=made, seen=made.seen),
        lambda: run(service.drop_import, cast.sol, import_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert queries.open_imports_for(db.session(), cast.sol) == []
    assert len(queries.open_imports_for(db.session(), cast.joanne)) == 1


def test_the_registry_of_another_clinic_plays_no_part(cast: Cast) -> None:
    import_id = mapped(cast, b"name,date of birth,MRN\nSunny Day,1961-03-08,MR0008\n")
    assert preview(cast, import_id).counts["new"] == 1


def test_a_mapping_can_be_changed_until_the_list_is_confirmed(cast: Cast, bell_csv: bytes) -> None:
    import_id = mapped(cast, bell_csv)
    run(service.map_columns, cast.joanne, import_id, {"full_name": 0, "birth_date": 1})
    assert db.session.get_one(RosterImport, import_id).mapping == {"full_name": 0, "birth_date": 1}
    confirm(cast, import_id, known="skip")
    with pytest.raises(roster_service.AlreadyConfirmed):
        run(service.map_columns, cast.joanne, import_id, {"full_name": 0})
