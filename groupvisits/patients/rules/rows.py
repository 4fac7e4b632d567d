"""What becomes of each row of a roster: a new patient, somebody already here, left out because they died, or a problem with its reason.

Nothing raises and nothing disappears: every row that went in comes out with an outcome.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from groupvisits.core.errors import DomainError, mark
from groupvisits.patients.rules import dates, person
from groupvisits.patients.rules.files import MAX_CELL, Row
from groupvisits.patients.rules.languages import read_language

ROWS_AT_A_TIME = 50
TOO_LONG = mark("This is too long: %(length)s characters or more. At most %(most)s fit.")
NEW, KNOWN, DIED, PROBLEM = "new", "known", "died", "problem"
_NOTHING = {
    "n a",
    "na",
    "none",
    "null",
    "nil",
    "unknown",
    "no",
    "-",
    "--",
    "?",
    "x",
    "0",
    "sin",
    "ninguno",
    "nenhum",
    "n/a",
    "not known",
    "nan",
    "no phone",
    "no email",
}
_ALIVE = _NOTHING | {"false", "alive", "living", "n", "f", "vivo", "viva"}
_PARTICLES = {
    "de",
    "del",
    "la",
    "las",
    "los",
    "da",
    "das",
    "do",
    "dos",
    "e",
    "y",
    "van",
    "von",
    "der",
    "den",
    "di",
    "du",
    "le",
    "bin",
    "ibn",
    "al",
    "el",
    "st",
    "st.",
    "san",
    "santa",
}
_GENERATIONS = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"}
_DIGITS_AT_END = re.compile(r"(?<=[^\W\d_])\d+(?=$|\s)")
_LIMITS = {
    "given_name": person.MAX_NAME, "family_name": person.MAX_NAME, "display_name": person.MAX_DISPLAY_NAME, "record_number": person.MAX_RECORD_NUMBER,
    "phone": 200, "email": person.MAX_EMAIL, "language": 80, "needs": person.MAX_NEEDS, "birth_date": 60, "full_name": 2 * person.MAX_NAME,
}  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """Something about one cell: `column` is the file's own name for it ("" for the whole row), `params` belong to `message`."""

    column: str
    message: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    birth_date: date | None = None
    record_number: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    needs: str = ""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True)
class Known:
    """Somebody in the registry, as far as a roster must recognise them."""

    id: str
    record_number: str
    name: str
    birth_date: date | None
    is_active: bool = True


@dataclass
class Outcome:
    number: int
    kind: str
    person: Person
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    known_id: str = ""


@dataclass(frozen=True)
class Readers:
    """What libraries outside of these rules know: numbers and addresses. Each returns "" for what it cannot read."""

    phone: Callable[[str], str]
    email: Callable[[str], str]
    pause: Callable[[], None] = lambda: None  # called now and then, so that a long list does not stop everybody else


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: its columns, which of them holds what, and which part of a date comes first."""

    columns: Sequence[str]
    mapping: Mapping[str, int]
    date_order: str
    today: date


def read_rows(rows: Iterable[Row], reading: Reading, readers: Readers, registry: Iterable[Known]) -> list[Outcome]:
    """One outcome for each row, in the order of the file."""
    rows = list(rows)
    take_digits = has_counted_names(rows, reading.mapping)
    outcomes = []
    for place, row in enumerate(rows):
        outcomes.append(_read_row(row, reading, readers, take_digits))
        if place % ROWS_AT_A_TIME == 0:
            readers.pause()
    _recognise(outcomes, registry, _column(reading, "record_number"))
    return outcomes


def counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many rows have which outcome; every kind is there."""
    found = Counter(outcome.kind for outcome in outcomes)
    return {kind: found[kind] for kind in (NEW, KNOWN, DIED, PROBLEM)}


def digest(outcomes: Iterable[Outcome]) -> str:
    """A short mark of what a person saw, so that what is confirmed is what was seen."""
    seen = [[o.number, o.kind, o.known_id, asdict(o.person)] for o in outcomes]
    return hashlib.sha256(json.dumps(seen, default=str, sort_keys=True).encode()).hexdigest()[:24]


def basis(registry: Iterable[Known], reading: Reading) -> str:
    """A mark of everything outside the file that outcomes depend on."""
    known = [[k.id, k.record_number, k.name, k.birth_date, k.is_active] for k in registry]
    about = [known, dict(reading.mapping), reading.date_order, reading.today]
    return hashlib.sha256(json.dumps(about, default=str, sort_keys=True).encode()).hexdigest()


def has_counted_names(rows: Sequence[Row], mapping: Mapping[str, int]) -> bool:
    """Whether names end in digits throughout, as Synthea's do; then the digits are no part of the names."""
    index = mapping.get("given_name", mapping.get("full_name", -1))
    names = [row.cells[index].strip() for row in rows if 0 <= index < len(row.cells) and row.cells[index].strip()]
    return bool(names) and 2 * sum(bool(_DIGITS_AT_END.search(name)) for name in names) > len(names)


