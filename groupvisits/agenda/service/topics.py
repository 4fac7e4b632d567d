"""The verbs of the agenda. Each accepted one is one version of the session, and returns {"version", "topic_id"}."""

from sqlalchemy import select

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Topic
from groupvisits.agenda.service.acts import Result, accepted, check_seen, end, group_topic, own_topic, place_in, unchanged
from groupvisits.agenda.service.alarms import raise_alarm
from groupvisits.agenda.service.joined import joined_to
from groupvisits.agenda.service.translations import carry_translations, has_translations_to_look_at, put_words, show_translations
from groupvisits.agenda.service.words import hidden_now, written
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor, system
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules import check_is_not_over, check_is_open
from groupvisits.sessions.service import next_version


def take_back(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str) -> Result:
    """The topic is off every list; what was joined to it stands for itself again.

    Refuses others' topics, the one being talked about and those that have ended.
    """
    place = place_in(tx, actor, session_id, "agenda:take_back")
    topic = own_topic(tx, actor, place, topic_id)
    if topic.state == "taken_back":
        return unchanged(place, topic)
    _check_can_take_back(tx, topic)
    end(topic, "taken_back")
    return accepted(tx, actor, "agenda:take_back", topic)


def say_still_matters(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, matters: bool = False) -> Result:
    """The proposer of a topic that was carried over says whether it still matters; where it does not, it is taken back.

    Who is joined to another topic answers for their own. Refuses others' topics, topics of this visit's own, and what is talked about or has ended.
    """
    place = place_in(tx, actor, session_id, "agenda:still_matters")
    topic = own_topic(tx, actor, place, topic_id)
    rules.check_was_carried(topic.carried_from_id)
    if topic.still_matters is matters:
        return unchanged(place, topic)
    _check_can_take_back(tx, topic)
    topic.still_matters = matters
    if not matters:
        end(topic, "taken_back")
    return accepted(tx, actor, "agenda:still_matters", topic, matters=matters)


def plan_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, base_rev: int | None = None) -> Result:
    """The topic is on the agenda; also one that was parked a moment ago. Refuses topics that have ended and one-on-one topics."""
    place = place_in(tx, actor, session_id, "agenda:plan")
    topic = group_topic(tx, actor, place, topic_id)
    if topic.state == "planned":
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_is_shown(topic.hidden_because)
    rules.check_can_plan(topic.state)
    topic.state, topic.ended_at, topic.reason = "planned", None, ""
    return accepted(tx, actor, "agenda:plan", topic)


def order_topics(tx: Transaction, actor: Actor, session_id: str, *, topic_ids: list[str], base_version: int | None = None) -> Result:
    """The agenda stands in this order, what is not named after it; with an empty list in the rule's order again."""
    place = place_in(tx, actor, session_id, "agenda:order")
    check_is_not_over(place.group_session.state)
    check_seen(tx, actor, session_id, "agenda:order", base_version)
    topics = {topic.id: topic for topic in tx.scalars(select(Topic).where(Topic.session_id == session_id))}
    planned = {topic.id: topic for topic in topics.values() if topic.state == "planned"}
    order = rules.order_by_hand(topic_ids, topics, planned)
    version = next_version(tx, session_id)
    for topic in planned.values():
        topic.position, topic.version = order.index(topic.id) + 1 if topic.id in order else None, version
    audit.record(tx, actor, "agenda:order", place.group_session, session_id=session_id, version=version, topics=order)
    tx.announce(SessionChanged(session_id, version, topics=tuple(planned), patients=tuple({t.patient_id for t in planned.values()})))
    return {"version": version, "topic_id": None}


def start_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, minutes: int, base_rev: int | None = None) -> Result:
    """The group talks about this topic until the stated end; the one before it has been talked about. Only while the visit is open."""
    place = place_in(tx, actor, session_id, "agenda:start")
    topic = group_topic(tx, actor, place, topic_id)
    check_is_open(place.group_session.state)
    if topic.state == "current":
        return unchanged(place, topic)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_is_shown(topic.hidden_because)
    rules.check_can_start(topic.state)
    before = _end_current(tx, place.group_session)
    now = clock.now()
    topic.state, topic.minutes, topic.position, topic.ended_at, topic.reason = "current", minutes, None, None, ""
    run = place.group_session
    run.current_topic_id, run.topic_started_at, run.topic_ends_at = topic.id, now, rules.extended_end(None, now, minutes)
    return accepted(tx, actor, "agenda:start", topic, also=before, run=True, minutes=minutes)


