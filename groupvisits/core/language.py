"""Which language a person reads, and dates and times in it.

Babel knows Haitian Creole but writes its dates in French, so that language has names of its own here; English times would hold
a narrow no-break space and capital letters, so times are written here for every language.
"""

from datetime import date, datetime
from typing import cast

from babel.dates import format_date
from flask import current_app, has_request_context, request
from flask import session as browser_session
from flask_babel import force_locale, gettext, lazy_gettext

from groupvisits.core.errors import DomainError

LANGUAGES = {"en": "English", "es": "Español", "pt": "Português", "ht": "Kreyòl"}

_CREOLE_DAYS = ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch")
_CREOLE_MONTHS = ("janvye", "fevriye", "mas", "avril", "me", "jen", "jiyè", "out", "septanm", "oktòb", "novanm", "desanm")


def current_language() -> str:
    """The chosen language, else the best of those the clinic offers that the browser asks for."""
    if not has_request_context():
        return "en"
    offered = current_app.extensions["offered_languages"]()
    for chosen in (request.args.get("lang"), browser_session.get("language")):
        if chosen in offered:
            return str(chosen)
    return request.accept_languages.best_match(offered) or "en"


def lazy(text: str) -> str:
    """A text for a form's class body: translated each time it is shown."""
    return cast(str, lazy_gettext(text))


def words(error: DomainError, language: str | None = None) -> str:
    """The error's sentence in the reader's language."""
    if language:
        with force_locale(language):
            return words(error)
    text = gettext(error.message)
    return text % error.params if error.params else text


def sentence(text: str, language: str, **params: object) -> str:
    """A text of the catalogue in somebody else's language, for whoever looks at what that person will read."""
    with force_locale(language):
        said = gettext(text)
    return said % params if params else said


def day(value: date | datetime, language: str | None = None, *, year: bool = False, weekday: bool = True) -> str:
    """ "Tuesday 8 December", with the year where asked."""
    language = language or current_language()
    if language == "ht":
        parts = [_CREOLE_DAYS[value.weekday()]] if weekday else []
        parts += [str(value.day), _CREOLE_MONTHS[value.month - 1]] + ([str(value.year)] if year else [])
        return " ".join(parts)
    if language == "en":
        return format_date(value, ("EEEE " if weekday else "") + "d MMMM" + (" y" if year else ""), locale="en")
    return format_date(value, ("EEEE, " if weekday else "") + "d 'de' MMMM" + (" 'de' y" if year else ""), locale=language)


def month(value: date, language: str | None = None) -> str:
    """ "December 2026"."""
    language = language or current_language()
    if language == "ht":
        return f"{_CREOLE_MONTHS[value.month - 1]} {value.year}"
    return format_date(value, "MMMM y" if language == "en" else "MMMM 'de' y", locale=language)


def time(value: datetime, language: str | None = None) -> str:
    """ "5:30pm" for readers of English, "17:30" for the others. `value` is in the clinic's own time."""
    language = language or current_language()
    if language == "en":
        return f"{value.hour % 12 or 12}:{value:%M}{'am' if value.hour < 12 else 'pm'}"
    return f"{value:%H:%M}"
