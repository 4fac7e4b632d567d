"""What joining two topics would do, for whoever leads to look at first: whose they are, what counts, and what each phone will say."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from groupvisits.agenda import queries as agenda
from groupvisits.agenda.models import Topic
from groupvisits.agenda.permissions import POLICY
from groupvisits.agenda.rules import Planned, check_can_join, check_is_for_the_group, in_order, told_at_the_head, told_when_joined
from groupvisits.core.actor import Actor
from groupvisits.core.language import sentence
from groupvisits.live.queries import Room
from groupvisits.patients.models import Patient
from groupvisits.sessions.queries import place_for


def join_preview(db: Session, viewer: Actor, session_id: str, topic_id: str, into_id: str) -> dict[str, Any]:
    """As in docs/protocol.md, section 6. Refuses whoever does not lead, and what agenda:merge would refuse."""
    place = place_for(db, viewer, session_id)
    POLICY.require(viewer, "agenda:merge", place)
    topic, head = agenda.topic_in(db, viewer, place, topic_id), agenda.topic_in(db, viewer, place, into_id)
    for each in (topic, head):
        check_is_for_the_group(each.route)
    check_can_join(agenda.standing_of(topic), agenda.standing_of(head))
    return RoomWithJoin(db, place).preview(topic, head)


class RoomWithJoin(Room):
    """The room as it would be."""

    def preview(self, topic: Topic, head: Topic) -> dict[str, Any]:
        """`topic` is the one to be joined, `head` the one that would lead."""
        under = [*self._joined.get(head.id, ()), topic, *self._joined.get(topic.id, ())]
        authors = {head.patient_id, *(each.patient_id for each in under)}
        said = agenda.supporters_of(self.db, [head.id, *(each.id for each in under)])
        times = Counter(patient_id for patients in said.values() for patient_id in patients)
        supports = len((set(times) | authors) - {head.patient_id})
        return {
            "topics": [self._shown_topic(each, said) for each in (head, *under)],
            "asked": len(authors),
            "said_me_too": len(set(times) - authors),
            "counted_once": self._names(patient_id for patient_id, often in times.items() if often + (patient_id in authors) > 1),
            "supports": supports,
            "rank_before": self._ranks.get(head.id),
            "rank_after": self._rank_after(head, topic, authors, supports),
            "tells": self._tells(head, topic, under),
        }

    def _shown_topic(self, topic: Topic, said: Mapping[str, set[str]]) -> dict[str, Any]:
        return {
            "id": topic.id, "words": topic.words, "language": topic.language, "author": self._name(topic.patient_id),
            "supporters": self._names(said.get(topic.id, ())), "proposed_at": topic.proposed_at.isoformat(),
        }  # fmt: skip

    def _rank_after(self, head: Topic, topic: Topic, authors: set[str], supports: int) -> int | None:
        planned = [each for each, _ in self._topics if each.state == "planned" and each.id != topic.id]
        order = in_order(
            Planned(
                each.id, each.position, supports if each is head else self._supports.get(each.id, 0),
                not self._wait_to_be_heard(authors if each is head else self._authors(each.id)), each.proposed_at,
                not self._away.keys().isdisjoint(authors) if each is head else self._is_held(each.id),
            )
            for each in planned
        )  # fmt: skip
        return order.index(head.id) + 1 if head.id in order else None

    def _tells(self, head: Topic, topic: Topic, under: list[Topic]) -> list[dict[str, Any]]:
        """One for each phone that will say something else, with the words that it will say in its person's language."""
        others: dict[str, str | None] = {}
        for each in under:
            if each.patient_id != head.patient_id:
                others[each.patient_id] = others.get(each.patient_id) or self._author_shown(each)
        tells = {head.patient_id: told_at_the_head(list(others.values()))}
        moved = (topic, *self._joined.get(topic.id, ()))
        tells |= {each.patient_id: told_when_joined(self._author_shown(head), is_own=False) for each in moved if each.patient_id != head.patient_id}
        return [self._tell(patient_id, text, params) for patient_id, (text, params) in tells.items()]

    def _tell(self, patient_id: str, text: str, params: dict[str, object]) -> dict[str, Any]:
        seat, patient = self._seat_of.get(patient_id, (None, None))
        language = self._clinic.language_for(patient.language if patient else "en")
        live = current_app.extensions["presence"].patients(self.group_session.id)
        return {
            "seat_id": seat.id if seat else None, "name": self._name(patient_id), "phone_live": patient_id in live, "language": language,
            "words": sentence(text, language, **params),
        }  # fmt: skip

    def _name(self, patient_id: str) -> str:
        patient, seat = self.db.get_one(Patient, patient_id), self._seat_of.get(patient_id)
        return self._shown(patient_id, patient.display_name, seat[0].slip_number if seat else None)

    def _names(self, patient_ids: Iterable[str]) -> list[str]:
        return sorted(self._name(patient_id) for patient_id in patient_ids)