def extend_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, minutes: int, base_rev: int | None = None) -> Result:
    """The current topic has this many more minutes, from now if its time was over. Refuses any other topic."""
    place = place_in(tx, actor, session_id, "agenda:extend")
    topic = group_topic(tx, actor, place, topic_id)
    check_is_open(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_extend(topic.state)
    run = place.group_session
    run.topic_ends_at = rules.extended_end(run.topic_ends_at, clock.now(), minutes)
    topic.minutes += minutes
    return accepted(tx, actor, "agenda:extend", topic, run=True, minutes=minutes)


def finish_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, outcome: str = "", base_rev: int | None = None) -> Result:
    """The topic has been talked about, with one line of what the group took from it. The line may also come a little later."""
    place = place_in(tx, actor, session_id, "agenda:finish")
    topic = group_topic(tx, actor, place, topic_id)
    rules.check_can_finish(topic.state)
    outcome = rules.check_words(outcome, rules.MAX_OUTCOME, field="outcome") if rules.tidy(outcome or "") else ""
    was_current = topic.state == "current"
    if not was_current and outcome == topic.outcome:
        return unchanged(place, topic)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    if was_current:
        _end_current(tx, place.group_session)
    topic.outcome = outcome
    return accepted(tx, actor, "agenda:finish", topic, run=was_current)


def park_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, reason: str = "", base_rev: int | None = None) -> Result:
    """The topic is kept for the group's next visit; its proposer reads why. The reason may also come a moment later.

    Refuses topics that have ended and one-on-one topics.
    """
    place = place_in(tx, actor, session_id, "agenda:park")
    topic = group_topic(tx, actor, place, topic_id)
    reason = rules.check_reason(reason, needed=False)
    if topic.state == "parked" and reason in ("", topic.reason):
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    was_current = topic.state == "current"
    if topic.state != "parked":
        rules.check_can_park(topic.state)
        if was_current:
            _end_current(tx, place.group_session)
        end(topic, "parked")
    topic.reason = reason
    return accepted(tx, actor, "agenda:park", topic, run=was_current)


def decline_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, reason: str = "", base_rev: int | None = None) -> Result:
    """The topic is not for this group, and its proposer reads why. It may be planned after all while the visit is open.

    Refuses without a reason, topics that have ended or are being talked about, and one-on-one topics.
    """
    place = place_in(tx, actor, session_id, "agenda:decline")
    topic = group_topic(tx, actor, place, topic_id)
    reason = rules.check_reason(reason, needed=True)
    if topic.state == "declined" and reason == topic.reason:
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    if topic.state != "declined":
        rules.check_can_decline(topic.state)
        end(topic, "declined")
    topic.reason = reason
    return accepted(tx, actor, "agenda:decline", topic)


def ask_privately(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, base_rev: int | None = None) -> Result:
    """Its proposer is asked whether they would rather talk about it alone; until they answer, the group does not see it.

    Without an answer it is for their one-on-one. Refuses topics that have ended or are being talked about, and one-on-one topics.
    """
    place = place_in(tx, actor, session_id, "agenda:ask_privately")
    topic = group_topic(tx, actor, place, topic_id)
    if topic.hidden_because == "asked":
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_is_asked(topic.hidden_because)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_route(topic.state)
    topic.hidden_because, topic.state, topic.position = "asked", "new", None
    return accepted(tx, actor, "agenda:ask_privately", topic)


def show_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, base_rev: int | None = None) -> Result:
    """The group sees the topic (again), in every language: whoever leads has looked at the personal detail in it, or takes their question back.

    Refuses while an alarm stands, and what is not hidden.
    """
    place = place_in(tx, actor, session_id, "agenda:show")
    topic = group_topic(tx, actor, place, topic_id)
    if not topic.hidden_because and not has_translations_to_look_at(tx, topic):
        return unchanged(place, topic)
    rules.check_is_asked(topic.hidden_because)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    topic.hidden_because = ""
    show_translations(tx, topic)
    return accepted(tx, actor, "agenda:show", topic)


def suggest_words(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, words: str, base_rev: int | None = None) -> Result:
    """The proposer is asked whether these words say it as well; theirs stand until they agree. Refuses what has ended and empty words."""
    place = place_in(tx, actor, session_id, "agenda:suggest_words")
    topic = group_topic(tx, actor, place, topic_id)
    words = rules.check_words(words)
    if words in (topic.suggested_words, topic.words):
        return unchanged(place, topic)
    check_is_not_over(place.group_session.state)
    rules.check_base(topic.rev, base_rev, topic.changed_by, actor.id)
    rules.check_can_suggest(topic.state)
    topic.suggested_words = words
    return accepted(tx, actor, "agenda:suggest_words", topic)


