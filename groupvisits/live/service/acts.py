"""What verbs of the room begin and end with: the place, and the one version, audit row and announcement of an accepted act."""

from typing import Any

from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.live.permissions import POLICY
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession
from groupvisits.sessions.queries import Place, place_for
from groupvisits.sessions.service import next_version

Result = dict[str, object]


def place_in(tx: Transaction, actor: Actor, session_id: str, action: str) -> Place:
    # The session's row is held from here on: what the rules look at cannot change before the commit.
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, action, place)
    return place


def run_changed(
    tx: Transaction, actor: Actor, action: str, group_session: GroupSession, subject: Any, *, patients: tuple[str, ...] = (), **details: object
) -> Result:
    """Everybody sees the visit's run as it is now; these patients their own part as well."""
    version = next_version(tx, group_session.id)
    audit.record(tx, actor, action, subject, session_id=group_session.id, version=version, **details)
    tx.announce(SessionChanged(group_session.id, version, run=True, patients=patients))
    return {"version": version}
