"""What a patient's page says about one date, from plain values."""

from datetime import datetime

HERE = ("arrived", "attended", "left_early", "no_show")


def answer_of(seat_state: str, *, skips: bool, asked_again: bool) -> str:
    """What the clinic has from this person about one date: open, moved (asked again after a yes), yes, no, skip, waiting, offered, here or gone."""
    if seat_state in HERE:
        return "here"
    if seat_state == "confirmed":
        return "moved" if asked_again else "yes"
    if seat_state == "declined":
        return "skip" if skips else "no"
    return {"invited": "open", "waitlisted": "waiting", "offered": "offered"}.get(seat_state, "gone")


def phase_of(session_state: str, ends_at: datetime, now: datetime) -> str:
    """Where a date stands for its patients: to_come, running, cancelled or over (also when nobody opened its room)."""
    if session_state in ("cancelled", "closed"):
        return {"cancelled": "cancelled", "closed": "over"}[session_state]
    if session_state == "open":
        return "running"
    return "to_come" if ends_at > now else "over"
