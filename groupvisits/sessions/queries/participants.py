"""What agreements, which lie below, need to know of programmes and groups: see patients.queries.agreements.Participants."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.patients.queries.agreements import GroupOfProgramme
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.models import Group, Membership, Programme
from groupvisits.sessions.models import GroupSession, Seat


def programmes_in(db: Session, clinic_id: str) -> dict[str, str]:
    """Id -> name of a clinic's programmes, by name."""
    query = select(Programme.id, Programme.name).where(Programme.clinic_id == clinic_id).order_by(func.lower(Programme.name), Programme.id)
    return {row[0]: row[1] for row in db.execute(query)}


def programmes_of(db: Session, patient_id: str) -> dict[str, str]:
    """Id -> name of the programmes somebody takes part in: by standing in a group, or with a place in a date that is not over."""
    patient = db.get_one(Patient, patient_id)
    today = clock.today(db.get_one(Clinic, patient.clinic_id).zone)
    standing = (
        select(Group.programme_id)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.patient_id == patient_id, (Membership.until.is_(None)) | (Membership.until > today))
    )
    coming = (
        select(Group.programme_id)
        .join(GroupSession, GroupSession.group_id == Group.id)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(Seat.patient_id == patient_id, Seat.state.not_in(("cancelled", "declined")), GroupSession.state.in_(("planned", "open")))
    )
    theirs = set(db.scalars(standing.union(coming)))
    return {programme_id: name for programme_id, name in programmes_in(db, patient.clinic_id).items() if programme_id in theirs}


def group_for(db: Session, viewer: Actor, group_id: str) -> GroupOfProgramme:
    """The group, if the viewer may know of it, with its members of today; NotFound otherwise."""
    group = programmes.group_for(db, viewer, group_id)
    members = programmes.member_ids(db, group.id, clock.today(programmes.clinic_of(db, viewer).zone))
    return GroupOfProgramme(group.id, group.clinic_id, group.name, group.programme_id, members)
