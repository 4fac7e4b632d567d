"""Signing in and out: what is recorded, and codes that work once.

Passwords are compared before the transaction begins: hashing is slow, and nobody else could write meanwhile.
"""

from collections.abc import Sequence
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select, update

from groupvisits.accounts import passwords, queries, rules
from groupvisits.accounts.models import BrowserSession, SignInAttempt, StaffMember
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db, security


def count_attempt(tx: Transaction, email: str, network: str) -> list[str]:
    """One more try for this address and from this network, before anything is compared; return what `forgive_attempt` takes back.

    Refuses with TooManyAttempts. Counted first, because a hundred tries at once would all find the count still low.
    """
    by_email, by_network = f"email:{email.strip().lower()}", f"network:{network}"
    rules.check_attempts(queries.failed_attempts(tx, by_email), queries.failed_attempts(tx, by_network))
    return [_attempt(tx, by_email), _attempt(tx, by_network)]


def forgive_attempt(tx: Transaction, attempts: Sequence[str]) -> None:
    """The try was right and does not count."""
    tx.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(attempts)))


def note_failed_sign_in(tx: Transaction, email: str) -> None:
    """Audited where there is such a person."""
    member = queries.by_email(tx, email)
    if member is not None:
        audit.record(tx, actors.system(member.clinic_id), "accounts:failed_sign_in", member)


def note_sign_in(tx: Transaction, actor: Actor, *, with_second_factor: bool) -> None:
    """Audited; the address's failed tries are forgotten."""
    member = tx.get_one(StaffMember, actor.id)
    tx.execute(delete(SignInAttempt).where(SignInAttempt.key == ids.fingerprint(f"email:{member.email}")))
    audit.record(tx, actor, "accounts:sign_in", member, second_factor=with_second_factor)


def note_sign_out(tx: Transaction, actor: Actor) -> None:
    audit.record(tx, actor, "accounts:sign_out")


def forget_what_has_ended(tx: Transaction) -> None:
    """Tries and browser sessions that count for nothing any more are gone."""
    now = clock.now()
    tx.execute(delete(SignInAttempt).where(SignInAttempt.at < now - rules.WINDOW - timedelta(days=1)))
    tx.execute(delete(BrowserSession).where(BrowserSession.ends_at < now - timedelta(days=1)))


def accept_code(tx: Transaction, actor: Actor, code: str, *, secret: str | None = None) -> None:
    """The authenticator's code is right and now used up; refuses with WrongCode.

    `secret` is the one to check against while a second factor is being set up.
    """
    member = tx.get_one(StaffMember, actor.id)
    if not security.totp_factory.verify_totp("".join(code.split()), secret or member.tf_totp_secret or "", member, window=30):
        raise rules.WrongCode(field="code")
    step = member.matched_step  # type: ignore[attr-defined]
    used = tx.execute(
        update(StaffMember).where(StaffMember.id == member.id, StaffMember.tf_last_step < step).values(tf_last_step=step),
        execution_options={"synchronize_session": False},
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise rules.WrongCode(field="code")


def accept_recovery_code(tx: Transaction, actor: Actor, code: str) -> int:
    """The recovery code is right and now used up; return how many are left. Refuses with WrongCode."""
    member = tx.scalar(select(StaffMember).where(StaffMember.id == actor.id).with_for_update())
    kept = list((member.mf_recovery_codes if member else None) or [])
    given = passwords.recovery_fingerprint(code)
    if member is None or given not in kept:
        raise rules.WrongCode(field="code")
    kept.remove(given)
    member.mf_recovery_codes = kept
    audit.record(tx, actor, "accounts:use_recovery_code", member, left=len(kept))
    return len(kept)


def confirm_second_factor(tx: Transaction, actor: Actor, secret: str, code: str) -> list[str]:
    """From now on this authenticator is asked at sign-in; return eight recovery codes, shown once. Refuses with WrongCode."""
    accept_code(tx, actor, code, secret=secret)
    member = tx.get_one(StaffMember, actor.id)
    codes = security.totp_factory.generate_recovery_codes(8)
    member.tf_primary_method, member.tf_totp_secret = "authenticator", secret
    member.mf_recovery_codes = [passwords.recovery_fingerprint(code) for code in codes]
    audit.record(tx, actor, "accounts:set_up_second_factor", member)
    return codes


def verify_code_or_password(actor: Actor, secret: str) -> bool:
    """Whether whoever sits here is really `actor`: a fresh authenticator code, or the password where no second factor is set up.

    For acts that need more than an open page, such as signing a note. Throttled like a sign-in. Runs in transactions of its own,
    so a door calls it before the verb.
    """
    member = db.session.get(StaffMember, actor.id) if actor.kind == "staff" else None
    if member is None or not secret:
        return False
    attempt = run(_count_confirmation, actor)
    if _is_proof(actor, member, secret):
        run(forgive_attempt, [attempt])
        return True
    run(_note_failed_confirmation, actor)
    return False


def _is_proof(actor: Actor, member: StaffMember, secret: str) -> bool:
    if not member.tf_totp_secret:
        return passwords.is_right(secret, member)
    try:
        run(accept_code, actor, secret)
    except rules.WrongCode:
        return False
    return True


def _count_confirmation(tx: Transaction, actor: Actor) -> str:
    key = f"confirm:{actor.id}"
    rules.check_attempts(queries.failed_attempts(tx, key), 0)
    return _attempt(tx, key)


def _note_failed_confirmation(tx: Transaction, actor: Actor) -> None:
    audit.record(tx, actor, "accounts:failed_confirmation")


def _attempt(tx: Transaction, key: str) -> str:
    attempt = SignInAttempt(id=ids.new_id(), key=ids.fingerprint(key), at=clock.now())
    tx.add(attempt)
    return attempt.id


def public_address(path: str) -> str:
    return f"{current_app.extensions['config'].public_url}{path}"
