"""What needs a coordinator, and how a date stands: decisions on values alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.sessions.rules import ONE_ON_ONES

LOOK_AHEAD = timedelta(days=14)
PLAN_AHEAD = timedelta(days=28)  # when invitations go out: time for one-on-ones and free places are settled before that
OPEN_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class DateNow:
    """One date as the decisions see it. `needed` and `available` are one-on-one minutes, `left_over` people without one.

    `expected` is how many will come, where attendance so far says so. `may_invite` counts the places that may be offered now.
    """

    session_id: str
    state: str
    starts_at: datetime
    ends_at: datetime
    held: int
    invited: int
    declined: int
    minimum: int
    has_facilitator: bool
    residents: int
    left_over: int
    expected: int | None = None
    decide_by: datetime | None = None
    decision: str = ""
    waiting: int = 0
    may_invite: int = 0
    lapsed: int = 0
    asked_again: int = 0

    @property
    def will_come(self) -> int:
        return self.held if self.expected is None else self.expected


@dataclass(frozen=True)
class Need:
    """One thing to do, by when, and about which date (none: about the clinic). For the kinds see ORDER."""

    kind: str
    session_id: str
    at: datetime


# What cannot wait comes before everything, whatever the date.
AT_ONCE = ("alarm", "not_open", "overdue", "texts")
ORDER = (
    *AT_ONCE, "no_team", "nobody_invited", "not_going_ahead", "too_few", "asked_again", "too_few_minutes", "lapsed", "may_invite", "came_back", "calls", "scheduler",
    "agreements", "no_dates",
)  # fmt: skip


def needs_of(dates: Iterable[DateNow], now: datetime, others: Iterable[Need] = ()) -> list[Need]:
    """What needs a coordinator, the most urgent first; one line per kind and date. `others` belong to no date."""
    found = [Need(kind, date.session_id, _by(kind, date)) for date in dates for kind in _kinds(date, now)]
    return sorted([*found, *others], key=lambda need: (need.kind not in AT_ONCE, need.at, ORDER.index(need.kind)))


def _by(kind: str, date: DateNow) -> datetime:
    return date.decide_by if kind == "too_few" and date.decide_by else date.starts_at


def _kinds(date: DateNow, now: datetime) -> Iterable[str]:
    if date.state != "planned":
        return
    if date.ends_at <= now:
        yield "overdue"
        return
    if date.starts_at - OPEN_BEFORE <= now:
        yield "not_open"
    if date.decision == ONE_ON_ONES:
        return
    if date.decision == "no_go":
        yield "not_going_ahead"
        return
    if date.starts_at <= now + LOOK_AHEAD:
        yield from _soon(date)
    if date.starts_at <= now + PLAN_AHEAD:
        yield from _in_time(date)


def _soon(date: DateNow) -> Iterable[str]:
    if not date.has_facilitator or not date.residents:
        yield "no_team"
    if date.held + date.invited + date.declined == 0:
        yield "nobody_invited"
    elif date.will_come < date.minimum and date.decision != "go":
        yield "too_few"


def _in_time(date: DateNow) -> Iterable[str]:
    if date.asked_again:
        yield "asked_again"
    if date.residents and date.held and date.left_over:
        yield "too_few_minutes"
    if date.lapsed:
        yield "lapsed"
    if date.waiting and date.may_invite > 0:
        yield "may_invite"


def standing(date: DateNow, now: datetime) -> str:
    """How a date stands, in one word for its tag: cancelled, over, open, one_on_ones, not_going_ahead, too_few, goes_ahead."""
    if date.state in ("cancelled", "open"):
        return date.state
    if date.state == "closed" or date.ends_at <= now:
        return "over"
    if date.decision == ONE_ON_ONES:
        return "one_on_ones"
    if date.decision:
        return "goes_ahead" if date.decision == "go" else "not_going_ahead"
    return "too_few" if date.will_come < date.minimum else "goes_ahead"
