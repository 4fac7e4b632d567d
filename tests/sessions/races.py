"""The same moment for several people, again and again: dates with one place left, who reaches for it, and what must be true afterwards.

Used by the tests with threads and test clients, and by bench/races.py with real servers.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from flask import Flask
from sqlalchemy import func, select

from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction, write
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from tests.cast import Cast
from tests.sessions.arrange import a_date

RACERS, WAIT = 4, 60.0


class Browser(Protocol):
    """Somebody who is signed in. Returns the status of the answer."""

    def post(self, path: str, data: dict[str, str]) -> int: ...


Act = Callable[[int], Any]  # what one racer does in the round of that number


@dataclass(frozen=True)
class Dates:
    """One date for each round; `seats` and `entries` by round and person."""

    ids: list[str]
    people: list[Actor]
    seats: list[list[str]]
    entries: list[str]


def arrange(app: Flask, cast: Cast, rounds: int, *, years: int, says: Sequence[str], maximum: int) -> Dates:
    """A date for each round whose people's seats say `says`; who is "waitlisted" waits. Each date has its audit chain, so that this is no other race."""
    with app.app_context(), write() as tx:
        people = [_patient(tx, cast, f"{years}-{number}") for number in range(len(says))]
        made = [a_date(tx, cast, clock.now() + timedelta(days=365 * years, hours=3 * number), maximum=maximum) for number in range(rounds)]
        seats, entries = [], []
        for date in made:
            rows = [_seat(tx, date, person, state, number) for number, (person, state) in enumerate(zip(people, says, strict=True), start=1)]
            seats.append([row.id for row in rows])
            entries += [_entry(tx, date, row) for row in rows if row.state == "waitlisted"]
            tx.flush()
            audit.record(tx, actors.system(cast.clinic_id), "sessions:make", date, session_id=date.id)
        return Dates([date.id for date in made], [actors.patient(person.id, cast.clinic_id, "R") for person in people], seats, entries)


def _patient(tx: Transaction, cast: Cast, name: str) -> Patient:
    person = Patient(id=ids.new_id(), clinic_id=cast.clinic_id, given_name="R", family_name=name, display_name="R", created_at=clock.now())
    tx.add(person)
    return person


def _seat(tx: Transaction, date: GroupSession, person: Patient, state: str, number: int) -> Seat:
    held = number if state == "confirmed" else None
    seat = Seat(id=ids.new_id(), session_id=date.id, patient_id=person.id, state=state, seat_no=held, changed_at=clock.now())
    tx.add(seat)
    return seat


def _entry(tx: Transaction, date: GroupSession, seat: Seat) -> str:
    now = clock.now()
    entry = WaitingListEntry(
        id=ids.new_id(), clinic_id=date.clinic_id, session_id=date.id, patient_id=seat.patient_id, state="waiting", since=now, changed_at=now
    )
    tx.add(entry)
    return entry.id


# Who does what


def all_say_yes(dates: Dates, browsers: Sequence[Browser]) -> list[Act]:
    """Each of the people reaches for the last place from their own page."""
    return [lambda number, phone=phone: phone.post(f"/my/visits/{dates.ids[number]}/answers", {"answer": "yes"}) for phone in browsers]


SAYS = ("confirmed", "confirmed", "waitlisted", "invited", "invited")  # of a date with two places


def all_at_once(dates: Dates, browsers: Sequence[Browser], desks: Sequence[Browser]) -> list[Act]:
    """Somebody gives their place back, one desk offers it to who waits, another gives it to somebody by hand, and a patient takes it at home."""
    one, other = desks
    return [
        lambda n: browsers[0].post(f"/my/visits/{dates.ids[n]}/answers", {"answer": "no"}),
        lambda n: one.post(f"/sessions/{dates.ids[n]}/waiting-list-entries/{dates.entries[n]}/offers", {"command_id": ids.new_id()}),
        lambda n: other.post(f"/sessions/{dates.ids[n]}/answers", {"seat_id": dates.seats[n][3], "answer": "yes", "command_id": ids.new_id()}),
        lambda n: browsers[4].post(f"/my/visits/{dates.ids[n]}/answers", {"answer": "yes"}),
    ]


def run_races(acts: Sequence[Act], rounds: int, *, context: Callable[[], Any]) -> list[BaseException]:
    """Everybody acts in each round at the same moment. Returns what went wrong on the way, which stops nobody."""
    barrier, problems = threading.Barrier(len(acts)), []

    def racer(act: Act) -> None:
        with context():
            for number in range(rounds):
                barrier.wait(WAIT)
                try:
                    act(number)
                except Exception as problem:
                    problems.append(problem)

    threads = [threading.Thread(target=racer, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


# What must be true afterwards


@dataclass(frozen=True)
class Outcome:
    """In how many dates more places are held than there are, fewer (somebody lost one), or another number of open offers than freed seats."""

    rounds: int
    overbooked: int
    empty: int
    offers_wrong: int


def outcome(app: Flask, dates: Dates, *, maximum: int, freed: int) -> Outcome:
    with app.app_context(), write() as tx:
        held = [tx.scalar(select(func.count()).where(Seat.session_id == date, Seat.state.in_(("confirmed", "offered")))) or 0 for date in dates.ids]
        offers = [tx.scalar(select(func.count()).where(Offer.session_id == date)) or 0 for date in dates.ids]
    return Outcome(len(held), sum(number > maximum for number in held), sum(number < maximum for number in held), sum(number != freed for number in offers))
