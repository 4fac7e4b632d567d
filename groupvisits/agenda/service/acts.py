"""What every verb of the agenda begins and ends with: the place, the topic, and the one version, audit row and announcement of an accepted act."""

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Topic
from groupvisits.agenda.permissions import POLICY
from groupvisits.agenda.service.joined import settle
from groupvisits.audit import service as audit
from groupvisits.audit.queries import last_by_others
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import Conflict, NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.queries import Place, place_for
from groupvisits.sessions.service import next_version

Result = dict[str, object]


def place_in(tx: Transaction, actor: Actor, session_id: str, action: str) -> Place:
    # The session's row is held from here on: what the rules look at cannot change before the commit.
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, action, place)
    return place


def group_topic(tx: Transaction, actor: Actor, place: Place, topic_id: str) -> Topic:
    topic = queries.topic_in(tx, actor, place, topic_id)
    rules.check_is_for_the_group(topic.route)
    return topic


def own_topic(tx: Transaction, actor: Actor, place: Place, topic_id: str) -> Topic:
    topic = queries.topic_in(tx, actor, place, topic_id)
    if topic.patient_id != actor.id or rules.is_put_together(topic.merged_into_id, topic.split_from_id):
        raise NotFound
    return topic


def end(topic: Topic, state: str) -> None:
    topic.state, topic.position, topic.ended_at = state, None, clock.now()


def accepted(
    tx: Transaction,
    actor: Actor,
    action: str,
    topic: Topic,
    *,
    also: tuple[Topic, ...] = (),
    patients: tuple[str, ...] = (),
    run: bool = False,
    alarms: bool = False,
    everything: bool = False,
    **details: object,
) -> Result:
    """Count the version, record the act (ids, never words) and announce it once; also to those whose topics are joined to a changed one."""
    settled = settle(tx, (topic, *also))
    version = next_version(tx, topic.session_id)
    changed = {each.id: each for each in (topic, *also, *settled.changed)}.values()
    for each in changed:
        each.version = version
    touch(topic, actor)
    audit.record(tx, actor, action, topic, session_id=topic.session_id, patient=topic.patient_id, **details)
    tx.announce(
        SessionChanged(
            topic.session_id,
            version,
            topics=tuple(t.id for t in changed),
            patients=tuple({*patients, *settled.patients, *(t.patient_id for t in changed)}),
            run=run,
            alarms=alarms,
            everything=everything,
        )
    )
    return {"version": version, "topic_id": topic.id}


def touch(topic: Topic, actor: Actor) -> None:
    """Whoever looks at it now looks at something else than before."""
    topic.rev += 1
    topic.changed_by, topic.changed_at = None if actor.kind == "patient" else actor.id, clock.now()


def check_seen(tx: Transaction, actor: Actor, session_id: str, action: str, base_version: int | None, **details: object) -> None:
    """Two who lead at once: what somebody else did since the version that the sender looked at is not written over; they are told who, and when."""
    if base_version is None:
        return
    theirs = last_by_others(tx, actor, action, session_id=session_id, after=base_version, **details)
    if theirs is not None:
        told = {"changed_by": tx.get_one(StaffMember, theirs.actor_id).name, "changed_at": theirs.at.isoformat()}
        raise rules.ChangedMeanwhile(Conflict.message, told=told)


def unchanged(place: Place, topic: Topic) -> Result:
    return {"version": place.group_session.version, "topic_id": topic.id}