def update_of(known: Mapping[str, object], found: Person) -> dict[str, object]:
    """What a row changes about somebody already here: only what it states and what differs; a record number only where there was none."""
    fresh = {key: value for key, value in asdict(found).items() if value and known.get(key) != value}
    fresh.pop("display_name", None)  # people choose it themselves
    if known.get("record_number"):
        fresh.pop("record_number", None)
    return fresh


def _read_row(row: Row, reading: Reading, readers: Readers, take_digits: bool) -> Outcome:
    problems: list[Remark] = []
    notes: list[Remark] = []
    raw = {key: row.cells[index] if index < len(row.cells) else "" for key, index in reading.mapping.items()}
    _check_shape(row, reading, problems)
    said = {key: person.tidy(value) for key, value in raw.items()}
    for key, value in raw.items():
        column = _column(reading, key)
        if "\x00" in value:
            notes.append(Remark(column, mark("Invisible characters were taken out.")))
        if "\ufffd" in value:
            problems.append(Remark(column, mark("Some letters are damaged. Save the file as CSV UTF-8 and choose it again.")))
        if len(said[key]) > _LIMITS.get(key, MAX_CELL):
            problems.append(Remark(column, TOO_LONG, {"length": len(said[key]), "most": _LIMITS.get(key, MAX_CELL)}))
            said[key] = said[key][: _LIMITS.get(key, MAX_CELL)]
    given, family = _names(said, take_digits)
    if not given and not family:
        problems.append(Remark(_column(reading, "full_name", "given_name"), mark("The name is missing.")))
    elif not given:
        problems.append(Remark(_column(reading, "given_name", "full_name"), mark("The first name is missing.")))
    elif not family:
        problems.append(Remark(_column(reading, "family_name", "full_name"), mark("The family name is missing.")))
    if max(len(given), len(family)) > person.MAX_NAME:
        problems.append(Remark(_column(reading, "full_name"), TOO_LONG, {"length": max(len(given), len(family)), "most": person.MAX_NAME}))
    language, needs = _language(said, reading, notes)
    found = Person(
        given_name=given[: person.MAX_NAME],
        family_name=family[: person.MAX_NAME],
        display_name=person.display_name_for(said.get("display_name") or given),
        birth_date=_birth_date(said.get("birth_date", ""), reading, problems, notes),
        record_number="" if person.fold(said.get("record_number", "")) in _NOTHING else said.get("record_number", "")[: person.MAX_RECORD_NUMBER],
        phone=_phone(said.get("phone", ""), reading, readers, notes),
        email=_email(said.get("email", ""), reading, readers, notes),
        language=language,
        needs=needs,
    )
    died = person.fold(said.get("death_date", "")) not in _ALIVE | {""}
    return Outcome(row.number, DIED if died else PROBLEM if problems else NEW, found, problems, notes)


def _check_shape(row: Row, reading: Reading, problems: list[Remark]) -> None:
    extra = [cell for cell in row.cells[len(reading.columns) :] if cell.strip()]
    if extra:
        message = mark("This row has %(cells)s cells, but there are %(columns)s columns. A comma inside a cell needs quotation marks around the cell.")
        problems.append(Remark("", message, {"cells": len(row.cells), "columns": len(reading.columns)}))
    lines = max((cell.count("\n") for cell in row.cells), default=0)
    if lines > 10:
        message = mark("One cell runs over %(lines)s lines or more. A quotation mark was probably not closed, and the rows after it were read as part of it.")
        problems.append(Remark("", message, {"lines": lines + 1}))


def _names(said: Mapping[str, str], take_digits: bool) -> tuple[str, str]:
    values = {key: _DIGITS_AT_END.sub("", said.get(key, "")) if take_digits else said.get(key, "") for key in ("given_name", "family_name", "full_name")}
    given, family = values["given_name"], values["family_name"]
    if values["full_name"] and not (given and family):
        first, last = split_name(values["full_name"])
        given, family = given or first, family or last
    return given.strip(" ,"), family.strip(" ,")


def split_name(whole: str) -> tuple[str, str]:
    """(given, family) of "Ana de la Cruz", "Cruz, Ana" or "Sam Bell Jr."."""
    if "," in whole:
        family, _, given = whole.partition(",")
        if person.fold(given) not in _GENERATIONS:
            return given.strip(), family.strip()
        whole = f"{family} {given.strip()}"
    words = whole.split()
    if len(words) < 2:
        return whole.strip(), ""
    cut = len(words) - 1
    if words[cut].lower() in _GENERATIONS and cut > 1:
        cut -= 1
    while cut > 1 and words[cut - 1].lower() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def _birth_date(text: str, reading: Reading, problems: list[Remark], notes: list[Remark]) -> date | None:
    if "birth_date" not in reading.mapping:
        return None
    column = _column(reading, "birth_date")
    if person.fold(text) in _NOTHING | {""}:
        notes.append(Remark(column, mark("There is no date of birth.")))
        return None
    read = dates.read(text, reading.date_order, reading.today)
    if read.problem:
        problems.append(Remark(column, read.problem))
        return None
    if read.short_year and read.value:
        notes.append(Remark(column, mark("The year has two digits; it was read as %(year)s."), {"year": read.value.year}))
    try:
        person.check_birth_date(read.value, reading.today)
    except DomainError as refusal:
        problems.append(Remark(column, refusal.message, refusal.params))
    return read.value


