"""What the console shows before two topics are joined is what then happens, down to the words on each phone."""

from typing import Any

import pytest
from flask import Flask

from groupvisits.agenda import rules, service
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live.queries import snapshot_for
from groupvisits.patients.models import Patient
from groupvisits.sessions.service import open_session
from tests.cast import Cast, signed_in


@pytest.fixture
def two(app: Flask, cast: Cast) -> tuple[str, str]:
    """Gladys's topic, which two people support, and Frank's, which one of them supports too. Frank reads Spanish."""
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
        with write() as tx:
            tx.get_one(Patient, cast.frank.id).language = "es"
        head = propose(cast, "gladys", "What to do when I forget my evening tablet", shows_name=True)
        other = propose(cast, "frank", "I miss the night tablet")
        for who, said in (("marcus", head), ("teo", head), ("teo", other)):
            run(service.support_topic, getattr(cast, who), cast.session_id, topic_id=said, on=True)
        db.session.rollback()
    return head, other


def propose(cast: Cast, who: str, words: str, **more: Any) -> str:
    return str(run(service.propose_topic, getattr(cast, who), cast.session_id, words=words, route="group", **more)["topic_id"])


def preview(app: Flask, cast: Cast, topic_id: str, into: str, who: str = "tomas") -> Any:
    return signed_in(app, getattr(cast, who)).get(f"/sessions/{cast.session_id}/topics/{topic_id}/joins?into={into}", headers={"Accept": "application/json"})


def test_it_says_whose_they_are_what_counts_and_what_each_phone_will_say(app: Flask, cast: Cast, two: tuple[str, str]) -> None:
    head, other = two
    shown = preview(app, cast, other, head).get_json()
    assert [(each["id"], each["author"], each["supporters"]) for each in shown["topics"]] == [(head, "Gladys", ["Marcus", "Teo"]), (other, "Frank", ["Teo"])]
    assert (shown["asked"], shown["said_me_too"], shown["counted_once"], shown["supports"]) == (2, 2, ["Teo"], 3)
    assert {each["name"]: (each["language"], each["words"]) for each in shown["tells"]} == {
        "Frank": ("es", "Su tema se juntó con el de Gladys, que preguntó lo mismo. Hablamos de todo junto."),
        "Gladys": ("en", "Somebody else asked the same. We talk about all of it together."),
    }


def test_the_place_it_says_is_the_place_it_gets(app: Flask, cast: Cast, two: tuple[str, str]) -> None:
    head, other = two
    with app.app_context():
        rival = propose(cast, "rosa", "Sleeping badly")
        for who in ("marcus", "teo", "beatriz"):
            run(service.support_topic, getattr(cast, who), cast.session_id, topic_id=rival, on=True)
        for each in (head, rival, other):
            run(service.plan_topic, cast.tomas, cast.session_id, topic_id=each)
        run(service.support_topic, cast.beatriz, cast.session_id, topic_id=other, on=True)
        db.session.rollback()
    shown = preview(app, cast, other, head).get_json()
    assert (shown["rank_before"], shown["rank_after"], shown["supports"]) == (2, 1, 4)
    with app.app_context():
        run(service.merge_topics, cast.tomas, cast.session_id, topic_id=other, into_id=head)
        topics = {each["id"]: each for each in snapshot_for(db.session(), cast.tomas, cast.session_id, "facilitator")["topics"]}
    assert (topics[head]["rank"], topics[head]["supports"]) == (1, 4)


def test_those_who_came_along_are_told_and_those_already_there_are_not(app: Flask, cast: Cast, two: tuple[str, str]) -> None:
    head, other = two
    with app.app_context():
        third, fourth = propose(cast, "rosa", "The tablet at night"), propose(cast, "beatriz", "Tablets and sleep")
        run(service.merge_topics, cast.tomas, cast.session_id, topic_id=third, into_id=other)
        run(service.merge_topics, cast.tomas, cast.session_id, topic_id=fourth, into_id=head)
        db.session.rollback()
    shown = preview(app, cast, other, head).get_json()
    assert {each["name"] for each in shown["tells"]} == {"Gladys", "Frank", "Rosa"}
    everything = {"en": "We talk about all of it together.", "es": "Hablamos de todo junto."}
    assert all(each["words"].endswith(everything[each["language"]]) for each in shown["tells"])  # four topics are not both
    assert next(each["words"] for each in shown["tells"] if each["name"] == "Gladys") == "3 other people asked the same. We talk about all of it together."


def test_it_refuses_what_joining_would_refuse_and_whoever_may_not(app: Flask, cast: Cast, two: tuple[str, str]) -> None:
    head, other = two
    assert preview(app, cast, head, head).status_code == 422
    assert preview(app, cast, head, "nothing").status_code == 404
    for who, status in (("sol", 404), ("sunny", 403), ("rosa", 403), ("osei", 403), ("joanne", 403)):
        assert preview(app, cast, other, head, who).status_code == status


def test_the_words_that_the_console_shows_are_the_words_that_phones_have(app: Flask) -> None:
    with app.test_request_context():
        strings = app.jinja_env.get_template("live/strings.html").module.patient_strings()  # type: ignore[attr-defined]
    for text in (rules.JOINED_WITH_NAME, rules.JOINED, rules.ASKED_WITH_NAME, rules.ASKED_BY_ONE, rules.ASKED_BY_MANY, rules.OWN_TOPICS_JOINED):
        assert app.json.dumps(text % {"name": "{name}", "count": "{n}"}).strip('"') in str(strings), text
