"""What is true in a room, gathered in a bounded number of reads, as facts for live.projections to choose from."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.agenda import queries as agenda
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.agenda.permissions import GO_TO_PEOPLE, SEE_PATIENTS, TAKING_PART
from groupvisits.agenda.rules import (
    HEARD_STATES,
    NOT_TRANSLATED,
    OPEN_STATES,
    Planned,
    Sent,
    account,
    in_order,
    is_put_together,
    may_hold,
    may_reword,
    takes_topics_until,
)
from groupvisits.core import clock
from groupvisits.core.actor import Actor, system
from groupvisits.core.errors import NotFound
from groupvisits.feedback.queries import handout_waits
from groupvisits.live.models import POLL_ANSWERS, Poll, PollAnswer
from groupvisits.live.permissions import AUDIENCES, POLICY
from groupvisits.live.projections import project, project_me
from groupvisits.live.rules import expected_starts, is_about_now, phase_times, talk_times
from groupvisits.live.talk import kept_talks, talk_until
from groupvisits.notes.models import ActionPlan, Note
from groupvisits.patients.models import Patient
from groupvisits.patients.queries.agreements import hidden_names, hides_name
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember, WaitingGuest
from groupvisits.sessions.queries import Place, place_for, place_of_patient
from groupvisits.slots.models import Slot
from groupvisits.slots.queries import slots_of

GUEST = "Guest"


def place_in_room(db: Session, viewer: Actor, session_id: str, audience: str) -> Place:
    """The viewer's place, if they may be in the room as this audience. NotFound for strangers, NotAllowed for the wrong audience."""
    place = place_of_patient(db, viewer, session_id) if viewer.kind == "patient" else place_for(db, viewer, session_id)
    if audience not in AUDIENCES:
        raise NotFound
    POLICY.require(viewer, AUDIENCES[audience], place)
    return place


def snapshot_for(db: Session, viewer: Actor, session_id: str, audience: str) -> dict[str, Any]:
    """The whole room as this audience sees it, with the viewer's own part. Refuses like place_in_room."""
    place_in_room(db, viewer, session_id, audience)
    room = Room.of(db, session_id)
    facts = room.facts(
        topics=None, slots=None, run=True, people=audience == "facilitator", account=audience == "facilitator", talk=audience == "facilitator",
        details=audience == "facilitator", alarms=audience in ("facilitator", "clinician"),
    )  # fmt: skip
    snapshot = project(audience, facts, provider_id=viewer.id if audience == "clinician" else "")
    snapshot |= {"audience": audience, "server_now": clock.now().isoformat()}
    if audience == "patient":
        snapshot["me"] = project_me(room.me([viewer.id])[viewer.id])
    return snapshot


def versions_of(db: Session, session_ids: Collection[str]) -> dict[str, tuple[str, int]]:
    """(epoch, version) of rooms that have subscribers; each of them was let in."""
    query = select(GroupSession.id, GroupSession.epoch, GroupSession.version).where(GroupSession.id.in_(session_ids))
    return {session_id: (epoch, version) for session_id, epoch, version in db.execute(query)}


def is_open(db: Session, session_id: str) -> bool:
    """Whether somebody at the door of this visit can still be let in."""
    return db.scalar(select(GroupSession.state).where(GroupSession.id == session_id)) == "open"


def facilitators_of(db: Session, session_id: str) -> dict[str, str]:
    """Who may lead this visit: names by the staff members' ids."""
    query = select(StaffMember.id, StaffMember.name).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    query = query.where(SessionTeamMember.session_id == session_id, SessionTeamMember.role == "facilitator", StaffMember.active)
    return dict(db.execute(query.order_by(StaffMember.name)).all())


def who_may_go(db: Session, session_id: str) -> list[dict[str, Any]]:
    """Who of this visit's team goes when somebody may need a person. The screens of those who lead or see patients say so at once (`is_told`), a nurse's pages soon."""
    query = select(StaffMember.id, StaffMember.name, SessionTeamMember.role).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    query = query.where(SessionTeamMember.session_id == session_id, SessionTeamMember.role.in_(GO_TO_PEOPLE), StaffMember.active)
    team: dict[str, dict[str, Any]] = {}
    for staff_id, name, role in db.execute(query.order_by(StaffMember.name, StaffMember.id)):
        each = team.setdefault(staff_id, {"id": staff_id, "name": name, "is_clinician": False, "is_told": False})
        each["is_clinician"] |= role in SEE_PATIENTS
        each["is_told"] |= role != "nurse"
    return list(team.values())


