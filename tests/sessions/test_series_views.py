"""Making and moving dates as a browser meets it, also with everything that should not be sent."""

import re
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from groupvisits.core import clock, ids, transaction
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions import service
from groupvisits.sessions.models import Closure, GroupSession, Seat, SeriesPlan, SessionTeamMember
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted

HUGE = "x" * 100_000
HOSTILE = "<script>alert(1)</script>\x00'; DROP TABLE groups; --"
RULE = {"rule": "monthly", "week": "2", "weekday": "2", "every_weeks": "4", "starts": "17:30", "minutes": "120"}


@pytest.fixture
def joanne(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.joanne)


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]  # type: ignore[index]


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]))


def send_plan(client: FlaskClient, address: str, **more: str) -> Any:
    page = client.get(address).text
    return client.post(address, data={"seen": hidden(page, "seen"), "command_id": hidden(page, "command_id"), **more})


def make(client: FlaskClient, cast: Cast, count: int = 3) -> None:
    planned = client.post(f"/groups/{cast.group_id}/series-previews", data={"count": str(count)})
    assert send_plan(client, planned.location).status_code == 303


def everything(app: Flask) -> list[str]:
    with app.app_context():
        found = [repr(row) for table in (Group, GroupSession, Closure, SeriesPlan) for row in db.session.execute(select(table.__table__)).all()]
        db.session.rollback()
    return sorted(found)


def test_dates_are_shown_before_they_are_made_and_made_once(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    planned = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": "12"})
    page = joanne.get(planned.location).text
    assert "12 new dates" in page
    assert "Nothing has been made yet." in page
    data = {"seen": hidden(page, "seen"), "command_id": hidden(page, "command_id")}
    assert [joanne.post(planned.location, data=data).status_code for _ in range(2)] == [303, 303]
    with app.app_context():
        assert db.session.scalar(select(db.func.count()).select_from(GroupSession)) == 13
    assert joanne.get(planned.location).status_code == 302  # done: its group shows what became of it


def test_a_move_shows_now_then_and_the_message_and_is_carried_out(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast)
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "closed"
    planned = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE)
    words = words_of(joanne.get(planned.location).text)
    for said in (
        "3 dates move",
        "Second Wednesday of the month, 5:30pm. Nothing has changed yet.",
        "What patients will read",
        "moves to:",
        "Your place is kept until you answer",
    ):
        assert said in words
    done = send_plan(joanne, planned.location)
    assert done.status_code == 303
    assert "3 dates were moved." in joanne.get(done.location).text


def test_the_button_waits_for_the_last_choice_and_the_server_too(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast)
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "closed"
        first = tx.scalars(select(GroupSession).where(GroupSession.state == "planned").order_by(GroupSession.starts_at)).first()
        assert first is not None
        day = clock.local(first.starts_at, first.zone).date() + timedelta(days=1)
        tx.add(
            Closure(
                id=ids.new_id(),
                clinic_id=cast.clinic_id,
                room="main ROOM ",
                first_day=day,
                last_day=day,
                from_time=time(17),
                until_time=time(19),
                reason="Wednesday choir",
                created_at=clock.now(),
            )
        )
        key = f"choice-{first.id}-room"
    address = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    page = joanne.get(address).text
    assert "Main room is taken" in page
    assert "Wednesday choir, 5:00pm" in page
    assert "First choose what to do with 1 date." in page
    assert "checked" not in page.split('id="plan"')[1]
    for choice in ({}, {key: ""}, {key: "room:Elsewhere"}, {key: HUGE}, {key: HOSTILE}):
        refused = send_plan(joanne, address, **choice)
        assert refused.status_code == 400
        assert "Choose what to do with this date." in refused.text
        assert f'href="#{key}' in refused.text
    assert send_plan(joanne, address, **{key: "no-room"}).status_code == 303


def taken_on(app: Flask, cast: Cast, wednesdays: int) -> list[str]:
    """The group's room is used by others on the days after so many of its dates; returns the dates."""
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "closed"
        planned = tx.scalars(select(GroupSession).where(GroupSession.state == "planned").order_by(GroupSession.starts_at)).all()
        for each in planned[:wednesdays]:
            day = clock.local(each.starts_at, each.zone).date() + timedelta(days=1)
            tx.add(Closure(id=ids.new_id(), clinic_id=cast.clinic_id, room="Main room", first_day=day, last_day=day, from_time=time(17),
                           until_time=time(19), reason="Choir", created_at=clock.now()))  # fmt: skip
        return [each.id for each in planned]


