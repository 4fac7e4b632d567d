"""Decisions about topics, on values alone: what may be said when, what comes next, and whether every topic has a fate."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.core.errors import Conflict, NotFound, Refused, mark

MAX_WORDS = 300
MAX_OUTCOME = 200
MAX_MINUTES = 120
# A phone that was offline when the visit ended still delivers, also past midnight.
LATE_TOPICS = timedelta(hours=24)
WAITING = ("new", "planned")
OPEN_STATES = (*WAITING, "current")
HEARD_STATES = ("current", "talked_about")
REASONS = ("no_time", "fits_later", "not_here")  # said to the proposer in their language; anything else in the facilitator's words
NO_ONE_ON_ONE = "no_one_on_one"  # said to the proposer at the close, of what was for a one-on-one that did not take place
_JOINERS = "\u200c\u200d"  # part of the spelling in some scripts, and of many emoji


class NoWords(Refused):
    message = mark("Write what you want to talk about, then send it.")


class TooManyWords(Refused):
    message = mark("This is too long. Please keep it to %(most)s characters. You can say the rest in the room.")


class TooLate(Refused):
    status = 409
    message = mark("This visit is over, so it takes no more topics. You can bring yours to the next visit.")


class NotTakingTopics(Refused):
    status = 409
    message = mark("This visit does not take topics now.")


class GroupDoesNotMeet(Refused):
    status = 409
    message = mark("The group does not meet this time. You can send this for your one-on-one.")


class OwnTopic(Refused):
    message = mark("This topic is yours, so you are counted already.")


class TopicHasEnded(Conflict):
    message = mark("This topic has ended meanwhile. Look at what became of it.")


class BeingTalkedAbout(Conflict):
    message = mark("The group is talking about this now, so it cannot be taken back.")


class CarriedOn(Conflict):
    message = mark("This topic has gone on to the next visit. Take it back there.")


class NotCarried(Refused):
    message = mark("This topic is of this visit. You can take it back.")


class NotTheCurrentTopic(Conflict):
    message = mark("The group has moved on: this is not the topic being talked about.")


class NotForTheGroup(Refused):
    message = mark("This topic is for a one-on-one only. It cannot go on the group's agenda.")


class Supported(Conflict):
    message = mark("Others have said “me too” to these words. Take your topic back and send a new one, or tell the facilitator.")


class NothingSuggested(Conflict):
    message = mark("There are no other words to agree to any more.")


class ChangedMeanwhile(Conflict):
    message = mark("Somebody else changed this topic meanwhile. Look at it as it is now, then decide.")


class SayWhy(Refused):
    message = mark("Say why. Its proposer reads it.")


class NoneLeft(Refused):
    status = 409
    message = mark("You have used all %(most)s of your “me too”. Take one back to give it to this topic.")


class AlarmFirst(Conflict):
    message = mark("Somebody may need a person now. Look after the alarm first.")


class StillHidden(Conflict):
    message = mark("The group cannot read this topic yet. Show it first.")


class OrderHasChanged(Conflict):
    message = mark("The agenda has changed meanwhile. Look at it again, then order it.")


def tidy(words: str) -> str:
    """One line of what the person wrote, without control and direction characters that could disturb another screen."""
    if words.isascii() and words.isprintable():  # the same, without looking at each letter
        return " ".join(words.split())
    kept = (c if unicodedata.category(c)[0] != "C" or c in _JOINERS else " " if c.isspace() else "" for c in words)
    return " ".join("".join(kept).split())


def check_words(words: str, most: int = MAX_WORDS, *, field: str = "words") -> str:
    """The tidied words of `field`; refuses what is empty, invisible or longer than `most` characters."""
    tidied = tidy(words)
    if not any(unicodedata.category(c)[0] in "LNPS" for c in tidied):
        raise NoWords(field=field)
    if len(tidied) > most:
        raise TooManyWords(field=field, most=most)
    return tidied


def state_of_new_topic(session_state: str, closed_at: datetime | None, now: datetime) -> str:
    """A topic is "new" before and during the visit, "parked" for a day after it closed. Refuses what comes later, or to a cancelled visit."""
    if session_state in ("planned", "open"):
        return "new"
    if session_state == "closed":
        if takes_late_topics(closed_at, now):
            return "parked"
        raise TooLate
    raise NotTakingTopics


def takes_topics_until(closed_at: datetime | None) -> datetime | None:
    """For a day after the close."""
    return closed_at and closed_at + LATE_TOPICS


def takes_late_topics(closed_at: datetime | None, now: datetime) -> bool:
    until = takes_topics_until(closed_at)
    return until is not None and now <= until


def check_group_meets(route: str, new_state: str, *, only_one_on_ones: bool) -> None:
    """Nothing is asked of a group that does not meet; what comes after the close is kept for the next visit."""
    if only_one_on_ones and route == "group" and new_state == "new":
        raise GroupDoesNotMeet


def check_can_support(state: str, route: str, *, is_own: bool, is_hidden: bool = False) -> None:
    if route != "group" or (is_hidden and not is_own):
        raise NotFound  # nobody else knows of it
    if is_own:
        raise OwnTopic
    if state not in OPEN_STATES:
        raise TopicHasEnded


def check_budget(budget: int | None, given: int) -> None:
    """`given` counts the person's "me too" on topics that are still open; `budget` None means as many as they like."""
    if budget is not None and given >= budget:
        raise NoneLeft(most=budget)


