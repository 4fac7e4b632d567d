"""The name that a patient wants to be called in the room, as they choose it themselves."""

from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import PatientChanged
from groupvisits.patients.models import Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules import person


def choose_name(tx: Transaction, actor: Actor, *, display_name: str) -> str:
    """Screens show the patient under this name from now on, open ones too; without one, under the first name. Returns it. Twice is once.

    Whoever has said that no name be shown stays without one.
    """
    POLICY.require(actor, "patients:choose_own_name")
    patient = tx.get(Patient, actor.id, with_for_update=True)
    if patient is None or not patient.is_active:
        raise NotFound
    name = person.display_name_for(person.tidy(display_name) or patient.given_name)
    if name != patient.display_name:
        patient.display_name = name
        tx.flush()
        audit.record(tx, actor, "patients:choose_name", patient)
        tx.announce(PatientChanged(patient.id))
    return name
