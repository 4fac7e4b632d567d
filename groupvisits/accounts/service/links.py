"""Links to patients' pages and room displays: only fingerprints are stored, and only a POST uses a patient's link."""

from typing import Any

from sqlalchemy import select, update

from groupvisits.accounts import emails, queries, rules
from groupvisits.accounts.events import PatientLinkAskedFor
from groupvisits.accounts.models import Clinic, PatientLink, RoomDisplay, SignInAttempt, StaffMember, StaffRole
from groupvisits.accounts.permissions import POLICY
from groupvisits.accounts.service.sign_in import public_address
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction


def make_patient_link(tx: Transaction, actor: Actor, patient: Any) -> str:
    """A link that opens this patient's pages once, within 14 days; return its token, which is stored nowhere."""
    POLICY.require(actor, "accounts:make_patient_link", patient)
    token, now = ids.new_token(), clock.now()
    tx.add(PatientLink(id=ids.fingerprint(token), clinic_id=patient.clinic_id, patient_id=patient.id, made_at=now, ends_at=now + rules.LINK_LASTS))
    audit.record(tx, actor, "accounts:make_patient_link", patient)
    return token


def use_patient_link(tx: Transaction, token: str) -> PatientLink:
    """The link is used up and was used by exactly one browser; refuses with LinkUsed one that was used, refused or is too old."""
    now = clock.now()
    used = update(PatientLink).where(
        PatientLink.id == ids.fingerprint(token), PatientLink.used_at.is_(None), PatientLink.refused_at.is_(None), PatientLink.ends_at > now
    )
    if tx.execute(used.values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise rules.LinkUsed
    link = tx.get_one(PatientLink, ids.fingerprint(token))
    audit.record(tx, actors.patient(link.patient_id, link.clinic_id), "accounts:use_patient_link", patient=link.patient_id)
    return link


def ask_for_new_link(tx: Transaction, token: str) -> None:
    """If the clinic has an address of the patient this used link was made for, a fresh one is on its way there. Says nothing about whether.

    At most three in fifteen minutes; a link that was said to be somebody else's brings nothing.
    """
    link = tx.get(PatientLink, ids.fingerprint(token))
    if link is None or link.refused_at is not None:
        return
    key = f"new link:{link.patient_id}"
    if queries.failed_attempts(tx, key) >= 3:
        return
    tx.add(SignInAttempt(id=ids.new_id(), key=ids.fingerprint(key), at=clock.now()))
    audit.record(tx, actors.system(link.clinic_id), "accounts:ask_for_new_link", patient=link.patient_id)
    tx.announce(PatientLinkAskedFor(link.clinic_id, link.patient_id))


def not_for_me(tx: Transaction, token: str) -> None:
    """The link no longer works, and the clinic's coordinators are told to check the patient's contact data. Twice is the same as once."""
    link = tx.get(PatientLink, ids.fingerprint(token), with_for_update=True)
    if link is None:
        raise NotFound
    if link.used_at or link.refused_at:
        return
    link.refused_at = clock.now()
    clinic = tx.get_one(Clinic, link.clinic_id)
    audit.record(tx, actors.system(clinic.id), "accounts:link_not_theirs", patient=link.patient_id)
    coordinators = select(StaffMember).join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
    for coordinator in tx.scalars(coordinators.where(StaffMember.clinic_id == clinic.id, StaffMember.active, StaffRole.name == "coordinator")):
        emails.link_was_not_theirs(tx, clinic, coordinator, public_address(f"/patients/{link.patient_id}"))


def make_room_display(tx: Transaction, actor: Actor, clinic_id: str, session_id: str) -> str:
    """A screen on a wall may show this session and nothing else; return the token of its address. The caller found the session for the actor."""
    display = RoomDisplay(id=ids.new_id(), clinic_id=clinic_id, session_id=session_id, made_at=clock.now(), token="")
    POLICY.require(actor, "accounts:make_room_display", display)
    token = ids.new_token()
    display.token = ids.fingerprint(token)
    tx.add(display)
    tx.flush()
    audit.record(tx, actor, "accounts:make_room_display", display, session_id=session_id)
    return token
