"""What a patient wishes for themself in the room."""

from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.live.service.acts import Result, place_in
from groupvisits.patients.models import Patient
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.service import next_version


def wish(tx: Transaction, actor: Actor, session_id: str, *, in_person: bool = False) -> Result:
    """The patient is told in person when it is their turn, besides what their phone says, or not any more; kept for other visits too."""
    place = place_in(tx, actor, session_id, "live:wish")
    patient = tx.get_one(Patient, actor.id)
    if patient.in_person == in_person:
        return {"version": place.group_session.version}
    patient.in_person = in_person
    tx.flush()
    version = next_version(tx, session_id)
    audit.record(tx, actor, "live:wish", patient, session_id=session_id, patient=patient.id, in_person=in_person)
    tx.announce(SessionChanged(session_id, version, people=True, patients=(patient.id,)))
    return {"version": version}
