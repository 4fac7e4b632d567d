"""The gap-free count of what was accepted in a session."""

from sqlalchemy import update

from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession


def next_version(tx: Transaction, session_id: str) -> int:
    """Count one more accepted live command and return the session's new version: +1 each time, without a gap.

    Holds the session's row until the commit, so that versions are given in the order of the commits.
    """
    version = tx.scalar(
        update(GroupSession).where(GroupSession.id == session_id).values(version=GroupSession.version + 1).returning(GroupSession.version),
        execution_options={"synchronize_session": "fetch"},
    )
    if version is None:
        raise NotFound
    return version


def people_changed(tx: Transaction, session_id: str, *patients: str) -> None:
    """Tell the room that its people changed; `patients` are those whose own part did."""
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), people=True, patients=patients))
