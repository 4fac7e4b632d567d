"""Seats, the door, series, teams, opening, closing and cancelling."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, commands, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.patients import service as patients
from groupvisits.patients.models import Patient
from groupvisits.programmes import service as programmes
from groupvisits.programmes.models import Membership
from groupvisits.programmes.rules import RoleNotHeld
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.slots import service as slots
from groupvisits.slots.models import Slot
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def make(cast: Cast, count: int = 12) -> None:
    """The group's next dates, as its rule says."""
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=count)
    seen = queries.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"]).seen
    run(service.apply_plan, cast.joanne, cast.group_id, plan["plan_id"], seen=seen, choices={})


def made(cast: Cast) -> list[GroupSession]:
    query = select(GroupSession).where(GroupSession.group_id == cast.group_id, GroupSession.id != cast.session_id).order_by(GroupSession.starts_at)
    return list(db.session.scalars(query))


def seat_of(cast: Cast, name: str) -> Seat:
    return db.session.get_one(Seat, cast.seats[name])


def the_session(cast: Cast) -> GroupSession:
    return db.session.get_one(GroupSession, cast.session_id)


def fill(cast: Cast, maximum: int = 6) -> None:
    """The six of the group hold all places."""
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = maximum


# --- the door


def test_checking_in_gives_a_number_and_a_code(cast: Cast) -> None:
    code = run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    seat = seat_of(cast, "rosa")
    assert (seat.state, seat.slip_number, len(code)) == ("arrived", 1, 6)
    assert seat.slip_code == ids.fingerprint(f"{cast.session_id}:{code}")
    assert list(audit.verify(db.session())) == []


def test_checking_in_twice_is_the_same_as_once(cast: Cast) -> None:
    code = run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"])
    version = the_session(cast).version
    db.session.rollback()
    assert run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"]) == ""
    assert seat_of(cast, "rosa").slip_code == ids.fingerprint(f"{cast.session_id}:{code}")
    assert the_session(cast).version == version


def with_a_printed_card(cast: Cast, name: str, number: int, code: str = "ABC234") -> str:
    with write() as tx:
        seat = tx.get_one(Seat, cast.seats[name])
        seat.slip_number, seat.slip_code = number, ids.fingerprint(f"{cast.session_id}:{code}")
        return seat.slip_code


def test_a_card_printed_beforehand_works_at_the_door(cast: Cast) -> None:
    card = with_a_printed_card(cast, "rosa", 4)
    assert run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"]) == ""
    rosa = seat_of(cast, "rosa")
    assert (rosa.state, rosa.slip_number, rosa.slip_code) == ("arrived", 4, card)
    assert rosa.arrived_at is not None
    assert len(run(service.check_in, cast.nia, cast.session_id, cast.seats["marcus"])) == 6
    assert seat_of(cast, "marcus").slip_number == 5


def test_a_printed_card_still_works_when_the_tap_was_wrong(cast: Cast) -> None:
    card = with_a_printed_card(cast, "rosa", 1)
    with_a_printed_card(cast, "marcus", 2, "DEF567")
    run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"])
    run(service.undo_check_in, cast.nia, cast.session_id, cast.seats["rosa"], keeps_card=True)
    rosa = seat_of(cast, "rosa")
    assert (rosa.state, rosa.slip_number, rosa.slip_code, rosa.arrived_at) == ("confirmed", 1, card, None)


def test_a_new_slip_keeps_the_number_and_ends_the_first_code(cast: Cast) -> None:
    first = run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"])
    second = run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"], new_slip=True)
    assert seat_of(cast, "rosa").slip_number == 1
    assert first != second
    assert seat_of(cast, "rosa").slip_code == ids.fingerprint(f"{cast.session_id}:{second}")


def test_a_wrong_tap_is_taken_back_and_its_number_goes_to_the_next(cast: Cast) -> None:
    run(service.check_in, cast.tomas, cast.session_id, cast.seats["rosa"])
    run(service.undo_check_in, cast.tomas, cast.session_id, cast.seats["rosa"])
    rosa = seat_of(cast, "rosa")
    assert (rosa.state, rosa.slip_number, rosa.slip_code, rosa.arrived_at) == ("confirmed", None, None, None)
    run(service.check_in, cast.tomas, cast.session_id, cast.seats["marcus"])
    assert seat_of(cast, "marcus").slip_number == 1


def test_a_check_in_is_not_taken_back_after_the_next_person(cast: Cast) -> None:
    run(service.check_in, cast.tomas, cast.session_id, cast.seats["rosa"])
    run(service.check_in, cast.tomas, cast.session_id, cast.seats["marcus"])
    with pytest.raises(rules.NotTheLast):
        run(service.undo_check_in, cast.tomas, cast.session_id, cast.seats["rosa"])


