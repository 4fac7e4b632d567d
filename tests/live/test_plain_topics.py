"""What a proposal and a "me too" change, read narrowly, is what the whole room would say; and nothing else is read for it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from groupvisits.agenda.models import Topic, TopicTranslation
from groupvisits.agenda.service import ask_privately, plan_topic, propose_topic, route_topic, start_topic, support_topic
from groupvisits.core import clock, database
from groupvisits.core.transaction import run, write
from groupvisits.live import listeners
from groupvisits.live.plain_topics import PlainTopics
from groupvisits.live.queries import Room
from groupvisits.live.service import listen
from groupvisits.patients.models import AgreementSignature, AgreementText
from groupvisits.programmes.models import Programme
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import Seat
from groupvisits.slots.models import Slot
from tests.cast import Cast
from tests.live.conftest import Phone
from tests.live.test_sockets import apply

pytestmark = pytest.mark.usefixtures("context")


def propose(cast: Cast, who: str = "rosa", words: str = "What test strips cost", **how: Any) -> str:
    return str(run(propose_topic, getattr(cast, who), cast.session_id, **{"words": words, "route": "group", **how})["topic_id"])


def no_name_on_screens(tx: Any, cast: Cast) -> None:
    now = clock.now()
    text = AgreementText(
        id="t", clinic_id=cast.clinic_id, programme_id=cast.programme_id, version=1, words={"en": "x"}, consents=[], published_at=now, published_by="x"
    )
    tx.add(text)
    tx.flush()
    for number, shown in enumerate((True, False)):
        tx.add(AgreementSignature(id=f"s{number}", clinic_id=cast.clinic_id, text_id="t", programme_id=cast.programme_id, patient_id=cast.rosa.id, signer="patient",
                                  signer_name="Rosa", language="es", consents={"name_on_screens": shown}, way="phone", signed_at=now, valid_until=now))  # fmt: skip


def numbered(tx: Any, cast: Cast) -> None:
    tx.get_one(Seat, cast.seats["rosa"]).slip_number = 7


def with_hidden_counts_and_a_budget(tx: Any, cast: Cast) -> None:
    tx.execute(update(Programme).values(hides_supports=True, support_budget=3))


def called(tx: Any, cast: Cast) -> None:
    tx.execute(update(Slot).where(Slot.session_id == cast.session_id).values(state="called", called_at=clock.now()))


def joined_elsewhere(tx: Any, cast: Cast) -> None:
    """Something of Rosa's was joined to what the group talked about: she was heard."""
    now = clock.now()
    common = {"session_id": cast.session_id, "words": "x", "route": "group", "proposed_at": now}
    tx.add(Topic(id="head", patient_id=cast.frank.id, state="talked_about", **common))
    tx.flush()
    tx.add(Topic(id="under", patient_id=cast.rosa.id, state="merged", merged_into_id="head", **common))


def joined_by_others(tx: Any, cast: Cast) -> None:
    """The same with nothing of Rosa's in it: she was not heard."""
    joined_elsewhere(tx, cast)
    tx.flush()
    tx.get_one(Topic, "under").patient_id = cast.teo.id


def no_seat_any_more(tx: Any, cast: Cast) -> None:
    tx.get_one(Seat, cast.seats["rosa"]).state = "cancelled"


@pytest.mark.parametrize(
    "arranged", [None, no_name_on_screens, numbered, with_hidden_counts_and_a_budget, called, joined_elsewhere, joined_by_others, no_seat_any_more]
)
@pytest.mark.parametrize("how", [{}, {"shows_name": True}, {"route": "one_on_one"}])
def test_a_topic_told_alone_is_the_topic_as_the_whole_room_knows_it(
    cast: Cast, opened: str, arranged: Callable[[Any, Cast], None] | None, how: dict[str, Any]
) -> None:
    other = propose(cast, "marcus", "Another")
    topic_id = propose(cast, **how)
    run(support_topic, cast.frank, opened, topic_id=other, on=True)
    if how.get("route") != "one_on_one":
        for who in (cast.frank, cast.teo):
            run(support_topic, who, opened, topic_id=topic_id, on=True)
    if arranged:
        with write() as tx:
            arranged(tx, cast)
    everybody = [cast.rosa.id, cast.frank.id, cast.gladys.id]
    what: dict[str, Any] = {"topics": [topic_id], "slots": (), "run": False, "people": False, "account": True}
    with write() as tx:
        alone, whole = PlainTopics.of_these(tx, opened, [topic_id]), Room.of(tx, opened)
        assert alone is not None
        alone.now = whole.now
        assert alone.facts(**what) == whole.facts(**what)
        assert alone.my_changes(everybody, [topic_id]) == whole.my_changes(everybody, [topic_id])
        assert alone.clinicians == whole.clinicians and not alone.moves_others([topic_id])


