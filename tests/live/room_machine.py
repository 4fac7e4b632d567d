"""A whole room in one process, over a network that a test decides: what is lost, doubled, late or out of order, who sleeps, when the server dies.

The server is the real one, behind its real doors (sockets without a network, POST); the devices follow the client's rules of
groupvisits.demo.rehearsal.rules. Nothing happens by itself and nothing waits: a sequence of steps gives the same room every time.

One socket brings its messages in order or not at all, as TCP does; a message for everybody may be lost or overtaken on its way
between server processes. What a network never does to the personal part (`session:mine` lost while the line goes on) is not played.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from groupvisits.accounts.models import StaffRole
from groupvisits.agenda.models import Alarm, Support, Topic
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids, transaction
from groupvisits.core.actor import Actor
from groupvisits.core.commands import CommandRecord
from groupvisits.core.transaction import Transaction
from groupvisits.demo.rehearsal.rules import CommandQueue, Record, Screen, differences, shown_by
from groupvisits.extensions import db
from groupvisits.interop import backup
from groupvisits.live.models import Poll, PollAnswer
from groupvisits.live.presence import Presence
from groupvisits.live.queries import snapshot_for
from groupvisits.live.sockets import Ticker
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember, WaitingGuest
from groupvisits.slots.models import Slot
from tests.cast import TEAM, Cast, signed_in

DEVICES = (
    ("rosa", "patient"), ("marcus", "patient"), ("tomas", "facilitator"),
    ("rosa", "patient"), ("gladys", "patient"), ("osei", "clinician"), ("wall", "display"), ("ivo", "facilitator"),
)  # fmt: skip
GUESTS = 2 ** (len(DEVICES) - 3) - 1
SEATED = ("rosa", "marcus", "gladys", "teo")
STAFF = ("tomas", "osei", "ivo")
LANGUAGES = ("es", "pt", "ht")
ANSWERS = ("keep_going", "move_on", "park")
# What makes somebody look before the others read it: an alarm, or a personal detail.
ALARMING, PERSONAL = "I have chest pain", "Call me at 617 555 0199"
# What the wall must not know, as names of fields; names and ids of people are looked for as text.
NOT_FOR_THE_WALL = {
    "author",
    "author_seat_id",
    "seat_id",
    "patient_id",
    "display_name",
    "supports",
    "phone_live",
    "heard",
    "people",
    "guests",
    "me",
    "slots",
    "route",
    "alarms",
    "phrase",
    "in_person",
    "listening",
    "owner",
    "prompt",
    "led_by",
    "reason",
    "suggested_words",
    "by",
}
MOST_ROUNDS = 12


Act = tuple[str, dict[str, Any]]


class PowerCut(Exception):
    """The server died in the middle of something."""


@dataclass
class Model:
    """What must be true: every command the server has carried out, and what follows from these alone."""

    executed: dict[str, dict[str, Any]] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)  # id -> whose
    supports: set[tuple[str, str]] = field(default_factory=set)
    version: int = 0
    split: set[str] = field(default_factory=set)  # wholes whose parts have supporters of their own
    answers: dict[tuple[str, str], str] = field(default_factory=dict)  # (poll, whose) -> the last one
    wishes: dict[str, bool] = field(default_factory=dict)  # whose -> to be told in person
    listening: dict[str, bool] = field(default_factory=dict)  # whose -> is here to listen
    alarming: set[str] = field(default_factory=set)  # topics that a person has to look at, or has looked at

    def copy(self) -> "Model":
        return deepcopy(self)

    def carry_out(self, record: Record, patient_id: str, result: dict[str, Any]) -> None:
        if record.command_id in self.executed:
            assert result == self.executed[record.command_id], "a command that came twice has two answers"
            return
        self.executed[record.command_id] = result
        assert result["version"] == self.version or result["version"] == self.version + 1 or record.name == "live:close", "versions have a gap"
        self.version = result["version"]
        if record.name in ("agenda:propose", "agenda:propose_for"):
            assert result["topic_id"] not in self.topics
            self.topics[result["topic_id"]] = patient_id
            if record.body["words"].startswith(ALARMING):
                self.alarming.add(result["topic_id"])
        elif record.name == "live:answer_poll":
            self.answers[record.body["poll_id"], patient_id] = record.body["answer"]
        elif record.name == "live:wish":
            self.wishes[patient_id] = record.body["in_person"]
        elif record.name == "live:listen":
            self.listening[patient_id] = record.body["on"]
        elif record.name == "agenda:split":
            self.split.add(record.body["topic_id"])
        elif record.name == "agenda:support":
            (self.supports.add if record.body["on"] else self.supports.discard)((record.body["topic_id"], patient_id))


class Device:
    """A phone, console, board or wall. `store` is the device's own; page, line and what is on the way can be lost."""

    def __init__(self, number: int, who: str, audience: str, actor: Actor, browser: Any) -> None:
        self.number, self.who, self.audience, self.actor, self.browser = number, who, audience, actor, browser
        self.store: list[Record] = []
        self.line: Any = None
        self.asleep = self.deaf = False
        self.received: dict[str, Record] = {}  # what a person was told is received
        self.late: list[Record] = []  # copies that are still on their way to the server
        self.load()

    def load(self) -> None:
        """The page is opened (again)."""
        self.screen, self.queue = Screen(), CommandQueue(self.store)
        self.down: list[tuple[str, dict[str, Any]]] = []
        self.snapshot: dict[str, Any] | None = None  # computed, and still on its way

    @property
    def topic_ids(self) -> set[str]:
        return set(self.screen.lists["topics"])


