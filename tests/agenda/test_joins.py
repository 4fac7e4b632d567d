"""Joined topics: every author kept, each person counted once, undone as if it had never been."""

from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.agenda import rules, service
from groupvisits.agenda.models import Topic
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import service as live
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session, open_session
from tests.agenda.arrange import account, console, counts, forget, merge, mine, next_visit, propose, screen, topic
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def me_too(actor: Any, cast: Cast, topic_id: str, on: bool = True) -> None:
    run(service.support_topic, actor, cast.session_id, topic_id=topic_id, on=on)


def as_it_stands(cast: Cast) -> list[tuple[Any, ...]]:
    """Everything that joining could change, but for the count of versions."""
    forget()
    rows = db.session.query(Topic).order_by(Topic.proposed_at, Topic.id)
    return [(t.id, t.state, t.position, t.merged_into_id, t.came_with_id, t.state_before, t.ended_at, counts(cast).get(t.id, 0)) for t in rows]


def test_each_person_counts_once_over_joined_topics_and_every_author_is_kept(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    for actor, said in ((cast.marcus, head), (cast.teo, head), (cast.teo, other), (cast.gladys, other)):
        me_too(actor, cast, said)
    assert counts(cast) == {head: 2, other: 2}
    merge(cast, other, head)
    assert counts(cast) == {head: 3, other: 2}  # Marcus, Teo once, and Frank who asked the same; Gladys leads
    assert (topic(other).state, topic(other).merged_into_id, topic(other).patient_id) == ("merged", head, cast.frank.id)


def test_joining_twice_is_joining_once_and_so_is_taking_apart(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    body = {"topic_id": other, "into_id": head}
    first = run(service.merge_topics, cast.tomas, opened, **body)
    assert run(service.merge_topics, cast.tomas, opened, **body) == first
    first = run(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    assert run(service.unmerge_topic, cast.tomas, opened, topic_id=other) == first


@pytest.mark.parametrize("undo", ["facilitator", "author"])
def test_taken_apart_everything_is_as_if_it_had_never_been_joined(cast: Cast, opened: str, undo: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    for each in (head, other):
        run(service.plan_topic, cast.tomas, opened, topic_id=each)
    run(service.order_topics, cast.tomas, opened, topic_ids=[other, head])
    me_too(cast.teo, cast, other)
    merge(cast, third, other)
    before = as_it_stands(cast)
    merge(cast, other, head)
    assert {topic(third).merged_into_id, topic(other).merged_into_id} == {head}
    if undo == "facilitator":
        run(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    else:
        run(service.keep_apart, cast.frank, opened, topic_id=other)
    assert as_it_stands(cast) == before


def test_three_deep_joins_come_apart_in_the_order_they_were_made(cast: Cast, opened: str) -> None:
    a, b, c, d = (propose(patient, opened) for patient in (cast.gladys, cast.frank, cast.rosa, cast.teo))
    merge(cast, c, b)
    one = as_it_stands(cast)
    merge(cast, b, a)
    two = as_it_stands(cast)
    merge(cast, a, d)
    assert {topic(each).merged_into_id for each in (a, b, c)} == {d}
    run(service.unmerge_topic, cast.tomas, opened, topic_id=a)
    assert as_it_stands(cast) == two
    run(service.unmerge_topic, cast.tomas, opened, topic_id=b)
    assert as_it_stands(cast) == one


def test_a_me_too_on_a_joined_topic_counts_for_the_one_that_leads(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    me_too(cast.teo, cast, other)
    assert counts(cast)[head] == 2
    me_too(cast.teo, cast, head)  # said already
    assert counts(cast)[head] == 2
    assert set(screen(cast.teo, opened, "patient")["me"]["supported"]) == {head, other}
    me_too(cast.teo, cast, head, on=False)
    assert counts(cast)[head] == 1
    for author in (cast.gladys, cast.frank):
        with pytest.raises(rules.OwnTopic):
            me_too(author, cast, head)


def test_each_author_reads_what_became_of_it_and_their_own_again_after_undoing(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened, "Evening tablet", shows_name=True), propose(cast.frank, opened, "Night tablet")
    run(service.plan_topic, cast.tomas, opened, topic_id=head)
    merge(cast, other, head)
    franks, gladys = mine(cast.frank, opened)[other], mine(cast.gladys, opened)[head]
    assert (franks["state"], franks["words"]) == ("merged", "Night tablet")
    assert franks["joined_to"] == {"id": head, "words": "Evening tablet", "author": "Gladys", "state": "planned"}
    assert franks["planned_at"] == gladys["planned_at"] is not None
    assert (gladys["joined"], gladys["joined_to"]) == ([{"id": other, "words": "Night tablet", "author": None}], None)
    run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    run(service.finish_topic, cast.tomas, opened, topic_id=head, outcome="A box with days helps.")
    franks = mine(cast.frank, opened)[other]
    assert (franks["joined_to"]["state"], franks["outcome"]) == ("talked_about", "A box with days helps.")
    assert {person["name"] for person in console(cast)["people"] if person["heard"]} == {"Gladys", "Frank"}
    run(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    franks = mine(cast.frank, opened)[other]
    assert (franks["state"], franks["joined_to"], franks["outcome"]) == ("new", None, "")


def test_whoever_stands_under_a_changed_topic_is_told(cast: Cast, opened: str, app, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    tell = app.extensions["listeners"].tell_within
    monkeypatch.setattr(app.extensions["listeners"], "tell_within", lambda tx, event: (told.append(event), tell(tx, event)))
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    merge(cast, third, other)
    told.clear()
    merge(cast, other, head)
    assert (set(told[0].topics), set(told[0].patients)) == ({head, other, third}, {cast.gladys.id, cast.frank.id, cast.rosa.id})
    told.clear()
    run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    assert set(told[0].patients) == {cast.gladys.id, cast.frank.id, cast.rosa.id}


def test_whose_me_too_stands_elsewhere_now_is_told(cast: Cast, opened: str, app, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    tell = app.extensions["listeners"].tell_within
    monkeypatch.setattr(app.extensions["listeners"], "tell_within", lambda tx, event: (told.append(event), tell(tx, event)))
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    me_too(cast.marcus, cast, other)

    def hears_of(act: Any, *args: Any, **what: Any) -> bool:
        told.clear()
        run(act, *args, **what)
        return cast.marcus.id in told[0].patients

    assert hears_of(service.merge_topics, cast.tomas, opened, topic_id=other, into_id=head)
    assert hears_of(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    merge(cast, other, head)
    assert hears_of(service.take_back, cast.gladys, opened, topic_id=head)
    head = propose(cast.gladys, opened)
    merge(cast, other, head)
    assert hears_of(service.take_back, cast.frank, opened, topic_id=other)


def test_a_me_too_taken_back_from_the_head_is_off_every_topic_under_it(cast: Cast, opened: str, app, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    tell = app.extensions["listeners"].tell_within
    monkeypatch.setattr(app.extensions["listeners"], "tell_within", lambda tx, event: (told.append(event), tell(tx, event)))
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    me_too(cast.marcus, cast, other)
    merge(cast, other, head)
    merge(cast, third, head)
    told.clear()
    me_too(cast.marcus, cast, head, on=False)
    assert set(told[0].topics) == {head, other}
    run(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    assert counts(cast).get(other, 0) == 0


def test_not_heard_yet_is_true_while_one_of_the_authors_is_not(cast: Cast, opened: str) -> None:
    first, head, other, rival = (propose(p, opened) for p in (cast.gladys, cast.gladys, cast.frank, cast.gladys))
    run(service.start_topic, cast.tomas, opened, topic_id=first, minutes=5)
    for each in (rival, head):
        run(service.plan_topic, cast.tomas, opened, topic_id=each)
    me_too(cast.teo, cast, rival)
    me_too(cast.marcus, cast, rival)
    ranked = {each["id"]: each for each in console(cast)["topics"]}
    assert (ranked[head]["rank"], ranked[head]["not_heard_yet"]) == (2, False)
    merge(cast, other, head)
    ranked = {each["id"]: each for each in console(cast)["topics"]}
    assert (ranked[head]["rank"], ranked[head]["not_heard_yet"]) == (1, True)


def test_whoever_is_here_to_listen_is_not_first_as_not_yet_heard(cast: Cast, opened: str) -> None:
    theirs, other = propose(cast.beatriz, opened), propose(cast.frank, opened)
    for each in (theirs, other):
        run(service.plan_topic, cast.tomas, opened, topic_id=each)

    def told(on: bool) -> list[tuple[int, bool]]:
        run(live.listen, cast.beatriz, opened, on=on)
        ranked = {each["id"]: each for each in console(cast)["topics"]}
        return [(ranked[each]["rank"], ranked[each]["not_heard_yet"]) for each in (theirs, other)]

    assert told(on=True) == [(2, False), (1, True)]
    third = propose(cast.gladys, opened)
    merge(cast, third, theirs)
    assert told(on=True) == [(1, True), (2, True)]  # whoever joined it is not yet heard
    run(service.unmerge_topic, cast.tomas, opened, topic_id=third)
    assert told(on=False) == [(1, True), (2, True)]


def test_a_topic_that_leads_and_is_taken_back_lets_the_others_go(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    run(service.plan_topic, cast.tomas, opened, topic_id=other)
    merge(cast, other, head)
    merge(cast, third, head)
    run(service.take_back, cast.gladys, opened, topic_id=head)
    assert [(topic(each).state, topic(each).merged_into_id) for each in (other, third)] == [("planned", None), ("new", None)]
    assert mine(cast.frank, opened)[other]["state"] == "planned"


def test_after_the_close_what_is_let_go_waits_for_the_next_visit(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    run(close_session, cast.tomas, opened)
    run(service.take_back, cast.gladys, opened, topic_id=head)
    assert topic(other).state == "parked"
    assert account(cast) == (2, 2)


def test_an_author_takes_a_joined_topic_back_and_the_others_stay(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    merge(cast, third, other)
    merge(cast, other, head)
    run(service.take_back, cast.frank, opened, topic_id=other)
    assert (topic(other).state, topic(other).merged_into_id, topic(third).merged_into_id, topic(third).came_with_id) == ("taken_back", None, head, None)
    assert counts(cast) == {head: 1}
    run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    with pytest.raises(rules.BeingTalkedAbout):
        run(service.take_back, cast.rosa, opened, topic_id=third)


def test_what_cannot_be_joined(cast: Cast, opened: str) -> None:
    head, other, third, alone = (
        propose(cast.gladys, opened),
        propose(cast.frank, opened),
        propose(cast.rosa, opened),
        propose(cast.teo, opened, route="one_on_one"),
    )
    for pair, refusal in (
        ((head, head), rules.SameTopic),
        ((alone, head), rules.NotForTheGroup),
        ((head, alone), rules.NotForTheGroup),
        ((head, "none"), NotFound),
    ):
        with pytest.raises(refusal):
            merge(cast, *pair)
    merge(cast, other, head)
    for pair in ((third, other), (other, third)):
        with pytest.raises(rules.JoinedMeanwhile):
            merge(cast, *pair)
    for act in (service.plan_topic, service.park_topic):
        with pytest.raises(rules.TopicHasEnded):
            run(act, cast.tomas, opened, topic_id=other)
    run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=5)
    merge(cast, third, head)  # somebody asks the same while it is talked about
    run(service.finish_topic, cast.tomas, opened, topic_id=head, outcome="")
    late = propose(cast.teo, opened)
    for pair in ((late, head), (head, late)):
        with pytest.raises(rules.CannotBeJoined):
            merge(cast, *pair)


def test_a_hidden_topic_is_not_joined(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    for hidden in (head, other):
        with write() as tx:
            tx.get_one(Topic, hidden).hidden_because = "asked"
        with pytest.raises(rules.CannotBeJoined):
            merge(cast, other, head)
        with write() as tx:
            tx.get_one(Topic, hidden).hidden_because = ""


def test_joining_ends_with_the_close(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    merge(cast, other, head)
    run(close_session, cast.tomas, opened)
    for verb, actor, body in (
        (service.merge_topics, cast.tomas, {"topic_id": third, "into_id": head}),
        (service.unmerge_topic, cast.tomas, {"topic_id": other}),
        (service.keep_apart, cast.frank, {"topic_id": other}),
    ):
        with pytest.raises(WrongState):
            run(verb, actor, opened, **body)
    assert topic(other).state == "merged"


def test_who_may_join_and_take_apart(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    acts = ((service.merge_topics, {"topic_id": other, "into_id": head}), (service.unmerge_topic, {"topic_id": other}))
    for verb, body in acts:
        for stranger in (cast.sol, cast.sunny, cast.walter):
            with pytest.raises(NotFound):
                run(verb, stranger, opened, **body)
        for actor in (cast.frank, cast.osei, cast.adler, cast.joanne):
            with pytest.raises(NotAllowed):
                run(verb, actor, opened, **body)
    for stranger in (cast.sol, cast.sunny, cast.walter, cast.gladys, cast.marcus):
        with pytest.raises(NotFound):
            run(service.keep_apart, stranger, opened, topic_id=other)
    with pytest.raises(NotAllowed):
        run(service.keep_apart, cast.tomas, opened, topic_id=other)


def test_a_topic_kept_for_the_next_visit_takes_its_joined_ones_along(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened, "Evening tablet"), propose(cast.frank, opened, "Night tablet"), propose(cast.rosa, opened, "Tableta")
    merge(cast, third, other)
    merge(cast, other, head)
    run(service.translate_topic, cast.teo, opened, topic_id=third, language="en", words="Tablet")
    run(close_session, cast.tomas, opened)
    assert mine(cast.frank, opened)[other]["joined_to"]["state"] == "parked"
    later = next_visit(cast, "gladys", "frank", "rosa")
    run(open_session, cast.joanne, later)
    run(open_session, cast.joanne, later)
    rows = {row.carried_from_id: row for row in db.session.scalars(select(Topic).where(Topic.session_id == later))}
    assert {row.patient_id for row in rows.values()} == {cast.gladys.id, cast.frank.id, cast.rosa.id} and set(rows) == {head, other, third}
    assert (rows[head].state, {rows[each].state for each in (other, third)}, {rows[each].merged_into_id for each in (other, third)}) == (
        "new",
        {"merged"},
        {rows[head].id},
    )
    assert (topic(other).state, topic(other).carried_to_id) == ("merged", rows[other].id)
    topics = {each["id"]: each for each in console(cast, later)["topics"]}
    assert topics[rows[head].id]["supports"] == 2
    assert [each["words"] for each in topics[rows[third].id]["translations"]] == ["Tablet"]
    assert account(cast, later) == (3, 3)
    run(service.keep_apart, cast.frank, later, topic_id=rows[other].id)
    assert topic(rows[other].id).state == "new"
    with pytest.raises(rules.CarriedOn):
        run(service.take_back, cast.frank, opened, topic_id=other)
