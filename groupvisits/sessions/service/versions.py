"""The gap-free count of what was accepted in a session."""

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from groupvisits.core.errors import NotFound
from groupvisits.core.statements import Statement, table_of
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession


def next_version(tx: Transaction, session_id: str) -> int:
    """Count one more accepted live command and return the session's new version: +1 each time, without a gap.

    Holds the session's row until the commit, so that versions are given in the order of the commits.
    """
    version = _NEXT.value(tx, session_id=session_id)
    if version is None:
        raise NotFound
    known = tx.identity_map and tx.identity_map.get(identity_key(GroupSession, session_id))
    if known:
        set_committed_value(known, "version", version)
    return version


_SESSIONS = table_of(GroupSession)
_NEXT = Statement(update(_SESSIONS).where(_SESSIONS.c.id == bindparam("session_id")).values(version=_SESSIONS.c.version + 1).returning(_SESSIONS.c.version))


def people_changed(tx: Transaction, session_id: str, *patients: str) -> None:
    """Tell the room that its people changed; `patients` are those whose own part did."""
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), people=True, patients=patients))
