"""Dates as people and programs write them. Where 3/4/1961 can be two days, the file is asked first and then a human, never a guess."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from groupvisits.core.errors import mark
from groupvisits.patients.rules.person import fold

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
UNREADABLE = mark("This is not a date we can read. Write it like 1961-03-04.")
IMPOSSIBLE = mark("There is no such day in the calendar.")
SERIAL = mark("This is a spreadsheet's own number for a day. Give the column a date format and save the file again.")
OTHER_ORDER = mark("This date only fits the other order of day and month.")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january enero ene janeiro janvier janv janvye",
            "feb february febrero fevereiro fev fevrier fevr fevriye",
            "mar march marzo marco mars mas",
            "apr april abril abr avril avr",
            "may mayo maio mai me",
            "jun june junio junho juin jen",
            "jul july julio julho juillet juil jiye",
            "aug august agosto ago aout out",
            "sep sept september septiembre setembro set septembre septanm",
            "oct october octubre outubro octobre oktob",
            "nov november noviembre novembro novembre novanm",
            "dec december diciembre dic dezembro dez decembre desanm",
        ),
        start=1,
    )
    for name in names.split()
}
_SMALL_WORDS = {"de", "del", "of", "the", "do", "da", "d", "st", "nd", "rd", "th", "o", "a", "er"}
_TIME = re.compile(r"(?:T|\s+)\d{1,2}:\d{2}.*$", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*'?(\d{4}|\d{2})")
_EIGHT = re.compile(r"\d{8}")
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class Reading:
    """A date, or the reason why there is none; `short_year` when the century was worked out."""

    value: date | None = None
    problem: str = ""
    short_year: bool = False


def read(text: str, order: str, today: date) -> Reading:
    """The date that `text` means. `order` (DAY_FIRST or MONTH_FIRST) decides only where the text itself does not."""
    written = _TIME.sub("", text.strip())
    if _SERIAL.fullmatch(written):
        return Reading(problem=SERIAL)
    parts = _parts(written)
    if parts is None:
        return Reading(problem=UNREADABLE)
    first, second, year, short, fixed = parts
    if short:
        year += 2000 if year <= today.year % 100 else 1900
    day, month = (first, second) if fixed or order != MONTH_FIRST else (second, first)
    if not fixed and month > 12 and day <= 12:
        return Reading(problem=OTHER_ORDER)
    try:
        return Reading(date(year, month, day), short_year=short)
    except ValueError:
        return Reading(problem=IMPOSSIBLE)


def order_of(texts: Iterable[str]) -> str:
    """The order the dates of a file prove: DAY_FIRST, MONTH_FIRST, "" when it makes no difference, "ask" when a human must say."""
    proofs, open_ = set(), False
    for text in texts:
        parts = _parts(_TIME.sub("", text.strip()))
        if parts is None or parts[4]:
            continue
        first, second = parts[:2]
        if first > 12 >= second:
            proofs.add(DAY_FIRST)
        elif second > 12 >= first:
            proofs.add(MONTH_FIRST)
        elif first <= 12 and first != second:
            open_ = True
    if len(proofs) == 1:
        return proofs.pop()
    return "ask" if proofs or open_ else ""


def example_of_two_readings(texts: Iterable[str]) -> str:
    """A date of the file that can be read both ways, to ask about; "" if there is none."""
    for text in texts:
        parts = _parts(_TIME.sub("", text.strip()))
        if parts is not None and not parts[4] and parts[0] != parts[1] and max(parts[:2]) <= 12 and min(parts[:2]) >= 1:
            return text.strip()
    return ""


def looks_like_date(text: str) -> bool:
    return _parts(_TIME.sub("", text.strip())) is not None


def _parts(text: str) -> tuple[int, int, int, bool, bool] | None:
    """(first, second, year, year has two digits, the order is certain): with a certain order first is the day."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, match.groups())
        return day, month, year, False, True
    if match := _YEAR_LAST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3]), len(match[3]) == 2, False
    if _EIGHT.fullmatch(text):
        if 1850 <= int(text[:4]) <= 2100 and 1 <= int(text[4:6]) <= 12:
            return int(text[6:]), int(text[4:6]), int(text[:4]), False, True
        return int(text[:2]), int(text[2:4]), int(text[4:]), False, False
    return _with_month_name(text) if len(text) <= 60 else None


def _with_month_name(text: str) -> tuple[int, int, int, bool, bool] | None:
    words = _WORD.findall(fold(text))
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    numbers = [word for word in words if word.isdecimal()]
    others = [word for word in words if word not in _MONTHS and not word.isdecimal() and word not in _SMALL_WORDS and not _is_weekday(word)]
    if len(months) != 1 or len(numbers) != 2 or others:
        return None
    year, day = (numbers[0], numbers[1]) if len(numbers[0]) == 4 else (numbers[1], numbers[0])
    if len(year) not in (2, 4) or len(day) > 2:
        return None
    return int(day), months[0], int(year), len(year) == 2, True


def _is_weekday(word: str) -> bool:
    return word.startswith(("mon", "tue", "wed", "thu", "fri", "sat", "sun", "lun", "mier", "jue", "vie", "sab", "dom", "seg", "ter", "qua", "qui", "sex"))
