"""Recording and verifying. Each entry's code covers the entry and the code before it, with a key that is not in the database."""

import contextlib
import functools
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import String, bindparam, select, update
from sqlalchemy.orm import Session

from groupvisits.audit.models import AuditChain, AuditEntry
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import Conflict
from groupvisits.core.statements import Added, Statement, columns, table_of
from groupvisits.core.transaction import Transaction

ANCHOR_FILE = "audit-anchors.jsonl"


class Subject(NamedTuple):
    """What an act was about, where no row is at hand."""

    kind: str
    id: str
    clinic_id: str = ""


class Act(NamedTuple):
    """What an entry says; the code covers these fields, in this order, with the entry's number after the chain."""

    chain_id: str
    clinic_id: str
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    subject_kind: str
    subject_id: str
    details: dict[str, Any]


def record(tx: Transaction, actor: Actor, action: str, subject: Any = None, *, session_id: str = "", **details: Any) -> None:
    """An entry of the chain of the session (or of the clinic), in the caller's transaction.

    `subject` is a row with an id, or a Subject; `details` are ids, states, counts and staff's reasons, never patients' words or names.
    """
    about = subject if isinstance(subject, Subject) else _about(subject)
    clinic_id = about.clinic_id or actor.clinic_id
    chain_id = f"session:{session_id}" if session_id else f"clinic:{clinic_id}" if clinic_id else "installation"
    tx.leave_for_the_end(_append, Act(chain_id, clinic_id, clock.now(), actor.kind, actor.id, action, about.kind, about.id, details))


def _append(tx: Transaction, acts: list[Act]) -> None:
    """Each act follows the one before it in its chain. At the end, and one chain after the other: whoever holds a chain waits for nothing but chains."""
    by_chain: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_chain[act.chain_id].append(act)
    for chain_id in sorted(by_chain):
        number, mac = _locked_chain(tx, chain_id)
        rows = []
        for act in by_chain[chain_id]:
            number, mac = number + 1, _mac(act, number + 1, mac)
            rows.append({"number": number, "mac": mac, **act._asdict()})
        _ENTRY.do_all(tx, rows)
        _NEXT_HEAD.do(tx, chain_id=chain_id, number=number, mac=mac)


def not_written_yet(tx: Transaction) -> list[Act]:
    """What this transaction has recorded so far, in its order."""
    return tx.left_for(_append)


def _about(row: Any) -> Subject:
    return Subject(getattr(row, "__tablename__", ""), str(getattr(row, "id", "") or ""), getattr(row, "clinic_id", None) or "")


def _locked_chain(tx: Transaction, chain_id: str) -> Any:
    """The chain's head, held until the commit; made if this is its first entry."""
    head = _HEAD.one(tx, chain_id=chain_id)
    if head is None:
        with contextlib.suppress(Conflict), tx.refused_as(Conflict()):  # somebody else's first entry may have come first
            tx.add(AuditChain(id=chain_id, last_number=0, last_mac=""))
        head = _HEAD.one(tx, chain_id=chain_id)
    return head


_CHAINS = table_of(AuditChain)
_HEAD = Statement(select(*columns(AuditChain, "last_number", "last_mac")).where(_CHAINS.c.id == bindparam("chain_id")).with_for_update())
_NEXT_HEAD = Statement(
    update(_CHAINS).where(_CHAINS.c.id == bindparam("chain_id")).values(last_number=bindparam("number"), last_mac=bindparam("mac", type_=String()))
)
_ENTRY = Added(AuditEntry)


@dataclass(frozen=True)
class Problem:
    chain_id: str
    number: int
    what: str


def verify(db: Session, instance: Path | None = None) -> Iterator[Problem]:
    """Every place where a chain was changed, shortened or broken, also against the heads anchored outside the database."""
    anchored = _anchored_heads(instance)
    for chain in db.scalars(select(AuditChain).order_by(AuditChain.id)):
        previous, number = "", 0
        for entry in db.scalars(select(AuditEntry).where(AuditEntry.chain_id == chain.id).order_by(AuditEntry.number)):
            number += 1
            if entry.number != number:
                yield Problem(chain.id, number, "an entry is missing")
                number = entry.number
            if not hmac.compare_digest(entry.mac, _mac(entry, entry.number, previous)):
                yield Problem(chain.id, number, "this entry or the one before it was changed")
            if (chain.id, number) in anchored and anchored[chain.id, number] != entry.mac:
                yield Problem(chain.id, number, "this entry is not the one that was anchored")
            previous = entry.mac
        if (number, previous) != (chain.last_number, chain.last_mac):
            yield Problem(chain.id, number, "entries are missing at the end")
        anchored = {place: mac for place, mac in anchored.items() if place[0] != chain.id or place[1] > number}
    for chain_id, number in anchored:
        yield Problem(chain_id, number, "this entry was anchored and is gone")


def anchor(db: Session, instance: Path) -> int:
    """Write the heads of all chains that have grown to a file outside the database; return how many."""
    known = _anchored_heads(instance)
    heads = [c for c in db.scalars(select(AuditChain)) if c.last_number and (c.id, c.last_number) not in known]
    with (instance / ANCHOR_FILE).open("a") as file:
        for chain in heads:
            file.write(json.dumps({"at": clock.now().isoformat(), "chain": chain.id, "number": chain.last_number, "mac": chain.last_mac}) + "\n")
    return len(heads)


def _anchored_heads(instance: Path | None) -> dict[tuple[str, int], str]:
    path = instance / ANCHOR_FILE if instance else None
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines() if line]
    return {(row["chain"], row["number"]): row["mac"] for row in rows}


def _mac(entry: AuditEntry | Act, number: int, previous: str) -> str:
    at: datetime = entry.at.astimezone(UTC)
    content = [
        previous, entry.chain_id, number, entry.clinic_id, at.isoformat(), entry.actor_kind, entry.actor_id, entry.action,
        entry.subject_kind, entry.subject_id, entry.details,
    ]  # fmt: skip
    return hmac.digest(_key(), _encode(content).encode(), "sha256").hex()


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def _key() -> bytes:
    return _key_of(current_app.config["SECRET_KEY"])


@functools.lru_cache(maxsize=4)
def _key_of(secret: str) -> bytes:
    return hashlib.sha256(b"groupvisits audit " + secret.encode()).digest()