def test_a_topic_on_which_others_hang_is_told_from_the_whole_room(cast: Cast, opened: str) -> None:
    planned, translated, joined, head = (propose(cast, words=f"Topic {n}") for n in range(4))
    run(plan_topic, cast.tomas, opened, topic_id=planned)
    with write() as tx:
        tx.add(TopicTranslation(topic_id=translated, language="es", words="x", patient_id=cast.teo.id, at=clock.now()))
        tx.get_one(Topic, joined).merged_into_id = head
    with write() as tx:
        assert [PlainTopics.of_these(tx, opened, [each]) for each in (planned, translated, joined, head, "none")] == [None] * 5
        assert PlainTopics.of_these(tx, opened, [propose_in(tx, cast)]) is not None


def propose_in(tx: Any, cast: Cast) -> str:
    return str(propose_topic(tx, cast.rosa, cast.session_id, words="Plain", route="group")["topic_id"])


def test_who_was_heard_is_heard_in_the_next_topic_too(cast: Cast, opened: str) -> None:
    first, second = propose(cast), propose(cast, words="Another of mine")
    run(start_topic, cast.tomas, opened, topic_id=first, minutes=5)
    with write() as tx:
        alone = PlainTopics.of_these(tx, opened, [second])
        assert alone is not None
        (topic,) = alone.facts(topics=[second], slots=(), run=False, people=False, account=False)["topics"]
        assert topic["not_heard_yet"] is False


def test_a_new_topic_of_whoever_is_here_to_listen_does_not_say_not_yet_heard(cast: Cast, opened: str) -> None:
    run(listen, cast.rosa, opened, on=True)
    topic_id = propose(cast)
    with write() as tx:
        alone = PlainTopics.of_these(tx, opened, [topic_id])
        assert alone is not None
        (topic,) = alone.facts(topics=[topic_id], slots=(), run=False, people=False, account=False)["topics"]
        assert topic["not_heard_yet"] is False


def test_whoever_chooses_to_listen_gives_the_others_another_place_on_every_screen(cast: Cast, opened: str, phone: Callable[[Any], Phone]) -> None:
    theirs, other = propose(cast), propose(cast, who="frank")
    for each in (theirs, other):
        run(plan_topic, cast.tomas, opened, topic_id=each)
    tomas, rosa = phone(cast.tomas), phone(cast.rosa)
    tomas.subscribe(opened, "facilitator")
    assert rosa.send(opened, "live:listen", on=True)["ok"]
    (told,) = tomas.messages("session:changed")
    assert {each["id"]: each["rank"] for each in told["topics"]} == {theirs: 2, other: 1}
    listened, wished = (SessionChanged(opened, version, people=True, moved=version == 1) for version in (1, 2))
    assert listeners.together([listened, wished]).moved


