"""Dates that move or are cancelled while people wait or have an offer: who is told, and what the clinic's main scheduler is to change."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.programmes.service import remove_member
from groupvisits.sessions import queries, service
from groupvisits.sessions.models import GroupSession, SchedulerChange, Seat
from groupvisits.sessions.service import messages
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def full(cast: Cast, context: None) -> None:
    """The date in ten days with four places, all held; Walter is in no group, was never written to, and waits."""
    with write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at = (clock.now() + timedelta(days=10)).replace(hour=22, minute=30, second=0, microsecond=0)
        date.ends_at, date.maximum = date.starts_at + timedelta(hours=2), 4
        date.wall_time = f"{clock.local(date.starts_at, date.zone):%Y-%m-%dT%H:%M}"
        for who in ("frank", "beatriz"):
            seat = tx.get_one(Seat, cast.seats[who])
            seat.state, seat.seat_no = "invited", None
        tx.get_one(Patient, cast.walter.id).email = "walter@example.org"
    run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.walter.id)


def move(cast: Cast) -> None:
    date = db.session.get_one(GroupSession, cast.session_id)
    local = clock.local(date.starts_at, date.zone)
    wish: dict[str, Any] = {"day": (local + timedelta(days=1)).date(), "starts": local.time(), "minutes": 120, "room": date.room}
    plan = run(service.plan_date_change, cast.joanne, cast.session_id, **wish)
    seen = queries.preview_of(db.session(), cast.joanne, plan["group_id"], plan["plan_id"]).seen
    run(service.apply_plan, cast.joanne, plan["group_id"], plan["plan_id"], seen=seen, choices={})


def told(person: Actor) -> list[tuple[str, bool]]:
    """(kind, whether it has a calendar part) of everything somebody was told."""
    messages.word_due()
    db.session.rollback()
    sent = select(OutboxMessage).where(OutboxMessage.patient_id == person.id).order_by(OutboxMessage.due_at, OutboxMessage.number)
    return [(one.kind, bool(one.calendar)) for one in db.session.scalars(sent)]


def changes(person: Actor) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(SchedulerChange.kind).where(SchedulerChange.patient_id == person.id)))


def test_who_waits_is_told_that_the_date_is_cancelled(cast: Cast) -> None:
    run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    assert told(cast.walter) == [("date_cancelled", False)]


def test_who_waits_is_told_that_the_date_moves_and_gets_no_place_in_their_calendar(cast: Cast) -> None:
    move(cast)
    assert told(cast.walter) == [("update", False)]


@pytest.mark.parametrize("what", ["move", "cancel"])
def test_the_main_scheduler_hears_nothing_of_an_offer_whose_date_changes(cast: Cast, what: str) -> None:
    run(service.answer, cast.gladys, cast.session_id, answer="no")
    assert db.session.scalar(select(Seat.state).where(Seat.session_id == cast.session_id, Seat.patient_id == cast.walter.id)) == "offered"
    if what == "move":
        move(cast)
    else:
        run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    assert changes(cast.walter) == [] and changes(cast.marcus) == [what]


def test_an_offer_taken_after_the_move_is_one_to_add(cast: Cast) -> None:
    run(service.answer, cast.gladys, cast.session_id, answer="no")
    move(cast)
    run(service.answer, cast.walter, cast.session_id, answer="yes")
    assert changes(cast.walter) == ["add"]


def test_who_leaves_the_group_is_told_that_their_place_is_given_back(cast: Cast) -> None:
    run(service.answer, cast.marcus, cast.session_id, answer="yes")
    run(remove_member, cast.joanne, cast.group_id, cast.marcus.id)
    assert [kind for kind, _ in told(cast.marcus)][-1:] == ["seat_cancelled"]


def test_who_was_taken_off_and_told_so_is_invited_anew(cast: Cast) -> None:
    date = db.session.get_one(GroupSession, cast.session_id)
    with write() as tx:
        messages.plan_notice(tx, cast.joanne, date, cast.frank.id, "invitation")
    assert told(cast.frank) == [("invitation", True)]
    for _ in range(2):
        run(service.take_back_seat, cast.joanne, cast.session_id, cast.seats["frank"])
        run(service.seat_patient, cast.joanne, cast.session_id, cast.frank.id, answer="open")
    assert told(cast.frank) == [("invitation", True)]  # nobody had told them yet
    run(service.take_back_seat, cast.joanne, cast.session_id, cast.seats["frank"])
    assert told(cast.frank)[1:] == [("seat_cancelled", True)]
    run(service.seat_patient, cast.joanne, cast.session_id, cast.frank.id, answer="open")
    assert told(cast.frank)[2:] == [("invitation", True)]