def test_who_was_not_on_the_list_is_as_before_when_taken_back(cast: Cast) -> None:
    run(service.let_in, cast.joanne, cast.session_id, cast.walter.id)
    walter = db.session.scalars(select(Seat).where(Seat.patient_id == cast.walter.id)).one()
    run(service.undo_check_in, cast.joanne, cast.session_id, walter.id, back_to="cancelled")
    walter = db.session.scalars(select(Seat).where(Seat.patient_id == cast.walter.id)).one()
    assert (walter.state, walter.seat_no) == ("cancelled", None)


def test_a_full_visit_lets_one_more_in_with_a_reason_that_is_on_record(cast: Cast) -> None:
    fill(cast)
    with pytest.raises(rules.SessionFull):
        run(service.let_in, cast.joanne, cast.session_id, cast.walter.id)
    run(service.let_in, cast.joanne, cast.session_id, cast.walter.id, over_maximum_reason="Came on the wrong day")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:take_seat")).one()
    assert (entry.details["beyond_maximum"], entry.details["reason"]) == (True, "Came on the wrong day")
    assert queries.census_of(db.session(), queries.place_for(db.session(), cast.joanne, cast.session_id)).beyond == 1


def test_a_facilitator_does_not_let_in_from_the_registry(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        run(service.let_in, cast.tomas, cast.session_id, cast.walter.id)


def test_nobody_of_another_clinic_is_let_in(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.let_in, cast.joanne, cast.session_id, cast.sunny.id)
    with pytest.raises(NotFound):
        run(service.seat_patient, cast.joanne, cast.session_id, cast.sunny.id, answer="yes")


# --- places and answers


def test_a_no_frees_the_place_at_once_and_a_yes_takes_it(cast: Cast) -> None:
    fill(cast)
    with pytest.raises(rules.SessionFull) as full:
        run(service.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer="yes")
    assert full.value.params == {"maximum": 6, "held": 6}
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["marcus"], answer="no")
    assert (seat_of(cast, "marcus").state, seat_of(cast, "marcus").seat_no) == ("declined", None)
    run(service.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer="yes")
    with pytest.raises(rules.SessionFull):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["marcus"], answer="yes")


def test_somebody_who_was_asked_and_has_not_answered_holds_no_place(cast: Cast) -> None:
    fill(cast)
    run(service.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer="open")
    census = queries.census_of(db.session(), queries.place_for(db.session(), cast.joanne, cast.session_id))
    assert (census.held, census.invited) == (6, 1)


def test_the_same_answer_twice_is_the_same_as_once(cast: Cast) -> None:
    for _ in range(2):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="yes")
    for _ in range(2):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["gladys"], answer="no")
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "seats")).all()
    assert acts == ["sessions:free_seat"]


def test_an_answer_sent_twice_with_one_command_is_carried_out_once(cast: Cast) -> None:
    command = commands.Command(ids.new_id(), "sessions:answer_for", {"answer": "no"})
    results = [commands.run_command(service.answer_for, cast.joanne, command, cast.session_id, cast.seats["rosa"], answer="no") for _ in range(2)]
    assert results[0] == results[1] == {"seat_id": cast.seats["rosa"], "state": "declined"}


def test_who_is_here_cannot_say_no_any_more(cast: Cast) -> None:
    run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    for act, more in ((service.answer_for, {"answer": "no"}), (service.take_back_seat, {})):
        with pytest.raises(rules.AlreadyHere):
            run(act, cast.joanne, cast.session_id, cast.seats["rosa"], **more)


def test_somebody_on_the_list_is_not_put_there_twice(cast: Cast) -> None:
    with pytest.raises(rules.HasSeat):
        run(service.seat_patient, cast.joanne, cast.session_id, cast.rosa.id, answer="yes")


def test_a_seat_of_another_visit_is_not_found(cast: Cast) -> None:
    make(cast)
    elsewhere = db.session.scalars(select(Seat.id).where(Seat.session_id == made(cast)[0].id)).first()
    for seat_id in ("0" * 32, elsewhere):
        for act, more in ((service.answer_for, {"answer": "yes"}), (service.take_back_seat, {}), (service.check_in, {}), (service.undo_check_in, {})):
            with pytest.raises(NotFound):
                run(act, cast.joanne, cast.session_id, seat_id, **more)


