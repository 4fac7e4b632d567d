"""Decisions about topics that are joined to another one or split into parts, and the sentences in which their authors are told."""

from collections.abc import Sequence
from dataclasses import dataclass

from groupvisits.core.errors import Conflict, Refused, mark

JOINABLE = ("new", "planned", "parked")
MIN_PARTS, MAX_PARTS = 2, 4

# What a phone says to the author of a joined topic, and to the author of the one it was joined to. A name stands there only by choice.
JOINED_WITH_NAME = mark("Your topic was joined with %(name)s’s, who asked the same. We talk about all of it together.")
JOINED = mark("Your topic was joined with somebody else’s, who asked the same. We talk about all of it together.")
ASKED_WITH_NAME = mark("%(name)s asked the same. We talk about all of it together.")
ASKED_BY_ONE = mark("Somebody else asked the same. We talk about all of it together.")
ASKED_BY_MANY = mark("%(count)s other people asked the same. We talk about all of it together.")
OWN_TOPICS_JOINED = mark("You asked this more than once. We talk about all of it together.")


class SameTopic(Refused):
    message = mark("Choose two different topics.")


class JoinedMeanwhile(Conflict):
    message = mark("One of these topics has been joined to another one meanwhile. Look at them again.")


class CannotBeJoined(Conflict):
    message = mark("Only topics that wait for the group can be joined. Look at what became of these.")


class HasMovedOn(Conflict):
    message = mark("One of the parts has moved on already, so this cannot be undone.")


class CannotBeSplit(Conflict):
    message = mark("Only a topic that waits for the group can be split. Look at what became of this one.")


class PartsMissing(Refused):
    message = mark("Write two to four parts, each one thing to talk about.")


@dataclass(frozen=True)
class Standing:
    """How a topic stands, as far as joining cares."""

    id: str
    state: str
    route: str
    hidden_because: str = ""


def may_lead(state: str, route: str, hidden_because: str) -> bool:
    """Whether others can stand under a topic: what becomes of it is what becomes of them."""
    return route == "group" and not hidden_because and state not in ("taken_back", "split", "merged", "answered_one_on_one")


def may_stand_joined(state: str, route: str, hidden_because: str) -> bool:
    return state == "merged" and route == "group" and not hidden_because


def is_put_together(merged_into_id: str | None, split_from_id: str | None) -> bool:
    """A part of a topic that is whole again: nobody's own any more."""
    return merged_into_id is not None and merged_into_id == split_from_id


def check_can_join(topic: Standing, into: Standing) -> None:
    """Both wait for the group, where all may read them; the other one may also be what the group talks about now."""
    if topic.id == into.id:
        raise SameTopic(field="into_id")
    if "merged" in (topic.state, into.state):
        raise JoinedMeanwhile
    if topic.hidden_because or into.hidden_because or topic.state not in JOINABLE or into.state not in (*JOINABLE, "current"):
        raise CannotBeJoined


def state_apart(state_before: str, session_state: str) -> str:
    """A topic that stands for itself again is what it was; once the visit is over it waits for the next one, so that it is not lost."""
    return state_before if session_state in ("planned", "open") else "parked"


def check_can_split(state: str, hidden_because: str, parts: Sequence[str]) -> None:
    """One that waits for the group, where all may read it, into two to four."""
    if state not in JOINABLE or hidden_because:
        raise CannotBeSplit
    if not MIN_PARTS <= len(parts) <= MAX_PARTS:
        raise PartsMissing(field="parts")


def check_can_unsplit(parts: Sequence[tuple[str, int, bool]], *, made_as: str) -> None:
    """`parts` are (state, rev, whether others are joined to it): each must still be just as it was made."""
    if any(state != made_as or rev or leads for state, rev, leads in parts):
        raise HasMovedOn


def told_when_joined(head_name: str | None, *, is_own: bool) -> tuple[str, dict[str, object]]:
    """What the author of a joined topic is told. `head_name` is None unless the other author shows their name."""
    if is_own:
        return OWN_TOPICS_JOINED, {}
    return (JOINED_WITH_NAME, {"name": head_name}) if head_name else (JOINED, {})


def told_at_the_head(others: Sequence[str | None]) -> tuple[str, dict[str, object]]:
    """What the author of the topic that others are joined to is told. `others`: each other author once, by name if they show it."""
    if not others:
        return OWN_TOPICS_JOINED, {}
    if len(others) > 1:
        return ASKED_BY_MANY, {"count": len(others)}
    return (ASKED_WITH_NAME, {"name": others[0]}) if others[0] else (ASKED_BY_ONE, {})
