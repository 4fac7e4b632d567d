"""Answers, the waiting list, offers, pairs and make-up dates, on real rows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import ANYONE, Actor
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import words
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import service as live
from groupvisits.patients import service as patients
from groupvisits.patients.models import Pair
from groupvisits.programmes import service as programmes
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import GroupSession, Notice, Offer, SchedulerChange, Seat, WaitingGuest, WaitingListEntry
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import offers
from tests.cast import Cast, reasons
from tests.sessions.arrange import full_date, sister_group

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def in_three_days_with_four_places(cast: Cast, context: None) -> None:
    """Rosa, Marcus, Gladys and Teo said yes to all four places; Frank and Beatriz have not answered."""
    with write() as tx:
        full_date(tx, cast)


def says(cast: Cast, *who: str) -> list[str]:
    """What their seats say."""
    found = dict(db.session.execute(select(Seat.patient_id, Seat.state).where(Seat.session_id == cast.session_id)).all())  # type: ignore[arg-type]
    db.session.rollback()
    return [found.get(getattr(cast, each).id, "") for each in who]


def seat(cast: Cast, who: str) -> Seat:
    return db.session.scalars(select(Seat).where(Seat.session_id == cast.session_id, Seat.patient_id == getattr(cast, who).id)).one()


def wait(cast: Cast, *who: str) -> list[str]:
    """They wait in this order; returns their entries."""
    for each in who:
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=getattr(cast, each).id)
    return [entry(cast, each).id for each in who]


def entry(cast: Cast, who: str) -> WaitingListEntry:
    mine = (WaitingListEntry.patient_id == getattr(cast, who).id) | (WaitingListEntry.partner_id == getattr(cast, who).id)
    return db.session.scalars(
        select(WaitingListEntry).where(WaitingListEntry.session_id == cast.session_id, mine).order_by(WaitingListEntry.changed_at.desc())
    ).first()  # type: ignore[return-value]


def pair(cast: Cast, one: str, other: str) -> None:
    with write() as tx:
        tx.add(Pair(id=ids.new_id(), clinic_id=cast.clinic_id, first_id=getattr(cast, one).id, second_id=getattr(cast, other).id, created_at=clock.now()))


def answer(who: Actor, cast: Cast, said: str, **more: Any) -> dict[str, str]:
    return run(service.answer, who, cast.session_id, answer=said, **more)


def noted(kind: str, cast: Cast, who: str) -> list[str]:
    query = select(Notice.state).where(Notice.session_id == cast.session_id, Notice.patient_id == getattr(cast, who).id, Notice.kind == kind)
    return list(db.session.scalars(query.order_by(Notice.due_at)))


def open_offers(cast: Cast) -> int:
    return db.session.scalar(select(func.count()).select_from(Offer).where(Offer.session_id == cast.session_id, Offer.state == "open")) or 0


def starts_in(cast: Cast, left: timedelta) -> None:
    with write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = clock.now() + left, clock.now() + left + timedelta(hours=2)


# --- answers


def test_a_no_and_a_skip_are_kept_apart_from_membership(cast: Cast) -> None:
    answer(cast.rosa, cast, "skip")
    mine = seat(cast, "rosa")
    assert (mine.state, mine.skips, mine.answered_by, mine.seat_no) == ("declined", True, "patient", None)
    assert mine.answered_at is not None
    answer(cast.rosa, cast, "no")
    db.session.rollback()
    assert not seat(cast, "rosa").skips
    assert db.session.scalar(select(Membership.until).where(Membership.patient_id == cast.rosa.id)) is None
    assert [change.kind for change in db.session.scalars(select(SchedulerChange).where(SchedulerChange.patient_id == cast.rosa.id))] == ["cancel"]


def test_a_yes_says_who_comes_along_and_clears_the_question(cast: Cast) -> None:
    with write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).asked_again = True
    assert answer(cast.rosa, cast, "yes", companions=2, by="text")["state"] == "confirmed"
    mine = seat(cast, "rosa")
    assert (mine.companions, mine.asked_again, mine.answered_by) == (2, False, "text")
    with pytest.raises(waiting.CompanionsUnclear):
        answer(cast.rosa, cast, "yes", companions=5)


def test_the_same_answer_twice_is_the_same_as_once(cast: Cast) -> None:
    for _ in range(2):
        answer(cast.rosa, cast, "no")
        db.session.rollback()
    freed = select(func.count()).where(AuditEntry.action == "sessions:free_seat", AuditEntry.subject_id == cast.seats["rosa"])
    assert db.session.scalar(freed) == 1


def test_answers_end_when_the_visit_begins(cast: Cast) -> None:
    starts_in(cast, timedelta(minutes=-1))
    with pytest.raises(waiting.TooLateToAnswer):
        answer(cast.rosa, cast, "no")


def test_who_is_here_cannot_say_no_any_more(cast: Cast) -> None:
    starts_in(cast, timedelta(minutes=30))
    run(service.check_in, cast.joanne, cast.session_id, cast.seats["rosa"])
    with pytest.raises(waiting.YouAreHere) as refusal:
        answer(cast.rosa, cast, "no")
    assert words(refusal.value, "ht") == "Ou nan vizit la deja, kidonk pa gen anyen pou reponn ankò."  # not what the coordinator reads


@pytest.mark.parametrize(("who", "refusal"), [("walter", NotFound), ("sunny", NotFound), ("sol", NotFound), ("joanne", NotAllowed), ("osei", NotAllowed)])
def test_nobody_answers_for_themselves_without_a_seat(cast: Cast, who: str, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        answer(getattr(cast, who), cast, "yes")


def test_a_yes_to_a_full_date_waits_in_line_and_knows_its_number(cast: Cast) -> None:
    wait(cast, "frank")
    assert answer(cast.beatriz, cast, "yes") == {"state": "waitlisted", "place": "2"}
    assert (says(cast, "frank", "beatriz"), queries.my_place_in_line(db.session(), cast.frank, cast.session_id)) == (["waitlisted", "waitlisted"], 1)
    assert queries.my_place_in_line(db.session(), cast.rosa, cast.session_id) == 0


# --- a free place makes one offer


def test_a_freed_place_is_offered_once_to_the_first(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    assert says(cast, "rosa", "frank", "beatriz") == ["declined", "offered", "waitlisted"]
    offer = db.session.scalars(select(Offer)).one()
    assert (offer.state, offer.places, offer.because) == ("open", 1, f"seat:{cast.seats['rosa']}")
    assert timedelta(hours=23) < offer.expires_at - clock.now() <= timedelta(hours=24)
    assert noted("offer", cast, "frank") == ["planned"]


def removed(cast: Cast) -> None:
    run(service.take_back_seat, cast.joanne, cast.session_id, cast.seats["rosa"])


def left_the_group(cast: Cast) -> None:
    run(programmes.remove_member, cast.joanne, cast.group_id, cast.rosa.id)


def deactivated(cast: Cast) -> None:
    run(patients.deactivate_patient, cast.joanne, cast.rosa.id)


def noted_no(cast: Cast) -> None:
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="no")


def noted_open(cast: Cast) -> None:
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="open")


def skipped(cast: Cast) -> None:
    answer(cast.rosa, cast, "skip")


@pytest.mark.parametrize("act", [removed, left_the_group, deactivated, noted_no, noted_open, skipped])
def test_whatever_frees_a_place_offers_it(cast: Cast, act: Any) -> None:
    wait(cast, "frank")
    act(cast)
    assert (says(cast, "frank"), open_offers(cast)) == (["offered"], 1)


def test_accepting_takes_the_place_and_ends_the_wait(cast: Cast) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    assert run(service.accept_offer, cast.frank, cast.session_id) == {"state": "confirmed"}
    assert run(service.accept_offer, cast.frank, cast.session_id) == {"state": "confirmed"}
    mine = seat(cast, "frank")
    assert (mine.state, mine.answered_by, entry(cast, "frank").state, db.session.scalars(select(Offer.state)).all()) == (
        "confirmed",
        "patient",
        "seated",
        ["accepted"],
    )
    assert (noted("offer", cast, "frank"), noted("confirmation", cast, "frank")) == (["withdrawn"], ["planned"])


def test_declining_gives_the_place_to_the_next(cast: Cast) -> None:
    first, _ = wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    for _ in range(2):
        assert run(service.decline_offer, cast.joanne, cast.session_id, entry_id=first)["state"] == "declined"
    assert (says(cast, "frank", "beatriz"), open_offers(cast), seat(cast, "frank").answered_by) == (["declined", "offered"], 1, "staff")


def test_an_answer_to_the_date_answers_the_offer(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    answer(cast.frank, cast, "no")
    assert says(cast, "frank", "beatriz") == ["declined", "offered"]
    assert answer(cast.beatriz, cast, "yes")["state"] == "confirmed"


def test_an_offer_lapses_at_its_moment_and_goes_to_the_next(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    with write() as tx:
        tx.scalars(select(Offer)).one().expires_at = clock.now() - timedelta(seconds=1)
    with pytest.raises(waiting.OfferOver):
        run(service.accept_offer, cast.frank, cast.session_id)
    assert (offers.lapse_offers(), offers.lapse_offers()) == (1, 0)
    assert says(cast, "frank", "beatriz") == ["invited", "offered"]
    assert (noted("offer_over", cast, "frank"), noted("offer", cast, "frank"), open_offers(cast)) == (["planned"], ["withdrawn"], 1)
    # Who lets an offer go by may ask again, and stands at the end.
    run(service.join_waiting_list, cast.frank, cast.session_id)
    assert says(cast, "frank") == ["waitlisted"]


def test_one_bad_row_does_not_stop_the_other_dates(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    with write() as tx:
        _, other_id = sister_group(tx, cast)
        tx.get_one(GroupSession, other_id).maximum = 1
    run(service.join_waiting_list, cast.joanne, other_id, patient_id=cast.walter.id)
    with write() as tx:
        for offer in tx.scalars(select(Offer)):
            offer.expires_at = clock.now() - timedelta(seconds=1)
    bad, lapse = min(cast.session_id, other_id), offers._lapse

    def breaks(tx: Any, session_id: str, now: Any) -> None:
        if session_id == bad:
            raise RuntimeError
        lapse(tx, session_id, now)

    monkeypatch.setattr(offers, "_lapse", breaks)
    assert offers.lapse_offers() == 2
    left = list(db.session.scalars(select(Offer.session_id).where(Offer.state == "open", Offer.expires_at <= clock.now())))
    assert left == [bad]


def test_more_places_than_before_are_offered_by_the_tick(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = 5
    assert (offers.offer_what_is_free(), offers.offer_what_is_free()) == (1, 0)
    assert says(cast, "frank", "beatriz") == ["offered", "waitlisted"]


def test_in_the_last_two_hours_only_staff_offer(cast: Cast) -> None:
    first, _ = wait(cast, "frank", "beatriz")
    starts_in(cast, timedelta(hours=2))
    answer(cast.rosa, cast, "no")
    assert (says(cast, "frank"), open_offers(cast)) == (["waitlisted"], 0)
    run(service.offer_place, cast.joanne, cast.session_id, first)
    offer = db.session.scalars(select(Offer)).one()
    assert (says(cast, "frank"), offer.expires_at) == (["offered"], db.session.get_one(GroupSession, cast.session_id).starts_at)


def test_an_offer_never_outlives_its_date(cast: Cast) -> None:
    starts_in(cast, timedelta(hours=10))
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    offer = db.session.scalars(select(Offer)).one()
    assert offer.expires_at == db.session.get_one(GroupSession, cast.session_id).starts_at - timedelta(hours=2)


def test_a_date_that_moves_nearer_takes_its_offers_along(cast: Cast) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    day = clock.local(clock.now() + timedelta(days=1), "America/New_York")
    plan = run(
        service.plan_date_change,
        cast.joanne,
        cast.session_id,
        day=day.date(),
        starts=day.time().replace(second=0, microsecond=0),
        minutes=120,
        room="Main room",
    )
    preview = queries.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"])
    run(service.apply_plan, cast.joanne, cast.group_id, plan["plan_id"], seen=preview.seen, choices={})
    db.session.rollback()
    assert db.session.scalars(select(Offer.expires_at)).one() == db.session.get_one(GroupSession, cast.session_id).starts_at - timedelta(hours=2)


# --- a free place is not open to others


def test_staff_go_past_the_list_only_with_a_reason_on_record(cast: Cast) -> None:
    wait(cast, "frank")
    starts_in(cast, timedelta(hours=2))  # so that the place is free and not on offer
    answer(cast.rosa, cast, "no")
    starts_in(cast, timedelta(days=3))
    with pytest.raises(waiting.OthersWait):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["beatriz"], answer="yes")
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["beatriz"], answer="yes", over_maximum_reason="Her only free evening")
    assert (says(cast, "beatriz", "frank"), seat(cast, "beatriz").over_maximum_reason) == (["confirmed", "waitlisted"], "")
    record = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:take_seat", AuditEntry.subject_id == cast.seats["beatriz"])).one()
    assert record.details["reason"] == "Her only free evening"


def test_a_patient_does_not_pass_who_waits(cast: Cast) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    assert answer(cast.beatriz, cast, "yes")["state"] == "waitlisted"
    assert answer(cast.rosa, cast, "yes") == {"state": "waitlisted", "place": "2"}


def test_somebody_is_put_ahead_with_a_reason_and_a_name(cast: Cast) -> None:
    first, second = wait(cast, "frank", "beatriz")
    with pytest.raises(waiting.AheadReasonNeeded):
        run(service.put_ahead, cast.joanne, cast.session_id, second, before_id=first, reason=" ")
    with pytest.raises(waiting.AheadOfWhom):
        run(service.put_ahead, cast.joanne, cast.session_id, first, before_id=second, reason="Why not")
    run(service.put_ahead, cast.joanne, cast.session_id, second, before_id=first, reason="Her interpreter is booked")
    found = entry(cast, "beatriz")
    assert (found.ahead_by, found.ahead_reason) == ("Joanne Pike", "Her interpreter is booked")
    answer(cast.rosa, cast, "no")
    assert says(cast, "frank", "beatriz") == ["waitlisted", "offered"]
    assert db.session.scalar(select(AuditEntry.subject_id).where(AuditEntry.action == "sessions:put_ahead")) is not None


@pytest.mark.parametrize("who", ["tomas", "osei", "nia", "frank"])
def test_the_list_is_kept_by_coordinators(cast: Cast, who: str) -> None:
    first, second = wait(cast, "frank", "beatriz")
    with pytest.raises(NotAllowed):
        run(service.put_ahead, getattr(cast, who), cast.session_id, second, before_id=first, reason="Because")
    with pytest.raises(NotAllowed):
        run(service.offer_place, getattr(cast, who), cast.session_id, first, reason="Because")


def test_a_stranger_finds_neither_date_nor_entry(cast: Cast) -> None:
    (first,) = wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    with pytest.raises(NotFound):
        run(service.offer_place, cast.sol, cast.session_id, first)
    with pytest.raises(NotFound):
        run(service.put_ahead, cast.sol, cast.session_id, first, before_id=first, reason="Because")
    for verb in (service.accept_offer, service.decline_offer, service.leave_waiting_list):
        with pytest.raises(NotFound):
            run(verb, cast.sol, cast.session_id, entry_id=first)
        with pytest.raises(NotFound):
            run(verb, cast.sunny, cast.session_id)
    with pytest.raises(NotFound):
        run(service.join_waiting_list, cast.sunny, cast.session_id)
    with pytest.raises(NotFound):
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.sunny.id)


def test_a_patient_waits_for_dates_of_their_own_programme_only(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.join_waiting_list, cast.walter, cast.session_id)
    with pytest.raises(waiting.HasPlace):
        run(service.join_waiting_list, cast.rosa, cast.session_id)


def test_waiting_twice_is_once_and_leaving_is_a_no(cast: Cast) -> None:
    wait(cast, "frank", "beatriz", "frank")
    assert db.session.scalar(select(func.count()).select_from(WaitingListEntry)) == 2
    for _ in range(2):
        run(service.leave_waiting_list, cast.frank, cast.session_id)
    assert (says(cast, "frank"), queries.my_place_in_line(db.session(), cast.beatriz, cast.session_id)) == (["declined"], 1)


def test_beyond_the_places_only_with_a_reason(cast: Cast) -> None:
    (first,) = wait(cast, "frank")
    with pytest.raises(waiting.NoPlaceFree):
        run(service.offer_place, cast.joanne, cast.session_id, first)
    for _ in range(2):
        run(service.offer_place, cast.joanne, cast.session_id, first, reason="Drives Gladys")
    assert (open_offers(cast), seat(cast, "frank").over_maximum_reason) == (1, "Drives Gladys")
    assert queries.census_of(db.session(), queries.place_for(db.session(), cast.joanne, cast.session_id)).beyond == 1


# --- who comes together


def test_a_pair_takes_two_places_or_none(cast: Cast) -> None:
    pair(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    assert answer(cast.frank, cast, "yes")["state"] == "waitlisted"
    assert says(cast, "frank", "beatriz") == ["waitlisted", "waitlisted"]
    answer(cast.marcus, cast, "no")
    assert says(cast, "frank", "beatriz") == ["offered", "offered"]
    assert db.session.scalars(select(Offer)).one().places == 2
    run(service.accept_offer, cast.beatriz, cast.session_id)
    assert says(cast, "frank", "beatriz") == ["confirmed", "confirmed"]


def test_a_single_place_goes_past_a_pair_that_stays_first(cast: Cast) -> None:
    pair(cast, "frank", "beatriz")
    wait(cast, "frank", "walter")
    answer(cast.rosa, cast, "no")
    assert says(cast, "frank", "beatriz", "walter") == ["waitlisted", "waitlisted", "offered"]
    answer(cast.marcus, cast, "no")
    answer(cast.gladys, cast, "no")
    assert says(cast, "frank", "beatriz") == ["offered", "offered"]


def test_staff_seat_both_or_none(cast: Cast) -> None:
    pair(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    with pytest.raises(rules.SessionFull):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["frank"], answer="yes")
    assert says(cast, "frank", "beatriz") == ["invited", "invited"]
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["frank"], answer="yes", over_maximum_reason="They share a car")
    assert says(cast, "frank", "beatriz") == ["confirmed", "confirmed"]


def test_a_no_of_one_is_a_no_of_both(cast: Cast) -> None:
    pair(cast, "rosa", "marcus")
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    assert says(cast, "rosa", "marcus", "frank", "beatriz") == ["declined", "declined", "offered", "offered"]
    assert noted("seat_cancelled", cast, "marcus") == ["planned"]


def test_the_other_of_a_pair_waits_on_alone(cast: Cast) -> None:
    pair(cast, "frank", "beatriz")
    wait(cast, "frank", "walter")
    since = entry(cast, "beatriz").since
    run(service.take_back_seat, cast.joanne, cast.session_id, cast.seats["frank"])
    mine = entry(cast, "beatriz")
    assert (mine.patient_id, mine.partner_id, mine.since, mine.state) == (cast.beatriz.id, None, since, "waiting")
    answer(cast.rosa, cast, "no")
    assert says(cast, "frank", "beatriz", "walter") == ["cancelled", "offered", "waitlisted"]


def test_two_who_no_longer_come_together_answer_for_themselves(cast: Cast) -> None:
    pair(cast, "frank", "beatriz")
    wait(cast, "frank")
    with write() as tx:
        tx.delete(tx.scalars(select(Pair)).one())
    answer(cast.frank, cast, "no")
    assert says(cast, "frank", "beatriz") == ["declined", "waitlisted"]
    answer(cast.rosa, cast, "no")
    assert says(cast, "beatriz") == ["offered"]


# --- the day, and the end of a date


def test_who_has_an_offer_and_comes_has_accepted_it(cast: Cast) -> None:
    first, _ = wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    starts_in(cast, timedelta(minutes=30))
    run(service.check_in, cast.joanne, cast.session_id, cast.seats["frank"])
    assert (says(cast, "frank"), db.session.get_one(WaitingListEntry, first).state, db.session.scalars(select(Offer.state)).one()) == (
        ["arrived"],
        "seated",
        "accepted",
    )


def test_who_has_an_offer_and_is_admitted_by_their_phone_has_accepted_it(cast: Cast) -> None:
    first, _ = wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    starts_in(cast, timedelta(minutes=30))
    run(service.open_session, cast.tomas, cast.session_id)
    code = db.session.get_one(GroupSession, cast.session_id).join_code
    db.session.rollback()
    run(live.wait_at_door, ANYONE, code=str(code), fingerprint="f" * 64, address="127.0.0.1")
    guest_id = db.session.scalar(select(WaitingGuest.id)) or ""
    run(live.admit_guest, cast.tomas, cast.session_id, guest_id=guest_id, seat_id=cast.seats["frank"])
    db.session.rollback()
    assert (says(cast, "frank"), db.session.get_one(WaitingListEntry, first).state, db.session.scalars(select(Offer.state)).one()) == (
        ["arrived"],
        "seated",
        "accepted",
    )
    assert db.session.scalars(select(SchedulerChange.kind).where(SchedulerChange.patient_id == cast.frank.id)).all() == ["add"]


def test_coming_with_an_offer_is_entered_in_the_main_scheduler_once_and_a_wrong_tap_leaves_nothing(cast: Cast) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    starts_in(cast, timedelta(minutes=30))
    changes = select(SchedulerChange.kind).where(SchedulerChange.patient_id == cast.frank.id)
    run(service.check_in, cast.joanne, cast.session_id, cast.seats["frank"])
    assert db.session.scalars(changes).all() == ["add"]
    run(service.undo_check_in, cast.joanne, cast.session_id, cast.seats["frank"], back_to="offered")
    db.session.rollback()
    assert (says(cast, "frank"), open_offers(cast), db.session.scalars(changes).all()) == (["offered"], 1, [])


def test_an_open_offer_at_the_close_is_withdrawn_and_no_no_show(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    starts_in(cast, timedelta(minutes=30))
    run(service.open_session, cast.tomas, cast.session_id)
    assert says(cast, "frank", "beatriz") == ["offered", "waitlisted"]
    run(service.close_session, cast.tomas, cast.session_id, **reasons(cast))
    assert (says(cast, "frank", "beatriz", "marcus"), db.session.scalars(select(Offer.state)).one()) == (["invited", "invited", "no_show"], "withdrawn")
    assert set(db.session.scalars(select(WaitingListEntry.state))) == {"left"}


def test_a_cancelled_date_offers_nothing(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    answer(cast.rosa, cast, "no")
    run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    assert (open_offers(cast), says(cast, "frank", "beatriz", "marcus")) == (0, ["invited", "invited", "confirmed"])
    assert noted("offer", cast, "frank") == ["withdrawn"]
    with pytest.raises(waiting.TooLateToAnswer):
        run(service.accept_offer, cast.frank, cast.session_id)


def test_who_leaves_the_group_waits_no_more(cast: Cast) -> None:
    wait(cast, "frank", "beatriz")
    run(programmes.remove_member, cast.joanne, cast.group_id, cast.frank.id)
    assert (says(cast, "frank"), entry(cast, "frank").state) == (["cancelled"], "left")
    answer(cast.rosa, cast, "no")
    run(patients.deactivate_patient, cast.joanne, cast.beatriz.id)
    assert (says(cast, "beatriz"), open_offers(cast)) == (["cancelled"], 0)


def test_counts_of_yes_leave_offers_out(cast: Cast) -> None:
    wait(cast, "frank")
    answer(cast.rosa, cast, "no")
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    advice = queries.advice_for(db.session(), cast.joanne, place)
    assert (advice.yes, advice.offered, queries.census_of(db.session(), place).held) == (3, 1, 4)


def test_with_over_inviting_the_advice_is_the_limit(cast: Cast) -> None:
    with write() as tx:
        tx.get_one(Group, cast.group_id).over_inviting = True
    limit = queries.limit_for(db.session(), db.session.get_one(GroupSession, cast.session_id))
    assert limit >= 4
    state = answer(cast.frank, cast, "yes")["state"]
    assert state == ("confirmed" if limit > 4 else "waitlisted")


# --- a make-up date


@pytest.fixture
def sister_id(cast: Cast) -> str:
    with write() as tx:
        _, session_id = sister_group(tx, cast)
        return session_id


def there(cast: Cast, session_id: str, who: str) -> Seat | None:
    db.session.rollback()
    return db.session.scalar(select(Seat).where(Seat.session_id == session_id, Seat.patient_id == getattr(cast, who).id))


def test_a_make_up_takes_a_place_and_skips_the_own_date(cast: Cast, sister_id: str) -> None:
    wait(cast, "frank")
    assert run(service.ask_make_up, cast.rosa, sister_id, instead_of=cast.session_id) == {"state": "confirmed"}
    made = there(cast, sister_id, "rosa")
    assert made is not None
    assert (made.state, made.makes_up_for_id, seat(cast, "rosa").state, seat(cast, "rosa").skips) == ("confirmed", cast.session_id, "declined", True)
    assert says(cast, "frank") == ["offered"]
    with pytest.raises(waiting.HasPlace):
        run(service.ask_make_up, cast.rosa, sister_id, instead_of=cast.session_id)


def test_a_make_up_in_a_full_date_waits_and_keeps_the_own_place_until_then(cast: Cast, sister_id: str) -> None:
    with write() as tx:
        tx.get_one(GroupSession, sister_id).maximum = 1
    run(service.seat_patient, cast.joanne, sister_id, cast.walter.id, answer="yes")
    assert run(service.ask_make_up, cast.joanne, sister_id, instead_of=cast.session_id, patient_id=cast.rosa.id) == {"state": "waitlisted"}
    assert says(cast, "rosa") == ["confirmed"]
    walters = there(cast, sister_id, "walter")
    assert walters is not None
    run(service.take_back_seat, cast.joanne, sister_id, walters.id)
    run(service.accept_offer, cast.rosa, sister_id)
    assert says(cast, "rosa") == ["declined"]
    assert seat(cast, "rosa").skips


def test_a_pair_moves_together(cast: Cast, sister_id: str) -> None:
    pair(cast, "rosa", "frank")
    run(service.ask_make_up, cast.rosa, sister_id, instead_of=cast.session_id)
    assert says(cast, "rosa") == ["declined"]
    both = [there(cast, sister_id, who) for who in ("rosa", "frank")]
    assert [each.state for each in both if each is not None] == ["confirmed", "confirmed"]
    assert says(cast, "frank") == ["declined"]


def test_a_make_up_is_refused_elsewhere(cast: Cast, sister_id: str) -> None:
    for who, session_id, instead in (
        (cast.rosa, cast.session_id, cast.session_id),
        (cast.rosa, "0" * 32, cast.session_id),
        (cast.walter, sister_id, cast.session_id),
    ):
        with pytest.raises(DomainError):
            run(service.ask_make_up, who, session_id, instead_of=instead)
    for stranger in (cast.sol, cast.tomas):  # another clinic's; not on the team there
        with pytest.raises(NotFound):
            run(service.ask_make_up, stranger, sister_id, instead_of=cast.session_id, patient_id=cast.rosa.id)
