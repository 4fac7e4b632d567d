"""Calendar parts and feeds: one event and UID per person and date, neutral words, and no other attendee.

A change of time, place or status raises the sequence and nothing else does, so that a message sent again is no second invitation.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

MAKER = "-//groupvisits//EN"
REFRESH = timedelta(hours=4)
NEAR_A_CHANGE = (timedelta(hours=-4), timedelta(0), timedelta(hours=4))


@dataclass(frozen=True)
class Entry:
    """One date in one person's calendar."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str
    status: str  # CONFIRMED, TENTATIVE or CANCELLED
    description: str = ""


def told(starts_at: datetime, ends_at: datetime, location: str, status: str) -> str:
    """The fingerprint of what a calendar was told: while it stays the same, the sequence does."""
    known = "|".join((starts_at.astimezone(UTC).isoformat(), ends_at.astimezone(UTC).isoformat(), location, "off" if status == "CANCELLED" else "on"))
    return hashlib.sha256(known.encode()).hexdigest()


def invitation(entry: Entry, *, method: str, organizer: str, attendee: str, accepted: bool, now: datetime) -> str:
    """The text/calendar part for one person: REQUEST, or CANCEL with the same UID. `organizer` is the sender's address."""
    event = _event(entry, organizer, now)
    person = vCalAddress(f"mailto:{attendee}")
    # The clinic takes answers on the person's own page, by text or by telephone: a calendar's answer would reach nobody.
    person.params["RSVP"], person.params["ROLE"] = "FALSE", "REQ-PARTICIPANT"
    person.params["PARTSTAT"] = "ACCEPTED" if accepted else "NEEDS-ACTION"
    event.add("attendee", person)
    return _calendar([event], [entry], method).to_ical().decode()


def feed(entries: Iterable[Entry], *, name: str, organizer: str, now: datetime) -> bytes:
    """All dates of one person, for programs that fetch them again and again. No attendees; what was cancelled stays and says so."""
    kept = sorted(entries, key=lambda entry: entry.starts_at)
    calendar = _calendar([_event(entry, organizer, now) for entry in kept], kept, "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    return calendar.to_ical()


def _event(entry: Entry, organizer: str, now: datetime) -> Event:
    event = Event()
    event["organizer"] = vCalAddress(f"mailto:{parseaddr(organizer)[1] or organizer}")
    event.add("uid", entry.uid)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    start, end = _written(entry)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", entry.summary)
    event.add("location", entry.location)
    if entry.description:
        event.add("description", entry.description)
    event.add("status", entry.status)
    event.add("sequence", entry.sequence)
    event.add("transp", "TRANSPARENT" if entry.status == "CANCELLED" else "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _written(entry: Entry) -> tuple[datetime, datetime]:
    """In the clinic's own time; in UTC in the hours around a change of its clocks, where programs do not agree what a local time means."""
    zone = ZoneInfo(entry.zone)
    if any(len({(moment + near).astimezone(zone).utcoffset() for near in NEAR_A_CHANGE}) > 1 for moment in (entry.starts_at, entry.ends_at)):
        return entry.starts_at.astimezone(UTC), entry.ends_at.astimezone(UTC)
    return entry.starts_at.astimezone(zone), entry.ends_at.astimezone(zone)


def _calendar(events: list[Event], entries: list[Entry], method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", MAKER)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for event in events:
        calendar.add_component(event)
    if entries:
        first, last = min(entry.starts_at for entry in entries), max(entry.ends_at for entry in entries)
        calendar.add_missing_timezones(first_date=(first - timedelta(days=365)).date(), last_date=(last + timedelta(days=365)).date())
    return calendar
