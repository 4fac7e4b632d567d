"""What becomes of topics when their visit opens, closes or is cancelled: in the same transaction, so that none is forgotten."""

from flask import Flask

from groupvisits.agenda import service
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import SessionCancelled, SessionClosed, SessionOpened


def init_app(app: Flask) -> None:
    listeners = app.extensions["listeners"]
    listeners.within(SessionOpened, lambda tx, event: service.carry_over(tx, event.session_id))
    listeners.within(SessionClosed, lambda tx, event: service.park_open_topics(tx, event.session_id))
    listeners.within(SessionCancelled, on_session_cancelled)


def on_session_cancelled(tx: Transaction, event: SessionCancelled) -> None:
    """At the close live parks what was for a one-on-one alone, once it knows which took place; here none did."""
    service.park_open_topics(tx, event.session_id)
    service.park_alone(tx, event.session_id)
