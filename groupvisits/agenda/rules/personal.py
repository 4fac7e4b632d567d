"""Personal details in what somebody wants the group to read: telephone numbers, addresses, record numbers, birth dates, others' names.

Found is no forbidden: whoever leads looks before other phones and the wall show it. So a missed one costs more than a false one, but
everyday words and the numbers of an illness (180, 7.2, 5 mg, 10-20-30, the date of a visit) pass.

The patterns go to the phone as they are (`PATTERNS`): they are written so that Python and JavaScript read them alike, match without
regard to case where `ignores_case`, and have no repetition inside a repetition without a bound. Names never leave the server.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from groupvisits.agenda.rules.alarms import folded

MOST = 2000  # characters that are looked at; no box takes more


@dataclass(frozen=True)
class Pattern:
    """`digits`: what matches holds so many, or more."""

    kind: str
    digits: int
    source: str
    ignores_case: bool = True


_LETTER = "A-Za-zÀ-ÖØ-öø-ÿ"
_NOT_BEFORE = r"(?:^|[^0-9A-Za-z.,/-])"  # a number that is part of a longer one, of a fraction or of a date is none of these
_MONTH = "(?:jan|feb|mar|mas|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez|janv|fevr|avril|me|jen|jiy|out|sept|okt|nov|des)"
_DATE = rf"(?:[0-9]{{1,2}}[/. -][0-9]{{1,2}}[/. -][0-9]{{2,4}}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|(?:{_MONTH}[a-z]{{0,8}} [0-9]{{1,2}}|[0-9]{{1,2}}(?: de)? {_MONTH}[a-z]{{0,8}}),?(?: de| of)? [0-9]{{4}})"
_SMALL = "(?:the|my|our|your|his|her|a|an|in|on|of|for|from|to|at|down|up|and|or|with|days?|hours?|minutes?|mins?|weeks?|times?|blocks?|miles?|steps?|mg|kg|lbs?|pounds?|people|years?|months?)"
_UNIT = "(?:min|mil|hor|hou|ho?ra|h |km|m |met|cua|qua|vec|vez|vè|dia|día|dias|pas|step|kil|kg|a[nñ]o)"

PATTERNS = (
    Pattern("email", 0, rf"[{_LETTER}0-9._%+-]{{1,64}}@[{_LETTER}0-9-]{{1,63}}\.[{_LETTER}0-9.-]{{2,100}}"),
    Pattern("phone", 10, _NOT_BEFORE + r"(?:\+?[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}(?![0-9])"),
    Pattern("phone", 2, r"\+[0-9][0-9 ().-]{6,18}[0-9]"),
    Pattern("phone", 7, _NOT_BEFORE + r"(?!(?:19|20)[0-9]{2}-(?:19|20)[0-9]{2})[0-9]{3,5}-[0-9]{4}(?![0-9-]| ?(?:k?cal|step|pas|mg|ml|mcg|unit|unid|g |gram))"),
    Pattern("phone", 9, _NOT_BEFORE + r"\([0-9]{2,3}\) ?[0-9]{3,5}[ .-]?[0-9]{4}(?![0-9])"),
    Pattern("number", 9, _NOT_BEFORE + r"[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9])"),
    Pattern("number", 7, r"(?:^|[^0-9.,])[0-9]{7,20}(?![0-9])"),
    Pattern(
        "number", 1,
        rf"(?:^|[^{_LETTER}])(?:mrn|mr|record|chart|social security|ssn|medicare|medicaid|insurance|policy|expediente|historia cl[íi]nica|seguro social|prontu[áa]rio|cpf|dosye)"
        r"(?: (?:no|nr|number|n[úu]mero|num|id|is|es|mwen|card)){0,2}[ .:#°º]{0,3}[0-9][0-9-]{3,20}",
    ),
    Pattern("birth_date", 4, rf"(?:born|birthday|birth date|date of birth|dob|d\.o\.b|nac[ií]|nacimiento|nasci|nasceu|nascimento|fèt|fet)[^0-9]{{0,25}}{_DATE}"),
    Pattern("birth_date", 6, _NOT_BEFORE + r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]19[0-9]{2}(?![0-9])"),
    Pattern("address", 1, rf"{_NOT_BEFORE}[0-9]{{1,5}} (?!{_SMALL} )[{_LETTER}.'’]{{2,20}} (?:(?!{_SMALL} )[{_LETTER}.'’]{{2,20}} ){{0,2}}(?:street|st|avenue|ave|boulevard|blvd|lane|road|rd)(?![{_LETTER}])"),
    Pattern("address", 1, rf"{_NOT_BEFORE}[0-9]{{1,5}} (?:[A-Z][{_LETTER}.'’]{{1,20}} ){{1,3}}(?:Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Ter|Circle|Cir|Parkway|Pkwy|Highway|Hwy|Ln|Apt|Square|Sq)(?![{_LETTER}])", False),
    Pattern("address", 1, rf"(?:^|[^{_LETTER}])(?:calle|avenida|carrera|rua|travessa|plaza|praça|ruelle|rue) [{_LETTER}.'’]{{2,20}}(?: [{_LETTER}.'’]{{1,20}}){{0,4}},? (?:n[°ºo]?\.? ?|# ?)?[0-9]{{1,5}}(?![0-9])(?! ?{_UNIT})"),
    Pattern("address", 1, r"p\.? ?o\.? box [0-9]{1,8}"),
    Pattern("address", 5, rf",? [A-Z]{{2}},? [0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9]| ?[{_LETTER}])", False),
    Pattern("address", 5, r"zip(?: code)?[ :]{1,2}(?:is )?[0-9]{5}"),
)  # fmt: skip

# A name that is also a word counts only beside the other name, or after a title.
_WORDS_TOO = """
    will may rose grace hope faith joy mark bill june april august summer autumn dawn eve ivy iris lily daisy violet olive hazel heather holly ginger
    pepper rosemary basil sage art pat sue ray gene dale cliff glen frank earl duke king prince major miles rich rob bob jack nick chuck drew chase
    chance hunter mason carter cooper baker cook cooke miller taylor tailor fisher shepherd gardener farmer butler page day bell key moss nunn lane rice
    bean beans berry cherry apple salt sugar honey wood woods stone hill hills rivers river brook brooks lake field fields marsh forest park parks
    house church street young old long short small little strong sharp sweet rich poor white black brown green gray grey gold golden silver
    best good goodman gay love lovely heart hart blood bone price case cash bond bank banks rush fast swift walker rider singer friend guy man men
    son mann early late monday friday winter snow rain storm cloud sunny sky star may bush reed rose fish fox wolf bird crane swan drake robin
    jay finch hawk lamb bull pool ball bat page post place wells spring springs ward nurse doctor
    rosa dolores luz sol paz esperanza consuelo angel ángel salvador victoria mercedes milagros remedios soledad alma flor flores amor pilar cruz
    blanca blanco rubio moreno leon león delgado bravo rojas rojo verde reyes rey santos santo cabello calle campos castillo casa iglesia fuentes
    guerra hidalgo luna mora mar marina montes mesa ramos rios ríos ribera rosales serrano torres toro vega vida salud salas silva costa pereira lima
    sousa jesus jesús domingo concepcion amparo socorro rocio rocío perla estrella gloria linda bella clara franca pura santa
    pinto leite ferreira machado rocha lobo cordeiro coelho moura barros campos vaz sales luz aurora
    jean pierre noel noël ange belle beau bon dieu fleur lafleur roche petit grand leblanc lebrun toussaint jeudi cent
