"""What a room of phones sends most: proposals and "me too". Compiled statements instead of the ORM, so that forty rooms find their turn.

The rules, the permissions, the count of versions and the audit are those of every other verb.
"""

from typing import Any

from sqlalchemy import String, bindparam, delete, select, update

from groupvisits.agenda import queries, rules
from groupvisits.agenda.models import Support, Topic
from groupvisits.agenda.permissions import POLICY
from groupvisits.agenda.service.alarms import raise_alarm
from groupvisits.agenda.service.words import written
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.statements import Added, Statement, columns, table_of
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Programme
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import Seat
from groupvisits.sessions.queries import Place, place_for, place_of_patient
from groupvisits.sessions.service import next_version

Result = dict[str, object]


def propose_topic(tx: Transaction, actor: Actor, session_id: str, *, words: str, route: str, shows_name: bool = False) -> Result:
    """The patient's topic is received: for the group, or for their one-on-one only. After the close it is parked for the next visit.

    Refuses empty and overlong words, cancelled visits, visits that closed more than a day ago, and a topic for a group that does not meet.
    """
    place = _place(tx, actor, session_id, "agenda:propose")
    language = _LANGUAGE.value(tx, patient_id=actor.id)
    return _propose(tx, actor, place, actor.id, "agenda:propose", words=words, route=route, shows_name=shows_name and route == "group", language=language)


def propose_for(tx: Transaction, actor: Actor, session_id: str, *, seat_id: str, words: str, route: str) -> Result:
    """The topic of somebody without a phone is received as their own, in their language; who typed it is kept. Refuses like propose_topic."""
    place = _place(tx, actor, session_id, "agenda:propose_for")
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    language = _LANGUAGE.value(tx, patient_id=seat.patient_id)
    return _propose(tx, actor, place, seat.patient_id, "agenda:propose_for", words=words, route=route, shows_name=False, language=language)


def support_topic(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, on: bool = False) -> Result:
    """The patient's "me too" is set, or not, whatever it was before; for a topic that is joined to another it counts there.

    Refuses one's own topic, also one's own that is joined to it, one that has ended, and more than the programme's budget.
    """
    place = _place(tx, actor, session_id, "agenda:support")
    topic = _topic_in(tx, actor, place, topic_id)
    head = _TOPIC.one(tx, topic_id=topic.merged_into_id) if topic.merged_into_id else topic
    under = _UNDER.all(tx, head_id=head.id)
    together = [head.id, *(each.id for each in under)]
    said = [each for each in together if _STANDS.one(tx, topic_id=each, patient_id=actor.id)]
    if bool(said) == on:
        return {"version": place.group_session.version, "topic_id": topic_id}
    is_own = on and actor.id in {head.patient_id, *(each.patient_id for each in under)}
    rules.check_can_support(head.state, head.route, is_hidden=bool(head.hidden_because), is_own=is_own)
    if on:
        _check_budget(tx, actor, place)
        _SUPPORT.do(tx, topic_id=topic_id, patient_id=actor.id, at=clock.now())
    else:
        for each in said:
            _NO_SUPPORT.do(tx, topic_id=each, patient_id=actor.id)
    changed = tuple(dict.fromkeys((topic_id, head.id, *said)))
    version = next_version(tx, session_id)
    for each in changed:
        _CHANGED_AT.do(tx, topic_id=each, at_version=version)
    joined = (each.patient_id for each in under if each.split_from_id != head.id)  # their authors' own part says how many are with them
    patients = {actor.id, topic.patient_id, head.patient_id, *joined}
    return _accepted(tx, actor, "agenda:support", session_id, version, changed, topic.patient_id, patients, on=on)


