"""Calendar parts and feeds: read alike by four programs, right on the days the clocks change, passed by libical, private and revocable."""

import ctypes
import ctypes.util
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import recurring_ical_events
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from groupvisits.accounts.models import StaffMember
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.events import SessionMoved
from groupvisits.sessions.models import CalendarEntry, CalendarFeed, GroupSession, Seat
from groupvisits.sessions.rules import calendar
from groupvisits.sessions.rules.calendar import Entry
from groupvisits.sessions.service import calendars as service
from tests.cast import Cast, signed_in
from tests.sessions.arrange import past_date

HERE = Path(__file__).parent
VENDOR = HERE.parent / "vendor"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
VISIT = Entry("8c1f0c9ae0b84a70a6ad9e4c2a9f5c11", 0, datetime(2026, 12, 8, 22, 30, tzinfo=UTC), datetime(2026, 12, 9, 0, 30, tzinfo=UTC), "America/New_York",
              "Su visita en Millbrook; Ñandú, «Kreyòl»", "Main room, Millbrook Community Clinic", "CONFIRMED")  # fmt: skip


def at(start: datetime, zone: str = "America/New_York", hours: float = 2) -> Entry:
    return replace(VISIT, starts_at=start, ends_at=start + timedelta(hours=hours), zone=zone)


DATES = {
    "a winter evening": VISIT,
    "a summer evening": at(datetime(2027, 7, 13, 21, 30, tzinfo=UTC)),
    "the evening after the clocks went forward": at(datetime(2027, 3, 14, 21, 30, tzinfo=UTC)),
    "over the hour that does not exist": at(datetime(2027, 3, 14, 6, 30, tzinfo=UTC), hours=1),
    "the evening after the clocks went back": at(datetime(2027, 11, 7, 22, 30, tzinfo=UTC)),
    "01:30 for the first time": at(datetime(2027, 11, 7, 5, 30, tzinfo=UTC), hours=0.25),
    "01:30 for the second time": at(datetime(2027, 11, 7, 6, 30, tzinfo=UTC), hours=0.5),
    "29 February": at(datetime(2028, 2, 29, 22, 30, tzinfo=UTC)),
    "a zone whose clocks never change": at(datetime(2027, 7, 1, 8, tzinfo=UTC), "Asia/Kolkata"),
    "Lisbon": at(datetime(2027, 3, 28, 16, tzinfo=UTC), "Europe/Lisbon"),
    "UTC itself": at(datetime(2027, 7, 1, 8, tzinfo=UTC), "UTC"),
    "south of the equator": at(datetime(2027, 1, 12, 8, tzinfo=UTC), "Australia/Sydney"),
}


def part(entry: Entry, method: str = "REQUEST") -> str:
    return calendar.invitation(entry, method=method, organizer="Clinic <clinic@example.org>", attendee="rosa@example.org", accepted=False, now=NOW)


def cancelled(entry: Entry) -> Entry:
    return replace(entry, status="CANCELLED", sequence=entry.sequence + 1)


def read_by_icalendar(text: str) -> dict[str, Any]:
    read = Calendar.from_ical(text)
    assert read.errors == [] and all(one.errors == [] for one in read.walk())
    events = [_event(one, one["DTSTART"].dt, one["DTEND"].dt) for one in read.walk("VEVENT")]
    return {"method": str(read["METHOD"]), "events": events}


def read_by_recurring(text: str) -> dict[str, Any]:
    read = Calendar.from_ical(text)
    events = [_event(one, one["DTSTART"].dt, one["DTEND"].dt) for one in recurring_ical_events.of(read).between(datetime(2026, 1, 1), datetime(2029, 1, 1))]
    return {"method": str(read["METHOD"]), "events": events}


