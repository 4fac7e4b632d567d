"""Decisions about passwords, throttling and administrators, on values alone."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

import holidays

from groupvisits.core.errors import Conflict, Refused, mark

SHORTEST = 12
LONGEST = 128
WINDOW = timedelta(minutes=15)
PER_ADDRESS = 8  # failed sign-ins for one e-mail address
PER_NETWORK = 40  # ... from one network address: a clinic's staff share one
LINK_LASTS = timedelta(days=14)
INVITATION_LASTS = timedelta(days=7)
MOST_PHRASES = 300  # of one language
LONGEST_PHRASE = 80
SHORTEST_PHRASE = 3
CODE_LASTS = timedelta(minutes=10)  # between the password and the code


class PasswordTooShort(Refused):
    message = mark("Use at least %(shortest)s characters. Four or five words are easy to remember.")


class PasswordTooLong(Refused):
    message = mark("Use at most %(longest)s characters.")


class PasswordGuessable(Refused):
    message = mark("This is easy to guess: it is your name, your address or one character again and again. Choose other words.")


class TooManyAttempts(Refused):
    status = 429
    message = mark("Too many tries. Wait 15 minutes, then try again, or ask an administrator of your clinic.")


class LastAdministrator(Refused):
    message = mark("Your clinic needs at least one administrator who can sign in. Make somebody else an administrator first.")


class AddressTaken(Conflict):
    message = mark("Somebody with this e-mail address can already sign in.")


class RoleNeeded(Refused):
    message = mark("Choose at least one role.")


class LinkUsed(Conflict):
    message = mark("This link was already used or is too old. Ask for a new one.")


class WrongCode(Refused):
    message = mark("This code is not right. Codes change every 30 seconds and each works once.")


class WrongSetupCode(Refused):
    message = mark("This is not the code that the server printed when it started.")


class AlreadySetUp(Conflict):
    message = mark("This installation is already set up. Sign in instead.")


class NoSuchRegion(Refused):
    message = mark("We do not know this state or region. Leave it empty, or write one of: %(known)s.")


class NotReviewed(Refused):
    message = mark("Nobody has reviewed this translation yet, so patients cannot choose it outside the practice clinic.")


class PhraseTooLong(Refused):
    message = mark("Line %(line)s is too long. Please keep each phrase to %(most)s characters.")


class PhraseTooShort(Refused):
    message = mark("“%(phrase)s” is too short: it would be found everywhere. Use at least %(least)s letters or digits.")


class TooManyPhrases(Refused):
    message = mark("These are too many. Please keep the list to %(most)s phrases.")


class NoPhrases(Refused):
    message = mark("Enter at least one phrase: patients can choose this language. Or go back to the lists that come with groupvisits.")


class WrongPassword(Refused):
    message = mark("That password is not right.")


def check_password(password: str, *, email: str, name: str) -> None:
    """Refuse what is short, endless or a guess away; no rules about signs and capitals, which only make people write it down."""
    if len(password) < SHORTEST:
        raise PasswordTooShort(field="password", shortest=SHORTEST)
    if len(password) > LONGEST:
        raise PasswordTooLong(field="password", longest=LONGEST)
    plain = "".join(password.lower().split())
    known = {email.lower(), email.lower().partition("@")[0], "".join(name.lower().split())}
    if plain in known or len(set(plain)) <= 3:
        raise PasswordGuessable(field="password")


def check_attempts(failed_for_address: int, failed_from_network: int) -> None:
    if failed_for_address >= PER_ADDRESS or failed_from_network >= PER_NETWORK:
        raise TooManyAttempts


def check_keeps_an_administrator(other_active_administrators: int, *, stays_administrator: bool) -> None:
    if not stays_administrator and other_active_administrators == 0:
        raise LastAdministrator


def check_subdivision(country: str, subdivision: str | None) -> str:
    """The state or region as the calendar of public holidays names it ("MA"); "" for none. Refuses one that the country does not have."""
    tidy = (subdivision or "").strip().upper()
    known = holidays.list_supported_countries().get(country, [])
    if tidy and known and tidy not in known:
        raise NoSuchRegion(field="subdivision", known=", ".join(known[:60]))
    return tidy


def check_languages(chosen: Sequence[str], *, reviewed: Sequence[str], is_demo: bool) -> None:
    if not is_demo and any(code not in reviewed for code in chosen):
        raise NotReviewed(field="languages")


def read_phrases(written: str, field: str, *, is_needed: bool) -> list[str]:
    """One phrase a line, each once, as it was written. Refuses what is too long, what would be found everywhere, and too many."""
    found: dict[str, str] = {}
    for number, line in enumerate(written.splitlines(), start=1):
        phrase = " ".join("".join(c if unicodedata.category(c)[0] != "C" or c.isspace() else "" for c in line).split())
        if not phrase:
            continue
        if len(phrase) > LONGEST_PHRASE:
            raise PhraseTooLong(field=field, line=number, most=LONGEST_PHRASE)
        if sum(c.isalnum() for c in phrase) < SHORTEST_PHRASE:
            raise PhraseTooShort(field=field, phrase=phrase[:20], least=SHORTEST_PHRASE)
        found.setdefault(phrase.casefold(), phrase)
        if len(found) > MOST_PHRASES:
            raise TooManyPhrases(field=field, most=MOST_PHRASES)
    if is_needed and not found:
        raise NoPhrases(field=field)
    return list(found.values())


def is_usable(used_at: datetime | None, ends_at: datetime, now: datetime) -> bool:
    return used_at is None and now < ends_at
