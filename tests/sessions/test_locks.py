"""Whoever holds the rows of several dates takes them in the order of their ids, and the row of a date before anything of that date."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update

from groupvisits.core import clock, database
from groupvisits.core.actor import Actor
from groupvisits.core.statements import Statement
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import service as patients
from groupvisits.patients.models import Patient
from groupvisits.programmes import service as programmes
from groupvisits.programmes.models import Group
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import CalendarFeed, GroupSession, Notice, Seat, WaitingListEntry
from groupvisits.sessions.rules import plans
from groupvisits.sessions.service import calendars, entries, messages, texts
from groupvisits.sessions.service.seats import lock_session
from tests.cast import Cast
from tests.sessions.arrange import past_date, sister_group


def holds_rows(app: Flask) -> bool:
    """PostgreSQL; SQLite holds everything at once, and only one act writes at a time."""
    with app.app_context():
        return not database.writes().is_sqlite


@contextmanager
def held(app: Flask, *, record: bool = False) -> Iterator[list[str]]:
    """The ids of the dates whose rows are taken meanwhile, in order, each once; and where in between the chains of the `record` are, by name."""
    with app.app_context():
        writes = database.writes()
    taken: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: dict[str, str], *_rest: object) -> None:
        if "FROM group_sessions" in statement and "FOR UPDATE" in statement:  # by the date's id, or all of a group's by the group's
            taken.extend(one for one in parameters.values() if len(one) == 32 and one not in taken)
        elif record and "FROM audit_chains" in statement and "FOR UPDATE" in statement:
            taken.extend(chain for chain in parameters.values() if ":" in chain and chain not in taken)

    def listened(statement: Statement, tx: Transaction, values: dict[str, str]) -> Any:
        compiled, cursor = really(statement, tx, values)  # these pass SQLAlchemy's events by
        listen(None, None, compiled.sql, values)
        return compiled, cursor

    really = Statement._run
    event.listen(writes.engine, "before_cursor_execute", listen)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Statement, "_run", listened)
            yield taken
    finally:
        event.remove(writes.engine, "before_cursor_execute", listen)


def dates(app: Flask, cast: Cast) -> tuple[str, str]:
    """(the cast's date, three days away; a sister group's whose id comes before it)."""
    with app.app_context(), write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = clock.now() + timedelta(days=3), clock.now() + timedelta(days=3, hours=2)
        sister = tx.get_one(GroupSession, sister_group(tx, cast)[1])
        earlier = past_date(tx, cast, sister.group_id, days=-12, state="planned")
        earlier.id = "0" * 32
        tx.flush()
        return date.id, earlier.id


@pytest.mark.parametrize("says", ["patient", "staff"])
def test_an_answer_that_gives_another_date_up_holds_both_in_order(app: Flask, cast: Cast, says: str) -> None:
    """Rosa wants the later date instead of the earlier one: two such answers that cross do not wait for each other for ever."""
    later, earlier = dates(app, cast)
    with app.app_context(), write() as tx:
        seat = tx.get_one(Seat, cast.seats["rosa"])
        seat.state, seat.seat_no, seat.makes_up_for_id = "invited", None, earlier
    with held(app) as taken, app.app_context():
        if says == "patient":
            run(service.answer, cast.rosa, later, answer="yes")
        else:
            run(service.answer_for, cast.joanne, later, cast.seats["rosa"], answer="yes")
    assert taken == ([earlier, later] if holds_rows(app) else [])


@pytest.mark.parametrize("what", ["added", "removed", "deactivated"])
def test_a_member_who_comes_or_goes_holds_the_groups_dates_in_order(app: Flask, cast: Cast, what: str) -> None:
    with app.app_context(), write() as tx:
        for days in (9, 8, 7, 6):
            date = past_date(tx, cast, cast.group_id, days=-days, state="planned")
            if what != "added":
                tx.add(Seat(id=f"{days}" * 32, session_id=date.id, patient_id=cast.rosa.id, state="invited", changed_at=clock.now()))
    with held(app) as taken, app.app_context():
        if what == "added":
            run(programmes.add_member, cast.joanne, cast.group_id, cast.walter.id)
        elif what == "removed":
            run(programmes.remove_member, cast.joanne, cast.group_id, cast.rosa.id)
        else:
            run(patients.deactivate_patient, cast.joanne, cast.rosa.id)
    assert taken == sorted(taken) and len(taken) >= (4 if holds_rows(app) else 0)


def test_wording_and_an_answer_at_once_are_both_done_at_the_first_try(app: Flask, cast: Cast) -> None:
    """Whoever words what is due would hold the notice and want the seat, whoever answers the seat and want the notice."""
    if not holds_rows(app):
        return
    dates(app, cast)
    with app.app_context():
        run(lambda tx: messages.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), cast.marcus.id, "confirmation"))
    changing, tries = threading.Event(), []

    def change(tx: Transaction) -> None:
        tries.append(1)
        lock_session(tx, cast.session_id)
        tx.execute(update(Seat).where(Seat.id == cast.seats["marcus"]).values(companions=1))
        changing.set()
        waits_for_us(tx)
        messages.withdraw_notices(tx, cast.session_id, cast.marcus.id)

    def answering() -> None:
        with app.app_context():
            run(change)

    other = threading.Thread(target=answering)
    other.start()
    assert changing.wait(20)
    with app.app_context():
        messages.word_due()
        other.join(20)
        assert tries == [1]
        assert db.session.scalar(select(Notice.state).where(Notice.patient_id == cast.marcus.id)) == "withdrawn"
        assert db.session.scalars(select(OutboxMessage.id).where(OutboxMessage.patient_id == cast.marcus.id)).all() == []


def waits_for_us(tx: Transaction) -> bool:
    """Whether somebody else comes to stand behind this transaction, within twenty seconds; a busy machine needs some."""
    for _ in range(1000):
        if tx.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")):
            return True
        tx.execute(text("SELECT pg_sleep(0.02), pg_stat_clear_snapshot()"))  # a transaction goes on seeing the activity it saw first
    return False


def test_plans_of_two_groups_at_once_do_not_take_the_same_room(app: Flask, cast: Cast) -> None:
    """Each was looked at while the room was free; whoever comes second is asked to look again."""
    if not holds_rows(app):
        return
    with app.app_context():
        with write() as tx:
            group = tx.get_one(Group, cast.group_id)
            sister = Group(**{column.name: getattr(group, column.name) for column in Group.__table__.columns} | {"id": "0" * 32, "name": "Sister group"})
            tx.add(sister)
        groups = [cast.group_id, "0" * 32]
        plan_ids = [run(service.plan_more_dates, cast.joanne, each, count=2)["plan_id"] for each in groups]
        seen = [queries.preview_of(db.session(), cast.joanne, group_id, plan_id).seen for group_id, plan_id in zip(groups, plan_ids, strict=True)]
        db.session.rollback()
    applied, waited = threading.Event(), []

    def apply_and_wait(tx: Transaction) -> None:
        service.apply_plan(tx, cast.joanne, groups[0], plan_ids[0], seen=seen[0], choices={})
        applied.set()
        waited.append(waits_for_us(tx))

    def first() -> None:
        with app.app_context():
            run(apply_and_wait)

    other = threading.Thread(target=first)
    other.start()
    assert applied.wait(20)
    with app.app_context():
        with pytest.raises(rules.PlanChanged):
            run(service.apply_plan, cast.joanne, groups[1], plan_ids[1], seen=seen[1], choices={})
        other.join(20)
        assert waited == [True]


@pytest.mark.usefixtures("context")
def test_an_entry_is_read_as_it_is_now_and_not_as_it_was_before_the_date_was_held(app: Flask, cast: Cast) -> None:
    def look_twice(tx: Transaction) -> str:
        entry = WaitingListEntry(id="e" * 32, clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=cast.rosa.id, state="offered", since=clock.now(),
                                 changed_at=clock.now())  # fmt: skip
        tx.add(entry)
        tx.flush()
        tx.connection().execute(update(WaitingListEntry).where(WaitingListEntry.id == entry.id).values(state="seated"))
        found = entries.latest_entry_of(tx, cast.session_id, cast.rosa.id)
        return found.state if found else ""

    assert run(look_twice) == "seated"


@pytest.mark.usefixtures("context")
def test_a_date_for_which_nothing_can_be_planned_stops_no_other(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = clock.now() + timedelta(days=9), clock.now() + timedelta(days=9, hours=2)
        bad = past_date(tx, cast, cast.group_id, days=-8, state="planned")
        bad.id = "0" * 32
        tx.flush()
        for number, each in enumerate((date.id, bad.id)):
            tx.execute(update(Seat).where(Seat.session_id == each).values(state="invited", seat_no=None))
            tx.merge(Seat(id=f"{number}" * 32, session_id=each, patient_id=cast.walter.id, state="invited", changed_at=clock.now()))
    plan_notice = messages.plan_notice

    def refuses_one(tx: Transaction, actor: object, group_session: GroupSession, *args: object, **more: object) -> Notice:
        if group_session.id == "0" * 32:
            raise ValueError
        return plan_notice(tx, actor, group_session, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(messages, "plan_notice", refuses_one)
    assert messages.plan_ahead() > 0
    assert set(db.session.scalars(select(Notice.session_id))) == {cast.session_id}


@pytest.mark.usefixtures("context")
def test_a_date_in_a_zone_that_nobody_knows_stops_no_other(app: Flask, cast: Cast) -> None:
    """Neither what is looked at for all dates together nor what is then planned for each."""
    with write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = clock.now() + timedelta(days=5), clock.now() + timedelta(days=5, hours=2)
        bad = past_date(tx, cast, cast.group_id, days=-6, state="planned")
        bad.zone = "Mars/Olympus_Mons"
        for number, each in enumerate((date.id, bad.id)):
            tx.execute(update(Seat).where(Seat.session_id == each).values(state="invited", seat_no=None))
            tx.merge(Seat(id=f"{number}" * 32, session_id=each, patient_id=cast.walter.id, state="invited", changed_at=clock.now()))
    assert messages.plan_ahead() > 0
    assert set(db.session.scalars(select(Notice.session_id))) == {cast.session_id}


@pytest.mark.parametrize("how", ["check_in", "let_in"])
def test_who_comes_to_a_make_up_date_holds_both_dates_in_order(app: Flask, cast: Cast, how: str) -> None:
    """At the door of the later date, their place in the earlier one is given up."""
    later, earlier = dates(app, cast)
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, later).starts_at = clock.now() + timedelta(hours=1)
        seat = tx.get_one(Seat, cast.seats["rosa"])
        seat.state, seat.seat_no, seat.makes_up_for_id = "invited", None, earlier
        tx.add(Seat(id="5" * 32, session_id=earlier, patient_id=cast.rosa.id, state="confirmed", seat_no=1, changed_at=clock.now()))
    with held(app) as taken, app.app_context():
        if how == "check_in":
            run(service.check_in, cast.joanne, later, cast.seats["rosa"])
        else:
            run(service.let_in, cast.joanne, later, cast.rosa.id)
    assert taken == ([earlier, later] if holds_rows(app) else [])
    with app.app_context():
        assert db.session.scalar(select(Seat.state).where(Seat.id == "5" * 32)) == "declined"


def test_the_record_is_held_after_the_rows_of_dates(app: Flask, cast: Cast) -> None:
    """Whoever holds a chain of it waits for nothing but further chains, in the order of their names."""
    date_id, _ = dates(app, cast)
    with app.app_context():
        message = run(lambda tx: messages.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, date_id), cast.marcus.id, "confirmation")).id
    acts: list[Callable[[], object]] = [
        lambda: run(programmes.add_member, cast.joanne, cast.group_id, cast.walter.id),
        lambda: run(patients.deactivate_patient, cast.joanne, cast.rosa.id),
        messages.word_due,
        lambda: run(messages.send_again, cast.joanne, db.session.scalars(select(Notice.message_id).where(Notice.id == message)).one() or ""),
        lambda: run(texts.take_text, gateway_id="t1", sender="+15550100", words="no"),
    ]
    with app.app_context():
        moves = moved(cast, date_id)
        with write() as tx:
            tx.get_one(Patient, cast.marcus.id).phone = "+15550100"
    for act in (moves, *acts):
        with held(app, record=True) as taken, app.app_context():
            act()
        chains = [each for each in taken if ":" in each]
        assert taken[len(taken) - len(chains) :] == sorted(chains) and bool(chains) == holds_rows(app), (act, taken)


def moved(cast: Cast, date_id: str) -> Callable[[], object]:
    date = db.session.get_one(GroupSession, date_id)
    wall = date.wall_time or f"{date.starts_at:%Y-%m-%dT%H:%M}"
    plan = run(
        service.plan_date_change,
        cast.joanne,
        date_id,
        day=(date.starts_at + timedelta(days=1)).date(),
        starts=time.fromisoformat(wall[11:]),
        minutes=120,
        room="",
    )
    preview = queries.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"])
    goes = {
        plans.field_of(line, asked): next(each for each in asked.options if each not in ("keep", "skip")) for line in preview.lines for asked in line.questions
    }  # also from or to a holiday
    return lambda: run(service.apply_plan, cast.joanne, cast.group_id, plan["plan_id"], seen=preview.seen, choices=goes)


@pytest.mark.parametrize("who", ["marcus", "joanne"])
def test_a_calendar_address_made_twice_at_once_is_one_that_works(app: Flask, cast: Cast, who: str) -> None:
    owner: Actor = getattr(cast, who)
    made = threading.Event()

    def make(tx: Transaction) -> None:
        calendars.make_calendar(tx, owner)
        made.set()
        if holds_rows(app):
            waits_for_us(tx)

    def first() -> None:
        with app.app_context():
            run(make)

    other = threading.Thread(target=first)
    other.start()
    assert made.wait(20)
    with app.app_context():
        run(calendars.make_calendar, owner)
        other.join(20)
        assert len(db.session.scalars(select(CalendarFeed.id).where(CalendarFeed.revoked_at.is_(None))).all()) == 1
