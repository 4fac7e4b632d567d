"""Patients one by one: add, edit, deactivate, make active again."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from groupvisits.accounts.browser_sessions import end_sessions
from groupvisits.accounts.models import BrowserSession, PatientLink
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import Conflict
from groupvisits.core.transaction import Transaction
from groupvisits.patients import contacts, queries
from groupvisits.patients.events import PatientChanged, PatientDeactivated
from groupvisits.patients.models import Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules import person
from groupvisits.patients.rules.languages import NAMES as LANGUAGES

EDITED = ("given_name", "family_name", "display_name", "birth_date", "record_number", "phone", "email", "language", "needs", "channel")


@dataclass(frozen=True)
class Details:
    """What a coordinator enters about one patient."""

    given_name: str
    family_name: str
    display_name: str = ""
    birth_date: date | None = None
    record_number: str = ""
    phone: str = ""
    email: str = ""
    language: str = "en"
    needs: str = ""
    channel: str = ""  # how they want to be told; "" for whatever works
    agreed_to_texts: bool = False


def add_patient(tx: Transaction, actor: Actor, details: Details, *, is_another_person: bool = False) -> dict[str, Any]:
    """The patient is in the registry; returns {"patient_id"}.

    Refuses a record number that is taken, a birth date that cannot be true, an address or number that cannot be one, and the
    name and birth date of somebody who is here already unless `is_another_person` says so.
    """
    POLICY.require(actor, "patients:add")
    checked = _checked(tx, actor, details)
    if not is_another_person:
        _check_is_new(tx, actor.clinic_id, checked)
    now = clock.now()
    patient = Patient(
        id=ids.new_id(), clinic_id=actor.clinic_id, is_active=True, created_at=now, text_consent_at=now if details.agreed_to_texts else None, **checked
    )
    with tx.refused_as(person.RecordNumberTaken(field="record_number"), "uq_patients_clinic_id_record_number"):
        tx.add(patient)
    audit.record(tx, actor, "patients:add", patient)
    return {"patient_id": patient.id}


def edit_patient(tx: Transaction, actor: Actor, patient_id: str, details: Details, *, seen: str) -> None:
    """The patient's details are the ones given. `seen` is the version the page showed: refuses with Conflict when they have changed since.

    Refuses like add_patient. The same details again change nothing.
    """
    patient = queries.patient_for(tx, actor, patient_id, action="patients:edit")
    tx.refresh(patient, with_for_update=True)
    checked = _checked(tx, actor, details, before=patient)
    changed = [key for key in EDITED if getattr(patient, key) != checked[key]]
    consents = details.agreed_to_texts != (patient.text_consent_at is not None)
    if not changed and not consents:
        return
    if seen != version_of(patient):
        raise Conflict
    with tx.refused_as(person.RecordNumberTaken(field="record_number"), "uq_patients_clinic_id_record_number"):
        for key in changed:
            setattr(patient, key, checked[key])
        if consents:
            patient.text_consent_at = clock.now() if details.agreed_to_texts else None
    audit.record(tx, actor, "patients:edit", patient, changed=[*changed, *(["text_consent"] if consents else [])])
    tx.announce(PatientChanged(patient.id))


def deactivate_patient(tx: Transaction, actor: Actor, patient_id: str) -> None:
    """The patient no longer takes part: unused links and signed-in phones stop working at once. Nothing is deleted. Twice is once.

    Whoever listens ends their memberships and frees their places.
    """
    patient = queries.patient_for(tx, actor, patient_id, action="patients:deactivate")
    if not patient.is_active:
        return
    patient.is_active = False
    tx.execute(update(PatientLink).where(PatientLink.patient_id == patient.id, PatientLink.used_at.is_(None)).values(ends_at=clock.now()))
    end_sessions(tx, BrowserSession.patient_id == patient.id)
    audit.record(tx, actor, "patients:deactivate", patient)
    tx.announce(PatientDeactivated(actor, patient.id))


def activate_patient(tx: Transaction, actor: Actor, patient_id: str) -> None:
    """The patient takes part again; they need a new link, and a group. Twice is once."""
    patient = queries.patient_for(tx, actor, patient_id, action="patients:deactivate")
    if patient.is_active:
        return
    patient.is_active = True
    audit.record(tx, actor, "patients:activate", patient)
    tx.announce(PatientChanged(patient.id))


def version_of(patient: Patient) -> str:
    """The mark of the details as they are now, for `edit_patient`."""
    return person.version_of({**{key: getattr(patient, key) for key in EDITED}, "text_consent": patient.text_consent_at is not None})


def _checked(tx: Transaction, actor: Actor, details: Details, before: Patient | None = None) -> dict[str, Any]:
    """The details as they are stored. What could not be read when it was imported may stay as it was."""
    clinic = queries.clinic_of(tx, actor)
    values: dict[str, Any] = {key: person.tidy(value) if isinstance(value, str) else value for key, value in asdict(details).items()}
    agreed = values.pop("agreed_to_texts")
    for key in ("given_name", "family_name"):
        if not values[key]:
            raise person.NameNeeded(field=key)
    person.check_birth_date(values["birth_date"], clock.today(clinic.zone))
    values["display_name"] = person.display_name_for(values["display_name"] or values["given_name"])
    values["record_number"] = values["record_number"] or None
    if values["language"] not in LANGUAGES and (before is None or values["language"] != before.language):
        raise person.LanguageUnknown(field="language")
    kept = (before.phone, before.email) if before else ("", "")
    if values["phone"] and values["phone"] not in (kept[0], contacts.show_phone(kept[0])):
        values["phone"] = contacts.read_phone(values["phone"], clinic.country) or _refuse(person.PhoneUnreadable(field="phone"))
    elif values["phone"]:
        values["phone"] = kept[0]
    if values["email"] and values["email"] != kept[1]:
        values["email"] = contacts.read_email(values["email"]) or _refuse(person.EmailUnreadable(field="email"))
    person.check_channel(values["channel"], email=values["email"], phone=values["phone"], agreed_to_texts=agreed)
    return values


def _refuse(error: Exception) -> str:
    raise error


def _check_is_new(tx: Transaction, clinic_id: str, checked: dict[str, Any]) -> None:
    if checked["birth_date"] is None:
        return
    name = person.fold(f"{checked['given_name']} {checked['family_name']}")
    same_day = select(Patient.given_name, Patient.family_name).where(Patient.clinic_id == clinic_id, Patient.birth_date == checked["birth_date"])
    if any(person.fold(f"{row.given_name} {row.family_name}") == name for row in tx.execute(same_day)):
        raise person.LooksLikeSomebody(field="is_another_person")
