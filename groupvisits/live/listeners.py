"""From an accepted command to what each screen is told.

The messages are made inside the transaction, from its own rows: they say exactly what is true at their version. They leave after
the commit and before the next one may begin, so that their order on the wire is the order of the commits. A message that cannot
be made or sent never stops the act itself: a screen that misses one sees the gap and fetches the snapshot.
"""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import select

from groupvisits.agenda.service import answer_one_on_one, park_alone
from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.live.events import Frame, FramesReady, RoomChanged, personal_room, room_of
from groupvisits.live.plain_topics import PlainTopics
from groupvisits.live.presence import Watching
from groupvisits.live.projections import project, project_me, project_my_changes
from groupvisits.live.queries import Room, facilitators_of
from groupvisits.live.service import end_polls, keep_talk_account
from groupvisits.sessions.events import SessionChanged, SessionClosed, SessionOpened, TeamMemberLeft
from groupvisits.sessions.models import GroupSession
from groupvisits.slots.models import Slot

log = structlog.get_logger("live")


def init_app(app: Flask) -> None:
    listeners = app.extensions["listeners"]
    listeners.within(SessionOpened, on_session_opened)
    listeners.within(SessionClosed, on_session_closed)
    listeners.within(SessionChanged, on_session_changed)
    listeners.at_end(RoomChanged, tell_rooms)
    listeners.after(FramesReady, send)
    listeners.after(TeamMemberLeft, show_out)


def on_session_opened(tx: Transaction, event: SessionOpened) -> None:
    """Whoever alone may lead, leads; of several, the one who takes over first."""
    facilitators = list(facilitators_of(tx, event.session_id))
    group_session = tx.get_one(GroupSession, event.session_id)
    group_session.phase_started_at = max(clock.now(), group_session.starts_at)
    if len(facilitators) == 1:
        group_session.led_by_id = facilitators[0]


def on_session_closed(tx: Transaction, event: SessionClosed) -> None:
    """One-on-ones that ended with the visit have answered their topics too; what is left for one waits. (slots has ended them: it listens before us.)"""
    group_session = tx.get_one(GroupSession, event.session_id)
    tx.flush()
    for patient_id in tx.scalars(select(Slot.patient_id).where(Slot.session_id == event.session_id, Slot.state == "finished")).all():
        answer_one_on_one(tx, event.session_id, patient_id, group_session.version)
    park_alone(tx, event.session_id)
    end_polls(tx, event.session_id)
    keep_talk_account(tx, event.session_id)


def on_session_changed(tx: Transaction, event: SessionChanged) -> None:
    tx.announce(RoomChanged(_answered_in_one_on_ones(tx, event)))


def tell_rooms(tx: Transaction, changes: list[RoomChanged]) -> None:
    """One message for each audience of each room, of everything the transaction changed there."""
    by_room: dict[str, list[SessionChanged]] = defaultdict(list)
    for each in changes:
        by_room[each.change.session_id].append(each.change)
    for session_id, of_room in by_room.items():
        presence, config = current_app.extensions["presence"], current_app.extensions["config"]
        if not presence.is_watched(session_id) and not config.redis_url:
            continue  # nobody looks; whoever comes later fetches the snapshot
        watching = None if config.redis_url or not current_app.extensions["writes"].is_sqlite else presence.watching(session_id)
        event, since = together(of_room), of_room[0].version - 1
        try:
            room = _room_for(tx, event)
            frames = frames_of(room, event, since, watching)
            here = room.patients_here if event.people or event.everything else None
        except Exception:
            log.exception("frames_failed", session=session_id, version=event.version)
            continue
        tx.announce(FramesReady(session_id, tuple(frames), here))


def together(events: list[SessionChanged]) -> SessionChanged:
    """What these, one after the other, come to.

    If more happened than that people spoke, one may have hidden what another moved: then all that can move is told.
    """
    if len(events) == 1:
        return events[0]
    only_support = all(event.only_support for event in events)
    only_speech = all(event.only_new or event.only_support for event in events)
    return SessionChanged(
        events[0].session_id,
        events[-1].version,
        topics=tuple(dict.fromkeys(topic_id for event in events for topic_id in event.topics)),
        slots=tuple(dict.fromkeys(slot_id for event in events for slot_id in event.slots)),
        patients=tuple(dict.fromkeys(patient_id for event in events for patient_id in event.patients)),
        run=any(event.run for event in events),
        people=any(event.people for event in events),
        alarms=any(event.alarms for event in events),
        everything=any(event.everything for event in events),
        only_new=only_speech and not only_support,
        only_support=only_support,
        moved=not only_speech and any(event.topics or event.moved for event in events),
    )


