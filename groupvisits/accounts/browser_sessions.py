"""Server-side browser sessions: the cookie holds a random secret, our table its fingerprint and what it is signed in as.

Signing out, disabling an account or withdrawing a link deletes the row, and with it every copy of the cookie and the rights of
every open socket. Staff sessions end after 15 idle minutes and after 12 hours; a patient's phone stays known for half a year.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import bindparam, delete, update
from werkzeug.datastructures import CallbackDict

from groupvisits.accounts.events import BrowserSessionEnded
from groupvisits.accounts.models import BrowserSession
from groupvisits.core import clock, ids
from groupvisits.core.statements import Statement, table_of
from groupvisits.core.transaction import Transaction, run
from groupvisits.core.web import leaves_no_trace
from groupvisits.extensions import db

log = structlog.get_logger("accounts")
STAFF_IDLE = timedelta(minutes=15)
STAFF_AT_MOST = timedelta(hours=12)
PATIENT_AT_MOST = timedelta(days=180)
DISPLAY_AT_MOST = timedelta(hours=24)
NOBODY_AT_MOST = timedelta(days=1)
SEEN_EVERY = timedelta(minutes=1)
# Pages that refresh themselves say so: only what a person does keeps them signed in.
BACKGROUND_HEADER = "X-Background"


class DatabaseSession(CallbackDict, SessionMixin):
    """Flask's `session`. `sign_in_as` gives the browser a new secret, so that one planted before is worth nothing."""

    def __init__(self, token: str = "", row: BrowserSession | None = None) -> None:
        def on_update(self: "DatabaseSession") -> None:
            self.modified = True

        super().__init__(row.data if row else {}, on_update)
        self.token, self.new, self.modified = token, row is None, False
        self.staff_member_id = row.staff_member_id if row else None
        self.patient_id = row.patient_id if row else None
        self.display_id = row.display_id if row else None
        self.seen_at = row.seen_at if row else None
        self.replaces = ""

    @property
    def fingerprint(self) -> str:
        return ids.fingerprint(self.token) if self.token else ""

    def sign_in_as(self, *, staff_member_id: str | None = None, patient_id: str | None = None, display_id: str | None = None) -> None:
        self.replaces, self.token, self.new = self.fingerprint, ids.new_token(), True
        self.staff_member_id, self.patient_id, self.display_id = staff_member_id, patient_id, display_id
        self.modified = True

    def begin_anew(self, **who: str | None) -> None:
        """Sign in and keep nothing of what was here before, except the language and messages still to be shown."""
        kept = {key: self[key] for key in ("language", "_flashes") if key in self}
        self.clear()
        self.sign_in_as(**who)
        self.update(kept)

    def sign_out(self) -> None:
        self.begin_anew()

    @property
    def lasts(self) -> timedelta:
        if self.staff_member_id:
            return STAFF_AT_MOST
        if self.patient_id:
            return PATIENT_AT_MOST
        return DISPLAY_AT_MOST if self.display_id else NOBODY_AT_MOST


class DatabaseSessionInterface(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> DatabaseSession:
        if leaves_no_trace(request.path):
            return DatabaseSession()
        token = request.cookies.get(app.config["SESSION_COOKIE_NAME"], "")
        row = live_row(ids.fingerprint(token)) if token and request.endpoint != "static" else None
        return DatabaseSession(token, row) if row else DatabaseSession()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        from flask import request

        if leaves_no_trace(request.path):
            return  # a cookie, or a note that somebody was here, would tell who answered
        background = _is_background()
        if session.modified:
            if not session.token:
                session.token = ids.new_token()
            run(_store, session, is_activity=not background)
            response.set_cookie(
                app.config["SESSION_COOKIE_NAME"], session.token, max_age=int(session.lasts.total_seconds()), path="/",
                httponly=True, secure=app.config["SESSION_COOKIE_SECURE"], samesite="Lax",
            )  # fmt: skip
            response.vary.add("Cookie")
        elif session.seen_at and not background and session.seen_at < clock.now() - SEEN_EVERY:
            try:
                run(touch, session.fingerprint)
            except Exception:  # what was asked for is done, and saved: nobody is told that it failed because this could not be noted
                log.exception("not_noted_as_seen")


def live_row(fingerprint: str) -> BrowserSession | None:
    """The session with this fingerprint, unless it has ended or was idle too long."""
    row = db.session.get(BrowserSession, fingerprint)
    return row if row is not None and is_alive(row, clock.now()) else None


def is_alive(row: BrowserSession, now: datetime) -> bool:
    if now >= row.ends_at:
        return False
    return not row.staff_member_id or now - row.seen_at < STAFF_IDLE + SEEN_EVERY


def touch(tx: Transaction, fingerprint: str) -> None:
    """Note that the person did something."""
    _SEEN.do(tx, fingerprint=fingerprint, noted_at=clock.now())


_SESSIONS = table_of(BrowserSession)
_SEEN = Statement(update(_SESSIONS).where(_SESSIONS.c.id == bindparam("fingerprint")).values(seen_at=bindparam("noted_at")))


def end_sessions(tx: Transaction, *conditions: Any) -> None:
    """End every browser session that fits, and (after the commit) its open sockets."""
    from sqlalchemy import select

    for fingerprint in tx.scalars(select(BrowserSession.id).where(*conditions)).all():
        tx.announce(BrowserSessionEnded(fingerprint))
        tx.execute(delete(BrowserSession).where(BrowserSession.id == fingerprint))


def _store(tx: Transaction, session: DatabaseSession, *, is_activity: bool) -> None:
    now = clock.now()
    if session.replaces:
        end_sessions(tx, BrowserSession.id == session.replaces)
    row = tx.get(BrowserSession, session.fingerprint)
    if row is None:
        if not session.new:
            return  # ended meanwhile: what was signed out elsewhere does not come back
        row = BrowserSession(id=session.fingerprint, created_at=now, seen_at=now, ends_at=now + session.lasts)
        tx.add(row)
    row.staff_member_id, row.patient_id, row.display_id = session.staff_member_id, session.patient_id, session.display_id
    row.data = dict(session)
    if is_activity:
        row.seen_at = now


def _is_background() -> bool:
    from flask import request

    return BACKGROUND_HEADER in request.headers
