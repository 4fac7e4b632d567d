"""A topic in another language, by somebody in the room. It stands under the topic's own words, never instead of them."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, select, update

from groupvisits.accounts.models import Clinic
from groupvisits.agenda import rules
from groupvisits.agenda.models import Topic, TopicTranslation
from groupvisits.agenda.permissions import POLICY, WordsIn
from groupvisits.agenda.service.acts import Result, accepted, group_topic, place_in, unchanged
from groupvisits.agenda.service.alarms import raise_alarm
from groupvisits.agenda.service.words import hidden_now, written
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.rules import check_is_not_over


def translate_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, language: str, words: str) -> Result:
    """The topic is there in this language too, in these words; its author may send other ones later.

    Refuses a language that the clinic does not offer or the topic is in, one that somebody else has added, topics that are no longer to
    be read by all, one-on-one topics, empty and overlong words, and after the close.
    """
    place = place_in(tx, actor, session_id, "agenda:translate")
    topic = group_topic(tx, actor, place, topic_id)
    check_is_not_over(place.group_session.state)
    rules.check_can_translate(topic.state, topic.hidden_because)
    rules.check_language(language, topic.language, tx.get_one(Clinic, place.clinic_id).languages)
    text = written(tx, place.clinic_id, session_id, actor.id, words, topic.route)
    there = tx.get(TopicTranslation, (topic.id, language))
    rules.check_is_the_translator(there.patient_id if there else None, actor.id)
    if there is not None and there.words == text.words:
        return unchanged(place, topic)
    if there is None:
        there = TopicTranslation(topic_id=topic.id, language=language, patient_id=actor.id)
        tx.add(there)
    there.words, there.at = text.words, clock.now()
    there.hidden_because = "alarm" if there.hidden_because == "alarm" else text.hidden_because
    tx.flush()
    alarms = raise_alarm(tx, actor, session_id, actor.id, text.hit, topic_id=topic.id)
    return accepted(tx, actor, "agenda:translate", topic, alarms=alarms, language=language)


def drop_translation(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, language: str) -> Result:
    """The topic is not there in this language any more; somebody may add it anew. Whoever leads takes anybody's away, a patient their own."""
    place, there = place_for(tx, actor, session_id, lock=True), tx.get(TopicTranslation, (topic_id, language))
    POLICY.require(actor, "agenda:drop_translation", WordsIn(place, there.patient_id if there else None))
    topic = group_topic(tx, actor, place, topic_id)
    if there is None:
        return unchanged(place, topic)
    tx.delete(there)
    tx.flush()
    return accepted(tx, actor, "agenda:drop_translation", topic, patients=(there.patient_id,), language=language, by=there.patient_id)


def put_words(tx: Transaction, topic: Topic, words: str, *, hit: rules.Hit | None = None) -> tuple[str, ...]:
    """In the caller's transaction: the topic says this now. What was suggested instead, and what stood under the other words, is gone.

    Returns whose words stood there. Who was asked in private is still asked: nobody in the group reads it until they answer.
    """
    topic.words, topic.suggested_words = words, ""
    topic.hidden_because = "alarm" if hit else hidden_now(tx, topic)
    its = TopicTranslation.topic_id == topic.id
    translators = tuple(tx.scalars(select(TopicTranslation.patient_id).where(its)))
    tx.execute(delete(TopicTranslation).where(its))
    return translators


def has_translations_to_look_at(tx: Transaction, topic: Topic) -> bool:
    """Whether a personal detail in another language waits for whoever leads."""
    return tx.scalar(select(TopicTranslation.language).where(*_to_look_at(topic)).limit(1)) is not None


def show_translations(tx: Transaction, topic: Topic) -> None:
    """In the caller's transaction: somebody has looked at the personal details in them. An alarm is ended on its own."""
    tx.execute(update(TopicTranslation).where(*_to_look_at(topic)).values(hidden_because=""))


def _to_look_at(topic: Topic) -> tuple[ColumnElement[bool], ...]:
    return (TopicTranslation.topic_id == topic.id, TopicTranslation.hidden_because == "personal")


def carry_translations(tx: Transaction, carried_to: Mapping[str, str]) -> None:
    """In the caller's transaction: what stood under these topics stands under the ones in which they go on."""
    for old in tx.scalars(select(TopicTranslation).where(TopicTranslation.topic_id.in_(carried_to))).all():
        tx.add(
            TopicTranslation(
                topic_id=carried_to[old.topic_id],
                language=old.language,
                words=old.words,
                patient_id=old.patient_id,
                at=old.at,
                hidden_because=rules.hidden_when_carried(old.hidden_because),
            )
        )
    tx.flush()
