"""A topic that asks two things carries on as its parts, and is put together again as if it had never been split."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.agenda import rules, service
from groupvisits.agenda.models import Topic
from groupvisits.core import ids
from groupvisits.core.actor import display
from groupvisits.core.errors import NotAllowed, NotFound, Refused
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session
from tests.agenda.arrange import account, console, counts, mine, on_screen, propose, screen, topic
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")
TWO = ["Where strips are cheap", "When to measure"]


def split(cast: Cast, topic_id: str, parts: list[str] | None = None) -> list[str]:
    run(service.split_topic, cast.tomas, cast.session_id, topic_id=topic_id, parts=parts or TWO)
    db.session.rollback()
    return list(db.session.scalars(select(Topic.id).where(Topic.split_from_id == topic_id, Topic.merged_into_id.is_(None)).order_by(Topic.proposed_at)))


def test_each_part_has_the_author_the_place_and_everybody_who_said_me_too(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened, shows_name=True)
    for actor in (cast.marcus, cast.teo):
        run(service.support_topic, actor, opened, topic_id=whole, on=True)
    run(service.plan_topic, cast.tomas, opened, topic_id=whole)
    run(service.order_topics, cast.tomas, opened, topic_ids=[whole])
    parts = [topic(each) for each in split(cast, whole)]
    assert [part.words for part in parts] == TWO
    assert {(part.patient_id, part.state, part.position, part.shows_name, part.language, part.split_from_id) for part in parts} == {
        (cast.rosa.id, "planned", 1, True, "es", whole)
    }
    assert (topic(whole).state, counts(cast)) == ("split", {whole: 2, parts[0].id: 2, parts[1].id: 2})
    ranks = {each["id"]: each["rank"] for each in console(cast)["topics"]}
    assert (ranks[parts[0].id], ranks[parts[1].id], ranks[whole]) == (1, 2, None)


def test_the_author_reads_that_it_was_split_and_has_the_parts(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened)
    parts = split(cast, whole)
    told = {topic_id: (each["state"], each["split_from_id"]) for topic_id, each in mine(cast.rosa, opened).items()}
    assert told == {whole: ("split", None), parts[0]: ("new", whole), parts[1]: ("new", whole)}


def test_a_part_is_no_newly_sent_topic(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened)
    first, _ = split(cast, whole)
    split(cast, first)
    assert account(cast) == (1, 1)
    run(close_session, cast.tomas, opened)
    assert account(cast) == (1, 1)


def test_put_together_it_is_whole_with_everybody_who_said_me_too_to_a_part(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened)
    run(service.support_topic, cast.marcus, opened, topic_id=whole, on=True)
    run(service.plan_topic, cast.tomas, opened, topic_id=whole)
    parts = split(cast, whole)
    run(service.support_topic, cast.teo, opened, topic_id=parts[1], on=True)
    run(service.unsplit_topic, cast.tomas, opened, topic_id=whole)
    assert (topic(whole).state, counts(cast)[whole]) == ("planned", 2)
    assert {(topic(each).state, topic(each).merged_into_id) for each in parts} == {("merged", whole)}
    assert list(mine(cast.rosa, opened)) == [whole]
    again = run(service.unsplit_topic, cast.tomas, opened, topic_id=whole)
    assert again["version"] == topic(whole).version
    for verb, actor in ((service.unmerge_topic, cast.tomas), (service.keep_apart, cast.rosa), (service.take_back, cast.rosa)):
        with pytest.raises(NotFound):
            run(verb, actor, opened, topic_id=parts[0])
    run(service.take_back, cast.rosa, opened, topic_id=whole)
    assert topic(parts[0]).state == "merged"  # a part does not come back by itself
    assert account(cast) == (1, 1)


@pytest.mark.parametrize("part", ["", "\u200b", "x" * 301])
def test_what_is_wrong_with_a_part_is_said_of_the_parts(cast: Cast, opened: str, part: str) -> None:
    with pytest.raises(Refused) as refusal:
        split(cast, propose(cast.rosa, opened), ["One", part])
    assert refusal.value.field == "parts"


def test_it_can_be_split_again_and_put_together_again(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened)
    split(cast, whole)
    run(service.unsplit_topic, cast.tomas, opened, topic_id=whole)
    again = split(cast, whole, ["One", "Two", "Three"])
    assert len(again) == 3
    run(service.unsplit_topic, cast.tomas, opened, topic_id=whole)
    assert topic(whole).state == "new"


@pytest.mark.parametrize("moved", ["planned", "reworded", "joined", "leads", "taken back"])
def test_once_a_part_has_moved_on_it_stays_split(cast: Cast, opened: str, moved: str) -> None:
    whole, other = propose(cast.rosa, opened), propose(cast.frank, opened)
    part, _ = split(cast, whole)
    acts: dict[str, tuple[Any, Any, dict[str, str]]] = {
        "planned": (service.plan_topic, cast.tomas, {"topic_id": part}),
        "reworded": (service.reword_topic, cast.rosa, {"topic_id": part, "words": "Other words"}),
        "joined": (service.merge_topics, cast.tomas, {"topic_id": part, "into_id": other}),
        "leads": (service.merge_topics, cast.tomas, {"topic_id": other, "into_id": part}),
        "taken back": (service.take_back, cast.rosa, {"topic_id": part}),
    }
    verb, actor, body = acts[moved]
    run(verb, actor, opened, **body)
    with pytest.raises(rules.HasMovedOn):
        run(service.unsplit_topic, cast.tomas, opened, topic_id=whole)


def test_what_was_joined_to_a_split_topic_stands_for_itself_again(cast: Cast, opened: str) -> None:
    whole, other = propose(cast.rosa, opened), propose(cast.frank, opened)
    run(service.merge_topics, cast.tomas, opened, topic_id=other, into_id=whole)
    split(cast, whole)
    assert (topic(other).state, topic(other).merged_into_id) == ("new", None)
    assert account(cast) == (2, 2)


def test_what_cannot_be_split(cast: Cast, opened: str) -> None:
    whole, alone, current = propose(cast.rosa, opened), propose(cast.teo, opened, route="one_on_one"), propose(cast.frank, opened)
    run(service.start_topic, cast.tomas, opened, topic_id=current, minutes=5)
    for parts, refusal in (
        (["One"], rules.PartsMissing),
        (["x"] * 5, rules.PartsMissing),
        (["One", "  "], rules.NoWords),
        (["One", "x" * 301], rules.TooManyWords),
    ):
        with pytest.raises(refusal):
            split(cast, whole, parts)
    for topic_id, refusal in ((alone, rules.NotForTheGroup), (current, rules.CannotBeSplit), ("none", NotFound)):
        with pytest.raises(refusal):
            split(cast, topic_id)
    assert topic(whole).state == "new" and account(cast) == (3, 3)
    split(cast, whole)
    with pytest.raises(rules.CannotBeSplit):
        split(cast, whole)
    run(close_session, cast.tomas, opened)
    for verb, body in ((service.split_topic, {"topic_id": whole, "parts": TWO}), (service.unsplit_topic, {"topic_id": whole})):
        with pytest.raises(WrongState):
            run(verb, cast.tomas, opened, **body)


def test_who_may_split(cast: Cast, opened: str) -> None:
    whole = propose(cast.rosa, opened)
    for verb, body in ((service.split_topic, {"topic_id": whole, "parts": TWO}), (service.unsplit_topic, {"topic_id": whole})):
        for stranger in (cast.sol, cast.sunny, cast.walter):
            with pytest.raises(NotFound):
                run(verb, stranger, opened, **body)
        for actor in (cast.rosa, cast.osei, cast.adler, cast.joanne):
            with pytest.raises(NotAllowed):
                run(verb, actor, opened, **body)


@pytest.mark.parametrize(("words", "kind"), [("A ride: 617 555 0142", "phone"), ("What Gladys said about strips", "name")])
@pytest.mark.parametrize("on_agenda", [False, True])
def test_a_part_that_may_hold_a_personal_detail_waits_for_a_look_like_any_topic(cast: Cast, opened: str, words: str, kind: str, on_agenda: bool) -> None:
    whole = propose(cast.rosa, opened)
    run(service.support_topic, cast.marcus, opened, topic_id=whole, on=True)
    if on_agenda:
        run(service.plan_topic, cast.tomas, opened, topic_id=whole)
    hidden, plain = split(cast, whole, [words, "When to measure"])
    assert (topic(hidden).hidden_because, topic(plain).hidden_because) == ("personal", "")
    shown = on_screen(cast.tomas, opened, "facilitator")
    assert (shown[hidden]["words"], shown[hidden]["holds"], shown[plain]["holds"]) == (words, kind, "")
    wall = display(ids.new_id(), cast.clinic_id, opened)
    for screen_of in ((cast.marcus, "patient"), (cast.osei, "clinician"), (wall, "display")):
        assert words not in json.dumps(screen(screen_of[0], opened, screen_of[1])), screen_of[1]
        assert "holds" not in json.dumps(screen(screen_of[0], opened, screen_of[1])), screen_of[1]
    assert mine(cast.rosa, opened)[hidden]["is_checked"]
    run(service.show_topic, cast.tomas, opened, topic_id=hidden)
    assert on_screen(cast.marcus, opened, "patient")[hidden]["words"] == words
    assert on_screen(cast.tomas, opened, "facilitator")[hidden]["holds"] == ""


def test_a_part_may_name_its_own_author(cast: Cast, opened: str) -> None:
    first, _ = split(cast, propose(cast.gladys, opened), ["What Gladys asked", "When to measure"])
    assert topic(first).hidden_because == ""