def may_reword(state: str, supports: int) -> bool:
    """Until somebody supports it: what others agreed with must not say something else afterwards."""
    return state in WAITING and not supports


def check_can_reword(state: str, supports: int) -> None:
    if not may_reword(state, supports):
        raise Supported if state in WAITING else TopicHasEnded


def check_can_route(state: str) -> None:
    if state == "current":
        raise BeingTalkedAbout
    if state not in WAITING:
        raise TopicHasEnded


def is_kept_alone(route: str, state: str, carried_to_id: str | None) -> bool:
    """It waits for the next one-on-one; its proposer may still want it in the group."""
    return (route, state) == ("one_on_one", "parked") and carried_to_id is None


def is_over(session_state: str) -> bool:
    return session_state in ("closed", "cancelled")


def check_can_suggest(state: str) -> None:
    if state not in OPEN_STATES:
        raise TopicHasEnded


def check_is_asked(hidden_because: str) -> None:
    """A topic behind an alarm is nobody's to show or to route before a person has looked."""
    if hidden_because == "alarm":
        raise AlarmFirst


def may_move_to_one_on_one(state: str, carried_to_id: str | None) -> bool:
    """What has not been talked about and has not gone on to the next visit."""
    return state in ("new", "planned", "parked") and carried_to_id is None


def hidden_when_carried(hidden_because: str) -> str:
    """Whatever hid it, somebody looks at it anew at the next visit."""
    return "personal" if hidden_because else ""


def check_is_shown(hidden_because: str) -> None:
    if hidden_because:
        raise StillHidden


def check_base(rev: int, base_rev: int | None, changed_by: str | None, actor_id: str) -> None:
    """Two who lead at once: an act meant for what a topic was before somebody else changed it is not done."""
    if base_rev is not None and base_rev != rev and changed_by != actor_id:
        raise ChangedMeanwhile


def check_reason(reason: str | None, *, needed: bool) -> str:
    """One of REASONS, or the facilitator's own words; empty only where none is needed."""
    reason = reason or ""
    if reason in REASONS:
        return reason
    if not tidy(reason):
        if needed:
            raise SayWhy(field="reason")
        return ""
    try:
        return check_words(reason, MAX_OUTCOME, field="reason")
    except NoWords:
        raise SayWhy(field="reason") from None


def check_can_take_back(state: str, carried_to_id: str | None) -> None:
    if state == "current":
        raise BeingTalkedAbout
    if carried_to_id:
        raise CarriedOn
    if state not in (*OPEN_STATES, "parked"):
        raise TopicHasEnded


def check_was_carried(carried_from_id: str | None) -> None:
    if carried_from_id is None:
        raise NotCarried


def check_is_for_the_group(route: str) -> None:
    if route != "group":
        raise NotForTheGroup


