"""What needs somebody without belonging to one date: messages, the main scheduler, agreements, groups without dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import queries as patients
from groupvisits.patients.models import AgreementSignature
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions.models import GroupSession, IncomingText, SchedulerChange

RETURNED_SINCE = timedelta(days=14)
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
class Matters:
    """How many texts nobody has read, changes nobody has made in the main scheduler, and agreements of members that run out soon."""

    texts: int
    scheduler: int
    agreements: int


def matters_of(db: Session, viewer: Actor, now: datetime) -> Matters:
    """The counts for the viewer's clinic, in one question."""
    unread = select(func.count()).where(IncomingText.clinic_id == viewer.clinic_id, IncomingText.understood == "", IncomingText.read_at.is_(None))
    to_do = select(func.count()).where(SchedulerChange.clinic_id == viewer.clinic_id, SchedulerChange.done_at.is_(None))
    member = exists().where(
        Membership.patient_id == AgreementSignature.patient_id, Membership.group_id == Group.id, Group.programme_id == AgreementSignature.programme_id,
        or_(Membership.until.is_(None), Membership.until > now.date()),
    )  # fmt: skip
    ending = select(func.count()).where(
        AgreementSignature.clinic_id == viewer.clinic_id, AgreementSignature.signer == "patient", AgreementSignature.ended_at.is_(None),
        AgreementSignature.valid_until > now - AGREEMENTS_AHEAD, AgreementSignature.valid_until < now + AGREEMENTS_AHEAD, member,
    )  # fmt: skip
    return Matters(*db.execute(select(unread.scalar_subquery(), to_do.scalar_subquery(), ending.scalar_subquery())).one())


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


def groups_without_dates(db: Session, viewer: Actor, now: datetime) -> list[tuple[str, str]]:
    """(id, name) of groups that have no date to come."""
    to_come = exists().where(GroupSession.group_id == Group.id, GroupSession.starts_at > now, GroupSession.state == "planned")
    query = select(Group.id, Group.name).where(Group.clinic_id == viewer.clinic_id, ~to_come).order_by(Group.name)
    return [(group_id, name) for group_id, name in db.execute(query)]
