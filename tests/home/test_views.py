"""Where everybody's day begins."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from groupvisits.core import clock, ids, transaction
from groupvisits.outbox.models import OutboxMessage
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted

HAS = {
    "joanne": ["Home", "Programmes", "Groups", "Sessions", "Patients", "Messages", "Find"],
    "tomas": ["Today", "Groups"],
    "osei": ["Today", "My notes"],
    "adler": ["Today", "To co-sign"],
    "quinn": ["Results"],
    "ada": ["Staff", "Settings", "Audit", "Agreements"],
}


def dates(app: Flask, cast: Cast, number: int, **changes: object) -> list[str]:
    made = []
    with app.app_context(), transaction.write() as tx:
        for n in range(number):
            starts_at = clock.now() + timedelta(days=2, hours=n)
            group_session = a_date(tx, cast, starts_at, **{"ends_at": starts_at + timedelta(hours=2), **changes})
            for seat_no, patient in enumerate((cast.rosa, cast.marcus), start=1):
                tx.add(
                    Seat(
                        id=ids.new_id(),
                        session_id=group_session.id,
                        patient_id=patient.id,
                        state="confirmed",
                        seat_no=seat_no,
                        companions=1,
                        changed_at=clock.now(),
                    )
                )
            tx.add(SessionTeamMember(session_id=group_session.id, staff_member_id=cast.osei.id, role="resident"))
            made.append(group_session.id)
    return made


@pytest.mark.parametrize(
    ("who", "endpoint"),
    [("joanne", "home.home"), ("tomas", "home.today"), ("osei", "home.today"), ("adler", "home.today"), ("nia", "home.today"), ("ivo", "home.today"),
     ("quinn", "feedback.results"), ("ada", "accounts.staff_members"), ("rosa", "my.visits")],
)  # fmt: skip
def test_everybody_starts_on_their_own_page(app: Flask, cast: Cast, who: str, endpoint: str) -> None:
    with app.test_request_context():
        expected = app.url_for(endpoint)
    answer = signed_in(app, getattr(cast, who)).get("/")
    assert (answer.status_code, answer.location) == (302, expected)


def test_nobody_starts_at_the_sign_in(app: Flask, cast: Cast) -> None:
    assert app.test_client().get("/").location.startswith("/sign-in")


@pytest.mark.parametrize("who", HAS)
def test_each_role_finds_its_rooms_in_the_header_and_no_others(app: Flask, cast: Cast, who: str) -> None:
    with app.test_request_context("/"):
        from flask import g

        from groupvisits.home.navigation import navigation_of

        g.actor = getattr(cast, who)
        assert [str(item["text"]) for item in navigation_of(getattr(cast, who))] == HAS[who]


def test_every_page_named_as_part_of_a_room_exists(app: Flask) -> None:
    from groupvisits.home.navigation import ROOMS

    named = {beginning for _, _, endpoint, inside in ROOMS for beginning in (endpoint, *inside)}
    assert [beginning for beginning in sorted(named) if not any(endpoint.startswith(beginning) for endpoint in app.view_functions)] == []


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/home", "Home"),
        ("/groups", "Groups"),
        ("/groups/new", "Groups"),
        ("/programmes", "Programmes"),
        ("/programmes/new", "Programmes"),
        ("/sessions", "Sessions"),
        ("/groups/{group_id}/recruitment", "Groups"),
        ("/groups/{group_id}/series-previews", "Groups"),
    ],
)
def test_the_current_room_is_marked(app: Flask, cast: Cast, address: str, current: str) -> None:
    page = signed_in(app, cast.joanne).get(address.format(group_id=cast.group_id), follow_redirects=True).text
    header = page.partition("<main")[0]
    assert re.findall(r'aria-current="page">([^<]*)<', header) == [current]


def test_a_refused_form_of_the_settings_still_stands_in_its_room(app: Flask, cast: Cast) -> None:
    refused = signed_in(app, cast.ada).post("/settings/alarm-phrases", data={"phrases_en": ""})
    assert refused.status_code == 422
    assert re.findall(r'aria-current="page">([^<]*)<', refused.text.partition("<main")[0]) == ["Settings"]


def test_home_says_what_needs_the_coordinator_and_what_to_do(app: Flask, cast: Cast) -> None:
    dates(app, cast, 1)
    page = re.sub(r"\s+", " ", signed_in(app, cast.joanne).get("/home").text)
    for words in ("too few people", "2 will come, you need 3.", "There is no facilitator.", "Open call list", "Choose the team", "Next 14 days"):
        assert words in page
    assert page.count('class="nhsuk-button"') == 1  # one filled button among what needs her


def test_home_is_quiet_when_nothing_is_to_do(app: Flask, cast: Cast) -> None:
    page = re.sub(r"\s+", " ", signed_in(app, cast.joanne).get("/home").text)
    assert "Tuesday evening group" in page
    if "no dates to come" not in page:
        assert "Nothing needs you. Next visit:" in page


def test_more_than_seven_things_are_folded(app: Flask, cast: Cast) -> None:
    dates(app, cast, 5)
    page = signed_in(app, cast.joanne).get("/home").text
    assert "10 things need you" in page
    assert "Show 3 more" in page


def test_a_message_that_came_back_is_shown_until_a_later_one_arrived(app: Flask, cast: Cast) -> None:
    def message(state: str, minutes: int) -> None:
        with app.app_context(), transaction.write() as tx:
            tx.add(OutboxMessage(id=ids.new_id(), clinic_id=cast.clinic_id, kind="patient_link", patient_id=cast.gladys.id, address="g@example.org", subject="s", text="t",
                                 due_at=clock.now() + timedelta(minutes=minutes), state=state))  # fmt: skip

    client = signed_in(app, cast.joanne)
    message("failed", -10)
    assert "A message to Gladys Nunn came back" in client.get("/home").text
    message("sent", -5)
    assert "came back" not in client.get("/home").text


def test_a_group_without_dates_is_named(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "cancelled"
    assert "Tuesday evening group: no dates to come" in signed_in(app, cast.joanne).get("/home").text


def test_the_number_of_questions_on_home_does_not_grow_with_the_dates(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.get("/home")
    dates(app, cast, 1)
    with counted(app) as few:
        client.get("/home")
    other_groups(app, cast)
    with counted(app) as many:
        client.get("/home")
    assert len(many) == len(few) <= 30


def other_groups(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        for n in range(12):
            group = Group(
                id=ids.new_id(),
                clinic_id=cast.clinic_id,
                programme_id=cast.programme_id,
                name=f"Group {n}",
                week=1,
                weekday=n % 7,
                starts=tx.get_one(Group, cast.group_id).starts,
                created_at=clock.now(),
            )
            tx.add(group)
            starts_at = clock.now() + timedelta(days=3, hours=n)
            tx.flush()
            a_date(tx, cast, starts_at, group_id=group.id, maximum=15)


def test_a_new_clinic_is_led_by_four_steps(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.sol).get("/home").text
    assert "Welcome to Harbor Clinic" in page
    assert "Four steps lead to your first visit." in page
    assert "Tuesday evening group" not in page


def test_a_patient_or_group_is_found_by_post_and_only_in_the_own_clinic(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    assert "Rosa Delgado" in client.post("/home/searches", data={"words": "delg"}).text
    assert "Tuesday evening group" in client.post("/home/searches", data={"words": "evening"}).text
    assert "Nobody and no group found." in client.post("/home/searches", data={"words": "sunny"}).text
    assert client.post("/home/searches", data={"words": "d"}).status_code == 400


@pytest.mark.parametrize(("who", "button"), [("tomas", "Open the room"), ("nia", "Open check-in")])
def test_today_has_the_one_button_a_role_needs(app: Flask, cast: Cast, who: str, button: str) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() - timedelta(minutes=5)
    page = signed_in(app, getattr(cast, who)).get("/today").text
    assert "Tuesday evening group" in page
    assert re.findall(r'class="nhsuk-button"[^>]*>([^<]*)<', page) == [button]


def test_today_says_so_when_there_is_nothing(app: Flask, cast: Cast) -> None:
    assert "No visit of yours today." in signed_in(app, cast.sol).get("/today").text


@pytest.mark.parametrize(
    ("who", "address"), [("tomas", "/home"), ("ada", "/home"), ("rosa", "/home"), ("joanne", "/today"), ("quinn", "/today"), ("rosa", "/today")]
)
def test_a_start_page_of_another_role_is_refused(app: Flask, cast: Cast, who: str, address: str) -> None:
    assert signed_in(app, getattr(cast, who)).get(address).status_code == 403