def _phone(text: str, reading: Reading, readers: Readers, notes: list[Remark]) -> str:
    if person.fold(text) in _NOTHING | {""}:
        return ""
    column = _column(reading, "phone")
    if number := readers.phone(text):
        return number
    for part in re.split(r"[/;,|]|\bor\b", text):
        if number := readers.phone(part):
            notes.append(Remark(column, mark("There is more than one number; the first was taken.")))
            return number
    if len(text) <= person.MAX_PHONE:
        notes.append(Remark(column, mark("This phone number could not be read. It is kept as it was written.")))
        return text
    notes.append(Remark(column, mark("This phone number could not be read and is too long to keep.")))
    return ""


def _email(text: str, reading: Reading, readers: Readers, notes: list[Remark]) -> str:
    if person.fold(text) in _NOTHING | {""}:
        return ""
    address = readers.email(text)[: person.MAX_EMAIL]
    if not address:
        notes.append(Remark(_column(reading, "email"), mark("This is not an e-mail address. The person comes in without one.")))
    return address


def _language(said: Mapping[str, str], reading: Reading, notes: list[Remark]) -> tuple[str, str]:
    needs, text = said.get("needs", ""), said.get("language", "")
    if person.fold(needs) in _NOTHING:
        needs = ""
    if person.fold(text) in _NOTHING | {""}:
        return "", needs
    if code := read_language(text):
        return code, needs
    notes.append(Remark(_column(reading, "language"), mark("We do not know this language. It is written down under needs.")))
    return "", "; ".join(part for part in (needs, text) if part)[: person.MAX_NEEDS]


def _recognise(outcomes: list[Outcome], registry: Iterable[Known], number_column: str) -> None:
    """Mark who is in the registry already, and rows that are the same person as an earlier row."""
    by_number: dict[str, Known] = {}
    by_name: dict[tuple[str, date], list[Known]] = {}
    for known in registry:
        if known.record_number:
            by_number[person.fold(known.record_number)] = known
        if known.birth_date:
            by_name.setdefault((person.fold(known.name), known.birth_date), []).append(known)
    seen_numbers: dict[str, int] = {}
    seen_names: dict[tuple[str, date], int] = {}
    seen_known: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.kind == DIED:
            continue
        found = outcome.person
        number = person.fold(found.record_number)
        name = (person.fold(found.name), found.birth_date) if found.birth_date and found.name else None
        if number and number in seen_numbers:
            outcome.problems.append(Remark(number_column, mark("Row %(row)s has the same record number."), {"row": seen_numbers[number]}))
        elif name and name in seen_names:
            outcome.problems.append(Remark("", mark("Row %(row)s has the same name and date of birth."), {"row": seen_names[name]}))
        holder = by_number.get(number) if number else None
        if holder is not None and not _same_person(holder, found):
            outcome.problems.append(Remark(number_column, mark("This record number belongs to another patient who is already here.")))
            holder = None
        namesakes = by_name.get(name, []) if name and holder is None else []
        if len(namesakes) > 1:
            outcome.problems.append(Remark("", mark("Several patients here have this name and date of birth. Change the right one by hand.")))
        holder = holder or (namesakes[0] if namesakes else None)
        if holder is not None and not outcome.problems:
            if holder.id in seen_known:
                outcome.problems.append(Remark("", mark("This seems to be the same person as in row %(row)s."), {"row": seen_known[holder.id]}))
            else:
                seen_known[holder.id] = outcome.number
                outcome.kind, outcome.known_id = KNOWN, holder.id
                if not holder.is_active:
                    outcome.notes.append(Remark("", mark("This patient is here but not active; bringing in a list does not change that.")))
        if number:
            seen_numbers.setdefault(number, outcome.number)
        if name:
            seen_names.setdefault(name, outcome.number)  # type: ignore[arg-type]
        if outcome.problems:
            outcome.kind, outcome.known_id = PROBLEM, ""


def _same_person(known: Known, found: Person) -> bool:
    """With the same record number: the same name, or the same birth date and a part of the name (people marry)."""
    if person.fold(known.name) == person.fold(found.name):
        return True
    shared = set(person.fold(known.name).split()) & set(person.fold(found.name).split())
    return bool(shared) and known.birth_date is not None and known.birth_date == found.birth_date


def _column(reading: Reading, *keys: str) -> str:
    """The file's own name of the column that holds the first of these fields it has."""
    for key in keys:
        if key in reading.mapping and reading.mapping[key] < len(reading.columns):
            return reading.columns[reading.mapping[key]]
    return ""
