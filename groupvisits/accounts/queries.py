"""Reads of accounts. Staff of a clinic are seen by its administrators; everything else here belongs to the person or link itself."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.accounts import alarm_phrases, rules
from groupvisits.accounts.browser_sessions import is_alive
from groupvisits.accounts.models import BrowserSession, Clinic, Installation, PatientLink, RoomDisplay, SignInAttempt, StaffInvitation, StaffMember, StaffRole
from groupvisits.accounts.permissions import POLICY
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.language import LANGUAGES


def clinic_of(db: Session, viewer: Actor) -> Clinic:
    """The viewer's clinic, for its administrator."""
    POLICY.require(viewer, "accounts:change_settings")
    return db.get_one(Clinic, viewer.clinic_id)


@dataclass(frozen=True)
class AlarmList:
    """One language's phrases as the clinic uses them. `waiting`: the shipped ones, where they are off because nobody has reviewed them."""

    language: str
    phrases: Sequence[str]
    is_own: bool
    waiting: Sequence[str]


def alarm_lists_of(clinic: Clinic) -> list[AlarmList]:
    """The phrases at which a person is to look at once, for every language there is; for the clinic's administrator."""
    own, shipped = clinic.alarm_phrases or {}, alarm_phrases.shipped()
    used = alarm_phrases.in_use(clinic.alarm_phrases, clinic.languages, is_demo=clinic.is_demo)
    return [AlarmList(language, used.get(language, ()), language in own, () if used.get(language) else shipped[language].phrases) for language in LANGUAGES]


def shown_clinic(db: Session, viewer: Actor) -> Clinic | None:
    """The clinic whose name and phone stand on the page: the viewer's, or the only one there is."""
    if viewer.clinic_id:
        return db.get(Clinic, viewer.clinic_id)
    clinics = db.scalars(select(Clinic).limit(2)).all()
    return clinics[0] if len(clinics) == 1 else None


def offered_languages(db: Session) -> list[str]:
    """The languages any clinic of this installation offers its patients."""
    return sorted({code for codes in db.scalars(select(Clinic.languages)) for code in codes} | {"en"})


def has_clinic(db: Session) -> bool:
    return db.scalar(select(Clinic.id).limit(1)) is not None


def check_setup_code(db: Session, code: str) -> None:
    """Refuse with WrongSetupCode what is not the one-time code of this empty installation."""
    installation = db.get(Installation, 1)
    if installation is None or not hmac.compare_digest(installation.setup_code, ids.fingerprint(ids.tidy_code(code))):
        raise rules.WrongSetupCode(field="code")


def asks_for_codes(db: Session) -> bool:
    """Whether any clinic of this installation requires the second factor; for a page that does not yet know who reads it."""
    return db.scalar(select(Clinic.id).where(Clinic.two_factor_required).limit(1)) is not None


def staff_of(db: Session, viewer: Actor) -> Sequence[StaffMember]:
    POLICY.require(viewer, "accounts:manage_staff")
    return db.scalars(select(StaffMember).where(StaffMember.clinic_id == viewer.clinic_id).order_by(StaffMember.active.desc(), StaffMember.name)).all()


def staff_names(db: Session, viewer: Actor) -> dict[str, str]:
    """The names of everybody who works or worked in the viewer's clinic, by id. For pages that already found their rows for the viewer."""
    rows = db.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.clinic_id == viewer.clinic_id))
    return {row.id: row.name for row in rows}


def staff_member_for(db: Session, viewer: Actor, staff_member_id: str) -> StaffMember:
    POLICY.require(viewer, "accounts:manage_staff")
    member = db.get(StaffMember, staff_member_id)
    if member is None or member.clinic_id != viewer.clinic_id:
        raise NotFound
    return member


def other_active_administrators(db: Session, member: StaffMember) -> int:
    """How many others could still keep the clinic's accounts: those who were invited and never came do not count."""
    query = select(func.count()).select_from(StaffMember).join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
    able = (StaffMember.active, StaffMember.password.is_not(None), StaffRole.name == "admin")
    return db.scalar(query.where(StaffMember.clinic_id == member.clinic_id, StaffMember.id != member.id, *able)) or 0


def by_email(db: Session, email: str) -> StaffMember | None:
    """The person who signs in with this address, if they may."""
    member = db.scalar(select(StaffMember).where(StaffMember.email == email.strip().lower()))
    return member if member is not None and member.active else None


def active_member(db: Session, staff_member_id: str) -> StaffMember | None:
    """The person between the password and the code."""
    member = db.get(StaffMember, staff_member_id)
    return member if member is not None and member.active else None


def own_account(db: Session, viewer: Actor) -> StaffMember:
    if viewer.kind != "staff":
        raise NotFound
    return db.get_one(StaffMember, viewer.id)


def failed_attempts(db: Session, key: str) -> int:
    since = clock.now() - rules.WINDOW
    return db.scalar(select(func.count()).select_from(SignInAttempt).where(SignInAttempt.key == ids.fingerprint(key), SignInAttempt.at > since)) or 0


def open_invitation(db: Session, token: str) -> tuple[StaffInvitation, StaffMember]:
    """The invitation behind a token that still works; refuses with LinkUsed."""
    invitation = db.get(StaffInvitation, ids.fingerprint(token))
    if invitation is None or not rules.is_usable(invitation.used_at, invitation.ends_at, clock.now()):
        raise rules.LinkUsed
    member = db.get_one(StaffMember, invitation.staff_member_id)
    if not member.active:
        raise rules.LinkUsed
    return invitation, member


def patient_link(db: Session, token: str) -> tuple[PatientLink, Clinic, bool] | None:
    """The link behind a token, its clinic, and whether it still works; None for a token that never was."""
    link = db.get(PatientLink, ids.fingerprint(token))
    if link is None:
        return None
    return link, db.get_one(Clinic, link.clinic_id), rules.is_usable(link.used_at or link.refused_at, link.ends_at, clock.now())


def display_by_token(db: Session, token: str) -> RoomDisplay | None:
    return db.scalar(select(RoomDisplay).where(RoomDisplay.token == ids.fingerprint(token)))


def ended_by_idling(db: Session, fingerprint: str) -> bool:
    """Whether a staff member was signed in here and nothing happened for too long."""
    row, now = db.get(BrowserSession, fingerprint), clock.now()
    return row is not None and row.staff_member_id is not None and now < row.ends_at and not is_alive(row, now)
