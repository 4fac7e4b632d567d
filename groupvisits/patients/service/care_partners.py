"""Family and friends who come along: they count for chairs and meals."""

from sqlalchemy import func, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients import queries
from groupvisits.patients.models import CarePartner, Patient
from groupvisits.patients.rules import company, person


def add_care_partner(tx: Transaction, actor: Actor, patient_id: str, *, name: str, relation: str = "", usually_comes: bool = True) -> dict[str, str]:
    """This person comes along with the patient; one who usually comes is counted wherever the patient is asked from now on.

    Refuses without a name, and more than MOST_CARE_PARTNERS at a time. The same name again changes the one there is.
    """
    patient = queries.patient_for(tx, actor, patient_id, action="patients:keep_company")
    name, relation = person.tidy(name)[: person.MAX_NAME], person.tidy(relation)[: company.MAX_RELATION]
    if not name:
        raise person.NameNeeded(field="name")
    tx.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    theirs = (CarePartner.patient_id == patient_id) & CarePartner.ended_at.is_(None)
    found = tx.scalars(select(CarePartner).where(theirs, func.lower(CarePartner.name) == name.lower())).first()
    if found is None:
        company.check_one_more(tx.scalar(select(func.count()).select_from(CarePartner).where(theirs)) or 0)
        found = CarePartner(id=ids.new_id(), clinic_id=patient.clinic_id, patient_id=patient_id, created_at=clock.now())
        tx.add(found)
    found.name, found.relation, found.usually_comes = name, relation, usually_comes
    tx.flush()
    audit.record(tx, actor, "patients:add_care_partner", found, patient=patient_id, usually_comes=usually_comes)
    return {"care_partner_id": found.id}


def end_care_partner(tx: Transaction, actor: Actor, patient_id: str, care_partner_id: str) -> None:
    """This person does not come along any more; the record of their agreement stays. Twice is once."""
    queries.patient_for(tx, actor, patient_id, action="patients:keep_company")
    found = tx.get(CarePartner, care_partner_id)
    if found is None or found.patient_id != patient_id:
        raise NotFound
    if found.ended_at is not None:
        return
    found.ended_at = clock.now()
    audit.record(tx, actor, "patients:end_care_partner", found, patient=patient_id)
