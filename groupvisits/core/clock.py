"""The one place that asks what time it is. Times are aware and in UTC; a clinic's own time is worked out where it is shown."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    return datetime.now(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """`moment` as the clocks on the wall in `zone` show it."""
    return moment.astimezone(ZoneInfo(zone))


def today(zone: str) -> date:
    return local(now(), zone).date()
