"""A visit that simulated people play against the running server: by slip, over real sockets, with phones that sleep and lines that break.

Nothing here reaches into the server. What the rehearsal needs beforehand (slips from the door, the eyes of the facilitator) is made
in the demo's database, and in no other.
"""

import csv
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from groupvisits.accounts.models import BrowserSession, Installation, StaffMember
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction
from groupvisits.demo.rehearsal.phones import Browser, Phone
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.service import check_in

KEPT_FOR_PEOPLE = 2  # the first patients of the list are left to whoever tries the demo
KINDS = ("steady", "sleepy", "steady", "flaky", "steady")
LONGEST_WORDS = 300
JOINING = 30.0
SETTLING = 30.0


class CannotRehearse(Exception):
    """Says why, in words for the person at the keyboard."""


@dataclass(frozen=True)
class Person:
    name: str
    seat_id: str
    slip: str  # empty for somebody without a phone
    kind: str  # of phone: steady, sleepy, flaky


@dataclass(frozen=True)
class Cast:
    session_id: str
    title: str
    people: list[Person]
    leader: str  # a cookie of the facilitator: console and wall are watched with it


def prepare(tx: Transaction, session_id: str, most: int) -> Cast:
    """Check everybody of the list in but the first two, with a fresh slip each. Refuses any database that is not a demo, and a visit that is not open."""
    installation = tx.get(Installation, 1)
    if installation is None or not installation.is_demo:
        raise CannotRehearse("This database is no practice clinic. A rehearsal never touches a real one: set INSTANCE or DATABASE_URL to a demo.")
    visits = select(GroupSession).where(GroupSession.state == "open").order_by(GroupSession.starts_at.desc())
    visit = tx.scalars(visits.where(GroupSession.id == session_id) if session_id else visits).first()
    if visit is None:
        raise CannotRehearse("No visit is open. Make the demo first, or open one on the facilitator's page.")
    leader = _leader(tx, visit)
    listed = select(Seat, Patient).join(Patient, Patient.id == Seat.patient_id).where(Seat.session_id == visit.id, Seat.state.in_(HOLDING))
    everybody = [(seat, patient) for seat, patient in tx.execute(listed.order_by(Seat.slip_number.is_(None), Seat.slip_number, Seat.seat_no))]
    playing, people = everybody[KEPT_FOR_PEOPLE:][:most], []
    for number, (seat, patient) in enumerate(playing):
        has_phone = number < len(playing) - 1  # the last one writes on a card
        slip = check_in(tx, leader, visit.id, seat.id, new_slip=has_phone)
        people.append(Person(patient.display_name, seat.id, slip if has_phone else "", KINDS[number % len(KINDS)]))
    audit.record(tx, leader, "demo:rehearsed", visit, session_id=visit.id, people=len(people))
    return Cast(visit.id, visit.group.name, people, _eyes_of(tx, leader))


def _leader(tx: Transaction, visit: GroupSession) -> actors.Actor:
    query = select(StaffMember).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    member = tx.scalars(query.where(SessionTeamMember.session_id == visit.id, SessionTeamMember.role == "facilitator")).first()
    if member is None:
        raise CannotRehearse("This visit has no facilitator.")
    return actors.staff(member.id, visit.clinic_id, {role.name for role in member.roles}, member.name)


def _eyes_of(tx: Transaction, leader: actors.Actor) -> str:
    token, now = ids.new_token(), clock.now()
    tx.add(
        BrowserSession(id=ids.fingerprint(token), created_at=now, seen_at=now, ends_at=now + timedelta(hours=2), staff_member_id=leader.id, data={})
    )  # fmt: skip
    return token


def words_from(file: Path, column: str) -> list[str]:
    """Questions to type: a text file's lines, or one column of a CSV file (the first, unless it is named)."""
    text = file.read_text(encoding="utf-8-sig")
    if file.suffix.lower() == ".csv":
        rows = csv.DictReader(text.splitlines(keepends=True))
        column = column or (rows.fieldnames or [""])[0]
        if column not in (rows.fieldnames or []):
            raise CannotRehearse(f"{file.name} has no column {column}. It has: {', '.join(rows.fieldnames or [])}.")
        lines: Iterable[str] = (row[column] or "" for row in rows)
    else:
        lines = text.splitlines()
    found = list(dict.fromkeys(" ".join(line.split())[:LONGEST_WORDS] for line in lines if line.strip()))
    if not found:
        raise CannotRehearse(f"{file.name} holds no question.")
    return found


