"""In the caller's transaction: what becomes of topics that are joined to another one when that one changes.

`merged_into_id` always names the head, never another joined topic. `came_with_id` is the former head that a topic came along with,
so that taking the two heads apart again is exactly that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Topic
from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import GroupSession


@dataclass(frozen=True)
class Settled:
    """`changed`: topics that stand for themselves again. `patients`: whose own part says something else now."""

    changed: tuple[Topic, ...]
    patients: frozenset[str]


def joined_to(tx: Transaction, head: Topic) -> Sequence[Topic]:
    """The topics that stand under this one, first come first. (The parts of a topic that was put together again are none.)"""
    query = select(Topic).where(Topic.merged_into_id == head.id, (Topic.split_from_id.is_(None)) | (Topic.split_from_id != head.id))
    return tx.scalars(query.order_by(Topic.proposed_at, Topic.id)).all()


def parts_of(tx: Transaction, topic: Topic) -> Sequence[Topic]:
    """The parts in which a split topic carries on, in the order they were written; not those of an earlier split that was undone."""
    query = select(Topic).where(Topic.split_from_id == topic.id, (Topic.merged_into_id.is_(None)) | (Topic.merged_into_id != topic.id))
    return tx.scalars(query.order_by(Topic.proposed_at, Topic.id)).all()


def settle(tx: Transaction, topics: Iterable[Topic]) -> Settled:
    """A topic that can lead no others any more (taken back, split, asked privately) lets go of them; who is joined to the others is told.

    One that can no longer stand under another (taken back, or not to be read by all) stands alone.
    """
    changed: list[Topic] = []
    patients: set[str] = set()
    for topic in topics:
        if topic.merged_into_id and not rules.may_stand_joined(topic.state, topic.route, topic.hidden_because):
            patients |= who_support(tx, [topic])
            changed += _go_on_without(tx, topic)
        joined = joined_to(tx, topic)
        patients |= {each.patient_id for each in joined}
        if not rules.may_lead(topic.state, topic.route, topic.hidden_because):
            patients |= who_support(tx, joined)
            for each in joined:
                stand_alone(tx, each)
            changed += joined
    return Settled(tuple(changed), frozenset(patients))


def who_support(tx: Transaction, topics: Sequence[Topic]) -> set[str]:
    """Whose "me too" is on one of these: where they are joined or taken apart, it stands on other topics than before."""
    return set().union(*queries.supporters_of(tx, [each.id for each in topics]).values()) if topics else set()


def put_under(tx: Transaction, topic: Topic, head: Topic) -> list[Topic]:
    """The topic and those joined to it stand under `head`. Returns those that came along."""
    along = list(joined_to(tx, topic))
    for each in along:
        each.merged_into_id, each.came_with_id = head.id, each.came_with_id or topic.id
    topic.state_before, topic.state, topic.merged_into_id, topic.ended_at = topic.state, "merged", head.id, clock.now()
    return along


def stand_alone(tx: Transaction, topic: Topic) -> Topic:
    """The topic is its own again, as it was before it was joined; after the close it waits for the next visit."""
    group_session = tx.get_one(GroupSession, topic.session_id)
    topic.state = rules.state_apart(topic.state_before, group_session.state)
    topic.merged_into_id = topic.came_with_id = None
    topic.state_before, topic.ended_at = "", clock.now() if topic.state == "parked" else None
    if topic.position is not None and not _is_by_hand(tx, topic):
        topic.position = None
    return topic


def take_apart(tx: Transaction, topic: Topic) -> list[Topic]:
    """The joined topic is its own again, with those that came along with it. Returns all of them, itself first."""
    along = _came_with(topic.id, _beside(tx, topic))
    stand_alone(tx, topic)
    for each in along:
        each.merged_into_id = topic.id
        each.came_with_id = None if each.came_with_id == topic.id else each.came_with_id
    return [topic, *along]


def _go_on_without(tx: Transaction, topic: Topic) -> list[Topic]:
    """The topic is under its head no more; those that came along with it stay there. Returns the head: it has one author less."""
    for each in _beside(tx, topic):
        if each.came_with_id == topic.id:
            each.came_with_id = topic.came_with_id
    head = tx.get_one(Topic, topic.merged_into_id)
    if topic.state == "merged":  # its fate is its own again
        stand_alone(tx, topic)
    topic.merged_into_id = topic.came_with_id = None
    return [head]


def _beside(tx: Transaction, topic: Topic) -> Sequence[Topic]:
    return tx.scalars(select(Topic).where(Topic.merged_into_id == topic.merged_into_id, Topic.id != topic.id).order_by(Topic.proposed_at, Topic.id)).all()


def _came_with(topic_id: str, under: Sequence[Topic]) -> list[Topic]:
    direct = [each for each in under if each.came_with_id == topic_id]
    return [*direct, *(deeper for each in direct for deeper in _came_with(each.id, under))]


def _is_by_hand(tx: Transaction, but: Topic) -> bool:
    query = select(Topic.id).where(Topic.session_id == but.session_id, Topic.state == "planned", Topic.position.is_not(None), Topic.id != but.id)
    return tx.scalar(query.limit(1)) is not None
