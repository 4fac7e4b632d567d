"""From the bytes of a file to a table of texts: which encoding, which separator, where the column names stand."""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

from groupvisits.core.errors import Refused, mark
from groupvisits.patients.rules import columns as column_rules
from groupvisits.patients.rules.dates import looks_like_date
from groupvisits.patients.rules.person import tidy

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 250
MAX_CELL = 1000  # longer than anything we keep: what was longer is cut here and refused with its row
SEPARATORS = {",": mark("comma"), ";": mark("semicolon"), "\t": mark("tab"), "|": mark("vertical bar")}

# Python's reader gives up at 131,072 characters and takes the whole file with it: one cell may be as long as the file.
csv.field_size_limit(4 * MAX_BYTES)


class CannotRead(Refused):
    message = mark("We cannot read this file. Save your list as CSV and choose that file.")


class FileEmpty(CannotRead):
    message = mark("This file is empty. Choose the file that holds your list.")


class FileTooLarge(CannotRead):
    message = mark("This file is larger than %(megabytes)s MB. Split the list and bring it in part by part.")


class TooManyRows(CannotRead):
    message = mark("This list has more than %(rows)s rows. Split it and bring it in part by part.")


class TooManyColumns(CannotRead):
    message = mark("This file has more than %(columns)s columns. Keep the ones you need and save it again.")


class OnlyHeader(CannotRead):
    message = mark("This file has names of columns but nobody in it.")


class NotATable(CannotRead):
    message = mark("This is not a list we can read: we found no columns such as a name or a date of birth. Save your list as CSV and choose that file.")


class IsWorkbook(CannotRead):
    message = mark(
        "This is a spreadsheet's own file. In Excel choose “Save as”, then “CSV UTF-8”; in other programs choose “Export as CSV”. Then choose that file."
    )


class IsOtherKind(CannotRead):
    message = mark("This is %(kind)s, not a list. Save your list as CSV and choose that file.")


_MAGIC = (
    (b"\x89PNG", mark("a picture")),
    (b"\xff\xd8\xff", mark("a picture")),
    (b"GIF8", mark("a picture")),
    (b"%PDF", mark("a PDF document")),
    (b"\x1f\x8b", mark("a compressed file")),
    (b"{\\rtf", mark("a text document")),
    (b"SQLite format 3", mark("a database")),
)
_WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
_NATIONAL_NUMBER = re.compile(r"\d{3}[- ]\d{2}[- ]\d{4}")


@dataclass(frozen=True)
class Row:
    """One record. `number` is the line a spreadsheet shows it on."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[Row]
    encoding: str
    separator: str
    header_row: int  # 0 when the file names no columns
    blank_rows: int
    forgotten: list[str] = field(default_factory=list)  # columns that were not kept: national numbers and the like


def read_table(content: bytes) -> Table:
    """The file as a table, without columns nobody may keep. Refuses with a CannotRead that says what to do about it."""
    _check_kind(content)
    text, encoding = decode(content)
    records, separator = _records(text)
    header_row = _header_row(records)
    columns = _names(records[header_row - 1][1] if header_row else [], max(len(cells) for _, cells in records if cells))
    found = [Row(number, cells) for number, cells in records[header_row:] if any(cell.strip() for cell in cells)]
    blank_rows = len(records) - header_row - len(found)
    if len(columns) > MAX_COLUMNS:
        raise TooManyColumns(columns=MAX_COLUMNS, field="file")
    if len(found) > MAX_ROWS:
        raise TooManyRows(rows=MAX_ROWS, field="file")
    if not column_rules.guess(columns, [row.cells for row in found[:200]]) and not _is_even(columns, found):
        raise NotATable(field="file")
    if not found:
        raise OnlyHeader(field="file")
    return _forget(Table(columns, found, encoding, separator, header_row, blank_rows))


def decode(content: bytes) -> tuple[str, str]:
    """The text and the encoding it was read with: the one the file states, else UTF-8 where that fits, else Windows' western one."""
    for mark_, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark_):
            return content.decode(encoding, errors="replace"), encoding
    beginning = content[:4096]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_second = beginning[offset::2]
        if len(beginning) >= 4 and every_second.count(0) > 0.4 * len(every_second) and beginning[1 - offset :: 2].count(0) < 0.1 * len(every_second):
            return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        damaged = content.decode("utf-8", errors="replace")
    # A few damaged letters in a file that is otherwise UTF-8: those rows are named; nothing else turns to gibberish.
    if len(_MULTIBYTE.findall(content)) > damaged.count("\ufffd"):
        return damaged, "utf-8"
    return content.decode("cp1252", errors="replace"), "windows-1252"


