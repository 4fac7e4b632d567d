"""Queueing inside a verb's transaction; claiming, sending and noting what became of each message outside of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Select, and_, or_, select, update

from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import rules
from groupvisits.outbox.models import OutboxMessage

log = structlog.get_logger("outbox")


class Transport(Protocol):
    def send(self, message: OutboxMessage) -> None: ...


class AddressRefused(Exception):
    """The address does not work; trying again would not help."""


def queue(
    tx: Transaction, *, kind: str, clinic_id: str, address: str, subject: str, text: str, patient_id: str | None = None, due_at: datetime | None = None
) -> str:
    """Keep a message for sending at `due_at` (default: now), in the caller's transaction; return its id."""
    message = OutboxMessage(
        id=ids.new_id(), kind=kind, clinic_id=clinic_id, patient_id=patient_id, address=address, subject=subject, text=text,
        due_at=due_at or clock.now(), state="waiting", attempts=0, problem="",
    )  # fmt: skip
    tx.add(message)
    return message.id


def deliver_due(transport: Transport, *, at_most: int = 100) -> tuple[int, int]:
    """Send what is due, each message claimed first so that any number of workers is safe; return (sent, not sent).

    A message is sent at least once: a worker killed between sending and noting it sends it again.
    """
    sent = failed = 0
    if db.session.scalars(_claimable().limit(1)).first() is None:
        return 0, 0  # nothing to claim: most ticks never take the right to write
    for message in run(_claim, at_most):
        try:
            transport.send(message)
        except AddressRefused as refusal:
            run(_note_failure, message.id, str(refusal)[:200], final=True)
            failed += 1
        except Exception as problem:
            log.warning("message_not_sent", message=message.id, kind=message.kind, problem=type(problem).__name__)
            run(_note_failure, message.id, type(problem).__name__, final=False)
            failed += 1
        else:
            run(_note_sent, message.id)
            sent += 1
    return sent, failed


def _claimable() -> Select[OutboxMessage]:
    now = clock.now()
    due = and_(OutboxMessage.state == "waiting", OutboxMessage.due_at <= now)
    given_back = and_(OutboxMessage.state == "sending", OutboxMessage.claimed_at < now - rules.CLAIM_LASTS)
    return select(OutboxMessage).where(or_(due, given_back)).order_by(OutboxMessage.due_at)


def _claim(tx: Transaction, at_most: int) -> Sequence[OutboxMessage]:
    found = tx.scalars(_claimable().limit(at_most).with_for_update(skip_locked=True)).all()
    for message in found:
        message.state, message.claimed_at, message.attempts = "sending", clock.now(), message.attempts + 1
    return found


def _note_sent(tx: Transaction, message_id: str) -> None:
    tx.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(state="sent", sent_at=clock.now(), problem=""))


def _note_failure(tx: Transaction, message_id: str, problem: str, *, final: bool) -> None:
    message = tx.get_one(OutboxMessage, message_id)
    again = None if final else rules.next_attempt(message.attempts, clock.now())
    message.problem = problem
    message.state, message.due_at = ("failed", message.due_at) if again is None else ("waiting", again)
