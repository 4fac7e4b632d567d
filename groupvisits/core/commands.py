"""Idempotency: each command is carried out once, however often a phone or an impatient finger sends it.

The command's id, the fingerprint of its body and its result are written in the command's own transaction.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import JSON, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.database import UtcDateTime
from groupvisits.core.errors import Busy, Conflict, mark
from groupvisits.core.statements import Added, Statement, columns, table_of
from groupvisits.core.transaction import Transaction, run
from groupvisits.core.writer import submit
from groupvisits.extensions import db


class CommandReused(Conflict):
    message = mark("This was sent before with other words. Nothing was changed.")


def is_id(value: object) -> bool:
    """Whether this can be an id that came from outside: short, and of letters that every database keeps."""
    return isinstance(value, str) and 0 < len(value) <= 36 and value.isascii() and value.isprintable()


@dataclass(frozen=True)
class Command:
    """What a person asked for: an id made on their device, the kind ("agenda:propose") and the body."""

    id: str
    kind: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(_encode([self.kind, self.body]).encode()).hexdigest()


_encode = json.JSONEncoder(sort_keys=True).encode


class CommandRecord(db.Model):
    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    actor: Mapped[str] = mapped_column(String(64))
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def run_command(verb: Callable[..., dict[str, Any]], actor: Actor, command: Command, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Run `verb(tx, actor, *args, **kwargs)` unless this command was carried out before; return its (stored) result.

    The result is a JSON object. Refuses with CommandReused an id that came before with another body or from another person.
    """
    return run(_once, verb, lambda tx: actor, command, *args, **kwargs)


def make_once(verb: Callable[..., dict[str, Any]], actor: Actor, command: Command, /, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], bool]:
    """Run a verb that makes something, once for each page that was opened for it (see core.forms.MakingForm).

    Returns what the verb returned and whether that was now: sent again, with whatever words, it is what the first one made.
    """
    now: list[bool] = []

    def making(tx: Transaction, who: Actor, *args: Any, **kwargs: Any) -> dict[str, Any]:
        now.append(True)
        return verb(tx, who, *args, **kwargs)

    return run_command(making, actor, command, *args, **kwargs), bool(now)


def was_carried_out(reader: Session, command_id: str) -> bool:
    return reader.scalar(select(CommandRecord.id).where(CommandRecord.id == command_id)) is not None


def run_live_command(
    app: Flask, verb: Callable[..., dict[str, Any]], who: Callable[[Transaction], Actor], command: Command, /, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    """The same for a command of the live room, which may share a transaction with others (see core.writer). `who(tx)` says who sends it."""
    return submit(app, _once, verb, who, command, *args, **kwargs)


def _once(
    tx: Transaction, verb: Callable[..., dict[str, Any]], who: Callable[[Transaction], Actor], command: Command, /, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    actor = who(tx)
    sender = actor.key
    stored = _STORED.one(tx, id=command.id)
    if stored is not None:
        if stored.body_hash != command.body_hash or stored.actor != sender:
            raise CommandReused
        return stored.result
    result = verb(tx, actor, *args, **kwargs)
    try:
        _KEPT.do(tx, id=command.id, actor=sender, body_hash=command.body_hash, result=result, received_at=clock.now())
    except tx.dialect.loaded_dbapi.IntegrityError as twice:
        # Two copies of one command at the same moment (PostgreSQL): the second is asked to try again and then gets the stored result.
        raise Busy from twice
    return result


_STORED = Statement(select(*columns(CommandRecord, "actor", "body_hash", "result")).where(table_of(CommandRecord).c.id == bindparam("id")))
_KEPT = Added(CommandRecord)