def test_many_clashes_are_answered_once_for_all_and_a_date_of_its_own_differently(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast, 6)
    planned = taken_on(app, cast, 5)
    address = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    words = words_of(joanne.get(address).text)
    assert "The same for all" in words and "Main room is taken on 5 dates" in words and "Keep the day and time they have now" in words
    own = f"choice-{planned[1]}-room"
    with app.app_context():
        before = {each: db.session.get_one(GroupSession, each).starts_at for each in planned}
    assert send_plan(joanne, address, **{"all-room": "keep", own: "no-room"}).status_code == 303
    with app.app_context():
        stays = [db.session.get_one(GroupSession, each).starts_at == before[each] for each in planned]
        assert stays == [True, False, True, True, True, False]
        assert db.session.get_one(GroupSession, planned[1]).room == ""


def test_what_is_not_offered_for_all_is_answered_for_none(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast, 3)
    planned = taken_on(app, cast, 2)
    address = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    for value in ("", "room:Elsewhere", "skip", HUGE, HOSTILE):
        refused = send_plan(joanne, address, **{"all-room": value})
        assert refused.status_code == 400
        assert f'href="#choice-{planned[0]}-room' in refused.text
    # what was chosen is kept when something else is refused
    page = joanne.post(address, data={"seen": "other", "all-room": "no-room"}).text
    assert len(re.findall(r'checked[^>]*value="no-room"|value="no-room"[^>]*checked', page)) >= 2


def test_one_clash_alone_is_not_asked_twice(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast, 3)
    taken_on(app, cast, 1)
    assert "The same for all" not in joanne.get(joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location).text


def test_a_look_that_is_old_is_refused_and_a_fresh_one_shown(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast)
    address = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    page = joanne.get(address).text
    with app.app_context():
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="no")
    refused = joanne.post(address, data={"seen": hidden(page, "seen")})
    assert refused.status_code == 400
    assert "One answer came in. Look again" in refused.text
    assert joanne.post(address, data={"seen": hidden(refused.text, "seen")}).status_code == 303


@pytest.mark.parametrize("seen", ["", "x", HUGE, HOSTILE, "2026-12-01T00:00:00 abc", "9999-99-99 x", "2026-12-01T00:00:00+00:00"])
def test_a_look_that_never_was_is_refused(app: Flask, cast: Cast, joanne: FlaskClient, seen: str) -> None:
    address = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": "2"}).location
    before = everything(app)
    assert joanne.post(address, data={"seen": seen}).status_code == 400
    assert everything(app) == before


