"""The verbs of sessions, by noun: seats, the door (check-in), running (open, close, cancel), series of dates, teams."""

from groupvisits.sessions.service.attendance import correct_attendance, leave_early
from groupvisits.sessions.service.closures import enter_closure, remove_closure
from groupvisits.sessions.service.decisions import decide, merge_into, take_back_decision
from groupvisits.sessions.service.door import check_in, let_in, undo_check_in
from groupvisits.sessions.service.running import cancel_session, close_session, next_version, open_session
from groupvisits.sessions.service.seats import answer_for, free_seat, invite, seat_patient, take_back_seat, take_seat
from groupvisits.sessions.service.series import apply_plan, plan_date_change, plan_more_dates, plan_rule_change
from groupvisits.sessions.service.teams import add_to_team, change_place, take_from_team

__all__ = [
    "add_to_team", "answer_for", "cancel_session", "change_place", "check_in", "close_session", "decide", "merge_into", "take_back_decision", "correct_attendance", "free_seat", "invite", "leave_early", "let_in", "apply_plan", "plan_date_change", "plan_more_dates", "plan_rule_change", "enter_closure", "remove_closure",
    "next_version", "open_session", "seat_patient", "take_back_seat", "take_from_team", "take_seat", "undo_check_in",
]  # fmt: skip
