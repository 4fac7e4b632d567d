"""How a patient hears from the clinic, as they choose themselves."""

from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules import person


def choose_channel(tx: Transaction, actor: Actor, *, channel: str, agreed_to_texts: bool) -> None:
    """The patient hears from the clinic as they chose: by e-mail, text, call or whatever works (""). Twice is once.

    Agreeing to texts here undoes an earlier STOP: nobody but the patient can. Refuses what could not work with what the clinic knows.
    """
    POLICY.require(actor, "patients:choose_own_channel")
    patient = tx.get(Patient, actor.id, with_for_update=True)
    if patient is None or not patient.is_active:
        raise NotFound
    person.check_channel(channel, email=patient.email, phone=patient.phone, agreed_to_texts=agreed_to_texts)
    before = (patient.channel, patient.text_consent_at is not None, patient.text_stopped_at is not None)
    patient.channel = channel
    if agreed_to_texts:
        patient.text_consent_at, patient.text_stopped_at = patient.text_consent_at or clock.now(), None
    else:
        patient.text_consent_at = None
    if before != (patient.channel, agreed_to_texts, patient.text_stopped_at is not None):
        audit.record(tx, actor, "patients:choose_channel", patient, channel=channel, texts=agreed_to_texts)
