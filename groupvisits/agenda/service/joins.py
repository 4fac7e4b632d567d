"""Joining topics that ask the same, and taking them apart again. No row moves: every author and every "me too" stays where it was."""

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Topic
from groupvisits.agenda.service.acts import Result, accepted, group_topic, own_topic, place_in, unchanged
from groupvisits.agenda.service.joined import put_under, take_apart, who_support
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.queries import Place
from groupvisits.sessions.rules import check_is_not_over


def merge_topics(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, into_id: str, base_rev: int | None = None) -> Result:
    """The topic stands under the other one and shares its fate, with all that were joined to it; each author is told.

    Refuses a topic into itself, one-on-one and hidden topics, topics that have ended or are joined already, and after the close.
    """
    place = place_in(tx, actor, session_id, "agenda:merge")
    topic, head = group_topic(tx, actor, place, topic_id), group_topic(tx, actor, place, into_id)
    if topic.merged_into_id == head.id:
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_join(queries.standing_of(topic), queries.standing_of(head))
    along = put_under(tx, topic, head)
    return accepted(tx, actor, "agenda:merge", topic, also=(head, *along), patients=tuple(who_support(tx, (topic, *along))), into=head.id)


def unmerge_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, base_rev: int | None = None) -> Result:
    """The joined topic is its own again, as it was before, with those that came along with it. Refuses after the close."""
    place = place_in(tx, actor, session_id, "agenda:unmerge")
    return _take_apart(tx, actor, place, group_topic(tx, actor, place, topic_id), "agenda:unmerge", base_rev)


def keep_apart(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str) -> Result:
    """The author's joined topic is their own again. Refuses others' topics, and after the close."""
    place = place_in(tx, actor, session_id, "agenda:keep_apart")
    return _take_apart(tx, actor, place, own_topic(tx, actor, place, topic_id), "agenda:keep_apart")


def _take_apart(tx: Transaction, actor: Actor, place: Place, topic: Topic, action: str, base_rev: int | None = None) -> Result:
    if topic.merged_into_id is None:
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    if rules.is_put_together(topic.merged_into_id, topic.split_from_id):
        raise NotFound
    head = tx.get_one(Topic, topic.merged_into_id)
    alone = take_apart(tx, topic)
    return accepted(tx, actor, action, topic, also=(*alone[1:], head), patients=tuple(who_support(tx, alone)), out_of=head.id)
