"""Eight people reach for the last place at the same moment, again and again: with the lock one gets it, without it too many do.

In the verb alone: on SQLite separate processes, because one process has a lock of its own; on PostgreSQL threads, each with its own
connection. And through the web's door with everything behind it, for the last place and for a cancellation, an offer and a booking by
hand at once. Each test without the lock shows that the test with it can fail. bench/races.py does the same a thousand times with real servers.

A cancellation, an offer and a booking at once are kept apart by more than the lock, so that taking the lock away alone shows nothing:

1. the row of the date, held by every act from before it counts (`lock_session`; SQLite: one writer at a time, from before the first question);
2. a place given back is offered in the very transaction that gives it back, so that nobody else ever sees it free;
3. an entry has one open offer at the most (the index uq_offers_one_open), and a chair one person (uq_seats_session_id_seat_no).

`test_offered_a_moment_later_...` takes the second away and keeps the others; `test_a_cancellation_..._without_the_locks_...` takes all three away,
and lets the one who gives back and the desk go on only when both have counted.
"""

import contextlib
import multiprocessing
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import QueuePool, create_engine, delete, func, select

from config import Config
from groupvisits.audit import service as audit
from groupvisits.core import clock, database, ids
from groupvisits.core.actor import system
from groupvisits.core.errors import Busy
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SeatFreed
from groupvisits.sessions.models import GroupSession, Offer, Seat
from groupvisits.sessions.service import offers, seats
from tests.cast import Cast, signed_in
from tests.sessions import races
from tests.sessions.arrange import a_date

RACERS, ROUNDS, WAIT = 4, 8, 60


def reach_for(tx: Transaction, clinic_id: str, session_id: str, patient_id: str) -> None:
    seats.take_seat(tx, system(clinic_id), tx.get_one(GroupSession, session_id), patient_id)


def arrange(app: Flask, cast: Cast) -> tuple[list[str], list[str]]:
    """One visit with a single place for each round, and somebody for each racer."""
    with app.app_context(), write() as tx:
        model = tx.get_one(GroupSession, cast.session_id)
        people = [
            Patient(
                id=ids.new_id(), clinic_id=cast.clinic_id, record_number=f"R{n}", given_name="R", family_name=str(n), display_name="R", created_at=clock.now()
            )
            for n in range(RACERS)
        ]
        tx.add_all(people)
        visits = []
        for number in range(ROUNDS):
            visit = a_date(tx, cast, model.starts_at.replace(year=2030 + number), ends_at=model.ends_at.replace(year=2030 + number), maximum=1)
            audit.record(tx, system(cast.clinic_id), "sessions:make", visit, session_id=visit.id)  # its chain exists, so that this is no other race
            visits.append(visit.id)
        return visits, [person.id for person in people]


def race(clinic_id: str, visits: list[str], patient_id: str, wait: Callable[[], Any]) -> None:
    for visit in visits:
        wait()
        with contextlib.suppress(rules.SessionFull, Busy):
            run(reach_for, clinic_id, visit, patient_id)


def overbooked(app: Flask, visits: list[str]) -> tuple[int, int]:
    """How many visits gave their one place to more than one, and to nobody."""
    with app.app_context(), write() as tx:
        held = [tx.scalar(select(func.count()).where(Seat.session_id == visit, Seat.state == "confirmed")) or 0 for visit in visits]
    return sum(number > 1 for number in held), sum(number == 0 for number in held)


def without_lock() -> None:
    """What a newcomer would write: look, then take, and trust the count."""
    seats.lock_session = offers.lock_session = lambda tx, session_id: None
    rules.first_free_seat = lambda taken, maximum: random.randrange(1, 2**31)  # so that no constraint saves us


def with_drivers_defaults(app: Flask) -> None:
    """SQLite as its driver comes: a read begins no transaction."""
    uri = str(app.extensions["writes"].engine.url)
    app.extensions["writes"].engine = create_engine(uri, poolclass=QueuePool, connect_args={"check_same_thread": False, "timeout": 20})


def process(instance: str, locked: bool, clinic_id: str, visits: list[str], patient_id: str, barrier: Any) -> None:
    from groupvisits import create_app

    app = create_app(Config(secret_key="not a secret, only for tests " * 2, instance=Path(instance), public_url="http://localhost", testing=True))
    with app.app_context():
        if not locked:
            without_lock()
            with_drivers_defaults(app)
        race(clinic_id, visits, patient_id, lambda: barrier.wait(WAIT))


