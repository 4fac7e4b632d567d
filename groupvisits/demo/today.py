"""What does not happen in every visit, so that each screen of the open one can be seen: done by its people now, through the verbs."""

from sqlalchemy import select

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.core import actor as actors
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.demo import content
from groupvisits.live import service as live
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.slots.models import Slot


def fill(tx: Transaction, visit: GroupSession, staff: dict[str, StaffMember]) -> None:
    """A second facilitator, a wish to be told in person, somebody who is here to listen, two topics that are one, one in another language, and an alarm that the resident has taken.

    Nobody leads yet: either facilitator may take over, and both see everything until then.
    """
    tx.add(SessionTeamMember(session_id=visit.id, staff_member_id=staff["facilitator2"].id, role="facilitator", place=""))
    tx.flush()
    here = _waiting(tx, visit)
    _tell_in_person(tx, visit, here[-1])
    live.listen(tx, _patient(here[-2]), visit.id, on=True)
    _join(tx, visit, here, _staff(staff["facilitator"]))
    _translate(tx, visit, here)
    _alarm(tx, visit, here, _staff(staff["resident"]))


def _waiting(tx: Transaction, visit: GroupSession) -> list[Patient]:
    """Who is here and has their one-on-one still before them, in that order."""
    query = select(Patient).join(Seat, Seat.patient_id == Patient.id).join(Slot, Slot.seat_id == Seat.id)
    query = query.where(Seat.session_id == visit.id, Seat.state == "arrived", Slot.state == "planned")
    return list(tx.scalars(query.order_by(Slot.planned_at, Seat.slip_number)))


def _tell_in_person(tx: Transaction, visit: GroupSession, patient: Patient) -> None:
    live.wish(tx, _patient(patient), visit.id, in_person=True)


def _join(tx: Transaction, visit: GroupSession, here: list[Patient], facilitator: Actor) -> None:
    words, head_words = content.JOINED
    head = _topic(tx, visit, head_words)
    if head is None:
        return
    asks = next(patient for patient in here if patient.language == "en" and patient.id != head.patient_id)
    same = agenda.propose_topic(tx, _patient(asks), visit.id, words=words, route="group", shows_name=True)
    agenda.merge_topics(tx, facilitator, visit.id, topic_id=str(same["topic_id"]), into_id=head.id)


def _translate(tx: Transaction, visit: GroupSession, here: list[Patient]) -> None:
    of, language, words = content.TRANSLATED
    topic = _topic(tx, visit, of)
    speaks = next((patient for patient in here if patient.language == language), here[0])
    if topic is not None and topic.patient_id != speaks.id:
        agenda.translate_topic(tx, _patient(speaks), visit.id, topic_id=topic.id, language=language, words=words)


def _alarm(tx: Transaction, visit: GroupSession, here: list[Patient], resident: Actor) -> None:
    unwell = next(patient for patient in reversed(here) if patient.language == "en")
    agenda.propose_topic(tx, _patient(unwell), visit.id, words=content.ALARMING, route="group")
    tx.flush()
    alarm = tx.scalars(select(Alarm).where(Alarm.session_id == visit.id, Alarm.ended_at.is_(None))).one()
    live.take_alarm(tx, resident, visit.id, alarm_id=alarm.id)


def _topic(tx: Transaction, visit: GroupSession, words: str) -> Topic | None:
    return tx.scalars(select(Topic).where(Topic.session_id == visit.id, Topic.words == words, Topic.state.in_(("planned", "current")))).first()


def _patient(patient: Patient) -> Actor:
    return actors.patient(patient.id, patient.clinic_id, patient.display_name)


def _staff(member: StaffMember) -> Actor:
    return actors.staff(member.id, member.clinic_id, {role.name for role in member.roles}, member.name)