class House:
    """What all sequences share: the people signed in once, a visit for each sequence."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast
        with app.app_context(), transaction.write() as tx:  # Ivo may lead, too
            tx.add(StaffRole(staff_member_id=cast.ivo.id, name="facilitator"))
            self.earlier = self._visit(tx, "closed", clock.now() - timedelta(days=28)).id
        self.people: dict[str, Actor] = {who: getattr(cast, who) for who, _ in DEVICES if who != "wall"}
        self.people["ivo"] = replace(cast.ivo, roles=cast.ivo.roles | {"facilitator"})
        self.browsers = {who: signed_in(app, actor) for who, actor in self.people.items()}
        self.seen: Counter[str] = Counter()  # what the sequences went through

    def _visit(self, tx: Transaction, state: str, starts_at: datetime) -> GroupSession:
        visit = GroupSession(
            id=ids.new_id(), clinic_id=self.cast.clinic_id, group_id=self.cast.group_id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=120),
            wall_time=f"{starts_at:%Y-%m-%dT%H:%M}", zone="America/New_York", room="Main room", maximum=8, state=state, opened_at=starts_at, join_code=ids.new_code(),
            epoch=ids.new_id(), version=2, led_by_id=self.cast.tomas.id,
        )  # fmt: skip
        tx.add(visit)
        tx.flush()
        return visit

    def visit(self, guests: int, *, under_way: bool = False) -> "Room":
        """An open visit with two topics from home. `guests` says who is there beside Rosa, Marcus and Tomas, and is never twice the same.

        Under way, the group talks about a third one and is asked whether to go on; a fourth was kept from the visit before, and other words are
        suggested for it; a fifth has raised an alarm; and a phone without a slip waits.
        """
        now = clock.now()
        with self.app.app_context(), transaction.write() as tx:
            group_session = self._visit(tx, "open", now)
            tx.execute(update(Patient).where(Patient.id.in_([getattr(self.cast, who).id for who in SEATED])).values(in_person=False))
            tx.add_all(
                SessionTeamMember(session_id=group_session.id, staff_member_id=getattr(self.cast, key).id, role=role, place="Room 2")
                for key, role in (TEAM | {"ivo": "facilitator"}).items()
            )
            seats = {}
            for number, who in enumerate(SEATED, start=1):
                seat = Seat(
                    id=ids.new_id(),
                    session_id=group_session.id,
                    patient_id=getattr(self.cast, who).id,
                    state="arrived",
                    seat_no=number,
                    slip_number=number,
                    changed_at=now,
                )
                tx.add(seat)
                seats[who] = seat.id
            tx.flush()
            slots = {}
            for position, who in enumerate(SEATED, start=1):
                slot = Slot(id=ids.new_id(), session_id=group_session.id, seat_id=seats[who], patient_id=getattr(self.cast, who).id, provider_id=self.cast.osei.id,
                            place="Room 2", position=position, planned_at=now + timedelta(minutes=8 * position), minutes=8, state="planned")  # fmt: skip
                tx.add(slot)
                slots[who] = slot.id
            topics = {}
            for number, (who, state) in enumerate((("rosa", "planned"), ("marcus", "new")), start=1):
                topic = Topic(id=ids.new_id(), session_id=group_session.id, patient_id=getattr(self.cast, who).id, words=f"From home {number}", language="en", route="group",
                              shows_name=False, state=state, minutes=10, proposed_at=now, version=number)  # fmt: skip
                tx.add(topic)
                topics[topic.id] = topic.patient_id
            if under_way:
                for topic in self._under_way(tx, group_session):
                    topics[topic.id] = topic.patient_id
            made = group_session.id
        return Room(self, made, seats, slots, Model(topics=topics, version=2, alarming={*list(topics)[4:]}), guests)

    def _under_way(self, tx: Transaction, group_session: GroupSession) -> list[Topic]:
        now, rosa, marcus, gladys = clock.now(), self.cast.rosa.id, self.cast.marcus.id, self.cast.gladys.id
        told = {"language": "en", "route": "group", "shows_name": False, "minutes": 10, "proposed_at": now}
        old = Topic(id=ids.new_id(), session_id=self.earlier, patient_id=marcus, words="Kept", state="parked", carried_to_id=ids.new_id(), **told)
        tx.add(old)
        tx.flush()
        current = Topic(id=ids.new_id(), session_id=group_session.id, patient_id=gladys, words="Under way", state="current", version=1, **told)
        kept = Topic(
            id=old.carried_to_id, session_id=group_session.id, patient_id=marcus, words="Kept", state="new", carried_from_id=old.id, version=2,
            suggested_words="Kept, in other words", **told,
        )  # fmt: skip
        alarming = Topic(id=ids.new_id(), session_id=group_session.id, patient_id=rosa, words=ALARMING, state="new", hidden_because="alarm", version=2, **told)
        tx.add_all([current, kept, alarming])
        tx.flush()
        group_session.current_topic_id, group_session.topic_started_at, group_session.topic_ends_at = current.id, now, now + timedelta(minutes=10)
        tx.add(Alarm(id=ids.new_id(), session_id=group_session.id, topic_id=alarming.id, patient_id=rosa, phrase="chest pain", language="en", raised_at=now))
        tx.add(Poll(id=ids.new_id(), session_id=group_session.id, topic_id=current.id, opened_at=now))
        tx.add(WaitingGuest(id=ids.new_id(), session_id=group_session.id, number=1, browser_session_id=ids.new_id(), asked_at=now))
        tx.flush()
        return [current, kept, alarming]


class Room:
    """One visit and its devices. Every public method is a step; each ends with nothing half done."""

    def __init__(self, house: House, session_id: str, seats: dict[str, str], slots: dict[str, str], model: Model, guests: int) -> None:
        self.house, self.app, self.cast, self.session_id, self.seats, self.slots = house, house.app, house.cast, session_id, seats, slots
        self.model, self.words = model, 0
        self.kept: tuple[Path, Model] | None = None
        wall = actors.display(ids.new_id(), self.cast.clinic_id, session_id)
        house.people["wall"], house.browsers["wall"] = wall, signed_in(self.app, wall)
        here = [*DEVICES[:3], *(each for number, each in enumerate(DEVICES[3:]) if guests >> number & 1)]
        self.devices = [Device(number, who, audience, house.people[who], house.browsers[who]) for number, (who, audience) in enumerate(here)]
        self.secrets = [getattr(self.cast, who).id for who in SEATED] + [name.capitalize() for name in SEATED] + list(seats.values())
        self.seen: Counter[str] = house.seen
        self.commands = set(self.app.extensions["socket_door"].actions)

    # ---------- what people do ----------

    def act(self, device: Device, what: int, which: int) -> None:
        """A person does something with what their screen shows; it is stored, not sent."""
        if device.audience == "display":
            return
        topics = self._in_order(device.screen.lists["topics"])
        topic = topics[which % len(topics)] if topics else ""
        made = {"patient": self._patients, "facilitator": self._facilitators, "clinician": self._clinicians}[device.audience](device, topic, which)
        name, body = made[what % len(made)]
        assert name in self.commands, name
        if "topic_id" not in body or body["topic_id"]:
            device.queue.add(Record(name, self.session_id, body))

    def say(self, device: Device, name: str, body: dict[str, Any]) -> None:
        """A person does this, and it is received."""
        record = device.queue.add(Record(name, self.session_id, body))
        self.send(device, "arrives")
        assert record.command_id in device.received, name

    def _in_order(self, topic_ids: Iterable[str]) -> list[str]:
        """Ids are random; a sequence that is played again must mean the same topics."""
        known = {topic_id: number for number, topic_id in enumerate(self.model.topics)}
        return sorted(topic_ids, key=lambda topic_id: (known.get(topic_id, len(known)), topic_id))

    def _next(self) -> int:
        self.words += 1
        return self.words

    def _words(self, which: int) -> str:
        """Now and then what somebody has to look at first."""
        return f"{(ALARMING, 'Question', PERSONAL, 'Question')[which // 4 % 4]} {self._next()}"

    def _patients(self, device: Device, topic: str, which: int) -> list[Act]:
        own = (device.screen.me or {"topics": []})["topics"]
        mine = own[which % len(own)]["id"] if own else topic
        language = LANGUAGES[which % 3]
        acts: list[Act] = [
            ("agenda:propose", {"words": self._words(which), "route": "group" if which % 4 else "one_on_one", "shows_name": which % 2 == 0}),
            ("agenda:propose", {"words": f"Question {self._next()}", "route": "group"}),
            ("agenda:support", {"topic_id": topic, "on": True}),
            ("agenda:support", {"topic_id": topic, "on": which % 2 == 0}),
            ("agenda:take_back", {"topic_id": mine}),
            ("agenda:reword", {"topic_id": mine, "words": f"Other words {self._next()}"}),
            ("agenda:route", {"topic_id": mine, "route": "group" if which % 2 else "one_on_one"}),
            ("agenda:keep_apart", {"topic_id": mine}),
            ("agenda:translate", {"topic_id": topic, "language": language, "words": self._words(which)}),
            ("agenda:drop_translation", {"topic_id": topic, "language": language}),
            ("live:wish", {"in_person": which % 2 == 0}),
            ("live:listen", {"on": which % 2 == 0}),
            ("slots:answer", {"slot_id": self.slots[device.who], "answer": "coming" if which % 2 else "help"}),
        ]
        if poll := device.screen.run.get("poll"):
            acts += [("live:answer_poll", {"poll_id": poll["id"], "answer": ANSWERS[which % 3]})] * 3
        acts += [("agenda:agree_words", {"topic_id": each["id"], "agree": which % 2 == 0}) for each in own if each["suggested_words"]] * 2
        acts += [("agenda:still_matters", {"topic_id": each["id"], "matters": which % 2 == 0}) for each in own if each["carried"]]
        acts += [
            ("agenda:drop_translation", {"topic_id": each["topic_id"], "language": each["language"]}) for each in (device.screen.me or {}).get("translated", [])
        ]
        return acts

    def _facilitators(self, device: Device, topic: str, which: int) -> list[Act]:
        topics, run = device.screen.lists["topics"], device.screen.run
        planned = self._in_order(key for key, each in topics.items() if each["state"] == "planned")
        other = self._in_order(topics)[(which // 7) % len(topics)] if topics else ""
        current = next((key for key, each in topics.items() if each["state"] == "current"), topic)
        joined = next((key for key in self._in_order(topics) if topics[key]["state"] == "merged"), topic)
        split = next((key for key in self._in_order(topics) if topics[key]["state"] == "split"), topic)
        seen = {"base_rev": topics[topic]["rev"]} if "rev" in topics.get(topic, {}) and which % 3 == 0 else {}
        base = {"base_version": device.screen.version} if which % 3 == 0 and device.screen.version >= 0 else {}
        seat = self.seats[SEATED[which % len(SEATED)]]
        acts: list[Act] = [
            ("agenda:plan", {"topic_id": topic}),
            ("agenda:plan", {"topic_id": topic, **seen}),
            ("agenda:start", {"topic_id": topic, "minutes": 5, **seen}),
            ("agenda:finish", {"topic_id": current, "outcome": "We try it"}),
            ("agenda:park", {"topic_id": topic, "reason": ("", "no_time", "Next time")[which % 3], **seen}),
            ("agenda:extend", {"topic_id": current, "minutes": 5}),
            ("agenda:order", {"topic_ids": planned[::-1] if which % 3 else [], **base}),
            ("agenda:propose_for", {"seat_id": self.seats["teo"], "words": self._words(which), "route": "group" if which % 3 else "one_on_one"}),
            ("live:phase", {"phase": which % 5}),
            ("live:curtain", {"on": which % 2 == 0}),
            ("agenda:decline", {"topic_id": topic, "reason": "no_time", **seen}),
            ("agenda:ask_privately", {"topic_id": topic, **seen}),
            ("agenda:show", {"topic_id": topic}),
            ("agenda:suggest_words", {"topic_id": topic, "words": f"Better words {self._next()}", **seen}),
            ("agenda:show_supports", {"on": which % 2 == 0}),
            ("agenda:merge", {"topic_id": topic, "into_id": other, **seen}),
            ("agenda:unmerge", {"topic_id": joined}),
            ("agenda:split", {"topic_id": topic, "parts": [f"Part {self._next()}", f"Part {self._next()}"]}),
            ("agenda:unsplit", {"topic_id": split}),
            ("agenda:drop_translation", {"topic_id": topic, "language": LANGUAGES[which % 3]}),
            ("live:gather", {"minutes": which % 3}),
            ("live:prompt", {"phase": which % 5, "prompt": f"Say this {self._next()}", "watch": "The time", **base}),
            ("live:phase_owner", {"phase": which % 5, "owner": "" if which % 2 else "Everybody", "seat_id": seat if which % 2 else "", **base}),
            ("live:share_time", {}),
            ("live:hand_over", {"staff_member_id": self.house.people[("tomas", "ivo")[which % 2]].id if which % 3 else ""}),
            ("live:take_over", {}),
            ("live:ask_room", {"topic_id": current}),
            ("slots:tell", {"slot_id": self.slots[SEATED[which % len(SEATED)]]}),
            ("slots:plan", {}),
            ("live:close", {"unseen": list(self.seats.values()), "because": ["call_tomorrow"] * len(self.seats)})
            if which % 5 == 0
            else ("live:curtain", {"on": True}),
        ]
        if poll := run.get("poll"):
            acts.append(("live:end_poll", {"poll_id": poll["id"]}))
        acts += [("live:admit", {"guest_id": guest, "seat_id": seat}) for guest in device.screen.lists["guests"]]
        acts += [
            ("agenda:drop_translation", {"topic_id": key, "language": each["language"]})
            for key in self._in_order(topics)
            for each in topics[key].get("translations", [])
        ]
        return acts + self._alarm_acts(device, which)

    def _clinicians(self, device: Device, topic: str, which: int) -> list[Act]:
        slot = self.slots[SEATED[which % len(SEATED)]]
        started = next((each["id"] for each in device.screen.lists["slots"].values() if each["state"] == "started"), slot)
        acts: list[Act] = [(f"slots:{verb}", {"slot_id": slot}) for verb in ("call", "start", "finish", "missed")]
        return [*acts, ("slots:call_next", {"slot_id": slot, "finish_slot_id": started}), *self._alarm_acts(device, which)]

    def _alarm_acts(self, device: Device, which: int) -> list[Act]:
        acts: list[Act] = []
        for alarm in device.screen.lists["alarms"].values():
            others = [{"staff_member_id": self.cast.osei.id}] if which % 3 == 0 else [{}]
            acts += [("live:take_alarm", {"alarm_id": alarm["id"], **each}) for each in others]
            acts += [("live:end_alarm", {"alarm_id": alarm["id"], "reason": "Looked after", "show": which % 2 == 0})]
        return acts * 3

    # ---------- what networks do ----------

    def send(self, device: Device, fate: str) -> None:
        """The flusher sends its next command, by socket if there is a line, else by POST."""
        record = device.queue.next()
        if record is None or device.asleep:
            return
        if fate == "late":  # the phone gives up waiting; the copy arrives when nobody expects it any more
            device.late.append(record)
            answer = None
        elif fate == "lost":
            answer = None
        else:
            answer = self._serve(device, record, by_post=fate == "posted")
            if fate == "doubled":
                answer = self._serve(device, record, by_post=True)
            elif fate == "unanswered":
                answer = None
        self._told(device, record, answer)

    def arrive_late(self, device: Device, which: int) -> None:
        if device.late:
            self._serve(device, device.late.pop(which % len(device.late)), by_post=which % 2 == 0)

    def deliver(self, device: Device, how_many: int, *, overtaking: bool = False) -> None:
        """The next messages arrive; with `overtaking` the second one first."""
        if device.asleep:
            return
        for _ in range(how_many):
            if not device.down:
                return
            second = overtaking and len(device.down) > 1 and not any(_is_presence(body) for _, body in device.down[:2])
            self._hear(device, *device.down.pop(1 if second else 0))

    def lose_one(self, device: Device) -> None:
        """A message for everybody does not come through; the line goes on."""
        if device.down and device.down[0][0] != "session:mine" and not _is_presence(device.down[0][1]):
            device.down.pop(0)

    def cut(self, device: Device, *, silently: bool = False) -> None:
        """The line is gone with what was on it. Silently: the server notices when the next line is made."""
        device.down.clear()
        if silently:
            device.deaf = True
        else:
            self._hang_up(device)

    def connect(self, device: Device) -> None:
        if device.asleep or (device.line is not None and not device.deaf):
            return
        self._hang_up(device)
        door = self.app.extensions["socketio"]
        line = door.test_client(self.app, headers={"Origin": "http://localhost"}, flask_test_client=device.browser)
        answer = line.emit("live:subscribe", {"session_id": self.session_id, "audience": device.audience}, callback=True)
        assert answer["ok"], answer
        device.line, device.deaf = line, False
        device.queue.held = False
        self._collect()
        device.screen.want()

    def ask_snapshot(self, device: Device) -> None:
        """The phone asks and the server answers; the answer is on its way."""
        if device.screen.wants and not device.asleep:
            device.screen.asks()
            self.seen["fetched"] += 1
            device.snapshot = self.true_for(device)

    def get_snapshot(self, device: Device, *, lost: bool = False) -> None:
        if device.screen.fetching:
            with self._keeps_topics(device):
                device.screen.answered(None if lost else device.snapshot)
            device.snapshot = None
            if lost:
                device.screen.want()

    def tick(self) -> None:
        with self.app.app_context():
            Ticker()()
        self._collect()

    # ---------- what devices and servers do ----------

    def sleep(self, device: Device) -> None:
        device.asleep = True
        self.cut(device, silently=True)

    def wake(self, device: Device) -> None:
        device.asleep = False
        device.screen.want()

    def load_again(self, device: Device) -> None:
        """The page is closed and opened: the device remembers what it has not sent, and nothing else."""
        if not device.asleep:
            self.cut(device)
            device.load()

    def restart(self) -> None:
        """The server dies and comes back: every line and all it knew by heart are gone."""
        for device in self.devices:
            self.cut(device)
            self._lose_fetch(device)
        self.app.extensions["presence"] = Presence()

    def power_cut(self, device: Device, *, committed: bool) -> None:
        """The server dies while it carries out a command: a moment before its commit, or a moment after."""
        record = device.queue.next()
        if record is None or device.asleep:
            return
        with self._dying(committed=committed):
            answer = self._serve(device, record, by_post=False)
        if answer is None and committed:
            self._note_silently(device, record)
        self._told(device, record, answer if answer is not None and not answer["ok"] else None)
        self.restart()

    def back_up(self) -> None:
        if self._is_sqlite and self.kept is None:
            folder = self.app.extensions["config"].instance / "kept"
            folder.mkdir(exist_ok=True)
            target = folder / f"{self.session_id}.db"
            here, there = sqlite3.connect(self._file), sqlite3.connect(target)
            here.backup(there)
            here.close()
            there.close()
            self.kept = target, self.model.copy()

    def restore(self) -> None:
        """The backup is put back: what was acknowledged since then is gone, and each screen is told so by the new epoch."""
        if self.kept is None:
            return
        (file, model), self.kept = self.kept, None
        self.restart()
        with self.app.app_context():
            backup.restore(self.app.extensions["config"], file, say=lambda _: None)
        for leftover in (*self._file.parent.glob("*.before-restore*"), *self._file.parent.glob("*before*.db*"), file):
            leftover.unlink(missing_ok=True)
        self.model = model
        for who in STAFF:  # a restore signs the staff out
            self.house.browsers[who] = signed_in(self.app, self.house.people[who])
        for device in self.devices:
            device.browser = self.house.browsers[device.who]
            device.received = {key: record for key, record in device.received.items() if key in model.executed}

    # ---------- quiet time ----------

    def settle(self) -> None:
        """The network is good again: everybody looks at their screen, everything waiting is sent, a tick passes."""
        for device in self.devices:
            while device.late:
                self.arrive_late(device, 0)
            self.get_snapshot(device)
            if device.asleep:
                self.wake(device)
        for turn in range(MOST_ROUNDS):
            for device in self.devices:
                self.connect(device)
                while device.queue.next():
                    self.send(device, "arrives")
            if turn == 0:
                self.tick()
            for device in self.devices:
                self.deliver(device, len(device.down))
                self.ask_snapshot(device)
                self.get_snapshot(device)
            if not any(device.down or device.screen.wants for device in self.devices):
                return
        raise AssertionError("the room does not come to rest")

    def check(self) -> None:
        """What must be true after quiet time."""
        true = {(device.who, device.audience): shown_by(self.true_for(device)) for device in self.devices}
        for device in self.devices:
            wrong = differences(device.screen.shows(), true[device.who, device.audience])
            assert not wrong, f"{device.who} {device.audience}: {wrong}"
        with self.app.app_context():
            rows = {
                topic.id: topic.patient_id
                for topic in db.session.scalars(select(Topic).where(Topic.session_id == self.session_id, Topic.split_from_id.is_(None)))
            }
            told = db.session.execute(
                select(Support.topic_id, Support.patient_id).join(Topic, Topic.id == Support.topic_id).where(Topic.session_id == self.session_id)
            ).all()
            stored = set(db.session.scalars(select(CommandRecord.id).where(CommandRecord.id.in_(self.model.executed))))
            about = (Alarm.session_id == self.session_id, Alarm.topic_id.in_(self.model.alarming))
            alarms = [tuple(row) for row in db.session.execute(select(Alarm.topic_id, Alarm.patient_id, Alarm.ended_at.is_(None)).where(*about))]
            answers = db.session.execute(
                select(PollAnswer.poll_id, PollAnswer.patient_id, PollAnswer.answer).join(Poll).where(Poll.session_id == self.session_id)
            ).all()
            seats = select(Seat.patient_id, Seat.listening).where(Seat.session_id == self.session_id, Seat.patient_id.in_(self.model.listening))
            listening = dict(db.session.execute(seats).all())
            wishes = dict(db.session.execute(select(Patient.id, Patient.in_person).where(Patient.id.in_(self.model.wishes))).all())
            db.session.rollback()
        assert rows == self.model.topics, "a topic disappeared, or one came twice"
        whole = set(self.model.topics) - self.model.split
        own = sorted((topic_id, patient_id) for topic_id, patient_id in told if topic_id in whole)
        assert own == sorted(pair for pair in self.model.supports if pair[0] in whole), "one support per person, as last said"
        assert len(set(told)) == len(told)
        assert stored == set(self.model.executed)
        assert {topic_id for topic_id, _, _ in alarms} == set(self.model.alarming), "an alarm disappeared"
        standing = [alarm for alarm in alarms if alarm[2]]  # one that was ended is raised anew by other words of the same person
        assert len(set(standing)) == len(standing), "an alarm stands twice"
        assert {(poll, whose): answer for poll, whose, answer in answers} == self.model.answers, "one answer per person, as last said"
        assert listening == self.model.listening
        assert wishes == self.model.wishes
        assert self._version() == self.model.version
        for device in self.devices:
            assert not device.store
            assert set(device.received) <= stored, "told as received, and not there"

    def true_for(self, device: Device) -> dict[str, Any]:
        with self.app.app_context():
            found = snapshot_for(db.session(), device.actor, self.session_id, device.audience)
            db.session.rollback()
        found = json.loads(json.dumps(found))
        if device.audience == "display":
            self._check_wall(found)
        return found

    def end(self) -> None:
        for device in self.devices:
            self._hang_up(device)
        if self.kept:
            self.kept[0].unlink(missing_ok=True)

    # ---------- how ----------

    @property
    def _file(self) -> Path:
        return self.app.extensions["config"].instance / "groupvisits.db"

    @property
    def _is_sqlite(self) -> bool:
        return self.app.extensions["config"].is_sqlite

    def _version(self) -> int:
        with self.app.app_context():
            found = db.session.scalar(select(GroupSession.version).where(GroupSession.id == self.session_id))
            db.session.rollback()
        return found or 0

    def _serve(self, device: Device, record: Record, *, by_post: bool) -> dict[str, Any] | None:
        """The request is at the server. What it answers, or None if it died."""
        try:
            if device.line is not None and not device.deaf and not by_post:
                answer = device.line.emit(record.name, record.by_socket, callback=True)
            else:
                answer = device.browser.post(
                    f"/sessions/{self.session_id}/commands/{record.name}", json=record.by_post, headers={"Accept": "application/json"}
                ).get_json()
        except PowerCut:
            return None
        finally:
            self._collect()
        assert isinstance(answer, dict), f"{record.name} is not answered"
        self.seen[f"{record.name} {'done' if answer['ok'] else answer['error']['code']}"] += 1
        if answer["ok"]:
            self._carry_out(device, record, answer["result"])
        else:
            assert record.command_id not in self.model.executed, f"carried out, and then refused: {answer}"
        return answer

    def _told(self, device: Device, record: Record, answer: dict[str, Any] | None) -> None:
        if device.queue.answered(record, answer) == "done":
            device.received[record.command_id] = record

    def _note_silently(self, device: Device, record: Record) -> None:
        with self.app.app_context():
            stored = db.session.get(CommandRecord, record.command_id)
            result = stored.result if stored else None
            db.session.rollback()
        if result is not None:
            self._carry_out(device, record, result)

    def _carry_out(self, device: Device, record: Record, result: dict[str, Any]) -> None:
        """What the console writes down for somebody is always Teo's."""
        self.model.carry_out(record, device.actor.id if device.audience == "patient" else self.cast.teo.id, result)

    def _hear(self, device: Device, name: str, body: dict[str, Any]) -> None:
        if device.audience == "display":
            self._check_wall(body)
        if name == "session:mine":
            whose = body.get("me", {}).get("seat_id", self.seats[device.who])
            assert device.audience == "patient" and whose == self.seats[device.who], "somebody else's own part"
        version = device.screen.version
        with self._keeps_topics(device):
            device.screen.hear(name, body)
        self.seen[f"{name} {'applied' if device.screen.version > version or name != 'session:changed' else 'not applied'}"] += 1

    @contextmanager
    def _keeps_topics(self, device: Device) -> Iterator[None]:
        epoch, before = device.screen.epoch, device.topic_ids
        yield
        if device.screen.epoch == epoch:
            assert before <= device.topic_ids or device.audience != "facilitator", "a topic disappeared from a screen"

    def _check_wall(self, body: dict[str, Any]) -> None:
        text = json.dumps(body)
        assert not [secret for secret in self.secrets if secret in text], "the wall is told who somebody is"
        assert NOT_FOR_THE_WALL.isdisjoint(_field_names(body)), NOT_FOR_THE_WALL & _field_names(body)

    def _collect(self) -> None:
        """What the server has said is on its way; to a dead line it is lost."""
        for device in self.devices:
            if device.line is None:
                continue
            said = [(each["name"], each["args"][0]) for each in device.line.queue]
            device.line.queue = []
            if not device.line.is_connected():
                device.line = None
            if not device.deaf:
                device.down += said

    def _hang_up(self, device: Device) -> None:
        line, device.line, device.deaf = device.line, None, False
        if line is not None:
            if line.is_connected():
                line.disconnect()
            type(line).clients.pop(line.eio_sid, None)
            self._collect()

    def _lose_fetch(self, device: Device) -> None:
        self.get_snapshot(device, lost=True)

    @contextmanager
    def _dying(self, *, committed: bool) -> Iterator[None]:
        really: Callable[[Any], None] = transaction.Transaction.commit

        def dies(tx: Any) -> None:
            if committed:
                really(tx)
            raise PowerCut

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transaction.Transaction, "commit", dies)
            yield


