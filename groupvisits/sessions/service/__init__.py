"""The verbs of sessions, by noun: seats, the door (check-in), running (open, close, cancel), series of dates, teams."""

from groupvisits.sessions.service.answers import answer, answer_for
from groupvisits.sessions.service.attendance import correct_attendance, leave_early
from groupvisits.sessions.service.closures import enter_closure, remove_closure
from groupvisits.sessions.service.decisions import decide, keep_one_on_ones_only, meet_after_all, merge_into, take_back_decision
from groupvisits.sessions.service.door import check_in, let_in, undo_check_in
from groupvisits.sessions.service.offers import accept_offer, decline_offer, offer_place
from groupvisits.sessions.service.running import cancel_session, close_session, next_version, open_session
from groupvisits.sessions.service.seats import free_seat, invite, seat_patient, take_back_seat, take_seat
from groupvisits.sessions.service.series import apply_plan, plan_date_change, plan_more_dates, plan_rule_change
from groupvisits.sessions.service.teams import add_to_team, change_place, take_from_team
from groupvisits.sessions.service.undos import undo_leaving, undo_put_ahead
from groupvisits.sessions.service.waiting import ask_make_up, join_waiting_list, leave_waiting_list, put_ahead
from groupvisits.sessions.service.withdrawals import withdraw_offer

__all__ = [
    "accept_offer",
    "add_to_team",
    "answer",
    "answer_for",
    "apply_plan",
    "ask_make_up",
    "cancel_session",
    "change_place",
    "check_in",
    "close_session",
    "correct_attendance",
    "decide",
    "decline_offer",
    "enter_closure",
    "free_seat",
    "invite",
    "join_waiting_list",
    "keep_one_on_ones_only",
    "leave_early",
    "leave_waiting_list",
    "let_in",
    "meet_after_all",
    "merge_into",
    "next_version",
    "offer_place",
    "open_session",
    "plan_date_change",
    "plan_more_dates",
    "plan_rule_change",
    "put_ahead",
    "remove_closure",
    "seat_patient",
    "take_back_decision",
    "take_back_seat",
    "take_from_team",
    "take_seat",
    "undo_check_in",
    "undo_leaving",
    "undo_put_ahead",
    "withdraw_offer",
]  # fmt: skip
