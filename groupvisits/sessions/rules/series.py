"""Which dates a rule means, what public holidays and closures do to them, and which moment a time on the wall is, also when clocks change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays
from dateutil import rrule, tz

from groupvisits.core.errors import Conflict, Refused, mark

LAST_WEEK = 5
MOST_DATES = 24
SEARCH_DAYS = 30  # how far the next open working day is looked for
CHOICES = {"missing": ("later", "skip"), "twice": ("first", "second", "skip")}


class ClockChoiceNeeded(Refused):
    message = mark("The clocks change in that night. Choose what to do with this date.")


class PlanChanged(Conflict):
    message = mark("Something changed since you looked. Look again: nothing has been changed.")


class NothingToMake(Refused):
    message = mark("All of these dates exist already. Nothing was made.")


class NoDays(Refused):
    message = mark("This rule has no dates to come. Change the rule first.")


@dataclass(frozen=True)
class Rule:
    """What repeats a group's visits. `kind`: monthly (the nth or last weekday), weekly (every n weeks from a first day), dates (chosen)."""

    kind: str
    starts: time
    week: int = 1  # 1-4; 5 means the last of the month, the fourth or the fifth: it never leaves a month out
    weekday: int = 0  # 0 is Monday
    every_weeks: int = 1
    first_day: date | None = None
    days: tuple[date, ...] = ()


