"""Reads of topics. Who looks decides what is found: others' one-on-one topics do not exist for a patient or a display."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, distinct, func, literal, literal_column, select, union, union_all
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda.models import Alarm, PreVisitForm, Support, Topic, TopicTranslation
from groupvisits.agenda.permissions import POLICY
from groupvisits.agenda.rules import JOINABLE, OPEN_STATES, Similar, Standing, form_state, similar_topics
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.statements import Statement, table_of
from groupvisits.patients.models import CarePartner, Patient
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import Place


@dataclass(frozen=True)
class FormNow:
    """A patient's form for one visit as it stands: `state` is not_yet, open or closed."""

    place: Place
    state: str
    matters: str
    goal: str
    concerns: Sequence[Topic]
    is_filled_in: bool


def topics_of(db: Session, viewer: Actor, place: Place) -> Sequence[tuple[Topic, str]]:
    """The topics of the session that the viewer may know of, oldest first, each with its proposer's display name.

    A patient finds the group's and their own, a display the group's. The team finds all; who reads the words of a one-on-one
    topic is decided where it is shown (live.projections).
    """
    query = select(Topic, Patient.display_name).join(Patient, Patient.id == Topic.patient_id).where(Topic.session_id == place.group_session.id)
    if viewer.kind == "patient":
        query = query.where((Topic.route == "group") | (Topic.patient_id == viewer.id))
    elif viewer.kind == "display":
        query = query.where(Topic.route == "group")
    return [(topic, name) for topic, name in db.execute(query.order_by(Topic.proposed_at, Topic.id))]


def topic_in(db: Session, viewer: Actor, place: Place, topic_id: str) -> Topic:
    """One topic of the session, or NotFound: also for a patient who asks for somebody else's one-on-one topic."""
    topic = db.get(Topic, topic_id)
    if topic is None or topic.session_id != place.group_session.id:
        raise NotFound
    if viewer.kind == "patient" and topic.route != "group" and topic.patient_id != viewer.id:
        raise NotFound
    return topic


def standing_of(topic: Topic) -> Standing:
    """How the topic stands, for the rules of joining."""
    return Standing(topic.id, topic.state, topic.route, topic.hidden_because)


def support_counts(db: Session, place: Place, topic_ids: Collection[str] | None = None) -> dict[str, int]:
    """How many said "me too", by topic (all of the session, or these), counted from the rows. This is the one place for the number.

    With joined topics: each person once over all of them, whoever proposed a joined one included, the head's own proposer not. For a
    joined topic: its own, as if it stood for itself.
    """
    return _supports_in(db, place.group_session.id, topic_ids)


def supports_of(db: Session, topic: Topic) -> int:
    """How many said "me too" to this topic, counted like support_counts."""
    return _supports_in(db, topic.session_id, (topic.id,)).get(topic.id, 0)


def _supports_in(db: Session, session_id: str, topic_ids: Collection[str] | None) -> dict[str, int]:
    here = Topic.session_id == session_id
    said = union(
        select(func.coalesce(Topic.merged_into_id, Topic.id).label("topic_id"), Support.patient_id).join(Support, Support.topic_id == Topic.id).where(here),
        select(Topic.id, Support.patient_id).join(Support, Support.topic_id == Topic.id).where(here, Topic.merged_into_id.is_not(None)),
        select(Topic.merged_into_id, Topic.patient_id).where(here, Topic.merged_into_id.is_not(None)),
    ).subquery()
    query = select(said.c.topic_id, func.count()).join(Topic, Topic.id == said.c.topic_id).where(Topic.patient_id != said.c.patient_id)
    if topic_ids is not None:
        query = query.where(said.c.topic_id.in_(topic_ids))
    return dict(db.execute(query.group_by(said.c.topic_id)).all())


def supports_given(db: Session, session_id: str, patient_id: str) -> int:
    """How many topics of the session that are still open this person says "me too" to; those joined to each other are one."""
    return _GIVEN.value(db, session_id=session_id, patient_id=patient_id)


