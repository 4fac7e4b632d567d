"""Opening and closing the room, and cancelling a date."""

from collections.abc import Sequence

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SessionCancelled, SessionChanged, SessionClosed, SessionOpened
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules.states import SAID_YES
from groupvisits.sessions.service import scheduler, team_mail
from groupvisits.sessions.service.messages import plan_notice, withdraw_notices
from groupvisits.sessions.service.versions import next_version


def open_session(tx: Transaction, actor: Actor, session_id: str) -> None:
    """The room is open: its join code exists and phones may come in. Opening an open room changes nothing."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:open", place)
    group_session = place.group_session
    if group_session.state == "open":
        return
    rules.check_can_open(group_session.state)
    group_session.state, group_session.opened_at, group_session.join_code = "open", clock.now(), ids.new_code()
    tx.flush()
    audit.record(tx, actor, "sessions:open", group_session, session_id=session_id)
    tx.announce(SessionOpened(session_id))
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), run=True))


def close_session(tx: Transaction, actor: Actor, session_id: str, *, unseen: Sequence[str] = (), because: Sequence[str] = ()) -> dict[str, object]:
    """The visit is over: arrived people attended, the others did not come; whoever listens parks topics and opens the feedback form.

    `unseen` are the seats of those who came and were not seen one-on-one, `because` says why, in the same order; who keeps the
    one-on-ones refuses to end them without (see slots.service.on_session_ended). Closing a closed visit changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:close", place)
    group_session = place.group_session
    if group_session.state == "closed":
        return {"version": group_session.version}
    rules.check_can_close(group_session.state)
    group_session.state, group_session.closed_at, group_session.join_code = "closed", clock.now(), None
    group_session.current_topic_id = group_session.topic_ends_at = None
    for seat in tx.scalars(select(Seat).where(Seat.session_id == session_id)):
        if seat.state == "arrived":
            seat.state = "attended"
        elif seat.state == "confirmed":
            seat.state = "no_show"
    tx.flush()
    audit.record(tx, actor, "sessions:close", group_session, session_id=session_id)
    version = next_version(tx, session_id)
    tx.announce(SessionClosed(session_id, tuple(zip(unseen, because, strict=False))))
    tx.announce(SessionChanged(session_id, version, everything=True))
    return {"version": version}


def cancel_session(tx: Transaction, actor: Actor, session_id: str, *, reason: str) -> None:
    """This date does not take place; the answers given to it stay on record. The group's other dates are untouched.

    Whoever said yes, waits for a place or was asked by a message is told, the team as well; what was planned to be said about it is not.

    Refuses without a reason and once the room has been opened. Cancelling a cancelled date changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:cancel", place)
    group_session = place.group_session
    if group_session.state == "cancelled":
        return
    rules.check_can_cancel(group_session.state, reason)
    group_session.state, group_session.cancel_reason = "cancelled", reason.strip()[:200]
    tx.flush()
    told = _tell_of_cancellation(tx, actor, group_session)
    audit.record(tx, actor, "sessions:cancel", group_session, session_id=session_id, reason=group_session.cancel_reason, told=told)
    tx.announce(SessionCancelled(session_id))
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), everything=True))


def _tell_of_cancellation(tx: Transaction, actor: Actor, group_session: GroupSession) -> int:
    """How many patients will hear of it. The clinic's main scheduler is to forget those who said yes; it never knew of an offer."""
    told = queries.who_to_tell(tx, [group_session.id]).get(group_session.id, frozenset())
    for patient_id, state in tx.execute(select(Seat.patient_id, Seat.state).where(Seat.session_id == group_session.id).order_by(Seat.id)).all():
        withdraw_notices(tx, group_session.id, patient_id)
        if patient_id in told:
            plan_notice(tx, actor, group_session, patient_id, "date_cancelled", facts={"waited": True} if state == "waitlisted" else None)
        if state in SAID_YES:
            scheduler.note_change(tx, group_session, patient_id, "cancel")
    team_mail.date_cancelled(tx, actor, group_session)
    return len(told)
