"""The room as far as a few plain topics need it: what proposals and "me too" change, read by statements in a few microseconds.

The facts are made by the same code as those of the whole room (live.queries.Room); only the reads are narrower. A topic is plain
while it is new and nothing hangs on it. Any other is told from the whole room.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from groupvisits.agenda import queries as agenda
from groupvisits.agenda.models import Support, Topic, TopicTranslation
from groupvisits.agenda.permissions import SEE_PATIENTS
from groupvisits.agenda.rules import HEARD_STATES, Sent
from groupvisits.core.statements import Statement, columns, table_of
from groupvisits.core.transaction import Transaction
from groupvisits.live.queries import Room
from groupvisits.patients.models import Patient
from groupvisits.patients.queries.agreements import hides_name
from groupvisits.programmes.models import Group, Programme
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import Place
from groupvisits.slots.models import Slot


class _SeatOf(NamedTuple):
    """What a room tells of a seat."""

    id: str
    patient_id: str
    state: str
    slip_number: int | None
    listening: bool


class SomePeople(Room):
    """A Room that holds these patients and nobody else."""

    def __init__(self, db: Session, group_session: Any, patient_ids: Iterable[str]) -> None:
        super().__init__(db, Place(group_session, group_session.clinic_id, frozenset(), None))
        self.patients = {patient_id: _PERSON.one(db, session_id=group_session.id, patient_id=patient_id) for patient_id in patient_ids}

    @classmethod
    def facts_about(cls, db: Session, session_id: str, patient_id: str) -> dict[str, Any]:
        """The line of this person in the facilitator's list; no line for somebody without a seat."""
        room = cls(db, _SESSION.one(db, session_id=session_id), [patient_id])
        return {"epoch": room.group_session.epoch, "version": room.group_session.version, "people": room._people}

    @property
    def _programme(self) -> Any:
        return self.group_session

    @property
    def _programme_id(self) -> str:
        return self._programme.programme_id

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return frozenset(patient_id for patient_id in self.patients if hides_name(self.db, patient_id, self._programme_id))

    @cached_property
    def _heard(self) -> frozenset[str]:
        return frozenset(patient_id for patient_id, person in self.patients.items() if person.is_heard)

    @cached_property
    def _seats(self) -> list[tuple[Any, Any]]:
        return [(_SeatOf(p.seat_id, p.id, p.seat_state, p.slip_number, p.listening), p) for p in self.patients.values() if p.seat_id]

    @cached_property
    def _slots(self) -> list[Any]:
        return [slot for patient_id in self.patients for slot in _SLOTS.all(self.db, session_id=self.group_session.id, patient_id=patient_id)]


