"""The pages of messages: what came back, what a human reads, who is called, what is entered in the main scheduler."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import service as outbox
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Notice, SchedulerChange, Seat
from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.service import calls, messages, scheduler
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted


def change(model: Any, key: str, **values: Any) -> None:
    run(lambda tx: tx.execute(update(model).where(model.id == key).values(**values)))


@pytest.fixture
def joanne(app: Flask, cast: Cast) -> FlaskClient:
    """The visit is in nine days; Marcus, whom only a call reaches, and Frank were invited."""
    with app.app_context():
        starts_at = clock.now() + timedelta(days=9)
        change(GroupSession, cast.session_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        change(Patient, cast.marcus.id, email="")
        for key in ("marcus", "frank"):
            change(Seat, cast.seats[key], state="invited", seat_no=None)
            tell(cast, getattr(cast, key), "invitation")
    return signed_in(app, cast.joanne)


def tell(cast: Cast, person: Any, kind: str, **more: Any) -> None:
    run(lambda tx: messages.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), person.id, kind, **more))
    messages.word_due()


def message_of(app: Flask, person: Any) -> OutboxMessage:
    with app.app_context():
        db.session.rollback()
        return db.session.scalars(select(OutboxMessage).where(OutboxMessage.patient_id == person.id).order_by(OutboxMessage.number.desc())).first()  # type: ignore[return-value]


def seat_state(app: Flask, cast: Cast, key: str) -> str:
    with app.app_context():
        db.session.rollback()
        return db.session.get_one(Seat, cast.seats[key]).state


class TestMessages:
    def test_an_empty_clinic_says_so(self, app: Flask, cast: Cast) -> None:
        page = signed_in(app, cast.joanne).get("/messages").text
        assert "Nothing has been sent yet." in page

    def test_what_came_back_can_be_sent_again_or_settled(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        first = message_of(app, cast.frank)
        with app.app_context():
            change(OutboxMessage, first.id, state="failed", problem="The mail server does not know this address.")
        page = joanne.get("/messages").text
        assert "1 message came back" in page and "does not know this address" in page and "Frank Tully" in page
        assert joanne.post(f"/messages/{first.id}/resends").status_code == 303
        assert "came back" not in joanne.get("/messages").text.partition('id="sent"')[0]
        with app.app_context():
            change(OutboxMessage, message_of(app, cast.frank).id, state="failed")
        for _ in range(2):
            joanne.post(f"/messages/{message_of(app, cast.frank).id}/settlements")
        assert "came back" not in joanne.get("/messages").text

    def test_send_again_says_why_not(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        with app.app_context():
            change(GroupSession, cast.session_id, state="cancelled")
        answer = joanne.post(f"/messages/{message_of(app, cast.frank).id}/resends", follow_redirects=True)
        assert "does not fit any more" in answer.text

    def test_every_state_has_a_word(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        for state, word in (("waiting", "Waits"), ("sent", "Sent"), ("failed", "Came back")):
            with app.app_context():
                change(OutboxMessage, message_of(app, cast.frank).id, state=state)
            assert word in joanne.get("/messages").text
        assert "To call" in joanne.get("/messages").text

    def test_messages_are_shown_by_the_day_of_the_visit(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        day = clock.local(clock.now() + timedelta(days=9), "America/New_York").date()
        assert "Frank Tully" in joanne.get(f"/messages?day={day}").text
        assert "Nothing was sent about visits of this day." in joanne.get(f"/messages?day={day + timedelta(days=1)}").text

    @pytest.mark.parametrize(
        "query",
        ["day=yesterday", "day=2026-02-30", "day=" + "9" * 500, "day=0001-01-01", "day=9999-12-31", "page=x", "page=-3", "page=99999", "page=" + "9" * 400],
    )
    def test_impossible_days_and_pages_break_nothing(self, joanne: FlaskClient, query: str) -> None:
        assert joanne.get(f"/messages?{query}").status_code in (200, 400)
        assert joanne.get(f"/scheduler-changes?{query}").status_code == 200

    def test_many_messages_come_in_pages_of_fifty(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        def much(tx: Transaction) -> None:
            for number in range(120):
                outbox.queue(
                    tx, kind="patient_link", clinic_id=cast.clinic_id, address="a@example.org", subject="s", text=f"t{number}", patient_id=cast.rosa.id
                )

        with app.app_context():
            run(much)
        page = joanne.get("/messages").text
        assert "Page 1 of 3" in page and page.count("Link to their pages") == 50
        assert "Page 3 of 3" in joanne.get("/messages?page=3").text

    def test_a_bounded_number_of_questions_to_the_database(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:

        def much(tx: Transaction) -> None:
            for number in range(60):
                outbox.queue(
                    tx, kind="patient_link", clinic_id=cast.clinic_id, address="a@example.org", subject="s", text=f"t{number}", patient_id=cast.rosa.id
                )
                tx.add(IncomingTextRow(number, cast))

        from groupvisits.sessions.models import IncomingText

        def IncomingTextRow(number: int, cast: Cast) -> IncomingText:  # noqa: N802
            return IncomingText(
                id=ids.fingerprint(str(number)), clinic_id=cast.clinic_id, sender="+16175550102", words="hm", understood="", received_at=clock.now()
            )

        with app.app_context():
            run(much)
        with counted(app) as asked:
            joanne.get("/messages")
        assert len(asked) <= 32, len(asked)


class TestCalls:
    def test_the_list_says_who_what_and_in_which_language(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        with app.app_context():
            change(Patient, cast.marcus.id, language="pt")
        page = joanne.get("/call-list").text
        assert "Marcus Bell" in page and "(617) 555-0102" in page and "Speaks Português." in page and "Tuesday evening group" in page
        assert "Frank" not in page

    @pytest.mark.parametrize(("outcome", "state"), [("yes", "confirmed"), ("no", "declined")])
    def test_a_ticked_call_is_the_answer(self, app: Flask, cast: Cast, joanne: FlaskClient, outcome: str, state: str) -> None:
        message = message_of(app, cast.marcus)
        command = {"outcome": outcome, "command_id": "11111111-1111-4111-8111-111111111111"}
        for _ in range(2):
            assert joanne.post(f"/messages/{message.id}/calls", data=command).status_code == 303
        assert seat_state(app, cast, "marcus") == state
        assert message_of(app, cast.marcus).state == "sent"
        assert "Nobody needs to be called." in joanne.get("/call-list").text
        with app.app_context():
            messages.word_due()
        assert "Nobody needs to be called." in joanne.get("/call-list").text  # not called to hear their own answer

    def test_not_reached_stays_on_the_list_and_is_counted(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        message = message_of(app, cast.marcus)
        for _ in range(2):
            joanne.post(f"/messages/{message.id}/calls", data={"outcome": "not_reached"})
        assert "Tried 2 times, not reached." in joanne.get("/call-list").text
        assert seat_state(app, cast, "marcus") == "invited"

    def test_a_refused_answer_ticks_nothing_and_says_why(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        with app.app_context():
            change(GroupSession, cast.session_id, maximum=4)
        answer = joanne.post(f"/messages/{message_of(app, cast.marcus).id}/calls", data={"outcome": "yes"}, follow_redirects=True)
        assert "places are held" in answer.text and "Marcus Bell" in answer.text
        assert message_of(app, cast.marcus).state == "waiting"

    @pytest.mark.parametrize("outcome", ["", "maybe", "x" * 5000, "\x00"])
    def test_an_outcome_that_does_not_exist_changes_nothing(self, app: Flask, cast: Cast, joanne: FlaskClient, outcome: str) -> None:
        joanne.post(f"/messages/{message_of(app, cast.marcus).id}/calls", data={"outcome": outcome})
        assert message_of(app, cast.marcus).state == "waiting"

    def test_words_in_another_language_have_a_reading_beside_them(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        message = message_of(app, cast.marcus)
        assert "In English:" not in joanne.get("/call-list").text
        with app.app_context():
            change(Patient, cast.marcus.id, language="es")
            tell(cast, cast.marcus, "invitation", occasion="again")
        page = joanne.get("/call-list").text
        assert "¿Puede venir" in page or "invita" in page
        assert f"In English: {message.text}" in page
        in_spanish = joanne.get("/call-list?lang=es", follow_redirects=True).text
        assert message_of(app, cast.marcus).text in in_spanish and message.text not in in_spanish
        with app.app_context():
            change(OutboxMessage, message_of(app, cast.marcus).id, text="Llame al Dr. Osei")
        assert "In English:" not in joanne.get("/call-list?lang=en", follow_redirects=True).text  # no reading rather than a wrong one

    def test_a_cancelled_date_is_only_told(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        with app.app_context():
            change(GroupSession, cast.session_id, state="cancelled")
            tell(cast, cast.marcus, "date_cancelled")
        page = joanne.get("/call-list").text
        assert "will not take place" in page and "They know" in page

    def test_a_call_cannot_be_ticked_twice(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        message = message_of(app, cast.marcus)
        with app.app_context():
            run(calls.note_call, cast.joanne, message.id, outcome="no")
            with pytest.raises(rules.NotOnTheList):
                run(calls.note_call, cast.joanne, message.id, outcome="yes")

    def test_a_stranger_and_the_wrong_role_are_refused(self, app: Flask, cast: Cast, joanne: FlaskClient) -> None:
        message = message_of(app, cast.marcus)
        with app.app_context():
            for person, refusal in ((cast.sol, NotFound), (cast.nia, NotAllowed), (cast.marcus, NotAllowed)):
                with pytest.raises(refusal):
                    run(calls.note_call, person, message.id, outcome="yes")
                with pytest.raises(refusal):
                    run(calls.settle, person, message.id)
            with pytest.raises(NotFound):
                run(calls.note_call, cast.joanne, message_of(app, cast.frank).id, outcome="yes")  # an e-mail is no call


class TestScheduler:
    def note(self, app: Flask, cast: Cast, *kinds: str, was: timedelta | None = None) -> None:
        def noting(tx: Transaction) -> None:
            one = tx.get_one(GroupSession, cast.session_id)
            for kind in kinds:
                scheduler.note_change(tx, one, cast.marcus.id, kind, was_at=one.starts_at - was if was else None)

        with app.app_context():
            run(noting)

    def left(self, app: Flask) -> list[str]:
        with app.app_context():
            db.session.rollback()
            return list(db.session.scalars(select(SchedulerChange.kind).where(SchedulerChange.done_at.is_(None))))

    @pytest.mark.parametrize(
        ("kinds", "left"),
        [
            (("add",), ["add"]), (("add", "add"), ["add"]), (("add", "cancel"), []), (("add", "move"), ["add"]), (("move",), ["move"]), (("move", "move"), ["move"]),
            (("move", "cancel"), ["cancel"]), (("cancel",), ["cancel"]), (("cancel", "add"), []), (("add", "cancel", "add"), ["add"]), (("cancel", "cancel"), ["cancel"]),
        ],
    )  # fmt: skip
    def test_only_what_is_left_to_do_is_listed(self, app: Flask, cast: Cast, kinds: tuple[str, ...], left: list[str]) -> None:
        self.note(app, cast, *kinds, was=timedelta(days=1) if "move" in kinds else None)
        assert self.left(app) == left

    def test_what_was_ticked_is_no_longer_combined(self, app: Flask, cast: Cast) -> None:
        self.note(app, cast, "add")
        with app.app_context():
            run(scheduler.tick_change, cast.joanne, str(db.session.scalar(select(SchedulerChange.id))))
        self.note(app, cast, "cancel")
        assert self.left(app) == ["cancel"]

    def test_ticked_and_taken_back_on_its_page(self, app: Flask, cast: Cast) -> None:
        self.note(app, cast, "add")
        client = signed_in(app, cast.joanne)
        assert "Bell, Marcus" in client.get("/scheduler-changes").text
        with app.app_context():
            change_id = str(db.session.scalar(select(SchedulerChange.id)))
        for _ in range(2):
            assert client.post(f"/scheduler-changes/{change_id}/ticks").status_code == 303
        assert "Your main scheduler needs no changes." in client.get("/scheduler-changes").text
        assert "Joanne Pike" in client.get("/scheduler-changes?done=1").text
        client.post(f"/scheduler-changes/{change_id}/tick-removals")
        assert "Bell, Marcus" in client.get("/scheduler-changes").text

    @pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "  =1+1", "\n=1+1", "＝1+1", 'Ana, "the" Bell'])
    def test_the_file_holds_no_formula(self, app: Flask, cast: Cast, name: str) -> None:
        self.note(app, cast, "add")
        with app.app_context():
            change(Patient, cast.marcus.id, family_name=name)
        answer = signed_in(app, cast.joanne).post("/scheduler-changes/exports")
        head, row = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert answer.mimetype == "text/csv" and head[0] == "What to do" and row[0] == "Add"
        assert not any(re.match(r"\s*[=+\-@\t\r＝]", cell) for cell in row) and row[1].lstrip("'") == name

    def test_taking_the_file_is_on_record(self, app: Flask, cast: Cast) -> None:
        signed_in(app, cast.joanne).post("/scheduler-changes/exports")
        with app.app_context():
            assert db.session.scalar(select(AuditEntry.actor_id).where(AuditEntry.action == "sessions:export_changes")) == cast.joanne.id

    def test_a_stranger_and_the_wrong_role_are_refused(self, app: Flask, cast: Cast) -> None:
        self.note(app, cast, "add")
        with app.app_context():
            change_id = str(db.session.scalar(select(SchedulerChange.id)))
            for person, refusal in ((cast.sol, NotFound), (cast.tomas, NotAllowed), (cast.marcus, NotAllowed)):
                with pytest.raises(refusal):
                    run(scheduler.tick_change, person, change_id)
        assert self.left(app) == ["add"]


def test_the_command_line_words_what_is_due(app: Flask, cast: Cast) -> None:
    with app.app_context():
        starts_at = clock.now() + timedelta(days=6.5)
        change(GroupSession, cast.session_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    answer = app.test_cli_runner().invoke(args=["notices", "send"])
    assert answer.exit_code == 0 and "6 planned, 6 looked at." in answer.output
    with app.app_context():
        assert set(db.session.scalars(select(Notice.state))) == {"sent"}
