"""A patient's way in: a single-use link, sent by e-mail or shown once to be copied into a message of the clinic's own."""

from typing import Any

from groupvisits.accounts import service as accounts
from groupvisits.accounts.events import PatientLinkAskedFor
from groupvisits.accounts.models import Clinic
from groupvisits.accounts.service.sign_in import public_address
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.outbox import service as outbox
from groupvisits.patients import emails, queries
from groupvisits.patients.models import Patient
from groupvisits.patients.rules import person


def send_link(tx: Transaction, actor: Actor, patient_id: str) -> dict[str, Any]:
    """A message with a fresh single-use link waits to be sent; returns {"message_id"}, never the link.

    Refuses a patient without an e-mail address or not active.
    """
    patient = _active_patient(tx, actor, patient_id)
    if not patient.email:
        raise person.NoEmail
    return {"message_id": _queue_link(tx, actor, patient, queries.clinic_of(tx, actor))}


def _queue_link(tx: Transaction, actor: Actor, patient: Patient, clinic: Clinic) -> str:
    subject, text = emails.link_message(clinic.name, clinic.phone, clinic.language_for(patient.language), _fresh_address(tx, actor, patient))
    message_id = outbox.queue(tx, kind="patient_link", clinic_id=patient.clinic_id, address=patient.email, subject=subject, text=text, patient_id=patient.id)
    audit.record(tx, actor, "patients:send_link", patient, message=message_id)
    return message_id


def send_asked_link(tx: Transaction, event: PatientLinkAskedFor) -> None:
    """Listens within: whoever asked with an old link gets a fresh one, at the address the clinic has and nowhere else."""
    patient = tx.get(Patient, event.patient_id)
    if patient is None or not patient.is_active or not patient.email:
        return
    _queue_link(tx, actors.system(event.clinic_id), patient, tx.get_one(Clinic, event.clinic_id))


def make_link(tx: Transaction, actor: Actor, patient_id: str) -> str:
    """The address of a fresh single-use link, returned this once. Refuses a patient who is not active."""
    patient = _active_patient(tx, actor, patient_id)
    address = _fresh_address(tx, actor, patient)
    audit.record(tx, actor, "patients:show_link", patient)
    return address


def _active_patient(tx: Transaction, actor: Actor, patient_id: str) -> Patient:
    patient = queries.patient_for(tx, actor, patient_id, action="patients:send_link")
    if not patient.is_active:
        raise person.NotActive
    return patient


def _fresh_address(tx: Transaction, actor: Actor, patient: Patient) -> str:
    token = accounts.make_patient_link(tx, actor, patient)
    return public_address(f"/links/{token}")
