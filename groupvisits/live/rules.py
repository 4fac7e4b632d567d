"""Decisions of the live room, on values alone: joining, phases, and when topics will probably be talked about."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from groupvisits.core.errors import Conflict, Refused, mark

# Guessing: a whole waiting room shares one address, so that counts more before it slows down.
TRIES_PER_BROWSER = 10
TRIES_PER_ADDRESS = 60
TRIES_COUNT_FOR = timedelta(minutes=15)
MAX_WAITING_GUESTS = 40
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


def check_can_admit(admitted_to: str | None, seat_id: str) -> None:
    if admitted_to is not None and admitted_to != seat_id:
        raise AlreadyAdmitted


def check_may_wait(waiting: int) -> None:
    if waiting >= MAX_WAITING_GUESTS:
        raise TooManyWaiting


def phase_times(starts_at: datetime, minutes: Sequence[int]) -> list[tuple[datetime, datetime]]:
    """When each part of the run sheet begins and ends by the plan."""
    times, at = [], starts_at
    for each in minutes:
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
