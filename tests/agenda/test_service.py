"""Topics: proposed, supported, ordered, timed, parked, carried over. Each act is one version, one audit row, one announcement."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from groupvisits.agenda import queries, rules, service
from groupvisits.agenda.models import Support, Topic
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run, write
from groupvisits.extensions import db
from groupvisits.sessions.events import SessionCancelled, SessionChanged
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session, open_session
from tests.agenda.arrange import next_visit, propose, topic
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def told(app, monkeypatch: pytest.MonkeyPatch) -> list[SessionChanged]:
    """Every SessionChanged that was announced."""
    heard: list[SessionChanged] = []
    listeners = app.extensions["listeners"]
    tell = listeners.tell_within

    def listen(tx: Transaction, event: Any) -> None:
        if isinstance(event, SessionChanged):
            heard.append(event)
        tell(tx, event)

    monkeypatch.setattr(listeners, "tell_within", listen)
    return heard


def session_row(session_id: str) -> GroupSession:
    db.session.expire_all()
    return db.session.get_one(GroupSession, session_id)


def set_state(session_id: str, **values: Any) -> None:
    with write() as tx:
        for name, value in values.items():
            setattr(tx.get_one(GroupSession, session_id), name, value)


def test_a_proposed_topic_is_a_row_a_version_an_audit_entry_and_one_announcement(cast: Cast, told: list[SessionChanged]) -> None:
    result = run(service.propose_topic, cast.rosa, cast.session_id, words="  Why is my sugar high?  ", route="group", shows_name=True)
    row = topic(str(result["topic_id"]))
    assert (row.words, row.route, row.state, row.shows_name, row.language, row.version) == ("Why is my sugar high?", "group", "new", True, "es", 1)
    assert result["version"] == session_row(cast.session_id).version == 1
    assert told == [SessionChanged(cast.session_id, 1, topics=(row.id,), patients=(cast.rosa.id,), only_new=True)]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "agenda:propose")).one()
    assert (entry.actor_id, entry.subject_id) == (cast.rosa.id, row.id)
    assert "sugar" not in str(entry.details)
    assert list(audit.verify(db.session())) == []


def test_a_refused_topic_leaves_nothing(cast: Cast, told: list[SessionChanged]) -> None:
    with pytest.raises(rules.NoWords):
        propose(cast.rosa, cast.session_id, words="  ")
    assert session_row(cast.session_id).version == 0
    assert db.session.scalar(select(func.count()).select_from(Topic)) == 0
    assert told == []


def test_a_name_never_stands_beside_a_one_on_one_topic(cast: Cast) -> None:
    assert topic(propose(cast.rosa, cast.session_id, route="one_on_one", shows_name=True)).shows_name is False


def test_an_invited_patient_may_propose_and_one_who_said_no_may_not(cast: Cast) -> None:
    with write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).state = "invited"
        tx.get_one(Seat, cast.seats["marcus"]).state = "declined"
    propose(cast.rosa, cast.session_id)
    with pytest.raises(NotAllowed):
        propose(cast.marcus, cast.session_id)


def patient_acts(topic_id: str) -> dict[str, dict[str, Any]]:
    return {
        "propose_topic": {"words": "Words", "route": "group"},
        "support_topic": {"topic_id": topic_id, "on": True},
        "take_back": {"topic_id": topic_id},
    }


def facilitator_acts(topic_id: str, seat_id: str = "") -> dict[str, dict[str, Any]]:
    return {
        "propose_for": {"seat_id": seat_id, "words": "Words", "route": "group"},
        "plan_topic": {"topic_id": topic_id},
        "order_topics": {"topic_ids": []},
        "start_topic": {"topic_id": topic_id, "minutes": 10},
        "extend_topic": {"topic_id": topic_id, "minutes": 5},
        "finish_topic": {"topic_id": topic_id, "outcome": ""},
        "park_topic": {"topic_id": topic_id},
    }


@pytest.mark.parametrize("verb", [*patient_acts(""), *facilitator_acts("")])
def test_each_verb_refuses_strangers_and_the_wrong_role(cast: Cast, opened: str, verb: str) -> None:
    topic_id = propose(cast.rosa, opened)
    body = (patient_acts(topic_id) | facilitator_acts(topic_id, cast.seats["rosa"]))[verb]
    act: Callable[..., Any] = getattr(service, verb)
    before = session_row(opened).version
    for stranger in (cast.sol, cast.sunny, cast.walter):
        with pytest.raises(NotFound):
            run(act, stranger, opened, **body)
    wrong = (cast.tomas, cast.osei) if verb in patient_acts("") else (cast.marcus, cast.osei, cast.adler, cast.joanne)
    for actor in wrong:
        with pytest.raises(NotAllowed):
            run(act, actor, opened, **body)
    assert session_row(opened).version == before


def test_who_leads_other_visits_leads_not_this_one(cast: Cast, opened: str) -> None:
    """A coordinator knows of every visit of the clinic; being a facilitator elsewhere does not make them this one's."""
    topic_id = propose(cast.rosa, opened)
    other = actors.staff(cast.joanne.id, cast.clinic_id, {"coordinator", "facilitator"})
    for verb, body in facilitator_acts(topic_id, cast.seats["rosa"]).items():
        with pytest.raises(NotAllowed):
            run(getattr(service, verb), other, opened, **body)