def _check_kind(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1024 // 1024, field="file")
    if not content.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise FileEmpty(field="file")
    if content.startswith(_WORKBOOKS):
        raise IsWorkbook(field="file")
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            raise IsOtherKind(kind=kind, field="file")
    if content.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise IsOtherKind(kind=mark("a web page"), field="file")


def _records(text: str) -> tuple[list[tuple[int, list[str]]], str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(_CONTROL.findall(text[:100_000])) > max(5, len(text[:100_000]) // 200):
        raise NotATable(field="file")
    first = text[:100].partition("\n")[0].strip()
    stated = first[4:] if first.lower().startswith("sep=") and first[4:] in SEPARATORS else ""
    separator = stated or _separator(text)
    try:
        records = [
            (number, [cell[: MAX_CELL + 1] for cell in cells])
            for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1)
        ]
    except csv.Error:
        raise NotATable(field="file") from None
    if stated:
        records[0] = (1, [])
    if not any(any(cell.strip() for cell in cells) for _, cells in records):
        raise FileEmpty(field="file")
    return records, separator


def _separator(text: str) -> str:
    """The one that cuts most rows into the same number of cells, and into more than one."""
    best, best_score = ",", 0.0
    sample = text[:200_000]
    for separator in SEPARATORS:
        try:
            widths = [len(cells) for cells, _ in zip(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), range(60), strict=False) if any(cells)]
        except csv.Error:
            continue
        if not widths:
            continue
        width, often = Counter(widths).most_common(1)[0]
        score = (often / len(widths)) ** 2 * width if width > 1 else 0.0
        if score > best_score:
            best, best_score = separator, score
    return best


def _is_even(columns: list[str], rows: list[Row]) -> bool:
    """Whether unknown names of columns stand over something that is cut like a list."""
    return len(columns) > 1 and bool(rows) and 2 * sum(len(row.cells) == len(columns) for row in rows[:200]) > len(rows[:200])


def _header_row(records: list[tuple[int, list[str]]]) -> int:
    """The line with the names of the columns, below any title; 0 when the first line with enough cells is a person."""
    filled = [(index, sum(bool(cell.strip()) for cell in cells)) for index, (_, cells) in enumerate(records)]
    filled = [(index, n) for index, n in filled if n][:60]
    usual = Counter(n for _, n in filled).most_common(1)[0][0]
    for index, n in filled[:15]:
        if n >= usual * 0.6:
            cells = records[index][1]
            is_person = any("@" in cell or looks_like_date(cell) or _NATIONAL_NUMBER.fullmatch(cell.strip()) for cell in cells)
            return 0 if is_person and not column_rules.guess_by_name(cells) else index + 1
    return 1


def _names(header: list[str], width: int) -> list[str]:
    """A name for each column; those without one are counted. Cells beyond the header keep no column: their rows are named later."""
    count = len(header) or width
    while count > 1 and header and not header[count - 1].strip():
        count -= 1
    return [tidy(header[i])[:80] if i < len(header) and header[i].strip() else f"#{i + 1}" for i in range(count)]


def _forget(table: Table) -> Table:
    """Without the columns of national numbers, licences and passports, and without such a number that strayed into another column."""
    secret = {i for i, name in enumerate(table.columns) if column_rules.must_not_be_kept(name)}

    def kept(cells: list[str]) -> list[str]:
        return ["" if _NATIONAL_NUMBER.fullmatch(cell.strip()) else cell for i, cell in enumerate(cells) if i not in secret]

    names = [name for i, name in enumerate(table.columns) if i not in secret]
    forgotten = [table.columns[i] for i in sorted(secret)]
    rows = [Row(row.number, kept(row.cells)) for row in table.rows]
    return Table(names, rows, table.encoding, table.separator, table.header_row, table.blank_rows, forgotten)
