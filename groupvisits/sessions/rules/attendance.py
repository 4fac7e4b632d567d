"""Who came, who did not, who cancelled beforehand and who left early: kept apart, and corrected only with a reason."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from groupvisits.core.errors import Conflict, Refused, mark

# What can be noted of somebody's seat when a visit is over. "declined" means that they said no beforehand.
NOTED = ("attended", "left_early", "no_show", "declined")
TOLD_AT = time(10)  # "we missed you", on the morning after
TOLD_WITHIN = timedelta(days=7)  # somebody noted as absent weeks later is not written to any more


class NotOverYet(Conflict):
    message = mark("Attendance can be corrected when the visit is over. Until then, use check-in.")


class WhyNeeded(Refused):
    message = mark("Say why this is corrected. The reason stays on record.")


class SayWhat(Refused):
    message = mark("Choose what is right.")


class NotHere(Conflict):
    message = mark("Only somebody who is here can leave early.")


class LeftOutsideVisit(Refused):
    message = mark("Enter a time during the visit, from %(first)s to %(last)s. Or leave it empty.")


def check_can_leave(session_state: str, seat_state: str) -> None:
    """Somebody leaves early while the room is open, or before it was opened by anybody."""
    if session_state not in ("planned", "open") or seat_state not in ("arrived", "left_early"):
        raise NotHere


def check_can_correct(session_state: str, after: str, reason: str) -> None:
    """`reason` without letters that nobody can see."""
    if session_state != "closed":
        raise NotOverYet
    if after not in NOTED:
        raise SayWhat(field="after")
    if not reason:
        raise WhyNeeded(field="reason")


def moment_of_leaving(typed: time | None, starts_at: datetime, ended_at: datetime, zone: str) -> datetime | None:
    """The moment during the visit at which the wall showed `typed`; refuses one outside of it. Visits may run past midnight."""
    if typed is None:
        return None
    local = starts_at.astimezone(ZoneInfo(zone))
    at = datetime.combine(local.date(), typed, ZoneInfo(zone))
    if at < local:
        at += timedelta(days=1)
    if not starts_at <= at <= ended_at:
        last = ended_at.astimezone(ZoneInfo(zone))
        raise LeftOutsideVisit(field="left_at", first=f"{local:%H:%M}", last=f"{last:%H:%M}")
    return at


def told_at(starts_at: datetime, zone: str, now: datetime) -> datetime | None:
    """When somebody who did not come is written to: 10 in the morning after the visit, or after today. None when it is too long ago."""
    if now - starts_at > TOLD_WITHIN:
        return None
    on_the_wall = ZoneInfo(zone)
    days: Iterable[date] = (starts_at.astimezone(on_the_wall).date(), now.astimezone(on_the_wall).date())
    return datetime.combine(max(days) + timedelta(days=1), TOLD_AT, on_the_wall)
