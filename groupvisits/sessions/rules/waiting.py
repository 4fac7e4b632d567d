"""Who of those who wait is offered a place, until when, and why not yet: decisions on values alone.

The order is the order of arrival; where staff put somebody ahead with a reason, their moment is just before the one they go ahead
of. A free place goes to the first in that order who fits: two people who come together need two places and stay first meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.core.errors import Conflict, Invalid, Refused, mark
from groupvisits.sessions.rules.states import SessionFull

LAST_OFFER = timedelta(hours=2)  # later than this before a visit nobody is asked by message any more
SHORTEST_OFFER = timedelta(minutes=15)
MOST_COMPANIONS = 4


class OthersWait(SessionFull):
    message = mark(
        "Others wait for a place on this date, so a free one is theirs first. Number of people waiting: %(waiting)s. Say why this person goes ahead of them."
    )


class NotWaiting(Conflict):
    message = mark("This person does not wait for a place on this date any more.")


class HasPlace(Conflict):
    message = mark("There is a place for this person on this date already.")


class OfferOver(Conflict):
    message = mark("This offer has ended, and the place went to the next person. You can ask for a place again.")


class NoPlaceFree(Refused):
    status = 409
    message = mark("There is no free place for them on this date now. Say why one more is offered.")


class AheadReasonNeeded(Refused):
    message = mark("Say why this person goes ahead of those who wait longer. The others can be told.")


class AheadOfWhom(Conflict):
    message = mark("Choose somebody who waits in front of this person.")


class TooLateToAnswer(Conflict):
    message = mark("This visit has begun or is over, so answers are closed. Please call the clinic.")


class CompanionsUnclear(Invalid):
    message = mark("Enter how many people come with you, from 0 to 4.")


class NotYourDate(Refused):
    message = mark("This is not a date of your programme.")


@dataclass(frozen=True)
class Waiting:
    """One entry of the list: how many places it needs and the moment that orders it."""

    id: str
    places: int
    at: datetime


def in_order(entries: Sequence[Waiting]) -> list[Waiting]:
    return sorted(entries, key=lambda entry: (entry.at, entry.id))


def next_that_fits(entries: Sequence[Waiting], free: int) -> Waiting | None:
    """The first in order for whom there are places enough."""
    return next((entry for entry in in_order(entries) if entry.places <= free), None)


def just_before(other: datetime) -> datetime:
    return other - timedelta(microseconds=1)


def offers_by_itself(starts_at: datetime, now: datetime) -> bool:
    """Until two hours before a visit a free place is offered without anybody's doing."""
    return starts_at - now > LAST_OFFER


def expires_at(now: datetime, hours: int, starts_at: datetime) -> datetime:
    """An offer is kept so many hours, at most until two hours before the visit; one made by hand later than that, until it begins."""
    last = starts_at - LAST_OFFER
    return min(now + timedelta(hours=hours), last if last - now > SHORTEST_OFFER else starts_at)


def check_open_to(waiting: int, reason: str) -> None:
    """While somebody waits, a free place is not open to others, except with a reason."""
    if waiting and not reason.strip():
        raise OthersWait(waiting=waiting)


def check_takes_answers(state: str, starts_at: datetime, now: datetime) -> None:
    if state != "planned" or starts_at <= now:
        raise TooLateToAnswer


def check_companions(companions: int | None) -> None:
    if companions is not None and not 0 <= companions <= MOST_COMPANIONS:
        raise CompanionsUnclear(field="companions")


def why_not_yet(entry: Waiting, entries: Sequence[Waiting], free: int, *, is_offered: bool, can_offer: bool) -> str:
    """Why somebody has no offer: offered, two_places, next, behind, no_place, too_late. `entries` are those who wait without an offer."""
    if is_offered:
        return "offered"
    if not can_offer:
        return "too_late"
    following = next_that_fits(entries, max(free, 0))
    if following is not None and following.id == entry.id:
        return "next"
    if entry.places == 2 and free == 1:
        return "two_places"
    ahead = in_order(entries)
    if not ahead or ahead[0].id == entry.id or all(other.places > entry.places for other in ahead[: ahead.index(entry)]):
        return "first" if free < entry.places else "behind"
    return "behind"
