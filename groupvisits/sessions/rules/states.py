"""Decisions about places and states, on values alone."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from groupvisits.core.errors import Conflict, Refused, mark

# These keep a place: whoever said yes or came, and open offers; not whoever is invited and has not answered, or waits.
HOLDING = ("offered", "confirmed", "arrived", "attended", "left_early", "no_show")
SAID_YES = tuple(state for state in HOLDING if state != "offered")  # an open offer holds a place and is no answer yet
ONE_ON_ONES = "singles"  # the decision that the group does not meet and whoever said yes is seen one-on-one on that day
HERE = ("arrived", "attended", "left_early")
COMES = ("confirmed", *HERE)  # said yes, and came if the visit is over
CAME = ("attended", "left_early")  # of a visit that is over


class SessionFull(Refused):
    status = 409
    message = mark(
        "All %(maximum)s places are held: %(held)s people said yes or are here. Invited people who have not answered hold no place. "
        "A place becomes free as soon as somebody says no."
    )


class ReasonNeeded(Refused):
    message = mark("Say why one more person is let in than the %(maximum)s places.")


class TooEarly(Refused):
    message = mark("This visit is not today. People are let in from the day before on; nothing was changed.")


class WrongState(Conflict):
    """One sentence for each state of a visit, so that it can be said in any language."""

    message = mark("This is not possible any more: the visit is over.")
    of_state: ClassVar[dict[str, str]] = {
        "planned": mark("This is not possible yet: the visit has not begun."),
        "open": mark("This is not possible any more: the visit has begun."),
        "cancelled": mark("This is not possible any more: the visit is cancelled."),
    }

    def __init__(self, state: str) -> None:
        super().__init__(self.of_state.get(state))


class HasSeat(Conflict):
    message = mark("This person already has a place in this visit.")


class AlreadyHere(Conflict):
    message = mark("This person is here already. Take the check-in back first.")


class NotTheLast(Conflict):
    message = mark("Somebody else has been let in since. Ask the coordinator to correct this on the visit's page.")


class CancelReasonNeeded(Refused):
    message = mark("Say why this date is cancelled.")


class ClosureUnclear(Refused):
    message = mark("The last day must be the first or later, and within a year of it.")


class TimesUnclear(Refused):
    message = mark("Enter both times, the second later than the first, or none for the whole day.")


def check_closure(first_day: date, last_day: date, from_time: time | None, until_time: time | None) -> None:
    """A closure has its days in order, a year at most, and both times or none."""
    if not timedelta(0) <= last_day - first_day <= timedelta(days=366):
        raise ClosureUnclear(field="last_day")
    if (from_time is None) != (until_time is None) or (from_time is not None and until_time is not None and from_time >= until_time):
        raise TimesUnclear(field="until_time")


def first_free_seat(taken: set[int], maximum: int) -> int:
    """The lowest free number; beyond `maximum` only for a reasoned exception (the caller has checked)."""
    number = 1
    while number in taken:
        number += 1
    return number


def check_place_is_free(taken: set[int], maximum: int, over_maximum_reason: str) -> None:
    """Refuse with SessionFull unless a place is free or there is a reason to go beyond the maximum."""
    if len(taken) >= maximum and not over_maximum_reason.strip():
        raise SessionFull(maximum=maximum, held=len(taken))


def check_can_open(state: str) -> None:
    if state != "planned":
        raise WrongState(state)


def check_can_close(state: str) -> None:
    if state != "open":
        raise WrongState(state)


def check_is_not_over(state: str) -> None:
    """Before the visit and during it; a cancelled one is over, too."""
    if state not in ("planned", "open"):
        raise WrongState(state)


def check_is_open(state: str) -> None:
    if state != "open":
        raise WrongState(state)


def check_can_cancel(state: str, reason: str) -> None:
    """A visit can be cancelled until it has been opened, and only with a reason."""
    if state != "planned":
        raise WrongState(state)
    if not reason.strip():
        raise CancelReasonNeeded(field="reason")


def check_can_move(state: str, starts_at: datetime, now: datetime) -> None:
    """A date can move until it has begun or was opened; a cancelled one stays cancelled."""
    if state != "planned":
        raise WrongState(state)
    if starts_at <= now:
        raise WrongState("over")


def check_can_answer(seat_state: str) -> None:
    """A yes or no can change until the person is here."""
    if seat_state in HERE:
        raise AlreadyHere


def check_can_undo(seat_state: str, arrived_at: datetime | None, last_arrival: datetime | None) -> None:
    """A check-in can be taken back until the next person is let in."""
    if seat_state != "arrived" or arrived_at is None or arrived_at != last_arrival:
        raise NotTheLast


def check_can_arrive(state: str, starts_at: datetime, now: datetime) -> None:
    """Nobody is noted as here days before a visit: that would be a tap on the wrong date."""
    if state == "planned" and not is_near(starts_at, now):
        raise TooEarly


def is_near(starts_at: datetime, now: datetime) -> bool:
    """From the day before on a page offers to open the room: an opened date cannot be cancelled any more."""
    return starts_at - now <= timedelta(hours=24)
