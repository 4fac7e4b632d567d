"""Decisions of the live room, on values alone: joining, phases, time, who leads, and how the talk was shared."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.agenda.rules import HEARD_STATES, MAX_MINUTES, tidy
from groupvisits.core.errors import Conflict, Refused, mark

# Guessing: a whole waiting room shares one address, so that counts more before it slows down.
TRIES_PER_BROWSER = 10
TRIES_PER_ADDRESS = 60
TRIES_COUNT_FOR = timedelta(minutes=15)
MAX_WAITING_GUESTS = 40
MAX_PROMPT = 300
MAX_OWNER = 60
SLACK = timedelta(seconds=30)  # a topic this much too long still fits


class WrongCode(Refused):
    message = mark("These codes do not open a visit. Check both, or ask a member of staff.")


class SlipCodeMissing(Refused):
    message = mark("Enter the code on your slip. If you have none, choose that you have no slip.")


class SlipDoesNotWork(Refused):
    message = mark("This slip does not open a visit now. Please ask a member of staff for a new one.")


class TooManyTries(Refused):
    status = 429
    message = mark("There were many wrong codes. Wait 15 minutes, or ask a member of staff to let you in.")


class NoSuchPhase(Refused):
    message = mark("This visit has no such part. Reload the page.")


class PromptTooLong(Refused):
    message = mark("This is too long. Please keep it to %(most)s characters.")


class NobodyToHandTo(Refused):
    message = mark("Only another facilitator of this visit can take over. A coordinator can add one to the team.")


class NothingPlanned(Refused):
    message = mark("There is no topic on the agenda to share the time.")


class NoTimeToShare(Refused):
    message = mark("There is less than a minute left for each topic. Park some of them first.")


class NotCurrentAnyMore(Conflict):
    message = mark("The group has moved on to something else.")


class PollHasEnded(Conflict):
    message = mark("This question has ended. Thank you all the same.")


class AlreadyAdmitted(Conflict):
    message = mark("This phone has been let in already, as somebody else.")


class TooManyWaiting(Refused):
    message = mark("Many phones are waiting already. Please ask a member of staff for a slip.")


def check_tries(by_browser: int, by_address: int) -> None:
    if by_browser >= TRIES_PER_BROWSER or by_address >= TRIES_PER_ADDRESS:
        raise TooManyTries


def check_phase(phase: int, count: int) -> None:
    if not 0 <= phase < max(count, 1):
        raise NoSuchPhase


def check_prompt(text: str | None, field: str) -> str:
    """One line to say or to watch, tidied; empty takes it away."""
    tidied = tidy(text or "")
    if len(tidied) > MAX_PROMPT:
        raise PromptTooLong(field=field, most=MAX_PROMPT)
    return tidied


def check_owner(owner: str | None) -> str:
    tidied = tidy(owner or "")
    if len(tidied) > MAX_OWNER:
        raise PromptTooLong(field="owner", most=MAX_OWNER)
    return tidied


def check_can_hand_to(staff_member_id: str, actor_id: str, facilitators: Collection[str]) -> None:
    if staff_member_id == actor_id or staff_member_id not in facilitators:
        raise NobodyToHandTo(field="staff_member_id")


def check_is_current(current_topic_id: str | None, topic_id: str) -> None:
    if current_topic_id != topic_id:
        raise NotCurrentAnyMore


def is_about_now(topic_id: str, opened_at: datetime, current_topic_id: str | None, topic_started_at: datetime | None) -> bool:
    """A question ends with its topic, and does not come back when the group comes back to that topic later."""
    return topic_id == current_topic_id and (topic_started_at is None or opened_at >= topic_started_at)


def check_poll_is_open(closed_at: datetime | None, *, is_about_now: bool) -> None:
    if closed_at is not None or not is_about_now:
        raise PollHasEnded


def gathering_end(now: datetime, minutes: int) -> datetime | None:
    return now + timedelta(minutes=minutes) if minutes else None


def fair_minutes(now: datetime, topic_ends_at: datetime | None, talk_ends_at: datetime, planned: int) -> int:
    """Whole minutes for each planned topic, so that all fit between the current topic's end and the end of the conversation; two hours at most."""
    if not planned:
        raise NothingPlanned
    left = talk_ends_at - max(topic_ends_at or now, now)
    minutes = int(left.total_seconds() // 60) // planned
    if minutes < 1:
        raise NoTimeToShare
    return min(minutes, MAX_MINUTES)


@dataclass(frozen=True)
class Talk:
    patient_id: str
    entered_by: str | None
    state: str
    route: str
    spoken_seconds: int


def talk_figures(talks: Sequence[Talk], here: Mapping[str, bool], seconds_open: int) -> dict[str, int]:
    """How the talk of a visit was shared: people, topics and minutes, as counts only. `here` are those who came, and whether to listen: whoever chose that
    and was not heard is not counted among them.

    A person was heard whose own topic, or one it was joined to, the group talks or talked about (`state` is that one's); minutes on patients' topics stand beside the minutes the room was open.
    """
    talked = [talk for talk in talks if talk.route == "group" and talk.state in HEARD_STATES]
    heard = {talk.patient_id for talk in talked}.intersection(here)
    counted = heard.union(patient_id for patient_id, listens in here.items() if not listens)
    return {
        "here": len(counted), "heard": len(heard), "topics": len(talks), "talked_about": len(talked),
        "from_own_hand": sum(talk.entered_by is None for talk in talked), "minutes_on_topics": sum(talk.spoken_seconds for talk in talked) // 60,
        "minutes_open": max(0, seconds_open // 60),
    }  # fmt: skip


def check_can_admit(admitted_to: str | None, seat_id: str) -> None:
    if admitted_to is not None and admitted_to != seat_id:
        raise AlreadyAdmitted


def check_may_wait(waiting: int) -> None:
    if waiting >= MAX_WAITING_GUESTS:
        raise TooManyWaiting


def phase_times(starts_at: datetime, minutes: Sequence[int], current: int = 0, began_at: datetime | None = None) -> list[tuple[datetime, datetime]]:
    """When each part of the run sheet begins and ends: by the plan, and from the current part on by when that one really began."""
    times, at = [], starts_at
    for part, each in enumerate(minutes):
        if part == current and began_at is not None:
            at = began_at
        times.append((at, at + timedelta(minutes=each)))
        at = times[-1][1]
    return times


def talk_times(times: Sequence[tuple[datetime, datetime]], current: int) -> tuple[datetime, datetime] | None:
    """The part in which topics are talked about: the longest one, or the current one if that comes later. The console draws its cut line there too."""
    if not times:
        return None
    longest = max(range(len(times)), key=lambda part: times[part][1] - times[part][0])
    return times[min(max(longest, current), len(times) - 1)]


def expected_starts(planned: Sequence[tuple[str, int]], topic_ends_at: datetime | None, now: datetime, ends_at: datetime) -> dict[str, datetime]:
    """About when each planned topic (id, minutes; in order) comes. From the first that does not fit, they are left out: no time is promised to them."""
    at, expected = max(topic_ends_at or now, now), {}
    for topic_id, minutes in planned:
        if at + timedelta(minutes=minutes) > ends_at + SLACK:
            break
        expected[topic_id] = at
        at += timedelta(minutes=minutes)
    return expected
