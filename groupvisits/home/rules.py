"""What needs a coordinator, and how a date stands: decisions on values alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LOOK_AHEAD = timedelta(days=14)
OPEN_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class DateNow:
    """One date as the decisions see it. `needed` and `available` are one-on-one minutes, `left_over` people without one."""

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


@dataclass(frozen=True)
class Need:
    """One thing to do about one date: overdue, not_open, nobody_invited, no_team, too_few, too_few_minutes."""

    kind: str
    session_id: str
    at: datetime


def needs_of(dates: Iterable[DateNow], now: datetime) -> list[Need]:
    """What needs a coordinator, the most urgent first; one line per kind and date."""
    found = [Need(kind, date.session_id, date.starts_at) for date in dates for kind in _kinds(date, now)]
    return sorted(found, key=lambda need: (need.kind not in ("not_open", "overdue"), need.at, ORDER.index(need.kind)))


ORDER = ("not_open", "overdue", "no_team", "nobody_invited", "too_few", "too_few_minutes")


def _kinds(date: DateNow, now: datetime) -> Iterable[str]:
    if date.state != "planned":
        return
    if date.ends_at <= now:
        yield "overdue"
        return
    if date.starts_at - OPEN_BEFORE <= now:
        yield "not_open"
    if date.starts_at > now + LOOK_AHEAD:
        return
    if not date.has_facilitator or not date.residents:
        yield "no_team"
    if date.held + date.invited + date.declined == 0:
        yield "nobody_invited"
    elif date.held < date.minimum:
        yield "too_few"
    if date.residents and date.held and date.left_over:
        yield "too_few_minutes"


def standing(date: DateNow, now: datetime) -> str:
    """How a date stands, in one word for its tag: cancelled, over, open, too_few, goes_ahead."""
    if date.state in ("cancelled", "open"):
        return date.state
    if date.state == "closed" or date.ends_at <= now:
        return "over"
    return "too_few" if date.held < date.minimum else "goes_ahead"
