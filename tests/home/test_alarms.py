"""Where an alarm shows besides the live screens: the boards of those who see patients, and the coordinator's home."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.core import clock, transaction
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.home.queries.matters import alarms_without_a_person
from groupvisits.live import service as live
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
    assert "need a person" not in page(app, cast.tomas, board)  # whoever leads has it on the console, by its own rules
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