def race_processes(app: Flask, cast: Cast, locked: bool) -> tuple[int, int]:
    visits, people = arrange(app, cast)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(RACERS)
    instance = str(app.extensions["config"].instance)
    racers = [context.Process(target=process, args=(instance, locked, cast.clinic_id, visits, person, barrier)) for person in people]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(WAIT)
    assert [racer.exitcode for racer in racers] == [0] * RACERS
    return overbooked(app, visits)


def race_threads(app: Flask, cast: Cast) -> tuple[int, int]:
    visits, people = arrange(app, cast)
    barrier = threading.Barrier(RACERS)
    problems: list[BaseException] = []

    def thread(patient_id: str) -> None:
        try:
            with app.app_context():
                race(cast.clinic_id, visits, patient_id, lambda: barrier.wait(WAIT))
        except BaseException as problem:
            barrier.abort()
            problems.append(problem)

    racers = [threading.Thread(target=thread, args=(person,)) for person in people]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(WAIT)
    assert problems == []
    return overbooked(app, visits)


def is_sqlite(app: Flask) -> bool:
    with app.app_context():
        return database.writes().is_sqlite


def test_the_last_place_goes_to_exactly_one(app: Flask, cast: Cast) -> None:
    too_many, nobody = race_processes(app, cast, locked=True) if is_sqlite(app) else race_threads(app, cast)
    assert (too_many, nobody) == (0, 0)


