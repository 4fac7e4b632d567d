"""Decisions at the door: whether there is a chair in the group, and what is said when there is none."""

from datetime import datetime

from groupvisits.core.errors import Conflict, Refused, mark

MOST_COMPANIONS = 9
# Kept with the seat, where nobody wrote a reason of their own.
SEEN_ALONE = "All places were taken: seen one-on-one"
# Whoever stands at the door goes before whoever waits for a call, and before the number that was advised for invitations.
IS_HERE = "Came to the door"


class TooManyCompanions(Refused):
    message = mark("Enter how many come along, from 0 to %(most)s.")


class PlaceIsFree(Conflict):
    message = mark("There is a place in the group after all. Nothing was changed: let the person in as usual.")


def is_full_for(*, holds_place: bool, let_in_with_reason: bool, held: int, here_in_group: int, maximum: int) -> bool:
    """Whether somebody who stands at the door finds no chair in the group.

    Where more were invited than there are chairs, a place that is held is no chair yet: the chairs go to who comes first.
    """
    if let_in_with_reason:
        return False
    return here_in_group >= maximum if holds_place else max(held, here_in_group) >= maximum


def check_companions(number: int | None) -> None:
    if number is not None and not 0 <= number <= MOST_COMPANIONS:
        raise TooManyCompanions(field="companions", most=MOST_COMPANIONS)


def is_late(starts_at: datetime, now: datetime) -> bool:
    return now > starts_at