def test_a_topic_is_found_in_its_own_visit_only(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened)
    later = next_visit(cast, "rosa", "marcus")
    for actor, verb, body in (
        (cast.tomas, service.plan_topic, {}),
        (cast.marcus, service.support_topic, {"on": True}),
        (cast.rosa, service.take_back, {}),
    ):
        with pytest.raises(NotFound):
            run(verb, actor, later, topic_id=topic_id, **body)


def test_others_one_on_one_topics_do_not_exist_for_a_patient_or_a_display(cast: Cast, opened: str) -> None:
    group, alone = propose(cast.rosa, opened), propose(cast.rosa, opened, route="one_on_one")
    display = actors.display(ids.new_id(), cast.clinic_id, opened)
    for viewer, found in ((cast.rosa, {group, alone}), (cast.tomas, {group, alone}), (cast.marcus, {group}), (display, {group})):
        place = place_for(db.session(), viewer, opened)
        assert {row.id for row, _ in queries.topics_of(db.session(), viewer, place)} == found
    with pytest.raises(NotFound):
        queries.topic_in(db.session(), cast.marcus, place_for(db.session(), cast.marcus, opened), alone)


def test_me_too_is_set_and_not_counted_twice(cast: Cast, told: list[SessionChanged]) -> None:
    topic_id = propose(cast.rosa, cast.session_id)
    run(service.support_topic, cast.marcus, cast.session_id, topic_id=topic_id, on=True)
    again = run(service.support_topic, cast.marcus, cast.session_id, topic_id=topic_id, on=True)
    assert again == {"version": 2, "topic_id": topic_id}
    assert db.session.scalar(select(func.count()).select_from(Support)) == 1
    assert set(told[-1].patients) == {cast.marcus.id, cast.rosa.id}
    run(service.support_topic, cast.marcus, cast.session_id, topic_id=topic_id, on=False)
    assert db.session.scalar(select(func.count()).select_from(Support)) == 0
    assert run(service.support_topic, cast.marcus, cast.session_id, topic_id=topic_id, on=False)["version"] == 3


def test_nobody_says_me_too_to_their_own_topic_or_learns_of_a_private_one(cast: Cast) -> None:
    own, private = propose(cast.rosa, cast.session_id), propose(cast.rosa, cast.session_id, route="one_on_one")
    with pytest.raises(rules.OwnTopic):
        run(service.support_topic, cast.rosa, cast.session_id, topic_id=own, on=True)
    with pytest.raises(NotFound):
        run(service.support_topic, cast.marcus, cast.session_id, topic_id=private, on=True)
    with pytest.raises(NotFound):
        run(service.support_topic, cast.marcus, cast.session_id, topic_id="unknown", on=True)


def test_only_the_proposer_takes_a_topic_back_and_once_is_enough(cast: Cast) -> None:
    topic_id = propose(cast.rosa, cast.session_id)
    with pytest.raises(NotFound):
        run(service.take_back, cast.marcus, cast.session_id, topic_id=topic_id)
    run(service.take_back, cast.rosa, cast.session_id, topic_id=topic_id)
    assert run(service.take_back, cast.rosa, cast.session_id, topic_id=topic_id)["version"] == 2
    assert topic(topic_id).state == "taken_back"


