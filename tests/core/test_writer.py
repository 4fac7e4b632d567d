"""Live commands that share a transaction: each succeeds or fails alone, and the wire follows the commits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent.event import Event
from sqlalchemy import select

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock, database, ids, transaction, writer
from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, run_live_command
from groupvisits.core.errors import Busy, Conflict
from groupvisits.core.transaction import Transaction
from groupvisits.extensions import db
from tests.cast import Cast

pytestmark = [pytest.mark.sqlite_only, pytest.mark.usefixtures("cast")]


@dataclass(frozen=True)
class Founded:
    name: str


@pytest.fixture
def running(app: Flask) -> Iterator[writer.Writer]:
    """The application with its writer, as in a server."""
    writer.start(app)
    yield app.extensions["writer"]
    writer.stop(app)
    del app.extensions["writer"]


@pytest.fixture
def heard(app: Flask) -> Iterator[list[str]]:
    """What is told after the commits, in its order."""
    told: list[str] = []
    listeners = app.extensions["listeners"]._after[Founded]
    listeners.append(lambda event: told.append(event.name))
    yield told
    listeners.clear()


def found(tx: Transaction, name: str) -> str:
    tx.add(Clinic(id=ids.new_id(), name=name, zone="UTC", created_at=clock.now()))
    tx.announce(Founded(name))
    return name


def refuses(tx: Transaction, name: str) -> str:
    found(tx, name)
    tx.flush()
    raise Conflict


def crashes(tx: Transaction, name: str) -> str:
    found(tx, name)
    raise ZeroDivisionError


def names(app: Flask) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(Clinic.name)))


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Every act from a door of its own, in the queue before the writer has its turn: one transaction."""

    def door(act: Callable[[], Any]) -> Any:
        with app.app_context():
            try:
                return act()
            except Exception as refusal:
                return refusal

    doors = [gevent.spawn(door, act) for act in acts]
    gevent.joinall(doors, timeout=20)
    return [each.value for each in doors]


def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made, really = [0], writer._commit

    def counted(tx: Transaction) -> None:
        really(tx)
        made[0] += 1

    monkeypatch.setattr(writer, "_commit", counted)
    return made


