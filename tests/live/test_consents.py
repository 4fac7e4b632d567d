"""A withdrawn consent bites at once, in rooms that are open: no projection shows the name, and open screens are told."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.core.transaction import run, write
from groupvisits.patients import service as patients
from groupvisits.sessions.models import Seat
from groupvisits.sessions.service import check_in
from tests.cast import Cast

ALL = ["name_on_screens", "results_on_board", "contact_by_peers"]


@pytest.fixture
def signed(app: Flask, cast: Cast, opened: str) -> str:
    """Rosa has agreed to everything, is here with number 1, and has brought a topic under her name."""
    with app.app_context():
        text = run(patients.publish_text, cast.joanne, cast.programme_id, texts={"en": "Be kind."}, consents=ALL, valid_months=12, seen=0)["text_id"]
        answers = dict.fromkeys(ALL, "yes")
        run(patients.sign, cast.rosa, cast.programme_id, text_id=text, language="en", signer_name="Rosa", answers=answers)
        run(check_in, cast.nia, opened, cast.seats["rosa"])
        with write() as tx:
            assert tx.scalars(select(Seat.slip_number).where(Seat.id == cast.seats["rosa"])).one() == 1
    return text


def everything_shown(phone: Callable[..., Any], cast: Cast, opened: str) -> dict[str, str]:
    who = {"patient": cast.marcus, "facilitator": cast.tomas, "clinician": cast.osei, "display": cast.tomas}
    return {audience: phone(actor).snapshot(opened, audience).text for audience, actor in who.items()}


def test_no_projection_shows_the_name_any_more(app: Flask, cast: Cast, opened: str, signed: str, phone: Callable[..., Any]) -> None:
    rosa = phone(cast.rosa)
    rosa.send(opened, "agenda:propose", words="What helps at night?", route="group", shows_name=True)
    before = everything_shown(phone, cast, opened)
    assert "Rosa" in before["patient"] and "Rosa" in before["facilitator"]
    with app.app_context():
        run(patients.withdraw, cast.rosa, cast.programme_id)
    after = everything_shown(phone, cast, opened)
    assert not any("Rosa" in text for text in after.values())
    assert "Guest 1" in after["facilitator"] and "What helps at night?" in after["patient"]
    assert "Rosa" not in rosa.snapshot(opened, "patient").text
    assert [topic["author"] for topic in phone(cast.marcus).snapshot(opened, "patient").json["topics"]] == [None]


def test_nor_as_author_of_other_words_of_a_joined_topic_of_an_alarm_or_as_owner_of_a_part(
    app: Flask, cast: Cast, opened: str, signed: str, phone: Callable[..., Any]
) -> None:
    """Every place where a projection names a patient, with Rosa in each of them."""
    rosa, marcus, tomas = phone(cast.rosa), phone(cast.marcus), phone(cast.tomas)

    def done(who: Any, name: str, **body: Any) -> Any:
        answer = who.send(opened, name, **body)
        assert answer["ok"], answer
        return answer["result"]

    hers = done(rosa, "agenda:propose", words="What helps at night?", route="group", shows_name=True)["topic_id"]
    his = done(marcus, "agenda:propose", words="Sleeping badly", route="group", shows_name=True)["topic_id"]
    other = done(marcus, "agenda:propose", words="Test strips", route="group", shows_name=False)["topic_id"]
    done(rosa, "agenda:translate", topic_id=other, language="es", words="Tiras reactivas")
    done(tomas, "agenda:merge", topic_id=hers, into_id=his)
    done(tomas, "agenda:plan", topic_id=other)
    done(tomas, "agenda:start", topic_id=other, minutes=10)
    poll = done(tomas, "live:ask_room", topic_id=other)["poll_id"]
    done(rosa, "live:answer_poll", poll_id=poll, answer="park")
    done(rosa, "agenda:propose", words="I have chest pain", route="group", shows_name=True)
    done(rosa, "live:wish", in_person=True)
    done(tomas, "live:phase_owner", phase=1, owner="", seat_id=cast.seats["rosa"])
    before = everything_shown(phone, cast, opened)
    assert before["facilitator"].count("Rosa") >= 5 and "Rosa" in before["clinician"] and "Rosa" in before["patient"]
    with app.app_context():
        run(patients.withdraw, cast.rosa, cast.programme_id)
    after = everything_shown(phone, cast, opened)
    assert not any("Rosa" in text for text in after.values())
    shown = tomas.snapshot(opened, "facilitator").json
    assert [alarm["name"] for alarm in shown["alarms"]] == ["Guest 1"]
    assert shown["run"]["phases"][1]["owner"] == "Guest 1"
    assert [each["by"] for topic in shown["topics"] for each in topic["translations"]] == ["Guest 1"]
    joined = next(topic for topic in marcus.snapshot(opened, "patient").json["me"]["topics"] if topic["id"] == his)["joined"]
    assert [each["author"] for each in joined] == [None]
    assert [alarm["name"] for alarm in phone(cast.osei).snapshot(opened, "clinician").json["alarms"]] == ["Guest 1"]
    assert [person["name"] for person in shown["people"] if person["in_person"]] == ["Guest 1"]


def test_open_screens_are_told_at_once(app: Flask, cast: Cast, opened: str, signed: str, phone: Callable[..., Any]) -> None:
    rosa, marcus, tomas = phone(cast.rosa), phone(cast.marcus), phone(cast.tomas)
    rosa.subscribe(opened, "patient")
    marcus.subscribe(opened, "patient")
    tomas.subscribe(opened, "facilitator")
    for each in (rosa, marcus, tomas):
        each.messages()
    assert rosa.browser.post(f"/my/agreements/{cast.programme_id}/withdrawals").status_code == 303
    for each in (rosa, marcus, tomas):
        assert [message["snapshot"] for message in each.messages("session:changed")] == [True]


def test_a_no_to_names_hides_it_and_the_rest_goes_on(app: Flask, cast: Cast, opened: str, signed: str, phone: Callable[..., Any]) -> None:
    with app.app_context():
        answers = {"name_on_screens": "no", "results_on_board": "yes", "contact_by_peers": "yes"}
        run(patients.sign, cast.rosa, cast.programme_id, text_id=signed, language="en", signer_name="Rosa", answers=answers)
    rosa = phone(cast.rosa)
    answer = rosa.send(opened, "agenda:propose", words="What helps at night?", route="group", shows_name=True)
    assert answer["ok"]
    assert not any("Rosa" in text for text in everything_shown(phone, cast, opened).values())


def test_who_was_never_asked_is_shown_as_before(app: Flask, cast: Cast, opened: str, phone: Callable[..., Any]) -> None:
    assert "Marcus" in phone(cast.tomas).snapshot(opened, "facilitator").text


def test_a_new_name_in_the_registry_reaches_open_screens(app: Flask, cast: Cast, opened: str, phone: Callable[..., Any]) -> None:
    from groupvisits.patients.events import PatientChanged

    tomas = phone(cast.tomas)
    tomas.subscribe(opened, "facilitator")
    tomas.messages()
    with app.app_context(), write() as tx:
        tx.announce(PatientChanged(cast.rosa.id))
    assert tomas.messages("session:changed")
