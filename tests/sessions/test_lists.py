"""Dates as a list and as a month: what is shown, narrowed, and to whom."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from groupvisits.core import clock, ids, transaction
from groupvisits.core.language import month
from groupvisits.programmes.models import Group
from groupvisits.sessions import queries
from groupvisits.sessions.list_forms import first_of_month
from groupvisits.sessions.models import Seat
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted

TODAY = date(2026, 11, 22)


def make_date(app: Flask, cast: Cast, starts_at: datetime, state: str = "planned", group_id: str = "", yes: int = 0, **more: object) -> str:
    with app.app_context(), transaction.write() as tx:
        made = a_date(tx, cast, starts_at, group_id=group_id or cast.group_id, state=state, **more)
        for number, who in enumerate((cast.rosa, cast.marcus, cast.gladys, cast.teo)[:yes], start=1):
            tx.add(Seat(id=ids.new_id(), session_id=made.id, patient_id=who.id, state="confirmed", seat_no=number, changed_at=clock.now()))
        return made.id


def second_group(app: Flask, cast: Cast, name: str = "Garden group") -> str:
    with app.app_context(), transaction.write() as tx:
        group = Group(id=ids.new_id(), clinic_id=cast.clinic_id, programme_id=cast.programme_id, name=name, week=1, weekday=1,
                      starts=tx.get_one(Group, cast.group_id).starts, created_at=clock.now())  # fmt: skip
        tx.add(group)
        return group.id


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-12", date(2026, 12, 1)),
        ("2099-01", date(2099, 1, 1)),
        *((text, TODAY.replace(day=1)) for text in ("", None, "2026-13", "1999-12", "2026-1", "a" * 9999, "２０２６-１２")),
    ],
)
def test_a_month_of_the_address_is_read_or_is_this_month(text: str | None, first: date) -> None:
    assert first_of_month(text, TODAY) == first


@pytest.mark.parametrize(
    ("first", "before", "after"),
    [
        (date(2026, 12, 1), date(2026, 11, 1), date(2027, 1, 1)),
        (date(2028, 2, 1), date(2028, 1, 1), date(2028, 3, 1)),
        (date(2026, 1, 1), date(2025, 12, 1), date(2026, 2, 1)),
    ],
)
def test_the_months_around_a_month(first: date, before: date, after: date) -> None:
    assert (queries.month_before(first), queries.next_month(first)) == (before, after)


def test_a_month_is_named_in_the_readers_language(app: Flask) -> None:
    assert [month(date(2026, 12, 1), code) for code in ("en", "es", "pt", "ht")] == ["December 2026", "diciembre de 2026", "dezembro de 2026", "desanm 2026"]


def test_the_month_shows_each_date_on_its_day_in_its_own_zone(app: Flask, cast: Cast) -> None:
    late = make_date(app, cast, datetime(2027, 4, 1, 2, 30, tzinfo=UTC))  # 10:30pm on 31 March on the wall
    make_date(app, cast, datetime(2027, 5, 2, 22, 0, tzinfo=UTC))
    client = signed_in(app, cast.joanne)
    march, april = client.get("/sessions?view=month&month=2027-03").text, client.get("/sessions?view=month&month=2027-04").text
    assert f"/sessions/{late}" in march
    assert f"/sessions/{late}" not in april
    assert "No visit in this month." in april
    day = re.search(r'<span class="gv-month__words">Wednesday 31 March</span>.*?</td>', march, re.DOTALL)
    assert day is not None
    assert "10:30pm Tuesday evening group" in day[0]
    assert re.search(r"○</span> Planned", day[0])


def test_the_month_leads_on_back_and_to_today(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.joanne).get(f"/sessions?view=month&month=2026-12&group={cast.group_id}").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/sessions\?[^"]*)"', page)]
    assert f"/sessions?group={cast.group_id}&view=month&month=2026-11" in links
    assert f"/sessions?group={cast.group_id}&view=month&month=2027-01" in links
    assert f"/sessions?group={cast.group_id}&view=month" in links


def test_states_are_said_in_words_with_a_sign(app: Flask, cast: Cast) -> None:
    soon = (clock.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    make_date(app, cast, soon, yes=1)
    make_date(app, cast, soon + timedelta(hours=3), state="cancelled")
    make_date(app, cast, soon + timedelta(hours=5), decision="go")
    make_date(app, cast, soon + timedelta(hours=7), decision="no_go")
    client = signed_in(app, cast.joanne)
    for page in (client.get("/sessions").text, client.get(f"/sessions?view=month&month={clock.local(soon, 'America/New_York'):%Y-%m}").text):
        for sign, words in (("!", "Too few"), ("×", "Cancelled"), ("✓", "Goes ahead"), ("×", "Does not go ahead")):
            assert re.search(rf"{sign}\s*</span>\s*{words}", page), words


def test_the_list_is_narrowed_by_group_state_and_first_day(app: Flask, cast: Cast) -> None:
    other = second_group(app, cast)
    soon = clock.now() + timedelta(days=3)
    theirs, cancelled = make_date(app, cast, soon, group_id=other), make_date(app, cast, soon + timedelta(hours=3), state="cancelled")
    client = signed_in(app, cast.joanne)

    def shown(query: str) -> set[str]:
        return set(re.findall(r'href="/sessions/(\w{32})"', client.get(f"/sessions?{query}").text))

    assert shown("") == {cast.session_id, theirs, cancelled}
    assert shown(f"group={other}") == {theirs}
    assert shown("state=cancelled") == {cancelled}
    assert shown(f"from={soon - timedelta(days=1):%Y-%m-%d}") == {theirs, cancelled}
    assert shown(f"past=1&from={soon - timedelta(days=1):%Y-%m-%d}") == {cast.session_id}
    assert "No date fits this." in client.get("/sessions?from=2099-01-01").text


@pytest.mark.parametrize(
    "query",
    [
        "group=nobody",
        "state=frozen",
        "from=yesterday",
        "from=9999-99-99",
        "from=1066-10-14",
        "page=-4",
        "page=99999999999999999999",
        "page=x",
        "view=' OR 1=1",
        "month=2026-12-01",
        "group=" + "x" * 5000,
    ],
)
def test_what_cannot_be_meant_narrows_nothing_and_breaks_nothing(app: Flask, cast: Cast, query: str) -> None:
    client = signed_in(app, cast.joanne)
    for view in ("", "&view=month"):
        assert client.get(f"/sessions?{query}{view}").status_code == 200
    if "page" not in query:
        assert cast.session_id in client.get(f"/sessions?{query}").text


def test_long_lists_have_pages(app: Flask, cast: Cast) -> None:
    for number in range(52):
        make_date(app, cast, clock.now() + timedelta(days=20, hours=number))
    client = signed_in(app, cast.joanne)
    first, second = client.get("/sessions").text, client.get("/sessions?page=2").text
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert len(set(re.findall(r'href="/sessions/(\w{32})"', first))) == 50
    assert len(set(re.findall(r'href="/sessions/(\w{32})"', second))) == 3


def test_each_sees_only_their_own_dates_and_groups(app: Flask, cast: Cast) -> None:
    alone = second_group(app, cast)
    make_date(app, cast, clock.now() + timedelta(days=3), group_id=alone)
    team, stranger = signed_in(app, cast.tomas), signed_in(app, cast.sol)
    for view in ("", "?view=month"):
        assert "Garden group" not in team.get(f"/sessions{view}").text
        page = stranger.get(f"/sessions{view}").text
        assert "Garden group" not in page
        assert "Tuesday evening group" not in page
    assert cast.session_id in team.get("/sessions").text
    assert signed_in(app, cast.quinn).get("/sessions").status_code == 403
    assert signed_in(app, cast.rosa).get("/sessions?view=month").status_code == 403


@pytest.mark.parametrize("address", ["/sessions", "/sessions?view=month"])
def test_the_number_of_questions_does_not_grow_with_the_dates(app: Flask, cast: Cast, address: str) -> None:
    client, soon = signed_in(app, cast.joanne), clock.now() + timedelta(minutes=90)
    make_date(app, cast, soon, yes=2)
    client.get(address)
    with counted(app) as few:
        client.get(address)
    for number in range(9):
        make_date(app, cast, soon + timedelta(minutes=number), group_id=second_group(app, cast, f"Group {number}"), yes=3)
    client.get(address)
    with counted(app) as many:
        client.get(address)
    assert len(many) == len(few) <= 20
