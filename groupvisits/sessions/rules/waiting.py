"""Who of those who wait is offered a place, until when, and why not yet: decisions on values alone.

The order is the order of arrival; where staff put somebody ahead with a reason, their moment is just before the one they go ahead
of. A free place goes to the first in that order who fits: two people who come together need two places and stay first meanwhile.
See docs/decisions/013.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.core.errors import Conflict, Invalid, Refused, mark
from groupvisits.sessions.rules.states import HERE, AlreadyHere, SessionFull

LAST_OFFER = timedelta(hours=2)  # an offer made by itself has ended by then: whoever has not answered is on the way or does not come
SHORTEST_OFFER = timedelta(minutes=15)
MOST_COMPANIONS = 4
TICK = timedelta(microseconds=1)  # the smallest difference that a database keeps


class OthersWait(SessionFull):
    message = mark(
        "Others wait for a place on this date, so a free one is theirs first. Number of people waiting: %(waiting)s. Say why this person goes ahead of them."
    )


class NotWaiting(Conflict):
    message = mark("This person does not wait for a place on this date any more.")


class HasPlace(Conflict):
    message = mark("There is a place for this person on this date already.")


class OfferOver(Conflict):
    message = mark("This offer has ended. Who wants to come can ask for a place again.")


class OfferedInTurn(Conflict):
    message = mark("This place was offered because it is this person's turn, so it would be offered to them again at once. Note a yes or a no instead.")


class NoPlaceFree(Refused):
    status = 409
    message = mark("There is no free place for them on this date now. Say why one more is offered.")


class AheadReasonNeeded(Refused):
    message = mark("Say why this person goes ahead of those who wait longer. The others can be told.")


class AheadOfWhom(Conflict):
    message = mark("Choose somebody who waits in front of this person.")


class TooLateToAnswer(Conflict):
    message = mark("This visit has begun or is over, so answers are closed. Please call the clinic.")


class YouAreHere(AlreadyHere):
    """What the person themselves reads, on a page that is older than their check-in."""

    message = mark("You are at the visit already, so there is nothing more to answer.")


class GroupDoesNotMeet(Conflict):
    message = mark("The group does not meet on this date, so nobody new can come. Questions? Please call the clinic.")


class CompanionsUnclear(Invalid):
    message = mark("Enter how many people come with you, from 0 to 4.")


class NotYourDate(Refused):
    message = mark("One date can only stand in for another one of the same programme, of somebody who is on its list.")


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


def moments_ahead(entries: Sequence[Waiting], entry_id: str, before_id: str) -> dict[str, datetime]:
    """The new moments, by entry, with which one stands just before another and everybody else stands as they did.

    Whoever stood less than a tick before that one moves by it, and nobody else.
    """
    order = [entry for entry in in_order(entries) if entry.id != entry_id]
    place = next(index for index, entry in enumerate(order) if entry.id == before_id)
    moved, following = {entry_id: order[place].at - TICK}, order[place].at - TICK
    for entry in reversed(order[:place]):
        if entry.at < following:
            break
        following -= TICK
        moved[entry.id] = following
    return moved


def offers_by_itself(starts_at: datetime, now: datetime) -> bool:
    """Until shortly before the last two hours before a visit a free place is offered without anybody's doing."""
    return starts_at - now > LAST_OFFER + SHORTEST_OFFER


def expires_at(now: datetime, hours: int, starts_at: datetime) -> datetime:
    """An offer is kept so many hours, at most until two hours before the visit; one made by hand later than that, until it begins."""
    return min(now + timedelta(hours=hours), starts_at - LAST_OFFER if offers_by_itself(starts_at, now) else starts_at)


def is_open_to_others(entries: Sequence[Waiting], free: int) -> bool:
    """A free place is open to others only while nobody who waits could take it; what two who come together cannot use is."""
    return next_that_fits(entries, free) is None


def check_open_to_others(entries: Sequence[Waiting], free: int, reason: str) -> None:
    if not is_open_to_others(entries, free) and not reason.strip():
        raise OthersWait(waiting=len(entries))


def check_takes_answers(state: str, starts_at: datetime, now: datetime) -> None:
    if state != "planned" or starts_at <= now:
        raise TooLateToAnswer


def check_own_answer(seat_state: str) -> None:
    if seat_state in HERE:
        raise YouAreHere


def check_companions(companions: int | None) -> None:
    if companions is not None and not 0 <= companions <= MOST_COMPANIONS:
        raise CompanionsUnclear(field="companions")


def check_still_open(expires: datetime | None, now: datetime) -> None:
    """An offer holds until its moment, whether or not anybody has come by yet to end it."""
    if expires is None or expires <= now:
        raise OfferOver


def why_not_yet(entry: Waiting, entries: Sequence[Waiting], free: int, *, has_offer: bool, takes_offers: bool, by_itself: bool) -> str:
    """Why this one, why not yet. `entries`: those who wait without an offer; `free`: places that nobody holds.

    offered; begun: the visit has, nothing is offered; next: a place is free for them and about to be offered; by_hand: the same, but
    so late that only staff offer it; two_places: they come together, stay first and wait for two; first: theirs is the next place;
    next_single: theirs is the next single place, those ahead come in twos; behind: somebody ahead gets the next place.
    """
    if has_offer:
        return "offered"
    if not takes_offers:
        return "begun"
    if next_that_fits(entries, free) == entry:
        return "next" if by_itself else "by_hand"
    ahead = [other for other in in_order(entries) if (other.at, other.id) < (entry.at, entry.id)]
    if entry.places > 1:
        return "behind" if ahead else "two_places"
    if any(other.places <= entry.places for other in ahead):
        return "behind"
    return "next_single" if ahead else "first"
