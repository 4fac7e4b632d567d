"""What patients are told: planned once, worded from the rows as they then are, by their channel and in their language, and by real SMTP."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from groupvisits.accounts.models import Clinic, PatientLink
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import service as outbox
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.transports import SmtpTransport
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import CalendarEntry, GroupSession, Notice, Seat
from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.service import messages as service
from tests.cast import Cast
from tests.mailbox import Mailbox, listening

pytestmark = pytest.mark.usefixtures("context")


def prepare(cast: Cast, *, days: int = 20, state: str = "planned", **seats: str) -> None:
    """The visit lies `days` ahead; `seats` says what a person's seat is (rosa="invited")."""

    def change(tx: Transaction) -> None:
        group_session = tx.get_one(GroupSession, cast.session_id)
        starts_at = (clock.now() + timedelta(days=days)).replace(hour=22, minute=30, second=0, microsecond=0)
        group_session.starts_at, group_session.ends_at, group_session.state = starts_at, starts_at + timedelta(hours=2), state
        for key, seat_state in seats.items():
            tx.get_one(Seat, cast.seats[key]).state = seat_state

    run(change)


def change(model: Any, key: str, **values: Any) -> None:
    run(lambda tx: tx.execute(update(model).where(model.id == key).values(**values)))


def plan(cast: Cast, person: Actor, kind: str, **more: Any) -> None:
    def planning(tx: Transaction) -> None:
        service.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), person.id, kind, **more)

    run(planning)


def told(person: Actor) -> list[OutboxMessage]:
    db.session.expire_all()
    return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.patient_id == person.id).order_by(OutboxMessage.number, OutboxMessage.due_at)))


def notices(person: Actor) -> dict[str, str]:
    db.session.expire_all()
    return {f"{one.kind} {one.occasion}".strip(): one.state for one in db.session.scalars(select(Notice).where(Notice.patient_id == person.id))}


def event_of(message: OutboxMessage) -> Any:
    (event,) = Calendar.from_ical(message.calendar).walk("VEVENT")
    return event


class TestPlanning:
    def test_planned_twice_is_once(self, cast: Cast) -> None:
        prepare(cast, rosa="invited")
        for _ in range(3):
            plan(cast, cast.rosa, "invitation")
        assert notices(cast.rosa) == {"invitation": "planned"}
        service.word_due()
        service.word_due()
        plan(cast, cast.rosa, "invitation")
        service.word_due()
        assert [one.kind for one in told(cast.rosa)] == ["invitation"]

    def test_what_happens_again_is_told_again(self, cast: Cast) -> None:
        prepare(cast)
        for _ in range(2):
            plan(cast, cast.rosa, "confirmation")
            plan(cast, cast.rosa, "confirmation")
            service.word_due()
        assert [one.kind for one in told(cast.rosa)] == ["confirmation", "confirmation"]
        assert notices(cast.rosa) == {"confirmation 1": "sent", "confirmation 2": "sent"}

    def test_moved_twice_before_it_was_told_is_one_move_from_where_it_was_first(self, cast: Cast) -> None:
        prepare(cast, rosa="invited")
        plan(cast, cast.rosa, "invitation")
        service.word_due()
        first = "2026-12-01T22:30:00+00:00"
        plan(cast, cast.rosa, "update", facts={"was": first})
        plan(cast, cast.rosa, "update", facts={"was": "2026-12-02T22:30:00+00:00"})
        notice = db.session.scalar(select(Notice).where(Notice.kind == "update"))
        assert notice is not None and notice.facts == {"was": first}

    def test_withdrawn_is_not_told_and_may_be_planned_again(self, cast: Cast) -> None:
        prepare(cast, rosa="invited")
        plan(cast, cast.rosa, "invitation")
        plan(cast, cast.rosa, "reminder", occasion="7")
        run(service.withdraw_notices, cast.session_id, cast.rosa.id, ("invitation",))
        assert notices(cast.rosa) == {"invitation": "withdrawn", "reminder 7": "planned"}
        run(service.withdraw_notices, cast.session_id, cast.rosa.id)
        service.word_due()
        assert told(cast.rosa) == []
        plan(cast, cast.rosa, "invitation")
        service.word_due()
        assert [one.kind for one in told(cast.rosa)] == ["invitation"]

    def test_what_is_not_due_waits(self, cast: Cast) -> None:
        prepare(cast, rosa="invited")
        plan(cast, cast.rosa, "invitation", due_at=clock.now() + timedelta(days=3))
        assert service.word_due() == 0 and told(cast.rosa) == []

    @pytest.mark.parametrize(
        ("days", "planned"),
        [
            (40, {}),
            (27, {"rosa": {"invitation"}}),
            (6.5, {"rosa": {"invitation", "reminder 7"}, "marcus": {"form_opens"}}),
            (4, {"rosa": {"invitation"}, "marcus": {"form_opens"}}),  # a reminder belongs to its day
            (1.5, {"rosa": {"invitation", "reminder 2"}, "marcus": {"form_opens", "reminder 2"}}),
        ],
    )
    def test_invitations_reminders_and_forms_are_planned_when_their_day_comes(self, cast: Cast, days: float, planned: dict[str, set[str]]) -> None:
        prepare(cast, rosa="invited", gladys="declined")
        change(GroupSession, cast.session_id, starts_at=clock.now() + timedelta(days=days), ends_at=clock.now() + timedelta(days=days, hours=2))
        service.plan_ahead()
        for key in ("rosa", "marcus", "gladys"):
            assert {re.sub(r" ?\d{4}-\d\d-\d\d", "", one) for one in notices(getattr(cast, key))} == planned.get(key, set()), key
        assert service.plan_ahead() == 0

    def test_nothing_is_planned_for_cancelled_dates(self, cast: Cast) -> None:
        prepare(cast, days=5, state="cancelled")
        assert service.plan_ahead() == 0


