"""More of a clinic than the cast has: more dates, a sister group, a full date; and what tests of several rooms ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event

from groupvisits.core import clock, ids, transaction
from groupvisits.core.transaction import Transaction
from groupvisits.extensions import db
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import Cast


def a_date(tx: Transaction, cast: Cast, starts_at: datetime, **values: Any) -> GroupSession:
    """A planned date of the Tuesday group that begins then and lasts two hours; `values` say what is otherwise."""
    made: dict[str, Any] = {
        "id": ids.new_id(), "clinic_id": cast.clinic_id, "group_id": cast.group_id, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2),
        "zone": "America/New_York", "maximum": 8, "state": "planned", "epoch": ids.new_id(), "version": 0,
    }  # fmt: skip
    group_session = GroupSession(**{**made, **values})
    group_session.wall_time = f"{clock.local(starts_at, group_session.zone):%Y-%m-%dT%H:%M}"
    tx.add(group_session)
    tx.flush()
    return group_session


def full_date(tx: Transaction, cast: Cast) -> str:
    """The cast's date in three days with four places: Rosa, Marcus, Gladys and Teo have them; Frank and Beatriz have not answered."""
    date = tx.get_one(GroupSession, cast.session_id)
    date.starts_at, date.ends_at, date.maximum = clock.now() + timedelta(days=3), clock.now() + timedelta(days=3, hours=2), 4
    for who in ("frank", "beatriz"):
        seat = tx.get_one(Seat, cast.seats[who])
        seat.state, seat.seat_no = "invited", None
    return cast.session_id


def sister_group(tx: Transaction, cast: Cast) -> tuple[str, str]:
    """(group, its next date) of "Thursday noon group"."""
    group = Group(id=ids.new_id(), clinic_id=cast.clinic_id, programme_id=cast.programme_id, name="Thursday noon group", room="Hall", week=3, weekday=3,
                  starts=time(12), minutes=90, minimum=3, target=5, maximum=8, slot_minutes=8, layout="parallel", created_at=clock.now())  # fmt: skip
    tx.add(group)
    tx.flush()
    group_session = past_date(tx, cast, group.id, days=-9, state="planned")
    return group.id, group_session.id


def past_date(tx: Transaction, cast: Cast, group_id: str, *, days: int, state: str = "closed") -> GroupSession:
    """A date of the group so many days ago."""
    starts_at = (clock.now() - timedelta(days=days)).replace(second=0, microsecond=0)
    closed_at = starts_at + timedelta(minutes=120) if state == "closed" else None
    return a_date(tx, cast, starts_at, group_id=group_id, room="Main room", state=state, closed_at=closed_at)


def noted(tx: Transaction, session_id: str, patient_id: str, state: str, **more: object) -> Seat:
    """A seat of a date that is over, as it was noted."""
    seat = Seat(id=ids.new_id(), session_id=session_id, patient_id=patient_id, state=state, changed_at=clock.now(), **more)
    tx.add(seat)
    tx.flush()
    return seat


def member(tx: Transaction, group_id: str, patient_id: str, since: date = date(2026, 1, 1)) -> None:
    tx.add(Membership(id=ids.new_id(), group_id=group_id, patient_id=patient_id, since=since))
    tx.flush()


ROSA = {"name": "del", "born-day": "1", "born-month": "3", "born-year": "1961"}  # how the tablet finds her


def door(cast: Cast, what: str = "check-ins") -> str:
    return f"/sessions/{cast.session_id}/{what}"


def set_maximum(app: Flask, cast: Cast, maximum: int) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = maximum


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The questions that are put to the database meanwhile."""
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", listen)