def test_without_the_lock_the_same_race_overbooks(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_sqlite(app):
        too_many, _ = race_processes(app, cast, locked=False)
    else:
        put_back_afterwards(monkeypatch)
        without_lock()
        too_many, _ = race_threads(app, cast)
    assert too_many > 0


# Through the door, with everything behind it


class TestBrowser:
    """A client of one racer's own."""

    __test__ = False

    def __init__(self, app: Flask, actor: Any) -> None:
        self.client = signed_in(app, actor)

    def post(self, path: str, data: dict[str, str]) -> int:
        return self.client.post(path, data=data).status_code


def race_for_the_last_place(app: Flask, cast: Cast, rounds: int, meeting: "Meeting | None" = None) -> tuple[races.Outcome, list[BaseException]]:
    """With a meeting nobody writes before everybody has counted."""
    dates = races.arrange(app, cast, rounds, years=2, says=["invited"] * RACERS, maximum=1)
    acts = races.all_say_yes(dates, [TestBrowser(app, person) for person in dates.people])
    if meeting is not None:
        acts = [meeting.comes_to(act) for act in acts]
    problems = races.run_races(acts, rounds, context=contextlib.nullcontext)
    return races.outcome(app, dates, maximum=1, freed=0), problems


def race_all_at_once(app: Flask, cast: Cast, rounds: int) -> tuple[races.Outcome, list[BaseException]]:
    dates = races.arrange(app, cast, rounds, years=3, says=races.SAYS, maximum=2)
    phones, desks = [TestBrowser(app, person) for person in dates.people], [TestBrowser(app, cast.joanne) for _ in range(2)]
    problems = races.run_races(races.all_at_once(dates, phones, desks), rounds, context=contextlib.nullcontext)
    return races.outcome(app, dates, maximum=2, freed=1), problems


class Meeting:
    """Where those who come have counted and nobody has written."""

    def __init__(self) -> None:
        self.everybody, self.here = threading.Barrier(RACERS), threading.local()

    def comes_to(self, act: races.Act) -> races.Act:
        def coming(number: int) -> None:
            self.here.comes = True
            act(number)

        return coming

    def before(self, take: Callable[[set[int], int], int]) -> Callable[[set[int], int], int]:
        def met(taken: set[int], maximum: int) -> int:
            if getattr(self.here, "comes", False):
                self.here.comes = False
                self.everybody.wait(WAIT)
            return take(taken, maximum)

        return met


def race_with_offers_of_their_own(app: Flask, cast: Cast, rounds: int, meeting: Meeting | None = None) -> races.Outcome:
    """The same four acts; the place is offered after it was given back, as whoever offers by a job of its own would do."""
    dates = races.arrange(app, cast, rounds, years=4, says=races.SAYS, maximum=2)
    phones, desks = [TestBrowser(app, person) for person in dates.people], [TestBrowser(app, cast.joanne) for _ in range(2)]
    gives_back, offers_it, *others = races.all_at_once(dates, phones, desks)
    given_back = threading.Barrier(RACERS)

    def comes_to(act: races.Act, *, has_counted: bool) -> races.Act:
        def afterwards(number: int) -> None:
            given_back.wait(WAIT)
            if meeting is not None and has_counted:
                meeting.here.comes = True
            elif meeting is not None:
                meeting.everybody.wait(WAIT)
            act(number)

        return afterwards

    def offer(number: int) -> None:
        with app.app_context():
            run(offers.offer_next, system(cast.clinic_id), dates.ids[number])

    def give_back_and_offer(number: int) -> None:
        gives_back(number)
        comes_to(offer, has_counted=True)(number)

    acts = [give_back_and_offer, comes_to(offers_it, has_counted=True), *(comes_to(act, has_counted=False) for act in others)]
    races.run_races(acts, rounds, context=contextlib.nullcontext)
    return races.outcome(app, dates, maximum=2, freed=1)


@contextlib.contextmanager
def without_the_index_of_open_offers(app: Flask) -> Iterator[None]:
    index = next(each for each in db.metadata.tables[Offer.__tablename__].indexes if each.name == "uq_offers_one_open")
    engine = app.extensions["writes"].engine
    index.drop(engine)
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(delete(Offer))
            index.create(connection)


def put_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    for room, name in ((seats, "lock_session"), (offers, "lock_session"), (rules, "first_free_seat"), (queries, "place_for")):
        monkeypatch.setattr(room, name, getattr(room, name))


def take_the_locks_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    put_back_afterwards(monkeypatch)
    without_lock()
    find = queries.place_for
    queries.place_for = lambda tx, actor, session_id, lock=False: find(tx, actor, session_id)
    writes = app.extensions["writes"]
    if writes.is_sqlite:
        monkeypatch.setattr(writes, "engine", writes.engine)
        with_drivers_defaults(app)
        monkeypatch.setattr(writes, "is_sqlite", False)  # the turn that one process takes


def test_over_the_web_the_last_place_goes_to_exactly_one(app: Flask, cast: Cast) -> None:
    found, problems = race_for_the_last_place(app, cast, 24)
    assert (found.overbooked, found.empty, found.offers_wrong, problems) == (0, 0, 0, [])


def test_a_cancellation_an_offer_and_a_booking_at_once_make_one_offer_and_no_place_too_many(app: Flask, cast: Cast) -> None:
    found, problems = race_all_at_once(app, cast, 24)
    assert (found.overbooked, found.empty, found.offers_wrong, problems) == (0, 0, 0, [])


def test_over_the_web_without_the_lock_the_last_place_goes_to_several(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    take_the_locks_away(app, monkeypatch)
    meeting = Meeting()
    rules.first_free_seat = meeting.before(rules.first_free_seat)
    try:
        found, _ = race_for_the_last_place(app, cast, 6, meeting)
    finally:
        # On SQLite this engine is the race's own: left to the collector, it would close, and tidy up, in the middle of a later test.
        app.extensions["writes"].engine.dispose()
    assert found.overbooked == 6


@pytest.fixture
def offered_a_moment_later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place given back is not offered in the transaction that gives it back."""
    monkeypatch.setitem(app.extensions["listeners"]._within, SeatFreed, [])


@pytest.mark.usefixtures("offered_a_moment_later")
def test_offered_a_moment_later_the_lock_still_makes_one_offer_and_no_place_too_many(app: Flask, cast: Cast) -> None:
    found = race_with_offers_of_their_own(app, cast, 12)
    assert (found.overbooked, found.empty, found.offers_wrong) == (0, 0, 0)


@pytest.mark.usefixtures("offered_a_moment_later")
def test_a_cancellation_an_offer_and_a_booking_at_once_without_the_locks_make_several_offers_of_one_place(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting()
    with without_the_index_of_open_offers(app):
        take_the_locks_away(app, monkeypatch)
        monkeypatch.setattr(rules, "first_free_seat", meeting.before(rules.first_free_seat))  # asked for when all is counted
        try:
            found = race_with_offers_of_their_own(app, cast, 6, meeting)
        finally:
            app.extensions["writes"].engine.dispose()
    assert found.offers_wrong == found.rounds
