"""The form before a visit: concerns become topics of the visit, what matters and the goal are kept for the one-on-one."""

from collections.abc import Sequence
from datetime import timedelta

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import PreVisitForm, Topic
from groupvisits.agenda.permissions import POLICY
from groupvisits.agenda.service.acts import end, touch
from groupvisits.agenda.service.alarms import raise_alarm
from groupvisits.agenda.service.joined import parts_of, settle
from groupvisits.agenda.service.translations import put_words
from groupvisits.agenda.service.words import hit_in, written
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.queries import Place, place_for
from groupvisits.sessions.service import next_version

Result = dict[str, object]


def fill_in_form(tx: Transaction, actor: Actor, session_id: str, *, matters: str, goal: str, concerns: Sequence[tuple[str, str]]) -> Result:
    """The patient's form for this visit says exactly this: up to three concerns (words, route) are their topics, each once.

    A concern that is gone is taken back with the parts it was split into, a changed one is changed. The same form twice is the same as once. Refuses before the
    seventh day ahead and once the visit has begun, words without a choice who they are for, and words that are too long.
    """
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "agenda:fill_in_form", place)
    group_session, now = place.group_session, clock.now()
    rules.check_form_is_open(group_session.state, group_session.starts_at, now)
    matters, goal = rules.read_lines(matters, "matters", rules.MAX_MATTERS), rules.read_lines(goal, "goal", rules.MAX_WORDS)
    wanted = rules.read_concerns(concerns)
    made = queries.form_topics(tx, actor, place)
    change = rules.changes_of([(t.id, rules.Concern(t.words, t.route)) for t in made], wanted, _settled(tx, place, made))
    form = queries.form_of(tx, actor, place)
    if form is None:
        form = PreVisitForm(id=ids.new_id(), session_id=session_id, patient_id=actor.id, matters="", goal="", changed_at=now)
        tx.add(form)
    elif change == rules.Change((), (), ()) and (form.matters, form.goal) == (matters, goal):
        return {"version": group_session.version, "topics": len(wanted)}
    said = [words for words, before in ((matters, form.matters), (goal, form.goal)) if words and words != before]
    form.matters, form.goal, form.changed_at = matters, goal, now
    topics, translators = _apply(tx, actor, place, made, change)
    tx.flush()
    alarms = _raise_alarms(tx, actor, place, topics, said)
    version = group_session.version
    if topics or alarms:
        version = next_version(tx, session_id)
        settled = settle(tx, topics)
        changed = {each.id: each for each in (*topics, *settled.changed)}
        for topic in changed.values():
            topic.version = version
        patients = {actor.id, *translators, *settled.patients, *(topic.patient_id for topic in changed.values())}
        tx.announce(SessionChanged(session_id, version, topics=tuple(changed), patients=tuple(patients), alarms=alarms))
    audit.record(
        tx, actor, "agenda:fill_in_form", form, session_id=session_id, patient=actor.id, topics=len(wanted),
        added=len(change.add), reworded=len(change.reword), taken_back=len(change.take_back),
    )  # fmt: skip
    return {"version": version, "topics": len(wanted)}


def _settled(tx: Transaction, place: Place, made: Sequence[Topic]) -> set[str]:
    """Topics whose words others have acted upon already: said "me too", asked the same, planned, joined or split them."""
    supported = queries.support_counts(tx, place, [topic.id for topic in made])
    return {topic.id for topic in made if topic.state != "new" or topic.id in supported}


def _raise_alarms(tx: Transaction, actor: Actor, place: Place, topics: Sequence[Topic], said: Sequence[str]) -> bool:
    """For each new or changed concern, and for what matters and the goal together: they are one page to whoever looks."""
    session_id = place.group_session.id
    raised = [
        raise_alarm(tx, actor, session_id, actor.id, hit_in(tx, place.clinic_id, topic.words), topic_id=topic.id)
        for topic in topics
        if topic.state != "taken_back"
    ]
    for words in said:
        raised.append(raise_alarm(tx, actor, session_id, actor.id, hit_in(tx, place.clinic_id, words)))
    return any(raised)


def _apply(tx: Transaction, actor: Actor, place: Place, made: Sequence[Topic], change: rules.Change) -> tuple[list[Topic], set[str]]:
    """The topics that changed, and whose words stood under those that say something else now."""
    by_id, now = {topic.id: topic for topic in made}, clock.now()
    language = tx.get_one(Patient, actor.id).language
    gone = [each for topic_id in change.take_back for each in _with_parts(tx, by_id[topic_id])]
    for topic in gone:
        end(topic, "taken_back")
    translators: set[str] = set()
    for topic_id, words in change.reword:
        topic = by_id[topic_id]
        translators.update(put_words(tx, topic, words, hit=hit_in(tx, place.clinic_id, words)))
        touch(topic, actor)
    added = [
        Topic(
            id=ids.new_id(), session_id=place.group_session.id, patient_id=actor.id, words=concern.words, language=language, route=concern.route,
            state="new", minutes=10, pre_visit=True, hidden_because=_hidden(tx, place, actor, concern.words, concern.route), proposed_at=now + timedelta(microseconds=number),
        )
        for number, concern in enumerate(change.add)
    ]  # fmt: skip
    tx.add_all(added)
    return [*gone, *(by_id[topic_id] for topic_id, _ in change.reword), *added], translators


def _with_parts(tx: Transaction, topic: Topic) -> list[Topic]:
    """The topic, and the parts in which it carries on."""
    parts = parts_of(tx, topic) if topic.state == "split" else ()
    return [topic, *(each for part in parts for each in _with_parts(tx, part))]


def _hidden(tx: Transaction, place: Place, actor: Actor, words: str, route: str) -> str:
    return written(tx, place.clinic_id, place.group_session.id, actor.id, words, route).hidden_because
