"""Which dates a monthly rule means, and which moment a time on the clinic's wall is, also in the nights when clocks change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from dateutil import rrule, tz

from groupvisits.core.errors import Conflict, Refused, mark

LAST_WEEK = 5
CHOICES = {"missing": ("later", "skip"), "twice": ("first", "second", "skip")}


class ClockChoiceNeeded(Refused):
    message = mark("The clocks change in that night. Choose what to do with this date.")


class PlanChanged(Conflict):
    message = mark("Something changed since you looked at these dates. Look again, then make them.")


class NothingToMake(Refused):
    message = mark("All of these dates exist already. Nothing was made.")


def monthly_dates(week: int, weekday: int, first_day: date, count: int) -> list[date]:
    """The next `count` dates from `first_day` on: the nth weekday of each month, 5 meaning the last. 0 is Monday."""
    nth = rrule.weekday(weekday)(-1 if week == LAST_WEEK else week)
    start = datetime.combine(first_day, time())
    return [found.date() for found in rrule.rrule(rrule.MONTHLY, byweekday=nth, dtstart=start, count=count)]


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


@dataclass(frozen=True)
class PlannedDate:
    """One line of the preview. `state`: new, exists, cancelled (a date that was made and cancelled), missing, twice."""

    wall: datetime
    state: str

    @property
    def key(self) -> str:
        return f"{self.wall:%Y-%m-%d}"


def plan_series(*, week: int, weekday: int, starts: time, zone: str, now: datetime, count: int, existing: Mapping[date, str]) -> list[PlannedDate]:
    """The next `count` dates of a group after `now`. `existing` maps days that have a session of the group to its state."""
    local_now = now.astimezone(ZoneInfo(zone))
    days = monthly_dates(week, weekday, local_now.date(), count + 1)
    walls = [datetime.combine(day, starts) for day in days]
    if walls[0] <= local_now.replace(tzinfo=None):
        walls = walls[1:]
    return [PlannedDate(wall, _state(wall, zone, existing)) for wall in walls[:count]]


def _state(wall: datetime, zone: str, existing: Mapping[date, str]) -> str:
    if wall.date() in existing:
        return "cancelled" if existing[wall.date()] == "cancelled" else "exists"
    return clock_problem(wall, zone) or "new"


def seen(plan: Sequence[PlannedDate]) -> str:
    """What a preview showed, to be compared when it is applied."""
    return " ".join(f"{line.wall:%Y-%m-%dT%H:%M}/{line.state}" for line in plan)


def moments_to_make(plan: Sequence[PlannedDate], zone: str, choices: Mapping[str, str]) -> list[tuple[datetime, datetime]]:
    """(wall-clock time, moment) of each date to make. Refuses with ClockChoiceNeeded, and with NothingToMake if none is left."""
    found = [(line.wall, moment(line.wall, zone, choices.get(line.key, ""))) for line in plan if line.state not in ("exists", "cancelled")]
    made = [(wall, at) for wall, at in found if at is not None]
    if not made:
        raise NothingToMake
    return made
