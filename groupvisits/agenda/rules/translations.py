"""Decisions about a topic's words in other languages."""

from collections.abc import Collection

from groupvisits.core.errors import Conflict, Refused, mark

NOT_TRANSLATED = ("taken_back", "declined", "split")


class LanguageNotOffered(Refused):
    message = mark("Choose one of the languages of this clinic.")


class SameLanguage(Refused):
    message = mark("The topic is in this language already. Choose another one.")


class TranslatedAlready(Conflict):
    message = mark("Somebody has added this topic in this language already. Thank you for wanting to help.")


class NotToBeTranslated(Conflict):
    message = mark("This topic has ended meanwhile, so it takes no other language.")


def check_can_translate(state: str, hidden_because: str) -> None:
    """What all may read: on a list, being talked about, or kept."""
    if hidden_because or state in NOT_TRANSLATED:
        raise NotToBeTranslated


def check_language(language: str, own: str, offered: Collection[str]) -> None:
    if language not in offered:
        raise LanguageNotOffered(field="language")
    if language == own:
        raise SameLanguage(field="language")


def check_is_the_translator(by: str | None, who: str) -> None:
    """The first one stays; only who wrote it may write it anew. `by` is None while nobody has."""
    if by not in (None, who):
        raise TranslatedAlready
