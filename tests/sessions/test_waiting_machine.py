"""Seats, the waiting list and offers of one date against a small model of them, walked at random by Hypothesis.

The model says in forty lines what the rules of docs/decisions/013 mean; it knows no table, no clock and no code of ours. After each step the
rows must say the same, and what must always be true is looked up in the rows alone.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, update

from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.errors import DomainError
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.patients.models import Pair, Patient
from groupvisits.sessions import rules, service
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import offers
from tests.cast import Cast
from tests.sessions.arrange import a_date

PEOPLE = tuple("abcdef")
PAIR = {"e": "f", "f": "e"}  # they come together
PLACES = 3
REFUSED = "refused"
WALKS = int(os.environ.get("WALKS", "40"))  # WALKS=1000 for a night


@dataclass
class Model:
    """What each person's seat says, who waits in which order, who has an offer, and who holds a place for a reason."""

    says: dict[str, str] = field(default_factory=lambda: dict.fromkeys(PEOPLE, "invited"))
    line: list[list[str]] = field(default_factory=list)
    offered: list[list[str]] = field(default_factory=list)
    beyond: set[str] = field(default_factory=set)

    @property
    def held(self) -> list[str]:
        return [who for who in PEOPLE if self.says[who] in ("confirmed", "offered")]

    @property
    def free(self) -> int:
        return PLACES - len(self.held)

    def together(self, who: str) -> list[str]:
        other = PAIR.get(who)
        return [who, other] if other and self.says[other] in ("invited", "waitlisted") else [who]

    def entry(self, who: str) -> list[str] | None:
        return next((entry for entry in (*self.line, *self.offered) if who in entry), None)

    def others_fit(self, who: str) -> bool:
        return any(len(entry) <= self.free for entry in self.line if who not in entry)

    def hold(self, people: list[str], state: str) -> None:
        for who in people:
            if self.says[who] not in ("offered", "confirmed") and self.free <= 0:
                self.beyond.add(who)
            self.says[who] = state

    def drop(self, people: list[str], state: str) -> None:
        for who in people:
            self.says[who] = state
            self.beyond.discard(who)

    def forget(self, entry: list[str] | None) -> None:
        self.line = [each for each in self.line if each is not entry]
        self.offered = [each for each in self.offered if each is not entry]

    def move_on(self) -> None:
        while (entry := next((each for each in self.line if len(each) <= self.free), None)) is not None:
            self.offer(entry)

    def offer(self, entry: list[str]) -> None:
        self.forget(entry)
        self.hold(entry, "offered")
        self.offered.append(entry)

    def wait(self, who: str) -> None:
        people = self.together(who)
        entry = next((each for each in self.line if set(each) & set(people)), None)
        if entry is None:
            entry = []
            self.line.append(entry)
        entry.extend(each for each in people if each not in entry)
        for each in entry:
            self.says[each] = "waitlisted"
        self.move_on()

    def yes(self, who: str) -> None:
        if self.says[who] not in ("confirmed", "offered"):
            if len(self.together(who)) <= self.free and not self.others_fit(who):
                return self.take(who)
            self.wait(who)
        if self.says[who] == "offered":
            self.accept(who)
        return None

    def take(self, who: str) -> None:
        people = self.together(who)
        for each in people:
            self.forget(self.entry(each))
        self.hold(people[1:] + people[:1], "confirmed")

    def accept(self, who: str) -> None:
        entry = self.entry(who) or [who]
        self.hold(entry, "confirmed")
        self.forget(entry)

    def no(self, who: str) -> None:
        if self.says[who] == "declined":
            return
        other = PAIR.get(who)
        people = [who, other] if other and self.says[other] in ("invited", "waitlisted", "offered", "confirmed") else [who]
        for each in people:
            self.forget(self.entry(each))
        self.drop(people, "declined")
        self.move_on()

    def end(self, who: str, state: str) -> None:
        entry = self.entry(who) or []
        self.forget(entry)
        self.drop(entry, state)
        self.move_on()

    def take_off(self, who: str, state: str = "cancelled") -> None:
        entry = self.entry(who)
        if entry is not None:
            entry.remove(who)
        self.line, self.offered = [each for each in self.line if each], [each for each in self.offered if each]
        self.drop([who], state)
        self.move_on()


