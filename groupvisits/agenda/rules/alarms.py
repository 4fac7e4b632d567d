"""Whether what somebody wrote holds a phrase of the clinic's list, so that a person looks at once. A word match; nobody is judged by it.

Words are compared, not letters inside them, and not meaning: "no chest pain" and "my neighbour had chest pain" raise the alarm like
"chest pain". A program that decided which of them is meant would be a triage, and would be wrong when it matters most. A false alarm
costs a glance; who looks says so and why.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from groupvisits.core.errors import Conflict, Refused, mark

MAX_REASON = 200
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ´`′")
_STRETCHED = re.compile(r"(.)\1{2,}")


class SayWhatBecameOfIt(Refused):
    message = mark("Say what you found or did, in a few words.")


class AlarmHasEnded(Conflict):
    message = mark("Somebody has looked after this already.")


class AlarmTaken(Conflict):
    message = mark("%(name)s has taken this already.")


@dataclass(frozen=True)
class Hit:
    """The phrase of the list that was found, as it stands there, and the language of its list."""

    phrase: str
    language: str


class Watch:
    """The lists of a clinic, made ready once: each phrase as its words, found by the first of them."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Hit]]] = defaultdict(list)
        for language, listed in phrases.items():
            for phrase in listed:
                words = folded(phrase)
                if words:
                    self._by_first[words[0]].append((words, Hit(phrase, language)))
        for each in self._by_first.values():
            each.sort(key=lambda known: -len(known[0]))  # the longer phrase says more to who looks

    def hit(self, text: str) -> Hit | None:
        """The first phrase that stands in the text in whole words, whatever its case, accents, apostrophes, spaces and stretched letters."""
        return next((hit for words in _readings(text) if (hit := self._in(words))), None)

    def _in(self, words: tuple[str, ...]) -> Hit | None:
        for place, word in enumerate(words):
            for phrase, hit in self._by_first.get(word, ()):
                if words[place : place + len(phrase)] == phrase:
                    return hit
        return None


_PLAIN_WORDS = re.compile("[a-z0-9]+")


def folded(text: str) -> tuple[str, ...]:
    """The words as they are compared: small letters without accents, "can't" as "cant", everything else between words a space."""
    plain = text.translate(_APOSTROPHES).casefold()
    if plain.isascii():  # the same, without looking at each letter
        return tuple(_PLAIN_WORDS.findall(plain))
    plain = unicodedata.normalize("NFKD", plain).casefold()
    kept = (c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return tuple("".join(c if c.isalnum() else " " for c in kept).split())


def _readings(text: str) -> Iterator[tuple[str, ...]]:
    """As written; and where somebody stretched letters ("heeelp", "killl"), with one of them and with two."""
    yield folded(text)
    if _STRETCHED.search(text.casefold()):
        yield from (folded(_STRETCHED.sub(kept, text.casefold())) for kept in (r"\1", r"\1\1"))


def check_outcome(reason: str) -> str:
    """What whoever ends an alarm says of it, never empty: why it was none, or what was done."""
    if not any(c.isalnum() for c in reason):
        raise SayWhatBecameOfIt(field="reason")
    return reason


def check_can_take(taken_by: str | None, taker: str, name: str) -> None:
    """One person goes. `name` is theirs who took it."""
    if taken_by not in (None, taker):
        raise AlarmTaken(name=name)