class PlainTopics(SomePeople):
    """A Room that holds these topics, their proposers and nothing else."""

    def __init__(self, tx: Transaction, group_session: Any, topics: list[Any]) -> None:
        super().__init__(tx, group_session, dict.fromkeys(topic.patient_id for topic in topics))
        self.topics = topics

    @classmethod
    def of_these(cls, tx: Transaction, session_id: str, topic_ids: Iterable[str]) -> "PlainTopics | None":
        """The room of these topics, or None if others change with one of them."""
        tx.flush()  # the statements here read past what the transaction still holds back
        topics = [_TOPIC.one(tx, topic_id=topic_id) for topic_id in topic_ids]
        if not all(topic is not None and _is_plain(topic) for topic in topics):
            return None
        return cls(tx, _SESSION.one(tx, session_id=session_id), sorted(topics, key=lambda topic: (topic.proposed_at, topic.id)))

    @property
    def clinicians(self) -> list[str]:
        return sorted({row.staff_member_id for row in _CLINICIANS.all(self.db, session_id=self.group_session.id)})

    @cached_property
    def _topics(self) -> list[tuple[Any, str]]:
        return [(topic, self.patients[topic.patient_id].display_name) for topic in self.topics]

    @cached_property
    def _supporters(self) -> dict[str, set[str]]:
        return {topic.id: {row.patient_id for row in _SUPPORTERS.all(self.db, topic_id=topic.id)} for topic in self.topics}

    @cached_property
    def _supports(self) -> dict[str, int]:
        return {topic.id: len(self._supporters[topic.id] - {topic.patient_id}) for topic in self.topics}

    @cached_property
    def _translations(self) -> dict[str, list[dict[str, Any]]]:
        return {}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {}

    @cached_property
    def _expected(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _sent(self) -> list[Sent]:
        """Alike topics stand for each other: while none was joined or split, the account needs their number only."""
        counted = _COUNTED.all(self.db, session_id=self.group_session.id)
        if any(row.state in ("merged", "split") for row in counted):
            return [Sent(*row) for row in _SENT.all(self.db, session_id=self.group_session.id)]
        return [Sent("", row.route, row.state, times=row.times) for row in counted]

    def _supported(self, patient_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {patient_id: [topic_id for topic_id, supporters in self._supporters.items() if patient_id in supporters] for patient_id in patient_ids}

    def _supports_left(self, patient_id: str, supported: Collection[str]) -> int | None:
        budget = self._programme.support_budget
        return None if budget is None else max(0, budget - agenda.supports_given(self.db, self.group_session.id, patient_id))


def _is_plain(topic: Any) -> bool:
    hangs = topic.hidden_because == "asked" or topic.merged_into_id or topic.has_joined or topic.is_translated
    return topic.state == "new" and not hangs


_SESSIONS, _GROUPS, _PROGRAMMES, _TOPICS, _SUPPORTS, _PATIENTS, _SEATS, _SLOT_ROWS, _TEAM, _TRANSLATED = (
    table_of(model) for model in (GroupSession, Group, Programme, Topic, Support, Patient, Seat, Slot, SessionTeamMember, TopicTranslation)
)
_JOINED, _TALKED = _TOPICS.alias("joined"), _TOPICS.alias("talked")
_IN_SESSION = bindparam("session_id")

_SESSION = Statement(
    select(
        *columns(GroupSession, "id", "clinic_id", "epoch", "version", "state", "supports_shown"),
        *columns(Programme, "hides_supports", "support_budget"),
        _PROGRAMMES.c.id.label("programme_id"),
    )
    .join(_GROUPS, _GROUPS.c.id == _SESSIONS.c.group_id)
    .join(_PROGRAMMES, _PROGRAMMES.c.id == _GROUPS.c.programme_id)
    .where(_SESSIONS.c.id == _IN_SESSION)
)
_TOPIC = Statement(
    select(
        *columns(
            Topic,
            "id",
            "patient_id",
            "words",
            "language",
            "route",
            "shows_name",
            "state",
            "position",
            "minutes",
            "outcome",
            "carried_from_id",
            "entered_by",
            "pre_visit",
            "still_matters",
            "merged_into_id",
            "split_from_id",
            "reason",
            "hidden_because",
            "suggested_words",
            "proposed_at",
            "rev",
            "changed_by",
            "changed_at",
            "version",
        ),
        exists(select(_JOINED.c.id).where(_JOINED.c.merged_into_id == _TOPICS.c.id)).label("has_joined"),
        exists(select(_TRANSLATED.c.topic_id).where(_TRANSLATED.c.topic_id == _TOPICS.c.id)).label("is_translated"),
    ).where(_TOPICS.c.id == bindparam("topic_id"))
)
_CLINICIANS = Statement(
    select(*columns(SessionTeamMember, "staff_member_id")).where(_TEAM.c.session_id == _IN_SESSION, _TEAM.c.role.in_([literal(role) for role in SEE_PATIENTS]))
)
_SUPPORTERS = Statement(select(*columns(Support, "patient_id")).where(_SUPPORTS.c.topic_id == bindparam("topic_id")))
_HEARD = exists(  # what is or was talked about is theirs, or one of theirs is joined to it
    select(_TALKED.c.id).where(
        _TALKED.c.session_id == _IN_SESSION,
        _TALKED.c.route == "group",
        _TALKED.c.state.in_([literal(state) for state in HEARD_STATES]),
        or_(
            _TALKED.c.patient_id == _PATIENTS.c.id,
            exists(select(_JOINED.c.id).where(_JOINED.c.merged_into_id == _TALKED.c.id, _JOINED.c.patient_id == _PATIENTS.c.id).correlate(_TALKED, _PATIENTS)),
        ),
    )
)
_PERSON = Statement(
    select(
        *columns(Patient, "id", "display_name", "in_person"),
        _SEATS.c.id.label("seat_id"),
        _SEATS.c.state.label("seat_state"),
        _SEATS.c.slip_number,
        _SEATS.c.listening,
        _HEARD.label("is_heard"),
    )
    .outerjoin(_SEATS, and_(_SEATS.c.patient_id == _PATIENTS.c.id, _SEATS.c.session_id == _IN_SESSION, _SEATS.c.state != "cancelled"))
    .where(_PATIENTS.c.id == bindparam("patient_id"))
)
_SLOTS = Statement(select(*columns(Slot)).where(_SLOT_ROWS.c.session_id == _IN_SESSION, _SLOT_ROWS.c.patient_id == bindparam("patient_id")))
_COUNTED = Statement(
    select(*columns(Topic, "route", "state"), func.count().label("times")).where(_TOPICS.c.session_id == _IN_SESSION).group_by(_TOPICS.c.route, _TOPICS.c.state)
)
_SENT = Statement(select(*columns(Topic, "id", "route", "state", "merged_into_id", "split_from_id")).where(_TOPICS.c.session_id == _IN_SESSION))