def _event(event: Any, start: datetime, end: datetime) -> dict[str, Any]:
    attendees = event.get("ATTENDEE", [])
    return {
        "uid": str(event["UID"]), "sequence": int(event["SEQUENCE"]), "summary": str(event["SUMMARY"]), "location": str(event["LOCATION"]),
        "status": str(event["STATUS"]), "start": _iso(start), "end": _iso(end),
        "attendees": [str(one) for one in (attendees if isinstance(attendees, list) else [attendees])],
    }  # fmt: skip


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def read_by_node(*texts: str) -> list[dict[str, dict[str, Any]]]:
    """By ical.js and node-ical, whose files lie in tests/vendor."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: ical.js and node-ical were not asked. CI installs it.")
    done = subprocess.run(
        [node, str(HERE / "read_calendars.js")],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=60,
        env={"NODE_PATH": str(VENDOR), "TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def expected(entry: Entry, method: str, attendees: list[str]) -> dict[str, Any]:
    event = {
        "uid": entry.uid, "sequence": entry.sequence, "summary": entry.summary, "location": entry.location, "status": entry.status,
        "start": _iso(entry.starts_at), "end": _iso(entry.ends_at), "attendees": attendees,
    }  # fmt: skip
    return {"method": method, "events": [event]}


class TestReadAlike:
    def test_every_program_reads_every_date_as_it_is_meant(self) -> None:
        cases = [(entry, "REQUEST") for entry in DATES.values()] + [(cancelled(entry), "CANCEL") for entry in DATES.values()]
        texts = [part(entry, method) for entry, method in cases]
        for (entry, method), text, by_node in zip(cases, texts, read_by_node(*texts), strict=True):
            meant = expected(entry, method, ["mailto:rosa@example.org"])
            assert read_by_icalendar(text) == meant
            assert read_by_recurring(text) == meant
            assert by_node["ical.js"] == meant
            assert by_node["node-ical"] == meant

    def test_every_program_reads_a_whole_feed(self) -> None:
        entries = [replace(entry, uid=f"{number:032}", status="CANCELLED" if number % 3 == 0 else "CONFIRMED") for number, entry in enumerate(DATES.values())]
        text = calendar.feed(entries, name="Visits", organizer="Clinic <clinic@example.org>", now=NOW).decode()
        (by_node,) = read_by_node(text)
        for read in (read_by_icalendar(text), read_by_recurring(text), by_node["ical.js"], by_node["node-ical"]):
            assert read["method"] == "PUBLISH"
            events = sorted(read["events"], key=lambda one: one["uid"])
            assert events == [expected(entry, "PUBLISH", [])["events"][0] for entry in entries]

    @pytest.mark.parametrize("name", DATES)
    def test_no_zone_is_missing_and_hours_around_a_change_are_written_in_utc(self, name: str) -> None:
        text = part(DATES[name])
        assert Calendar.from_ical(text).get_missing_tzids() == set()
        is_near = name.startswith("01:30") or name == "over the hour that does not exist"
        assert bool(re.search(r"DTSTART:2027\d{4}T0[56]3000Z", text)) is is_near
        assert ("BEGIN:VTIMEZONE" in text) is (not is_near and name != "UTC itself")


@pytest.fixture(scope="module")
def libical() -> Any:
    try:
        library = ctypes.CDLL("libical.so.3")
    except OSError:
        pytest.skip("libical3 is not installed: its check of invitations was not asked. CI installs it.")
    library.icalparser_parse_string.restype = library.icalcomponent_as_ical_string.restype = ctypes.c_void_p
    library.icalparser_parse_string.argtypes = [ctypes.c_char_p]
    library.icalrestriction_check.argtypes = library.icalcomponent_count_errors.argtypes = library.icalcomponent_free.argtypes = [ctypes.c_void_p]
    return library


class TestItip:
    """libical's own check of the rules of invitations."""

    def passes(self, libical: Any, text: str) -> bool:
        read = libical.icalparser_parse_string(text.encode())
        assert read
        passed = libical.icalrestriction_check(read) == 1 and libical.icalcomponent_count_errors(read) == 0
        libical.icalcomponent_free(read)
        return passed

    @pytest.mark.parametrize("name", DATES)
    def test_what_we_send_passes(self, libical: Any, name: str) -> None:
        assert self.passes(libical, part(DATES[name]))
        assert self.passes(libical, part(cancelled(DATES[name]), "CANCEL"))
        assert self.passes(libical, calendar.feed([DATES[name]], name="Visits", organizer="Clinic <clinic@example.org>", now=NOW).decode())

    @pytest.mark.parametrize("missing", ["ORGANIZER", "UID", "DTSTAMP", "ATTENDEE", "DTSTART"])
    def test_the_check_sees_what_is_missing(self, libical: Any, missing: str) -> None:
        zone, _, event = part(VISIT).partition("BEGIN:VEVENT")
        spoilt = f"{zone}BEGIN:VEVENT" + re.sub(rf"\r\n{missing}[;:](?:[^\r]|\r\n )*", "", event)
        assert spoilt != part(VISIT) and not self.passes(libical, spoilt)