def talk_ends(group_session: GroupSession) -> datetime:
    """When the conversation about topics ends by the run sheet, or the visit where it has none."""
    times = talk_times(part_times(group_session), group_session.phase)
    return times[1] if times else group_session.ends_at


def part_times(group_session: GroupSession) -> list[tuple[datetime, datetime]]:
    minutes = [int(phase.get("minutes", 0)) for phase in group_session.phases]
    return phase_times(group_session.starts_at, minutes, group_session.phase, group_session.phase_started_at)


class Room:
    """One session's room at one moment. Each kind of row is read at most once, and only if it is asked for."""

    def __init__(self, db: Session, place: Place) -> None:
        self.db, self.place, self.group_session = db, place, place.group_session
        self.now = clock.now()

    @classmethod
    def of(cls, db: Session, session_id: str) -> "Room":
        """For projections only: they decide which audience is told what."""
        return cls(db, place_for(db, system(), session_id))

    def facts(
        self,
        *,
        topics: Collection[str] | None,
        slots: Collection[str] | None,
        run: bool,
        people: bool,
        account: bool,
        talk: bool = False,
        alarms: bool = False,
        details: bool = True,
    ) -> dict[str, Any]:
        """`topics` and `slots` name which; None means all of them. `details`: also which personal ones topics may hold, for the facilitator."""
        facts: dict[str, Any] = {"epoch": self.group_session.epoch, "version": self.group_session.version}
        if run:
            facts["run"] = self.run
        if account:
            facts["account"] = self._account
        if talk:
            facts["talk"] = self._talk
        if topics is None or topics:
            facts["topics"] = [self._topic(topic, name, details) for topic, name in self._topics if topics is None or topic.id in topics]
        if slots is None or slots:
            facts["slots"] = [self._slot(slot) for slot in self._slots if slots is None or slot.id in slots]
        if people:
            facts["people"] = self._people
            facts["guests"] = self._guests
        if alarms:
            facts["alarms"] = self._alarms
        return facts

    @property
    def _talk(self) -> dict[str, Any]:
        """How the talk is shared until now; after the close, as it was kept."""
        until = self.group_session.closed_at or self.now
        kept = kept_talks(self.db, [self.group_session.id]) if self.group_session.closed_at else {}
        return (kept.get(self.group_session.id) or talk_until(self.db, self.group_session, until)) | {"counted_at": _iso(until)}

    @property
    def open_topics(self) -> set[str]:
        """Ids of the group's topics that the group may still wait for."""
        return {topic.id for topic, _ in self._topics if topic.route == "group" and topic.state in OPEN_STATES}

    def by_the_same(self, topic_ids: Collection[str]) -> set[str]:
        """Ids of all topics of those whose these are, also of who is joined to them: each says whether its proposer was heard."""
        authors = {patient_id for topic_id in topic_ids if topic_id in self._topic_of for patient_id in self._authors(topic_id)}
        return {topic.id for topic, _ in self._topics if topic.patient_id in authors}

    @property
    def clinicians(self) -> list[str]:
        query = select(SessionTeamMember.staff_member_id).where(SessionTeamMember.session_id == self.group_session.id, SessionTeamMember.role.in_(SEE_PATIENTS))
        return sorted(set(self.db.scalars(query)))

    @property
    def patients_here(self) -> frozenset[str]:
        return frozenset(seat.patient_id for seat, _ in self._seats if seat.state in TAKING_PART)

    def proposers_on_agenda(self) -> set[str]:
        return {patient_id for topic, _ in self._topics if topic.state in ("planned", "current") for patient_id in self._authors(topic.id)}

    def moves_others(self, topic_ids: Iterable[str]) -> bool:
        """Whether what happened to these topics gives others another place: they are on the agenda, or were until a moment ago.

        A topic whose proposer was asked in private has left the agenda and is new again.
        """
        wanted = set(topic_ids)
        return any(topic.state != "new" or topic.hidden_because == "asked" for topic, _ in self._topics if topic.id in wanted)

    @cached_property
    def run(self) -> dict[str, Any]:
        s, programme = self.group_session, self.group_session.group.programme
        phases = [
            {"name": phase["name"], "minutes": phase.get("minutes", 0), "owner": self._owner(phase), "prompt": phase.get("prompt", ""),
             "watch": phase.get("watch", ""), "owner_seat_id": phase.get("owner_seat_id") or None, "starts_at": _iso(begins), "ends_at": _iso(ends)}
            for phase, (begins, ends) in zip(s.phases, self._part_times, strict=True)
        ]  # fmt: skip
        public_url = current_app.extensions["config"].public_url
        return {
            "state": s.state, "title": s.group.name, "starts_at": _iso(s.starts_at), "ends_at": _iso(s.ends_at), "zone": s.zone, "room": s.room,
            "current_topic_id": s.current_topic_id, "topic_started_at": _iso(s.topic_started_at), "topic_ends_at": _iso(s.topic_ends_at),
            "phase": s.phase, "phases": phases, "curtain": s.curtain, "closed_at": _iso(s.closed_at), "only_one_on_ones": s.only_one_on_ones,
            "takes_topics_until": _iso(takes_topics_until(s.closed_at)),
            "purpose": programme.purpose, "emergency_number": self._clinic.emergency_number,
            "join_code": s.join_code, "join_url": f"{public_url}/join/{s.join_code}" if s.join_code else None,
            "supports_hidden": self._supports_hidden, "hides_supports": self._programme.hides_supports, "gathering_until": _iso(s.gathering_until), "poll": self._poll,
            "led_by": self._facilitator(s.led_by_id), "handed_to": self._facilitator(s.handed_to_id),
            "facilitators": [{"id": staff_id, "name": name} for staff_id, name in self._facilitators.items()],
            "calls": self._wall_calls,
            "by_hand": any(topic.state == "planned" and topic.position is not None for topic, _ in self._topics),
        }  # fmt: skip

    @property
    def _account(self) -> dict[str, int]:
        told = account(self._sent, self.group_session.state)
        return {"sent": told.sent, "accounted_for": told.accounted_for, "one_on_one": told.one_on_one}

    @property
    def _sent(self) -> list[Sent]:
        return [Sent(t.id, t.route, t.state, t.merged_into_id, t.split_from_id) for t, _ in self._topics]

    def me(self, patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Each patient's own part: topics by every route, one-on-one, what comes next."""
        supported = self._supported(patient_ids)
        next_visits, plans = self._next_visits(patient_ids), self._plans(patient_ids)
        mine = {}
        for seat, patient in self._seats:
            if patient.id not in patient_ids:
                continue
            mine[patient.id] = {
                "seat_id": seat.id, "display_name": "" if patient.id in self._hidden else patient.display_name, "number": seat.slip_number,
                "topics": [self._my_topic(topic) for topic, _ in self._topics if topic.patient_id == patient.id and not _is_put_together(topic)],
                "supported": supported.get(patient.id, []), "slot": self._my_slot(patient.id),
                "supports_left": self._supports_left(patient.id, supported.get(patient.id, [])), "leads": self._parts_led_by(seat.id), "poll_answer": self._poll_answers.get(patient.id),
                "in_person": patient.in_person, "listening": seat.listening, "translated": self._translated_by(patient.id, None),
                "feedback_url": self._feedback_url(seat), "next_visit": next_visits.get(patient.id), "plan": plans.get(patient.id),
            }  # fmt: skip
        return mine

    def my_changes(self, patient_ids: Collection[str], topic_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """What these topics change in each patient's own part."""
        supported = self._supported(patient_ids)
        open_to_all = [topic.id for topic, _ in self._topics if topic.id in topic_ids and topic.route == "group"]
        return {
            patient_id: {
                "topics": [self._my_topic(topic) for topic, _ in self._topics if topic.patient_id == patient_id and self._is_about(topic, topic_ids)],
                "supported": [{"id": topic_id, "on": topic_id in supported.get(patient_id, ())} for topic_id in open_to_all],
                "supports_left": self._supports_left(patient_id, supported.get(patient_id, ())),
                "translated": self._translated_by(patient_id, open_to_all),
            }
            for patient_id in patient_ids
        }

    def takes_away_from(self, topic_ids: Collection[str]) -> bool:
        """Whether one of these topics is nobody's own any more."""
        return any(topic.id in topic_ids and _is_put_together(topic) for topic, _ in self._topics)

    def _is_about(self, topic: Topic, topic_ids: Collection[str]) -> bool:
        """Whether one of these is this topic, the one it was joined to, or one that was joined to it: its author is told of all of them.

        A part of a topic that is whole again is nobody's own any more.
        """
        if _is_put_together(topic):
            return False
        return topic.id in topic_ids or topic.merged_into_id in topic_ids or any(each.id in topic_ids for each in self._joined.get(topic.id, ()))

    def _supported(self, patient_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return agenda.supported_by(self.db, self.place, patient_ids)

    @property
    def _programme(self) -> Any:
        return self.group_session.group.programme

    @cached_property
    def _clinic(self) -> Clinic:
        return self.db.get_one(Clinic, self.group_session.clinic_id)

    @cached_property
    def _topics(self) -> list[tuple[Topic, str]]:
        return list(agenda.topics_of(self.db, system(), self.place))

    @property
    def _programme_id(self) -> str:
        return self.group_session.group.programme_id

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """Whose name screens do not show: they said no to it, or withdrew their agreement."""
        people = {patient.id for _, patient in self._seats} | {topic.patient_id for topic, _ in self._topics}
        return hidden_names(self.db, people, self._programme_id)

    def _hides(self, patient_id: str) -> bool:
        if patient_id in self._hidden:
            return True
        has_place = patient_id in self._seat_of or any(topic.patient_id == patient_id for topic, _ in self._topics)
        return not has_place and hides_name(self.db, patient_id, self._programme_id)  # gave up their place, and their words or support stay

    def _shown(self, patient_id: str, name: str, number: int | None) -> str:
        """The name as other people's screens show it."""
        if not self._hides(patient_id):
            return name
        return f"{GUEST} {number}" if number else GUEST

    @cached_property
    def _supports(self) -> dict[str, int]:
        return agenda.support_counts(self.db, self.place)

    @cached_property
    def _heard(self) -> frozenset[str]:
        talked = {topic.id for topic, _ in self._topics if topic.route == "group" and topic.state in HEARD_STATES}
        return frozenset(patient_id for topic_id in talked for patient_id in self._authors(topic_id))

    def _wait_to_be_heard(self, patient_ids: set[str]) -> bool:
        """Whether one of these was not heard yet; of nobody who is here to listen that is said."""
        return not patient_ids <= self._heard | self._listening

    @cached_property
    def _listening(self) -> frozenset[str]:
        return frozenset(seat.patient_id for seat, _ in self._seats if seat.listening)

    @cached_property
    def _topic_of(self) -> dict[str, tuple[Topic, str]]:
        return {topic.id: (topic, name) for topic, name in self._topics}

    @cached_property
    def _joined(self) -> dict[str, list[Topic]]:
        """The topics that stand under another one, by that one. (The parts of a topic that was put together again are none.)"""
        found: dict[str, list[Topic]] = defaultdict(list)
        for topic, _ in self._topics:
            if topic.merged_into_id and not _is_put_together(topic):
                found[topic.merged_into_id].append(topic)
        return found

    def _authors(self, topic_id: str) -> set[str]:
        """Everybody whose topic it is: its proposer, and those whose topics are joined to it."""
        return {self._topic_of[topic_id][0].patient_id, *(topic.patient_id for topic in self._joined.get(topic_id, ()))}

    @cached_property
    def _translations(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for each, by in agenda.translations_of(self.db, self.place):
            seat = self._seat_of.get(each.patient_id)
            found[each.topic_id].append(
                {
                    "language": each.language,
                    "words": each.words,
                    "hidden_because": each.hidden_because,
                    "by": self._shown(each.patient_id, by, seat[0].slip_number if seat else None),
                    "patient_id": each.patient_id,
                }
            )
        return found

    def translators_of(self, topic_ids: Collection[str]) -> set[str]:
        """Whose words stand under these topics."""
        return {each["patient_id"] for topic_id in topic_ids for each in self._translations.get(topic_id, ())}

    def _translated_by(self, patient_id: str, topic_ids: Collection[str] | None) -> list[dict[str, Any]]:
        """What this person wrote under topics that all may read, or (is_checked) will once somebody has looked."""
        readable = {topic.id for topic, _ in self._topics if not topic.hidden_because and topic.state not in NOT_TRANSLATED}
        return [
            {"topic_id": topic_id, "language": each["language"], "words": each["words"], "is_checked": bool(each["hidden_because"])}
            for topic_id, translations in sorted(self._translations.items())
            for each in translations
            if each["patient_id"] == patient_id and topic_id in readable and (topic_ids is None or topic_id in topic_ids)
        ]

    def _author_shown(self, topic: Topic) -> str | None:
        """The author's name, if other patients may read it beside the topic."""
        # Others see a name live only: once the visit is over, a phone at home shows none.
        shows = topic.shows_name and self.group_session.state in ("planned", "open") and topic.patient_id not in self._hidden
        return self._topic_of[topic.id][1] if shows else None

    @cached_property
    def _ranks(self) -> dict[str, int]:
        planned = [
            Planned(
                topic.id,
                topic.position,
                self._supports.get(topic.id, 0),
                not self._wait_to_be_heard(self._authors(topic.id)),
                topic.proposed_at,
                self._is_held(topic.id),
            )
            for topic, _ in self._topics
            if topic.state == "planned"
        ]
        return {topic_id: rank for rank, topic_id in enumerate(in_order(planned), start=1)}

    @cached_property
    def _part_times(self) -> list[tuple[datetime, datetime]]:
        return part_times(self.group_session)

    @cached_property
    def _facilitators(self) -> dict[str, str]:
        return facilitators_of(self.db, self.group_session.id)

    def _facilitator(self, staff_id: str | None) -> dict[str, str] | None:
        return {"id": staff_id, "name": self._facilitators[staff_id]} if staff_id in self._facilitators else None

    def _owner(self, phase: dict[str, Any]) -> str:
        """A role, or the patient who leads this part as others may read their name; that is live only, like every name."""
        if self.group_session.state not in ("planned", "open"):
            return phase.get("owner", "")
        seat = next((pair for pair in self._seats if pair[0].id == phase.get("owner_seat_id")), None)
        return self._shown(seat[1].id, seat[1].display_name, seat[0].slip_number) if seat else phase.get("owner", "")

    def _parts_led_by(self, seat_id: str) -> list[int]:
        return [part for part, phase in enumerate(self.group_session.phases) if phase.get("owner_seat_id") == seat_id]

    @cached_property
    def _open_poll(self) -> Poll | None:
        """The question about the current topic; one about a topic that is over is nobody's any more."""
        s = self.group_session
        if s.current_topic_id is None:
            return None
        poll = self.db.scalar(select(Poll).where(Poll.session_id == s.id, Poll.closed_at.is_(None)))
        return poll if poll is not None and is_about_now(poll.topic_id, poll.opened_at, s.current_topic_id, s.topic_started_at) else None

    @cached_property
    def _poll_answers(self) -> dict[str, str]:
        if self._open_poll is None:
            return {}
        return dict(self.db.execute(select(PollAnswer.patient_id, PollAnswer.answer).where(PollAnswer.poll_id == self._open_poll.id)).all())

    @property
    def _poll(self) -> dict[str, Any] | None:
        poll = self._open_poll
        if poll is None:
            return None
        given = list(self._poll_answers.values())
        return {"id": poll.id, "topic_id": poll.topic_id, "opened_at": _iso(poll.opened_at)} | {answer: given.count(answer) for answer in POLL_ANSWERS}

    @property
    def calls_on_wall(self) -> bool:
        return self._clinic.wall_calls

    @property
    def _wall_calls(self) -> list[dict[str, Any]]:
        """Numbers, never names, and only where the clinic wants them on the wall."""
        if not self.calls_on_wall or self.group_session.state != "open":
            return []
        called = [
            (self._seat_of[slot.patient_id][0].slip_number, slot.place) for slot in self._slots if slot.state == "called" and slot.patient_id in self._seat_of
        ]
        return [{"number": number, "place": place} for number, place in called if number]

    @cached_property
    def _away(self) -> dict[str, datetime]:
        """Who is in a one-on-one now, and when it was to be over: a moment that does not move, so that every screen says the same."""
        away = {}
        for slot in self._slots:
            since = {"called": slot.called_at, "coming": slot.called_at, "started": slot.started_at}.get(slot.state)
            if since is not None:
                away[slot.patient_id] = since + timedelta(minutes=slot.minutes)
        return away

    def _is_held(self, topic_id: str) -> bool:
        """Whether one of its authors is in a one-on-one: it is not talked about without them."""
        return not self._away.keys().isdisjoint(self._authors(topic_id))

    def _held(self, topic: Topic) -> dict[str, str | None]:
        """For whom the group waits with it, the one who is back last, and until when."""
        away = [] if not self._away or topic.route != "group" or topic.state not in OPEN_STATES else sorted(self._authors(topic.id) & self._away.keys())
        if not away:
            return {"held_until": None, "held_for": None}
        last = max(away, key=self._away.__getitem__)
        return {"held_until": _iso(self._away[last]), "held_for": self._person_shown(last)}

    def _person_shown(self, patient_id: str) -> str:
        seat = self._seat_of.get(patient_id)
        return self._shown(patient_id, seat[1].display_name, seat[0].slip_number) if seat else GUEST

    @cached_property
    def _expected(self) -> dict[str, datetime]:
        s = self.group_session
        if s.state != "open":
            return {}
        minutes = {topic.id: topic.minutes for topic, _ in self._topics}
        begins, ends = talk_times(self._part_times, s.phase) or (s.starts_at, s.ends_at)
        return expected_starts([(topic_id, minutes[topic_id]) for topic_id in self._ranks], s.topic_ends_at or begins, self.now, ends)

    @cached_property
    def _seats(self) -> list[tuple[Seat, Patient]]:
        query = select(Seat, Patient).join(Patient, Patient.id == Seat.patient_id).where(Seat.session_id == self.group_session.id, Seat.state != "cancelled")
        found = [(seat, patient) for seat, patient in self.db.execute(query)]
        return sorted(found, key=lambda pair: (pair[0].slip_number or 999, pair[0].seat_no or 999, pair[0].id))

    @cached_property
    def _seat_of(self) -> dict[str, tuple[Seat, Patient]]:
        return {patient.id: (seat, patient) for seat, patient in self._seats}

    @cached_property
    def _slots(self) -> list[Slot]:
        return list(slots_of(self.db, self.place))

    @cached_property
    def _providers(self) -> dict[str, str]:
        query = select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_({slot.provider_id for slot in self._slots}))
        return dict(self.db.execute(query).all())

    @cached_property
    def _provider_of(self) -> dict[str, str]:
        return {slot.patient_id: slot.provider_id for slot in self._slots}

    @property
    def _people(self) -> list[dict[str, Any]]:
        live = current_app.extensions["presence"].patients(self.group_session.id)
        return [
            {"seat_id": seat.id, "name": self._shown(patient.id, patient.display_name, seat.slip_number), "number": seat.slip_number, "state": seat.state,
             "phone_live": patient.id in live, "heard": patient.id in self._heard, "in_person": patient.in_person, "listening": seat.listening}
            for seat, patient in self._seats
        ]  # fmt: skip

    @property
    def _alarms(self) -> list[dict[str, Any]]:
        """Every alarm that nobody has ended, the oldest first."""
        standing = agenda.alarms_of(self.db, self.place)
        if not standing:
            return []
        may_take = who_may_go(self.db, self.group_session.id)
        told = [each for each in may_take if each["is_told"]]
        clinicians = [each["name"] for each in told if each["is_clinician"]]
        return [
            self._alarm(alarm, name, by) | {"told": [each["name"] for each in told], "clinicians": clinicians, "may_take": may_take}
            for alarm, name, by in standing
        ]

    def _alarm(self, alarm: Alarm, name: str, taken_by: str | None) -> dict[str, Any]:
        seat, topic = self._seat_of.get(alarm.patient_id), self._topic_of.get(alarm.topic_id or "")
        return {
            "id": alarm.id, "topic_id": alarm.topic_id, "seat_id": seat[0].id if seat else None,
            "name": self._shown(alarm.patient_id, name, seat[0].slip_number if seat else None),
            "phrase": alarm.phrase, "is_for_the_group": topic is not None and topic[0].route == "group",
            "raised_at": _iso(alarm.raised_at), "taken_by": taken_by, "taken_at": _iso(alarm.taken_at),
        }  # fmt: skip

    @property
    def _guests(self) -> list[dict[str, Any]]:
        query = select(WaitingGuest).where(WaitingGuest.session_id == self.group_session.id, WaitingGuest.seat_id.is_(None))
        return [{"id": guest.id, "number": guest.number} for guest in self.db.scalars(query.order_by(WaitingGuest.number))]

    def _topic(self, topic: Topic, proposer: str, details: bool) -> dict[str, Any]:
        seat = self._seat_of.get(topic.patient_id)
        return {
            "id": topic.id, "words": topic.words, "language": topic.language, "state": topic.state, "rank": self._ranks.get(topic.id), "version": topic.version,
            "route": topic.route, "author": self._shown(topic.patient_id, proposer, seat[0].slip_number if seat else None), "author_seat_id": seat[0].id if seat else None, "supports": self._supports.get(topic.id, 0),
            "shows_name": self._author_shown(topic) is not None,
            "minutes": topic.minutes, "proposed_at": _iso(topic.proposed_at), "outcome": topic.outcome,
            "not_heard_yet": self._wait_to_be_heard(self._authors(topic.id)), "merged_into_id": topic.merged_into_id, "split_from_id": topic.split_from_id,
            "translations": [each | {"holds": self._held_back(each["words"], each["hidden_because"], details)} for each in self._translations.get(topic.id, ())], "carried": topic.carried_from_id is not None,
            "reason": topic.reason, "hidden_because": topic.hidden_because, "suggested_words": topic.suggested_words, "supports_hidden": self._supports_hidden,
            **self._held(topic),
            "still_matters": topic.still_matters,
            "rev": topic.rev, "changed_by": self._changer(topic), "changed_at": _iso(topic.changed_at),
            "holds": self._held_back(topic.words, topic.hidden_because, details),
            "outcome_holds": may_hold(topic.outcome, self._names) if details and topic.outcome else "",
            "provider_id": self._provider_of.get(topic.patient_id, "") if topic.route == "one_on_one" else "",
        }  # fmt: skip

    def _held_back(self, words: str, because: str, details: bool) -> str:
        """Which personal detail words that wait for a look may hold, in the topic's own language or another."""
        return may_hold(words, self._names) if details and because == "personal" else ""

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(row.name for row in agenda.names_in(self.db, self.group_session.id))

    def _slot(self, slot: Slot) -> dict[str, Any]:
        seat, patient = self._seat_of.get(slot.patient_id, (None, None))
        return {
            "id": slot.id, "seat_id": slot.seat_id, "number": seat.slip_number if seat else None, "name": self._shown(patient.id, patient.display_name, seat.slip_number if seat else None) if patient else "",
            "provider": self._providers.get(slot.provider_id, ""), "provider_id": slot.provider_id, "place": slot.place,
            "planned_at": _iso(slot.planned_at), "minutes": slot.minutes, "state": slot.state, "called_at": _iso(slot.called_at), "answer": slot.answer,
            "started_at": _iso(slot.started_at), "finished_at": _iso(slot.finished_at),
        }  # fmt: skip

    def _my_topic(self, topic: Topic) -> dict[str, Any]:
        """With what became of the topic it was joined to, and which ones were joined to it."""
        head = self._topic_of[topic.merged_into_id][0] if topic.merged_into_id else topic
        return {
            "id": topic.id, "words": topic.words, "route": topic.route, "state": topic.state, "outcome": head.outcome,
            "planned_at": _iso(self._expected.get(head.id)), "split_from_id": topic.split_from_id,
            "carried": topic.carried_from_id is not None, "still_matters": topic.still_matters,
            "joined_to": {"id": head.id, "words": head.words, "author": self._author_shown(head), "state": head.state} if head is not topic else None,
            "joined": [{"id": each.id, "words": each.words, "author": self._author_shown(each)} for each in self._joined.get(topic.id, ())],
            "pre_visit": topic.pre_visit and topic.split_from_id is None, "sent_at": _iso(topic.proposed_at) if _is_sent_here(topic) else None,
            "reason": head.reason, "is_asked": topic.hidden_because == "asked", "is_checked": topic.hidden_because in ("alarm", "personal"),
            "suggested_words": topic.suggested_words, "can_reword": may_reword(topic.state, self._supports.get(topic.id, 0)),
        }  # fmt: skip

    def _changer(self, topic: Topic) -> str | None:
        """Who last changed what it says or where it stands: a member of the team, or its author as others see them."""
        if topic.changed_at is None:
            return None
        if topic.changed_by:
            return self._staff.get(topic.changed_by, "")
        seat = self._seat_of.get(topic.patient_id)
        return self._shown(topic.patient_id, seat[1].display_name, seat[0].slip_number) if seat else GUEST

    @property
    def _supports_hidden(self) -> bool:
        s = self.group_session
        return self._programme.hides_supports and not s.supports_shown and s.state in ("planned", "open")

    def _supports_left(self, _patient_id: str, supported: Collection[str]) -> int | None:
        """How many "me too" this person may still give; those on topics that have ended are free again."""
        budget = self._programme.support_budget
        if budget is None:
            return None
        still = {topic.id for topic, _ in self._topics if topic.state in OPEN_STATES}
        return max(0, budget - len(still.intersection(supported)))

    @cached_property
    def _staff(self) -> dict[str, str]:
        wanted = {topic.changed_by for topic, _ in self._topics if topic.changed_by}
        return dict(self.db.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(wanted))).all()) if wanted else {}

    def _my_slot(self, patient_id: str) -> dict[str, Any] | None:
        slot = next((slot for slot in self._slots if slot.patient_id == patient_id), None)
        if slot is None:
            return None
        return {
            "id": slot.id, "state": slot.state, "place": slot.place, "provider": self._providers.get(slot.provider_id, ""), "planned_at": _iso(slot.planned_at),
            "minutes": slot.minutes, "before_you": self._before(slot), "expected_at": _iso(self._expected_call(slot)), "called_at": _iso(slot.called_at), "answer": slot.answer,
        }  # fmt: skip

    def _before(self, slot: Slot) -> int:
        """Who is here and will be called before this one, by the same provider. The same count as slots.queries.people_before."""
        if slot.state != "planned":
            return 0
        here = {patient_id for patient_id, (seat, _) in self._seat_of.items() if seat.state == "arrived"}
        return sum(
            other.provider_id == slot.provider_id and other.position < slot.position and other.state == "planned" and other.patient_id in here
            for other in self._slots
        )

    def _expected_call(self, slot: Slot) -> datetime | None:
        """About when whoever is next is called: when the one before them was to be over, else as planned. Nothing is known once that has passed."""
        if slot.state != "planned" or self._before(slot):
            return None
        same = {other.patient_id for other in self._slots if other.provider_id == slot.provider_id}
        expected = max((ends for patient_id, ends in self._away.items() if patient_id in same), default=slot.planned_at)
        return expected if expected > self.now else None

    def _feedback_url(self, seat: Seat) -> str | None:
        """Where a POST hands this phone its anonymous form, once the visit has closed."""
        if self.group_session.state != "closed" or not handout_waits(self.db, seat):
            return None
        return f"/sessions/{self.group_session.id}/feedback-handouts"

    def _plans(self, patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """What each of them planned in their one-on-one today, in their own words."""
        query = select(ActionPlan).join(Note, Note.id == ActionPlan.note_id)
        found = self.db.scalars(query.where(Note.session_id == self.group_session.id, ActionPlan.patient_id.in_(patient_ids)))
        return {plan.patient_id: {"what": plan.what, "when_how_often": plan.when_how_often, "confidence": plan.confidence} for plan in found}

    def _next_visits(self, patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        query = (
            select(Seat.patient_id, GroupSession.id, GroupSession.starts_at, Seat.state, Seat.asked_again)
            .join(GroupSession, GroupSession.id == Seat.session_id)
            .where(
                Seat.patient_id.in_(patient_ids), Seat.state.in_(("invited", "confirmed")),
                GroupSession.state == "planned", GroupSession.starts_at > max(self.group_session.starts_at, self.now),
            )
            .order_by(GroupSession.starts_at.desc())
        )  # fmt: skip
        answers = {("confirmed", False): "yes", ("confirmed", True): "moved"}
        return {
            patient_id: {"id": session_id, "starts_at": _iso(starts_at), "answer": answers.get((state, asked_again), "open")}
            for patient_id, session_id, starts_at, state, asked_again in self.db.execute(query)
        }


def own_room_with(db: Session, viewer: Actor, code: str) -> str | None:
    """The open session whose code this is, if the viewing patient has a place in it: their phone needs no slip."""
    if viewer.kind != "patient" or not code:
        return None
    query = (
        select(GroupSession.id)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(GroupSession.join_code == code, GroupSession.state == "open", Seat.patient_id == viewer.id, Seat.state.in_(TAKING_PART))
    )
    return db.scalar(query)


def _is_put_together(topic: Topic) -> bool:
    return is_put_together(topic.merged_into_id, topic.split_from_id)


def _is_sent_here(topic: Topic) -> bool:
    """Whether its author sent it themselves, in these words or their own newer ones, into this visit's room."""
    return not (topic.pre_visit or topic.entered_by or topic.carried_from_id or topic.split_from_id)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