def test_the_facilitator_types_for_somebody_without_a_phone(cast: Cast) -> None:
    result = run(service.propose_for, cast.tomas, cast.session_id, seat_id=cast.seats["gladys"], words="What to do when I forget", route="group")
    row = topic(str(result["topic_id"]))
    assert (row.patient_id, row.entered_by, row.shows_name, row.language) == (cast.gladys.id, cast.tomas.id, False, "en")
    with pytest.raises(NotFound):
        run(service.propose_for, cast.tomas, cast.session_id, seat_id="elsewhere", words="Words", route="group")


def test_what_is_typed_for_somebody_is_in_their_own_language(cast: Cast) -> None:
    its = run(service.propose_for, cast.tomas, cast.session_id, seat_id=cast.seats["rosa"], words="¿Qué cuestan las tiras?", route="group")["topic_id"]
    assert topic(str(its)).language == "es"


@pytest.mark.parametrize("route", ["group", "one_on_one"])
def test_a_paper_card_is_typed_in_for_a_day_after_the_close_and_is_kept_for_the_next_visit(cast: Cast, opened: str, route: str) -> None:
    run(close_session, cast.tomas, opened)
    card = {"seat_id": cast.seats["gladys"], "words": "What to do when I forget", "route": route}
    set_state(opened, closed_at=clock.now() - timedelta(hours=23))
    late = topic(str(run(service.propose_for, cast.tomas, opened, **card)["topic_id"]))
    assert (late.state, late.after_close, late.patient_id, late.route) == ("parked", True, cast.gladys.id, route)
    run(open_session, cast.tomas, next_visit(cast, "gladys"))
    assert topic(late.id).carried_to_id is not None
    set_state(opened, closed_at=clock.now() - timedelta(hours=25))
    with pytest.raises(rules.TooLate):
        run(service.propose_for, cast.tomas, opened, **card)


def test_starting_a_topic_sets_its_time_box_and_ends_the_one_before(cast: Cast, opened: str, told: list[SessionChanged]) -> None:
    first, second = propose(cast.rosa, opened), propose(cast.marcus, opened)
    run(service.start_topic, cast.tomas, opened, topic_id=first, minutes=10)
    s = session_row(opened)
    assert (s.current_topic_id, topic(first).state) == (first, "current")
    assert s.topic_ends_at - s.topic_started_at == timedelta(minutes=10)
    run(service.start_topic, cast.tomas, opened, topic_id=second, minutes=5)
    assert (topic(first).state, topic(second).state, session_row(opened).current_topic_id) == ("talked_about", "current", second)
    assert set(told[-1].topics) == {first, second} and told[-1].run
    assert set(told[-1].patients) == {cast.rosa.id, cast.marcus.id}


def test_a_topic_is_started_only_while_the_visit_is_open(cast: Cast) -> None:
    topic_id = propose(cast.rosa, cast.session_id)
    with pytest.raises(WrongState):
        run(service.start_topic, cast.tomas, cast.session_id, topic_id=topic_id, minutes=10)


def test_what_was_taken_back_is_neither_started_nor_planned_parked_or_declined(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened)
    run(service.take_back, cast.rosa, opened, topic_id=topic_id)
    for verb, body in (
        (service.start_topic, {"minutes": 10}),
        (service.plan_topic, {}),
        (service.park_topic, {}),
        (service.decline_topic, {"reason": "not_here"}),
        (service.ask_privately, {}),
        (service.suggest_words, {"words": "Other words"}),
    ):
        with pytest.raises(rules.TopicHasEnded):
            run(verb, cast.tomas, opened, topic_id=topic_id, **body)


