"""Rosters on their way: the uploaded table, how it is mapped, and what would become of each row today."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients import contacts
from groupvisits.patients.models import Patient, RosterImport
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.queries.registry import clinic_of
from groupvisits.patients.rules import columns, dates, rows
from groupvisits.patients.rules.files import Row

SAMPLES = 3


@dataclass(frozen=True)
class Preview:
    """What confirming would do, row by row, and the mark that proves that somebody saw exactly this."""

    outcomes: Sequence[rows.Outcome]
    known_numbers: Mapping[str, str]  # id of a patient already here -> record number
    digits_taken: bool
    basis: str  # a mark of the registry, the table's mapping and the day it was made from

    @property
    def counts(self) -> dict[str, int]:
        return rows.counts(self.outcomes)

    @property
    def seen(self) -> str:
        return rows.digest(self.outcomes)

    def of(self, kind: str) -> list[rows.Outcome]:
        return [outcome for outcome in self.outcomes if outcome.kind == kind]


def roster_import_for(db: Session, viewer: Actor, import_id: str, *, lock: bool = False) -> RosterImport:
    """The import with its table; NotFound in another clinic. `lock` holds it until the commit."""
    query = select(RosterImport).where(RosterImport.id == import_id).options(undefer(RosterImport.content))
    found = db.scalar(query.with_for_update() if lock else query)
    if found is None:
        POLICY.require(viewer, "patients:import")
        raise NotFound
    POLICY.require(viewer, "patients:import", found)
    return found


def open_imports_for(db: Session, viewer: Actor) -> Sequence[RosterImport]:
    """Rosters of the viewer's clinic that were neither confirmed nor dropped, newest first."""
    POLICY.require(viewer, "patients:import")
    waiting = RosterImport.state.in_(("uploaded", "mapped"))
    return db.scalars(select(RosterImport).where(RosterImport.clinic_id == viewer.clinic_id, waiting).order_by(RosterImport.created_at.desc()).limit(50)).all()


def finished_imports_for(db: Session, viewer: Actor) -> Sequence[RosterImport]:
    """The latest rosters of the viewer's clinic with which somebody new came in, newest first."""
    POLICY.require(viewer, "patients:import")
    done = (RosterImport.clinic_id == viewer.clinic_id, RosterImport.state == "confirmed", RosterImport.imported_count > 0)
    latest = db.scalars(select(RosterImport).where(*done).order_by(RosterImport.created_at.desc()).limit(10)).all()
    return [roster for roster in latest if roster.reading.get("brought_in_at")]


def came_in_with(db: Session, viewer: Actor, import_id: str) -> Sequence[str]:
    """The ids of the active patients who came in new with a roster; those it only updated are not among them."""
    roster = db.get(RosterImport, import_id)
    if roster is None:
        raise NotFound
    POLICY.require(viewer, "patients:import", roster)
    at = roster.reading.get("brought_in_at")
    if not at:
        return []
    brought_in = select(Patient.id).where(Patient.clinic_id == roster.clinic_id, Patient.created_at == datetime.fromisoformat(at), Patient.is_active)
    return db.scalars(brought_in).all()


def table_of(roster: RosterImport) -> list[Row]:
    return [Row(number, cells) for number, cells in json.loads(roster.content or "[]")]


def mapping_of(roster: RosterImport) -> dict[str, int]:
    """Field -> column: what was chosen, else our guess."""
    return dict(roster.mapping) or columns.guess(roster.columns, [row.cells for row in table_of(roster)[:200]])


def samples_of(roster: RosterImport) -> list[list[str]]:
    """The first few different values of each column, shortened, so that a person recognises it."""
    found: list[list[str]] = [[] for _ in roster.columns]
    for row in table_of(roster)[:200]:
        for index, cell in enumerate(row.cells[: len(found)]):
            text = " ".join(cell.split())
            text = text if len(text) <= 24 else text[:23] + "…"
            if text and text not in found[index] and len(found[index]) < SAMPLES:
                found[index].append(text)
    return found


def date_order_of(roster: RosterImport, column: int | None) -> tuple[str, str]:
    """(what the dates of this column prove or "ask", an example that can be read both ways)."""
    if column is None:
        return "", ""
    texts = [row.cells[column] for row in table_of(roster) if column < len(row.cells)]
    return dates.order_of(texts), dates.example_of_two_readings(texts)


def registry_of(db: Session, clinic_id: str) -> list[rows.Known]:
    """Everybody in the clinic's registry, as far as a roster must recognise them. The caller has checked permission."""
    query = select(Patient.id, Patient.record_number, Patient.given_name, Patient.family_name, Patient.birth_date, Patient.is_active).where(
        Patient.clinic_id == clinic_id
    )
    return [
        rows.Known(row.id, row.record_number or "", f"{row.given_name} {row.family_name}".strip(), row.birth_date, row.is_active)
        for row in db.execute(query.order_by(Patient.created_at, Patient.id))
    ]


def preview_for(db: Session, viewer: Actor, roster: RosterImport) -> Preview:
    """What would become of each row if the roster were confirmed now."""
    POLICY.require(viewer, "patients:import", roster)
    clinic, table, registry = clinic_of(db, viewer), table_of(roster), registry_of(db, viewer.clinic_id)
    reading = rows.Reading(roster.columns, roster.mapping, str(roster.reading.get("date_order", "")), clock.today(clinic.zone))
    readers = rows.Readers(lambda text: contacts.read_phone(text, clinic.country), contacts.read_email, lambda: time.sleep(0.001))
    outcomes = rows.read_rows(table, reading, readers, registry)
    numbers = {known.id: known.record_number for known in registry}
    return Preview(outcomes, numbers, rows.has_counted_names(table, roster.mapping), rows.basis(registry, reading))


def basis_of(db: Session, viewer: Actor, roster: RosterImport) -> str:
    """The mark a preview made now would have: much quicker than the preview."""
    clinic = clinic_of(db, viewer)
    reading = rows.Reading(roster.columns, roster.mapping, str(roster.reading.get("date_order", "")), clock.today(clinic.zone))
    return rows.basis(registry_of(db, viewer.clinic_id), reading)