class Rehearsal:
    """`play` it. `say` is told what happens, in plain words."""

    def __init__(self, base: str, cast: Cast, words: Sequence[str], *, minutes: float, speed: float, leads: bool, seed: int, say: Callable[[str], Any]) -> None:
        self.base, self.cast, self.speed, self.leads, self.seed, self._say = base, cast, speed, leads, seed, say
        self.words: Iterator[str] = iter(words)
        self.ends = time.monotonic() + minutes * 60 / speed
        self.began = time.monotonic()
        self.phones: dict[str, Phone] = {}
        self.console = self._watch("facilitator", "the console")
        self.wall = self._watch("display", "the wall")
        self._turn = threading.Lock()

    def play(self) -> list[str]:
        """Everybody acts until the time is over; then each screen is compared with the server's projection. What is untrue, or nothing."""
        self.console.start()
        self.wall.start()
        if not self.console.until(lambda phone: phone.is_live and phone.is_idle, JOINING):
            return ["the console did not get in"]
        acting = [threading.Thread(target=self._person, args=(person, number), daemon=True) for number, person in enumerate(self.cast.people)]
        if self.leads:
            acting.append(threading.Thread(target=self._lead, daemon=True))
        for thread in acting:
            thread.start()
        for thread in acting:
            thread.join()
        return self._settle()

    # ---------- people ----------

    def _person(self, person: Person, number: int) -> None:
        dice = random.Random(f"{self.seed} {number}")
        self._wait(1 + number * 1.5)
        if not person.slip:
            self._card(person)
            return
        phone = self._joins(person)
        acts = 0
        while phone is not None and not phone.ended and time.monotonic() < self.ends:
            self._act(phone, person, dice)
            acts += 1
            if person.kind == "sleepy" and acts % 2 == 1:
                self.tell(f"{person.name}'s phone falls asleep.")
                phone.sleep()
                self._wait(dice.uniform(8, 25))
                phone.wake()
                self.tell(f"{person.name} looks at the phone again.")
            self._wait(dice.uniform(4, 14))

    def _joins(self, person: Person) -> Phone | None:
        browser = Browser(self.base)
        if not browser.submit(f"/slips/{self.cast.session_id}-{person.slip}"):
            self.tell(f"{person.name} could not come in with the slip.")
            return None
        phone = Phone(browser, self.cast.session_id, name=person.name).start()
        self.phones[person.name] = phone
        self.tell(f"{person.name} comes in with the code on the slip.")
        if not phone.until(lambda each: each.is_live and each.screen.version >= 0, JOINING):
            self.tell(f"{person.name}'s phone has no line yet.")
        return phone

    def _act(self, phone: Phone, person: Person, dice: random.Random) -> None:
        topics = [topic for topic in phone.screen.lists["topics"].values() if topic["state"] in ("new", "planned")]
        me = phone.screen.me or {"topics": [], "supported": []}
        mine = [topic for topic in me["topics"] if topic["state"] in ("new", "planned")]
        others = [topic for topic in topics if topic["id"] not in {own["id"] for own in me["topics"]}]
        chance = dice.random()
        if chance < 0.3 and (words := self._next_words()):
            route = "one_on_one" if dice.random() < 0.15 else "group"
            self._send(phone, person, dice, f"asks{' for the one-on-one only' if route == 'one_on_one' else ''}: {words}",
                       "agenda:propose", words=words, route=route, shows_name=route == "group" and dice.random() < 0.5)  # fmt: skip
        elif chance < 0.36 and mine:
            topic = dice.choice(mine)
            self._send(phone, person, dice, f"takes back: {topic['words']}", "agenda:take_back", topic_id=topic["id"])
        elif others:
            fresh = [topic for topic in others if topic["id"] not in me["supported"]]
            on = bool(fresh) and dice.random() < 0.85
            topic = dice.choice(fresh if on else others)
            self._send(
                phone, person, dice, f"{'says me too' if on else 'no longer says me too'}: {topic.get('words')}", "agenda:support", topic_id=topic["id"], on=on
            )

    def _send(self, phone: Phone, person: Person, dice: random.Random, what: str, name: str, **body: Any) -> None:
        self.tell(f"{person.name} {what}")
        phone.do(name, **body)
        if person.kind == "flaky" and dice.random() < 0.7:
            time.sleep(dice.uniform(0, 0.02))
            phone.cut()
            self.tell(f"{person.name}'s line breaks; the phone keeps it and sends it again.")

    def _card(self, person: Person) -> None:
        words = self._next_words()
        if not words:
            return
        self.tell(f"{person.name} has no phone and writes on a card: {words}")
        if self.leads:
            self.console.do("agenda:propose_for", seat_id=person.seat_id, words=words, route="group")
        else:
            self.tell(f"Type it at the console for {person.name}: Add for someone without a phone.")

    def _lead(self) -> None:
        """A facilitator who does what is needed: agenda, start, finish, park."""
        dice = random.Random(f"{self.seed} leads")
        while not self.console.ended and time.monotonic() < self.ends:
            self._wait(dice.uniform(6, 12))
            topics = [topic for topic in self.console.screen.lists["topics"].values() if topic["route"] == "group"]
            new = [topic for topic in topics if topic["state"] == "new"]
            planned = sorted((topic for topic in topics if topic["state"] == "planned"), key=lambda topic: topic["rank"] or 99)
            here = [topic for topic in planned if topic["held_until"] is None]
            current = next((topic for topic in topics if topic["state"] == "current"), None)
            if new and dice.random() < 0.6:
                self._leads("puts on the agenda", new[0], "agenda:plan")
            elif current and dice.random() < 0.4:
                self._leads("finishes", current, "agenda:finish", outcome="We go on with it next time.")
            elif here and not current:
                self._leads("starts", here[0], "agenda:start", minutes=5)
            elif len(planned) > 4:
                self._leads("parks for the next visit", planned[-1], "agenda:park")

    def _leads(self, what: str, topic: dict[str, Any], name: str, **body: Any) -> None:
        self.tell(f"The facilitator {what}: {topic.get('words')}")
        self.console.do(name, topic_id=topic["id"], **body)

    # ---------- the end ----------

    def _settle(self) -> list[str]:
        """Everybody looks at their phone, what waits is sent; then what is shown is held against what is true."""
        screens = [*self.phones.values(), self.console, self.wall]
        for phone in screens:
            phone.wake()
        deadline = time.monotonic() + SETTLING
        for phone in screens:
            phone.until(lambda each: each.ended or each.is_idle, max(0.1, deadline - time.monotonic()))
        wrong = [f"{phone.name}: {difference}" for phone in screens for difference in self._untrue(phone, deadline)]
        wrong += [f"{phone.name}: {len(phone.queue.store)} sent things have no answer" for phone in screens if phone.queue.store]
        wrong += self._lost_or_doubled()
        answers = [kind for phone in screens for _, kind, _ in phone.answers]
        self.tell(f"{len(answers)} things were sent, {answers.count('done')} received, {answers.count('refused')} refused with a reason.")
        self.tell(
            f"{sum(phone.lines for phone in screens)} lines were made for {len(screens)} screens, the whole room was fetched {sum(phone.fetches for phone in screens)} times."
        )
        for phone in screens:
            phone.close()
        return wrong

    def _untrue(self, phone: Phone, deadline: float) -> list[str]:
        """The room may go on meanwhile: a screen is untrue when it stays so."""
        if phone.ended:
            return [f"was shown out (HTTP {phone.ended})"]
        while True:
            try:
                wrong = phone.untrue()
            except ConnectionError:
                wrong = ["the server does not answer"]
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.3)

    def _lost_or_doubled(self) -> list[str]:
        """What a phone was told is received exists exactly once: each has its own topic, and the facilitator knows it."""
        wrong = []
        known = self.console.screen.lists["topics"]
        for phone in [*self.phones.values(), self.console]:
            sent = [
                (record, answer["result"]["topic_id"]) for record, kind, answer in phone.answers if kind == "done" and record.name.startswith("agenda:propose")
            ]
            if len({topic_id for _, topic_id in sent}) != len(sent):
                wrong.append(f"{phone.name}: two sent topics became one")
            wrong += [f"{phone.name}: a received topic is missing: {record.body['words']}" for record, topic_id in sent if topic_id not in known]
        return wrong

    # ---------- small things ----------

    def tell(self, what: str) -> None:
        with self._turn:
            self._say(f"{int((time.monotonic() - self.began) * self.speed) // 60:02}:{int((time.monotonic() - self.began) * self.speed) % 60:02}  {what}")

    def _watch(self, audience: str, name: str) -> Phone:
        return Phone(Browser(self.base, self.cast.leader), self.cast.session_id, audience, name=name)

    def _next_words(self) -> str:
        with self._turn:
            return next(self.words, "")

    def _wait(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds / self.speed, self.ends - time.monotonic())))
