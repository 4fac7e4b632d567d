"""Two patients who come together or not at all, such as a couple."""

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients import queries
from groupvisits.patients.models import Pair, Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules import company, person


def pair(tx: Transaction, actor: Actor, patient_id: str, *, other_id: str) -> dict[str, str]:
    """The two come together: from now on they answer, wait and are offered places as one. What was asked before stays as it is.

    Refuses the same person twice, somebody not active or of another clinic, and with AlreadyPaired who comes with somebody else.
    Twice is once.
    """
    company.check_two(patient_id, other_id)
    found = _both(tx, actor, patient_id, other_id)
    existing = queries.pair_of(tx, patient_id)
    if existing is not None and other_id in (existing.first_id, existing.second_id):
        return {"pair_id": existing.id}
    for each in found:
        if not each.is_active:
            raise person.NotActive(field="other_id")
        other = queries.other_of(tx, each.id)
        company.check_unpaired(each.name, other.name if other else "")
    made = Pair(id=ids.new_id(), clinic_id=actor.clinic_id, first_id=patient_id, second_id=other_id, created_at=clock.now())
    tx.add(made)
    tx.flush()
    audit.record(tx, actor, "patients:pair", made, patient=patient_id, other=other_id)
    return {"pair_id": made.id}


def unpair(tx: Transaction, actor: Actor, patient_id: str) -> None:
    """Each of the two comes by themself from now on. Places and waiting lists stay as they are. Twice is once."""
    queries.patient_for(tx, actor, patient_id, action="patients:keep_company")
    existing = queries.pair_of(tx, patient_id)
    if existing is None:
        return
    audit.record(tx, actor, "patients:unpair", existing, patient=existing.first_id, other=existing.second_id)
    tx.delete(existing)
    tx.flush()


def _both(tx: Transaction, actor: Actor, patient_id: str, other_id: str) -> tuple[Patient, Patient]:
    """The two rows, held until the commit and always in the same order: nobody becomes part of two pairs at the same moment."""
    tx.execute(select(Patient.id).where(Patient.id.in_((patient_id, other_id)), Patient.clinic_id == actor.clinic_id).order_by(Patient.id).with_for_update())
    one = queries.patient_for(tx, actor, patient_id, action="patients:keep_company")
    other = tx.get(Patient, other_id)
    if other is None or other.clinic_id != one.clinic_id:
        raise NotFound
    POLICY.require(actor, "patients:keep_company", other)
    return one, other
