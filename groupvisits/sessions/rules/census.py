"""Whether enough people come to a date: the light, what to do by when, going ahead or not, and moving people to a sister date."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from groupvisits.core.errors import Conflict, Refused, mark
from groupvisits.sessions.rules.states import ONE_ON_ONES, WrongState

NOT_SEEN = ("invited", "waitlisted", "offered")  # seats of people who have not said yes
FAR = 10_000
# How a date stands by how many days are left and how many are expected. Read: until so many days before, below the minimum, below the
# best number, at the best number or above. Two days before it is too late for the best number: the minimum decides.
LIGHTS = (
    (2, ("red", mark("Too few")), ("green", mark("Enough")), ("green", mark("Enough"))),
    (14, ("red", mark("Too few")), ("amber", mark("Fewer than best")), ("green", mark("Enough"))),
    (FAR, ("amber", mark("Not enough yet")), ("green", mark("On the way")), ("green", mark("Enough"))),
)
PERHAPS_TOO_MANY = ("amber", mark("Perhaps too many"))
NOBODY = ("red", mark("Nobody is invited"))

# What is looked at when, besides the day by which to decide: days before the visit and what helps then, the first that is possible first.
CHECKPOINTS = (
    (14, ("invite", "offer", "call")),
    (7, ("offer", "call", "merge", "one_on_ones")),
    (2, ("call", "merge", "one_on_ones")),
)
SISTER_WITHIN = timedelta(days=21)
ONE_ON_ONES_FROM = max(days for days, helps in CHECKPOINTS if "one_on_ones" in helps)


class ReasonForNoGo(Refused):
    message = mark("Say why this date does not go ahead. The reason is kept on record.")


class MergeChanged(Conflict):
    message = mark("Somebody answered or took a place since you looked. Look again: nothing has been changed.")


class NoSister(Refused):
    message = mark("People can move only to another planned date of the same programme.")


class NoPlaceThere(Refused):
    message = mark("No place is free on that date for people of another one. Choose another date, or cancel this one.")


class NobodyToMove(Refused):
    message = mark("There is nobody to move. You can cancel this date.")


class MergeReasonNeeded(Refused):
    message = mark("Say why the two dates become one. The reason is kept on record.")


class PeopleWereTold(Conflict):
    message = mark("People have been told that the group does not meet on this date. Let the group meet after all first.")


class NobodyToSeeAlone(Refused):
    message = mark("Nobody has said yes to this date, so there is nobody to see one-on-one. You can cancel this date.")


class OneOnOnesChanged(Conflict):
    message = mark("Somebody answered, or the plan has changed, since you looked. Look again: nothing has been changed.")


class OneOnOnesReasonNeeded(Refused):
    message = mark("Say why the group does not meet. The reason is kept on record.")


@dataclass(frozen=True)
class Light:
    """`colour` is green, amber or red; `words` say the same."""

    colour: str
    words: str


def light(days_left: int, expected: int, *, minimum: int, best: int, invited: int, too_many: float, limit: int) -> Light:
    """How a date stands. `too_many` is the chance (0 to 1) of more than can be seen, `limit` what the clinic allows, in a hundred."""
    if not invited:
        return Light(*NOBODY)
    _until, below_minimum, below_best, enough = next(row for row in LIGHTS if days_left <= row[0])
    if expected < minimum:
        return Light(*below_minimum)
    if too_many > limit / 100:
        return Light(*PERHAPS_TOO_MANY)
    return Light(*(below_best if expected < best else enough))


def days_left(starts_at: datetime, now: datetime, zone: str) -> int:
    """How often the day changes on the clinic's wall until the visit; 0 on the day itself and after it."""
    local = ZoneInfo(zone)
    return max((starts_at.astimezone(local).date() - now.astimezone(local).date()).days, 0)


@dataclass(frozen=True)
class CensusNow:
    """What the next action depends on. `places` may be offered now; `sisters`: dates of the programme that people could move to."""

    days_left: int
    light: Light
    decision: str
    go_no_go_days: int
    yes: int
    unanswered: int
    waiting: int
    places: int
    more: int
    sisters: int
    residents: int
    short_of_time: bool
    can_add_provider: bool


def next_action(census: CensusNow) -> str:
    """The one thing to do now: decide, merge, cancel, offer, add_provider, call, invite; "" when there is nothing."""
    steps = possible(census)
    if census.decision == ONE_ON_ONES:
        return ""
    if census.decision == "no_go":
        return "merge" if "merge" in steps else "cancel"
    if census.light.colour == "red" and not census.decision and census.days_left <= census.go_no_go_days and census.yes + census.unanswered:
        return "decide"
    if "offer" in steps:
        return "offer"
    if census.short_of_time and census.can_add_provider:
        return "add_provider"
    if census.light.colour == "green" and census.days_left > CHECKPOINTS[-1][0]:
        return ""
    order = next((helps for until, helps in reversed(CHECKPOINTS) if census.days_left <= until), ("invite",))
    return next((step for step in order if step in steps and step not in ("merge", "one_on_ones")), "")


