"""Queueing inside a verb's transaction; claiming, sending and noting what became of each message outside of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import rules
from groupvisits.outbox.models import OutboxMessage

log = structlog.get_logger("outbox")


class Transport(Protocol):
    def send(self, message: OutboxMessage) -> str | None:
        """Hand the message over; return the gateway's own id of it where there is one."""
        ...


class AddressRefused(Exception):
    """The address does not work; trying again would not help."""


def queue(
    tx: Transaction, *, kind: str, clinic_id: str, address: str, subject: str, text: str, patient_id: str | None = None, due_at: datetime | None = None,
    channel: str = "email", language: str = "en", calendar: str = "", session_id: str | None = None, thread: str | None = None,
) -> str:  # fmt: skip
    """Keep a message for sending at `due_at` (default: now), in the caller's transaction; return its id.

    A "call" is sent by nobody: it waits until a human ticks it. Messages of one `thread` leave in the order they were queued; the
    caller holds a row of that thread, so that two of them are not queued at the same moment. `calendar` is a text/calendar part.
    """
    message = OutboxMessage(
        id=ids.new_id(), kind=kind, clinic_id=clinic_id, patient_id=patient_id, address=address, subject=subject[:200], text=text,
        due_at=due_at or clock.now(), state="waiting", attempts=0, problem="", channel=channel, language=language, calendar=calendar,
        session_id=session_id, thread=thread, number=_next_number(tx, thread),
    )  # fmt: skip
    tx.add(message)
    tx.flush()
    return message.id


def _next_number(tx: Transaction, thread: str | None) -> int:
    return (tx.scalar(select(func.max(OutboxMessage.number)).where(OutboxMessage.thread == thread)) or 0) + 1 if thread else 0


def withdraw(tx: Transaction, message_id: str, why: str = "") -> None:
    """The message is not sent any more, if it still waits; one that is on its way or gone stays what it is."""
    tx.execute(update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.state == "waiting").values(state="withdrawn", problem=why[:200]))


def note_report(tx: Transaction, gateway_id: str, *, arrived: bool) -> bool:
    """What the gateway says became of a text: it arrived, or it came back. Returns whether we sent such a text. Twice is once."""
    message = tx.scalar(select(OutboxMessage).where(OutboxMessage.gateway_id == gateway_id, OutboxMessage.channel == "text"))
    if message is None:
        return False
    if arrived:
        message.delivered_at = message.delivered_at or clock.now()
    elif message.delivered_at is None:
        message.state, message.problem = "failed", "The text did not reach this number."
    return True


def deliver_due(transport: Transport, *, at_most: int = 100) -> tuple[int, int]:
    """Send what is due, each message claimed first so that any number of workers is safe; return (sent, not sent).

    A message is sent at least once: a worker killed between sending and noting it sends it again. Of one thread only the first that
    waits is sent; the next follows when that one has left or has come back, so one that never arrives holds the others up for a few
    hours at most (see rules.next_attempt) and never for ever.
    """
    sent = failed = 0
    if db.session.scalars(_claimable().limit(1)).first() is None:
        return 0, 0  # nothing to claim: most ticks never take the right to write
    for message in run(_claim, at_most):
        try:
            gateway_id = transport.send(message)
        except AddressRefused as refusal:
            run(_note_failure, message.id, str(refusal)[:200], final=True)
            failed += 1
        except Exception as problem:
            log.warning("message_not_sent", message=message.id, kind=message.kind, problem=type(problem).__name__)
            run(_note_failure, message.id, type(problem).__name__, final=False)
            failed += 1
        else:
            run(_note_sent, message.id, gateway_id)
            sent += 1
    return sent, failed


def _claimable() -> Select[OutboxMessage]:
    now = clock.now()
    due = and_(OutboxMessage.state == "waiting", OutboxMessage.due_at <= now)
    given_back = and_(OutboxMessage.state == "sending", OutboxMessage.claimed_at < now - rules.CLAIM_LASTS)
    earlier = aliased(OutboxMessage)
    overtakes = exists().where(
        earlier.thread == OutboxMessage.thread, earlier.number < OutboxMessage.number, earlier.state.in_(("waiting", "sending")), earlier.channel != "call"
    )
    by_machine = OutboxMessage.channel != "call"
    return select(OutboxMessage).where(or_(due, given_back), by_machine, ~overtakes).order_by(OutboxMessage.due_at, OutboxMessage.number)


def _claim(tx: Transaction, at_most: int) -> Sequence[OutboxMessage]:
    found = tx.scalars(_claimable().limit(at_most).with_for_update(skip_locked=True)).all()
    for message in found:
        message.state, message.claimed_at, message.attempts = "sending", clock.now(), message.attempts + 1
    return found


def _note_sent(tx: Transaction, message_id: str, gateway_id: str | None) -> None:
    sent = update(OutboxMessage).where(OutboxMessage.id == message_id)
    tx.execute(sent.values(state="sent", sent_at=clock.now(), problem="", gateway_id=(gateway_id or "")[:80] or None))


def _note_failure(tx: Transaction, message_id: str, problem: str, *, final: bool) -> None:
    message = tx.get_one(OutboxMessage, message_id)
    again = None if final else rules.next_attempt(message.attempts, clock.now())
    message.problem = problem
    message.state, message.due_at = ("failed", message.due_at) if again is None else ("waiting", again)