def _propose(tx: Transaction, actor: Actor, place: Place, patient_id: str, action: str, *, words: str, route: str, shows_name: bool, language: str) -> Result:
    group_session, now = place.group_session, clock.now()
    text = written(tx, place.clinic_id, group_session.id, patient_id, words, route)
    state = rules.state_of_new_topic(group_session.state, group_session.closed_at, now)
    rules.check_group_meets(route, state, only_one_on_ones=group_session.only_one_on_ones)
    by_staff = None if actor.kind == "patient" else actor.id
    topic_id, version = ids.new_id_in_order(), next_version(tx, group_session.id)
    _NEW.do(
        tx, id=topic_id, session_id=group_session.id, patient_id=patient_id, words=text.words, language=language, route=route, shows_name=shows_name,
        hidden_because=text.hidden_because, entered_by=by_staff, state=state, after_close=state == "parked", proposed_at=now, ended_at=now if state == "parked" else None,
        version=version, rev=1, changed_by=by_staff, changed_at=now,
    )  # fmt: skip
    alarms = raise_alarm(tx, actor, group_session.id, patient_id, text.hit, topic_id=topic_id)
    return _accepted(tx, actor, action, group_session.id, version, (topic_id,), patient_id, {patient_id}, alarms=alarms, route=route, state=state)


def _place(tx: Transaction, actor: Actor, session_id: str, action: str) -> Place:
    # The session's row is held from here on: what the rules look at cannot change before the commit.
    place = place_of_patient(tx, actor, session_id, lock=True) if actor.kind == "patient" else place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, action, place)
    return place


def _topic_in(tx: Transaction, actor: Actor, place: Place, topic_id: str) -> Any:
    """As queries.topic_in finds it."""
    topic = _TOPIC.one(tx, topic_id=topic_id)
    if topic is None or topic.session_id != place.group_session.id or (topic.route != "group" and topic.patient_id != actor.id):
        raise NotFound
    return topic


def _check_budget(tx: Transaction, actor: Actor, place: Place) -> None:
    budget = _BUDGET.value(tx, group_id=place.group_session.group_id)
    if budget is not None:
        rules.check_budget(budget, queries.supports_given(tx, place.group_session.id, actor.id))


def _accepted(
    tx: Transaction,
    actor: Actor,
    action: str,
    session_id: str,
    version: int,
    topics: tuple[str, ...],
    proposer_id: str,
    patients: set[str],
    alarms: bool = False,
    **details: object,
) -> Result:
    """Record the act (ids, never words) and announce it once, as acts.accepted does for the other verbs."""
    audit.record(tx, actor, action, audit.Subject("topics", topics[0]), session_id=session_id, patient=proposer_id, **details)
    supports = action == "agenda:support"
    tx.it_holds()  # the clinic's lists of phrases, who has a place in the visit
    tx.announce(
        SessionChanged(session_id, version, topics, patients=tuple(patients), only_new=not supports and not alarms, only_support=supports, alarms=alarms)
    )
    return {"version": version, "topic_id": topics[0]}


_TOPICS, _SUPPORTS, _GROUPS, _PROGRAMMES, _PATIENTS = (table_of(model) for model in (Topic, Support, Group, Programme, Patient))
_ONE = (_SUPPORTS.c.topic_id == bindparam("topic_id"), _SUPPORTS.c.patient_id == bindparam("patient_id"))

_LANGUAGE = Statement(select(*columns(Patient, "language")).where(_PATIENTS.c.id == bindparam("patient_id")))
_NEW = Added(Topic)
_TOPIC = Statement(
    select(*columns(Topic, "id", "session_id", "patient_id", "route", "state", "hidden_because", "merged_into_id")).where(_TOPICS.c.id == bindparam("topic_id"))
)
_UNDER = Statement(select(*columns(Topic, "id", "patient_id", "split_from_id")).where(_TOPICS.c.merged_into_id == bindparam("head_id")))
_STANDS = Statement(select(*columns(Support, "topic_id")).where(*_ONE))
_SUPPORT = Added(Support)
_NO_SUPPORT = Statement(delete(_SUPPORTS).where(*_ONE))
_CHANGED_AT = Statement(update(_TOPICS).where(_TOPICS.c.id == bindparam("topic_id")).values(version=bindparam("at_version")))
_BUDGET = Statement(
    select(_PROGRAMMES.c.support_budget).join(_GROUPS, _GROUPS.c.programme_id == _PROGRAMMES.c.id).where(_GROUPS.c.id == bindparam("group_id", type_=String()))
)
