"""What makes an entry in the registry sound: a name, a birth date that can be true, text that is only text."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import date

from groupvisits.core.errors import Conflict, Refused, mark

OLDEST = 120  # years; nobody on record lived past 122
MAX_NAME = 80
MAX_DISPLAY_NAME = 40
MAX_RECORD_NUMBER = 64
MAX_PHONE = 32
MAX_EMAIL = 254
MAX_NEEDS = 200
MIN_PHONE_DIGITS = 3
# Zero-width (non-)joiners shape letters in Persian and Indic names; every other invisible character can only mislead.
_KEPT_INVISIBLE = "\u200c\u200d"


class BirthDateInFuture(Refused):
    message = mark("This date of birth has not come yet. Check the year.")


class BirthDateTooLongAgo(Refused):
    message = mark("This date of birth is more than %(years)s years ago. Check the year.")


class NameNeeded(Refused):
    message = mark("Enter the name.")


class PhoneUnreadable(Refused):
    message = mark("This does not look like a phone number. Write it with its area code, or with + and the country code.")


class EmailUnreadable(Refused):
    message = mark("This does not look like an e-mail address. It should look like name@example.org.")


class LanguageUnknown(Refused):
    message = mark("Choose a language from the list.")


class RecordNumberTaken(Conflict):
    message = mark("Another patient has this record number. Search for it in the list of patients.")


class LooksLikeSomebody(Conflict):
    message = mark("Somebody with this name and date of birth is already here. Look at the list first, or say that this is another person.")


class NotActive(Conflict):
    message = mark("This patient is not active. Make them active first.")


class NoEmail(Refused):
    message = mark("There is no e-mail address for this patient. Show a link and copy it, or add an address first.")


class ChannelNeeds(Refused):
    message = mark("This needs an e-mail address, and there is none yet. Choose another way until we have it.")


class CallNeedsPhone(ChannelNeeds):
    message = mark("This needs a telephone number, and there is none yet. Choose another way until we have it.")


class TextNeedsAgreement(ChannelNeeds):
    message = mark("Texts need a telephone number, and that the person agreed to them.")


def tidy(text: str) -> str:
    """The text on one line, without characters nobody can see; what it says stays as it is, markup included."""
    spaced = "".join(" " if c.isspace() else c for c in text)
    seen = "".join(c for c in spaced if c in _KEPT_INVISIBLE or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def fold(text: str) -> str:
    """For comparing and searching: small letters without accents, so that "Ângela" is found by "angela"."""
    if text.isascii():  # most names are, and a search compares thousands
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def phone_digits(search: str) -> str:
    """The digits of a search that can only be a telephone number, as typed but without a leading 0 (which no stored number has); else nothing."""
    digits = "".join(c for c in search if c.isascii() and c.isdigit()).lstrip("0")
    return digits if len(digits) >= MIN_PHONE_DIGITS and not any(c.isalpha() for c in search) else ""


def display_name_for(given_name: str) -> str:
    """What others in the room may see unless the person chose something else: the first name, never the family name."""
    return given_name[:MAX_DISPLAY_NAME].strip()


def version_of(values: Mapping[str, object]) -> str:
    """A mark of what somebody saw before they changed it: two people at two desks do not overwrite each other."""
    return hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()[:16]


def check_birth_date(born: date | None, today: date) -> None:
    """Refuse a date that has not come or that nobody alive was born on."""
    if born is None:
        return
    if born > today:
        raise BirthDateInFuture(field="birth_date")
    if today.year - born.year > OLDEST:
        raise BirthDateTooLongAgo(years=OLDEST, field="birth_date")


def check_channel(channel: str, *, email: str, phone: str, agreed_to_texts: bool) -> None:
    """Refuse a way to be told that could not work, beside its field; an unknown one too. Agreeing to texts needs a number."""
    if channel == "email" and not email:
        raise ChannelNeeds(field="channel")
    if channel == "call" and not phone:
        raise CallNeedsPhone(field="channel")
    if (channel == "text" and not (phone and agreed_to_texts)) or channel not in ("", "email", "text", "call"):
        raise TextNeedsAgreement(field="channel")
    if agreed_to_texts and not phone:
        raise TextNeedsAgreement(field="agreed_to_texts")