@pytest.mark.parametrize("count", ["", "0", "25", "-1", "1.5", "twelve", "٣ x", HUGE, HOSTILE])
def test_a_number_of_dates_that_cannot_be_is_refused_and_kept(app: Flask, cast: Cast, joanne: FlaskClient, count: str) -> None:
    before = everything(app)
    answer = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": count})
    assert answer.status_code == 400
    assert "nhsuk-error-message" in answer.text
    assert "<script>alert" not in answer.text
    assert everything(app) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": ""}, "Not a valid choice"),
        ({"rule": HOSTILE}, "Not a valid choice"),
        ({"week": "6"}, "Not a valid choice"),
        ({"weekday": "x"}, "Invalid Choice"),
        ({"starts": ""}, "Enter the time it starts"),
        ({"starts": "25:99"}, "Enter a time, for example 17:30."),
        ({"minutes": "14"}, "Enter between 15 and 480 minutes."),
        ({"minutes": "9" * 400}, "nhsuk-error-message"),
        ({"room": "x" * 121}, "Field cannot be longer than 120 characters."),
        ({"rule": "weekly", "first_day": ""}, "Enter the first day."),
        ({"rule": "weekly", "first_day": "2027-02-30"}, "Enter a day, for example"),
        ({"rule": "weekly", "first_day": "0001-01-01"}, "between the years 2000 and 2100"),
        ({"rule": "weekly", "first_day": "2027-01-05", "every_weeks": "0"}, "Enter between 1 and 52 weeks."),
        ({"rule": "weekly", "first_day": "2027-01-05", "every_weeks": ""}, "Enter between 1 and 52 weeks."),
        ({"rule": "dates", "chosen_days": ""}, "Enter at least one day"),
        ({"rule": "dates", "chosen_days": " \n \n"}, "Enter at least one day"),
        ({"rule": "dates", "chosen_days": "2027-02-30"}, "We cannot read this day: 2027-02-30."),
        ({"rule": "dates", "chosen_days": "4/3/2027"}, "We cannot read this day: 4/3/2027."),
        ({"rule": "dates", "chosen_days": "2027-03-04\ntomorrow"}, "We cannot read this day: tomorrow."),
        ({"rule": "dates", "chosen_days": "2020-03-04"}, "This rule has no dates to come."),
        ({"rule": "dates", "chosen_days": "\n".join(f"2027-{m:02}-{d:02}" for m in range(1, 4) for d in range(1, 25))}, "Enter at most 60 days."),
        ({"rule": "dates", "chosen_days": HUGE}, "We cannot read this day"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field_and_kept(app: Flask, cast: Cast, joanne: FlaskClient, changes: dict[str, str], message: str) -> None:
    before = everything(app)
    answer = joanne.post(f"/groups/{cast.group_id}/rule-changes", data={**RULE, "room": "Room 7", **changes})
    assert answer.status_code == 400
    assert message in answer.text
    if "room" not in changes:
        assert 'value="Room 7"' in answer.text
    assert everything(app) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": ""}, "Enter a day"),
        ({"day": "2020-01-01"}, "This is in the past."),
        ({"day": "2027-02-29"}, "Enter a day, for example"),
        ({"day": "9999-12-31"}, "between the years 2000 and 2100"),
        ({"day": HOSTILE}, "Enter a day, for example"),
        ({"starts": "5pm"}, "Enter a time, for example 17:30."),
        ({"minutes": "0"}, "Enter between 15 and 480 minutes."),
        ({"room": HUGE}, "Field cannot be longer than 120 characters."),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_its_field(app: Flask, cast: Cast, joanne: FlaskClient, changes: dict[str, str], message: str) -> None:
    before = everything(app)
    data = {"day": "2027-06-02", "starts": "17:30", "minutes": "120", "room": "Main room", **changes}
    answer = joanne.post(f"/sessions/{cast.session_id}/date-changes", data=data)
    assert answer.status_code == 400
    assert message in answer.text
    assert "<script>alert" not in answer.text
    assert everything(app) == before


def test_one_date_is_moved_from_its_page(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    data = {"day": "2027-06-02", "starts": "09:00", "minutes": "90", "room": "Room 5"}
    planned = joanne.post(f"/sessions/{cast.session_id}/date-changes", data=data)
    words = words_of(joanne.get(planned.location).text)
    assert "1 date moves" in words
    assert "6 answers" in words
    assert "6 patients, 6 of the team" in words
    assert send_plan(joanne, planned.location).status_code == 303
    with app.app_context():
        moved = db.session.get_one(GroupSession, cast.session_id)
        assert (moved.wall_time, moved.room) == ("2027-06-02T09:00", "Room 5")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first_day": ""}, "Enter the first day"),
        ({"first_day": "soon"}, "Enter a day, for example"),
        ({"last_day": "2026-12-01"}, "The last day must be the first or later"),
        ({"from_time": "17:00"}, "Enter both times"),
        ({"from_time": "19:00", "until_time": "17:00"}, "Enter both times"),
        ({"from_time": "x", "until_time": "y"}, "Enter a time, for example"),
        ({"reason": ""}, "Say what for"),
        ({"reason": HUGE}, "Field cannot be longer than 120 characters."),
        ({"room": HUGE}, "Field cannot be longer than 120 characters."),
    ],
)
def test_a_closed_day_that_cannot_be_is_refused_and_kept(app: Flask, cast: Cast, joanne: FlaskClient, changes: dict[str, str], message: str) -> None:
    before = everything(app)
    answer = joanne.post("/closures", data={"first_day": "2026-12-24", "reason": "Staff training", **changes})
    assert answer.status_code == 400
    assert message in answer.text
    assert everything(app) == before