def check_can_plan(state: str) -> None:
    """A new topic, or one parked or declined earlier in the same visit after all."""
    if state not in ("new", "parked", "declined"):
        raise TopicHasEnded


def check_can_start(state: str) -> None:
    if state not in ("new", "planned", "parked"):
        raise TopicHasEnded


def check_can_extend(state: str) -> None:
    if state != "current":
        raise NotTheCurrentTopic


def check_can_finish(state: str) -> None:
    """The current topic; or one that has been talked about, to write its outcome a moment later."""
    if state not in HEARD_STATES:
        raise NotTheCurrentTopic


def check_can_park(state: str) -> None:
    if state not in OPEN_STATES:
        raise TopicHasEnded


def check_can_decline(state: str) -> None:
    if state not in ("new", "planned", "parked"):
        raise TopicHasEnded


def order_by_hand(topic_ids: list[str], topics: Collection[str], planned: Collection[str]) -> list[str]:
    """The planned ones of these topics in this order; an empty list gives the order back to the rule.

    Whoever ordered had no connection, perhaps: what is no longer on the agenda is passed over, and what came to it meanwhile stands after
    the named ones. Refuses what is named twice or is no topic of this visit.
    """
    if len(set(topic_ids)) != len(topic_ids) or not set(topic_ids) <= set(topics):
        raise OrderHasChanged
    return [each for each in topic_ids if each in planned]


def seconds_of_talk(began: datetime | None, until: datetime) -> int:
    return max(0, int((until - began).total_seconds())) if began else 0


def extended_end(ends_at: datetime | None, now: datetime, minutes: int) -> datetime:
    """Five more minutes are five from now when the time is over already."""
    return max(ends_at or now, now) + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Planned:
    id: str
    position: int | None
    supports: int
    is_heard: bool  # its proposer has had a topic talked about in this visit, or is here to listen
    proposed_at: datetime
    is_away: bool = False  # its proposer is in a one-on-one: it waits until they are back


def in_order(planned: Iterable[Planned]) -> list[str]:
    """The agenda: as ordered by hand, then the others; those not yet heard first, then most "me too", then who asked first.

    Nobody is talked about while they are away: without an order by hand, topics of people in a one-on-one wait behind the others.
    """
    return [p.id for p in sorted(planned, key=lambda p: (p.position is None, p.position or 0, p.is_away, p.is_heard, -p.supports, p.proposed_at, p.id))]


@dataclass(frozen=True)
class Account:
    """Whether every topic that was sent has a place: `sent` and `accounted_for` are equal, or something was lost."""

    sent: int
    accounted_for: int
    one_on_one: int


@dataclass(frozen=True)
class Sent:
    """A topic, as far as the account cares; or `times` of them that are alike, as long as none is joined or split."""

    id: str
    route: str
    state: str
    merged_into_id: str | None = None
    split_from_id: str | None = None
    times: int = 1


def account(topics: Iterable[Sent], session_state: str) -> Account:
    """While the visit runs an open topic is on a list; afterwards each needs a fate.

    A joined topic's fate is that of the topic it was joined to. A split one's are those of its parts, which nobody sent anew.
    """
    topics = list(topics)
    by_id = {topic.id: topic for topic in topics}
    parts: dict[str, list[Sent]] = defaultdict(list)
    for topic in topics:
        if topic.split_from_id:
            parts[topic.split_from_id].append(topic)

    def is_lost(topic: Sent) -> bool:
        if topic.state == "merged":
            head = by_id.get(topic.merged_into_id or "")
            return head is None or head.state == "merged" or is_lost(head)
        if topic.state == "split":
            carry_on = [part for part in parts[topic.id] if part.merged_into_id != topic.id]
            return not carry_on or any(is_lost(part) for part in carry_on)
        return is_over(session_state) and topic.state in OPEN_STATES

    sent = [topic for topic in topics if topic.split_from_id is None]
    return Account(
        sum(topic.times for topic in sent),
        sum(topic.times for topic in sent if not is_lost(topic)),
        sum(topic.times for topic in sent if topic.route == "one_on_one"),
    )
