"""Joined topics: every author kept, each person counted once, undone as if it had never been."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.agenda import queries, rules, service
from groupvisits.agenda.models import Topic
from groupvisits.core import clock, ids
from groupvisits.core.actor import system
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live.queries import snapshot_for
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session, open_session
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


def do(verb: Any, actor: Any, session_id: str, **body: Any) -> dict[str, Any]:
    return run(verb, actor, session_id, **body)


@pytest.fixture
def opened(cast: Cast, context: None) -> str:
    do(open_session, cast.tomas, cast.session_id)
    return cast.session_id


def propose(actor: Any, session_id: str, words: str = "What test strips cost", route: str = "group", **more: Any) -> str:
    return str(do(service.propose_topic, actor, session_id, words=words, route=route, **more)["topic_id"])


def topic(topic_id: str) -> Topic:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Topic, topic_id)


def merge(cast: Cast, topic_id: str, into_id: str) -> None:
    do(service.merge_topics, cast.tomas, cast.session_id, topic_id=topic_id, into_id=into_id)


def me_too(actor: Any, cast: Cast, topic_id: str, on: bool = True) -> None:
    do(service.support_topic, actor, cast.session_id, topic_id=topic_id, on=on)


def counts(cast: Cast) -> dict[str, int]:
    db.session.rollback()
    return queries.support_counts(db.session(), place_for(db.session(), system(), cast.session_id))


def mine(actor: Any, cast: Cast) -> dict[str, dict[str, Any]]:
    db.session.rollback()
    db.session.expire_all()
    me = snapshot_for(db.session(), actor, cast.session_id, "patient")["me"]
    return {each["id"]: each for each in me["topics"]}


def console(cast: Cast) -> dict[str, Any]:
    db.session.rollback()
    db.session.expire_all()
    return snapshot_for(db.session(), cast.tomas, cast.session_id, "facilitator")


def as_it_stands(cast: Cast) -> list[tuple[Any, ...]]:
    """Everything that joining could change, but for the count of versions."""
    db.session.rollback()
    db.session.expire_all()
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
    first = do(service.merge_topics, cast.tomas, opened, **body)
    assert do(service.merge_topics, cast.tomas, opened, **body) == first
    first = do(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    assert do(service.unmerge_topic, cast.tomas, opened, topic_id=other) == first


@pytest.mark.parametrize("undo", ["facilitator", "author"])
def test_taken_apart_everything_is_as_if_it_had_never_been_joined(cast: Cast, opened: str, undo: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    for each in (head, other):
        do(service.plan_topic, cast.tomas, opened, topic_id=each)
    do(service.order_topics, cast.tomas, opened, topic_ids=[other, head])
    me_too(cast.teo, cast, other)
    merge(cast, third, other)
    before = as_it_stands(cast)
    merge(cast, other, head)
    assert {topic(third).merged_into_id, topic(other).merged_into_id} == {head}
    if undo == "facilitator":
        do(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    else:
        do(service.keep_apart, cast.frank, opened, topic_id=other)
    assert as_it_stands(cast) == before


def test_three_deep_joins_come_apart_in_the_order_they_were_made(cast: Cast, opened: str) -> None:
    a, b, c, d = (propose(patient, opened) for patient in (cast.gladys, cast.frank, cast.rosa, cast.teo))
    merge(cast, c, b)
    one = as_it_stands(cast)
    merge(cast, b, a)
    two = as_it_stands(cast)
    merge(cast, a, d)
    assert {topic(each).merged_into_id for each in (a, b, c)} == {d}
    do(service.unmerge_topic, cast.tomas, opened, topic_id=a)
    assert as_it_stands(cast) == two
    do(service.unmerge_topic, cast.tomas, opened, topic_id=b)
    assert as_it_stands(cast) == one


def test_a_me_too_on_a_joined_topic_counts_for_the_one_that_leads(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    me_too(cast.teo, cast, other)
    assert counts(cast)[head] == 2
    me_too(cast.teo, cast, head)  # said already
    assert counts(cast)[head] == 2
    assert set(snapshot_for(db.session(), cast.teo, opened, "patient")["me"]["supported"]) == {head, other}
    me_too(cast.teo, cast, head, on=False)
    assert counts(cast)[head] == 1
    for author in (cast.gladys, cast.frank):
        with pytest.raises(rules.OwnTopic):
            me_too(author, cast, head)


def test_each_author_reads_what_became_of_it_and_their_own_again_after_undoing(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened, "Evening tablet", shows_name=True), propose(cast.frank, opened, "Night tablet")
    do(service.plan_topic, cast.tomas, opened, topic_id=head)
    merge(cast, other, head)
    franks, gladys = mine(cast.frank, cast)[other], mine(cast.gladys, cast)[head]
    assert (franks["state"], franks["words"]) == ("merged", "Night tablet")
    assert franks["joined_to"] == {"id": head, "words": "Evening tablet", "author": "Gladys", "state": "planned"}
    assert franks["planned_at"] == gladys["planned_at"] is not None
    assert (gladys["joined"], gladys["joined_to"]) == ([{"id": other, "words": "Night tablet", "author": None}], None)
    do(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    do(service.finish_topic, cast.tomas, opened, topic_id=head, outcome="A box with days helps.")
    franks = mine(cast.frank, cast)[other]
    assert (franks["joined_to"]["state"], franks["outcome"]) == ("talked_about", "A box with days helps.")
    assert {person["name"] for person in console(cast)["people"] if person["heard"]} == {"Gladys", "Frank"}
    do(service.unmerge_topic, cast.tomas, opened, topic_id=other)
    franks = mine(cast.frank, cast)[other]
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
    do(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    assert set(told[0].patients) == {cast.gladys.id, cast.frank.id, cast.rosa.id}


def test_not_heard_yet_is_true_while_one_of_the_authors_is_not(cast: Cast, opened: str) -> None:
    first, head, other, rival = (propose(p, opened) for p in (cast.gladys, cast.gladys, cast.frank, cast.gladys))
    do(service.start_topic, cast.tomas, opened, topic_id=first, minutes=5)
    for each in (rival, head):
        do(service.plan_topic, cast.tomas, opened, topic_id=each)
    me_too(cast.teo, cast, rival)
    me_too(cast.marcus, cast, rival)
    ranked = {each["id"]: each for each in console(cast)["topics"]}
    assert (ranked[head]["rank"], ranked[head]["not_heard_yet"]) == (2, False)
    merge(cast, other, head)
    ranked = {each["id"]: each for each in console(cast)["topics"]}
    assert (ranked[head]["rank"], ranked[head]["not_heard_yet"]) == (1, True)


def test_a_topic_that_leads_and_is_taken_back_lets_the_others_go(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    do(service.plan_topic, cast.tomas, opened, topic_id=other)
    merge(cast, other, head)
    merge(cast, third, head)
    do(service.take_back, cast.gladys, opened, topic_id=head)
    assert [(topic(each).state, topic(each).merged_into_id) for each in (other, third)] == [("planned", None), ("new", None)]
    assert mine(cast.frank, cast)[other]["state"] == "planned"


def test_after_the_close_what_is_let_go_waits_for_the_next_visit(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    do(close_session, cast.tomas, opened)
    do(service.take_back, cast.gladys, opened, topic_id=head)
    assert topic(other).state == "parked"
    account = console(cast)["account"]
    assert account["sent"] == account["accounted_for"] == 2


def test_an_author_takes_a_joined_topic_back_and_the_others_stay(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened), propose(cast.frank, opened), propose(cast.rosa, opened)
    merge(cast, third, other)
    merge(cast, other, head)
    do(service.take_back, cast.frank, opened, topic_id=other)
    assert (topic(other).state, topic(other).merged_into_id, topic(third).merged_into_id, topic(third).came_with_id) == ("taken_back", None, head, None)
    assert counts(cast) == {head: 1}
    do(service.start_topic, cast.tomas, opened, topic_id=head, minutes=10)
    with pytest.raises(rules.BeingTalkedAbout):
        do(service.take_back, cast.rosa, opened, topic_id=third)


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
            do(act, cast.tomas, opened, topic_id=other)
    do(service.start_topic, cast.tomas, opened, topic_id=head, minutes=5)
    merge(cast, third, head)  # somebody asks the same while it is talked about
    do(service.finish_topic, cast.tomas, opened, topic_id=head, outcome="")
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
    do(close_session, cast.tomas, opened)
    for verb, actor, body in (
        (service.merge_topics, cast.tomas, {"topic_id": third, "into_id": head}),
        (service.unmerge_topic, cast.tomas, {"topic_id": other}),
        (service.keep_apart, cast.frank, {"topic_id": other}),
    ):
        with pytest.raises(WrongState):
            do(verb, actor, opened, **body)
    assert topic(other).state == "merged"


def test_who_may_join_and_take_apart(cast: Cast, opened: str) -> None:
    head, other = propose(cast.gladys, opened), propose(cast.frank, opened)
    merge(cast, other, head)
    acts = ((service.merge_topics, {"topic_id": other, "into_id": head}), (service.unmerge_topic, {"topic_id": other}))
    for verb, body in acts:
        for stranger in (cast.sol, cast.sunny, cast.walter):
            with pytest.raises(NotFound):
                do(verb, stranger, opened, **body)
        for actor in (cast.frank, cast.osei, cast.adler, cast.joanne):
            with pytest.raises(NotAllowed):
                do(verb, actor, opened, **body)
    for stranger in (cast.sol, cast.sunny, cast.walter, cast.gladys, cast.marcus):
        with pytest.raises(NotFound):
            do(service.keep_apart, stranger, opened, topic_id=other)
    with pytest.raises(NotAllowed):
        do(service.keep_apart, cast.tomas, opened, topic_id=other)


def next_session(cast: Cast) -> str:
    with write() as tx:
        this = tx.get_one(GroupSession, cast.session_id)
        that = GroupSession(
            id=ids.new_id(), clinic_id=this.clinic_id, group_id=this.group_id, starts_at=this.starts_at + timedelta(weeks=4), ends_at=this.ends_at + timedelta(weeks=4),
            wall_time=this.wall_time, zone=this.zone, maximum=8, state="planned", epoch=ids.new_id(), version=0,
        )  # fmt: skip
        tx.add(that)
        tx.flush()
        for number, key in enumerate(("gladys", "frank", "rosa"), start=1):
            tx.add(Seat(id=ids.new_id(), session_id=that.id, patient_id=getattr(cast, key).id, state="confirmed", seat_no=number, changed_at=clock.now()))
        tx.add(SessionTeamMember(session_id=that.id, staff_member_id=cast.tomas.id, role="facilitator"))
        return that.id


def test_a_topic_kept_for_the_next_visit_takes_its_joined_ones_along(cast: Cast, opened: str) -> None:
    head, other, third = propose(cast.gladys, opened, "Evening tablet"), propose(cast.frank, opened, "Night tablet"), propose(cast.rosa, opened, "Tableta")
    merge(cast, third, other)
    merge(cast, other, head)
    do(service.translate_topic, cast.teo, opened, topic_id=third, language="en", words="Tablet")
    do(close_session, cast.tomas, opened)
    assert mine(cast.frank, cast)[other]["joined_to"]["state"] == "parked"
    later = next_session(cast)
    do(open_session, cast.joanne, later)
    do(open_session, cast.joanne, later)
    rows = {row.carried_from_id: row for row in db.session.scalars(select(Topic).where(Topic.session_id == later))}
    assert {row.patient_id for row in rows.values()} == {cast.gladys.id, cast.frank.id, cast.rosa.id} and set(rows) == {head, other, third}
    assert (rows[head].state, {rows[each].state for each in (other, third)}, {rows[each].merged_into_id for each in (other, third)}) == (
        "new",
        {"merged"},
        {rows[head].id},
    )
    assert (topic(other).state, topic(other).carried_to_id) == ("merged", rows[other].id)
    db.session.rollback()
    topics = {each["id"]: each for each in snapshot_for(db.session(), cast.tomas, later, "facilitator")["topics"]}
    assert topics[rows[head].id]["supports"] == 2
    assert [each["words"] for each in topics[rows[third].id]["translations"]] == ["Tablet"]
    account = snapshot_for(db.session(), cast.tomas, later, "facilitator")["account"]
    assert (account["sent"], account["accounted_for"]) == (3, 3)
    do(service.keep_apart, cast.frank, later, topic_id=rows[other].id)
    assert topic(rows[other].id).state == "new"
    with pytest.raises(rules.CarriedOn):
        do(service.take_back, cast.frank, opened, topic_id=other)
