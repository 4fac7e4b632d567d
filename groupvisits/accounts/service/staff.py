"""Accounts of staff, kept by the clinic's administrators."""

from collections.abc import Collection

from sqlalchemy import select, update

from groupvisits.accounts import emails, queries, rules
from groupvisits.accounts.browser_sessions import end_sessions
from groupvisits.accounts.models import BrowserSession, Clinic, SignInAttempt, StaffInvitation, StaffMember, StaffRole
from groupvisits.accounts.permissions import POLICY
from groupvisits.accounts.service.sign_in import public_address
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import STAFF_ROLES, Actor
from groupvisits.core.transaction import Transaction


def invite(tx: Transaction, actor: Actor, *, name: str, email: str, roles: Collection[str]) -> dict[str, str]:
    """A new account waits for its owner to choose a password by the link sent to them. Refuses a known address."""
    POLICY.require(actor, "accounts:manage_staff")
    clinic = tx.get_one(Clinic, actor.clinic_id)
    member = StaffMember(
        id=ids.new_id(), clinic_id=clinic.id, name=name, email=email.strip().lower(), active=True, fs_uniquifier=ids.new_token(), create_datetime=clock.now()
    )
    member.roles = _roles(roles)
    with tx.refused_as(rules.AddressTaken(field="email"), "uq_staff_members_email"):
        tx.add(member)
    audit.record(tx, actor, "accounts:invite", member, roles=sorted(roles))
    emails.invite(tx, clinic, member, _fresh_link(tx, member))
    return {"staff_member_id": member.id}


def send_invitation_again(tx: Transaction, actor: Actor, staff_member_id: str) -> None:
    """A fresh link is on its way; older ones no longer work."""
    member = queries.staff_member_for(tx, actor, staff_member_id)
    audit.record(tx, actor, "accounts:send_invitation_again", member)
    emails.invite(tx, tx.get_one(Clinic, member.clinic_id), member, _fresh_link(tx, member))


def ask_for_new_password(tx: Transaction, email: str) -> None:
    """If somebody signs in with this address, a link to choose a new password is on its way. Tells nobody whether it was.

    At most three in fifteen minutes: a mailbox must not be filled by a stranger.
    """
    key = f"help:{email.strip().lower()}"
    if queries.failed_attempts(tx, key) >= 3:
        return
    tx.add(SignInAttempt(id=ids.new_id(), key=ids.fingerprint(key), at=clock.now()))
    member = queries.by_email(tx, email)
    if member is None:
        return
    audit.record(tx, actors.system(member.clinic_id), "accounts:ask_for_new_password", member)
    emails.new_password(tx, tx.get_one(Clinic, member.clinic_id), member, _fresh_link(tx, member))


def choose_password(tx: Transaction, token: str, hashed_password: str) -> str:
    """The person's password is the new one, the link is used up, and whatever was signed in with the old one has ended; return their id."""
    _, member = queries.open_invitation(tx, token)
    used = update(StaffInvitation).where(StaffInvitation.id == ids.fingerprint(token), StaffInvitation.used_at.is_(None)).values(used_at=clock.now())
    if tx.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        raise rules.LinkUsed
    member.password = hashed_password
    end_sessions(tx, BrowserSession.staff_member_id == member.id)
    audit.record(tx, actors.staff(member.id, member.clinic_id, set()), "accounts:choose_password", member)
    return member.id


def disable(tx: Transaction, actor: Actor, staff_member_id: str) -> None:
    """The person can no longer sign in, and what they have open ends now. What they did and wrote stays."""
    _one_change_at_a_time(tx, actor)
    member = queries.staff_member_for(tx, actor, staff_member_id)
    rules.check_keeps_an_administrator(queries.other_active_administrators(tx, member), stays_administrator=not _is_administrator(member))
    member.active = False
    end_sessions(tx, BrowserSession.staff_member_id == member.id)
    audit.record(tx, actor, "accounts:disable", member)


def enable(tx: Transaction, actor: Actor, staff_member_id: str) -> None:
    member = queries.staff_member_for(tx, actor, staff_member_id)
    member.active = True
    audit.record(tx, actor, "accounts:enable", member)


def change_roles(tx: Transaction, actor: Actor, staff_member_id: str, *, roles: Collection[str]) -> None:
    """The person has exactly these roles and signs in anew with them. Never takes the last administrator."""
    _one_change_at_a_time(tx, actor)
    member = queries.staff_member_for(tx, actor, staff_member_id)
    others = queries.other_active_administrators(tx, member)
    rules.check_keeps_an_administrator(others, stays_administrator="admin" in roles or not _is_administrator(member))
    if {role.name for role in member.roles} == set(roles):
        return
    wanted = {role.name: role for role in _roles(roles)}
    member.roles = [role for role in member.roles if role.name in wanted] + [
        role for name, role in wanted.items() if name not in {r.name for r in member.roles}
    ]
    end_sessions(tx, BrowserSession.staff_member_id == member.id)
    audit.record(tx, actor, "accounts:change_roles", member, roles=sorted(roles))


def reset_second_factor(tx: Transaction, actor: Actor, staff_member_id: str) -> None:
    """The person sets their authenticator up anew at the next sign-in (a lost phone)."""
    member = queries.staff_member_for(tx, actor, staff_member_id)
    member.tf_primary_method = member.tf_totp_secret = member.mf_recovery_codes = None
    member.tf_last_step = 0
    end_sessions(tx, BrowserSession.staff_member_id == member.id)
    audit.record(tx, actor, "accounts:reset_second_factor", member)


def _one_change_at_a_time(tx: Transaction, actor: Actor) -> None:
    """Two administrators who disable each other at the same moment must not both find that one is left."""
    tx.get(Clinic, actor.clinic_id, with_for_update=True)


def _roles(names: Collection[str]) -> list[StaffRole]:
    known = [name for name in STAFF_ROLES if name in names]
    if not known:
        raise rules.RoleNeeded(field="roles")
    return [StaffRole(name=name) for name in known]


def _is_administrator(member: StaffMember) -> bool:
    return any(role.name == "admin" for role in member.roles)


def _fresh_link(tx: Transaction, member: StaffMember) -> str:
    now = clock.now()
    for older in tx.scalars(select(StaffInvitation).where(StaffInvitation.staff_member_id == member.id, StaffInvitation.used_at.is_(None))):
        older.used_at = now
    token = ids.new_token()
    tx.add(StaffInvitation(id=ids.fingerprint(token), staff_member_id=member.id, made_at=now, ends_at=now + rules.INVITATION_LASTS))
    return public_address(f"/invitations/{token}")
