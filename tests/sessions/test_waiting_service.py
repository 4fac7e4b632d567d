"""Who gets a free place: offers, answers, pairs, expiry, going ahead, make-ups; on rows, with who may not and twice is once."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.patients import service as patients
from groupvisits.programmes import service as programmes
from groupvisits.sessions import queries, service
from groupvisits.sessions.models import GroupSession, Notice, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules import waiting
from groupvisits.sessions.service import messages, offers
from tests.cast import Cast
from tests.sessions.arrange import counted, full_date, past_date, sister_group

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def full(cast: Cast, context: None) -> str:
    """The date in three days with four places, all held: Frank and Beatriz have not answered, Walter is in no group."""
    with write() as tx:
        return full_date(tx, cast)


def state(cast: Cast, who: str, session_id: str = "") -> str:
    db.session.rollback()
    query = select(Seat.state).where(Seat.session_id == (session_id or cast.session_id), Seat.patient_id == getattr(cast, who).id)
    return db.session.scalar(query) or ""


def entry(cast: Cast, who: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(WaitingListEntry.id).where(WaitingListEntry.patient_id == getattr(cast, who).id)).one()


def waits(cast: Cast, *who: str) -> None:
    for each in who:
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=getattr(cast, each).id)


def says(cast: Cast, who: str, answer: str) -> dict[str, str]:
    return run(service.answer, getattr(cast, who), cast.session_id, answer=answer)


def notices(cast: Cast, who: str, kind: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Notice.state).where(Notice.patient_id == getattr(cast, who).id, Notice.kind == kind)))


def acts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))


def paired(cast: Cast, one: str, other: str) -> None:
    run(patients.pair, cast.joanne, getattr(cast, one).id, other_id=getattr(cast, other).id)


def starts_in(cast: Cast, **delta: float) -> None:
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() + timedelta(**delta)


def expire() -> None:
    with write() as tx:
        for offer in tx.scalars(select(Offer).where(Offer.state == "open")):
            offer.expires_at = clock.now() - timedelta(seconds=1)


# --- the order


def test_a_yes_to_a_full_date_waits_in_line_and_a_place_given_back_goes_to_the_first(cast: Cast) -> None:
    assert says(cast, "frank", "yes") == {"state": "waitlisted", "place": "1"}
    assert says(cast, "beatriz", "yes") == {"state": "waitlisted", "place": "2"}
    says(cast, "marcus", "no")
    assert (state(cast, "frank"), state(cast, "beatriz")) == ("offered", "waitlisted")
    assert notices(cast, "frank", "offer") == ["planned"] and notices(cast, "beatriz", "offer") == []
    run(service.accept_offer, cast.frank, cast.session_id)
    assert state(cast, "frank") == "confirmed"
    assert notices(cast, "frank", "offer") == ["withdrawn"] and notices(cast, "frank", "confirmation") == ["planned"]
    assert {"sessions:join_waiting_list", "sessions:offer_place", "sessions:offer_accepted"} <= set(acts())


def test_one_place_makes_one_offer_however_often_the_tick_comes_by(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    says(cast, "marcus", "no")
    for _ in range(3):
        offers.lapse_offers()
        offers.offer_what_is_free()
    assert len(db.session.scalars(select(Offer)).all()) == 1


def test_waiting_and_leaving_twice_is_once(cast: Cast) -> None:
    for _ in range(2):
        waits(cast, "walter")
    assert acts().count("sessions:join_waiting_list") == 1
    for _ in range(2):
        run(service.leave_waiting_list, cast.walter, cast.session_id)
    assert acts().count("sessions:leave_waiting_list") == 1
    assert state(cast, "walter") == "declined"


def test_who_left_and_comes_back_stands_at_the_end(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    run(service.leave_waiting_list, cast.walter, cast.session_id)
    waits(cast, "walter")
    says(cast, "marcus", "no")
    assert (state(cast, "frank"), state(cast, "walter")) == ("offered", "waitlisted")


def test_an_offer_answered_twice_is_answered_once(cast: Cast) -> None:
    waits(cast, "walter")
    says(cast, "marcus", "no")
    for _ in range(2):
        run(service.accept_offer, cast.walter, cast.session_id)
    assert acts().count("sessions:offer_accepted") == 1
    with pytest.raises(waiting.OfferOver):  # a seat that was taken is given back by an answer, not by the offer
        run(service.decline_offer, cast.walter, cast.session_id)
    assert state(cast, "walter") == "confirmed"


def test_a_no_to_an_offer_gives_it_to_the_next(cast: Cast) -> None:
    waits(cast, "frank", "walter")
    says(cast, "marcus", "no")
    for _ in range(2):
        run(service.decline_offer, cast.frank, cast.session_id)
    assert (state(cast, "frank"), state(cast, "walter")) == ("declined", "offered")


def test_an_offer_that_nobody_answers_lapses_and_goes_on(cast: Cast) -> None:
    waits(cast, "frank", "walter")
    says(cast, "marcus", "no")
    expire()
    with pytest.raises(waiting.OfferOver):
        run(service.accept_offer, cast.frank, cast.session_id)
    offers.lapse_offers()
    assert (state(cast, "frank"), state(cast, "walter")) == ("invited", "offered")
    assert notices(cast, "frank", "offer_over") == ["planned"]
    assert "sessions:offer_lapsed" in acts()


def test_in_the_last_two_hours_only_staff_offer_a_place(cast: Cast) -> None:
    waits(cast, "frank")
    starts_in(cast, minutes=110)
    says(cast, "marcus", "no")
    offers.offer_what_is_free()
    assert state(cast, "frank") == "waitlisted"
    run(service.offer_place, cast.joanne, cast.session_id, entry(cast, "frank"))
    assert state(cast, "frank") == "offered"


# --- others do not go ahead


def test_a_free_place_is_theirs_who_wait(cast: Cast) -> None:
    waits(cast, "walter")
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = 5
    with pytest.raises(waiting.OthersWait):
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["frank"], answer="yes")
    run(service.answer_for, cast.joanne, cast.session_id, cast.seats["frank"], answer="yes", over_maximum_reason="Has an interpreter that day")
    assert state(cast, "frank") == "confirmed"
    reasons = [found.details.get("reason") for found in db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:take_seat"))]
    assert "Has an interpreter that day" in reasons


def test_staff_put_somebody_ahead_with_a_reason_alone(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    with pytest.raises(waiting.AheadReasonNeeded):
        run(service.put_ahead, cast.joanne, cast.session_id, entry(cast, "frank"), before_id=entry(cast, "walter"), reason="  ")
    run(service.put_ahead, cast.joanne, cast.session_id, entry(cast, "frank"), before_id=entry(cast, "walter"), reason="Interpreter is booked")
    says(cast, "marcus", "no")
    assert (state(cast, "frank"), state(cast, "walter")) == ("offered", "waitlisted")
    with pytest.raises(DomainError):
        run(service.put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before_id=entry(cast, "frank"), reason="Has an offer already")


def test_an_offer_by_hand_is_taken_back_and_the_person_waits_where_they_were(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    since = db.session.get_one(WaitingListEntry, entry(cast, "frank")).since
    run(service.offer_place, cast.joanne, cast.session_id, entry(cast, "frank"), reason="One chair more")
    for _ in range(2):
        run(service.withdraw_offer, cast.joanne, cast.session_id, entry(cast, "frank"))
    assert (state(cast, "frank"), state(cast, "walter")) == ("waitlisted", "waitlisted")  # the place was beyond the maximum
    assert db.session.get_one(WaitingListEntry, entry(cast, "frank")).since == since
    assert notices(cast, "frank", "offer") == ["withdrawn"] and notices(cast, "frank", "offer_over") == []
    assert acts().count("sessions:offer_withdrawn") == 1
    assert db.session.scalars(select(Seat.seat_no).where(Seat.patient_id == cast.frank.id)).one() is None


def test_who_was_told_of_an_offer_is_told_that_it_is_over(cast: Cast) -> None:
    waits(cast, "frank")
    run(service.offer_place, cast.joanne, cast.session_id, entry(cast, "frank"), reason="One chair more")
    with write() as tx:
        for notice in tx.scalars(select(Notice).where(Notice.kind == "offer")):
            notice.state = "sent"
    run(service.withdraw_offer, cast.joanne, cast.session_id, entry(cast, "frank"))
    assert notices(cast, "frank", "offer_over") == ["planned"]


def test_an_offer_in_turn_or_one_that_was_answered_is_not_taken_back(cast: Cast) -> None:
    waits(cast, "walter")
    says(cast, "marcus", "no")
    with pytest.raises(waiting.OfferedInTurn):
        run(service.withdraw_offer, cast.joanne, cast.session_id, entry(cast, "walter"))
    run(service.accept_offer, cast.walter, cast.session_id)
    with pytest.raises(waiting.OfferOver):
        run(service.withdraw_offer, cast.joanne, cast.session_id, entry(cast, "walter"))


# --- pairs


def test_a_pair_stays_first_and_a_single_behind_is_offered_one_place(cast: Cast) -> None:
    paired(cast, "frank", "beatriz")
    waits(cast, "frank", "walter")
    says(cast, "marcus", "no")
    assert (state(cast, "frank"), state(cast, "beatriz"), state(cast, "walter")) == ("waitlisted", "waitlisted", "offered")
    run(service.decline_offer, cast.walter, cast.session_id)
    says(cast, "gladys", "no")
    assert (state(cast, "frank"), state(cast, "beatriz")) == ("offered", "offered")
    run(service.accept_offer, cast.beatriz, cast.session_id)  # one speaks for both
    assert (state(cast, "frank"), state(cast, "beatriz")) == ("confirmed", "confirmed")


def test_a_pair_that_comes_apart_waits_on_as_it_did(cast: Cast) -> None:
    paired(cast, "frank", "beatriz")
    waits(cast, "frank")
    run(patients.unpair, cast.joanne, cast.frank.id)
    assert (state(cast, "frank"), state(cast, "beatriz")) == ("waitlisted", "waitlisted")


# --- who may not


def test_other_people_of_the_clinic_do_not_keep_the_list(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    ids_ = entry(cast, "walter"), entry(cast, "frank")
    for who in (cast.tomas, cast.nia, cast.osei):
        for verb, args, more in _staff_acts(cast, *ids_):
            with pytest.raises(NotAllowed):
                run(verb, who, *args, **more)
    for who in (cast.quinn, cast.ada):
        for verb, args, more in _staff_acts(cast, *ids_):
            with pytest.raises((NotAllowed, NotFound)):
                run(verb, who, *args, **more)


def test_nothing_of_it_exists_for_another_clinic(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    for verb, args, more in _staff_acts(cast, entry(cast, "walter"), entry(cast, "frank")):
        with pytest.raises(NotFound):
            run(verb, cast.sol, *args, **more)
    for verb in (service.accept_offer, service.decline_offer, service.leave_waiting_list, service.join_waiting_list):
        with pytest.raises(NotFound):
            run(verb, cast.sunny, cast.session_id)
    with pytest.raises(NotFound):
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.sunny.id)


def _staff_acts(cast: Cast, walter: str, frank: str) -> list[tuple[Any, tuple[Any, ...], dict[str, Any]]]:
    here = cast.session_id
    return [
        (service.join_waiting_list, (here,), {"patient_id": cast.beatriz.id}), (service.offer_place, (here, walter), {"reason": "x"}),
        (service.put_ahead, (here, frank), {"before_id": walter, "reason": "x"}), (service.accept_offer, (here,), {"entry_id": walter}),
        (service.decline_offer, (here,), {"entry_id": walter}), (service.leave_waiting_list, (here,), {"entry_id": walter}),
        (service.withdraw_offer, (here, walter), {}),
    ]  # fmt: skip


def test_an_entry_of_another_date_is_not_found(cast: Cast) -> None:
    waits(cast, "walter")
    with write() as tx:
        _, other = sister_group(tx, cast)
    for verb in (service.offer_place, service.withdraw_offer):
        with pytest.raises(NotFound):
            run(verb, cast.joanne, other, entry(cast, "walter"))


def test_a_patient_answers_for_themself_alone(cast: Cast) -> None:
    waits(cast, "walter")
    says(cast, "marcus", "no")
    with pytest.raises(DomainError):
        run(service.accept_offer, cast.frank, cast.session_id, entry_id=entry(cast, "walter"))
    assert state(cast, "walter") == "offered"


def test_ones_own_number_is_all_a_patient_learns(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    db.session.rollback()
    assert queries.my_place_in_line(db.session(), cast.frank, cast.session_id) == 2
    assert queries.my_place_in_line(db.session(), cast.rosa, cast.session_id) == 0
    place = queries.place_for(db.session(), cast.tomas, cast.session_id)
    with pytest.raises(NotAllowed):
        queries.waiting_list_for(db.session(), cast.tomas, place)


# --- where the two states matter elsewhere


@pytest.mark.parametrize("offered", [False, True])
def test_who_is_made_not_active_waits_no_more_and_the_place_goes_on(cast: Cast, offered: bool) -> None:
    waits(cast, "walter", "frank")
    if offered:
        says(cast, "marcus", "no")
    run(patients.deactivate_patient, cast.joanne, cast.walter.id)
    assert state(cast, "walter") == "cancelled"
    assert db.session.get_one(WaitingListEntry, entry(cast, "walter")).state == "left"
    assert state(cast, "frank") == ("offered" if offered else "waitlisted")


def test_who_leaves_the_group_waits_no_more(cast: Cast) -> None:
    waits(cast, "frank")
    run(programmes.remove_member, cast.joanne, cast.group_id, cast.frank.id)
    assert state(cast, "frank") == "cancelled"
    assert db.session.get_one(WaitingListEntry, entry(cast, "frank")).state == "left"


@pytest.mark.parametrize("offered", [False, True])
def test_who_is_here_waits_for_nothing_any_more(cast: Cast, offered: bool) -> None:
    waits(cast, "walter")
    if offered:
        says(cast, "marcus", "no")
    starts_in(cast, minutes=30)
    seat = db.session.scalars(select(Seat.id).where(Seat.patient_id == cast.walter.id)).one()
    run(service.open_session, cast.joanne, cast.session_id)
    more = {} if offered else {"over_maximum_reason": "Came all the same"}
    run(service.check_in, cast.nia if offered else cast.joanne, cast.session_id, seat, **more)
    assert state(cast, "walter") == "arrived"
    assert db.session.get_one(WaitingListEntry, entry(cast, "walter")).state == "seated"
    assert db.session.scalars(select(Offer).where(Offer.state == "open")).all() == []


def test_a_cancelled_date_leaves_nobody_waiting(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    says(cast, "marcus", "no")
    run(service.cancel_session, cast.joanne, cast.session_id, reason="Snow")
    assert {found.state for found in db.session.scalars(select(WaitingListEntry))} == {"left"}
    assert db.session.scalars(select(Offer).where(Offer.state == "open")).all() == []
    assert {state(cast, "walter"), state(cast, "frank")} == {"invited"}


def test_an_offer_is_no_yes_and_who_waits_has_answered(cast: Cast) -> None:
    waits(cast, "walter", "frank")
    says(cast, "marcus", "no")
    db.session.rollback()
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    census = queries.census_of(db.session(), place)
    assert (census.held, census.yes, census.offered, census.invited) == (4, 3, 1, 1)  # only Beatriz has not answered
    assert [line.held for line in queries.sessions_for(db.session(), cast.joanne, group_id=cast.group_id)] == [3]


# --- a make-up in a sister group


def test_a_make_up_has_a_place_there_and_skips_here(cast: Cast) -> None:
    with write() as tx:
        _, other = sister_group(tx, cast)
    assert run(service.ask_make_up, cast.rosa, other, instead_of=cast.session_id) == {"state": "confirmed"}
    assert (state(cast, "rosa", other), state(cast, "rosa")) == ("confirmed", "declined")
    with pytest.raises(waiting.HasPlace):
        run(service.ask_make_up, cast.rosa, other, instead_of=cast.session_id)
    with pytest.raises(waiting.NotYourDate):
        run(service.ask_make_up, cast.rosa, cast.session_id, instead_of=cast.session_id)


def test_a_make_up_where_all_is_full_waits_there_and_keeps_the_place_here(cast: Cast) -> None:
    with write() as tx:
        _, other = sister_group(tx, cast)
        tx.get_one(GroupSession, other).maximum = 1
    run(service.ask_make_up, cast.gladys, other, instead_of=cast.session_id)
    assert run(service.ask_make_up, cast.rosa, other, instead_of=cast.session_id) == {"state": "waitlisted"}
    assert (state(cast, "rosa", other), state(cast, "rosa")) == ("waitlisted", "confirmed")
    run(service.answer, cast.gladys, other, answer="no")
    assert (state(cast, "rosa", other), state(cast, "rosa")) == ("offered", "confirmed")
    run(service.accept_offer, cast.rosa, other)
    assert (state(cast, "rosa", other), state(cast, "rosa")) == ("confirmed", "declined")


@pytest.mark.parametrize("who", ["sunny", "walter"])
def test_a_make_up_is_for_people_of_the_programme(cast: Cast, who: str) -> None:
    with write() as tx:
        _, other = sister_group(tx, cast)
    actor: Actor = getattr(cast, who)
    with pytest.raises((NotFound, waiting.NotYourDate)):
        run(service.ask_make_up, actor, other, instead_of=cast.session_id)


def test_a_date_that_has_begun_takes_nobody_on_its_list(cast: Cast) -> None:
    starts_in(cast, minutes=-1)
    with pytest.raises(waiting.TooLateToAnswer):
        waits(cast, "walter")
    assert state(cast, "walter") == ""


@pytest.mark.parametrize("by", ["patient", "staff"])
@pytest.mark.parametrize("verb", [service.decline_offer, service.leave_waiting_list])
def test_the_other_of_two_hears_that_they_do_not_wait_any_more(cast: Cast, verb: Any, by: str) -> None:
    paired(cast, "walter", "frank")
    waits(cast, "walter")
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).maximum = 6
    offers.offer_what_is_free()
    assert (state(cast, "walter"), state(cast, "frank")) == ("offered", "offered")
    for _ in range(2):
        if by == "patient":
            run(verb, cast.walter, cast.session_id)
        else:
            run(verb, cast.joanne, cast.session_id, entry_id=entry(cast, "walter"))
    assert (state(cast, "walter"), state(cast, "frank")) == ("declined", "declined")
    assert notices(cast, "frank", "seat_cancelled") == ["planned"]
    assert notices(cast, "walter", "seat_cancelled") == ([] if by == "patient" else ["planned"])
    messages.word_due()
    assert notices(cast, "frank", "seat_cancelled") == ["sent"]


@pytest.mark.parametrize("over_inviting", [False, True])
def test_the_tick_asks_as_little_for_many_dates_as_for_few(app: Flask, cast: Cast, over_inviting: bool) -> None:
    """And does nothing where a place is free that fits nobody who waits."""

    def dates_with_pairs(first: int, last: int) -> None:
        with write() as tx:
            tx.get_one(GroupSession, cast.session_id).group.over_inviting = over_inviting
            for number in range(first, last):
                date = past_date(tx, cast, cast.group_id, days=-20 - number, state="planned")
                date.maximum = 1
                now = clock.now()
                tx.add(WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=date.id, patient_id=cast.walter.id, partner_id=cast.frank.id,
                                        state="waiting", since=now, changed_at=now))  # fmt: skip

    asked = []
    for first, last in ((0, 2), (2, 12)):
        dates_with_pairs(first, last)
        db.session.rollback()
        with counted(app) as questions:
            assert offers.offer_what_is_free() == 0
        asked.append(len(questions))
    assert asked[1] <= asked[0] < 12