def days_of(rule: Rule, since: date) -> Iterator[date]:
    """The days of the rule from `since` on, in order; without an end except for chosen dates."""
    if rule.kind == "dates":
        yield from sorted(day for day in set(rule.days) if day >= since)
        return
    if rule.kind == "weekly":
        first = rule.first_day or since
        step = timedelta(weeks=rule.every_weeks)
        day = first if first >= since else first + step * -(-(since - first) // step)
        while day.year < 9990:
            yield day
            day += step
        return
    nth = rrule.weekday(rule.weekday)(-1 if rule.week == LAST_WEEK else rule.week)
    yield from (found.date() for found in rrule.rrule(rrule.MONTHLY, byweekday=nth, dtstart=datetime.combine(since, time())))


@cache
def public_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year by the `holidays` library, named in English; none for a country it does not know.

    Where a holiday falls on a weekend, the library knows whether a weekday is off instead: for 4 July 2026, a Saturday, the
    federal calendar has the Friday, Massachusetts has none.
    """
    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US"))
    except NotImplementedError:
        pass
    try:
        return dict(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return {}


class Closed(Protocol):
    """Why the clinic is closed on a day; None when it is open. A dict will do."""

    def get(self, day: date, /) -> str | None: ...


@dataclass(frozen=True)
class ClosedDays:
    """Public holidays of a place, and the clinic's own closures by day."""

    country: str
    subdivision: str
    closures: Mapping[date, str]

    def get(self, day: date, /) -> str | None:
        return self.closures.get(day) or public_holidays(self.country, self.subdivision, day.year).get(day)


@dataclass(frozen=True)
class Laid:
    """A day of the rule after public holidays and closures. `fate`: "" (as the rule says), skipped, moved (`day` is another), kept."""

    wanted: date
    day: date
    fate: str = ""
    because: str = ""


def lay(wanted: date, closed: Closed, policy: str, taken: set[date]) -> Laid:
    """What becomes of one day of the rule. "move" goes to the next working day (Monday to Friday) on which the clinic is open.

    A day that another date has is passed over; with no open day within a month the date is skipped.
    """
    because = closed.get(wanted)
    if not because:
        return Laid(wanted, wanted)
    if policy == "keep":
        return Laid(wanted, wanted, "kept", because)
    if policy == "move":
        for ahead in range(1, SEARCH_DAYS):
            day = wanted + timedelta(days=ahead)
            if day.weekday() < 5 and not closed.get(day) and day not in taken:
                return Laid(wanted, day, "moved", because)
    return Laid(wanted, wanted, "skipped", because)


def lay_out(rule: Rule, *, after: datetime, count: int, closed: Closed, policy: str) -> list[Laid]:
    """The next `count` dates after the wall-clock time `after`; skipped ones stand between them and do not count."""
    laid: list[Laid] = []
    taken: set[date] = set()
    left = count
    for wanted in islice(days_of(rule, after.date()), count * 3 + 10):
        if not left:
            break
        if datetime.combine(wanted, rule.starts) <= after or wanted in taken:
            continue
        line = lay(wanted, closed, policy, taken)
        laid.append(line)
        if line.fate != "skipped":
            taken.add(line.day)
            left -= 1
    return laid


def existing_of(rule: Rule, laid: Sequence[Laid], made: Sequence[tuple[date, str]]) -> dict[date, tuple[date, str]]:
    """Which laid days have a date of the group already: {laid day: (the date's own day, its state)}.

    A date on that very day, or one that was moved away from it: in the same month, or for a rule in weeks in the same turn.
    """
    found: dict[date, tuple[date, str]] = {}
    for day, state in made:
        if found.get(day, (day, "cancelled"))[1] == "cancelled":
            found[day] = (day, state)
    days = {line.day for line in laid}
    exact = {day: found[day] for day in days if day in found}
    elsewhere = [(day, state) for day, state in sorted(found.values()) if day not in days and state != "cancelled"]
    for line in laid:
        if line.day not in exact:
            same = next((entry for entry in elsewhere if _same_turn(rule, line.wanted, entry[0])), None)
            if same is not None:
                exact[line.day] = same
                elsewhere.remove(same)
    return exact


def _same_turn(rule: Rule, wanted: date, day: date) -> bool:
    if rule.kind == "monthly":
        return (wanted.year, wanted.month) == (day.year, day.month)
    return rule.kind == "weekly" and abs((day - wanted).days) * 2 < rule.every_weeks * 7


def pair(dates: Sequence[date], rule: Rule, *, after: datetime, closed: Closed, policy: str) -> list[Laid | None]:
    """The day that each of a group's dates moves to, in order: the day of the new rule in its own month, or for a rule in weeks in
    its own turn, or the next of the chosen days. Each date stands for its month or turn, so none pushes the ones after it along.

    None where there is no such day, because it has passed, or an earlier date has it. No date is lost to a holiday: where the rule
    would leave it out it is marked so, and somebody chooses.
    """
    found: list[Laid | None] = []
    taken: set[date] = set()
    last = date.min
    for day in dates:
        first, end = _turn_of(day, rule)
        wanted = next((d for d in days_of(rule, max(first, last + timedelta(days=1))) if datetime.combine(d, rule.starts) > after), None)
        if wanted is None or wanted >= end:
            found.append(None)
            continue
        last = wanted
        line = lay(wanted, closed, policy, taken)
        taken.add(line.day)
        found.append(line)
    return found


def _turn_of(day: date, rule: Rule) -> tuple[date, date]:
    """From which day on, and before which, a date that was on `day` may move to."""
    if rule.kind == "monthly":
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    if rule.kind == "weekly":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(weeks=rule.every_weeks)
    return date.min, date.max


def clock_problem(wall: datetime, zone: str) -> str:
    """Whether this wall-clock time does not exist in the zone ("missing"), happens "twice", or is plain ("")."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    if not tz.datetime_exists(local):
        return "missing"
    return "twice" if tz.datetime_ambiguous(local) else ""


def moment(wall: datetime, zone: str, choice: str = "") -> datetime | None:
    """The moment in UTC of a wall-clock time; None where `choice` is "skip".

    Refuses with ClockChoiceNeeded a time that does not exist or happens twice until one of CHOICES is made: "later" starts as
    much later as the clocks jump, "first" and "second" are the two times the same hour is shown.
    """
    problem = clock_problem(wall, zone)
    if problem and choice not in CHOICES[problem]:
        raise ClockChoiceNeeded(field=f"choice-{wall:%Y-%m-%d}")
    if problem and choice == "skip":
        return None
    # fold=0 reads a missing time with the offset before the jump, which shows as that much later: 2:30 becomes 3:30.
    return wall.replace(tzinfo=ZoneInfo(zone), fold=int(choice == "second")).astimezone(UTC)


def span(wall: datetime, zone: str, minutes: int) -> tuple[datetime, datetime]:
    """From when to when a visit takes a room and its people, whichever way an unclear time is read."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    first, second = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second + timedelta(minutes=minutes)
