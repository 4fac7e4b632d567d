"""Where an alarm shows besides the live screens: the boards of those who see patients, and the coordinator's home."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from groupvisits.accounts.models import StaffRole
from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.core import clock, transaction
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.home.queries import alarms_for
from groupvisits.home.queries.matters import alarms_without_a_person
from groupvisits.live import service as live
from groupvisits.sessions.models import SessionTeamMember
from groupvisits.sessions.service import open_session
from tests.cast import Cast, signed_in


def page(app: Flask, who: object, address: str) -> str:
    return re.sub(r"\s+", " ", signed_in(app, who).get(address).text)  # type: ignore[arg-type]


def raised(app: Flask, cast: Cast, *, opened: bool = True) -> str:
    with app.app_context():
        if opened:
            run(open_session, cast.tomas, cast.session_id)
        run(agenda.propose_topic, cast.rosa, cast.session_id, words="I have chest pain", route="group")
        return str(db.session.scalar(select(Alarm.id)))


def test_every_clinicians_board_says_it_first_and_takes_and_ends_it(app: Flask, cast: Cast) -> None:
    alarm = raised(app, cast)
    board = f"/sessions/{cast.session_id}/slots"
    for who in (cast.osei, cast.farrow, cast.adler):
        shown = page(app, who, board)
        assert "Rosa may need a person now" in shown and "“chest pain”" in shown and "I am going to Rosa" in shown
        assert shown.index("may need a person now") < shown.index("gv-order") if "gv-order" in shown else True
    of_tomas = page(app, cast.tomas, board)  # whoever leads has it on the console, by its own rules, and here the line of every page
    assert "chest pain" not in of_tomas and "I am going" not in of_tomas and "Go to the console" in of_tomas
    osei = signed_in(app, cast.osei)
    taken = osei.post(f"/sessions/{cast.session_id}/commands/live:take_alarm", data={"alarm_id": alarm, "back_to": board})
    assert taken.status_code == 303
    assert "Dr Hana Osei goes to Rosa" in page(app, cast.farrow, board)
    osei.post(f"/sessions/{cast.session_id}/commands/live:end_alarm", data={"alarm_id": alarm, "reason": "It was last year", "show": "true", "back_to": board})
    assert "Say what became of it" not in page(app, cast.farrow, board)
    with app.app_context():
        assert db.session.scalars(select(Topic.hidden_because)).all() == [""]


def test_the_board_says_who_asked_to_be_told_in_person(app: Flask, cast: Cast) -> None:
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
        run(live.wish, cast.beatriz, cast.session_id, in_person=True)
    boards = page(app, cast.osei, f"/sessions/{cast.session_id}/slots") + page(app, cast.farrow, f"/sessions/{cast.session_id}/slots")
    assert boards.count("Tell in person") == 1
    assert "Wants to be told in person" in page(app, cast.joanne, f"/patients/{cast.beatriz.id}")
    assert "Wants to be told in person" not in page(app, cast.joanne, f"/patients/{cast.rosa.id}")


def test_the_coordinators_home_names_the_visit_and_neither_person_nor_word(app: Flask, cast: Cast) -> None:
    alarm = raised(app, cast, opened=False)
    shown = page(app, cast.joanne, "/home")
    assert "a word needs a look" in shown and "chest pain" not in shown and "Rosa" not in shown
    assert shown.index("a word needs a look") < shown.index("Next 14 days")
    with app.app_context():
        assert [number for *_, number in alarms_without_a_person(db.session(), cast.joanne, clock.now())] == [1]
        assert alarms_without_a_person(db.session(), cast.sol, clock.now()) == []
        run(live.take_alarm, cast.osei, cast.session_id, alarm_id=alarm)
    assert "a word needs a look" in page(app, cast.joanne, "/home")  # taken is not looked after
    with app.app_context():
        run(live.end_alarm, cast.osei, cast.session_id, alarm_id=alarm, reason="We called her")
    assert "a word needs a look" not in page(app, cast.joanne, "/home")


def test_while_a_visit_runs_its_team_has_a_minute_and_then_it_is_the_coordinators_too(app: Flask, cast: Cast) -> None:
    alarm = raised(app, cast)
    assert "a word needs a look" not in page(app, cast.joanne, "/home")
    with app.app_context(), transaction.write() as tx:
        tx.execute(update(Alarm).values(raised_at=clock.now() - timedelta(seconds=61)))
    assert "a word needs a look" in page(app, cast.joanne, "/home")
    with app.app_context():
        run(live.take_alarm, cast.osei, cast.session_id, alarm_id=alarm)
    assert "a word needs a look" not in page(app, cast.joanne, "/home")


@pytest.mark.parametrize(
    ("who", "address", "leads_to"),
    [
        ("osei", "/today", "Go to the board"), ("osei", "/notes", "Go to the board"), ("adler", "/notes/to-co-sign", "Go to the board"), ("farrow", "/today", "Go to the board"),
        ("tomas", "/today", "Go to the console"), ("nia", "/today", "I am going to Rosa"), ("nia", "/patients", "Go yourself, or tell a clinician."),
    ],
)  # fmt: skip
def test_every_staff_page_of_the_team_says_who_and_since_when_and_not_what(app: Flask, cast: Cast, who: str, address: str, leads_to: str) -> None:
    assert "need a person" not in page(app, getattr(cast, who), address)
    alarm = raised(app, cast)
    shown = page(app, getattr(cast, who), address)
    assert "Rosa may need a person now" in shown and "Tuesday evening group, since " in shown and leads_to in shown
    assert "chest pain" not in shown
    assert "Rosa may need a person now" in page(app, getattr(cast, who), "/standing-alarms")  # what a page asks for that stays open
    with app.app_context():
        run(live.take_alarm, cast.osei, cast.session_id, alarm_id=alarm)
    assert "Dr Hana Osei goes to Rosa" in page(app, getattr(cast, who), address)
    with app.app_context():
        run(live.end_alarm, cast.osei, cast.session_id, alarm_id=alarm, reason="We spoke")
    assert "Rosa" not in page(app, getattr(cast, who), "/standing-alarms")


def test_a_nurse_says_from_any_page_that_they_go(app: Flask, cast: Cast) -> None:
    alarm = raised(app, cast)
    nia = signed_in(app, cast.nia)
    assert f'name="alarm_id" value="{alarm}"' in nia.get("/patients").text
    gone = nia.post(f"/sessions/{cast.session_id}/commands/live:take_alarm", data={"alarm_id": alarm, "back_to": "/today"})
    assert (gone.status_code, gone.location) == (303, "/today")
    shown = nia.get("/today").text
    assert "Nia Cole goes to Rosa" in shown and "chest pain" not in shown and 'name="alarm_id"' not in shown


def test_at_the_door_where_others_look_on_it_names_nobody(app: Flask, cast: Cast) -> None:
    raised(app, cast)
    for address in (f"/sessions/{cast.session_id}/check-ins", "/standing-alarms?at_the_door=yes"):
        shown = page(app, cast.nia, address)
        assert "Somebody in a visit of yours may need a person now" in shown and "See who" in shown
        assert "Rosa" not in shown and "chest pain" not in shown
    with app.app_context():
        run(live.take_alarm, cast.osei, cast.session_id, alarm_id=str(db.session.scalar(select(Alarm.id))))
    shown = page(app, cast.nia, "/standing-alarms?at_the_door=yes")
    assert "Dr Hana Osei goes to somebody in a visit of yours" in shown and "may need" not in shown and "Rosa" not in shown


def test_it_is_for_the_team_of_that_visit_alone(app: Flask, cast: Cast) -> None:
    raised(app, cast)
    for who in (cast.joanne, cast.ivo, cast.quinn, cast.ada, cast.rosa):
        assert signed_in(app, who).get("/standing-alarms").status_code in (200, 403)
        assert "may need a person" not in page(app, who, "/standing-alarms")
    with app.app_context():
        assert alarms_for(db.session(), cast.sol) == []
        with transaction.write() as tx:
            tx.execute(delete(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.farrow.id))
            tx.execute(delete(StaffRole).where(StaffRole.staff_member_id == cast.osei.id))
    assert "may need a person" not in page(app, cast.farrow, "/today")  # not of this team any more
    assert "may need a person" not in page(app, cast.osei, "/standing-alarms")  # the role was taken away


def test_a_page_that_shows_an_alarm_itself_says_it_once(app: Flask, cast: Cast) -> None:
    raised(app, cast)
    board = page(app, cast.osei, f"/sessions/{cast.session_id}/slots")
    assert board.count("Rosa may need a person now") == 1 and f"besides={cast.session_id}" in board
    assert "need a person" not in page(app, cast.osei, f"/standing-alarms?besides={cast.session_id}")