@pytest.mark.parametrize("who", ["osei", "adler", "ivo"])
def test_clinicians_neither_let_in_nor_open(cast: Cast, who: str) -> None:
    for act, more in ((service.check_in, (cast.seats["rosa"],)), (service.undo_check_in, (cast.seats["rosa"],)), (service.open_session, ())):
        with pytest.raises(NotAllowed):
            run(act, getattr(cast, who), cast.session_id, *more)


def test_nobody_but_the_coordinator_reads_the_whole_list(cast: Cast) -> None:
    for who in (cast.tomas, cast.osei, cast.nia):
        with pytest.raises(NotAllowed):
            queries.seat_lines(db.session(), who, queries.place_for(db.session(), who, cast.session_id))


def test_the_team_is_told_of_its_own_dates_only(cast: Cast) -> None:
    run(service.take_from_team, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident")
    found = {who: len(queries.sessions_for(db.session(), getattr(cast, who))) for who in ("joanne", "osei", "farrow", "sol")}
    assert found == {"joanne": 1, "osei": 1, "farrow": 0, "sol": 0}


def test_a_search_at_the_door_never_gives_a_list(cast: Cast) -> None:
    with write() as tx:
        for name in ("Ann", "Anna", "Annie", "Anneliese"):
            tx.add(
                Patient(
                    id=ids.new_id(),
                    clinic_id=cast.clinic_id,
                    given_name=name,
                    family_name="Bo",
                    display_name=name,
                    birth_date=date(1950, 1, 1),
                    created_at=clock.now(),
                )
            )
    place = queries.place_for(db.session(), cast.nia, cast.session_id)
    assert [len(queries.find_person(db.session(), cast.nia, place, name=name, born=date(1950, 1, 1))) for name in ("an", "anni", "anna bo", "bo")] == [
        0,
        1,
        1,
        0,
    ]


@pytest.mark.parametrize("who", ["tomas", "osei", "adler", "nia", "ivo"])
def test_only_coordinators_answer_for_others(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        run(service.answer_for, getattr(cast, who), cast.session_id, cast.seats["rosa"], answer="no")


def test_a_stranger_does_not_find_the_session(cast: Cast) -> None:
    for act, more in (
        (service.open_session, {}), (service.cancel_session, {"reason": "x"}), (service.check_in, {"seat_id": cast.seats["rosa"]}),
        (service.answer_for, {"seat_id": cast.seats["rosa"], "answer": "no"}), (service.seat_patient, {"patient_id": cast.walter.id, "answer": "yes"}),
        (service.add_to_team, {"staff_member_id": cast.sol.id, "role": "resident"}), (service.undo_check_in, {"seat_id": cast.seats["rosa"]}),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            run(act, cast.sol, cast.session_id, **more)


# --- somebody no longer takes part


def test_a_deactivated_patients_places_are_free_and_their_memberships_end(cast: Cast) -> None:
    make(cast)
    with write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).slip_code = "printed"
    run(slots.plan_slots, cast.joanne, cast.session_id)
    version = the_session(cast).version
    db.session.rollback()
    for _ in range(2):
        run(patients.deactivate_patient, cast.joanne, cast.rosa.id)
    seats_left = db.session.scalars(select(Seat).where(Seat.patient_id == cast.rosa.id)).all()
    assert {(seat.state, seat.seat_no, seat.slip_code) for seat in seats_left} == {("cancelled", None, None)}
    assert db.session.scalars(select(Membership).where(Membership.patient_id == cast.rosa.id)).one().until is not None
    assert db.session.scalars(select(Slot).where(Slot.patient_id == cast.rosa.id)).one().state == "missed"
    assert seat_of(cast, "marcus").state == "confirmed"
    assert the_session(cast).version > version
    assert list(audit.verify(db.session())) == []


def test_a_deactivation_that_fails_changes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupvisits.sessions.service.series.people_changed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(patients.deactivate_patient, cast.joanne, cast.rosa.id)
    assert db.session.get_one(Patient, cast.rosa.id).is_active
    assert db.session.scalars(select(Membership).where(Membership.patient_id == cast.rosa.id)).one().until is None
    assert seat_of(cast, "rosa").state == "confirmed"


def test_who_is_in_the_room_keeps_their_chair_and_the_past_stays(cast: Cast) -> None:
    run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    run(patients.deactivate_patient, cast.joanne, cast.rosa.id)
    assert (seat_of(cast, "rosa").state, seat_of(cast, "rosa").slip_code) == ("arrived", None)
    with write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.starts_at, visit.ends_at = visit.starts_at - timedelta(days=3), visit.ends_at - timedelta(days=3)
    run(patients.deactivate_patient, cast.joanne, cast.marcus.id)
    assert seat_of(cast, "marcus").state == "confirmed"


def test_somebody_who_is_not_active_gets_no_place(cast: Cast) -> None:
    run(patients.deactivate_patient, cast.joanne, cast.rosa.id)
    run(patients.deactivate_patient, cast.joanne, cast.walter.id)
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    db.session.rollback()
    with pytest.raises(NotFound):
        run(service.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer="yes")
    with pytest.raises(NotFound):
        run(service.let_in, cast.joanne, cast.session_id, cast.walter.id)
    with pytest.raises(NotFound):
        run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    with pytest.raises(NotFound):
        queries.person_for(db.session(), cast.joanne, place, cast.walter.id)


# --- running


def test_a_resident_may_not_close(cast: Cast) -> None:
    run(service.open_session, cast.tomas, cast.session_id)
    with pytest.raises(NotAllowed):
        run(service.close_session, cast.osei, cast.session_id)


def test_opening_twice_is_the_same_as_once(cast: Cast) -> None:
    run(service.open_session, cast.tomas, cast.session_id)
    version = the_session(cast).version
    run(service.open_session, cast.tomas, cast.session_id)
    assert the_session(cast).version == version


def test_cancelling_keeps_reason_and_answers_and_twice_is_the_same_as_once(cast: Cast) -> None:
    run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    run(service.cancel_session, cast.joanne, cast.session_id, reason="Something else")
    assert (the_session(cast).state, the_session(cast).cancel_reason, seat_of(cast, "rosa").state) == ("cancelled", "Snow", "confirmed")
    with pytest.raises(rules.WrongState):
        run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    with pytest.raises(rules.WrongState):
        run(service.open_session, cast.joanne, cast.session_id)


def test_a_date_is_not_cancelled_without_a_reason_after_opening_or_by_the_team(cast: Cast) -> None:
    with pytest.raises(rules.CancelReasonNeeded):
        run(service.cancel_session, cast.joanne, cast.session_id, reason=" ")
    with pytest.raises(NotAllowed):
        run(service.cancel_session, cast.tomas, cast.session_id, reason="Snow")
    run(service.open_session, cast.tomas, cast.session_id)
    with pytest.raises(rules.WrongState):
        run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")


# --- members come and go


def test_a_new_member_is_asked_to_all_dates_to_come_and_leaves_them_again(cast: Cast) -> None:
    run(programmes.add_member, cast.joanne, cast.group_id, cast.walter.id)
    seat = db.session.scalars(select(Seat).where(Seat.patient_id == cast.walter.id)).one()
    assert (seat.session_id, seat.state, seat.seat_no) == (cast.session_id, "invited", None)
    run(service.answer_for, cast.joanne, cast.session_id, seat.id, answer="yes")
    run(programmes.remove_member, cast.joanne, cast.group_id, cast.walter.id)
    db.session.expire_all()
    assert (seat.state, seat.seat_no) == ("cancelled", None)


# --- team


def test_somebody_works_in_a_date_with_a_room_and_leaves_it_again(cast: Cast) -> None:
    run(service.take_from_team, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident")
    with pytest.raises(NotFound):
        run(service.check_in, cast.farrow, cast.session_id, cast.seats["rosa"])
    for room in ("Room 9", "Room 4"):
        run(service.add_to_team, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident", room=room)
    assert db.session.get_one(SessionTeamMember, (cast.session_id, cast.farrow.id, "resident")).place == "Room 4"
    run(service.change_place, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident", room="Room 5")
    assert db.session.scalar(select(func.count()).select_from(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.farrow.id)) == 1


@pytest.mark.parametrize(("who", "role"), [("tomas", "resident"), ("sol", "resident"), ("osei", "admin"), ("osei", "")])
def test_nobody_works_in_a_role_they_do_not_have_here(cast: Cast, who: str, role: str) -> None:
    with pytest.raises(RoleNotHeld):
        run(service.add_to_team, cast.joanne, cast.session_id, staff_member_id=getattr(cast, who).id, role=role)


def test_the_team_does_not_choose_itself(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        run(service.add_to_team, cast.tomas, cast.session_id, staff_member_id=cast.osei.id, role="resident")


def test_nobody_is_let_in_days_before(cast: Cast) -> None:
    """A tap on next month's date gives no slip."""

    def next_week(tx: Transaction) -> None:
        group_session = tx.get_one(GroupSession, cast.session_id)
        group_session.starts_at, group_session.ends_at = group_session.starts_at + timedelta(days=7), group_session.ends_at + timedelta(days=7)

    run(next_week)
    with pytest.raises(rules.TooEarly):
        run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
