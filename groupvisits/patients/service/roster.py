"""A roster's way into the registry: uploaded, mapped, previewed, then confirmed or dropped. Until then no patient appears; with it all do at once."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import Conflict, Refused, mark
from groupvisits.core.transaction import Transaction
from groupvisits.patients import queries
from groupvisits.patients.models import Patient, RosterImport
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.rules import columns, dates, files, person, rows

SKIP, UPDATE = "skip", "update"
AT_ONCE = 500


class AlreadySettled(Conflict):
    message = mark("This list was dropped. Nobody came in with it. Choose the file again if you need it.")


class AlreadyConfirmed(Conflict):
    message = mark("This list is already confirmed: its patients are here.")


class MappingNeeded(Conflict):
    message = mark("Say first which column holds what.")


class LookAgain(Conflict):
    message = mark("The list of patients has changed since this page was made. Look at the new preview, then confirm.")


class LeaveOutNeeded(Refused):
    message = mark("Say that the rows with problems stay out, or drop this list, put the file right and choose it again.")


class SayWhatToDoWithKnown(Refused):
    message = mark("Choose what happens to the people who are already here.")


class NobodyToBringIn(Refused):
    message = mark("There is nobody to bring in.")


def read_file(content: bytes) -> files.Table:
    """The file as a table, for upload_roster; refuses with a CannotRead what is no list. Outside of any transaction, because it takes a while."""
    return files.read_table(content)


def upload_roster(tx: Transaction, actor: Actor, *, file_name: str, table: files.Table) -> dict[str, Any]:
    """The table waits to be mapped, without national numbers; returns {"import_id"}. A list that waits already is not brought in again."""
    POLICY.require(actor, "patients:import")
    content = json.dumps([[row.number, row.cells] for row in table.rows], ensure_ascii=True)
    waiting = select(RosterImport).where(RosterImport.clinic_id == actor.clinic_id, RosterImport.state.in_(("uploaded", "mapped")))
    for existing in tx.scalars(waiting.where(RosterImport.content == content)):
        if existing.columns == list(table.columns):
            return {"import_id": existing.id, "already": True}
    roster = RosterImport(
        id=ids.new_id(), clinic_id=actor.clinic_id, uploaded_by=actor.id, file_name=person.tidy(file_name)[:200], columns=table.columns, mapping={}, state="uploaded",
        content=content, imported_count=0, created_at=clock.now(),
        reading={"encoding": table.encoding, "separator": table.separator, "header_row": table.header_row, "blank_rows": table.blank_rows,
                 "forgotten": table.forgotten, "rows": len(table.rows)},
    )  # fmt: skip
    tx.add(roster)
    tx.flush()
    audit.record(tx, actor, "patients:upload_roster", roster, rows=len(table.rows))
    return {"import_id": roster.id}


def map_columns(tx: Transaction, actor: Actor, import_id: str, mapping: dict[str, int], *, date_order: str = "") -> None:
    """The roster's columns are assigned and it can be previewed; may be done again until it is confirmed.

    Refuses a mapping without names, one column for two things, and dates that can be read both ways unless `date_order` says how.
    """
    roster = _open_import(tx, actor, import_id)
    mapping = {key: mapping[key] for key in columns.FIELDS if 0 <= mapping.get(key, -1) < len(roster.columns)}
    columns.check(mapping)
    order, _ = queries.date_order_of(roster, mapping.get("birth_date"))
    if order == "ask":
        order = date_order
        if order not in (dates.DAY_FIRST, dates.MONTH_FIRST):
            raise columns.OrderNeeded(field="date_order")
    roster.mapping, roster.state = mapping, "mapped"
    roster.reading = {**roster.reading, "date_order": order}
    audit.record(tx, actor, "patients:map_columns", roster, fields=sorted(mapping))


def confirm_import(
    tx: Transaction, actor: Actor, import_id: str, *, preview: queries.Preview, seen: str, known: str = "", leave_out: bool = False
) -> dict[str, Any]:
    """Everybody in the preview is in the registry, in this one transaction; returns {"imported", "updated", "left_out"}.

    `preview` was made just now, outside of this transaction, and `seen` is the mark of the one a person looked at: refuses with
    LookAgain when they differ or the registry has changed meanwhile. `known` says whether those already here stay as they are or are
    updated, `leave_out` that rows with problems stay out. Confirming again changes nothing.
    """
    roster = queries.roster_import_for(tx, actor, import_id, lock=True)
    if roster.state == "confirmed":
        return dict(roster.reading["result"])
    _check_open(roster)
    if roster.state != "mapped":
        raise MappingNeeded
    if preview.seen != seen or preview.basis != queries.basis_of(tx, actor, roster):
        raise LookAgain
    counts = preview.counts
    if counts[rows.PROBLEM] and not leave_out:
        raise LeaveOutNeeded(field="leave_out")
    if counts[rows.KNOWN] and known not in (SKIP, UPDATE):
        raise SayWhatToDoWithKnown(field="known")
    if not counts[rows.NEW] and not (counts[rows.KNOWN] and known == UPDATE):
        raise NobodyToBringIn
    brought_in_at = _insert(tx, actor, preview.of(rows.NEW))
    updated = _update(tx, actor.clinic_id, preview.of(rows.KNOWN)) if known == UPDATE else 0
    result = {"imported": counts[rows.NEW], "updated": updated, "left_out": counts[rows.PROBLEM], "died": counts[rows.DIED], "known": counts[rows.KNOWN]}
    roster.state, roster.content, roster.imported_count = "confirmed", "", counts[rows.NEW]
    roster.reading = {**roster.reading, "result": result, "brought_in_at": brought_in_at.isoformat()}
    audit.record(tx, actor, "patients:confirm_import", roster, session_id="", **result)
    return result


def drop_import(tx: Transaction, actor: Actor, import_id: str) -> None:
    """The uploaded list is gone and nobody came in. Dropping again changes nothing; refuses a confirmed list."""
    roster = queries.roster_import_for(tx, actor, import_id, lock=True)
    if roster.state == "dropped":
        return
    if roster.state == "confirmed":
        raise AlreadyConfirmed
    roster.state, roster.content = "dropped", ""
    audit.record(tx, actor, "patients:drop_import", roster)


def _open_import(tx: Transaction, actor: Actor, import_id: str) -> RosterImport:
    roster = queries.roster_import_for(tx, actor, import_id, lock=True)
    _check_open(roster)
    return roster


def _check_open(roster: RosterImport) -> None:
    if roster.state == "confirmed":
        raise AlreadyConfirmed
    if roster.state == "dropped":
        raise AlreadySettled


def _insert(tx: Transaction, actor: Actor, outcomes: list[rows.Outcome]) -> datetime:
    """Returns the moment that all of them have in common."""
    now, language = clock.now(), (queries.clinic_of(tx, actor).languages or ["en"])[0]
    fresh = [
        {**asdict(o.person), "id": ids.new_id(), "clinic_id": actor.clinic_id, "record_number": o.person.record_number or None,
         "language": o.person.language or language, "is_active": True, "created_at": now}
        for o in outcomes
    ]  # fmt: skip
    with tx.refused_as(LookAgain(), "uq_patients_clinic_id_record_number"):
        for start in range(0, len(fresh), AT_ONCE):
            tx.execute(insert(Patient), fresh[start : start + AT_ONCE])
    return now


def _update(tx: Transaction, clinic_id: str, outcomes: list[rows.Outcome]) -> int:
    """How many people changed. What the roster does not state stays."""
    found = {o.known_id: o.person for o in outcomes}
    wanted, changed = list(found), 0
    with tx.refused_as(LookAgain(), "uq_patients_clinic_id_record_number"):
        for start in range(0, len(wanted), AT_ONCE):
            query = select(Patient).where(Patient.clinic_id == clinic_id, Patient.id.in_(wanted[start : start + AT_ONCE])).with_for_update()
            for patient in tx.scalars(query):
                fresh = rows.update_of({key: getattr(patient, key) for key in asdict(found[patient.id])}, found[patient.id])
                for key, value in fresh.items():
                    setattr(patient, key, value)
                changed += bool(fresh)
    return changed
