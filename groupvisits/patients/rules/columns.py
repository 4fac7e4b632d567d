"""Which column of a file holds what: guessed from its name in several languages, then from what stands in it. A human confirms."""

import re
from collections.abc import Sequence

from groupvisits.core.errors import Refused, mark
from groupvisits.patients.rules.dates import looks_like_date
from groupvisits.patients.rules.languages import read_language
from groupvisits.patients.rules.person import fold

# What we can take from a roster, in the order of the mapping screen.
FIELDS = {
    "full_name": mark("Whole name, in one column"),
    "given_name": mark("First name"),
    "family_name": mark("Family name"),
    "display_name": mark("Name to show in the room"),
    "birth_date": mark("Date of birth"),
    "record_number": mark("Record number"),
    "phone": mark("Phone"),
    "email": mark("E-mail"),
    "language": mark("Language"),
    "needs": mark("Needs, such as large print"),
    "death_date": mark("Died"),
}
_NAMES = {
    "full_name": "name|full name|patient|patient name|member name|client name|nombre completo|nombre y apellido|nombre y apellidos|nome completo|nom complet|non konple|name of patient",
    "given_name": "first|first name|firstname|fname|given|given name|givenname|forename|nombre|nombres|primer nombre|nome|prenome|primeiro nome|prenom|non|patient first name|pt first name",
    "family_name": "last|last name|lastname|lname|surname|family|family name|familyname|apellido|apellidos|sobrenome|nom|nom de famille|siyati|patient last name|pt last name",
    "display_name": "preferred name|preferred first name|nickname|alias|goes by|called|display name|name used|apodo|nombre preferido|nome social",
    "birth_date": "birthdate|birth date|date of birth|dob|d o b|born|birthday|birth|fecha de nacimiento|fecha nacimiento|nacimiento|data de nascimento|nascimento|date de naissance|ne le|naissance|dat nesans|patient dob",
    "record_number": "id|record number|record no|record|mrn|medical record number|medical record no|patient id|patient number|patient no|patientid|chart|chart number|chart no|nhs number|emr id|ehr id|"
    "numero de historia|historia clinica|numero de expediente|prontuario|numero de registro|numero de dossier|nimewo dosye|dosye",
    "phone": "phone|phone number|phone no|telephone|telephone number|tel|mobile|mobile phone|mobile number|cell|cell phone|cellphone|home phone|contact number|telefono|celular|movil|telefone|telemovel|telefon|portable",
    "email": "email|e mail|mail|email address|e mail address|correo|correo electronico|courriel|endereco de email|imel",
    "language": "language|preferred language|primary language|spoken language|lang|idioma|lengua|lingua|langue|lang prensipal",
    "needs": "needs|special needs|access needs|accommodation|accommodations|accessibility|interpreter|interpreter needed|necesidades|necessidades|besoins|bezwen",
    "death_date": "deathdate|death date|date of death|deceased|deceased date|died|dod|death|fallecido|fecha de defuncion|fecha de fallecimiento|falecido|data de obito|obito|deces|mouri",
}
_BY_NAME = {name: key for key, names in _NAMES.items() for name in names.split("|")}
# A column about somebody or something else, whatever other words it holds.
_OTHERS = frozenset({
    "emergency", "kin", "next", "spouse", "partner", "mother", "father", "maiden", "parent", "guardian", "caregiver", "provider", "doctor", "physician", "insurance",
    "insurer", "payer", "plan", "employer", "visit", "appointment", "created", "updated", "modified", "admission", "discharge", "enrolled", "registered", "start", "end",
    "last", "seen", "age", "gender", "sex", "race", "ethnicity", "marital", "city", "state", "zip", "county", "address", "birthplace", "place", "suffix", "prefix", "title",
})  # fmt: skip
_SECRET = frozenset({"ssn", "ssid", "ssns", "sin", "curp", "cpf", "nif", "dni", "nie", "nino"})
_SECRET_PHRASES = ("social security", "seguridad social", "seguro social", "seguranca social", "securite sociale", "passport", "pasaporte", "passaporte", "drivers", "driver s license", "driver license",
                   "driver licence", "drivers licence", "license number", "licence number", "tax id", "national id", "national insurance", "credit card")  # fmt: skip
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,20}")


class NameColumnNeeded(Refused):
    message = mark("Choose the column with the first name and the one with the family name, or one column with the whole name.")


