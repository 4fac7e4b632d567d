"""Whatever happens to topics in whatever order, what was sent is accounted for, and after the close each has one fate."""

import contextlib
import random
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.agenda import service
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.agenda.rules import OPEN_STATES, may_lead
from groupvisits.core.actor import Actor
from groupvisits.core.errors import DomainError
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.live import service as live
from groupvisits.sessions.service import close_session, open_session
from tests.agenda.arrange import account, forget
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")
PATIENTS = ("rosa", "marcus", "gladys", "teo", "frank", "beatriz")
LEADS: tuple[Any, ...] = (
    service.plan_topic, service.park_topic, service.unmerge_topic, service.unsplit_topic, service.ask_privately, service.show_topic,
)  # fmt: skip
AUTHORS: tuple[Any, ...] = (service.keep_apart, service.take_back)


WORDS = ("What helps at night", "What Beatriz Sousa said", "I have chest pain")  # for all to read, personal, and for a person to look at


def end_an_alarm(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str, show: bool) -> None:
    alarm = tx.scalars(select(Alarm).where(Alarm.topic_id == topic_id, Alarm.ended_at.is_(None))).first()
    if alarm is not None:
        live.end_alarm(tx, actor, session_id, alarm_id=alarm.id, reason="Looked after", show=show)


def one_act(cast: Cast, dice: random.Random, topics: list[Topic]) -> None:
    topic, other, here = dice.choice(topics), dice.choice(topics), cast.session_id
    author = next(actor for actor in (getattr(cast, name) for name in PATIENTS) if actor.id == topic.patient_id)
    acts: list[tuple[Any, Any, dict[str, Any]]] = [(verb, cast.tomas, {"topic_id": topic.id}) for verb in LEADS]
    acts += [(verb, author, {"topic_id": topic.id}) for verb in AUTHORS]
    acts += 5 * [(service.merge_topics, cast.tomas, {"topic_id": topic.id, "into_id": other.id})]
    acts += [
        (service.split_topic, cast.tomas, {"topic_id": topic.id, "parts": ["One thing", "Another thing"]}),
        (service.split_topic, cast.tomas, {"topic_id": topic.id, "parts": ["One", "Two", "Three"]}),
        (service.start_topic, cast.tomas, {"topic_id": topic.id, "minutes": 5}),
        (service.finish_topic, cast.tomas, {"topic_id": topic.id, "outcome": "Said"}),
        (service.decline_topic, cast.tomas, {"topic_id": topic.id, "reason": "not_here"}),
        (service.suggest_words, cast.tomas, {"topic_id": topic.id, "words": dice.choice(WORDS)}),
        (service.agree_words, author, {"topic_id": topic.id, "agree": dice.random() < 0.8}),
        (service.reword_topic, author, {"topic_id": topic.id, "words": dice.choice(WORDS)}),
        (
            service.translate_topic,
            getattr(cast, dice.choice(PATIENTS)),
            {"topic_id": topic.id, "language": dice.choice(("es", "pt")), "words": dice.choice(WORDS)},
        ),
        (end_an_alarm, cast.tomas, {"topic_id": topic.id, "show": dice.random() < 0.5}),
        (service.route_topic, author, {"topic_id": topic.id, "route": dice.choice(("group", "one_on_one"))}),
        (service.support_topic, getattr(cast, dice.choice(PATIENTS)), {"topic_id": topic.id, "on": dice.random() < 0.7}),
    ]
    verb, actor, body = dice.choice(acts)
    with contextlib.suppress(DomainError):  # not now: nothing has changed, which is what is looked at next
        run(verb, actor, here, **body)


def rows(cast: Cast) -> list[Topic]:
    forget()
    return list(db.session.scalars(select(Topic).where(Topic.session_id == cast.session_id).order_by(Topic.id)))


def check(cast: Cast, sent: dict[str, str]) -> None:
    topics = {topic.id: topic for topic in rows(cast)}
    assert {topic.id: topic.patient_id for topic in topics.values() if topic.split_from_id is None} == sent
    for topic in topics.values():
        assert (topic.state == "merged") == (topic.merged_into_id is not None)
        if topic.merged_into_id and topic.merged_into_id != topic.split_from_id:
            head = topics[topic.merged_into_id]
            assert may_lead(head.state, head.route, head.hidden_because)
    assert account(cast) == (len(sent), len(sent))


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence_of_acts_keeps_every_topic_and_gives_it_one_fate(cast: Cast, seed: int) -> None:
    dice = random.Random(seed)
    run(open_session, cast.tomas, cast.session_id)
    sent: dict[str, str] = {}
    for number in range(60):
        if number < 8 or dice.random() < 0.1:
            who = getattr(cast, dice.choice(PATIENTS))
            body: dict[str, Any] = {"words": f"Topic {number}", "route": dice.choice(("group", "group", "group", "one_on_one"))}
            sent[str(run(service.propose_topic, who, cast.session_id, **body)["topic_id"])] = who.id
        else:
            one_act(cast, dice, rows(cast))
        check(cast, sent)
    run(close_session, cast.tomas, cast.session_id)
    for _ in range(10):  # what phones and the console still send afterwards
        check(cast, sent)
        one_act(cast, dice, rows(cast))
    check(cast, sent)
    assert {topic.state for topic in rows(cast) if topic.route == "group"}.isdisjoint(OPEN_STATES)
