"""The room's own verbs: its phases, its curtain, and letting a waiting phone in."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.accounts.models import BrowserSession
from groupvisits.agenda.models import Topic
from groupvisits.agenda.service import propose_for, propose_topic
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import ANYONE
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.interop.service import print_slips
from groupvisits.live import rules, service
from groupvisits.live.queries import Room
from groupvisits.patients.models import Patient
from groupvisits.patients.service import deactivate_patient
from groupvisits.sessions.models import GroupSession, Seat, WaitingGuest
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import check_in, close_session
from groupvisits.slots.models import Slot
from tests.agenda.arrange import next_visit
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")
PHONE = {"fingerprint": ids.fingerprint("a phone"), "address": "10.0.0.7"}


def row(session_id: str) -> GroupSession:
    db.session.expire_all()
    return db.session.get_one(GroupSession, session_id)


def guest_of(session_id: str, **who: str) -> str:
    found = run(service.wait_at_door, ANYONE, code=str(row(session_id).join_code), **(PHONE | who))
    assert found is not None
    return str(found["guest_id"])


def acts(session_id: str, cast: Cast) -> dict[Any, dict[str, Any]]:
    return {
        service.go_to_phase: {"phase": 1},
        service.draw_curtain: {"on": True},
        service.admit_guest: {"guest_id": guest_of(session_id), "seat_id": cast.seats["rosa"]},
    }


def test_each_verb_refuses_strangers_and_the_wrong_role(cast: Cast, opened: str) -> None:
    for verb, body in acts(opened, cast).items():
        for stranger in (cast.sol, cast.sunny):
            with pytest.raises(NotFound):
                run(verb, stranger, opened, **body)
        for actor in (cast.rosa, cast.osei, cast.adler):
            with pytest.raises(NotAllowed):
                run(verb, actor, opened, **body)


def test_each_verb_twice_is_the_same_as_once_and_audited(cast: Cast, opened: str) -> None:
    for verb, body in acts(opened, cast).items():
        run(verb, cast.tomas, opened, **body)
        version = row(opened).version
        assert run(verb, cast.tomas, opened, **body) == {"version": version}
        assert row(opened).version == version
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"live:phase", "live:curtain", "live:admit", "live:wait"} <= actions
    assert list(audit.verify(db.session())) == []


def test_phases_and_curtain_need_an_open_visit(cast: Cast) -> None:
    for verb, body in ((service.go_to_phase, {"phase": 1}), (service.draw_curtain, {"on": True})):
        with pytest.raises(WrongState):
            run(verb, cast.tomas, cast.session_id, **body)


def test_a_part_the_run_sheet_does_not_have_is_refused(cast: Cast, opened: str) -> None:
    with pytest.raises(rules.NoSuchPhase):
        run(service.go_to_phase, cast.tomas, opened, phase=5)


def test_waiting_twice_is_waiting_once_and_numbers_count_up(cast: Cast, opened: str) -> None:
    assert guest_of(opened) == guest_of(opened)
    guest_of(opened, fingerprint=ids.fingerprint("another phone"))
    numbers = db.session.scalars(select(WaitingGuest.number).where(WaitingGuest.session_id == opened).order_by(WaitingGuest.number)).all()
    assert numbers == [1, 2]


def test_a_code_of_no_open_visit_lets_nobody_wait(cast: Cast, opened: str) -> None:
    code = str(row(opened).join_code)
    run(close_session, cast.tomas, opened)
    for wrong in (code, "", "      ", "ZZZZZZ"):
        assert run(service.wait_at_door, ANYONE, code=wrong, **PHONE) is None


def test_ten_wrong_codes_from_one_browser_are_enough(cast: Cast, opened: str) -> None:
    code = str(row(opened).join_code)
    for _ in range(rules.TRIES_PER_BROWSER):
        assert run(service.join_with_codes, ANYONE, code=code, slip="WRONG2", **PHONE) is None
    slip = run(check_in, cast.joanne, opened, cast.seats["rosa"])
    with pytest.raises(rules.TooManyTries):
        run(service.join_with_codes, ANYONE, code=code, slip=slip, **PHONE)
    with pytest.raises(rules.TooManyTries):
        run(service.join_with_slip, ANYONE, session_id=opened, slip=slip, **PHONE)
    with pytest.raises(rules.TooManyTries):
        run(service.wait_at_door, ANYONE, code=code, **PHONE)
    other = PHONE | {"fingerprint": ids.fingerprint("somebody else's phone")}
    assert run(service.join_with_codes, ANYONE, code=code, slip=slip, **other) is not None


def test_a_new_slip_ends_the_old_one(cast: Cast, opened: str) -> None:
    lost = run(check_in, cast.joanne, opened, cast.seats["rosa"])
    found = run(check_in, cast.joanne, opened, cast.seats["rosa"], new_slip=True)
    assert run(service.join_with_slip, ANYONE, session_id=opened, slip=lost, **PHONE) is None
    joined = run(service.join_with_slip, ANYONE, session_id=opened, slip=found.lower(), **PHONE)
    assert joined == {"session_id": opened, "patient_id": cast.rosa.id, "clinic_id": cast.clinic_id, "name": "Rosa", "language": "es"}


def test_a_card_printed_beforehand_opens_the_room_after_the_door(cast: Cast, opened: str) -> None:
    card = next(slip for slip in run(print_slips, cast.joanne, opened) if slip.display_name == "Rosa")
    run(check_in, cast.joanne, opened, cast.seats["rosa"])
    joined = run(service.join_with_slip, ANYONE, session_id=opened, slip=card.code, **PHONE)
    assert joined is not None and joined["patient_id"] == cast.rosa.id


def test_the_slip_of_somebody_who_no_longer_takes_part_opens_nothing(cast: Cast, opened: str) -> None:
    slip = run(check_in, cast.joanne, opened, cast.seats["rosa"])
    run(deactivate_patient, cast.joanne, cast.rosa.id)
    assert run(service.join_with_slip, ANYONE, session_id=opened, slip=slip, **PHONE) is None


def test_a_slip_ends_with_its_visit(cast: Cast, opened: str) -> None:
    slip = run(check_in, cast.joanne, opened, cast.seats["rosa"])
    run(close_session, cast.tomas, opened, **reasons(cast))
    assert run(service.join_with_slip, ANYONE, session_id=opened, slip=slip, **PHONE) is None


def test_a_phone_that_is_let_in_becomes_the_patients_and_the_patient_is_here(cast: Cast, opened: str) -> None:
    with write() as tx:
        tx.get_one(Seat, cast.seats["gladys"]).state = "invited"
        tx.get_one(Seat, cast.seats["gladys"]).seat_no = None
    guest_id = guest_of(opened)
    run(service.admit_guest, cast.tomas, opened, guest_id=guest_id, seat_id=cast.seats["gladys"])
    seat = db.session.get_one(Seat, cast.seats["gladys"])
    assert (seat.state, seat.slip_number) == ("arrived", 1) and seat.seat_no and seat.arrived_at
    with pytest.raises(rules.AlreadyAdmitted):
        run(service.admit_guest, cast.tomas, opened, guest_id=guest_id, seat_id=cast.seats["teo"])
    with pytest.raises(NotFound):
        run(service.admit_guest, cast.tomas, opened, guest_id="nobody", seat_id=cast.seats["teo"])
    assert db.session.get(BrowserSession, PHONE["fingerprint"]) is None  # the browser had gone: nothing is made up for it


def test_only_a_phone_and_a_seat_of_this_visit_are_let_in(cast: Cast, opened: str) -> None:
    guest_id, elsewhere = guest_of(opened), next_visit(cast, "rosa")
    with write() as tx:
        tx.get_one(Seat, cast.seats["teo"]).state = "cancelled"
        theirs = tx.scalars(select(Seat.id).where(Seat.session_id == elsewhere)).one()
    for seat_id in ("nobody's", theirs, cast.seats["teo"]):
        with pytest.raises(NotFound):
            run(service.admit_guest, cast.tomas, opened, guest_id=guest_id, seat_id=seat_id)
    with write() as tx:
        tx.get_one(WaitingGuest, guest_id).session_id = elsewhere
    with pytest.raises(NotFound):
        run(service.admit_guest, cast.tomas, opened, guest_id=guest_id, seat_id=cast.seats["rosa"])


def test_nobody_is_let_in_as_a_patient_who_is_no_longer_one(cast: Cast, opened: str) -> None:
    guest_id = guest_of(opened)
    with write() as tx:
        tx.get_one(Patient, cast.rosa.id).is_active = False
    with pytest.raises(NotFound):
        run(service.admit_guest, cast.tomas, opened, guest_id=guest_id, seat_id=cast.seats["rosa"])


def test_before_you_counts_those_who_are_here(cast: Cast, opened: str) -> None:
    slots = db.session.scalars(select(Slot).where(Slot.session_id == opened).order_by(Slot.provider_id, Slot.position)).all()
    mine = [slot for slot in slots if slot.provider_id == slots[-1].provider_id][-1]
    before = [slot for slot in slots if slot.provider_id == mine.provider_id and slot.position < mine.position]

    def counted() -> int:
        db.session.expire_all()
        return Room.of(db.session(), opened).me([mine.patient_id])[mine.patient_id]["slot"]["before_you"]

    assert counted() == 0
    run(check_in, cast.joanne, opened, before[0].seat_id)
    assert counted() == 1


def test_whoever_is_next_learns_about_when_as_long_as_it_is_known(cast: Cast, opened: str) -> None:
    slots = db.session.scalars(select(Slot).where(Slot.session_id == opened).order_by(Slot.provider_id, Slot.position)).all()
    now, (first, mine) = clock.now(), [slot for slot in slots if slot.provider_id == slots[-1].provider_id][:2]
    seat_of = dict(db.session.execute(select(Slot.id, Slot.seat_id)).all())

    def expected(**first_is: Any) -> str | None:
        with write() as tx:
            tx.get_one(Slot, mine.id).planned_at = first_is.pop("planned_at", now + timedelta(minutes=20))
            for name, value in ({"state": "planned", "called_at": None, "started_at": None} | first_is).items():
                setattr(tx.get_one(Slot, first.id), name, value)
        db.session.expire_all()
        return Room.of(db.session(), opened).me([mine.patient_id])[mine.patient_id]["slot"]["expected_at"]

    with write() as tx:  # how long another resident is busy says nothing
        tx.get_one(Slot, slots[0].id).state, tx.get_one(Slot, slots[0].id).started_at = "started", now + timedelta(hours=1)
    assert slots[0].provider_id != mine.provider_id
    assert expected() == (now + timedelta(minutes=20)).isoformat()  # as planned, while nobody is with the resident
    assert expected(planned_at=now - timedelta(minutes=1)) is None
    ends = now + timedelta(minutes=first.minutes)
    assert expected(state="started", called_at=now - timedelta(minutes=2), started_at=now) == ends.isoformat()
    assert expected(state="started", called_at=now, started_at=now - timedelta(minutes=90)) is None  # over its time: nobody knows
    run(check_in, cast.joanne, opened, seat_of[first.id])
    assert expected() is None  # somebody is before them


def test_a_topic_says_whether_its_author_sent_it_here_or_wrote_it_before(cast: Cast, opened: str) -> None:
    run(propose_topic, cast.rosa, opened, words="Sent here", route="group")
    run(propose_for, cast.tomas, opened, seat_id=cast.seats["rosa"], words="Typed by Tomas", route="group")
    with write() as tx:
        tx.add(Topic(id="form", session_id=opened, patient_id=cast.rosa.id, words="In the form", route="group", pre_visit=True, proposed_at=clock.now()))
        tx.flush()
        tx.add(
            Topic(
                id="part",
                session_id=opened,
                patient_id=cast.rosa.id,
                words="A part",
                route="group",
                pre_visit=True,
                split_from_id="form",
                proposed_at=clock.now(),
            )
        )
        tx.add(Topic(id="kept", session_id=opened, patient_id=cast.rosa.id, words="Kept", route="group", carried_from_id="form", proposed_at=clock.now()))
    db.session.expire_all()
    topics = Room.of(db.session(), opened).me([cast.rosa.id])[cast.rosa.id]["topics"]
    told = {topic["words"]: (topic["pre_visit"], topic["sent_at"] is not None) for topic in topics}
    assert told == {
        "Sent here": (False, True),
        "Typed by Tomas": (False, False),
        "In the form": (True, False),
        "A part": (False, False),
        "Kept": (False, False),
    }


@pytest.mark.parametrize(("state", "asked_again", "answer"), [("invited", False, "open"), ("confirmed", False, "yes"), ("confirmed", True, "moved")])
def test_the_next_visit_comes_with_ones_own_answer(cast: Cast, opened: str, state: str, asked_again: bool, answer: str) -> None:
    coming = next_visit(cast, "rosa")
    with write() as tx:
        seat = tx.scalars(select(Seat).where(Seat.session_id == coming, Seat.patient_id == cast.rosa.id)).one()
        seat.state, seat.asked_again = state, asked_again
    db.session.expire_all()
    shown = Room.of(db.session(), opened).me([cast.rosa.id])[cast.rosa.id]["next_visit"]
    assert (shown["id"], shown["answer"]) == (coming, answer)
