"""Decisions about places, states and dates: pure values in, a value or a named error out."""

from groupvisits.sessions.rules.series import ClockChoiceNeeded, NothingToMake, PlanChanged, PlannedDate
from groupvisits.sessions.rules.states import (
    HERE,
    HOLDING,
    AlreadyHere,
    CancelReasonNeeded,
    HasSeat,
    NotTheLast,
    ReasonNeeded,
    SessionFull,
    WrongState,
    check_can_answer,
    check_can_cancel,
    check_can_close,
    check_can_open,
    check_can_undo,
    check_is_open,
    check_place_is_free,
    check_takes_seats,
    first_free_seat,
    is_near,
)

__all__ = [
    "HERE", "HOLDING", "AlreadyHere", "CancelReasonNeeded", "ClockChoiceNeeded", "HasSeat", "NotTheLast", "NothingToMake", "PlanChanged", "PlannedDate",
    "ReasonNeeded", "SessionFull", "WrongState", "check_can_answer", "check_can_cancel", "check_can_close", "check_can_open", "check_can_undo",
    "check_is_open", "check_place_is_free", "check_takes_seats", "first_free_seat", "is_near",
]  # fmt: skip
