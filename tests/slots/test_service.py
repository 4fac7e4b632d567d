"""One-on-ones on the real database: planning with the session, calling, answering, finishing, and who may."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Topic
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, CommandReused, run_command
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.sessions import service as sessions
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.rules import WrongState
from groupvisits.slots import queries, rules, service
from groupvisits.slots.models import Slot
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def slot_of(cast: Cast, name: str) -> Slot:
    db.session.rollback()
    slot = queries.slot_of_seat(db.session(), cast.seats[name])
    assert slot is not None
    return slot


def slots(cast: Cast) -> list[Slot]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Slot).where(Slot.session_id == cast.session_id)))


def opened(cast: Cast) -> None:
    run(sessions.open_session, cast.tomas, cast.session_id)


def act(verb: Any, actor: Actor, cast: Cast, name: str, **more: Any) -> dict[str, Any]:
    return run(verb, actor, cast.session_id, slot_id=slot_of(cast, name).id, **more)


@contextmanager
def told(app: Any) -> Iterator[list[SessionChanged]]:
    heard: list[SessionChanged] = []
    listeners = app.extensions["listeners"]._after[SessionChanged]
    listeners.append(heard.append)
    try:
        yield heard
    finally:
        listeners.remove(heard.append)


def test_opening_the_room_gives_everybody_a_one_on_one(cast: Cast) -> None:
    opened(cast)
    assert {(s.provider_id, s.position) for s in slots(cast)} == {(who.id, position) for who in (cast.osei, cast.farrow) for position in (1, 2, 3)}
    rosa = slot_of(cast, "rosa")
    starts_at = db.session.get_one(GroupSession, cast.session_id).starts_at
    assert (rosa.provider_id, rosa.place, rosa.planned_at, rosa.minutes, rosa.state) == (
        cast.osei.id,
        "Room 2",
        starts_at + timedelta(minutes=25),
        8,
        "planned",
    )


def test_each_version_is_announced_once(cast: Cast, app: Any) -> None:
    with told(app) as heard:
        opened(cast)
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
        act(service.call, cast.osei, cast, "rosa")
    version = db.session.get_one(GroupSession, cast.session_id).version
    assert [change.version for change in heard] == list(range(1, version + 1))


def test_planning_twice_is_the_same_as_once(cast: Cast) -> None:
    first = run(service.plan_slots, cast.joanne, cast.session_id)
    before = [(s.id, s.provider_id, s.position, s.planned_at) for s in slots(cast)]
    second = run(service.plan_slots, cast.tomas, cast.session_id)
    assert (first["planned"], second["planned"], second["version"]) == (6, 0, first["version"])
    assert [(s.id, s.provider_id, s.position, s.planned_at) for s in slots(cast)] == before


def test_somebody_who_comes_later_has_one_too(cast: Cast) -> None:
    opened(cast)
    with write() as tx:
        seat = sessions.take_seat(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), cast.walter.id)
        seat_id = seat.id
    run(sessions.check_in, cast.nia, cast.session_id, seat_id)
    walters = queries.slot_of_seat(db.session(), seat_id)
    assert walters is not None
    assert walters.position == 4


def test_whoever_gave_back_their_seat_is_not_waited_for(cast: Cast) -> None:
    opened(cast)
    with write() as tx:
        sessions.free_seat(tx, cast.joanne, tx.get_one(Seat, cast.seats["frank"]), "declined")
    assert slot_of(cast, "frank").state == "missed"
    run(service.plan_slots, cast.joanne, cast.session_id)
    assert slot_of(cast, "frank").state == "missed"
    with write() as tx:
        sessions.take_seat(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), cast.frank.id)
    run(service.plan_slots, cast.joanne, cast.session_id)
    assert slot_of(cast, "frank").state == "planned"


def here(cast: Cast, *names: str) -> None:
    for name in names:
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])


def test_a_check_in_taken_back_takes_the_call_back(cast: Cast, app: Any) -> None:
    opened(cast)
    here(cast, "gladys", "rosa")
    act(service.call, cast.osei, cast, "rosa")
    act(service.answer, cast.rosa, cast, "rosa", answer="coming")
    with told(app) as heard:
        run(sessions.undo_check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    rosa = slot_of(cast, "rosa")
    assert (rosa.state, rosa.called_at, rosa.answer) == ("planned", None, "")
    assert [change.slots for change in heard if change.slots] == [(rosa.id,)]
    mine = queries.board_for(db.session(), cast.osei, cast.session_id, clock.now()).mine
    assert mine is not None and mine.next is not None and mine.next.slot.patient_id == cast.gladys.id
    act(service.call, cast.osei, cast, "gladys")  # nobody is on the way any more


def test_who_says_no_after_all_is_not_called_and_has_a_one_on_one_again_when_they_come(cast: Cast) -> None:
    run(service.plan_slots, cast.joanne, cast.session_id)
    run(sessions.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="no")
    assert slot_of(cast, "rosa").state == "missed"
    opened(cast)
    here(cast, "rosa")
    assert slot_of(cast, "rosa").state == "planned"


def test_what_has_begun_goes_on_when_a_check_in_is_taken_back(cast: Cast) -> None:
    opened(cast)
    here(cast, "rosa")
    act(service.start, cast.osei, cast, "rosa")
    run(sessions.undo_check_in, cast.joanne, cast.session_id, cast.seats["rosa"], back_to="cancelled")
    assert slot_of(cast, "rosa").state == "started"


def test_a_cancelled_date_keeps_nobody_waiting(cast: Cast) -> None:
    run(service.plan_slots, cast.joanne, cast.session_id)
    run(sessions.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    assert {slot.state for slot in slots(cast)} == {"missed"}


def test_nobody_to_see_is_said(cast: Cast) -> None:
    with write() as tx:
        tx.execute(db.delete(SessionTeamMember).where(SessionTeamMember.role == "resident"))
    with pytest.raises(rules.NobodyToSee):
        run(service.plan_slots, cast.joanne, cast.session_id)
    opened(cast)  # opening goes on without
    assert slots(cast) == []


def test_called_answered_started_finished(cast: Cast) -> None:
    opened(cast)
    with time_machine.travel(clock.now(), tick=False) as at:
        act(service.call, cast.osei, cast, "rosa")
        at.shift(30)
        assert act(service.answer, cast.rosa, cast, "rosa", answer="coming")["state"] == "coming"
        at.shift(30)
        act(service.start, cast.osei, cast, "rosa")
        at.shift(240)
        act(service.finish, cast.osei, cast, "rosa")
    rosa = slot_of(cast, "rosa")
    assert (rosa.state, rosa.answer, rules.individual_seconds(rosa.started_at, rosa.finished_at, rosa.finished_at)) == ("finished", "coming", 240)
    actions = list(db.session.scalars(db.select(AuditEntry.action).where(AuditEntry.subject_id == rosa.id).order_by(AuditEntry.number)))
    assert actions == ["slots:call", "slots:answer", "slots:start", "slots:finish"]
    assert list(audit.verify(db.session())) == []


@pytest.mark.parametrize("verb", ["call", "start", "missed"])
def test_twice_is_the_same_as_once(cast: Cast, verb: str) -> None:
    opened(cast)
    first = act(getattr(service, verb), cast.osei, cast, "rosa")
    before = {column.name: getattr(slot_of(cast, "rosa"), column.name) for column in Slot.__table__.columns}
    assert act(getattr(service, verb), cast.osei, cast, "rosa") == first
    assert {column.name: getattr(slot_of(cast, "rosa"), column.name) for column in Slot.__table__.columns} == before


def test_answering_telling_and_finishing_twice_is_the_same_as_once(cast: Cast) -> None:
    opened(cast)
    act(service.call, cast.osei, cast, "rosa")
    assert act(service.tell, cast.tomas, cast, "rosa") == act(service.tell, cast.tomas, cast, "rosa")
    assert slot_of(cast, "rosa").answer == "told"
    assert act(service.answer, cast.rosa, cast, "rosa", answer="coming") == act(service.answer, cast.rosa, cast, "rosa", answer="coming")
    act(service.start, cast.osei, cast, "rosa")
    assert act(service.finish, cast.osei, cast, "rosa") == act(service.finish, cast.osei, cast, "rosa")


def test_a_command_sent_twice_is_carried_out_once(cast: Cast) -> None:
    opened(cast)
    body = {"slot_id": slot_of(cast, "rosa").id}
    command = Command("6f1c", "slots:call", body)
    first = run_command(service.call, cast.osei, command, cast.session_id, **body)
    act(service.missed, cast.osei, cast, "rosa")
    assert run_command(service.call, cast.osei, command, cast.session_id, **body) == first
    assert slot_of(cast, "rosa").state == "missed"
    with pytest.raises(CommandReused):
        run_command(service.call, cast.farrow, command, cast.session_id, **body)


def test_finish_one_and_call_the_next_in_one_act(cast: Cast) -> None:
    opened(cast)
    act(service.start, cast.osei, cast, "rosa")
    with pytest.raises(rules.FinishFirst):
        act(service.call, cast.osei, cast, "gladys")
    act(service.call_next, cast.osei, cast, "gladys", finish_slot_id=slot_of(cast, "rosa").id)
    assert (slot_of(cast, "rosa").state, slot_of(cast, "gladys").state) == ("finished", "called")


def test_a_call_that_nobody_answered_gives_way_to_another(cast: Cast) -> None:
    opened(cast)
    act(service.call, cast.osei, cast, "rosa")
    act(service.call, cast.osei, cast, "gladys")
    assert (slot_of(cast, "rosa").state, slot_of(cast, "rosa").called_at, slot_of(cast, "gladys").state) == ("planned", None, "called")
    act(service.answer, cast.gladys, cast, "gladys", answer="coming")
    with pytest.raises(rules.SomebodyIsComing):
        act(service.call, cast.osei, cast, "rosa")


def test_who_did_not_come_can_be_called_again(cast: Cast) -> None:
    opened(cast)
    act(service.call, cast.osei, cast, "rosa")
    act(service.missed, cast.osei, cast, "rosa")
    with pytest.raises(rules.CallEnded):
        act(service.answer, cast.rosa, cast, "rosa", answer="coming")
    assert act(service.call, cast.osei, cast, "rosa")["state"] == "called"


def test_those_who_wait_learn_that_fewer_are_before_them(cast: Cast, app: Any) -> None:
    opened(cast)
    for name in ("rosa", "gladys", "frank"):
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])
    assert [queries.people_before(db.session(), slot_of(cast, name)) for name in ("rosa", "gladys", "frank")] == [0, 1, 2]
    with told(app) as heard:
        act(service.call, cast.osei, cast, "rosa")
    assert set(heard[0].patients) == {cast.rosa.id, cast.gladys.id, cast.frank.id}
    assert [queries.people_before(db.session(), slot_of(cast, name)) for name in ("rosa", "gladys", "frank")] == [0, 0, 1]


def test_people_who_are_not_here_are_not_before_anybody(cast: Cast) -> None:
    opened(cast)
    run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["frank"])
    assert queries.people_before(db.session(), slot_of(cast, "frank")) == 0


def test_what_they_asked_for_alone_is_answered_when_it_is_finished(cast: Cast, app: Any) -> None:
    opened(cast)
    topic_id = run(agenda.propose_topic, cast.rosa, cast.session_id, words="My pills make me dizzy", route="one_on_one", shows_name=False)["topic_id"]
    act(service.start, cast.osei, cast, "rosa")
    with told(app) as heard:
        act(service.finish, cast.osei, cast, "rosa")
    assert db.session.get_one(Topic, topic_id).state == "answered_one_on_one"
    assert heard[0].topics == (topic_id,)


def test_closing_the_visit_ends_every_one_on_one(cast: Cast) -> None:
    opened(cast)
    act(service.start, cast.osei, cast, "rosa")
    act(service.call, cast.farrow, cast, "marcus")
    run(sessions.close_session, cast.tomas, cast.session_id)
    group_session = db.session.get_one(GroupSession, cast.session_id)
    rosa = slot_of(cast, "rosa")
    assert (rosa.state, rosa.finished_at) == ("finished", group_session.closed_at)
    assert {slot_of(cast, name).state for name in ("marcus", "gladys", "teo", "frank", "beatriz")} == {"missed"}
    with pytest.raises(WrongState):
        act(service.call, cast.osei, cast, "gladys")


def test_nobody_who_came_goes_home_unseen_without_a_word_why(cast: Cast) -> None:
    opened(cast)
    for name in ("rosa", "marcus", "gladys"):
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])
    act(service.start, cast.osei, cast, "rosa")
    for unseen in ((), (cast.seats["marcus"],), (cast.seats["marcus"], cast.seats["teo"])):
        with pytest.raises(rules.UnseenUnexplained):
            run(sessions.close_session, cast.tomas, cast.session_id, unseen=unseen, because=["not_wanted"] * len(unseen))
    with pytest.raises(rules.UnseenUnexplained):
        run(sessions.close_session, cast.tomas, cast.session_id, unseen=[cast.seats["marcus"], cast.seats["gladys"]], because=["not_wanted", "  "])
    db.session.rollback()
    assert db.session.get_one(GroupSession, cast.session_id).state == "open"
    run(sessions.close_session, cast.tomas, cast.session_id, unseen=[cast.seats["marcus"], cast.seats["gladys"]], because=["not_wanted", "Her bus left"])
    assert [slot_of(cast, name).unseen_because for name in ("rosa", "marcus", "gladys", "teo")] == ["", "not_wanted", "Her bus left", ""]


def test_nothing_is_called_before_the_room_is_open(cast: Cast) -> None:
    run(service.plan_slots, cast.osei, cast.session_id)
    with pytest.raises(WrongState):
        act(service.call, cast.osei, cast, "rosa")


@pytest.mark.parametrize("verb", ["call", "start", "finish", "missed"])
def test_another_resident_a_facilitator_or_a_nurse_may_not(cast: Cast, verb: str) -> None:
    opened(cast)
    for somebody in (cast.farrow, cast.tomas, cast.adler, cast.joanne, cast.nia):
        with pytest.raises(NotAllowed):
            act(getattr(service, verb), somebody, cast, "rosa")


def test_planning_is_for_those_who_run_the_visit(cast: Cast) -> None:
    for somebody in (cast.adler, cast.nia, cast.ivo, cast.rosa):
        with pytest.raises(NotAllowed):
            run(service.plan_slots, somebody, cast.session_id)
    opened(cast)
    run(sessions.close_session, cast.tomas, cast.session_id)
    with pytest.raises(WrongState):
        run(service.plan_slots, cast.joanne, cast.session_id)


def test_the_board_is_for_residents_attendings_and_the_facilitator(cast: Cast) -> None:
    for somebody in (cast.joanne, cast.nia, cast.ivo, cast.rosa):
        with pytest.raises(NotAllowed):
            queries.board_for(db.session(), somebody, cast.session_id, clock.now())


def test_a_facilitator_of_another_visit_does_not_tell(cast: Cast) -> None:
    opened(cast)
    act(service.call, cast.osei, cast, "rosa")
    nia = Actor("staff", cast.nia.id, cast.clinic_id, frozenset({"nurse", "facilitator"}), "Nia Cole")  # here she is the nurse
    with pytest.raises(NotAllowed):
        act(service.tell, nia, cast, "rosa")


def test_what_has_begun_or_ended_is_not_called_missed_started_or_told_again(cast: Cast) -> None:
    opened(cast)
    with pytest.raises(rules.CallEnded):
        act(service.tell, cast.tomas, cast, "rosa")
    act(service.start, cast.osei, cast, "rosa")
    for verb in (service.call, service.missed):
        with pytest.raises(rules.InProgress):
            act(verb, cast.osei, cast, "rosa")
    act(service.finish, cast.osei, cast, "rosa")
    for verb in (service.call, service.missed, service.start):
        with pytest.raises(rules.AlreadySeen):
            act(verb, cast.osei, cast, "rosa")


def test_nobody_finishes_anothers_one_on_one_on_the_way(cast: Cast) -> None:
    opened(cast)
    act(service.start, cast.osei, cast, "rosa")
    with pytest.raises(NotAllowed):
        act(service.call_next, cast.farrow, cast, "marcus", finish_slot_id=slot_of(cast, "rosa").id)


def test_a_patient_answers_only_their_own_call(cast: Cast) -> None:
    opened(cast)
    act(service.call, cast.osei, cast, "rosa")
    with pytest.raises(NotFound):
        act(service.answer, cast.marcus, cast, "rosa", answer="coming")
    with pytest.raises(NotAllowed):
        act(service.tell, cast.osei, cast, "rosa")


@pytest.mark.parametrize("verb", ["call", "start", "finish", "missed", "tell"])
def test_a_stranger_finds_nothing(cast: Cast, verb: str) -> None:
    opened(cast)
    with pytest.raises(NotFound):
        act(getattr(service, verb), cast.sol, cast, "rosa")
    with pytest.raises(NotFound):
        run(service.plan_slots, cast.sol, cast.session_id)
    with pytest.raises(NotFound):
        queries.board_for(db.session(), cast.sol, cast.session_id, clock.now())


def test_a_slot_is_not_found_through_another_session(cast: Cast) -> None:
    opened(cast)
    with write() as tx:
        mine = tx.get_one(GroupSession, cast.session_id)
        other = GroupSession(id="other", clinic_id=mine.clinic_id, group_id=mine.group_id, starts_at=mine.starts_at + timedelta(days=28), ends_at=mine.ends_at + timedelta(days=28),
                             wall_time="", zone=mine.zone, maximum=8, state="open", epoch="e")  # fmt: skip
        tx.add(other)
        tx.flush()
        tx.add(SessionTeamMember(session_id="other", staff_member_id=cast.osei.id, role="resident"))
    with pytest.raises(NotFound):
        run(service.call, cast.osei, "other", slot_id=slot_of(cast, "rosa").id)


def test_the_board_knows_who_is_next_and_why(cast: Cast) -> None:
    opened(cast)
    assert board(cast).mine.next is None  # nobody is here
    for name in ("gladys", "rosa"):
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])
    assert board(cast).mine.next.name == "Rosa"
    topic_id = run(agenda.propose_topic, cast.rosa, cast.session_id, words="Walking", route="group", shows_name=False)["topic_id"]
    run(agenda.start_topic, cast.tomas, cast.session_id, topic_id=topic_id, minutes=10)
    assert board(cast).mine.next.name == "Gladys"
    act(service.start, cast.osei, cast, "gladys")
    assert board(cast).mine.with_them.name == "Gladys"
    assert [order.provider.name for order in board(cast).others] == ["Dr Sam Farrow"]


def board(cast: Cast) -> Any:
    db.session.rollback()
    return queries.board_for(db.session(), cast.osei, cast.session_id, clock.now())


def test_individual_and_group_seconds_are_two_numbers(cast: Cast) -> None:
    with time_machine.travel(clock.now(), tick=False) as at:
        opened(cast)
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
        at.shift(600)
        act(service.start, cast.osei, cast, "rosa")
        at.shift(240)
        assert queries.seconds_of(db.session(), slot_of(cast, "rosa"), clock.now()) == (240, 600)


def test_the_slots_of_a_session_come_list_by_list(cast: Cast) -> None:
    opened(cast)
    db.session.rollback()
    found = queries.slots_of(db.session(), place_for(db.session(), cast.osei, cast.session_id))
    assert [slot.position for slot in found] == [1, 2, 3, 1, 2, 3]
