"""Who somebody comes together with, and which family or friends come along."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.patients.models import CarePartner, Pair, Patient
from groupvisits.patients.permissions import POLICY


@dataclass(frozen=True)
class Company:
    """The other patient of a pair, if any, and the care partners who come along now."""

    other: Patient | None
    care_partners: Sequence[CarePartner]


def company_of(db: Session, viewer: Actor, patient: Patient) -> Company:
    """With whom this patient comes; for those who look patients up."""
    POLICY.require(viewer, "patients:read", patient)
    query = select(CarePartner).where(CarePartner.patient_id == patient.id, CarePartner.ended_at.is_(None)).order_by(CarePartner.name, CarePartner.id)
    return Company(other_of(db, patient.id), db.scalars(query).all())


def pair_of(db: Session, patient_id: str) -> Pair | None:
    """The pair that somebody is one of. For verbs and reads that have found the patient."""
    return db.scalar(select(Pair).where(or_(Pair.first_id == patient_id, Pair.second_id == patient_id)))


def other_of(db: Session, patient_id: str) -> Patient | None:
    """The other of their pair."""
    pair = pair_of(db, patient_id)
    return None if pair is None else db.get(Patient, pair.second_id if pair.first_id == patient_id else pair.first_id)


def usual_companions(db: Session, patient_ids: Iterable[str]) -> dict[str, int]:
    """Patient -> how many care partners usually come along; who is not in it comes alone. The caller has found these patients."""
    query = (
        select(CarePartner.patient_id, func.count())
        .where(CarePartner.patient_id.in_(list(patient_ids)), CarePartner.ended_at.is_(None), CarePartner.usually_comes)
        .group_by(CarePartner.patient_id)
    )
    return dict(db.execute(query).all())  # type: ignore[arg-type]
