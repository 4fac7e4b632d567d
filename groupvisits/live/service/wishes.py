"""What a patient wishes for themself in the room."""

from sqlalchemy import select

from groupvisits.agenda.models import Topic
from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.live.service.acts import Result, place_in
from groupvisits.patients.models import Patient
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.rules import check_is_not_over
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


def listen(tx: Transaction, actor: Actor, session_id: str, *, on: bool = False) -> Result:
    """The patient is here to listen, or not any more; in this visit only. They may bring something up all the same."""
    place = place_in(tx, actor, session_id, "live:listen")
    seat = place.seat
    if seat is None:
        raise NotFound
    check_is_not_over(place.group_session.state)
    if seat.listening == on:
        return {"version": place.group_session.version}
    seat.listening = on
    tx.flush()
    version = next_version(tx, session_id)
    audit.record(tx, actor, "live:listen", seat, session_id=session_id, patient=actor.id, on=on)
    theirs = tx.execute(select(Topic.id, Topic.merged_into_id).where(Topic.session_id == session_id, Topic.patient_id == actor.id))
    topics = tuple({topic_id for row in theirs for topic_id in row if topic_id})  # each says whether it waits to be heard
    tx.announce(SessionChanged(session_id, version, topics=topics, people=True, moved=True, patients=(actor.id,)))
    return {"version": version}
