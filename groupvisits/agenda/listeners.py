"""What becomes of topics when their visit opens, closes or is cancelled: in the same transaction, so that none is forgotten."""

from flask import Flask

from groupvisits.agenda import service
from groupvisits.sessions.events import SessionCancelled, SessionClosed, SessionOpened


def init_app(app: Flask) -> None:
    listeners = app.extensions["listeners"]
    listeners.within(SessionOpened, lambda tx, event: service.carry_over(tx, event.session_id))
    listeners.within(SessionClosed, lambda tx, event: service.park_open_topics(tx, event.session_id))
    listeners.within(SessionCancelled, lambda tx, event: service.park_open_topics(tx, event.session_id))
