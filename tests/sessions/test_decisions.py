"""Going ahead or not, and making one date of two: on rows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.programmes.models import Group, Programme
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import GroupSession, Notice, Seat, WaitingListEntry
from groupvisits.sessions.rules import census
from groupvisits.sessions.service import messages
from tests.cast import Cast
from tests.sessions.arrange import a_date
from tests.sessions.test_advice import seats_say, sister_group

pytestmark = pytest.mark.usefixtures("context")


def the_session(cast: Cast) -> GroupSession:
    db.session.rollback()
    return db.session.get_one(GroupSession, cast.session_id)


def sister_date(tx: Transaction, cast: Cast, *, days: int = 3, maximum: int = 8, group_id: str = "", **values: object) -> str:
    first = tx.get_one(GroupSession, cast.session_id)
    starts_at = first.starts_at + timedelta(days=days)
    made = a_date(tx, cast, starts_at, group_id=group_id or sister_group(tx, cast), room="Small room", maximum=maximum, **{"state": "planned", **values})
    return made.id


def arranged(cast: Cast, **kwargs: object) -> str:
    with write() as tx:
        return sister_date(tx, cast, **kwargs)  # type: ignore[arg-type]


def plan(cast: Cast, target_id: str) -> queries.MergePlan:
    db.session.rollback()
    return queries.merge_plan(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id), target_id)


def merge(cast: Cast, target_id: str, *, seen: str = "", reason: str = "Too few on Tuesday", actor: str = "joanne") -> dict[str, int]:
    return run(service.merge_into, getattr(cast, actor), cast.session_id, target_id=target_id, seen=seen or plan(cast, target_id).move.seen, reason=reason)


def seats_there(target_id: str) -> dict[str, Seat]:
    db.session.rollback()
    return {seat.patient_id: seat for seat in db.session.scalars(select(Seat).where(Seat.session_id == target_id, Seat.state != "cancelled"))}


# --- going ahead


def test_a_decision_is_kept_with_its_reason_and_can_be_taken_back(cast: Cast) -> None:
    run(service.decide, cast.joanne, cast.session_id, decision="no_go", reason="Only three said yes")
    date = the_session(cast)
    assert (date.decision, date.decided_because, date.state) == ("no_go", "Only three said yes", "planned")
    assert date.decided_at is not None
    run(service.take_back_decision, cast.joanne, cast.session_id)
    date = the_session(cast)
    assert (date.decision, date.decided_because, date.decided_at) == ("", "", None)
    acts = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.number))]
    assert acts[-2:] == ["sessions:decide", "sessions:take_back_decision"]


def test_deciding_twice_is_the_same_as_once(cast: Cast) -> None:
    for _ in range(2):
        run(service.decide, cast.joanne, cast.session_id, decision="go", reason="")
    for _ in range(2):
        run(service.take_back_decision, cast.joanne, cast.session_id)
    acts = [entry.action for entry in db.session.scalars(select(AuditEntry))]
    assert (acts.count("sessions:decide"), acts.count("sessions:take_back_decision")) == (1, 1)


def test_not_going_ahead_needs_a_reason_and_going_ahead_none(cast: Cast) -> None:
    with pytest.raises(census.ReasonForNoGo):
        run(service.decide, cast.joanne, cast.session_id, decision="no_go", reason="  ")
    run(service.decide, cast.joanne, cast.session_id, decision="go")
    assert the_session(cast).decision == "go"


def test_nothing_is_decided_about_a_date_that_has_begun(cast: Cast) -> None:
    run(service.open_session, cast.tomas, cast.session_id)
    with pytest.raises(rules.WrongState):
        run(service.decide, cast.joanne, cast.session_id, decision="go")
    with pytest.raises(rules.WrongState):
        run(service.take_back_decision, cast.joanne, cast.session_id)


@pytest.mark.parametrize(("actor", "error"), [("sol", NotFound), ("tomas", NotAllowed), ("osei", NotAllowed), ("quinn", NotFound), ("rosa", NotAllowed)])
def test_only_coordinators_of_the_clinic_decide_and_merge(cast: Cast, actor: str, error: type[Exception]) -> None:
    target_id = arranged(cast)
    with pytest.raises(error):
        run(service.decide, getattr(cast, actor), cast.session_id, decision="go")
    with pytest.raises(error):
        run(service.take_back_decision, getattr(cast, actor), cast.session_id)
    with pytest.raises(error):
        merge(cast, target_id, actor=actor)


# --- one date of two


def test_who_said_yes_keeps_a_place_and_the_others_are_asked(cast: Cast) -> None:
    target_id = arranged(cast)
    with write() as tx:
        seats_say(tx, cast, teo="invited", frank="declined", beatriz="confirmed")
        tx.get_one(Seat, cast.seats["rosa"]).companions = 1
    assert merge(cast, target_id) == {"kept": 4, "asked": 1}
    there = seats_there(target_id)
    assert {who: there[getattr(cast, who).id].state for who in ("rosa", "marcus", "gladys", "beatriz", "teo")} == {
        "rosa": "confirmed", "marcus": "confirmed", "gladys": "confirmed", "beatriz": "confirmed", "teo": "invited",
    }  # fmt: skip
    assert cast.frank.id not in there
    rosa = there[cast.rosa.id]
    assert (rosa.asked_again, rosa.makes_up_for_id, rosa.companions) == (True, cast.session_id, 1)
    date = the_session(cast)
    assert (date.state, date.cancel_reason) == ("cancelled", "Too few on Tuesday")
    told = {notice.patient_id: notice.kind for notice in db.session.scalars(select(Notice).where(Notice.session_id == target_id))}
    assert told == {who: "invitation" if who == cast.teo.id else "update" for who in there}


def test_no_more_keep_a_place_than_there_are(cast: Cast) -> None:
    target_id = arranged(cast, maximum=2)
    assert merge(cast, target_id) == {"kept": 2, "asked": 4}
    states = [seat.state for seat in seats_there(target_id).values()]
    assert (states.count("confirmed"), states.count("invited")) == (2, 4)


def test_who_waits_for_the_date_is_asked_too_and_who_is_there_already_stays(cast: Cast) -> None:
    target_id = arranged(cast)
    with write() as tx:
        tx.add(
            WaitingListEntry(
                id=ids.new_id(),
                clinic_id=cast.clinic_id,
                session_id=cast.session_id,
                patient_id=cast.walter.id,
                state="waiting",
                since=clock.now(),
                changed_at=clock.now(),
            )
        )
        tx.add(Seat(id=ids.new_id(), session_id=target_id, patient_id=cast.rosa.id, state="confirmed", seat_no=1, changed_at=clock.now()))
        tx.add(Seat(id=ids.new_id(), session_id=target_id, patient_id=cast.marcus.id, state="declined", changed_at=clock.now()))
    merge(cast, target_id)
    there = seats_there(target_id)
    assert there[cast.walter.id].state == "invited"
    assert (there[cast.rosa.id].asked_again, there[cast.rosa.id].seat_no) == (False, 1)
    assert there[cast.marcus.id].state == "declined"


def test_who_moves_is_told_of_both_dates(cast: Cast) -> None:
    target_id = arranged(cast)
    merge(cast, target_id)
    messages.word_due()
    db.session.rollback()
    sent = {(message.session_id, message.kind) for message in db.session.scalars(select(OutboxMessage).where(OutboxMessage.patient_id == cast.rosa.id))}
    assert sent == {(cast.session_id, "date_cancelled"), (target_id, "update")}


def test_a_date_without_a_free_place_takes_nobody(cast: Cast) -> None:
    target_id = arranged(cast)
    with write() as tx:
        tx.get_one(GroupSession, target_id).maximum = 1
        tx.add(Seat(id=ids.new_id(), session_id=target_id, patient_id=cast.walter.id, state="confirmed", seat_no=1, changed_at=clock.now()))
    with pytest.raises(census.NoPlaceThere):
        merge(cast, target_id)
    assert the_session(cast).state == "planned"
    (sister,) = queries.sister_dates(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id))
    assert (sister.held, sister.free) == (1, 0)


def test_a_date_that_others_wait_for_takes_nobody_before_them(cast: Cast) -> None:
    target_id = arranged(cast)
    with write() as tx:
        tx.add(WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=target_id, patient_id=cast.walter.id, state="waiting", since=clock.now(), changed_at=clock.now()))  # fmt: skip
    with pytest.raises(census.NoPlaceThere):
        merge(cast, target_id)
    assert the_session(cast).state == "planned"


def test_an_answer_that_came_meanwhile_changes_nothing_until_it_was_seen(cast: Cast) -> None:
    target_id = arranged(cast)
    seen = plan(cast, target_id).move.seen
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="no")
    with pytest.raises(census.MergeChanged):
        merge(cast, target_id, seen=seen)
    assert the_session(cast).state == "planned"
    assert seats_there(target_id) == {}


def test_merging_needs_a_reason_somebody_to_move_and_a_sister_date(cast: Cast) -> None:
    target_id = arranged(cast)
    with pytest.raises(census.MergeReasonNeeded):
        merge(cast, target_id, reason=" ")
    with pytest.raises(census.NoSister):
        merge(cast, cast.session_id)
    with write() as tx:
        over = sister_date(tx, cast, days=4, group_id=tx.get_one(GroupSession, target_id).group_id, state="closed")
        other = tx.get_one(Group, tx.get_one(GroupSession, target_id).group_id)
        assert other.programme_id == cast.programme_id
    with pytest.raises(census.NoSister):
        merge(cast, over)
    with write() as tx:
        seats_say(tx, cast, **dict.fromkeys(cast.seats, "declined"))
    with pytest.raises(census.NobodyToMove):
        merge(cast, target_id)
    assert the_session(cast).state == "planned"


def test_a_second_merge_of_the_same_date_is_refused(cast: Cast) -> None:
    target_id = arranged(cast)
    seen = plan(cast, target_id).move.seen
    merge(cast, target_id, seen=seen)
    with pytest.raises(rules.WrongState):
        merge(cast, target_id, seen=seen)


def test_only_dates_of_other_groups_of_the_programme_nearby_are_sisters(cast: Cast) -> None:
    with write() as tx:
        near = sister_date(tx, cast, days=2)
        group_id = tx.get_one(GroupSession, near).group_id
        nearer = sister_date(tx, cast, days=1, group_id=group_id)
        far = sister_date(tx, cast, days=40, group_id=group_id)
        sister_date(tx, cast, days=46, group_id=group_id)
        sister_date(tx, cast, days=3, group_id=group_id, decision="no_go")
        sister_date(tx, cast, days=5, group_id=group_id, state="cancelled")
        sister_date(tx, cast, days=6, group_id=cast.group_id)
        sister_date(tx, cast, days=-8, group_id=group_id)
        other = Programme(id=ids.new_id(), clinic_id=cast.clinic_id, name="Walking together", created_at=clock.now())
        tx.add(other)
        tx.flush()
        tx.get_one(Group, tx.get_one(GroupSession, sister_date(tx, cast, days=4)).group_id).programme_id = other.id
        tx.add(WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=near, patient_id=cast.walter.id, state="waiting", since=clock.now(), changed_at=clock.now()))  # fmt: skip
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    found = queries.sister_dates(db.session(), cast.joanne, place)
    assert [sister.group_session.id for sister in found] == [nearer, near]
    assert [(sister.free, sister.waiting, sister.for_newcomers) for sister in found] == [(8, 0, 8), (8, 1, 0)]
    assert [sister.group_session.id for sister in queries.make_up_dates(db.session(), place.group_session)] == [nearer, near, far]


# --- who could help


def test_a_resident_who_works_elsewhere_at_that_time_is_not_free(cast: Cast) -> None:
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    assert list(queries.free_residents(db.session(), cast.joanne, place)) == []
    run(service.take_from_team, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident")
    db.session.rollback()
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    assert [free.name for free in queries.free_residents(db.session(), cast.joanne, place)] == ["Dr Sam Farrow"]
    other = arranged(cast, days=0)
    run(service.add_to_team, cast.joanne, other, staff_member_id=cast.farrow.id, role="resident")
    db.session.rollback()
    assert list(queries.free_residents(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id))) == []


@pytest.mark.parametrize("read", [queries.free_residents, queries.sister_dates])
def test_only_coordinators_see_who_is_free_and_where_people_could_go(cast: Cast, read: Any) -> None:
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    with pytest.raises(NotAllowed):
        read(db.session(), cast.tomas, place)
    with pytest.raises(NotFound):
        read(db.session(), cast.sol, place)
