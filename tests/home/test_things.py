"""What Home says of waiting lists, offers, moved dates, texts, calls, the main scheduler and agreements; and finding somebody."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupvisits.core import clock, ids, transaction
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import AgreementSignature, AgreementText, Patient
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, IncomingText, Offer, SchedulerChange, Seat, SessionTeamMember, WaitingListEntry
from tests.cast import Cast, signed_in
from tests.sessions.arrange import a_date, counted


def home(app: Flask, cast: Cast, who: Any = None) -> str:
    return re.sub(r"\s+", " ", signed_in(app, who or cast.joanne).get("/home").text)


def add(app: Flask, *rows: Any) -> None:
    with app.app_context(), transaction.write() as tx:
        for row in rows:
            tx.add(row)
            tx.flush()


def next_week(app: Flask, cast: Cast, **changes: Any) -> None:
    """The cast's date is in a week, with everybody's yes."""
    with app.app_context(), transaction.write() as tx:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = clock.now() + timedelta(days=7, hours=1), clock.now() + timedelta(days=7, hours=3)
        for name, value in changes.items():
            setattr(date, name, value)


def entry(cast: Cast, who: Any, *, partner: Any = None, minutes: int = 0, state: str = "waiting") -> WaitingListEntry:
    at = clock.now() - timedelta(days=1) + timedelta(minutes=minutes)
    return WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=who.id, partner_id=partner.id if partner else None,
                            state=state, since=at, changed_at=at)  # fmt: skip


def person(cast: Cast, given: str, family: str = "Baptiste", **more: Any) -> Patient:
    return Patient(id=ids.new_id(), clinic_id=cast.clinic_id, given_name=given, family_name=family, display_name=given, created_at=clock.now(), **more)


def test_who_waits_is_named_when_a_place_is_free(app: Flask, cast: Cast) -> None:
    next_week(app, cast)
    add(app, person(cast, "Jean"), entry(cast, cast.walter))
    page = home(app, cast)
    assert "you can invite 2 more" in page
    assert "1 waits. Walter Moss is next." in page


def test_a_pair_that_does_not_fit_is_passed_over_and_it_says_so(app: Flask, cast: Cast) -> None:
    jean, ann, bo = person(cast, "Jean"), person(cast, "Ann", "Lee"), person(cast, "Bo", "Lee")
    next_week(app, cast, maximum=7)
    add(app, jean, ann, bo, entry(cast, ann, partner=bo), entry(cast, jean, minutes=5))
    page = home(app, cast)
    assert "you can invite 1 more" in page
    assert "3 wait. Jean Baptiste is next: the pair ahead needs 2 places." in page


def test_no_place_is_offered_that_only_a_pair_waits_for_and_it_does_not_fit(app: Flask, cast: Cast) -> None:
    ann, bo = person(cast, "Ann", "Lee"), person(cast, "Bo", "Lee")
    next_week(app, cast, maximum=7)
    add(app, ann, bo, entry(cast, ann, partner=bo))
    assert "you can invite" not in home(app, cast)


def test_offers_that_ran_out_and_dates_that_moved_are_named(app: Flask, cast: Cast) -> None:
    next_week(app, cast)
    waiting = entry(cast, cast.walter)
    add(app, waiting, Offer(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, entry_id=waiting.id, state="lapsed", made_at=clock.now(),
                            expires_at=clock.now(), ended_at=clock.now()))  # fmt: skip
    with app.app_context(), transaction.write() as tx:
        for who in ("rosa", "teo"):
            tx.get_one(Seat, cast.seats[who]).asked_again = True
    page = home(app, cast)
    assert "an offer ran out" in page
    assert "2 people had said yes and have not answered again." in page


def test_a_date_that_does_not_go_ahead_asks_to_be_cancelled(app: Flask, cast: Cast) -> None:
    next_week(app, cast, decision="no_go")
    page = home(app, cast)
    assert "you decided that it does not go ahead" in page
    assert f"/sessions/{cast.session_id}/cancellations" in page


def test_too_few_says_by_when_to_decide(app: Flask, cast: Cast) -> None:
    next_week(app, cast)
    with app.app_context(), transaction.write() as tx:
        group = tx.get_one(Group, cast.group_id)
        group.minimum, group.target, group.go_no_go_days = 7, 7, 5
        day = clock.local(clock.now() + timedelta(days=2, hours=1), "America/New_York")
    page = home(app, cast)
    assert re.search(r"\d will come, you need 7\.", page)
    assert f"Decide by {day:%A} {day.day} {day:%B}." in page


def test_texts_calls_scheduler_and_agreements_wait_for_a_person(app: Flask, cast: Cast) -> None:
    now = clock.now()
    text = AgreementText(id=ids.new_id(), clinic_id=cast.clinic_id, programme_id=cast.programme_id, version=1, words={"en": "We agree."}, consents=[], published_at=now,
                         published_by=cast.joanne.id)  # fmt: skip
    add(
        app, text,
        AgreementSignature(id=ids.new_id(), clinic_id=cast.clinic_id, text_id=text.id, programme_id=cast.programme_id, patient_id=cast.rosa.id, signer="patient",
                           signer_name="Rosa", language="en", consents={}, way="paper", signed_at=now, valid_until=now + timedelta(days=20)),
        IncomingText(id="t", clinic_id=cast.clinic_id, sender="+16175550101", words="who is this?", received_at=now),
        SchedulerChange(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=cast.rosa.id, kind="add", made_at=now),
        OutboxMessage(id=ids.new_id(), clinic_id=cast.clinic_id, kind="invitation", patient_id=cast.teo.id, session_id=cast.session_id, channel="call", address="",
                      subject="s", text="t", due_at=now),
    )  # fmt: skip
    page = home(app, cast)
    for words in (
        "1 text message needs a person",
        "1 person to call",
        "1 change to make in your main scheduler",
        "Tuesday evening group: 1 agreement runs out",
    ):
        assert words in page
        assert words not in home(app, cast, cast.sol)


def test_today_says_chairs_meals_and_languages(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).companions = 2
        tx.get_one(Patient, cast.beatriz.id).needs = "Portuguese interpreter"
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at = clock.now() - timedelta(minutes=1)
    page = home(app, cast)
    assert "With 2 care partners." in page
    assert "8 chairs, 8 meals. With the team of 6: 14." in page
    assert "Interpreter: Português." in page


def test_people_and_groups_are_found_by_what_one_knows_of_them(app: Flask, cast: Cast) -> None:
    add(app, person(cast, "Ângela", "Núñez-Peña", record_number="MC77-1", phone="+16175559876"))
    client = signed_in(app, cast.joanne)
    for words in ("angela", "NUNEZ", "pena ang", "mc77", "555 9876", "(617) 555-9876", "0617 555 9876"):
        assert "Ângela Núñez-Peña" in client.post("/home/searches", data={"words": words}).text, words
    for words in ("ngela", "999999", "'; DROP TABLE patients", "\x00zz\x00q", "%%"):
        assert "Nobody and no group found." in client.post("/home/searches", data={"words": words}).text, words
    assert "Tuesday evening group" in client.post("/home/searches", data={"words": "Évening tues"}).text
    too_long = client.post("/home/searches", data={"words": "x" * 5000})
    assert too_long.status_code == 400 and "Type less: a part of the name is enough." in too_long.text
    assert client.get("/home/searches").status_code == 200


def test_at_most_twenty_are_shown_and_the_rest_is_counted(app: Flask, cast: Cast) -> None:
    add(app, *(person(cast, f"Zed{n}", "Zzyzx") for n in range(23)))
    with app.app_context(), transaction.write() as tx:
        for n in range(22):
            tx.add(Group(id=ids.new_id(), clinic_id=cast.clinic_id, programme_id=cast.programme_id, name=f"Zzyzx {n}", week=1, weekday=1,
                         starts=tx.get_one(Group, cast.group_id).starts, created_at=clock.now()))  # fmt: skip
    page = signed_in(app, cast.joanne).post("/home/searches", data={"words": "zzyzx"}).text
    assert len(re.findall(r'href="/patients/\w+"', page)) == 20
    assert len(re.findall(r'href="/groups/\w+"', page)) == 20
    assert "And 3 more." in page
    assert "And 2 more." in page


@pytest.mark.parametrize("who", ["tomas", "nia", "ada", "rosa"])
def test_finding_is_for_coordinators(app: Flask, cast: Cast, who: str) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get("/home/searches").status_code == 403
    assert client.post("/home/searches", data={"words": "rosa"}).status_code == 403


def test_the_number_of_questions_of_a_search_does_not_grow(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.post("/home/searches", data={"words": "rosa"})
    with counted(app) as few:
        client.post("/home/searches", data={"words": "rosa"})
    add(app, *(person(cast, f"Rosa{n}", "Many") for n in range(30)))
    with counted(app) as many:
        client.post("/home/searches", data={"words": "rosa"})
    assert len(many) == len(few) <= 12


def test_a_large_home_shows_what_fits_into_one_look(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        for n in range(40):
            at = clock.now() + timedelta(days=3, minutes=n)
            date = a_date(tx, cast, at)
            tx.add(SessionTeamMember(session_id=date.id, staff_member_id=cast.osei.id, role="resident"))
    page = home(app, cast)
    assert "80 things need you" in page
    assert "Show 10 more" in page
    assert "The others come up here when these are done." in page
    assert "21 more dates in these 14 days" in page