def test_more_minutes_then_finished_with_its_outcome(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened)
    run(service.start_topic, cast.tomas, opened, topic_id=topic_id, minutes=10)
    before = session_row(opened).topic_ends_at
    run(service.extend_topic, cast.tomas, opened, topic_id=topic_id, minutes=5)
    assert session_row(opened).topic_ends_at == before + timedelta(minutes=5)
    run(service.finish_topic, cast.tomas, opened, topic_id=topic_id, outcome=" The co-op is cheaper. ")
    assert (topic(topic_id).state, topic(topic_id).outcome, session_row(opened).current_topic_id) == ("talked_about", "The co-op is cheaper.", None)
    with pytest.raises(rules.NotTheCurrentTopic):
        run(service.extend_topic, cast.tomas, opened, topic_id=topic_id, minutes=5)
    run(service.finish_topic, cast.tomas, opened, topic_id=topic_id, outcome="Ask at the co-op.")
    assert topic(topic_id).outcome == "Ask at the co-op."


def test_a_one_on_one_topic_never_goes_on_the_agenda(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened, route="one_on_one")
    for verb, body in facilitator_acts(topic_id).items():
        if "topic_id" in body:
            with pytest.raises(rules.NotForTheGroup):
                run(getattr(service, verb), cast.tomas, opened, **body)


def test_the_agenda_is_ordered_by_hand_and_given_back_to_the_rule(cast: Cast, opened: str) -> None:
    topics = [propose(patient, opened) for patient in (cast.rosa, cast.marcus, cast.gladys)]
    for topic_id in topics:
        run(service.plan_topic, cast.tomas, opened, topic_id=topic_id)
    run(service.order_topics, cast.tomas, opened, topic_ids=topics[::-1])
    assert [topic(each).position for each in topics] == [3, 2, 1]
    with pytest.raises(rules.OrderHasChanged):
        run(service.order_topics, cast.tomas, opened, topic_ids=[*topics, "f" * 32])
    run(service.park_topic, cast.tomas, opened, topic_id=topics[0])
    run(service.order_topics, cast.tomas, opened, topic_ids=[topics[0], topics[2]])  # made before the first was parked and the second came
    assert [topic(each).position for each in topics] == [None, None, 1]
    run(service.plan_topic, cast.tomas, opened, topic_id=topics[0])
    run(service.order_topics, cast.tomas, opened, topic_ids=[])
    assert [topic(each).position for each in topics] == [None, None, None]


def test_a_parked_topic_may_come_back_while_the_visit_runs(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened)
    run(service.park_topic, cast.tomas, opened, topic_id=topic_id)
    assert run(service.park_topic, cast.tomas, opened, topic_id=topic_id)["version"] == session_row(opened).version
    run(service.plan_topic, cast.tomas, opened, topic_id=topic_id)
    assert topic(topic_id).state == "planned"


def test_closing_gives_every_topic_of_the_group_a_fate(cast: Cast, opened: str) -> None:
    new, planned, current, alone = (
        propose(p, opened, route=route) for p, route in ((cast.rosa, "group"), (cast.marcus, "group"), (cast.gladys, "group"), (cast.teo, "one_on_one"))
    )
    run(service.plan_topic, cast.tomas, opened, topic_id=planned)
    run(service.start_topic, cast.tomas, opened, topic_id=current, minutes=10)
    version = run(close_session, cast.tomas, opened)["version"]
    assert [topic(each).state for each in (new, planned, current, alone)] == ["parked", "parked", "talked_about", "parked"]
    assert topic(new).version == version


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        (service.plan_topic, {}),
        (service.start_topic, {"minutes": 5}),
        (service.extend_topic, {"minutes": 5}),
        (service.park_topic, {"reason": "not_here"}),
        (service.decline_topic, {"reason": "not_here"}),
        (service.ask_privately, {}),
        (service.suggest_words, {"words": "Other words"}),
    ],
)
def test_once_the_visit_is_over_its_agenda_stands(cast: Cast, opened: str, verb: Any, body: dict[str, Any]) -> None:
    topic_id = propose(cast.rosa, opened)
    run(close_session, cast.tomas, opened)
    for act, more in ((verb, {"topic_id": topic_id, **body}), (service.order_topics, {"topic_ids": []}), (service.show_supports, {"on": True})):
        with pytest.raises(WrongState):
            run(act, cast.tomas, opened, **more)


