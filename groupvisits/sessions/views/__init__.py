"""The pages of sessions: the list, one date, the series preview, and the tablet at the door."""

from flask import Blueprint

bp = Blueprint("sessions", __name__)

from groupvisits.sessions.views import attendance, calendars, dates, decisions, door, messages, pages, recruitment, series, texts, waiting  # noqa: E402, F401 - they add their addresses to bp