class TestWording:
    def test_an_invitation_has_the_persons_own_link_and_neutral_words(self, cast: Cast, app: Flask) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        (message,) = told(cast.marcus)
        assert (message.channel, message.address, message.subject) == ("email", "marcus@example.org", "Your visit at Millbrook Community Clinic")
        links = re.findall(r"http://localhost/links/(\S+)", message.text)
        assert len(links) == 1 and db.session.get_one(PatientLink, ids.fingerprint(links[0])).patient_id == cast.marcus.id
        assert "5:30pm to 7:30pm" in message.text and "Main room" in message.text

    @pytest.mark.parametrize(("key", "language", "words"), [("rosa", "es", "¿Puede venir?"), ("beatriz", "pt", "Pode vir?"), ("marcus", "en", "Can you come?")])
    def test_everybody_reads_their_own_language(self, cast: Cast, key: str, language: str, words: str) -> None:
        prepare(cast, **{key: "invited"})
        plan(cast, getattr(cast, key), "invitation")
        service.word_due()
        (message,) = told(getattr(cast, key))
        assert message.language == language and words in message.text

    def test_a_language_the_clinic_does_not_offer_is_not_used(self, cast: Cast) -> None:
        prepare(cast, rosa="invited")
        change(Clinic, cast.clinic_id, languages=["en", "pt"])
        plan(cast, cast.rosa, "invitation")
        service.word_due()
        assert told(cast.rosa)[0].language == "en" and "Can you come?" in told(cast.rosa)[0].text

    def test_a_text_is_short_says_how_to_answer_and_how_to_stop(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        change(Patient, cast.marcus.id, channel="text", text_consent_at=clock.now())
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        (message,) = told(cast.marcus)
        assert (message.channel, message.address, message.calendar) == ("text", "+16175550102", "")
        assert "Answer YES or NO. STOP ends texts." in message.text and "/links/" in message.text

    @pytest.mark.parametrize("kind", service.KINDS)
    @pytest.mark.parametrize("language", ["en", "es", "pt", "ht"])
    def test_texts_are_short_and_every_kind_has_words_in_every_language(self, cast: Cast, kind: str, language: str) -> None:
        now = clock.local(clock.now(), "America/New_York")
        facts = emails.Facts(language, "Millbrook Community Clinic", "(555) 555-0110", now, now, "Main room", "", "https://visits.example.org/links/" + "x" * 43,
                             was=now - timedelta(days=1), until=now)  # fmt: skip
        words = emails.words_for(kind, facts)
        english = emails.words_for(kind, replace(facts, language="en"))
        # Two joined parts in English; accents such as í make parts of 67 letters instead of 153.
        assert len(words.short) <= (2 * 153 if language == "en" else 5 * 67)
        assert words.subject and words.text and words.script and "http" not in words.script and not words.script.endswith(":")
        assert language == "en" or words.text != english.text
        assert "%" not in words.subject + words.text + words.short

    def test_whoever_can_only_be_called_stands_on_the_call_list_without_a_link(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        change(Patient, cast.marcus.id, email="")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        (message,) = told(cast.marcus)
        assert message.channel == "call" and "/links/" not in message.text
        assert db.session.scalar(select(PatientLink.id).where(PatientLink.patient_id == cast.marcus.id)) is None

    def test_asked_for_twice_at_once_is_one_call_that_stays_on_the_list(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        change(Patient, cast.marcus.id, email="")
        plan(cast, cast.marcus, "invitation", occasion="first")
        plan(cast, cast.marcus, "invitation", occasion="again")
        service.word_due()
        assert [(one.kind, one.state) for one in told(cast.marcus)] == [("invitation", "waiting")]

    def test_newer_news_takes_an_older_call_off_the_list(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        change(Patient, cast.marcus.id, email="")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        prepare(cast, state="cancelled")
        plan(cast, cast.marcus, "date_cancelled")
        service.word_due()
        assert [(one.kind, one.state) for one in told(cast.marcus)] == [("invitation", "withdrawn"), ("date_cancelled", "waiting")]

    @pytest.mark.parametrize(
        ("kind", "happened"),
        [
            ("invitation", {"session": {"state": "cancelled"}}),
            ("invitation", {"seat": {"state": "declined", "seat_no": None}}),
            ("invitation", {"patient": {"is_active": False}}),
            ("confirmation", {"seat": {"state": "declined", "seat_no": None}}),
        ],
    )
    def test_what_does_not_fit_any_more_is_withdrawn(self, cast: Cast, kind: str, happened: dict[str, dict[str, Any]]) -> None:
        prepare(cast, marcus="invited" if kind == "invitation" else "confirmed")
        plan(cast, cast.marcus, kind)
        rows = {"session": (GroupSession, cast.session_id), "seat": (Seat, cast.seats["marcus"]), "patient": (Patient, cast.marcus.id)}
        for what, values in happened.items():
            change(*rows[what], **values)
        service.word_due()
        assert told(cast.marcus) == [] and set(notices(cast.marcus).values()) == {"withdrawn"}

    def test_a_date_cancelled_before_anybody_was_told_is_told_to_nobody(self, cast: Cast) -> None:
        prepare(cast, marcus="invited", state="cancelled")
        plan(cast, cast.marcus, "invitation")
        plan(cast, cast.marcus, "date_cancelled")
        service.word_due()
        assert told(cast.marcus) == []

    def test_one_that_fails_is_put_off_and_stops_nobody(self, cast: Cast) -> None:
        prepare(cast, marcus="invited", frank="invited")
        change(Patient, cast.marcus.id, channel="email", email="marcus@example.org\r\nBcc: x@example.org")
        plan(cast, cast.marcus, "invitation")
        plan(cast, cast.frank, "invitation")
        service.word_due()
        assert [one.kind for one in told(cast.frank)] == ["invitation"]
        assert told(cast.marcus) == [] and notices(cast.marcus) == {"invitation": "planned"}
        assert service.word_due() == 0

    def test_everybody_else_has_a_turn_between_two_people(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        """On the server a short sleep lets rooms and pages go on; a hundred in one go stopped them for two seconds."""
        prepare(cast, marcus="invited", frank="invited", rosa="invited")
        for person in (cast.marcus, cast.frank, cast.rosa):
            plan(cast, person, "invitation")
        turns: list[float] = []
        monkeypatch.setattr(time, "sleep", turns.append)
        service.word_due()
        assert turns == [service.A_TURN] * 3 and service.A_TURN > 0

    def test_three_different_messages_say_a_date_moved_a_date_is_off_and_a_place_is_off(self, cast: Cast) -> None:
        subjects = []
        for kind, seat, state in (("update", "confirmed", "planned"), ("date_cancelled", "confirmed", "cancelled"), ("seat_cancelled", "cancelled", "planned")):
            prepare(cast, marcus=seat, state=state)
            change(Seat, cast.seats["marcus"], answered_at=clock.now())
            plan(cast, cast.marcus, kind, facts={"was": "2026-10-01T22:30:00+00:00"} if kind == "update" else None)
            service.word_due()
            subjects.append(told(cast.marcus)[-1].subject)
        assert len(set(subjects)) == 3
        assert "has moved" in subjects[0] and "will not take place" in subjects[1] and "Your place" in subjects[2]

    def test_the_undecided_are_asked_and_the_decided_are_reminded(self, cast: Cast) -> None:
        prepare(cast, days=7, marcus="invited", frank="confirmed")
        for person in (cast.marcus, cast.frank):
            plan(cast, person, "reminder", occasion="7")
        service.word_due()
        assert "Can you come?" in told(cast.marcus)[0].text and "we look forward to seeing you" in told(cast.frank)[0].text

    def test_missed_people_hear_a_kind_word_afterwards(self, cast: Cast) -> None:
        prepare(cast, days=-1, state="closed", marcus="no_show", frank="attended")
        for person in (cast.marcus, cast.frank):
            plan(cast, person, "missed_you")
        service.word_due()
        assert [one.kind for one in told(cast.marcus)] == ["missed_you"] and told(cast.frank) == []


class TestCalendars:
    def test_request_update_and_cancel_are_one_event_with_a_rising_sequence(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        before = db.session.get_one(GroupSession, cast.session_id).starts_at
        prepare(cast, days=27)
        plan(cast, cast.marcus, "update", facts={"was": before.isoformat()})
        service.word_due()
        prepare(cast, days=27, state="cancelled")
        plan(cast, cast.marcus, "date_cancelled")
        service.word_due()
        messages = told(cast.marcus)
        events = [event_of(one) for one in messages]
        assert [Calendar.from_ical(one.calendar)["METHOD"] for one in messages] == ["REQUEST", "REQUEST", "CANCEL"]
        assert {str(one["UID"]) for one in events} == {cast.seats["marcus"]}
        assert [int(one["SEQUENCE"]) for one in events] == [0, 1, 2]
        assert [str(one["STATUS"]) for one in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
        assert [one.number for one in messages] == [1, 2, 3] and len({one.thread for one in messages}) == 1

    def test_everybody_has_an_event_of_their_own_and_is_its_only_attendee(self, cast: Cast) -> None:
        prepare(cast, marcus="invited", frank="invited")
        for person in (cast.marcus, cast.frank):
            plan(cast, person, "invitation")
        service.word_due()
        events = [event_of(told(person)[0]) for person in (cast.marcus, cast.frank)]
        assert len({str(one["UID"]) for one in events}) == 2
        assert [str(one["ATTENDEE"]) for one in events] == ["mailto:marcus@example.org", "mailto:frank@example.org"]
        assert {str(one["ORGANIZER"]) for one in events} == {"mailto:groupvisits@example.org"}

    def test_sent_again_brings_no_second_invitation(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        (first,) = told(cast.marcus)
        run(service.send_again, cast.joanne, first.id)
        again = told(cast.marcus)[-1]
        assert again.id != first.id
        assert (str(event_of(again)["UID"]), int(event_of(again)["SEQUENCE"])) == (str(event_of(first)["UID"]), int(event_of(first)["SEQUENCE"]))
        assert len(db.session.scalars(select(CalendarEntry)).all()) == 1

    def test_a_confirmation_of_what_the_calendar_knows_has_no_calendar_part(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        prepare(cast, marcus="confirmed")
        plan(cast, cast.marcus, "confirmation")
        service.word_due()
        assert [bool(one.calendar) for one in told(cast.marcus)] == [True, False]

    def test_nobody_is_sent_a_cancel_for_what_their_calendar_never_had(self, cast: Cast) -> None:
        prepare(cast, marcus="declined")
        change(Seat, cast.seats["marcus"], answered_at=clock.now())
        plan(cast, cast.marcus, "seat_cancelled", facts={"by": "patient"})
        service.word_due()
        assert [(one.kind, one.calendar) for one in told(cast.marcus)] == [("seat_cancelled", "")]


class TestPrivacy:
    @pytest.mark.parametrize("kind", service.KINDS)
    @pytest.mark.parametrize("channel", ["email", "text", "call"])
    def test_no_message_names_another_patient_the_group_or_the_programme(self, cast: Cast, kind: str, channel: str) -> None:
        state = {"date_cancelled": "cancelled", "missed_you": "closed"}.get(kind, "planned")
        seat = {"invitation": "invited", "offer": "offered", "offer_over": "cancelled", "seat_cancelled": "cancelled", "missed_you": "no_show"}.get(
            kind, "confirmed"
        )
        prepare(cast, days=-1 if kind == "missed_you" else 9, state=state, rosa=seat)
        change(Seat, cast.seats["rosa"], answered_at=clock.now() - timedelta(days=3))
        change(GroupSession, cast.session_id, decision="singles" if kind == "one_on_one" else "")
        change(Patient, cast.rosa.id, channel=channel, text_consent_at=clock.now())
        plan(cast, cast.rosa, kind, facts={"was": "2026-10-01T22:30:00+00:00", "until": "2026-12-01T22:30:00+00:00"})
        service.word_due()
        if (kind, channel) == ("confirmation", "call"):
            assert told(cast.rosa) == []  # nobody is called only to hear their own answer again
            return
        (message,) = told(cast.rosa)
        assert message.kind == kind and message.channel == channel
        everything = f"{message.subject}\n{message.text}\n{message.calendar}".casefold().replace("\r\n ", "")
        names = [name for one in db.session.scalars(select(Patient)) for name in (one.given_name, one.family_name) if one.id != cast.rosa.id]
        forbidden = [*names, "Delgado", "Living well", "Tuesday evening group", "diabetes", "Joanne", "Tomas", "Osei", "grupo", "group visit"]
        assert [word for word in forbidden if re.search(rf"\b{re.escape(word.casefold())}\b", everything)] == []


class TestSendingAgain:
    def test_it_goes_to_the_address_as_it_is_now(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        (first,) = told(cast.marcus)
        change(OutboxMessage, first.id, state="failed", problem="unknown")
        change(Patient, cast.marcus.id, email="marcus.bell@example.org")
        again = run(service.send_again, cast.joanne, first.id)["message_id"]
        assert db.session.get_one(OutboxMessage, again).address == "marcus.bell@example.org"
        assert {one.id: one.state for one in told(cast.marcus)} == {first.id: "withdrawn", again: "waiting"}

    def test_it_is_refused_when_the_date_is_cancelled(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        prepare(cast, state="cancelled")
        with pytest.raises(rules.NothingToTell):
            run(service.send_again, cast.joanne, told(cast.marcus)[0].id)
        assert len(told(cast.marcus)) == 1

    def test_a_stranger_and_the_wrong_role_are_refused(self, cast: Cast) -> None:
        prepare(cast, marcus="invited")
        plan(cast, cast.marcus, "invitation")
        service.word_due()
        message_id = told(cast.marcus)[0].id
        for person, refusal in ((cast.sol, NotFound), (cast.tomas, NotAllowed), (cast.marcus, NotAllowed)):
            with pytest.raises(refusal):
                run(service.send_again, person, message_id)
        with pytest.raises(NotFound):
            run(service.send_again, cast.joanne, "nothing")


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpTransport]]:
    with listening(refused="frank@") as found:
        yield found


def test_invitations_arrive_by_smtp_and_one_bad_address_stops_nobody(cast: Cast, mailbox: tuple[Mailbox, SmtpTransport]) -> None:
    box, transport = mailbox
    people = {key: getattr(cast, key) for key in ("rosa", "marcus", "frank", "beatriz")}
    prepare(cast, **dict.fromkeys(people, "invited"))
    for person in people.values():
        plan(cast, person, "invitation")
    service.word_due()
    assert outbox.deliver_due(transport) == (3, 1)
    received = [message_from_bytes(content, policy=default) for content in box.received]
    assert {one["To"] for one in received} == {"rosa@example.org", "marcus@example.org", "beatriz@example.org"}
    assert told(cast.frank)[0].state == "failed"
    for email in received:
        plain, calendar = email.iter_parts()  # type: ignore[union-attr]
        assert (email.get_content_type(), plain.get_content_type(), calendar.get_content_type()) == ("multipart/alternative", "text/plain", "text/calendar")
        assert calendar["Content-Type"].params["method"] == "REQUEST"
        (event,) = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
        assert str(event["ATTENDEE"]) == f"mailto:{email['To']}" and str(event["ORGANIZER"]) == f"mailto:{email['From']}"


@pytest.mark.parametrize(("asked", "left"), [("invitation", "withdrawn"), ("reminder", "withdrawn"), ("update", "waiting")])
def test_who_answered_otherwise_is_not_called_only_to_be_asked_while_news_is_still_called(cast: Cast, asked: str, left: str) -> None:
    prepare(cast, days=2, rosa="invited")
    change(Patient, cast.rosa.id, channel="call", phone="+16175550111")
    change(Seat, cast.seats["rosa"], answered_at=clock.now())
    plan(cast, cast.rosa, asked, facts={"was": (clock.now() + timedelta(days=1)).isoformat()} if asked == "update" else None)
    service.word_due()
    [call] = told(cast.rosa)
    assert (call.channel, call.state) == ("call", "waiting")
    prepare(cast, days=2, rosa="confirmed")
    plan(cast, cast.rosa, "confirmation")
    service.word_due()
    assert [message.state for message in told(cast.rosa)] == [left]