def test_a_proposal_and_a_me_too_do_not_gather_the_room(
    app: Flask, cast: Cast, opened: str, phone: Callable[[Any], Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    rosa, tomas = phone(cast.rosa), phone(cast.tomas)
    rosa.subscribe(opened, "patient")
    tomas.subscribe(opened, "facilitator")

    def gathered(*_args: Any) -> None:
        raise AssertionError("the whole room")

    monkeypatch.setattr(listeners.Room, "of", gathered)
    tomas.messages()
    topic_id = rosa.send(opened, "agenda:propose", words="Words", route="group")["result"]["topic_id"]
    phone(cast.marcus).send(opened, "agenda:support", topic_id=topic_id, on=True)
    proposed, supported = tomas.messages("session:changed")
    assert set(proposed) == {"epoch", "since", "version", "topics", "account"} and proposed["account"]["sent"] == 1
    assert set(supported) == {"epoch", "since", "version", "topics"} and supported["topics"][0]["supports"] == 1
    proposed, supported = rosa.messages("session:mine")
    assert proposed["changes"]["topics"][0]["can_reword"] is True and supported["changes"]["topics"][0]["can_reword"] is False


def test_a_proposal_runs_no_statement_of_the_orm(app: Flask, cast: Cast, opened: str, phone: Callable[[Any], Phone]) -> None:
    rosa = phone(cast.rosa)
    rosa.subscribe(opened, "patient")
    rosa.send(opened, "agenda:propose", words="The first makes the chain of the record and notes who is here", route="group")
    ran: list[str] = []
    engine = database.writes().engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: ran.append(statement), named=False)
    try:
        assert rosa.send(opened, "agenda:propose", words="Words", route="group")["ok"]
    finally:
        engine.dispatch.before_cursor_execute.clear()
    assert [statement for statement in ran if not statement.startswith("BEGIN")] == []


def test_everybody_watching_is_known_by_room(cast: Cast) -> None:
    from groupvisits.live.presence import Presence, Subscriber, Watching

    presence = Presence()
    presence.enter("a", Subscriber("s", "patient", "rosa", "t"))
    presence.enter("b", Subscriber("other", "clinician", "osei", "u"))
    assert presence.watching("s") == Watching(frozenset({"rosa"}), False) and presence.watching("other").has_clinicians
    presence.enter("a", Subscriber("other", "patient", "rosa", "t"))
    assert not presence.is_watched("s") and presence.watching("other") == Watching(frozenset({"rosa"}), True)
    presence.leave("a")
    presence.leave("b")
    assert presence.session_ids() == set()


def test_only_what_a_me_too_changes_is_announced_as_such() -> None:
    assert SessionChanged("s", 1, topics=("t",)).only_support is False


def test_what_a_room_says_in_one_transaction_is_told_at_once(app: Flask, cast: Cast, opened: str, phone: Callable[[Any], Phone]) -> None:
    """Several commands that were committed together are one message for each audience, from the version before the first to that of the last."""
    watchers = {"patient": phone(cast.gladys), "facilitator": phone(cast.tomas)}
    before = propose(cast, "marcus", "Before")
    for audience, watcher in watchers.items():
        watcher.subscribe(opened, audience)
        watcher.messages()
    kept = {audience: watcher.snapshot(opened, audience).json for audience, watcher in watchers.items()}
    with write() as tx:
        first = propose_topic(tx, cast.rosa, opened, words="First", route="group")["topic_id"]
        support_topic(tx, cast.gladys, opened, topic_id=before, on=True)
        support_topic(tx, cast.gladys, opened, topic_id=str(first), on=True)
        propose_topic(tx, cast.gladys, opened, words="Second", route="group")
    for audience, watcher in watchers.items():
        messages = [(m["name"], m["args"][0]) for m in watcher.socket.get_received()]
        assert [name for name, _ in messages] == (["session:changed", "session:mine"] if audience == "patient" else ["session:changed"])
        since, version = kept[audience]["version"], messages[0][1]["version"]
        assert (messages[0][1]["since"], version - since, len(messages[0][1]["topics"])) == (since, 4, 3)
        for name, body in messages:
            apply(kept[audience], name, body)
        assert same(kept[audience]) == same(watcher.snapshot(opened, audience).json)


def test_what_moved_in_between_is_told_although_the_end_does_not_show_it(app: Flask, cast: Cast, opened: str, phone: Callable[[Any], Phone]) -> None:
    """Asked in private, a topic leaves the agenda and the others move up; shown again in the same transaction, it is plain and new."""
    first, second = propose(cast, "marcus", "First"), propose(cast, "rosa", "Second")
    for topic_id in (first, second):
        run(plan_topic, cast.tomas, opened, topic_id=topic_id)
    tomas = phone(cast.tomas)
    tomas.subscribe(opened, "facilitator")
    tomas.messages()
    kept = tomas.snapshot(opened, "facilitator").json
    with write() as tx:
        ask_privately(tx, cast.tomas, opened, topic_id=first)
        route_topic(tx, cast.marcus, opened, topic_id=first, route="group")
    (message,) = tomas.messages("session:changed")
    apply(kept, "session:changed", message)
    assert same(kept) == same(tomas.snapshot(opened, "facilitator").json)


def same(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A snapshot without what depends on the moment and on the order of a list."""
    snapshot.pop("server_now", None)
    snapshot.get("talk", {}).pop("counted_at", None)
    for key in ("topics", "slots", "people"):
        if key in snapshot:
            snapshot[key] = sorted(snapshot[key], key=lambda item: item.get("id") or item["seat_id"])
    for topic in snapshot.get("me", {}).get("topics", []):
        topic.pop("planned_at")
    if "me" in snapshot:
        snapshot["me"]["supported"].sort()
    return snapshot