_TOPICS, _SUPPORTS = table_of(Topic), table_of(Support)
_HEADS = _TOPICS.alias("heads")
_GIVEN = Statement(
    select(func.count(distinct(_HEADS.c.id)).label("given"))
    .select_from(_SUPPORTS)
    .join(_TOPICS, _TOPICS.c.id == _SUPPORTS.c.topic_id)
    .join(_HEADS, _HEADS.c.id == func.coalesce(_TOPICS.c.merged_into_id, _TOPICS.c.id))
    .where(
        _HEADS.c.session_id == bindparam("session_id"),
        _HEADS.c.state.in_([literal(state) for state in OPEN_STATES]),
        _SUPPORTS.c.patient_id == bindparam("patient_id"),
    )
)


def supported_by(db: Session, place: Place, patient_ids: Collection[str]) -> dict[str, list[str]]:
    """Which topics of the session each of these patients supports; with a joined topic also the one it was joined to."""
    query = select(Support.patient_id, Support.topic_id, Topic.merged_into_id).join(Topic, Topic.id == Support.topic_id)
    found: dict[str, set[str]] = defaultdict(set)
    for patient_id, *topic_ids in db.execute(query.where(Topic.session_id == place.group_session.id, Support.patient_id.in_(patient_ids))):
        found[patient_id].update(topic_id for topic_id in topic_ids if topic_id)
    return {patient_id: sorted(topic_ids) for patient_id, topic_ids in found.items()}


def supporters_of(db: Session, topic_ids: Collection[str]) -> dict[str, set[str]]:
    """Who said "me too" to each of these topics itself."""
    found: dict[str, set[str]] = defaultdict(set)
    for topic_id, patient_id in db.execute(select(Support.topic_id, Support.patient_id).where(Support.topic_id.in_(topic_ids))):
        found[topic_id].add(patient_id)
    return found


def authors_of(db: Session, topic_id: str) -> frozenset[str]:
    """Everybody whose topic this is: its proposer, and those whose topics are joined to it."""
    return frozenset(db.scalars(select(Topic.patient_id).where((Topic.id == topic_id) | (Topic.merged_into_id == topic_id))))


def translations_of(db: Session, place: Place) -> Sequence[tuple[TopicTranslation, str]]:
    """What was added under the session's topics in other languages, each with its author's display name."""
    query = select(TopicTranslation, Patient.display_name).join(Patient, Patient.id == TopicTranslation.patient_id)
    query = query.join(Topic, Topic.id == TopicTranslation.topic_id).where(Topic.session_id == place.group_session.id)
    return [(each, name) for each, name in db.execute(query.order_by(TopicTranslation.at, TopicTranslation.language))]


def similar_in(db: Session, viewer: Actor, place: Place) -> list[Similar]:
    """Which topics that wait for the group may ask the same, best first, by their words in every language they are there in.

    For whoever leads; nothing is joined by it. Hidden topics, one-on-one topics and those that are joined already are left out.
    """
    POLICY.require(viewer, "agenda:similar", place)
    also: dict[str, list[str]] = defaultdict(list)
    for translation, _ in translations_of(db, place):
        also[translation.topic_id].append(translation.words)
    waiting = [t for t, _ in topics_of(db, viewer, place) if t.route == "group" and t.state in (*JOINABLE, "current") and not t.hidden_because]
    return similar_topics((topic.id, [topic.words, *also[topic.id]]) for topic in waiting)


def alarms_of(db: Session, place: Place) -> Sequence[tuple[Alarm, str, str | None]]:
    """The session's alarms that nobody has ended, the oldest first: with the patient's display name and the name of who has taken it."""
    query = select(Alarm, Patient.display_name, StaffMember.name).join(Patient, Patient.id == Alarm.patient_id)
    query = query.outerjoin(StaffMember, StaffMember.id == Alarm.taken_by).where(Alarm.session_id == place.group_session.id, Alarm.ended_at.is_(None))
    return [(alarm, name, by) for alarm, name, by in db.execute(query.order_by(Alarm.raised_at, Alarm.id))]


def own_topics(db: Session, viewer: Actor) -> dict[str, list[Topic]]:
    """The viewing patient's own topics of all visits, by session, oldest first."""
    query = select(Topic).join(GroupSession, GroupSession.id == Topic.session_id)
    found: dict[str, list[Topic]] = defaultdict(list)
    if viewer.kind != "patient":
        return found
    for topic in db.scalars(query.where(Topic.patient_id == viewer.id, GroupSession.clinic_id == viewer.clinic_id).order_by(Topic.proposed_at)):
        found[topic.session_id].append(topic)
    return found


