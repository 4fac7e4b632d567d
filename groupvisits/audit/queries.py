"""The record as an administrator reads it."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.audit.models import AuditEntry
from groupvisits.audit.permissions import POLICY
from groupvisits.audit.service import Act, not_written_yet
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction

PAGE = 100


def entries_for(db: Session, viewer: Actor, *, page: int = 1) -> Sequence[AuditEntry]:
    """One page of the viewer's clinic's entries, newest first, and one more than a page if there are older ones."""
    POLICY.require(viewer, "audit:read")
    query = select(AuditEntry).where(AuditEntry.clinic_id == viewer.clinic_id).order_by(AuditEntry.at.desc(), AuditEntry.number.desc())
    return db.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1)).all()


def last_by_others(tx: Transaction, actor: Actor, action: str, *, session_id: str, after: int, **details: Any) -> AuditEntry | Act | None:
    """The latest such act of anybody else in this visit with these details that made a version later than `after`. For verbs, not for readers."""
    chain_id = f"session:{session_id}"
    query = select(AuditEntry).where(AuditEntry.chain_id == chain_id, AuditEntry.action == action, AuditEntry.actor_id != actor.id)
    just_now = [act for act in reversed(not_written_yet(tx)) if (act.chain_id, act.action) == (chain_id, action) and act.actor_id != actor.id]
    for entry in chain(just_now, tx.scalars(query.order_by(AuditEntry.number.desc()))):
        if entry.details.get("version", 0) <= after:
            return None
        if details.items() <= entry.details.items():
            return entry
    return None
