"""The call list: each call is ticked with what the person said."""

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.outbox.models import OutboxMessage
from groupvisits.sessions.models import Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.service.answers import answer_for
from groupvisits.sessions.service.messages import held_message


def note_call(tx: Transaction, actor: Actor, message_id: str, *, outcome: str, over_maximum_reason: str = "") -> dict[str, str]:
    """The call is made, and a yes or no is the person's answer for the date; "not_reached" keeps it on the list and counts the tries.

    Refuses with NotOnTheList a call that was ticked before, and like `answer_for` what an answer refuses; then nothing is ticked.
    """
    call = _call(tx, actor, message_id)
    if outcome == "not_reached":
        call.attempts += 1
        call.problem = "Not reached."
    else:
        if outcome in ("yes", "no"):
            seat = tx.scalar(select(Seat).where(Seat.session_id == call.session_id, Seat.patient_id == call.patient_id))
            if seat is None or call.session_id is None:
                raise NotFound
            answer_for(tx, actor, call.session_id, seat.id, answer=outcome, over_maximum_reason=over_maximum_reason)
        call.state, call.sent_at, call.attempts, call.problem = "sent", clock.now(), call.attempts + 1, ""
    audit.record(tx, actor, "sessions:note_call", call, session_id=call.session_id or "", patient=call.patient_id, outcome=outcome)
    return {"state": call.state}


def _call(tx: Transaction, actor: Actor, message_id: str) -> OutboxMessage:
    call = held_message(tx, message_id)
    if call is None or call.channel != "call":
        POLICY.require(actor, "sessions:message")
        raise NotFound
    POLICY.require(actor, "sessions:message", call)
    if call.state != "waiting":
        raise rules.NotOnTheList
    return call


def settle(tx: Transaction, actor: Actor, message_id: str) -> None:
    """A message that came back needs nobody any more: the person was told otherwise. Twice is once."""
    message = tx.get(OutboxMessage, message_id, with_for_update=True)
    if message is None or not message.patient_id:
        POLICY.require(actor, "sessions:message")
        raise NotFound
    POLICY.require(actor, "sessions:message", message)
    if message.state == "failed":
        message.state = "withdrawn"
        audit.record(tx, actor, "sessions:settle_message", message, session_id=message.session_id or "", patient=message.patient_id)
