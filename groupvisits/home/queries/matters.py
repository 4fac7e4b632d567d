"""What needs somebody without belonging to one date: messages, the main scheduler, agreements, groups without dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.agenda.models import Alarm
from groupvisits.core.actor import Actor
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import queries as patients
from groupvisits.patients.models import AgreementSignature
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions.models import GroupSession, SchedulerChange

RETURNED_SINCE = timedelta(days=14)
ALARM_TAKEN_WITHIN = timedelta(seconds=60)
AGREEMENTS_AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Returned:
    """A message that could not be sent to a patient."""

    patient_id: str
    name: str
    kind: str
    session_id: str
    due_at: datetime


@dataclass(frozen=True)
class Ending:
    """Agreements of a group's members that run out soon, or already have."""

    group_id: str
    group: str
    number: int


def open_changes(db: Session, viewer: Actor) -> int:
    """How much is to be done in the clinic's main scheduler."""
    return db.scalar(select(func.count()).where(SchedulerChange.clinic_id == viewer.clinic_id, SchedulerChange.done_at.is_(None))) or 0


def ending_agreements(db: Session, viewer: Actor, now: datetime) -> list[Ending]:
    """By group, the groups' names in order."""
    query = (
        select(Group.id, Group.name, func.count(AgreementSignature.id.distinct()))
        .join(Membership, Membership.group_id == Group.id)
        .join(AgreementSignature, (AgreementSignature.patient_id == Membership.patient_id) & (AgreementSignature.programme_id == Group.programme_id))
        .where(AgreementSignature.clinic_id == viewer.clinic_id, AgreementSignature.signer == "patient", AgreementSignature.ended_at.is_(None))
        .where(AgreementSignature.valid_until > now - AGREEMENTS_AHEAD, AgreementSignature.valid_until < now + AGREEMENTS_AHEAD)
        .where(or_(Membership.until.is_(None), Membership.until > now.date()))
        .group_by(Group.id, Group.name)
        .order_by(Group.name, Group.id)
    )
    return [Ending(*row) for row in db.execute(query)]


def returned_to(db: Session, viewer: Actor, now: datetime) -> list[Returned]:
    """Messages of the last two weeks that did not reach a patient, unless a later one of the same kind did."""
    failed = select(OutboxMessage.patient_id, OutboxMessage.kind, OutboxMessage.due_at, OutboxMessage.session_id).where(
        OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.state == "failed", OutboxMessage.patient_id.is_not(None),
        OutboxMessage.due_at > now - RETURNED_SINCE,
    )  # fmt: skip
    found = {(patient_id, kind): (due_at, session_id) for patient_id, kind, due_at, session_id in db.execute(failed.order_by(OutboxMessage.due_at))}
    if not found:
        return []
    people = {patient_id for patient_id, _ in found if patient_id}
    sent = select(OutboxMessage.patient_id, OutboxMessage.kind, func.max(OutboxMessage.due_at)).where(
        OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.state == "sent", OutboxMessage.patient_id.in_(people)
    )
    for patient_id, kind, due_at in db.execute(sent.group_by(OutboxMessage.patient_id, OutboxMessage.kind)):
        if (patient_id, kind) in found and due_at >= found[patient_id, kind][0]:
            del found[patient_id, kind]
    names = patients.people_in(db, viewer.clinic_id, people)
    return [
        Returned(patient_id, names[patient_id].name, kind, session_id or "", due_at)
        for (patient_id, kind), (due_at, session_id) in found.items()
        if patient_id in names
    ]


def alarms_without_a_person(db: Session, viewer: Actor, now: datetime) -> list[tuple[str, datetime, str, str, int]]:
    """(session, its date, its zone, its group, how many) of what somebody wrote that a person has still to look at: for a minute in a visit that runs, whose team has
    it on its screens. Never whose, or what."""
    waits = or_(GroupSession.state != "open", and_(Alarm.taken_by.is_(None), Alarm.raised_at <= now - ALARM_TAKEN_WITHIN))
    query = (
        select(GroupSession.id, GroupSession.starts_at, GroupSession.zone, Group.name, func.count(Alarm.id))
        .join(GroupSession, GroupSession.id == Alarm.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .where(GroupSession.clinic_id == viewer.clinic_id, Alarm.ended_at.is_(None), waits)
        .group_by(GroupSession.id, GroupSession.starts_at, GroupSession.zone, Group.name)
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    return [(session_id, starts_at, zone, name, number) for session_id, starts_at, zone, name, number in db.execute(query)]


def groups_without_dates(db: Session, viewer: Actor, now: datetime) -> list[tuple[str, str]]:
    """(id, name) of groups that have no date to come."""
    to_come = exists().where(GroupSession.group_id == Group.id, GroupSession.starts_at > now, GroupSession.state == "planned")
    query = select(Group.id, Group.name).where(Group.clinic_id == viewer.clinic_id, ~to_come).order_by(Group.name)
    return [(group_id, name) for group_id, name in db.execute(query)]
