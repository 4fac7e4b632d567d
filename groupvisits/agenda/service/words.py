"""What somebody wrote, on its way in: tidied and within its limit, and whether a person is to look at it first.

Cheap enough for every proposal of forty rooms: lists are made ready once, names of a visit are one compiled statement.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Text, bindparam, cast, select

from groupvisits.accounts import alarm_phrases
from groupvisits.accounts.models import Clinic
from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Topic
from groupvisits.core.statements import Statement, table_of
from groupvisits.core.transaction import Transaction


@dataclass(frozen=True)
class Written:
    """`hit`: a phrase of the clinic's list stands in it. `has_personal`: a personal detail, or another person's name."""

    words: str
    hit: rules.Hit | None
    has_personal: bool

    @property
    def hidden_because(self) -> str:
        """Why a topic for the group with these words waits until somebody has looked; empty when all may read it."""
        return "alarm" if self.hit else "personal" if self.has_personal else ""


def written(tx: Transaction, clinic_id: str, session_id: str, author_id: str, words: str, route: str) -> Written:
    """What the author wrote for the group or for their one-on-one, where personal details belong."""
    words = rules.check_words(words)
    return Written(words, hit_in(tx, clinic_id, words), route == "group" and is_personal(tx, session_id, author_id, words))


def hit_in(tx: Transaction, clinic_id: str, words: str) -> rules.Hit | None:
    """The phrase of the clinic's lists that stands in the words, in any of its languages."""
    clinic = tx.remember((_CLINIC, clinic_id), lambda: _CLINIC.one(tx, clinic_id=clinic_id))
    return _watch(clinic.own, clinic.offered, bool(clinic.is_demo)).hit(words)


def is_personal(tx: Transaction, session_id: str, author_id: str, words: str) -> bool:
    """Whether the words hold a personal detail, or name somebody else who has a place in this visit, comes along or works in it."""
    if rules.detail_in(words):
        return True
    people = tx.remember((queries.names_in, session_id), lambda: queries.names_in(tx, session_id))
    return rules.names_somebody(words, (row.name for row in people if row.person_id != author_id))


def hidden_now(tx: Transaction, topic: Topic, *, answered: bool = False) -> str:
    """Why the topic's words wait, where nobody has to look at an alarm and its proposer is not (or no longer) asked."""
    if topic.hidden_because == "alarm" or (topic.hidden_because == "asked" and not answered):
        return topic.hidden_because
    return "personal" if topic.route == "group" and is_personal(tx, topic.session_id, topic.patient_id, topic.words) else ""


@lru_cache(maxsize=256)
def _watch(own: str | None, offered: str, is_demo: bool) -> rules.Watch:
    """By what the clinic has saved: another list is another key, in every process."""
    return rules.Watch(alarm_phrases.in_use(json.loads(own) if own else None, json.loads(offered), is_demo=is_demo))


_CLINICS = table_of(Clinic)
_CLINIC = Statement(
    select(cast(_CLINICS.c.alarm_phrases, Text).label("own"), cast(_CLINICS.c.languages, Text).label("offered"), _CLINICS.c.is_demo).where(
        _CLINICS.c.id == bindparam("clinic_id")
    )
)