class TestWhatIsWritten:
    def test_the_organizer_is_the_bare_sender_and_nobody_else_attends(self) -> None:
        text = part(VISIT).replace("\r\n ", "")
        assert "ORGANIZER:mailto:clinic@example.org\r\n" in text
        assert re.findall(r"^ATTENDEE[^:]*:(\S+)", text, re.MULTILINE) == ["mailto:rosa@example.org"]

    def test_a_line_break_in_an_address_is_refused(self) -> None:
        with pytest.raises(ValueError):
            calendar.invitation(VISIT, method="REQUEST", organizer="a@example.org", attendee="x@example.org\r\nATTENDEE:y@example.org", accepted=False, now=NOW)

    @pytest.mark.parametrize(
        ("changed", "is_new"),
        [
            ({}, False),
            ({"starts_at": VISIT.starts_at + timedelta(hours=1)}, True),
            ({"ends_at": VISIT.ends_at + timedelta(minutes=15)}, True),
            ({"location": "Room 5"}, True),
            ({"status": "CANCELLED"}, True),
            ({"status": "TENTATIVE"}, False),
        ],
    )
    def test_only_time_place_and_status_raise_the_sequence(self, changed: dict[str, Any], is_new: bool) -> None:
        def told(entry: Entry) -> str:
            return calendar.told(entry.starts_at, entry.ends_at, entry.location, entry.status)

        assert (told(VISIT) != told(replace(VISIT, **changed))) is is_new


def address_of(app: Flask, person: Any) -> str:
    with app.app_context():
        return f"/calendars/{run(service.make_calendar, person)}.ics"


def change(app: Flask, model: Any, key: str, **values: Any) -> None:
    with app.app_context():
        run(lambda tx: tx.execute(update(model).where(model.id == key).values(**values)))


def events_at(app: Flask, address: str) -> list[Any]:
    answer = app.test_client().get(address)
    assert answer.status_code == 200
    read = Calendar.from_ical(answer.text)
    assert str(read["METHOD"]) == "PUBLISH" and "ATTENDEE" not in answer.text
    return read.walk("VEVENT")


def put_off(tx: Transaction, session_id: str, days: int) -> None:
    """The date is so many days later; with 0, in another room."""
    date = tx.get_one(GroupSession, session_id)
    date.starts_at, date.ends_at = date.starts_at + timedelta(days=days), date.ends_at + timedelta(days=days)
    date.room = date.room if days else f"{date.room} 2"
    tx.flush()
    tx.announce(SessionMoved(session_id))


