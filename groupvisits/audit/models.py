"""Audit entries in chains: one chain per group session, one per clinic for everything else, so that no chain is a lock for all."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, ForeignKey, Index, Integer, String, event
from sqlalchemy.orm import Mapped, mapped_column

from groupvisits.core.database import UtcDateTime
from groupvisits.extensions import db


class AuditChain(db.Model):
    """The head of a chain; its row is locked by whoever appends."""

    __tablename__ = "audit_chains"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # "session:<id>", "clinic:<id>" or "installation"
    last_number: Mapped[int] = mapped_column(Integer, default=0)
    last_mac: Mapped[str] = mapped_column(String(64), default="")


class AuditEntry(db.Model):
    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_clinic_at", "clinic_id", "at"), Index("ix_audit_entries_subject", "subject_kind", "subject_id"))
    chain_id: Mapped[str] = mapped_column(ForeignKey("audit_chains.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    clinic_id: Mapped[str] = mapped_column(String(32), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32), default="")
    subject_id: Mapped[str] = mapped_column(String(64), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # ids, states and reasons; never a patient's words
    mac: Mapped[str] = mapped_column(String(64))


# The database itself refuses to rewrite history; the insert trigger is there because INSERT OR REPLACE is neither update nor delete.
SQLITE_GUARDS = (
    "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries"
    " WHEN EXISTS (SELECT 1 FROM audit_entries WHERE chain_id = NEW.chain_id AND number = NEW.number)"
    " BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
)
POSTGRESQL_GUARDS = (
    "CREATE FUNCTION audit_entries_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit entries are append-only'; END $$",
    "CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_are_append_only()",
)
for _dialect, _guards in (("sqlite", SQLITE_GUARDS), ("postgresql", POSTGRESQL_GUARDS)):
    for _guard in _guards:
        event.listen(AuditEntry.__table__, "after_create", DDL(_guard.replace("%", "%%")).execute_if(dialect=_dialect))