def test_commands_that_come_together_share_a_transaction_and_are_told_in_their_order(
    app: Flask, running: writer.Writer, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commits(monkeypatch)
    acts = [lambda n=n: writer.submit(app, found, f"Clinic {n}") for n in range(30)]
    assert at_once(app, *acts) == [f"Clinic {n}" for n in range(30)]
    assert {f"Clinic {n}" for n in range(30)} <= names(app)
    assert heard == [f"Clinic {n}" for n in range(30)]
    assert made == [1]


def test_a_refusal_undoes_itself_alone(app: Flask, running: writer.Writer, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made = commits(monkeypatch)
    first, refused, last = at_once(
        app, lambda: writer.submit(app, found, "First"), lambda: writer.submit(app, refuses, "Refused"), lambda: writer.submit(app, found, "Last")
    )
    assert (first, last) == ("First", "Last") and isinstance(refused, Conflict)
    assert names(app) >= {"First", "Last"} and "Refused" not in names(app)
    assert heard == ["First", "Last"] and made == [1]


def test_what_a_refused_command_left_for_the_end_is_not_written(app: Flask, running: writer.Writer) -> None:
    written: list[list[str]] = []

    def leaves(tx: Transaction, name: str) -> None:
        tx.leave_for_the_end(write, name)
        if name == "Refused":
            raise Conflict

    def write(tx: Transaction, names: list[str]) -> None:
        written.append(names)

    at_once(app, *(lambda name=name: writer.submit(app, leaves, name) for name in ("First", "Refused", "Last")))
    assert written == [["First", "Last"]]


def test_a_crash_fails_its_own_command_only_and_is_answered_by_nothing_saved(app: Flask, running: writer.Writer, heard: list[str]) -> None:
    first, broken, last = at_once(
        app, lambda: writer.submit(app, found, "First"), lambda: writer.submit(app, crashes, "Broken"), lambda: writer.submit(app, found, "Last")
    )
    assert (first, last) == ("First", "Last") and isinstance(broken, writer.NotSaved)
    assert names(app) >= {"First", "Last"} and "Broken" not in names(app)
    assert heard == ["First", "Last"]


def test_a_row_the_database_refuses_fails_its_own_command_only(app: Flask, cast: Cast, running: writer.Writer) -> None:
    def takes_the_same_id(tx: Transaction) -> None:
        tx.add(Clinic(id=cast.clinic_id, name="Again", zone="UTC", created_at=clock.now()))

    first, broken, last = at_once(
        app, lambda: writer.submit(app, found, "First"), lambda: writer.submit(app, takes_the_same_id), lambda: writer.submit(app, found, "Last")
    )
    assert (first, last) == ("First", "Last") and isinstance(broken, writer.NotSaved)


def test_a_disk_that_fails_fails_everything_of_its_transaction_and_the_writer_goes_on(
    app: Flask, running: writer.Writer, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(tx: Transaction) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_commit", full)
        answers = at_once(app, lambda: writer.submit(app, found, "First"), lambda: writer.submit(app, found, "Second"))
    assert [type(answer) for answer in answers] == [writer.NotSaved, writer.NotSaved]
    assert heard == [] and not names(app) & {"First", "Second"}
    assert at_once(app, lambda: writer.submit(app, found, "Afterwards")) == ["Afterwards"]


def test_what_fails_while_screens_are_told_ends_neither_the_writer_nor_what_was_saved(
    app: Flask, running: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(announced: list[Any]) -> None:
        raise OSError("the connection for reading is gone")

    with monkeypatch.context() as patched:
        patched.setattr(transaction, "tell_after", lost)
        (answer,) = at_once(app, lambda: writer.submit(app, found, "Saved"))
    assert isinstance(answer, writer.NotSaved) and "Saved" in names(app)  # sent again, its stored result answers
    assert at_once(app, lambda: writer.submit(app, found, "Afterwards")) == ["Afterwards"]


def test_the_same_command_twice_in_one_transaction_is_carried_out_once(app: Flask, cast: Cast, running: writer.Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = commits(monkeypatch), []

    def verb(tx: Transaction, actor: Actor, name: str) -> dict[str, Any]:
        calls.append(name)
        return {"clinic": found(tx, name), "times": len(calls)}

    command = Command("c-1", "demo:found", {"name": "Once"})
    send = lambda: run_live_command(app, verb, lambda tx: cast.rosa, command, "Once")  # noqa: E731
    assert at_once(app, send, send, send) == [{"clinic": "Once", "times": 1}] * 3
    assert calls == ["Once"] and made == [1]


def test_a_command_sees_what_the_one_before_it_did(app: Flask, cast: Cast, running: writer.Writer) -> None:
    still_held = []

    def add_a_sign(tx: Transaction) -> str:
        clinic = tx.get_one(Clinic, cast.clinic_id)
        still_held.append(clinic)
        clinic.name += "!"
        return clinic.name

    def behind_its_back(tx: Transaction) -> None:
        tx.cursor.execute("UPDATE clinics SET name = name || '?'")

    answers = at_once(app, lambda: writer.submit(app, add_a_sign), lambda: writer.submit(app, behind_its_back), lambda: writer.submit(app, add_a_sign))
    assert answers[2] == answers[0] + "?!"


def test_what_is_remembered_is_read_anew_after_a_command_that_may_have_changed_it(app: Flask, running: writer.Writer) -> None:
    reads: list[int] = []

    def asks(tx: Transaction, *, holds: bool = True) -> int:
        if holds:
            tx.it_holds()
        return tx.remember("how many", lambda: reads.append(1) or len(reads))

    def says_so_and_is_refused(tx: Transaction) -> None:
        tx.it_holds()
        raise Conflict

    ask = lambda: writer.submit(app, asks)  # noqa: E731
    assert at_once(app, ask, ask, lambda: writer.submit(app, asks, holds=False), ask, ask) == [1, 1, 1, 2, 2]
    assert at_once(app, ask) == [3], "another transaction"
    assert at_once(app, ask, lambda: writer.submit(app, found, "Changed"), ask) == [4, "Changed", 5]
    first, _, last = at_once(app, ask, lambda: writer.submit(app, says_so_and_is_refused), ask)
    assert (first, last) == (6, 7), "It may have read what it had changed itself"


def test_what_waited_too_long_is_left_out_and_answered_by_busy(app: Flask, running: writer.Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another process holds the database; and what stood behind it has waited as long."""
    asked_for, free = Event(), Event()

    class HeldByAnother:
        """A lock that lets others run while it waits, as it does in a server."""

        def acquire(self, timeout: float) -> bool:
            asked_for.set()
            return free.wait(timeout)

        def release(self) -> None:
            pass

    monkeypatch.setattr(app.extensions["writes"], "lock", HeldByAnother())
    with monkeypatch.context() as impatient:
        impatient.setattr(database, "WAIT_SECONDS", 0.2)
        (first,) = at_once(app, lambda: writer.submit(app, found, "First"))
        assert isinstance(first, Busy)
        impatient.setattr(database, "WAIT_SECONDS", 20.0)
        asked_for.clear()
        held = gevent.spawn(_submit_in, app, "Behind it")
        assert asked_for.wait(20)
        impatient.setattr(database, "WAIT_SECONDS", 0.0)
        free.set()
        held.join(20)
        assert isinstance(held.exception, Busy)
    assert at_once(app, lambda: writer.submit(app, found, "After them")) == ["After them"]
    assert not names(app) & {"First", "Behind it"}


def test_stopping_finishes_what_was_taken_and_takes_nothing_more(app: Flask, running: writer.Writer) -> None:
    doors = [gevent.spawn(_submit_in, app, f"Taken {n}") for n in range(100)]
    gevent.idle()  # all are in the queue
    running.stop()
    assert [each.get(timeout=5) for each in doors] == [f"Taken {n}" for n in range(100)]
    assert isinstance(at_once(app, lambda: writer.submit(app, found, "Late"))[0], Busy)
    assert "Taken 99" in names(app) and "Late" not in names(app)


def test_other_writers_have_their_turn_between_transactions(app: Flask, running: writer.Writer) -> None:
    """A page's act does not wait until the room is quiet."""
    done: list[str] = []

    def page() -> None:
        with app.app_context():
            gevent.sleep(0)
            transaction.run(found, "From a page")
            done.append("page")

    gevent.spawn(page)
    doors = [gevent.spawn(_submit_in, app, f"Live {n}") for n in range(4 * writer.AT_MOST)]
    for each in doors:
        each.rawlink(lambda _: done.append("live"))
    gevent.joinall(doors, timeout=20)
    assert done.index("page") < len(done) - 1


def _submit_in(app: Flask, name: str) -> str:
    with app.app_context():
        return writer.submit(app, found, name)