class TestFeeds:
    def test_a_patients_feed_has_their_dates_and_no_words_about_them(self, app: Flask, cast: Cast) -> None:
        (event,) = events_at(app, address_of(app, cast.marcus))
        assert (str(event["SUMMARY"]), str(event["STATUS"])) == ("Your visit at Millbrook Community Clinic", "CONFIRMED")
        text = app.test_client().get(address_of(app, cast.marcus)).text
        assert [word for word in ("Rosa", "Bell", "Tuesday", "Living well", "Tomas") if word in text] == []

    def test_what_was_cancelled_stays_and_says_so(self, app: Flask, cast: Cast) -> None:
        address = address_of(app, cast.marcus)
        change(app, Seat, cast.seats["marcus"], state="declined", seat_no=None)
        assert [str(event["STATUS"]) for event in events_at(app, address)] == ["CANCELLED"]
        change(app, Seat, cast.seats["marcus"], state="confirmed", seat_no=2)
        change(app, GroupSession, cast.session_id, state="cancelled")
        assert [str(event["STATUS"]) for event in events_at(app, address)] == ["CANCELLED"]

    def test_a_feed_and_an_invitation_are_one_event(self, app: Flask, cast: Cast) -> None:
        def invited(tx: Transaction) -> None:
            tx.add(
                CalendarEntry(
                    id=cast.seats["marcus"],
                    session_id=cast.session_id,
                    patient_id=cast.marcus.id,
                    sequence=3,
                    method="REQUEST",
                    told="",
                    changed_at=clock.now(),
                )
            )

        address = address_of(app, cast.marcus)
        (before,) = events_at(app, address)
        with app.app_context():
            run(invited)
        (after,) = events_at(app, address)
        assert str(before["UID"]) == str(after["UID"]) == cast.seats["marcus"] and int(after["SEQUENCE"]) == 3

    def test_the_dates_to_come_of_a_large_clinic_leave_no_feed_for_those_that_are_over(self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("groupvisits.sessions.queries.calendar.MOST", 3)
        with app.app_context(), write() as tx:
            for days in (2, 9, 30, 50):
                past_date(tx, cast, cast.group_id, days=days)
        starts = [event.start for event in events_at(app, address_of(app, cast.joanne))]
        assert len(starts) == 3 and sum(start > clock.now() for start in starts) == 1
        assert min(starts) > clock.now() - timedelta(days=10) and starts == sorted(starts)

    def test_a_date_that_moves_has_a_higher_sequence_each_time_also_without_an_e_mail(self, app: Flask, cast: Cast) -> None:
        """And what an e-mail then says has the sequence that the feed has."""
        address, seen = address_of(app, cast.marcus), []
        for days in (1, 0, 2):
            with app.app_context():
                run(lambda tx, days=days: put_off(tx, cast.session_id, days))
            (event,) = events_at(app, address)
            seen.append((int(event["SEQUENCE"]), str(event["UID"])))
        assert seen == [(number, cast.seats["marcus"]) for number in (1, 2, 3)]
        with app.app_context():
            assert db.session.scalars(select(CalendarEntry.told)).all() == [""]  # no e-mail has brought it: the first one will
            run(lambda tx: tx.execute(update(CalendarEntry).values(told="what an e-mail said")))
            run(lambda tx: put_off(tx, cast.session_id, 1))
            entry, date = db.session.scalars(select(CalendarEntry)).one(), db.session.get_one(GroupSession, cast.session_id)
            told = calendar.told(date.starts_at, date.ends_at, emails.location("Millbrook Community Clinic", date.room), "CONFIRMED")
            assert (entry.sequence, entry.told) == (4, told)
            run(lambda tx: tx.announce(SessionMoved(cast.session_id)))  # nothing that a calendar shows is another
            db.session.rollback()
            assert db.session.scalar(select(CalendarEntry.sequence)) == 4

    def test_a_staff_members_feed_names_the_group_and_no_patient(self, app: Flask, cast: Cast) -> None:
        for person in (cast.tomas, cast.joanne):
            address = address_of(app, person)
            (event,) = events_at(app, address)
            assert str(event["SUMMARY"]) == "Tuesday evening group"
            text = app.test_client().get(address).text
            assert [word for word in ("Rosa", "Marcus", "Delgado", "Bell") if word in text] == []

    def test_who_is_on_no_team_sees_no_dates(self, app: Flask, cast: Cast) -> None:
        assert events_at(app, address_of(app, cast.quinn)) == []
        assert events_at(app, address_of(app, cast.sol)) == []
        assert events_at(app, address_of(app, cast.walter)) == []

    def test_nothing_keeps_the_answer_and_only_a_get_is_answered(self, app: Flask, cast: Cast) -> None:
        address = address_of(app, cast.marcus)
        answer = app.test_client().get(address)
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
        assert "Set-Cookie" not in answer.headers
        assert app.test_client().post(address).status_code == 405

    def test_only_a_fingerprint_is_stored(self, app: Flask, cast: Cast) -> None:
        token = address_of(app, cast.marcus).split("/")[2].removesuffix(".ics")
        with app.app_context():
            assert db.session.scalars(select(CalendarFeed.id)).all() == [ids.fingerprint(token)]

    def test_the_address_stays_out_of_the_log(self) -> None:
        from groupvisits.core.logs import without_token

        assert without_token("/calendars/secret.ics") == "/calendars/…"

    @pytest.mark.parametrize("how", ["revoked", "by the clinic", "made anew", "left", "guessed"])
    def test_an_address_ends_at_once(self, app: Flask, cast: Cast, how: str) -> None:
        address = address_of(app, cast.marcus)
        if how == "revoked":
            signed_in(app, cast.marcus).post("/own-calendar/revocations")
        elif how == "by the clinic":
            joanne, page = signed_in(app, cast.joanne), f"/patients/{cast.marcus.id}"
            assert "Stop the calendar address" in joanne.get(page).text
            assert joanne.post(f"{page}/calendar-revocations").status_code == 303
            assert "Stop the calendar address" not in joanne.get(page).text
        elif how == "made anew":
            new = address_of(app, cast.marcus)
            assert len(events_at(app, new)) == 1
        elif how == "left":
            change(app, Patient, cast.marcus.id, is_active=False)
        else:
            address = "/calendars/guess.ics"
        assert app.test_client().get(address).status_code == 404

    def test_a_disabled_staff_members_address_ends(self, app: Flask, cast: Cast) -> None:
        address = address_of(app, cast.tomas)
        change(app, StaffMember, cast.tomas.id, active=False)
        assert app.test_client().get(address).status_code == 404

    def test_the_owner_makes_and_stops_it_on_their_own_page(self, app: Flask, cast: Cast) -> None:
        for person in (cast.marcus, cast.tomas):
            client = signed_in(app, person)
            assert "Make my private address" in client.get("/own-calendar").text
            page = client.post("/own-calendar/addresses").text
            found = re.search(r'value="http://localhost(/calendars/[^"]+\.ics)"', page)
            assert found and len(events_at(app, found[1])) == 1
            assert found[1] not in client.get("/own-calendar").text
            client.post("/own-calendar/revocations")
            client.post("/own-calendar/revocations")
            assert app.test_client().get(found[1]).status_code == 404

    def test_a_stranger_and_the_wrong_role_revoke_nothing(self, app: Flask, cast: Cast) -> None:
        address = address_of(app, cast.marcus)
        with app.app_context():
            for person, refusal in ((cast.sol, NotFound), (cast.nia, NotAllowed), (cast.rosa, NotAllowed)):
                with pytest.raises(refusal):
                    run(service.revoke_calendar_of, person, cast.marcus.id)
        assert len(events_at(app, address)) == 1