class FamilyNameColumnNeeded(Refused):
    message = mark("Choose the column with the family name too.")


class ColumnUsedTwice(Refused):
    message = mark("This column is already used for “%(other)s”.")


class OrderNeeded(Refused):
    message = mark("Say whether the day or the month comes first: the dates in this file can be read both ways.")


def must_not_be_kept(name: str) -> bool:
    """National numbers, passports and licences never enter the database, not even while a roster waits."""
    said = _plain(name)
    return not _SECRET.isdisjoint(said.split()) or any(phrase in said for phrase in _SECRET_PHRASES)


def guess_by_name(names: Sequence[str]) -> dict[str, int]:
    """Field -> index of the column, for the names we know, exact ones first, then those that contain one."""
    found: dict[str, int] = {}
    plain = [_plain(name) for name in names]
    for index, name in enumerate(plain):
        key = _BY_NAME.get(name)
        if key and key not in found:
            found[key] = index
    for index, name in enumerate(plain):
        if index in found.values() or name in _BY_NAME or must_not_be_kept(names[index]):
            continue
        key = _by_part(name)
        if key and key not in found:
            found[key] = index
    return found


def guess(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Field -> index of the column, from the names and from up to a few hundred rows."""
    found = guess_by_name(names)
    for key, fits in (("email", _EMAIL.fullmatch), ("birth_date", looks_like_date), ("phone", _PHONE.fullmatch)):
        if key in found:
            continue
        for index in range(len(names)):
            told = _is_nameless(names[index]) or (key == "email" and _is_unknown(names[index]))  # other days and numbers are too often something else
            if index not in found.values() and told and _mostly(rows, index, fits):
                found[key] = index
                break
    # "Nombre" alone holds the whole name more often than not.
    alone = "given_name" in found and "family_name" not in found and "full_name" not in found
    if alone and _mostly(rows, found["given_name"], lambda text: len(text.split()) > 1 or "," in text):
        found["full_name"] = found.pop("given_name")
    if "given_name" in found and "family_name" in found:
        found.pop("full_name", None)
    if "language" not in found:
        for index in range(len(names)):
            if index not in found.values() and _is_nameless(names[index]) and _mostly(rows, index, read_language):
                found["language"] = index
                break
    if not {"full_name", "given_name", "family_name"} & set(found):
        nameless = [i for i in range(len(names)) if i not in found.values() and _is_nameless(names[i]) and _mostly(rows, i, _could_be_name)]
        if found and nameless:
            found.update(zip(("given_name", "family_name"), nameless[:2], strict=True) if len(nameless) > 1 else [("full_name", nameless[0])])
    return found


def check(mapping: dict[str, int]) -> None:
    """Refuse a mapping without a name or with one column for two things; the error's field is the one to change."""
    taken: dict[int, str] = {}
    for key in FIELDS:
        if key not in mapping:
            continue
        if mapping[key] in taken:
            raise ColumnUsedTwice(other=FIELDS[taken[mapping[key]]], field=key)
        taken[mapping[key]] = key
    if "full_name" in mapping:
        return
    if "given_name" not in mapping:
        raise NameColumnNeeded(field="given_name")
    if "family_name" not in mapping:
        raise FamilyNameColumnNeeded(field="family_name")


def _by_part(name: str) -> str:
    words = name.split()
    if not _OTHERS.isdisjoint(words):
        return ""
    best = ""
    for known in _BY_NAME:
        if len(known) > 2 and f" {known} " in f" {name} " and len(known) > len(best):
            best = known
    return _BY_NAME[best] if best and len(best) * 2 >= len(name) else ""


def _plain(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", fold(spaced)).split())


def _is_unknown(name: str) -> bool:
    return _plain(name) not in _BY_NAME and _OTHERS.isdisjoint(_plain(name).split()) and not must_not_be_kept(name)


def _is_nameless(name: str) -> bool:
    return name.startswith("#")


def _mostly(rows: Sequence[Sequence[str]], index: int, fits: object) -> bool:
    values = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
    return bool(values) and sum(bool(fits(value)) for value in values) * 10 >= len(values) * 7  # type: ignore[operator]


def _could_be_name(text: str) -> bool:
    return len(text) <= 80 and any(c.isalpha() for c in text) and not any(c.isdecimal() or c == "@" for c in text)
