"""The advice for a date, from rows."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, write
from groupvisits.extensions import db
from groupvisits.programmes.models import Group
from groupvisits.sessions import queries
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.rules import advice as rules
from tests.cast import Cast
from tests.sessions.arrange import a_date, counted

pytestmark = pytest.mark.usefixtures("context")


def past_dates(tx: Transaction, cast: Cast, number: int, states: Mapping[str, str], *, group_id: str = "", state: str = "closed", days_ago: int = 30) -> None:
    """`number` dates of the group, a month apart, on which the named people's seats said `states`."""
    for month in range(number):
        starts_at = clock.now() - timedelta(days=days_ago + 30 * month, minutes=month)
        made = a_date(tx, cast, starts_at, group_id=group_id or cast.group_id, state=state)
        tx.add_all(
            Seat(id=ids.new_id(), session_id=made.id, patient_id=getattr(cast, name).id, state=said, changed_at=starts_at) for name, said in states.items()
        )


def sister_group(tx: Transaction, cast: Cast, name: str = "Friday noon group") -> str:
    first = tx.get_one(Group, cast.group_id)
    values = {column.key: getattr(first, column.key) for column in Group.__table__.columns if column.key not in ("id", "name")}
    sister = Group(id=ids.new_id(), name=name, **values)
    tx.add(sister)
    tx.flush()
    return sister.id


def seats_say(tx: Transaction, cast: Cast, **states: str) -> None:
    for name, state in states.items():
        seat = tx.get_one(Seat, cast.seats[name])
        seat.state, seat.seat_no = state, seat.seat_no if state in ("confirmed", "offered") else None


def advice(cast: Cast) -> queries.Advice:
    db.session.rollback()
    return queries.advice_for(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id))


def test_without_any_visit_it_says_so_and_uses_what_such_programmes_report(cast: Cast) -> None:
    found = advice(cast)
    assert (found.visits, found.visits_of_others, found.new, found.invited) == (0, 0, 6, 6)
    assert found.now.expected == 5  # six who said yes, 75 in 100 each
    assert found.off_by >= 1


def test_people_who_always_come_count_for_more_than_people_who_never_do(cast: Cast) -> None:
    with write() as tx:
        past_dates(tx, cast, 6, {"rosa": "attended", "marcus": "attended", "gladys": "left_early", "teo": "no_show", "frank": "no_show", "beatriz": "no_show"})
        seats_say(tx, cast, rosa="confirmed", marcus="confirmed", gladys="confirmed", teo="declined", frank="declined", beatriz="declined")
    regulars = advice(cast)
    with write() as tx:
        for name, number in (("teo", 1), ("frank", 2), ("beatriz", 3)):
            seat = tx.get_one(Seat, cast.seats[name])
            seat.state = "confirmed"
            seat.seat_no = number + 10
        seats_say(tx, cast, rosa="declined", marcus="declined", gladys="declined")
    absent = advice(cast)
    assert regulars.visits == absent.visits == 6
    assert regulars.invited == absent.invited == 3
    assert (regulars.now.expected, absent.now.expected) == (2, 1)
    assert regulars.new == 0


def test_dates_that_were_cancelled_or_are_long_ago_are_no_history(cast: Cast) -> None:
    with write() as tx:
        past_dates(tx, cast, 3, {"rosa": "attended"}, state="cancelled")
        past_dates(tx, cast, 1, {"rosa": "attended"}, days_ago=400)
    assert (advice(cast).visits, advice(cast).new) == (0, 6)


def test_a_visit_made_up_for_in_a_sister_group_is_the_persons_own_history(cast: Cast) -> None:
    with write() as tx:
        past_dates(tx, cast, 2, {"rosa": "attended"}, group_id=sister_group(tx, cast))
    found = advice(cast)
    assert (found.visits, found.visits_of_others, found.new) == (0, 2, 5)


def test_who_said_no_is_not_expected_and_who_is_here_is_certain(cast: Cast) -> None:
    with write() as tx:
        seats_say(tx, cast, rosa="declined", marcus="declined", gladys="declined", teo="declined", frank="declined")
        tx.get_one(Seat, cast.seats["beatriz"]).state = "arrived"
    found = advice(cast)
    assert (found.invited, found.now.expected, found.now.low, found.now.high) == (1, 1, 1, 1)
    assert (found.now.too_few, found.now.too_many) == (1, 0)