class WaitingList(RuleBasedStateMachine):
    app: Flask
    cast: Cast

    @initialize(taken=st.integers(0, PLACES), waits=st.booleans())
    def a_date_with_three_places(self, taken: int, waits: bool) -> None:
        """Six people are asked, some have a place already, the others may wait; new for each walk, so that the database need not be emptied."""
        cast, now = self.cast, clock.now()
        self.model = Model()
        with self.app.app_context(), write() as tx:
            starts_at = now + timedelta(days=20, seconds=len(tx.scalars(select(GroupSession.id)).all()))
            visit = a_date(tx, cast, starts_at, maximum=PLACES)
            self.session_id, self.id_of = visit.id, {who: ids.new_id() for who in PEOPLE}
            tx.add_all(
                Patient(id=self.id_of[who], clinic_id=cast.clinic_id, given_name=who, family_name="W", display_name=who, created_at=now) for who in PEOPLE
            )
            tx.flush()
            for number, who in enumerate(PEOPLE, start=1):
                says = {"state": "confirmed", "seat_no": number} if number <= taken else {"state": "invited"}
                tx.add(Seat(id=ids.new_id(), session_id=visit.id, patient_id=self.id_of[who], changed_at=now, **says))
                self.model.says[who] = says["state"]
            tx.add(Pair(id=ids.new_id(), clinic_id=cast.clinic_id, first_id=self.id_of["e"], second_id=self.id_of["f"], created_at=now))
            tx.flush()
            audit.record(tx, cast.joanne, "sessions:make", visit, session_id=visit.id)
        self.name_of = {patient_id: who for who, patient_id in self.id_of.items()}
        for who in PEOPLE[taken:] if waits else ():
            self.somebody_asks_to_wait(who)

    def do(self, verb: Any, actor: Any, *args: Any, **kwargs: Any) -> str:
        with self.app.app_context():
            try:
                run(verb, actor, self.session_id, *args, **kwargs)
            except DomainError as refusal:
                return REFUSED if isinstance(refusal, rules.SessionFull | waiting.NoPlaceFree | waiting.AheadReasonNeeded) else type(refusal).__name__
        return "done"

    def patient(self, who: str) -> Any:
        return actors.patient(self.id_of[who], self.cast.clinic_id, who)

    def row(self, who: str) -> Any:
        with self.app.app_context():
            found = db.session.scalar(select(Seat.id).where(Seat.session_id == self.session_id, Seat.patient_id == self.id_of[who]))
            db.session.rollback()
        return found

    def entry_id(self, who: str) -> str:
        mine = (WaitingListEntry.patient_id == self.id_of[who]) | (WaitingListEntry.partner_id == self.id_of[who])
        with self.app.app_context():
            found = db.session.scalar(
                select(WaitingListEntry.id).where(WaitingListEntry.session_id == self.session_id, mine, WaitingListEntry.state.in_(("waiting", "offered")))
            )
            db.session.rollback()
        return str(found)

    # What people do

    @rule(who=st.sampled_from(PEOPLE))
    def a_patient_says_yes(self, who: str) -> None:
        if self.model.says[who] == "cancelled":
            return
        assert self.do(service.answer, self.patient(who), answer="yes") == "done"
        self.model.yes(who)

    @rule(who=st.sampled_from(PEOPLE), skips=st.booleans())
    def a_patient_says_no(self, who: str, skips: bool) -> None:
        if self.model.says[who] == "cancelled":
            return
        assert self.do(service.answer, self.patient(who), answer="skip" if skips else "no") == "done"
        self.model.no(who)

    @rule(who=st.sampled_from(PEOPLE), reason=st.sampled_from(("", "Came a long way")))
    def staff_note_a_yes(self, who: str, reason: str) -> None:
        model, seated = self.model, self.model.says[who] in ("confirmed", "offered")
        allowed = seated or bool(reason) or (len(model.together(who)) <= model.free and not model.others_fit(who))
        assert self.do(service.answer_for, self.cast.joanne, self.row(who), answer="yes", over_maximum_reason=reason) == ("done" if allowed else REFUSED)
        if model.says[who] == "offered":
            model.accept(who)
        elif allowed and not seated:
            model.take(who)
            model.move_on()

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_asks_to_wait(self, who: str) -> None:
        if self.model.says[who] == "confirmed":
            assert self.do(service.join_waiting_list, self.cast.joanne, patient_id=self.id_of[who]) == "HasPlace"
            return
        assert self.do(service.join_waiting_list, self.cast.joanne, patient_id=self.id_of[who]) == "done"
        if self.model.says[who] != "offered":
            self.model.wait(who)

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_stops_waiting(self, who: str) -> None:
        if self.model.says[who] in ("waitlisted", "offered"):
            assert self.do(service.leave_waiting_list, self.patient(who)) == "done"
            self.model.end(who, "declined")

    @precondition(lambda self: self.model.offered)
    @rule(data=st.data(), answer=st.sampled_from(("accept", "decline", "lapse")))
    def an_offer_is_answered(self, data: st.DataObject, answer: str) -> None:
        who = data.draw(st.sampled_from(data.draw(st.sampled_from(self.model.offered))))
        if answer == "accept":
            assert self.do(service.accept_offer, self.patient(who)) == "done"
            self.model.accept(who)
        elif answer == "decline":
            assert self.do(service.decline_offer, self.cast.joanne, entry_id=self.entry_id(who)) == "done"
            self.model.end(who, "declined")
        else:
            self.lapse(who)

    def lapse(self, who: str) -> None:
        with self.app.app_context():
            with write() as tx:
                mine = Offer.entry_id == self.entry_id(who)
                tx.execute(update(Offer).where(mine, Offer.state == "open").values(expires_at=clock.now() - timedelta(seconds=1)))
            offers.lapse_offers()
        self.model.end(who, "invited")

    @precondition(lambda self: self.model.line)
    @rule(data=st.data(), reason=st.sampled_from(("", "The interpreter is booked")))
    def staff_offer_by_hand(self, data: st.DataObject, reason: str) -> None:
        entry = data.draw(st.sampled_from(self.model.line))
        assert self.do(service.offer_place, self.cast.joanne, self.entry_id(entry[0]), reason=reason) == ("done" if reason else REFUSED)
        if reason:
            self.model.offer(entry)

    @precondition(lambda self: len(self.model.line) > 1)
    @rule(data=st.data())
    def staff_put_ahead(self, data: st.DataObject) -> None:
        first = data.draw(st.integers(0, len(self.model.line) - 2))
        second = data.draw(st.integers(first + 1, len(self.model.line) - 1))
        before, entry = self.model.line[first], self.model.line[second]
        assert self.do(service.put_ahead, self.cast.joanne, self.entry_id(entry[0]), before_id=self.entry_id(before[0]), reason="Feels worse") == "done"
        self.model.line.remove(entry)
        self.model.line.insert(first, entry)

    @rule(who=st.sampled_from(PEOPLE))
    def staff_take_somebody_off(self, who: str) -> None:
        assert self.do(service.take_back_seat, self.cast.joanne, self.row(who)) == "done"
        if self.model.says[who] != "cancelled":
            self.model.take_off(who)

    @rule(who=st.sampled_from(PEOPLE))
    def staff_ask_somebody_again(self, who: str) -> None:
        if self.model.says[who] == "cancelled":
            assert self.do(service.seat_patient, self.cast.joanne, self.id_of[who], answer="open") == "done"
            self.model.says[who] = "invited"

    # What must be true after each step

    @invariant()
    def rows_say_what_the_model_says(self) -> None:
        seats, line, open_offers = self.rows()
        assert {self.name_of[seat.patient_id]: seat.state for seat in seats} == self.model.says
        assert [set(entry) for entry in line] == [set(entry) for entry in self.model.line]
        assert sorted(sorted(entry) for entry in open_offers) == sorted(sorted(entry) for entry in self.model.offered)

    @invariant()
    def rows_keep_the_promises(self) -> None:
        seats, line, open_offers = self.rows()
        held = [seat for seat in seats if seat.seat_no is not None]
        assert len(held) - sum(bool(seat.over_maximum_reason) for seat in held) <= PLACES
        assert {seat.state for seat in held} <= {"confirmed", "offered"} and all(seat.seat_no for seat in seats if seat.state in ("confirmed", "offered"))
        assert len({seat.seat_no for seat in held}) == len(held)
        assert len({seat.patient_id for seat in seats}) == len(seats)
        assert sum(len(entry) for entry in open_offers) == sum(seat.state == "offered" for seat in seats)
        assert not any(len(entry) <= PLACES - len(held) for entry in line), "somebody waits although a place is free for them and not on offer"

    def rows(self) -> tuple[list[Seat], list[list[str]], list[list[str]]]:
        with self.app.app_context():
            seats = list(db.session.scalars(select(Seat).where(Seat.session_id == self.session_id)))
            entries = db.session.scalars(select(WaitingListEntry).where(WaitingListEntry.session_id == self.session_id, WaitingListEntry.state == "waiting"))
            line = [self.names(entry) for entry in sorted(entries, key=lambda entry: (entry.ahead_at or entry.since, entry.id))]
            offered = select(WaitingListEntry).join(Offer, Offer.entry_id == WaitingListEntry.id)
            found = db.session.scalars(offered.where(Offer.session_id == self.session_id, Offer.state == "open")).all()
            assert all(entry.state == "offered" for entry in found)
            open_offers = [self.names(entry) for entry in found]
            db.session.expunge_all()
            db.session.rollback()
        return seats, line, open_offers

    def names(self, entry: WaitingListEntry) -> list[str]:
        return [self.name_of[each] for each in (entry.patient_id, entry.partner_id) if each]


@pytest.mark.timeout(120 + 2 * WALKS)
def test_seats_waiting_list_and_offers_do_what_the_model_does(app: Flask, cast: Cast) -> None:
    class Here(WaitingList):
        pass

    Here.app, Here.cast = app, cast
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Here, settings=settings(max_examples=WALKS, stateful_step_count=30, deadline=None, suppress_health_check=slow, database=None, phases=[Phase.generate])
    )