def test_a_topic_after_the_close_goes_to_the_parking_lot(cast: Cast, opened: str) -> None:
    run(close_session, cast.tomas, opened)
    late = topic(propose(cast.rosa, opened))
    assert (late.state, late.after_close) == ("parked", True)
    set_state(opened, closed_at=clock.now() - timedelta(hours=25))
    with pytest.raises(rules.TooLate):
        propose(cast.rosa, opened)


def test_a_cancelled_visit_parks_its_topics(cast: Cast) -> None:
    topic_id = propose(cast.rosa, cast.session_id)
    with write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "cancelled"
        tx.announce(SessionCancelled(cast.session_id))
    assert topic(topic_id).state == "parked"


def test_what_was_left_open_waits_in_the_groups_next_visit_once(cast: Cast, opened: str, told: list[SessionChanged]) -> None:
    rosas = propose(cast.rosa, opened, words="Cooking for a family")
    alone = propose(cast.marcus, opened, words="A private thing", route="one_on_one")
    gone = propose(cast.gladys, opened, words="Another private thing", route="one_on_one")
    run(close_session, cast.tomas, opened)
    later = next_visit(cast, "rosa", "marcus")
    told.clear()
    run(open_session, cast.joanne, later)
    carried = {t.carried_from_id: t for t in db.session.scalars(select(Topic).where(Topic.session_id == later))}
    assert set(carried) == {rosas, alone}
    assert (carried[rosas].words, carried[rosas].state, carried[rosas].patient_id) == ("Cooking for a family", "new", cast.rosa.id)
    assert topic(rosas).carried_to_id == carried[rosas].id
    assert topic(gone).carried_to_id is None
    assert [event.version for event in told] == list(range(1, len(told) + 1))
    with pytest.raises(rules.CarriedOn):
        run(service.take_back, cast.rosa, opened, topic_id=rosas)
    run(open_session, cast.joanne, next_visit(cast, "rosa", weeks=8))
    assert db.session.scalar(select(func.count()).select_from(Topic).where(Topic.carried_from_id == rosas)) == 1


def test_a_one_on_one_answers_the_topics_sent_for_it_alone(cast: Cast, opened: str) -> None:
    alone, group = propose(cast.rosa, opened, route="one_on_one"), propose(cast.rosa, opened)
    with write() as tx:
        assert service.answer_one_on_one(tx, opened, cast.rosa.id, 9) == (alone,)
    assert (topic(alone).state, topic(group).state) == ("answered_one_on_one", "new")


def test_a_topic_that_meets_the_closing_is_parked_and_not_forgotten(app, cast: Cast, opened: str) -> None:
    closing, about_to_send, sent = threading.Event(), threading.Event(), []
    db.session.rollback()

    def close() -> None:
        with app.app_context(), write() as tx:
            close_session(tx, cast.tomas, opened)
            closing.set()
            about_to_send.wait(5)

    def send() -> None:
        closing.wait(5)
        about_to_send.set()
        with app.app_context():
            sent.append(propose(cast.rosa, opened))

    threads = [threading.Thread(target=close), threading.Thread(target=send)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert topic(sent[0]).state == "parked"


def test_six_people_at_the_same_moment_get_one_version_each(app, cast: Cast, opened: str) -> None:
    patients = (cast.rosa, cast.marcus, cast.gladys, cast.teo, cast.frank, cast.beatriz)
    before, versions, failed = session_row(opened).version, [], []
    db.session.rollback()

    def send(actor: Any) -> None:
        with app.app_context():
            for number in range(5):
                try:
                    versions.append(run(service.propose_topic, actor, opened, words=f"Topic {number}", route="group")["version"])
                except Exception as refusal:
                    failed.append(refusal)

    threads = [threading.Thread(target=send, args=(patient,)) for patient in patients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(versions) == list(range(before + 1, before + 31))
    assert list(audit.verify(db.session())) == []


def test_an_outcome_line_that_is_too_long_is_said_of_the_outcome(cast: Cast, opened: str) -> None:
    topic_id = propose(cast.rosa, opened)
    run(service.start_topic, cast.tomas, opened, topic_id=topic_id, minutes=5)
    with pytest.raises(rules.TooManyWords) as refusal:
        run(service.finish_topic, cast.tomas, opened, topic_id=topic_id, outcome="x" * 201)
    assert refusal.value.field == "outcome"