def possible(census: CensusNow) -> set[str]:
    """What could be done about the number of people, whether needed or not."""
    found = {"decide"}
    if census.waiting and census.places > 0:
        found.add("offer")
    if census.unanswered:
        found.add("call")
    if census.more > 0 and not census.waiting:
        found.add("invite")
    if census.sisters and census.yes + census.unanswered:
        found.add("merge")
    if census.yes and census.residents and census.decision != ONE_ON_ONES and census.days_left <= ONE_ON_ONES_FROM:
        found.add("one_on_ones")
    return found


@dataclass(frozen=True)
class Checkpoint:
    """A day on which somebody looks: `days` before the visit; `is_now` from that day until the next; `helps`: what is possible then."""

    days: int
    at: datetime
    is_past: bool
    is_now: bool
    helps: tuple[str, ...]


def checkpoints(starts_at: datetime, left: int, go_no_go_days: int) -> list[Checkpoint]:
    """The days before a visit on which its census is looked at, and the day by which to decide, in order. `left`: days until it."""
    wanted: dict[int, tuple[str, ...]] = dict(CHECKPOINTS)
    wanted[go_no_go_days] = ("decide", *wanted.get(go_no_go_days, ()))
    days = sorted(wanted, reverse=True)
    current = min((day for day in days if left <= day), default=None)
    return [Checkpoint(day, starts_at - timedelta(days=day), current is not None and day > current, day == current, wanted[day]) for day in days]


def check_can_decide(state: str, decision: str, reason: str, *, before: str = "") -> None:
    """A date that has not begun can be decided about, until people are told something else (`before`); not to go ahead needs a reason."""
    if state != "planned":
        raise WrongState(state)
    if before == ONE_ON_ONES:
        raise PeopleWereTold
    if decision == "no_go" and not reason.strip():
        raise ReasonForNoGo(field="reason")


def check_can_see_one_on_one(state: str, starts_at: datetime, now: datetime, *, yes: int, reason: str) -> None:
    """Until a visit has begun the group may be told not to meet, with a reason, if somebody is left to be seen."""
    check_can_meet_after_all(state, starts_at, now)
    if not yes:
        raise NobodyToSeeAlone
    if not reason.strip():
        raise OneOnOnesReasonNeeded(field="reason")


def check_can_meet_after_all(state: str, starts_at: datetime, now: datetime) -> None:
    """Until the room is open or the time has come."""
    if state != "planned":
        raise WrongState(state)
    if starts_at <= now:
        raise WrongState("over")


def seen_of(*parts: Sequence[str]) -> str:
    """What a preview showed, to be compared when it is applied."""
    return hashlib.sha256("/".join(" ".join(sorted(part)) for part in parts).encode()).hexdigest()


@dataclass(frozen=True)
class Person:
    """Somebody on the list of a date that is given up. `there`: what their seat in the other date says, "" without one."""

    patient_id: str
    state: str
    since: datetime
    there: str = ""


@dataclass(frozen=True)
class Move:
    """What becomes of everybody: keep a place in the other date, are asked to it, are on its list already, said no to this one."""

    keep: tuple[str, ...]
    ask: tuple[str, ...]
    already: tuple[str, ...]
    said_no: tuple[str, ...]

    @property
    def seen(self) -> str:
        """What a preview showed, to be compared when it is applied."""
        return seen_of(self.keep, self.ask, self.already)


def plan_move(people: Sequence[Person], free: int) -> Move:
    """Who fits into `free` places of the other date: those who said yes, in the order they did. The others are asked and hold no place.

    Who has a place there, or said no to that date, is not asked again.
    """
    settled = ("confirmed", "offered", "arrived", "invited", "waitlisted", "declined")
    stay = [person for person in people if person.there in ("", "cancelled", "invited")]
    yes = sorted((person for person in stay if person.state == "confirmed"), key=lambda person: (person.since, person.patient_id))
    keep = [person.patient_id for person in yes[: max(free, 0)]]
    ask = [p.patient_id for p in stay if p.state in ("confirmed", "invited", "offered", "waitlisted") and p.patient_id not in keep and p.there != "invited"]
    already = [p.patient_id for p in people if p.patient_id not in keep and p.there in settled and p.state != "declined"]
    return Move(tuple(keep), tuple(ask), tuple(already), tuple(p.patient_id for p in people if p.state == "declined"))