def _is_presence(body: dict[str, Any]) -> bool:
    return body.get("since") == body["version"]


def _field_names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(_field_names(each) for each in value.values()))
    return set().union(*(_field_names(each) for each in value)) if isinstance(value, list) else set()


def play(room: Room, kind: str, first: int, second: int) -> None:
    """One step, named by a word and two numbers."""
    device = room.devices[first % len(room.devices)]
    steps: dict[str, Callable[[], None]] = {
        "act": lambda: room.act(device, second, first // 7),
        "send": lambda: room.send(device, "arrives"),
        "act and send": lambda: (room.act(device, second, first // 7), room.send(device, "arrives"))[0],
        "send badly": lambda: (
            device.store or room.act(device, second, first // 7),
            room.send(device, ("lost", "unanswered", "doubled", "late", "posted")[first % 5]),
        )[1],
        "arrive late": lambda: room.arrive_late(device, second),
        "deliver": lambda: room.deliver(device, 1 + second % 4),
        "overtake": lambda: room.deliver(device, 1 + second % 3, overtaking=True),
        "lose one": lambda: room.lose_one(device),
        "ask": lambda: room.ask_snapshot(device),
        "get": lambda: room.get_snapshot(device, lost=second % 4 == 0),
        "cut": lambda: room.cut(device, silently=second % 2 == 0),
        "connect": lambda: room.connect(device),
        "sleep": lambda: room.sleep(device),
        "wake": lambda: room.wake(device),
        "load again": lambda: room.load_again(device),
        "tick": room.tick,
        "restart": room.restart,
        "power cut": lambda: (device.store or room.act(device, second, first // 7), room.power_cut(device, committed=first % 2 == 0))[1],
        "back up": room.back_up,
        "restore": room.restore,
    }
    steps[kind]()


KINDS = (
    *["act and send"] * 20, *["act"] * 2, *["send"] * 2, *["send badly"] * 4, *["deliver"] * 6, *["ask"] * 2, *["get"] * 2, *["connect"] * 2,
    "arrive late", "overtake", "lose one", "cut", "sleep", "wake", "load again", "tick", "restart", "power cut", "back up", "restore",
)  # fmt: skip
