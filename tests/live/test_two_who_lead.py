"""Two who lead at once: what one of them has changed is not written over by the other, who has not seen it. Over both doors."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from groupvisits.accounts.models import StaffRole
from groupvisits.agenda import service as agenda
from groupvisits.agenda.rules import ChangedMeanwhile
from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import write
from groupvisits.live import service as live
from groupvisits.sessions.models import SessionTeamMember
from tests.cast import Cast
from tests.live.conftest import Phone

Connect = Callable[[Any], Phone]
REFUSED = "changed_meanwhile"


@pytest.fixture
def two(app: Flask, cast: Cast, opened: str, phone: Connect) -> tuple[Phone, Phone]:
    """Tomas and Joanne, both of whom may lead."""
    with app.app_context(), write() as tx:
        tx.add(StaffRole(staff_member_id=cast.joanne.id, name="facilitator"))
        tx.add(SessionTeamMember(session_id=opened, staff_member_id=cast.joanne.id, role="facilitator"))
    return phone(cast.tomas), phone(cast.joanne)


@pytest.fixture
def topics(cast: Cast, opened: str, phone: Connect, two: tuple[Phone, Phone]) -> list[str]:
    made = [
        phone(each).send(opened, "agenda:propose", words="What helps?", route="group")["result"]["topic_id"] for each in (cast.rosa, cast.frank, cast.gladys)
    ]
    for topic_id in made:
        two[0].send(opened, "agenda:plan", topic_id=topic_id)
    return made


# Of each act: what one of them sends, what the other sends, and one that is about something else.
ACTS = {
    "agenda:order": ({"topic_ids": [2, 1, 0]}, {"topic_ids": [1, 0, 2]}, None),
    "live:prompt": (
        {"phase": 1, "prompt": "Hers", "watch": ""},
        {"phase": 1, "prompt": "His", "watch": "The time"},
        {"phase": 2, "prompt": "His", "watch": ""},
    ),
    "live:phase_owner": ({"phase": 1, "owner": "Nurse"}, {"phase": 1, "owner": "Everybody"}, {"phase": 2, "owner": "Everybody"}),
}


@pytest.fixture(params=ACTS)
def acts(request: pytest.FixtureRequest, topics: list[str]) -> tuple[str, list[dict[str, Any]]]:
    bodies = [body for body in ACTS[request.param] if body]
    return request.param, [body | ({"topic_ids": [topics[n] for n in body["topic_ids"]]} if "topic_ids" in body else {}) for body in bodies]


def stands(console: Phone, session_id: str) -> tuple[list[str], list[tuple[str, ...]], int]:
    """The order of the agenda, what stands in the parts, and the version."""
    now = console.snapshot(session_id, "facilitator").json
    ranked = sorted((topic for topic in now["topics"] if topic["rank"]), key=lambda topic: topic["rank"])
    return [topic["id"] for topic in ranked], [(part["prompt"], part["watch"], part["owner"]) for part in now["run"]["phases"]], now["version"]


def test_what_somebody_else_changed_since_it_was_looked_at_is_not_written_over(opened: str, two: tuple[Phone, Phone], acts: Any) -> None:
    (tomas, joanne), (name, (hers, his, *_)) = two, acts
    _, _, seen = stands(tomas, opened)
    assert joanne.send(opened, name, **hers, base_version=seen)["ok"]
    kept = stands(joanne, opened)
    command = {"command_id": "c1", "session_id": opened, "body": his | {"base_version": seen}}
    refused = tomas.ask(name, command)
    assert refused["error"]["code"] == REFUSED and refused["error"]["changed_by"] == "Joanne Pike"
    assert refused["error"]["changed_at"].startswith("20")
    by_post = tomas.browser.post(f"/sessions/{opened}/commands/{name}", json={"command_id": "c1", "body": command["body"]})
    assert (by_post.status_code, by_post.json) == (409, refused)
    assert stands(joanne, opened) == kept
    # Mine all the same: it has been looked at now.
    taken = tomas.send(opened, name, "c2", **his, base_version=kept[2])
    assert taken["ok"] and stands(joanne, opened)[:2] != kept[:2]
    assert tomas.send(opened, name, "c2", **his, base_version=kept[2]) == taken, "The same command again has the same answer"
    assert joanne.send(opened, name, **hers, base_version=kept[2])["error"]["changed_by"] == "Tomas Reyes"


VERBS = {"agenda:order": agenda.order_topics, "live:prompt": live.say_prompt, "live:phase_owner": live.give_phase}


def test_nor_where_both_acts_share_a_transaction(app: Flask, cast: Cast, opened: str, two: tuple[Phone, Phone], acts: Any) -> None:
    """The first is not on record yet when the second is looked at."""
    name, (hers, his, *_) = acts
    _, _, seen = stands(two[0], opened)
    with app.app_context(), write() as tx:
        VERBS[name](tx, leads(cast.joanne), opened, **hers, base_version=seen)
        with pytest.raises(ChangedMeanwhile):
            VERBS[name](tx, leads(cast.tomas), opened, **his, base_version=seen)


def leads(person: Actor) -> Actor:
    return replace(person, roles=person.roles | {"facilitator"})


def test_ones_own_changes_and_what_is_about_something_else_are_no_conflict(app: Flask, cast: Cast, opened: str, two: tuple[Phone, Phone], acts: Any) -> None:
    (tomas, joanne), (name, (hers, his, *elsewhere)) = two, acts
    _, _, seen = stands(tomas, opened)
    assert tomas.send(opened, name, **hers, base_version=seen)["ok"]
    assert tomas.send(opened, name, **his, base_version=seen)["ok"], "Two on their way from one console"
    joanne.send(opened, "live:curtain", on=True)
    with app.app_context(), write() as tx:
        audit.record(tx, cast.joanne, name, session_id="another visit", version=seen + 100, phase=1)
    assert tomas.send(opened, name, **hers, base_version=seen)["ok"]
    for body in elsewhere:
        assert joanne.send(opened, name, **body, base_version=seen)["ok"]


def test_who_says_nothing_of_what_they_looked_at_is_not_asked(opened: str, two: tuple[Phone, Phone], acts: Any) -> None:
    (tomas, joanne), (name, (hers, his, *_)) = two, acts
    assert joanne.send(opened, name, **hers)["ok"] and tomas.send(opened, name, **his)["ok"]


def test_an_order_given_back_to_the_rule_is_not_written_over_either(opened: str, two: tuple[Phone, Phone], topics: list[str]) -> None:
    tomas, joanne = two
    tomas.send(opened, "agenda:order", topic_ids=topics[::-1])
    _, _, seen = stands(tomas, opened)
    assert joanne.send(opened, "agenda:order", topic_ids=[], base_version=seen)["ok"]
    assert tomas.send(opened, "agenda:order", topic_ids=topics, base_version=seen)["error"]["code"] == REFUSED
    assert tomas.send(opened, "agenda:order", topic_ids=[], base_version=seen)["error"]["code"] == REFUSED


def test_the_very_same_words_and_owner_are_no_conflict(opened: str, two: tuple[Phone, Phone]) -> None:
    tomas, joanne = two
    _, _, seen = stands(tomas, opened)
    for name, (hers, *_) in list(ACTS.items())[1:]:
        assert joanne.send(opened, name, **hers, base_version=seen)["ok"] and tomas.send(opened, name, **hers, base_version=seen)["ok"]