def test_nobody_on_the_list_is_no_error(cast: Cast) -> None:
    with write() as tx:
        for name in cast.seats:
            seats_say(tx, cast, **{name: "cancelled"})
    found = advice(cast)
    assert (found.invited, found.now.expected, found.now.low, found.now.high, found.off_by) == (0, 0, 0, 0, 0)
    assert found.now.advised >= 8


@pytest.mark.parametrize(("history", "limit"), [(None, 9), ("attended", 8), ("no_show", 36)])
def test_the_limit_of_held_places_grows_where_people_stay_away_and_is_never_below_the_maximum(cast: Cast, history: str | None, limit: int) -> None:
    with write() as tx:
        if history:
            past_dates(tx, cast, 11, dict.fromkeys(cast.seats, history))
    with write() as tx:
        assert queries.limit_for(tx, tx.get_one(GroupSession, cast.session_id)) == limit


def test_one_on_one_time_bounds_the_advice_and_the_limit(cast: Cast) -> None:
    before = advice(cast)
    with write() as tx:
        tx.delete(tx.get_one(SessionTeamMember, (cast.session_id, cast.farrow.id, "resident")))
    found = advice(cast)
    assert (before.one_on_ones, before.most) == (12, 8)
    assert (found.one_on_ones, found.most, found.is_bound_by_time) == (6, 6, True)
    assert found.now.advised < before.now.advised
    with write() as tx:
        assert queries.limit_for(tx, tx.get_one(GroupSession, cast.session_id)) < 9


def test_until_residents_are_chosen_the_group_plans_with_its_number_of_clinicians(cast: Cast) -> None:
    with write() as tx:
        for who in (cast.farrow, cast.osei):
            tx.delete(tx.get_one(SessionTeamMember, (cast.session_id, who.id, "resident")))
        tx.get_one(Group, cast.group_id).providers = 2
    assert advice(cast).one_on_ones == 12


def test_strangers_do_not_know_the_date_and_reviewers_may_not_see_it(cast: Cast) -> None:
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    with pytest.raises(NotFound):
        queries.advice_for(db.session(), cast.sol, place)
    with pytest.raises(NotAllowed):
        queries.advice_for(db.session(), cast.quinn, place)
    assert queries.advice_of_dates(db.session(), cast.sol, [place.group_session]) == {}
    with pytest.raises(NotAllowed):
        queries.advice_of_dates(db.session(), cast.quinn, [place.group_session])


def test_many_dates_take_as_many_questions_as_one_and_say_the_same(app: Flask, cast: Cast) -> None:
    with write() as tx:
        past_dates(tx, cast, 6, {"rosa": "attended", "marcus": "no_show", "teo": "invited", "frank": "declined"})
        for days in range(5):
            past_dates(tx, cast, 1, {"rosa": "confirmed", "marcus": "invited"}, state="planned", days_ago=-3 * days - 1)
    alone = advice(cast)
    dates = [line.group_session for line in queries.sessions_for(db.session(), cast.joanne, since=clock.now())]
    queries.advice_of_dates(db.session(), cast.joanne, dates)  # the history is counted once
    with counted(app) as many:
        found = queries.advice_of_dates(db.session(), cast.joanne, dates)
    with counted(app) as few:
        queries.advice_of_dates(db.session(), cast.joanne, dates[:1])
    assert len(found) == 6
    assert found[cast.session_id] == alone.now
    assert len(few) <= len(many) <= 5


def test_the_advice_and_the_limit_ask_few_questions(app: Flask, cast: Cast) -> None:
    place = queries.place_for(db.session(), cast.joanne, cast.session_id)
    with counted(app) as asked:
        queries.advice_for(db.session(), cast.joanne, place)
    assert len(asked) <= 6
    with counted(app) as asked:
        queries.limit_for(db.session(), place.group_session)
    assert len(asked) <= 4


def test_a_clinic_may_allow_a_larger_chance_of_too_many(cast: Cast) -> None:
    before = advice(cast)
    with write() as tx:
        tx.get_one(Clinic, cast.clinic_id).too_many_percent = 40
    after = advice(cast)
    assert after.limit == 40
    assert after.now.advised > before.now.advised
    assert rules.in_a_hundred(after.now.too_many) <= 40