def agree_words(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, agree: bool = False) -> Result:
    """The suggested words are the topic's, or are dropped, as its proposer says. Refuses others' topics, and when nothing is suggested."""
    place = place_in(tx, actor, session_id, "agenda:agree_words")
    topic = own_topic(tx, actor, place, topic_id)
    if not topic.suggested_words:
        raise rules.NothingSuggested
    translators: tuple[str, ...] = ()
    if agree:
        translators = put_words(tx, topic, topic.suggested_words)
    topic.suggested_words = ""
    return accepted(tx, actor, "agenda:agree_words", topic, patients=translators, agree=agree)


def reword_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, words: str) -> Result:
    """The proposer's topic says this. Refuses once somebody supports it or it is talked about, others' topics, empty and overlong words."""
    place = place_in(tx, actor, session_id, "agenda:reword")
    topic = own_topic(tx, actor, place, topic_id)
    text = written(tx, place.clinic_id, session_id, actor.id, words, topic.route)
    if text.words == topic.words:
        return unchanged(place, topic)
    rules.check_can_reword(topic.state, queries.supports_of(tx, topic))
    translators = put_words(tx, topic, text.words, hit=text.hit)
    alarms = raise_alarm(tx, actor, session_id, actor.id, text.hit, topic_id=topic.id)
    return accepted(tx, actor, "agenda:reword", topic, patients=translators, alarms=alarms)


def route_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, route: str) -> Result:
    """The topic is for the group, or for its proposer's one-on-one only, as they say: also the answer when they were asked.

    What waits for somebody to look at an alarm goes on waiting, and nothing tells its proposer so. After the close what is for the group
    now is parked for the next visit. Refuses others' topics, what is talked about or has ended, a topic for a group that does not meet,
    and, like a new topic, visits that take none.
    """
    place = place_in(tx, actor, session_id, "agenda:route")
    topic = own_topic(tx, actor, place, topic_id)
    if topic.route == route and topic.hidden_because != "asked":
        return unchanged(place, topic)
    if not rules.is_kept_alone(topic.route, topic.state, topic.carried_to_id):
        rules.check_can_route(topic.state)
    moved, visit = topic.route != route, place.group_session
    if route == "group" and moved:
        topic.state, topic.reason = rules.state_of_new_topic(visit.state, visit.closed_at, clock.now()), ""
        topic.ended_at = clock.now() if topic.state == "parked" else None
    rules.check_group_meets(route, topic.state, only_one_on_ones=visit.only_one_on_ones)
    topic.route = route
    topic.hidden_because = hidden_now(tx, topic, answered=True)
    if route == "one_on_one":
        topic.state, topic.position, topic.shows_name = "new", None, False
    # What was every phone's and is one person's now must leave the others: they look at everything again.
    return accepted(tx, actor, "agenda:route", topic, everything=moved and route == "one_on_one", alarms=topic.hidden_because == "alarm", route=route)


def show_supports(tx: Transaction, actor: Actor, session_id: str, *, on: bool = False) -> Result:
    """Everybody sees how many said "me too", or not yet. It matters in programmes that hide the counts at first."""
    place = place_in(tx, actor, session_id, "agenda:show_supports")
    group_session = place.group_session
    if group_session.supports_shown == on:
        return {"version": group_session.version, "topic_id": None}
    check_is_open(group_session.state)
    group_session.supports_shown = on
    version = next_version(tx, session_id)
    audit.record(tx, actor, "agenda:show_supports", group_session, session_id=session_id, on=on)
    tx.announce(SessionChanged(session_id, version, everything=True))
    return {"version": version, "topic_id": None}


def answer_one_on_one(tx: Transaction, session_id: str, patient_id: str, version: int) -> tuple[str, ...]:
    """In the caller's transaction: the patient's one-on-one topics have been answered there. Returns their ids."""
    alone = (Topic.route == "one_on_one") | (Topic.hidden_because == "asked")  # asked and not answered: theirs alone
    waiting = tx.scalars(select(Topic).where(Topic.session_id == session_id, Topic.patient_id == patient_id, alone, Topic.state == "new")).all()
    for topic in waiting:
        topic.route, topic.hidden_because = "one_on_one", ""
        end(topic, "answered_one_on_one")
        topic.version = version
    return tuple(topic.id for topic in waiting)


