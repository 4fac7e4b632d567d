"""Splitting a topic that asks several things at once, and putting it together again."""

from collections.abc import Sequence
from datetime import timedelta

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Support, Topic
from groupvisits.agenda.service.acts import Result, accepted, end, group_topic, place_in, unchanged
from groupvisits.agenda.service.joined import joined_to, parts_of, put_under
from groupvisits.agenda.service.words import is_personal
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.rules import check_is_not_over


def split_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, parts: list[str], base_rev: int | None = None) -> Result:
    """The topic carries on as its parts, each where it stood, its author's own, with everybody who said "me too".

    Their words are whoever leads', and wait like everybody's where they may hold a personal detail. What was joined to it stands for itself again. Refuses fewer than two or more than four parts, empty and overlong ones, one-on-one
    and hidden topics, topics that have ended or are being talked about, and after the close.
    """
    place = place_in(tx, actor, session_id, "agenda:split")
    topic = group_topic(tx, actor, place, topic_id)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_split(topic.state, topic.hidden_because, parts)
    made = [_part(tx, topic, rules.check_words(words, field="parts"), number) for number, words in enumerate(parts)]
    tx.add_all(made)
    tx.flush()
    supporters = queries.supporters_of(tx, [topic.id]).get(topic.id, set())
    tx.add_all(Support(topic_id=part.id, patient_id=patient_id, at=clock.now()) for part in made for patient_id in supporters)
    topic.state_before, position = topic.state, topic.position
    end(topic, "split")
    topic.position = position  # to come back to
    return accepted(tx, actor, "agenda:split", topic, also=tuple(made), patients=tuple(supporters), parts=[part.id for part in made])


def unsplit_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, base_rev: int | None = None) -> Result:
    """The topic is whole again, with everybody who said "me too" to one of its parts. Refuses once a part has moved on, and after the close."""
    place = place_in(tx, actor, session_id, "agenda:unsplit")
    topic = group_topic(tx, actor, place, topic_id)
    if topic.state != "split":
        return unchanged(place, topic)
    parts = parts_of(tx, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_unsplit([(part.state, part.rev, bool(joined_to(tx, part))) for part in parts], made_as=topic.state_before)
    said = _bring_together(tx, topic, parts)
    topic.state, topic.state_before, topic.ended_at = topic.state_before, "", None
    for part in parts:
        put_under(tx, part, topic)
    return accepted(tx, actor, "agenda:unsplit", topic, also=tuple(parts), patients=tuple(said))


def _part(tx: Transaction, topic: Topic, words: str, number: int) -> Topic:
    return Topic(
        id=ids.new_id(), session_id=topic.session_id, patient_id=topic.patient_id, words=words, language=topic.language, route=topic.route,
        shows_name=topic.shows_name, entered_by=topic.entered_by, state=topic.state, position=topic.position, minutes=topic.minutes,
        split_from_id=topic.id, pre_visit=topic.pre_visit, after_close=topic.after_close, reason=topic.reason, ended_at=topic.ended_at,
        hidden_because="personal" if is_personal(tx, topic.session_id, topic.patient_id, words) else "", rev=0, proposed_at=topic.proposed_at + timedelta(microseconds=number),
    )  # fmt: skip


def _bring_together(tx: Transaction, topic: Topic, parts: Sequence[Topic]) -> set[str]:
    """Whoever supports a part supports the whole. Returns everybody who does."""
    said = queries.supporters_of(tx, [topic.id, *(part.id for part in parts)])
    everybody = {patient_id for patients in said.values() for patient_id in patients}
    tx.add_all(Support(topic_id=topic.id, patient_id=patient_id, at=clock.now()) for patient_id in everybody - said.get(topic.id, set()))
    return everybody