def _room_for(tx: Transaction, event: SessionChanged) -> Room:
    """As much of the room as the event needs."""
    plain = PlainTopics.of_these(tx, event.session_id, event.topics) if event.only_new or event.only_support else None
    return plain or Room.of(tx, event.session_id)


def frames_of(room: Room, event: SessionChanged, since: int, watching: Watching | None = None) -> list[Frame]:
    """The messages from one version to another: one for each audience, and one for each person (of those watching) who is told something of their own."""
    session_id = event.session_id
    head = {"epoch": room.group_session.epoch, "since": since, "version": event.version}
    audiences = [(room_of(session_id, audience), audience, "") for audience in ("patient", "facilitator", "display")]
    if watching is None or watching.has_clinicians:
        audiences += [(personal_room(session_id, "clinician", provider_id), "clinician", provider_id) for provider_id in room.clinicians]
    if event.everything:
        return [Frame("session:changed", head | {"snapshot": True}, name) for name, _, _ in audiences]
    topics = set(event.topics)
    moved = event.moved or room.moves_others(topics)
    if moved or event.slots:  # what happens to one topic moves others and says who was heard; who goes and who is back, what the group waits for
        topics |= room.open_topics | room.by_the_same(topics)
    calls = bool(event.slots) and room.calls_on_wall
    run, account = event.run or moved or calls, event.run or (bool(topics) and not event.only_support)
    people = event.people or moved
    facts = room.facts(topics=topics, slots=event.slots, run=run, people=people, account=account, talk=event.run or people, alarms=event.alarms)
    of_all = facts if event.run else {key: value for key, value in facts.items() if key != "run"}  # whether it is ordered by hand is the facilitator's
    hear_of_run = {"facilitator", "display"} if calls else {"facilitator"}
    frames = []
    for name, audience, provider_id in audiences:
        shown = project(audience, facts if audience in hear_of_run else of_all, provider_id=provider_id)
        frames.append(Frame("session:changed", shown | head, name))
    mine = set(event.patients) | room.translators_of(topics) | (room.proposers_on_agenda() if moved or event.run else set())
    if watching is not None:
        mine &= watching.patients
    return frames + _frames_of_their_own(room, event, mine, topics)


def _frames_of_their_own(room: Room, event: SessionChanged, patients: set[str], topics: set[str]) -> list[Frame]:
    """Each patient's own part; where only topics changed, only what they change in it."""
    if not patients:
        return []
    whole = bool(event.slots or event.run or event.people) or not topics or room.takes_away_from(topics)
    if whole:
        told = [(patient_id, {"me": project_me(me)}) for patient_id, me in room.me(patients).items()]
    else:
        told = [(patient_id, {"changes": project_my_changes(changes)}) for patient_id, changes in room.my_changes(patients, topics).items()]
    head = {"epoch": room.group_session.epoch, "version": event.version}
    return [Frame("session:mine", head | body, personal_room(event.session_id, "patient", patient_id)) for patient_id, body in told]


def send(ready: FramesReady) -> None:
    if ready.patients_here is not None:
        put_out(ready.session_id, ready.patients_here)
    server = _server()
    for frame in ready.frames:
        server.emit(frame.name, frame.body, to=frame.room)


def put_out(session_id: str, patients_here: frozenset[str]) -> None:
    """Whoever has no place any more hears nothing more, on any of their phones."""
    for sid, subscriber in current_app.extensions["presence"].subscribers().items():
        if subscriber.session_id == session_id and subscriber.audience == "patient" and subscriber.person_id not in patients_here:
            _server().disconnect(sid)


def show_out(event: TeamMemberLeft) -> None:
    """Who is off the team hears nothing more; in another role they still have, their page comes back by itself."""
    for sid, subscriber in current_app.extensions["presence"].subscribers().items():
        if (subscriber.session_id, subscriber.person_id) == (event.session_id, event.staff_member_id):
            _server().disconnect(sid)


def _answered_in_one_on_ones(tx: Transaction, event: SessionChanged) -> SessionChanged:
    """A finished one-on-one has answered the topics its patient sent for it alone."""
    changed: list[Any] = [slot for slot_id in event.slots if (slot := tx.get(Slot, slot_id)) is not None and slot.state == "finished"]
    topics = [topic_id for slot in changed for topic_id in answer_one_on_one(tx, event.session_id, slot.patient_id, event.version)]
    if not topics:
        return event
    tx.flush()
    return replace(event, topics=(*event.topics, *topics))


def _server() -> Any:
    return current_app.extensions["socket_door"].server