def test_closed_days_are_entered_listed_and_removed(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    day = (clock.today("America/New_York") + timedelta(days=30)).isoformat()
    assert joanne.post("/closures", data={"first_day": day, "reason": HOSTILE, "room": "Room 5"}).status_code == 303
    page = joanne.get("/closures").text
    assert "DROP TABLE" in page
    assert "<script>alert" not in page
    assert "Christmas Day" in page
    assert "DROP TABLE" not in signed_in(app, cast.sol).get("/closures").text
    closure_id = hidden(page, "closure_id")
    assert signed_in(app, cast.sol).post("/closures/removals", data={"closure_id": closure_id}).status_code == 404
    assert joanne.post("/closures/removals", data={"closure_id": closure_id}).status_code == 303
    assert "Nothing is entered." in joanne.get("/closures").text


@pytest.mark.parametrize(("who", "status"), [("tomas", 403), ("osei", 403), ("quinn", 403), ("rosa", 403), ("sol", 404)])
def test_others_neither_look_nor_move(app: Flask, cast: Cast, joanne: FlaskClient, who: str, status: int) -> None:
    address = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": "2"}).location
    client, before = signed_in(app, getattr(cast, who)), everything(app)
    for path in (address, f"/groups/{cast.group_id}/series-previews", f"/groups/{cast.group_id}/rule-changes", f"/sessions/{cast.session_id}/date-changes"):
        assert client.get(path).status_code == status
        assert client.post(path, data={**RULE, "count": "2", "day": "2027-06-02", "seen": "x y"}).status_code == status
    assert everything(app) == before


# --- how many questions a look takes


def sister_groups(app: Flask, cast: Cast, number: int) -> None:
    """Groups that meet when this one would, with its people among theirs."""
    with app.app_context(), transaction.write() as tx:
        group = tx.get_one(Group, cast.group_id)
        values = {column.name: getattr(group, column.name) for column in Group.__table__.columns}
        dates = tx.scalars(select(GroupSession).where(GroupSession.group_id == cast.group_id, GroupSession.id != cast.session_id)).all()
        people = tx.scalars(select(Membership.patient_id).where(Membership.group_id == cast.group_id)).all()
        for _ in range(number):
            sister = Group(**{**values, "id": ids.new_id(), "name": "Sister group"})
            tx.add(sister)
            tx.flush()
            for one in dates:
                starts_at = one.starts_at + timedelta(days=1)
                there = a_date(tx, cast, starts_at, group_id=sister.id, room=one.room)
                tx.add(SessionTeamMember(session_id=there.id, staff_member_id=cast.osei.id, role="resident"))
                tx.add(Seat(id=ids.new_id(), session_id=there.id, patient_id=people[0], state="invited", changed_at=clock.now()))


def test_the_number_of_questions_grows_neither_with_dates_nor_with_clashes(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    make(joanne, cast, 2)
    few_dates = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    sister_groups(app, cast, 1)
    with counted(app) as few:
        assert joanne.get(few_dates).status_code == 200
    make(joanne, cast, 24)
    sister_groups(app, cast, 4)
    many_dates = joanne.post(f"/groups/{cast.group_id}/rule-changes", data=RULE).location
    with counted(app) as many:
        page = joanne.get(many_dates)
    assert page.text.count("Main room is taken") >= 16  # a second Wednesday is not always the day after a second Tuesday
    assert "Dr Hana Osei" in page.text
    assert len(many) == len(few) <= 30


def test_a_plan_to_make_dates_takes_as_many_questions_for_24_as_for_2(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    counts = []
    for count in ("2", "24"):
        address = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": count}).location
        with counted(app) as asked:
            joanne.get(address)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20


def test_a_plan_reads_as_it_is_now(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    """The wish is stored, what it comes to is not."""
    address = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": "1"}).location
    with app.app_context(), transaction.write() as tx:
        group = tx.get_one(Group, cast.group_id)
        group.rule, group.chosen_days = "dates", [(date.today() + timedelta(days=400)).isoformat()]
    assert "On chosen days" in joanne.get(address).text
    with app.app_context():
        assert db.session.scalars(select(SeriesPlan.wish)).all() == [{"act": "make", "count": 1}]


def test_a_plan_says_who_made_it_where_that_was_somebody_else(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    address = joanne.post(f"/groups/{cast.group_id}/series-previews", data={"count": "1"}).location
    assert "made this plan on" not in joanne.get(address).text
    with app.app_context(), write() as tx:
        tx.execute(update(SeriesPlan).values(made_by=cast.ada.id))
    assert f"{cast.ada.name} made this plan on" in joanne.get(address).text
    with app.app_context(), write() as tx:
        tx.execute(update(SeriesPlan).values(made_by=cast.sol.id))
    assert "made this plan on" not in joanne.get(address).text  # no name of another clinic