def form_for(db: Session, viewer: Actor, place: Place) -> FormNow:
    """The viewing patient's own form for the visit."""
    POLICY.require(viewer, "agenda:fill_in_form", place)
    form, group_session = form_of(db, viewer, place), place.group_session
    state = form_state(group_session.state, group_session.starts_at, clock.now())
    return FormNow(place, state, form.matters if form else "", form.goal if form else "", form_topics(db, viewer, place), form is not None)


def form_of(db: Session, viewer: Actor, place: Place) -> PreVisitForm | None:
    """The viewing patient's own form, once it has been filled in."""
    return db.scalar(select(PreVisitForm).where(PreVisitForm.session_id == place.group_session.id, PreVisitForm.patient_id == viewer.id))


def forms_filled_in(db: Session, viewer: Actor) -> set[str]:
    """The sessions for which the viewing patient has filled in the form."""
    return set(db.scalars(select(PreVisitForm.session_id).where(PreVisitForm.patient_id == viewer.id))) if viewer.kind == "patient" else set()


def form_topics(db: Session, viewer: Actor, place: Place) -> Sequence[Topic]:
    """The topics that the viewing patient's form has made and that the group may still come to, in the order and the words they were written.

    So also those that are joined to another one, and those that carry on as parts; the parts themselves were never written there.
    """
    query = select(Topic).where(Topic.session_id == place.group_session.id, Topic.patient_id == viewer.id, Topic.pre_visit, Topic.split_from_id.is_(None))
    return db.scalars(query.where(Topic.state.in_((*OPEN_STATES, "merged", "split"))).order_by(Topic.proposed_at, Topic.id)).all()


def matters_of(db: Session, viewer: Actor, place: Place, patient_ids: Collection[str]) -> dict[str, PreVisitForm]:
    """What these patients wrote for their one-on-one, by patient: what matters to them, and their goal. For clinicians of the session only;
    the caller passes the patients the viewer sees or supervises there."""
    POLICY.require(viewer, "agenda:read_forms", place)
    query = select(PreVisitForm).where(PreVisitForm.session_id == place.group_session.id, PreVisitForm.patient_id.in_(patient_ids))
    return {form.patient_id: form for form in db.scalars(query) if form.matters or form.goal}


class Named(NamedTuple):
    person_id: str
    name: str


def names_in(db: Session, session_id: str) -> tuple[Named, ...]:
    """Everybody who has a place in this visit, comes along with them or works in it: for the look at words that name one of them."""
    return _named(_NAMES.value(db, session_id=session_id) or "")


@lru_cache(maxsize=256)
def _named(together: str) -> tuple[Named, ...]:
    """The same people from one topic to the next."""
    return tuple(Named(*each.split(_UNIT, 1)) for each in together.split(_RECORD) if each)


_UNIT, _RECORD = "\x1f", "\x1e"  # ASCII's own separators
_PATIENTS, _PARTNERS, _SEATS, _STAFF, _TEAM = (table_of(model) for model in (Patient, CarePartner, Seat, StaffMember, SessionTeamMember))
_HERE = (_SEATS.c.session_id == bindparam("session_id"), _SEATS.c.state.not_in([literal("cancelled"), literal("declined")]))


def _in_one_row(*people: Any) -> Any:
    """All of them as one text: to fetch a row for each takes longer than to look at the words."""
    each = union_all(*people).subquery()
    between: Any = literal_column(f"'{_RECORD}'")  # a text would be filled in at each execution
    return select(func.aggregate_strings(each.c.person_id + literal(_UNIT) + each.c.name, between).label("together"))


_NAMES = Statement(
    _in_one_row(
        select(_PATIENTS.c.id.label("person_id"), (_PATIENTS.c.given_name + literal(" ") + _PATIENTS.c.family_name + literal(" ") + _PATIENTS.c.display_name).label("name"))
        .join(_SEATS, _SEATS.c.patient_id == _PATIENTS.c.id).where(*_HERE),
        select(_PARTNERS.c.id, _PARTNERS.c.name)
        .join(_SEATS, _SEATS.c.patient_id == _PARTNERS.c.patient_id).where(*_HERE, _PARTNERS.c.ended_at.is_(None)),
        select(_STAFF.c.id, _STAFF.c.name)
        .join(_TEAM, _TEAM.c.staff_member_id == _STAFF.c.id).where(_TEAM.c.session_id == bindparam("session_id")),
    )
)  # fmt: skip
