"""What a patient writes before a visit: when the form is open, what it takes, and what a change of it does to their topics."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.agenda.rules.topics import MAX_WORDS, TooManyWords, check_words, tidy
from groupvisits.core.errors import Refused, mark

FORM_OPENS = timedelta(days=7)
MAX_CONCERNS = 3
MAX_MATTERS = 600
_ROUTES = ("group", "one_on_one")


class NotOpenYet(Refused):
    status = 409
    message = mark("This form opens 7 days before the visit. You can come back then.")


class FormClosed(Refused):
    status = 409
    message = mark("The visit has begun or is over, so this form takes no more changes. At the visit you can still bring up anything.")


class RouteMissing(Refused):
    message = mark("Choose who this is for: the group, or your one-on-one only.")


@dataclass(frozen=True)
class Concern:
    """One thing somebody brings up: their words, and whether for the "group" or the "one_on_one" only."""

    words: str
    route: str


@dataclass(frozen=True)
class Change:
    """What a form that was filled in (again) does to the topics it made: ids to take back, words to give to others, new ones to add."""

    take_back: tuple[str, ...]
    reword: tuple[tuple[str, str], ...]
    add: tuple[Concern, ...]


def form_state(session_state: str, starts_at: datetime, now: datetime) -> str:
    """not_yet, open or closed: open from 7 days before the visit until its room is opened."""
    if session_state != "planned":
        return "closed"
    return "open" if now >= starts_at - FORM_OPENS else "not_yet"


def check_form_is_open(session_state: str, starts_at: datetime, now: datetime) -> None:
    state = form_state(session_state, starts_at, now)
    if state == "not_yet":
        raise NotOpenYet
    if state == "closed":
        raise FormClosed


def read_lines(words: str, field: str, most: int) -> str:
    """Words for the team, tidied line by line; empty is allowed. Refuses more than `most` characters."""
    kept = "\n".join(line for line in (tidy(line) for line in words.replace("\r", "\n").split("\n")) if line)
    if len(kept) > most:
        raise TooManyWords(field=field, most=most)
    return kept


def read_concerns(entered: Sequence[tuple[str, str]]) -> list[Concern]:
    """The concerns in the order of the form's boxes (words, route); an empty box is no concern, and the same one twice is one.

    Refuses words without a route, and words that are too long or hold nothing to read; the error names the box: words_1, route_1, ...
    """
    found: list[Concern] = []
    for number, (written, route) in enumerate(entered[:MAX_CONCERNS], start=1):
        if not tidy(written):
            continue
        try:
            words = check_words(written, MAX_WORDS)
        except Refused as refusal:
            refusal.field = f"words_{number}"
            raise
        if route not in _ROUTES:
            raise RouteMissing(field=f"route_{number}")
        if Concern(words, route) not in found:
            found.append(Concern(words, route))
    return found


def changes_of(made: Sequence[tuple[str, Concern]], wanted: Sequence[Concern], settled: Collection[str]) -> Change:
    """What turns the topics the form made (id, concern; in their order) into those that are wanted now.

    What is wanted already stays as it is. Words of a topic change in place while its route stays and it is not `settled` (planned, or
    supported by others, who said "me too" to other words); else it is taken back and a new one made: phones keep what they were shown.
    """
    left = list(wanted)
    other: list[tuple[str, Concern]] = []
    for topic_id, concern in made:
        if concern in left:
            left.remove(concern)
        else:
            other.append((topic_id, concern))
    take_back, reword = [], []
    for topic_id, concern in other:
        after = next((new for new in left if new.route == concern.route), None) if topic_id not in settled else None
        if after is None:
            take_back.append(topic_id)
        else:
            left.remove(after)
            reword.append((topic_id, after.words))
    return Change(tuple(take_back), tuple(reword), tuple(left))
