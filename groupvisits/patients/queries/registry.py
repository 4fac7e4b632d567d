"""Finding patients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules.person import fold, phone_digits

PAGE = 50
MAX_IN_ONE_QUESTION = 500  # SQLite and PostgreSQL take more, but not without end


@dataclass(frozen=True)
class Page:
    """One page of the registry and how much there is in all."""

    patients: Sequence[Patient]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE))


def patient_for(db: Session, viewer: Actor, patient_id: str, *, action: str = "patients:read") -> Patient:
    """The patient, if the viewer may do `action` with them; NotFound in another clinic, NotAllowed for other roles."""
    patient = db.get(Patient, patient_id)
    if patient is None:
        POLICY.require(viewer, action)
        raise NotFound
    POLICY.require(viewer, action, patient)
    return patient


def patients_for(db: Session, viewer: Actor, *, search: str = "", page: int = 1) -> Page:
    """One page of the viewer's clinic's patients by family name, those not active among them.

    `search` finds words that begin a name or are part of a record number, and three or more digits of a telephone number; accents
    and capitals do not matter.
    """
    POLICY.require(viewer, "patients:list")
    theirs = Patient.clinic_id == viewer.clinic_id
    order = (func.lower(Patient.family_name), func.lower(Patient.given_name), Patient.id)
    if search.strip():
        found = _found(db, viewer.clinic_id, search)
        number = _within(page, len(found))
        ids = found[(number - 1) * PAGE : number * PAGE]
        return Page(db.scalars(select(Patient).where(theirs, Patient.id.in_(ids)).order_by(*order)).all(), len(found), number)
    total = db.scalar(select(func.count()).select_from(Patient).where(theirs)) or 0
    number = _within(page, total)
    return Page(db.scalars(select(Patient).where(theirs).order_by(*order).offset((number - 1) * PAGE).limit(PAGE)).all(), total, number)


def own_profile(db: Session, patient_id: str) -> tuple[str, str]:
    """The display name and language of a patient who has just proved who they are by a link. For the door alone."""
    patient = db.get_one(Patient, patient_id)
    return patient.display_name, patient.language


def own_name(db: Session, viewer: Actor) -> str:
    """What the viewer, a patient, is called in the room; NotFound for somebody who takes part no more."""
    POLICY.require(viewer, "patients:choose_own_name")
    patient = db.get(Patient, viewer.id)
    if patient is None or not patient.is_active:
        raise NotFound
    return patient.display_name


@dataclass(frozen=True)
class OwnReach:
    """How a patient hears from the clinic, for themselves."""

    channel: str
    email: str
    phone: str
    takes_texts: bool
    stopped_texts: bool  # by answering STOP


def own_reach(db: Session, viewer: Actor) -> OwnReach:
    """The viewer's own, a patient's; NotFound for somebody who takes part no more."""
    POLICY.require(viewer, "patients:choose_own_channel")
    patient = db.get(Patient, viewer.id)
    if patient is None or not patient.is_active:
        raise NotFound
    return OwnReach(
        patient.channel,
        patient.email,
        patient.phone,
        patient.text_consent_at is not None and patient.text_stopped_at is None,
        patient.text_stopped_at is not None,
    )


def people_in(db: Session, clinic_id: str, patient_ids: Iterable[str]) -> dict[str, Patient]:
    """Id -> patient. For packages above, inside their own reads and verbs: the caller has checked the session or group these people belong to."""
    return {patient.id: patient for (patient,) in _rows(db, clinic_id, patient_ids, Patient)}


def clinic_of(db: Session, viewer: Actor) -> Clinic:
    """The viewer's own clinic: its country reads telephone numbers, its zone says what day it is."""
    clinic = db.get(Clinic, viewer.clinic_id)
    if clinic is None:
        raise NotFound
    return clinic


def _rows(db: Session, clinic_id: str, patient_ids: Iterable[str], *columns: object) -> Iterable[Sequence]:
    wanted = list(dict.fromkeys(patient_ids))
    for start in range(0, len(wanted), MAX_IN_ONE_QUESTION):
        yield from db.execute(select(*columns).where(Patient.clinic_id == clinic_id, Patient.id.in_(wanted[start : start + MAX_IN_ONE_QUESTION])))  # type: ignore[call-overload]


def _found(db: Session, clinic_id: str, search: str) -> list[str]:
    """Ids in the order of the list. The comparing is done here because no database folds accents the same way: 5,000 people take about 30 ms."""
    words, digits = fold(search[:200]).split(), phone_digits(search[:200])
    columns = (Patient.id, Patient.given_name, Patient.family_name, Patient.display_name, Patient.record_number, Patient.phone)
    found = [
        (family.lower(), given.lower(), patient_id)
        for patient_id, given, family, shown, number, phone in db.execute(select(*columns).where(Patient.clinic_id == clinic_id))
        if (digits and digits in phone) or _fits(words, f" {fold(f'{given} {family} {shown}')}", fold(number or ""))
    ]
    return [patient_id for _, _, patient_id in sorted(found)]


def _fits(words: list[str], names: str, number: str) -> bool:
    return all(f" {word}" in names or f"-{word}" in names or word in number for word in words)


def _within(page: int, total: int) -> int:
    return min(max(page, 1), max(1, -(-total // PAGE)))
