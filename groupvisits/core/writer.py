"""One greenlet writes the live commands of a running server, many in one transaction: waiting for the disk is the dear part of a small act.

Each command has a savepoint of its own, so that a refusal undoes itself alone. Only the COMMIT leaves the hub, for a native thread.
Screens are told and doors answered after it, in the order of the commits. On SQLite only: PostgreSQL gathers commits by itself.
Without a server (tests, the command line) `submit` is `transaction.run`.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import gevent
import structlog
from flask import Flask, has_app_context
from gevent.event import AsyncResult, Event

from groupvisits.core import database, transaction, websockets
from groupvisits.core.errors import Busy, DomainError
from groupvisits.core.transaction import Transaction

log = structlog.get_logger("writer")
P = ParamSpec("P")
R = TypeVar("R")
AT_MOST = 64  # commands in one transaction: some milliseconds until others have their turn


class NotSaved(Exception):
    """Nothing was saved, and nobody is told anything: whoever sent it sends it again."""


class _Waiting:
    """A command in the queue and the door that waits for it."""

    def __init__(self, verb: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.verb, self.args, self.kwargs = verb, args, kwargs
        self.answered: AsyncResult = AsyncResult()
        self.since = time.monotonic()
        self.result: Any = None
        self.refusal: Exception | None = None
        self.announced: list[Any] = []

    def answer(self) -> None:
        if self.refusal is None:
            self.answered.set(self.result)
        else:
            self.answered.set_exception(self.refusal)


class Writer:
    """The queue of one application and the greenlet that empties it."""

    def __init__(self, app: Flask) -> None:
        self.app, self.queue, self.more, self.stopping = app, deque[_Waiting](), Event(), False
        self.greenlet = gevent.spawn(self._write_forever)

    def submit(self, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What `verb(tx, ...)` returns, once it is committed. Raises its refusal, Busy if its turn has not come in ten seconds, NotSaved when it failed."""
        if self.stopping:
            raise Busy
        waiting = _Waiting(verb, args, kwargs)
        self.queue.append(waiting)
        self.more.set()
        return waiting.answered.get()

    def stop(self) -> None:
        """Take nothing more, and return when everything that was taken is saved and answered."""
        self.stopping = True
        self.more.set()
        self.greenlet.join()

    def _write_forever(self) -> None:
        with self.app.app_context():
            while self.queue or not self.stopping:
                self.more.wait()
                self.more.clear()
                while self.queue:
                    self._write_some([self.queue.popleft() for _ in range(min(AT_MOST, len(self.queue)))])
                    gevent.sleep(0)  # whoever waits for the turn to write, or for the hub, comes next

    def _write_some(self, batch: list[_Waiting]) -> None:
        try:
            with transaction.turn():
                batch = self._in_time(batch)
                if batch and not self._committed(batch):
                    for waiting in batch:  # one of them broke the transaction: each in its own finds out which
                        self._committed([waiting])
        except Exception as failure:  # Busy; whatever else it is, the writer goes on: without it nothing would be saved any more
            self._fail(batch, failure)

    def _in_time(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Those that have not waited too long; the others are answered by Busy and not begun."""
        oldest = time.monotonic() - database.WAIT_SECONDS
        self._fail([waiting for waiting in batch if waiting.since < oldest], Busy())
        return [waiting for waiting in batch if waiting.since >= oldest]

    def _committed(self, batch: list[_Waiting]) -> bool:
        """Carry out the batch in one transaction, tell and answer. False, with nothing done, if one of several failed in a way that is no refusal."""
        try:
            with transaction.opened() as tx:
                for waiting in batch:
                    _carry_out(tx, waiting)
                _sum_up(tx, batch)
                _commit(tx)
        except _Broken as broken:
            if len(batch) > 1:
                return False
            self._fail(batch, broken.__cause__ or broken)
            return True
        except Exception as lost:  # the disk, or the database itself
            self._fail(batch, lost)
            return True
        with self._in_one_piece():
            transaction.tell_after([*tx.announced, *(event for waiting in batch for event in waiting.announced)])
            for waiting in batch:
                waiting.answer()
            gevent.sleep(0)  # their doors answer
        return True

    def _in_one_piece(self) -> contextlib.AbstractContextManager[None]:
        """Screens and doors of one transaction are told together, where there are any."""
        server = getattr(self.app.extensions.get("socketio"), "server", None)
        lines: websockets.Lines | None = getattr(getattr(server, "eio", None), "lines", None)
        return contextlib.nullcontext() if lines is None else lines.in_one_piece()

    def _fail(self, batch: list[_Waiting], reason: BaseException) -> None:
        if not batch:
            return
        for waiting in (each for each in batch if not each.answered.ready()):
            waiting.refusal = reason if isinstance(reason, Busy) else NotSaved()
            waiting.answer()
        log.error("commands_failed", commands=len(batch), exc_info=reason)


class _Broken(Exception):
    """A verb failed, and not by a refusal."""


def _carry_out(tx: Transaction, waiting: _Waiting) -> None:
    """The verb and its listeners within, in a savepoint. Nothing in here may let another greenlet run."""
    tx.forget()
    tx.announced, left = [], len(tx.left_for_the_end)
    waiting.result = waiting.refusal = None
    tx.cursor.execute("SAVEPOINT command")  # the driver's own: SQLAlchemy's cost more than many a command
    try:
        waiting.result = waiting.verb(tx, *waiting.args, **waiting.kwargs)
        transaction.tell_within(tx)
        tx.flush()
        waiting.announced = tx.announced
        tx.cursor.execute("RELEASE command")
    except DomainError as refusal:
        if not tx.is_active:  # it hides a failure after which SQLAlchemy gives the whole transaction up
            raise _Broken from refusal
        tx.forget()
        tx.cursor.execute("ROLLBACK TO command")
        del tx.left_for_the_end[left:]
        waiting.refusal, waiting.announced = refusal, []
    except Exception as failure:
        raise _Broken from failure


def _sum_up(tx: Transaction, batch: list[_Waiting]) -> None:
    """What is told once for the whole transaction is in `tx.announced` from here on."""
    tx.forget()
    tx.announced = []
    transaction.tell_at_end(tx, [event for waiting in batch for event in waiting.announced])


def _commit(tx: Transaction) -> None:
    """Wait for the disk in a native thread. SQLAlchemy stays on the hub: its own commit afterwards finds nothing left to do."""
    driver: Any = tx.connection().connection.dbapi_connection
    gevent.get_hub().threadpool.apply(driver.execute, ("COMMIT",))
    tx.commit()


def start(app: Flask) -> None:
    """From now on this process writes live commands together, if its database is SQLite."""
    if app.extensions["writes"].is_sqlite:
        app.extensions["writer"] = Writer(app)


def stop(app: Flask) -> None:
    """Finish what was taken; commands that come later are refused as busy and sent again."""
    writer = app.extensions.get("writer")
    if writer is not None:
        writer.stop()


def submit(app: Flask, verb: Callable[Concatenate[Transaction, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Carry out a live command's verb: with the writer while a server runs, else in a transaction of its own. In a context of Flask or in none."""
    writer: Writer | None = app.extensions.get("writer")
    if writer is not None:
        return writer.submit(verb, *args, **kwargs)
    with contextlib.nullcontext() if has_app_context() else app.app_context():
        return transaction.run(verb, *args, **kwargs)
