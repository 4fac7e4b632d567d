"""The verbs of sessions, by noun: seats, the door (check-in), running (open, close, cancel), series of dates, teams."""

from groupvisits.sessions.service.door import check_in, let_in, undo_check_in
from groupvisits.sessions.service.running import cancel_session, close_session, next_version, open_session
from groupvisits.sessions.service.seats import answer_for, free_seat, invite, seat_patient, take_back_seat, take_seat
from groupvisits.sessions.service.series import make_sessions
from groupvisits.sessions.service.teams import add_to_team, change_place, take_from_team

__all__ = [
    "add_to_team", "answer_for", "cancel_session", "change_place", "check_in", "close_session", "free_seat", "invite", "let_in", "make_sessions",
    "next_version", "open_session", "seat_patient", "take_back_seat", "take_from_team", "take_seat", "undo_check_in",
]  # fmt: skip