def park_open_topics(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction: the visit is over, so what the group did not get to waits for its next one.

    The topic being talked about has been talked about. One-on-one topics are left to park_alone: their one-on-one may have answered them.
    """
    group_session = tx.get_one(GroupSession, session_id)
    left = tx.scalars(select(Topic).where(Topic.session_id == session_id, Topic.route == "group", Topic.state.in_(rules.OPEN_STATES))).all()
    for topic in left:
        topic.version = group_session.version
        if topic.hidden_because == "asked":  # they were asked and did not answer: then it is theirs alone
            topic.route, topic.hidden_because, topic.state = "one_on_one", "", "new"
            continue
        if topic.state == "current":
            _count_spoken(topic, group_session)
        else:
            topic.reason = "no_time" if group_session.state == "closed" else ""
        end(topic, "talked_about" if topic.state == "current" else "parked")
    audit.record(tx, system(), "agenda:park_open", group_session, session_id=session_id, topics=[topic.id for topic in left])


def park_alone(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction: what was for a one-on-one that did not take place waits for the next one, still for that alone.

    Comes last when a visit ends: after park_open_topics, and after one-on-ones that took place have answered theirs.
    """
    group_session = tx.get_one(GroupSession, session_id)
    tx.flush()
    left = tx.scalars(select(Topic).where(Topic.session_id == session_id, Topic.route == "one_on_one", Topic.state == "new")).all()
    for topic in left:
        end(topic, "parked")
        topic.version, topic.reason = group_session.version, rules.NO_ONE_ON_ONE if group_session.state == "closed" else ""
    audit.record(tx, system(), "agenda:park_alone", group_session, session_id=session_id, topics=[topic.id for topic in left])


def carry_over(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction: what earlier visits of the group left open is on this visit's list, once, as a new topic.

    A one-on-one topic comes along only if its proposer has a place here: nobody else may read it.
    """
    group_session = tx.get_one(GroupSession, session_id)
    here = set(tx.scalars(select(Seat.patient_id).where(Seat.session_id == session_id, Seat.state.not_in(("cancelled", "declined")))))
    left = tx.scalars(
        select(Topic)
        .join(GroupSession, GroupSession.id == Topic.session_id)
        .where(
            GroupSession.group_id == group_session.group_id, GroupSession.starts_at < group_session.starts_at,
            GroupSession.state.in_(("closed", "cancelled")), Topic.carried_to_id.is_(None),
            (Topic.state == "parked") | ((Topic.route == "one_on_one") & (Topic.state == "new")),  # new: closed before these were parked
        )
        .order_by(Topic.proposed_at, Topic.id)
    ).all()  # fmt: skip
    meets = not group_session.only_one_on_ones  # what is for the group waits for a visit at which it meets
    carried = [_carried(old, session_id) for old in left if (meets if old.route == "group" else old.patient_id in here)]
    if not carried:
        return
    version = next_version(tx, session_id)
    for topic in carried:
        topic.version = version
    tx.add_all(carried)
    tx.flush()
    carried += _joined_go_along(tx, carried)
    carry_translations(tx, {topic.carried_from_id: topic.id for topic in carried if topic.carried_from_id})
    audit.record(tx, system(), "agenda:carry_over", group_session, session_id=session_id, topics=[topic.id for topic in carried])
    tx.announce(SessionChanged(session_id, version, topics=tuple(t.id for t in carried), patients=tuple({t.patient_id for t in carried})))


def _joined_go_along(tx: Transaction, heads: list[Topic]) -> list[Topic]:
    """What was joined to a carried topic is joined to it again: one topic for the group, and each author still has their own."""
    along = []
    for head in heads:
        for old in joined_to(tx, tx.get_one(Topic, head.carried_from_id)):
            new = _carried(old, head.session_id)
            new.state, new.state_before, new.merged_into_id, new.ended_at, new.version = "merged", "new", head.id, head.proposed_at, head.version
            along.append(new)
    tx.add_all(along)
    tx.flush()
    return along


def _carried(old: Topic, session_id: str) -> Topic:
    new = Topic(
        id=ids.new_id(), session_id=session_id, patient_id=old.patient_id, words=old.words, language=old.language, route=old.route,
        shows_name=old.shows_name, entered_by=old.entered_by, hidden_because=rules.hidden_when_carried(old.hidden_because), carried_from_id=old.id, proposed_at=old.proposed_at,
    )  # fmt: skip
    old.carried_to_id = new.id
    if old.state != "merged":
        old.state = "parked"
    return new


def _check_can_take_back(tx: Transaction, topic: Topic) -> None:
    """A joined topic may be taken back while the one it was joined to may."""
    head = tx.get_one(Topic, topic.merged_into_id) if topic.merged_into_id else topic
    rules.check_can_take_back(head.state, head.carried_to_id)


def _end_current(tx: Transaction, group_session: GroupSession) -> tuple[Topic, ...]:
    topic = tx.get(Topic, group_session.current_topic_id) if group_session.current_topic_id else None
    if topic is not None:
        _count_spoken(topic, group_session)
        end(topic, "talked_about")
    group_session.current_topic_id = group_session.topic_started_at = group_session.topic_ends_at = None
    return (topic,) if topic else ()


def _count_spoken(topic: Topic, group_session: GroupSession) -> None:
    topic.spoken_seconds += rules.seconds_of_talk(group_session.topic_started_at, clock.now())
