"""One act, one transaction: the only way to write.

A door calls `run(verb, actor, ...)`. The verb gets an open `Transaction`, never commits, and either everything it did is
saved or nothing is. What it announced is told afterwards. Live commands may share a transaction, see core.writer.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app
from sqlalchemy import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from groupvisits.core import database
from groupvisits.core.errors import Busy, DomainError
from groupvisits.extensions import db

P = ParamSpec("P")
R = TypeVar("R")
_open = threading.local()
DEADLOCK, MOST_DEADLOCKS = "40P01", 3  # PostgreSQL's own code for it


class Transaction(Session):
    """An open write transaction. `announce` keeps an event for the listeners; see core.events."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.announced: list[Any] = []
        self.left_for_the_end: list[tuple[Callable[[Transaction, list[Any]], None], Any]] = []
        self._remembered: dict[Any, Any] = {}
        self._holds = False

    def remember(self, what: Any, read: Callable[[], Any]) -> Any:
        """What `read` returned; kept for the next command of the transaction if this one says that `it_holds`."""
        if what not in self._remembered:
            self._remembered[what] = read()
        return self._remembered[what]

    def it_holds(self) -> None:
        """The running command changes nothing of what anybody remembers."""
        self._holds = True

    def forget(self) -> None:
        """The next command reads for itself, as in a transaction of its own; but for what holds still."""
        if any(True for _ in self):  # SQLAlchemy takes its time over forgetting nothing, too
            self.expunge_all()
        if not self._holds:
            self._remembered.clear()
        self._holds = False

    def announce(self, event: Any) -> None:
        self.announced.append(event)

    def leave_for_the_end(self, write: Callable[["Transaction", list[Any]], None], row: Any) -> None:
        """`write(tx, rows)` writes this, with all that was left for it, just before the commit. A refusal takes back what it left."""
        self.left_for_the_end.append((write, row))

    def left_for(self, write: Callable[["Transaction", list[Any]], None]) -> list[Any]:
        """What is not written yet, for whoever must know of it before: several commands may share the transaction."""
        return [row for whose, row in self.left_for_the_end if whose is write]

    def write_what_was_left(self) -> None:
        left, self.left_for_the_end = self.left_for_the_end, []
        for write in dict.fromkeys(write for write, _ in left):
            write(self, [row for whose, row in left if whose is write])

    @functools.cached_property
    def dialect(self) -> Dialect:
        return self.get_bind().dialect

    @functools.cached_property
    def cursor(self) -> Any:
        """The driver's own cursor in this transaction, for core.statements. What the ORM still holds back is not written yet."""
        return self.connection().connection.cursor()

    @contextlib.contextmanager
    def refused_as(self, error: DomainError, constraint: str = "") -> Iterator[None]:
        """Turn the database's refusal (a unique or check constraint whose name holds `constraint`) into a named error.

        Flushes inside a savepoint, so that the transaction stays usable.
        """
        try:
            with self.tried():
                yield
                self.flush()
        except IntegrityError as refusal:
            if constraint and not _names(refusal, constraint):
                raise
            raise error from refusal

    @contextlib.contextmanager
    def tried(self) -> Iterator[None]:
        """A savepoint: what is done in it is undone where it fails, and the transaction stays usable."""
        before = len(self.left_for_the_end)
        try:
            with self.begin_nested():
                yield
        except BaseException:
            del self.left_for_the_end[before:]
            raise


def run(verb: Callable[Concatenate[Transaction, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `verb(tx, *args)` in a transaction of its own; commit; tell the listeners; return what it returned.

    Raises what the verb raises, after rolling everything back, and Busy when the database cannot be had in ten seconds. Where two
    acts each hold what the other waits for, PostgreSQL gives one of them up: it has changed nothing and is done again.
    """
    for _given_up in range(MOST_DEADLOCKS):
        try:
            with write() as tx:
                return verb(tx, *args, **kwargs)
        except Exception as refusal:  # SQLAlchemy's, or from core.statements the driver's own
            if getattr(getattr(refusal, "orig", refusal), "sqlstate", "") != DEADLOCK:
                raise
    with write() as tx:
        return verb(tx, *args, **kwargs)


@contextlib.contextmanager
def write() -> Iterator[Transaction]:
    """A transaction for code that is no verb: the command line, the session store, test arrangements."""
    with turn():
        with opened() as tx:
            yield tx
            tell_within(tx)
            tell_at_end(tx, tx.announced)
            tx.commit()
        tell_after(tx.announced)


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """The right to write. On SQLite one at a time in this process; raises Busy where it cannot be had in ten seconds."""
    if getattr(_open, "transaction", None):
        raise RuntimeError("A verb never starts a transaction: it is handed one.")
    writes = database.writes()
    if not writes.is_sqlite:
        yield
        return
    if not writes.lock.acquire(timeout=database.WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        writes.lock.release()


@contextlib.contextmanager
def opened() -> Iterator[Transaction]:
    """An open transaction for whoever has the turn; rolled back unless the block commits it."""
    tx = Transaction(database.writes().engine, expire_on_commit=False)
    _open.transaction = tx
    try:
        yield tx
    except BaseException:
        tx.rollback()
        raise
    finally:
        _open.transaction = None
        tx.close()


def tell_within(tx: Transaction, since: int = 0) -> None:
    """Let the listeners of what was announced (from `since` on) write in the same transaction."""
    listeners = current_app.extensions["listeners"]
    while since < len(tx.announced):  # a listener may announce in turn
        listeners.tell_within(tx, tx.announced[since])
        since += 1


def tell_at_end(tx: Transaction, announced: list[Any]) -> None:
    """What is done once for the whole transaction: the listeners read what it has come to, and what was left for the end is written."""
    current_app.extensions["listeners"].tell_at_end(tx, announced)
    tx.write_what_was_left()


def tell_after(announced: list[Any]) -> None:
    """Tell the listeners what is committed. Still holding the turn to write: screens are told in the order of the commits."""
    listeners = current_app.extensions["listeners"]
    _read_anew()
    for event in announced:
        if listeners.is_heard_after(event):
            listeners.tell_after(event)
            _read_anew()


def _read_anew() -> None:
    """What this request reads next must include what it has just written."""
    if db.session.registry.has():
        db.session.rollback()


def _names(refusal: IntegrityError, constraint: str) -> bool:
    diagnosis = getattr(refusal.orig, "diag", None)
    if diagnosis is not None:
        return constraint in (diagnosis.constraint_name or "")
    # SQLite names columns ("UNIQUE constraint failed: seats.session_id, seats.patient_id"), not constraints, except for CHECK.
    message = str(refusal.orig)
    if "CHECK" in message:
        return constraint in message
    columns = message.rpartition(":")[2].replace(" ", "").split(",")
    table = columns[0].partition(".")[0]
    return constraint in "_".join(["uq", table, *(c.partition(".")[2] for c in columns)])
