"""The verbs of recruitment: who could join a group, who was contacted, who agreed. Whether somebody then comes is counted from seats."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.patients.queries import MAX_IN_ONE_QUESTION, came_in_with
from groupvisits.programmes import queries, rules
from groupvisits.programmes.models import Membership, Recruit
from groupvisits.programmes.permissions import POLICY
from groupvisits.programmes.service import add_member, remove_member

STEPS = {"contacted": "contacted_at", "agreed": "agreed_at", "declined": "declined_at"}


def note_eligible(
    tx: Transaction, actor: Actor, group_id: str, *, patient_ids: Sequence[str] = (), numbers: Sequence[str] = (), import_id: str = ""
) -> dict[str, int]:
    """These patients are on the group's list of who could join; whoever is there already stays as they are. Returns {"added", "already"}.

    Given by id, by record number, or as everybody who came in with one roster. Refuses as a whole, and names them, record numbers that
    nobody active in the clinic has.
    """
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:recruit", standing)
    found = _active(tx, standing.clinic_id, Patient.id, patient_ids)
    if len(found) < len(set(patient_ids)):
        raise NotFound
    found |= _by_number(tx, standing.clinic_id, numbers)
    found |= set(came_in_with(tx, actor, import_id)) if import_id else set()
    already = set(tx.scalars(select(Recruit.patient_id).where(Recruit.group_id == group_id)))
    added = sorted(found - already)
    now = clock.now()
    tx.add_all(Recruit(id=ids.new_id(), group_id=group_id, patient_id=patient_id, eligible_at=now) for patient_id in added)
    tx.flush()
    if added:
        audit.record(tx, actor, "programmes:note_eligible", standing.group, added=len(added), patients=added[:50])
    return {"added": len(added), "already": len(found) - len(added)}


def note_step(tx: Transaction, actor: Actor, group_id: str, patient_id: str, *, step: str) -> dict[str, str]:
    """Somebody on the list was "contacted", "agreed", or "declined". Who agreed is a member of the group from now on.

    Refuses to note a no from a member. Twice is the same as once.
    """
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:recruit", standing)
    recruit, now = _recruit(tx, group_id, patient_id), clock.now()
    if getattr(recruit, STEPS[step]) is not None and not (step == "contacted" and recruit.declined_at):
        return {"step": step}
    if step == "declined" and _is_member(tx, group_id, patient_id):
        raise rules.IsMember
    recruit.contacted_at = recruit.contacted_at or now
    recruit.declined_at = now if step == "declined" else None
    recruit.agreed_at = now if step == "agreed" else None
    tx.flush()
    audit.record(tx, actor, "programmes:note_step", standing.group, patient=patient_id, step=step)
    if step == "agreed":
        add_member(tx, actor, group_id, patient_id)
    return {"step": step}


def take_back_step(tx: Transaction, actor: Actor, group_id: str, patient_id: str, *, step: str) -> dict[str, str]:
    """A step noted by mistake is gone; "eligible" takes the person off the list. A membership that a yes made today ends with it.

    Refuses what a later step rests on, and a yes of somebody who has been a member since before today. Twice is the same as once.
    """
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:recruit", standing)
    if step == "eligible":
        recruit = tx.scalar(select(Recruit).where(Recruit.group_id == group_id, Recruit.patient_id == patient_id))
        if recruit is None:
            return {"step": step}
        if recruit.contacted_at or recruit.agreed_at or recruit.declined_at:
            raise rules.LaterStep
        tx.delete(recruit)
    else:
        recruit = _recruit(tx, group_id, patient_id)
        if getattr(recruit, STEPS[step]) is None:
            return {"step": step}
        if step == "contacted" and (recruit.agreed_at or recruit.declined_at):
            raise rules.LaterStep
        if step == "agreed":
            _end_membership_of_today(tx, actor, group_id, patient_id, recruit.agreed_at)
        setattr(recruit, STEPS[step], None)
    tx.flush()
    audit.record(tx, actor, "programmes:take_back_step", standing.group, patient=patient_id, step=step)
    return {"step": step}


def _end_membership_of_today(tx: Transaction, actor: Actor, group_id: str, patient_id: str, agreed_at: datetime | None) -> None:
    membership = tx.scalar(select(Membership).where(Membership.group_id == group_id, Membership.patient_id == patient_id, Membership.until.is_(None)))
    if membership is None:
        return
    zone = queries.clinic_of(tx, actor).zone
    if agreed_at is None or not membership.since == clock.local(agreed_at, zone).date() == clock.today(zone):
        raise rules.MemberSince
    remove_member(tx, actor, group_id, patient_id)


def _is_member(tx: Transaction, group_id: str, patient_id: str) -> bool:
    query = select(Membership.id).where(Membership.group_id == group_id, Membership.patient_id == patient_id, Membership.until.is_(None))
    return tx.scalar(query) is not None


def _recruit(tx: Transaction, group_id: str, patient_id: str) -> Recruit:
    recruit = tx.scalar(select(Recruit).where(Recruit.group_id == group_id, Recruit.patient_id == patient_id))
    if recruit is None:
        raise NotFound
    return recruit


def _by_number(tx: Transaction, clinic_id: str, numbers: Sequence[str]) -> set[str]:
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    rules.check_numbers(wanted)
    known: dict[str, str] = {}
    for part in _parts(wanted):
        query = select(Patient.record_number, Patient.id).where(Patient.clinic_id == clinic_id, Patient.is_active, Patient.record_number.in_(part))
        known.update({str(number): patient_id for number, patient_id in tx.execute(query)})
    if unknown := [number for number in wanted if number not in known]:
        raise rules.UnknownNumbers(field="numbers", numbers=rules.named(unknown))
    return set(known.values())


def _active(tx: Transaction, clinic_id: str, column: object, values: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in _parts(list(values)):
        found |= set(tx.scalars(select(Patient.id).where(Patient.clinic_id == clinic_id, Patient.is_active, column.in_(part))))  # type: ignore[attr-defined]
    return found


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + MAX_IN_ONE_QUESTION] for start in range(0, len(values), MAX_IN_ONE_QUESTION))