"""
_TITLES = "dr dra doctor doctora doutor doutora doktè dokte mr mrs ms miss sr sra srta señor señora senhor senhora dona don madam mister nurse"
_TITLES_FOLDED = frozenset(word for title in _TITLES.split() for word in folded(title))
_WORDS_FOLDED = frozenset(word for each in _WORDS_TOO.split() for word in folded(each))

_COMPILED = tuple((pattern.kind, pattern.digits, re.compile(pattern.source, re.ASCII | (re.IGNORECASE if pattern.ignores_case else 0))) for pattern in PATTERNS)
_HAS_NONE = re.compile("[^0-9@]*")  # each pattern asks for one of these


def patterns_for_phones() -> list[dict[str, Any]]:
    """For a page's data: {"kind", "source", "flags"}. To be tried on the text after normalize("NFKC")."""
    return [{"kind": pattern.kind, "source": pattern.source, "flags": "i" if pattern.ignores_case else ""} for pattern in PATTERNS]


def detail_in(text: str) -> str | None:
    """The kind of the first personal detail in the text: email, phone, number, birth_date, address; None without one."""
    plain = " ".join(unicodedata.normalize("NFKC", text[:MOST]).split())
    if _HAS_NONE.fullmatch(plain):
        return None
    digits = sum(map(plain.count, "0123456789"))
    return next((kind for kind, at_least, pattern in _COMPILED if digits >= at_least and pattern.search(plain)), None)


def may_hold(text: str, names: Iterable[str]) -> str:
    """What kind of personal detail the text may hold: as `detail_in`, or name, where one of these people is named. Empty without any."""
    return detail_in(text) or ("name" if names_somebody(text, names) else "")


def names_somebody(text: str, names: Iterable[str]) -> bool:
    """Whether one of these people is named.

    A name of several words counts when two of its words stand side by side, in either order. One of its words alone counts when it has
    three letters or more and is no everyday word ("Rose", "Will", "May", "Delgado": `_WORDS_TOO`), or when it follows a title ("Dr Bell").
    """
    words, names = folded(text[:MOST]), tuple(names)
    there = frozenset(words)
    if there.isdisjoint(_parts_of_all(names)):
        return False
    for name in names:
        found = [part for part in _parts_of(name) if part in there]
        if found and (any(_counts_alone(part) for part in found) or _stand_together(words, found) or _follow_a_title(words, found)):
            return True
    return False


@lru_cache(maxsize=4096)
def _parts_of(name: str) -> tuple[str, ...]:
    return tuple(part for part in folded(name) if part not in _TITLES_FOLDED)


@lru_cache(maxsize=256)
def _parts_of_all(names: tuple[str, ...]) -> frozenset[str]:
    """Everybody's of one visit, who are the same from one topic to the next."""
    return frozenset(part for name in names for part in _parts_of(name))


def _counts_alone(part: str) -> bool:
    return len(part) >= 3 and not part.isdigit() and part not in _WORDS_FOLDED


def _stand_together(words: tuple[str, ...], found: list[str]) -> bool:
    return any(one != other and one in found and other in found for one, other in pairwise(words))


def _follow_a_title(words: tuple[str, ...], found: list[str]) -> bool:
    return any(before in _TITLES_FOLDED and word in found for before, word in pairwise(words))
