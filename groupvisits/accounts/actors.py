"""Who is behind a request or a socket, looked up in the database each time."""

from typing import Any

from flask import session as browser_session
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from groupvisits.accounts.browser_sessions import is_alive, live_row
from groupvisits.accounts.models import BrowserSession, RoomDisplay, StaffMember
from groupvisits.core import actor as actors
from groupvisits.core import clock
from groupvisits.core.actor import ANYONE, Actor
from groupvisits.core.statements import Statement, columns, table_of
from groupvisits.extensions import db


def actor_of_request() -> Actor:
    """The signed-in person of this HTTP request, or ANYONE."""
    if not browser_session.token:  # type: ignore[attr-defined]
        return ANYONE
    row = live_row(browser_session.fingerprint)  # type: ignore[attr-defined]
    return (_actor(db.session(), row) if row else None) or ANYONE


def actor_of_token(fingerprint: str) -> Actor | None:
    """The signed-in person of this browser session, or None when it has ended or nobody is signed in with it."""
    return find_actor(db.session(), fingerprint)


def find_actor(session: Session, fingerprint: str) -> Actor | None:
    """The same, read in the given transaction: at each event of each socket, so by a statement."""
    row = _BROWSER_SESSION.one(session, fingerprint=fingerprint) if fingerprint else None
    return _actor(session, row) if row is not None and is_alive(row, clock.now()) else None


_BROWSER_SESSION = Statement(
    select(*columns(BrowserSession, "id", "staff_member_id", "patient_id", "display_id", "data", "seen_at", "ends_at")).where(
        table_of(BrowserSession).c.id == bindparam("fingerprint")
    )
)


def _actor(session: Session, row: Any) -> Actor | None:
    if row.staff_member_id:
        member = session.get(StaffMember, row.staff_member_id)
        if member is None or not member.active:
            return None
        # Without the second factor their clinic requires, nobody is more than a newcomer.
        roles = {"newcomer"} if row.data.get("needs_second_factor") else {role.name for role in member.roles}
        return actors.staff(member.id, member.clinic_id, roles, member.name, row.id)
    if row.patient_id:
        return actors.patient(row.patient_id, row.data.get("clinic_id", ""), row.data.get("name", ""), row.id)
    if row.display_id:
        display = session.get(RoomDisplay, row.display_id)
        return actors.display(display.id, display.clinic_id, display.session_id, row.id) if display else None
    return None
