"""The room over sockets: who hears what, in which order, and who no longer does."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from groupvisits import create_app
from groupvisits.accounts import browser_sessions
from groupvisits.accounts.models import BrowserSession, Clinic
from groupvisits.agenda.models import Topic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.pace import EVENTS_PER_10_SECONDS
from groupvisits.core.transaction import run, write
from groupvisits.demo.rehearsal.rules import changed_me
from groupvisits.extensions import db
from groupvisits.live import queries, sockets
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import Seat, SessionTeamMember
from groupvisits.sessions.service import check_in, close_session, free_seat, next_version, take_from_team
from tests.cast import Cast
from tests.live.conftest import Phone

Connect = Callable[[Any], Phone]


def test_a_topic_reaches_every_audience_as_one_delta(cast: Cast, opened: str, phone: Connect) -> None:
    rosa, marcus, tomas = phone(cast.rosa), phone(cast.marcus), phone(cast.tomas)
    display = phone(actors.display(ids.new_id(), cast.clinic_id, opened))
    before = rosa.subscribe(opened, "patient")["result"]["version"]
    for other, audience in ((marcus, "patient"), (tomas, "facilitator"), (display, "display")):
        assert other.subscribe(opened, audience)["ok"]
    tomas.messages()
    answer = rosa.send(opened, "agenda:propose", words="What test strips cost", route="group", shows_name=True)
    assert answer["ok"] and answer["result"]["version"] == before + 1
    topic_id = answer["result"]["topic_id"]
    for listener in (marcus, tomas, display):
        (delta,) = listener.messages("session:changed")
        assert (delta["since"], delta["version"]) == (before, before + 1)
        assert [topic["id"] for topic in delta.get("topics", [])] == ([] if listener is display else [topic_id])
        assert "me" not in delta
    mine = rosa.messages("session:mine")
    assert [topic["words"] for topic in mine[0]["changes"]["topics"]] == ["What test strips cost"]
    assert marcus.messages("session:mine") == []


def test_every_version_reaches_every_audience_without_a_gap(cast: Cast, opened: str, phone: Connect) -> None:
    listeners = [(phone(cast.rosa), "patient"), (phone(cast.tomas), "facilitator"), (phone(cast.osei), "clinician")]
    versions = {audience: each.subscribe(opened, audience)["result"]["version"] for each, audience in listeners}
    rosa, tomas = listeners[0][0], listeners[1][0]
    first = rosa.send(opened, "agenda:propose", words="One", route="group")["result"]["topic_id"]
    rosa.send(opened, "agenda:propose", words="Alone", route="one_on_one")
    phone(cast.marcus).send(opened, "agenda:support", topic_id=first, on=True)
    tomas.send(opened, "agenda:plan", topic_id=first)
    tomas.send(opened, "agenda:start", topic_id=first, minutes=10)
    tomas.send(opened, "live:curtain", on=True)
    tomas.send(opened, "live:phase", phase=2)
    tomas.send(opened, "agenda:finish", topic_id=first, outcome="Ask at the co-op.")
    for each, audience in listeners:
        deltas = each.messages("session:changed")
        assert len(deltas) == 8
        for delta in deltas:
            assert delta["since"] == versions[audience]
            versions[audience] = delta["version"]


def test_the_deltas_add_up_to_the_snapshot(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    """What a client has put together from deltas is what a client that fetches sees."""
    watchers = {"patient": phone(cast.gladys), "facilitator": phone(cast.tomas), "clinician": phone(cast.osei)}
    kept: dict[str, dict[str, Any]] = {}
    for audience, watcher in watchers.items():
        watcher.subscribe(opened, audience)
        kept[audience] = watcher.snapshot(opened, audience).json
    marcus, rosa, tomas = phone(cast.marcus), phone(cast.rosa), watchers["facilitator"]
    topics = [marcus.send(opened, "agenda:propose", words=f"Topic {n}", route="group")["result"]["topic_id"] for n in range(3)]
    topics.append(rosa.send(opened, "agenda:propose", words="From Rosa", route="group", shows_name=True)["result"]["topic_id"])
    topics.append(watchers["patient"].send(opened, "agenda:propose", words="From Gladys", route="one_on_one")["result"]["topic_id"])
    for topic_id in topics[:4]:
        tomas.send(opened, "agenda:plan", topic_id=topic_id)
    rosa.send(opened, "agenda:support", topic_id=topics[2], on=True)
    tomas.send(opened, "agenda:start", topic_id=topics[0], minutes=10)
    tomas.send(opened, "agenda:order", topic_ids=[topics[1], topics[3], topics[2]])
    tomas.send(opened, "agenda:park", topic_id=topics[1])
    rosa.send(opened, "agenda:take_back", topic_id=topics[3])
    tomas.send(opened, "agenda:finish", topic_id=topics[0], outcome="Done")
    gladys = watchers["patient"]
    topics += [marcus.send(opened, "agenda:propose", words=f"Later {n}", route="group")["result"]["topic_id"] for n in range(4)]
    tomas.send(opened, "agenda:plan", topic_id=topics[5])
    gladys.send(opened, "agenda:support", topic_id=topics[5], on=True)
    gladys.send(opened, "agenda:support", topic_id=topics[6], on=True)
    gladys.send(opened, "agenda:support", topic_id=topics[6], on=False)
    topics.append(gladys.send(opened, "agenda:propose", words="Alike", route="group")["result"]["topic_id"])
    tomas.send(opened, "agenda:merge", topic_id=topics[9], into_id=topics[7])
    rosa.send(opened, "agenda:support", topic_id=topics[7], on=True)
    rosa.send(opened, "agenda:support", topic_id=topics[9], on=True)
    rosa.send(opened, "agenda:support", topic_id=topics[8], on=True)
    with app.app_context(), write() as tx:
        tx.get_one(Clinic, cast.clinic_id).languages = ["en", "es"]
    for topic_id in topics[5:9]:
        gladys.send(opened, "agenda:translate", topic_id=topic_id, language="es", words=f"En español: {topic_id}")
    gladys.send(opened, "agenda:translate", topic_id=topics[8], language="es", words="Otra vez")
    tomas.send(opened, "agenda:drop_translation", topic_id=topics[5], language="es")
    assert marcus.send(opened, "agenda:reword", topic_id=topics[6], words="Nobody says me too to this one")["ok"]
    marcus.send(opened, "agenda:take_back", topic_id=topics[7])
    assert [each["words"] for each in gladys.snapshot(opened, "patient").json["me"]["translated"]] == ["Otra vez"]
    for audience, watcher in watchers.items():
        state = kept[audience]
        for message in watcher.socket.get_received():
            apply(state, message["name"], message["args"][0])
        fresh = watcher.snapshot(opened, audience).json
        for snapshot in (state, fresh):
            snapshot.pop("server_now")
            snapshot.get("talk", {}).pop("counted_at", None)
            if "me" in snapshot:
                snapshot["me"]["supported"].sort()
            for key in ("topics", "slots", "people"):
                if key in snapshot:
                    snapshot[key] = sorted(snapshot[key], key=lambda item: item.get("id") or item["seat_id"])
        if "me" in fresh:  # about when a planned topic comes depends on the moment
            for topic in (*fresh["me"]["topics"], *state["me"]["topics"]):
                topic.pop("planned_at")
        assert state == fresh


def test_whoever_wrote_in_another_language_is_told_what_became_of_it(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(Clinic, cast.clinic_id).languages = ["en", "es"]
    gladys, marcus, tomas = phone(cast.gladys), phone(cast.marcus), phone(cast.tomas)
    topic_id = marcus.send(opened, "agenda:propose", words="Fruit", route="group")["result"]["topic_id"]
    gladys.subscribe(opened, "patient")

    def told(who: Phone, name: str, **body: str) -> list[Any]:
        """What gladys' own part says after this."""
        assert who.send(opened, name, topic_id=topic_id, **body)["ok"]
        (mine,) = gladys.messages("session:mine")
        return [(each["words"], each["is_checked"]) for each in (mine.get("me") or mine["changes"])["translated"]]

    assert told(gladys, "agenda:translate", language="es", words="Fruta") == [("Fruta", False)]
    assert told(tomas, "agenda:drop_translation", language="es") == []
    assert told(gladys, "agenda:translate", language="es", words="Fruta: 617 555 0142") == [("Fruta: 617 555 0142", True)]
    assert told(tomas, "agenda:show") == [("Fruta: 617 555 0142", False)]
    assert told(marcus, "agenda:reword", words="Bread") == []


def apply(state: dict[str, Any], name: str, message: dict[str, Any]) -> None:
    if name == "session:mine":
        state["me"] = message["me"] if "me" in message else changed_me(state["me"], message["changes"])
        return
    assert message["since"] == state["version"]
    state["version"] = message["version"]
    for whole in ("run", "account", "talk"):
        if whole in message:
            state[whole] = message[whole]
    if "guests" in message:
        state["guests"] = message["guests"]
    for key in ("topics", "slots", "people"):
        by_id = {item.get("id") or item["seat_id"]: item for item in state.get(key, [])}
        for item in message.get(key, []):
            by_id[item.get("id") or item["seat_id"]] = item
        if key in state or key in message:
            state[key] = list(by_id.values())


def test_the_same_command_twice_is_one_row_and_the_same_answer(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    command = {"command_id": "11111111-2222-3333-4444-555555555555", "session_id": opened, "body": {"words": "Once", "route": "group"}}
    first, again = rosa.ask("agenda:propose", command), rosa.ask("agenda:propose", command)
    by_post = rosa.browser.post(f"/sessions/{opened}/commands/agenda:propose", json={"command_id": command["command_id"], "body": command["body"]})
    assert first["ok"] and first == again == by_post.json
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Topic)) == 1


@pytest.mark.parametrize("change", [{"body": {"words": "Other words", "route": "group"}}, {"session_id": "another"}])
def test_the_same_id_with_another_body_is_a_conflict(cast: Cast, opened: str, phone: Connect, change: dict[str, Any]) -> None:
    rosa = phone(cast.rosa)
    command = {"command_id": "c1", "session_id": opened, "body": {"words": "Once", "route": "group"}}
    assert rosa.ask("agenda:propose", command)["ok"]
    assert rosa.ask("agenda:propose", command | change)["error"]["code"] == "command_reused"


def test_nobody_replays_another_persons_command(cast: Cast, opened: str, phone: Connect) -> None:
    command = {"command_id": "c1", "session_id": opened, "body": {"words": "Once", "route": "group"}}
    phone(cast.rosa).ask("agenda:propose", command)
    assert phone(cast.marcus).ask("agenda:propose", command)["error"]["code"] == "command_reused"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"words": "Words", "route": "group", "patient_id": "somebody"}, "unknown_field"),
        ({"words": "Words"}, "invalid"),
        ({"words": "Words", "route": "everybody"}, "invalid"),
        ({"words": "   ", "route": "group"}, "no_words"),
        ({"words": "x" * 301, "route": "group"}, "too_many_words"),
        ({"words": "x" * 2001, "route": "group"}, "invalid"),
        ({"words": {"deep": 1}, "route": "group"}, "invalid"),
        (["words"], "invalid"),
    ],
)
def test_a_body_of_another_shape_is_refused_with_its_reason(cast: Cast, opened: str, phone: Connect, body: Any, code: str) -> None:
    answer = phone(cast.rosa).ask("agenda:propose", {"command_id": "c", "session_id": opened, "body": body})
    assert answer["ok"] is False and answer["error"]["code"] == code and answer["error"]["message"]


@pytest.mark.parametrize("data", [None, "text", {}, {"command_id": "c"}, {"command_id": 5, "session_id": "x"}, {"command_id": "c" * 37, "session_id": "x"}])
def test_a_command_without_its_ids_is_refused(cast: Cast, opened: str, phone: Connect, data: Any) -> None:
    assert phone(cast.rosa).ask("agenda:propose", data)["error"]["code"] == "invalid"


def test_a_stranger_hears_and_does_nothing(cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    for stranger, audience in ((cast.sunny, "patient"), (cast.walter, "patient"), (cast.sol, "facilitator"), (cast.sol, "clinician")):
        there = phone(stranger)
        assert there.subscribe(opened, audience)["error"]["code"] == "not_found"
        assert there.snapshot(opened, audience).status_code == 404
        rosa.send(opened, "agenda:propose", words="Words", route="group")
        assert there.messages() == []
    assert phone(cast.sunny).send(opened, "agenda:propose", words="Words", route="group")["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("who", "audience"),
    [
        ("rosa", "facilitator"),
        ("rosa", "clinician"),
        ("rosa", "display"),
        ("osei", "facilitator"),
        ("tomas", "clinician"),
        ("tomas", "patient"),
        ("nia", "clinician"),
    ],
)
def test_nobody_hears_as_another_audience(cast: Cast, opened: str, phone: Connect, who: str, audience: str) -> None:
    there = phone(getattr(cast, who))
    answer = there.subscribe(opened, audience)
    assert answer["error"]["code"] == "not_allowed"
    assert there.snapshot(opened, audience).status_code == 403


def test_a_display_sees_only_its_own_session(cast: Cast, opened: str, phone: Connect) -> None:
    assert phone(actors.display(ids.new_id(), cast.clinic_id, "another session")).subscribe(opened, "display")["error"]["code"] == "not_found"


def test_the_parts_of_a_topic_that_is_whole_again_do_not_come_back(cast: Cast, opened: str, phone: Connect) -> None:
    rosa, tomas = phone(cast.rosa), phone(cast.tomas)
    assert rosa.subscribe(opened, "patient")["ok"] and tomas.subscribe(opened, "facilitator")["ok"]
    whole = rosa.send(opened, "agenda:propose", words="Shoes and socks", route="group")["result"]["topic_id"]
    assert tomas.send(opened, "agenda:split", topic_id=whole, parts=["Shoes", "Socks"])["ok"] and tomas.send(opened, "agenda:unsplit", topic_id=whole)["ok"]
    rosa.messages()
    assert rosa.send(opened, "agenda:reword", topic_id=whole, words="Both")["ok"]
    (mine,) = rosa.messages("session:mine")
    assert [topic["words"] for topic in mine["changes"]["topics"]] == ["Both"]


def test_one_persons_own_part_goes_to_that_person_alone(cast: Cast, opened: str, phone: Connect) -> None:
    rosa, marcus, tomas, farrow = phone(cast.rosa), phone(cast.marcus), phone(cast.tomas), phone(cast.farrow)
    for each, audience in ((rosa, "patient"), (marcus, "patient"), (tomas, "facilitator"), (farrow, "clinician")):
        each.subscribe(opened, audience)
    tomas.messages()
    rosa.send(opened, "agenda:propose", words="A private matter", route="one_on_one")
    assert "A private matter" in str(rosa.messages())
    for other in (marcus, tomas):
        assert (
            "A private matter" not in str(other.messages())
            and "A private matter" not in other.snapshot(opened, "facilitator" if other is tomas else "patient").text
        )


def test_a_clinician_reads_only_their_own_patients_private_topics(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    osei, farrow, adler = phone(cast.osei), phone(cast.farrow), phone(cast.adler)
    for each in (osei, farrow, adler):
        each.subscribe(opened, "clinician")
    provider = {s["seat_id"]: s["provider_id"] for s in osei.snapshot(opened, "clinician").json["slots"]}[cast.seats["rosa"]]
    phone(cast.rosa).send(opened, "agenda:propose", words="A private matter", route="one_on_one")
    for each in (osei, farrow, adler):
        sees = each.actor.id == provider
        assert ("A private matter" in str(each.messages("session:changed"))) is sees
        assert ("A private matter" in each.snapshot(opened, "clinician").text) is sees


def test_the_facilitator_sees_whose_phone_is_live(cast: Cast, opened: str, phone: Connect) -> None:
    tomas, rosa = phone(cast.tomas), phone(cast.rosa)
    version = tomas.subscribe(opened, "facilitator")["result"]["version"]

    def live() -> set[str]:
        message = tomas.messages("session:changed")[-1]
        assert (message["since"], message["version"]) == (version, version)
        return {person["name"] for person in message["people"] if person["phone_live"]}

    rosa.subscribe(opened, "patient")
    assert live() == {"Rosa"}
    second = phone(cast.rosa)
    second.subscribe(opened, "patient")
    rosa.socket.disconnect()
    assert live() == {"Rosa"}
    second.socket.disconnect()
    assert live() == set()
    assert tomas.snapshot(opened, "facilitator").json["people"][0]["phone_live"] is False


def test_a_socket_hears_one_room_at_a_time(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    tomas = phone(cast.tomas)
    tomas.subscribe(opened, "facilitator")
    tomas.subscribe(opened, "display")
    tomas.messages()
    phone(cast.rosa).send(opened, "agenda:propose", words="Words", route="group")
    (delta,) = tomas.messages("session:changed")
    assert "people" not in delta and "topics" in delta and delta["topics"] == []


def test_signing_out_ends_the_rights_of_an_open_socket(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa, copied = phone(cast.rosa), phone(cast.marcus)
    rosa.subscribe(opened, "patient")
    copied.subscribe(opened, "patient")
    with app.app_context():
        run(browser_sessions.end_sessions, BrowserSession.patient_id == cast.rosa.id)
    assert not rosa.socket.is_connected()
    copied.send(opened, "agenda:propose", words="Words", route="group")
    assert rosa.snapshot(opened, "patient").status_code == 401


def test_a_sign_in_that_was_ended_behind_the_sockets_back_bites_at_the_next_event(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    rosa.subscribe(opened, "patient")
    with app.app_context(), write() as tx:
        tx.execute(delete(BrowserSession).where(BrowserSession.patient_id == cast.rosa.id))
    assert rosa.send(opened, "agenda:propose", words="Words", route="group")["error"]["code"] == "sign_in_needed"
    with app.app_context():
        sockets.end_run_out_sockets()
    assert not rosa.socket.is_connected()


def test_whoever_gives_up_their_place_hears_nothing_more(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa, marcus = phone(cast.rosa), phone(cast.marcus)
    rosa.subscribe(opened, "patient")
    marcus.subscribe(opened, "patient")
    with app.app_context(), write() as tx:
        free_seat(tx, cast.joanne, tx.get_one(Seat, cast.seats["rosa"]), "cancelled")
        tx.announce(SessionChanged(opened, next_version(tx, opened), people=True))
    assert not rosa.socket.is_connected()
    assert marcus.socket.is_connected()


def test_whoever_lost_their_place_behind_the_sockets_back_is_shown_out(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    """As where another process of the server took it away: this one is not told."""
    display = phone(actors.display(ids.new_id(), cast.clinic_id, opened))
    lost = {phone(cast.rosa): "patient", phone(cast.osei): "clinician"}
    kept = {phone(cast.marcus): "patient", phone(cast.tomas): "facilitator", display: "display"}
    for each, audience in (lost | kept).items():
        assert each.subscribe(opened, audience)["ok"]
    with app.app_context(), write() as tx:
        tx.execute(update(Seat).where(Seat.id == cast.seats["rosa"]).values(state="cancelled"))
        tx.execute(delete(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.osei.id))
    with app.app_context():
        sockets.end_run_out_sockets()
    assert not any(each.socket.is_connected() for each in lost)
    assert all(each.socket.is_connected() for each in kept)


def test_whoever_hangs_up_while_they_come_in_is_not_taken_for_somebody_here(
    app: Flask, cast: Cast, opened: str, phone: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking PostgreSQL lets others run: the line may be gone, and have been told to leave, before its person is entered."""
    rosa, looked_up = phone(cast.rosa), queries.place_in_room

    def hangs_up(*args: Any) -> Any:
        rosa.socket.disconnect()
        return looked_up(*args)

    monkeypatch.setattr(queries, "place_in_room", hangs_up)
    rosa.socket.emit("live:subscribe", {"session_id": opened, "audience": "patient"})
    assert not app.extensions["presence"].is_watched(opened)


def test_closing_sends_everybody_to_the_snapshot(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa, tomas = phone(cast.rosa), phone(cast.tomas)
    before = rosa.subscribe(opened, "patient")["result"]
    tomas.subscribe(opened, "facilitator")
    rosa.send(opened, "agenda:propose", words="Words", route="group")
    rosa.messages()
    answer = tomas.send(opened, "live:close")
    (told,) = rosa.messages("session:changed")
    assert told == {"epoch": before["epoch"], "since": before["version"] + 1, "version": answer["result"]["version"], "snapshot": True}
    snapshot = tomas.snapshot(opened, "facilitator").json
    assert snapshot["run"]["state"] == "closed" and snapshot["run"]["join_code"] is None
    assert snapshot["account"] == {"sent": 1, "accounted_for": 1, "one_on_one": 0}
    assert rosa.snapshot(opened, "patient").json["me"]["topics"][0]["state"] == "parked"


def test_a_message_that_cannot_be_sent_does_not_stop_the_act(app: Flask, cast: Cast, opened: str, phone: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = phone(cast.rosa)
    rosa.subscribe(opened, "patient")

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise OSError("no way out")

    with monkeypatch.context() as patched:
        patched.setattr(app.extensions["socketio"].server, "emit", broken)
        assert rosa.send(opened, "agenda:propose", words="Words", route="group")["ok"]
    with monkeypatch.context() as patched:
        patched.setattr("groupvisits.live.listeners.frames_of", broken)
        assert rosa.send(opened, "agenda:propose", words="More words", route="group")["ok"]
    assert [topic["words"] for topic in rosa.snapshot(opened, "patient").json["topics"]] == ["Words", "More words"]


def test_another_application_in_the_same_process_takes_no_socket_away(app: Flask, cast: Cast, opened: str, phone: Connect, tmp_path: Path) -> None:
    create_app(replace(app.extensions["config"], instance=tmp_path, database_url=""))
    assert phone(cast.rosa).subscribe(opened, "patient")["ok"]


def test_the_tick_tells_version_and_time_to_rooms_with_somebody_in_them(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    subscribed = rosa.subscribe(opened, "patient")["result"]
    with app.app_context():
        sockets.Ticker()()
    (tick,) = rosa.messages("session:tick")
    assert (tick["epoch"], tick["version"]) == (subscribed["epoch"], subscribed["version"]) and tick["server_now"]


def test_the_version_an_acknowledgement_names_is_already_readable(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    version = rosa.send(opened, "agenda:propose", words="Words", route="group")["result"]["version"]
    assert rosa.snapshot(opened, "patient").json["version"] == version


def test_the_visit_is_closed_by_its_facilitator_alone(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    with app.app_context():
        run(close_session, cast.tomas, opened)
    assert phone(cast.osei).send(opened, "live:close")["error"]["code"] == "not_allowed"


def test_a_command_keeps_its_sender_signed_in_and_listening_does_not(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    tomas = phone(cast.tomas)
    long_ago = clock.now() - timedelta(minutes=14)

    def seen_at(after: Callable[[], Any]) -> datetime:
        with app.app_context(), write() as tx:
            tx.execute(update(BrowserSession).where(BrowserSession.staff_member_id == cast.tomas.id).values(seen_at=long_ago))
        after()
        with app.app_context():
            return db.session.scalars(select(BrowserSession.seen_at).where(BrowserSession.staff_member_id == cast.tomas.id)).one()

    assert seen_at(lambda: tomas.subscribe(opened, "facilitator")) == long_ago
    assert seen_at(lambda: tomas.snapshot(opened, "facilitator")) == long_ago
    assert seen_at(lambda: tomas.send(opened, "live:curtain", on=True)) > long_ago


def test_a_conversation_without_a_tap_does_not_sign_its_facilitator_out(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen idle minutes end other pages; a room that is led stays led for 45."""
    from groupvisits.live import presence as rooms

    presence = rooms.Presence()
    presence.enter("a", rooms.Subscriber("s", "facilitator", "tomas", "token-of-tomas"))
    presence.enter("b", rooms.Subscriber("s", "clinician", "osei", "token-of-osei"))
    for token in ("token-of-tomas", "token-of-osei"):
        presence.acted(token)
    assert presence.leading() == {"token-of-tomas"}
    later = time.monotonic() + rooms.LEADS_FOR + 1
    monkeypatch.setattr(rooms.time, "monotonic", lambda: later)
    assert presence.leading() == set()


def test_the_tick_keeps_whoever_leads_signed_in_and_nobody_who_only_listens(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    phone(cast.tomas).subscribe(opened, "facilitator")
    phone(cast.osei).subscribe(opened, "clinician")
    long_ago = clock.now() - timedelta(minutes=14)
    with app.app_context():
        with write() as tx:
            tx.execute(update(BrowserSession).values(seen_at=long_ago))
        ticker = sockets.Ticker()
        ticker._checked_at = time.monotonic() - sockets.STILL_SIGNED_IN_EVERY
        ticker()
        seen_at = dict(db.session.execute(select(BrowserSession.staff_member_id, BrowserSession.seen_at)).all())
    assert seen_at[cast.tomas.id] > long_ago
    assert seen_at[cast.osei.id] == long_ago


def test_whoever_is_taken_off_the_team_hears_nothing_more(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    tomas, osei = phone(cast.tomas), phone(cast.osei)
    assert tomas.subscribe(opened, "facilitator")["ok"] and osei.subscribe(opened, "clinician")["ok"]
    with app.app_context():
        run(take_from_team, cast.joanne, opened, staff_member_id=cast.tomas.id, role="facilitator")
    assert not tomas.socket.is_connected()
    assert osei.socket.is_connected()


def test_a_second_socket_is_no_second_allowance(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    rosa = phone(cast.rosa)
    other = app.extensions["socketio"].test_client(app, headers={"Origin": "http://localhost"}, flask_test_client=rosa.browser)
    ask = {"session_id": opened, "audience": "patient"}
    assert all(rosa.ask("live:subscribe", ask)["ok"] for _ in range(EVENTS_PER_10_SECONDS))
    assert other.emit("live:subscribe", ask, callback=True)["error"]["code"] == "too_fast"
    other.disconnect()


@pytest.mark.parametrize("how", ["json", "data"])
def test_the_other_door_is_no_second_allowance(app: Flask, cast: Cast, opened: str, phone: Connect, how: str) -> None:
    rosa, address = phone(cast.rosa), f"/sessions/{opened}/commands/agenda:support"
    ask = {"session_id": opened, "audience": "patient"}
    assert all(rosa.ask("live:subscribe", ask)["ok"] for _ in range(EVENTS_PER_10_SECONDS - 1))
    sent = {"command_id": "11111111-2222-3333-4444-555555555555", "body": {"topic_id": "x", "on": True}} if how == "json" else {"topic_id": "x", "on": "true"}
    answers = [rosa.browser.post(address, **{how: sent}) for _ in range(3)]
    if how == "json":
        assert [(answer.status_code, answer.json["error"]["code"]) for answer in answers] == [(404, "not_found"), (429, "too_fast"), (429, "too_fast")]
    else:
        assert "That was very fast" in rosa.browser.get(f"/sessions/{opened}/rooms/patient?lang=en", follow_redirects=True).text
    assert rosa.ask("live:subscribe", ask)["error"]["code"] == "too_fast"
    with app.app_context():
        found = db.session.scalars(select(AuditEntry.details).where(AuditEntry.action == "request:refused"))
        assert sum(details["code"] == "too_fast" for details in found) == 1  # not one for each of them


@pytest.mark.parametrize("name", ["connect", "disconnect"])
def test_nobody_escapes_the_end_of_their_sign_in_by_an_event_with_the_servers_own_name(app: Flask, cast: Cast, opened: str, phone: Connect, name: str) -> None:
    rosa, tomas = phone(cast.rosa), phone(cast.tomas)
    rosa.subscribe(opened, "patient")
    rosa.socket.emit(name, {"HTTP_ORIGIN": "http://x", "HTTP_HOST": "x", "HTTP_COOKIE": ""})
    assert rosa.actor.id in app.extensions["presence"].patients(opened)
    with app.app_context(), write() as tx:
        browser_sessions.end_sessions(tx, BrowserSession.patient_id == cast.rosa.id)
    assert not rosa.socket.is_connected()
    assert tomas.socket.is_connected()


def test_an_alarm_reaches_the_team_in_the_same_moment_and_no_phone_and_no_wall(app: Flask, cast: Cast, opened: str, phone: Callable[..., Any]) -> None:
    rosa = phone(cast.rosa)
    others = {"patient": phone(cast.marcus), "display": phone(cast.tomas)}
    team = [(phone(cast.tomas), "facilitator"), (phone(cast.osei), "clinician"), (phone(cast.adler), "clinician")]
    rosa.subscribe(opened, "patient")
    for audience, who in others.items():
        who.subscribe(opened, audience)
    for who, audience in team:
        who.subscribe(opened, audience)
    answer = rosa.send(opened, "agenda:propose", words="I have chest pain", route="group", shows_name=False)
    assert answer["ok"]
    for who, _ in team:
        (delta,) = who.messages("session:changed")
        (alarm,) = delta["alarms"]
        assert (delta["version"], alarm["name"], alarm["phrase"]) == (answer["result"]["version"], "Rosa", "chest pain")
    for who in others.values():
        (delta,) = who.messages("session:changed")
        assert "alarms" not in delta and "chest" not in str(delta)
    tomas = team[0][0]
    assert phone(cast.gladys).send(opened, "agenda:propose", words="Mine hurts: chest pain", route="group", shows_name=False)["ok"]
    for who, _ in team:  # the whole list each time, the older one as it was
        (delta,) = who.messages("session:changed")
        assert [(each["name"], each["phrase"]) for each in delta["alarms"]] == [("Rosa", "chest pain"), ("Gladys", "chest pain")]
    others["patient"].messages()
    assert tomas.send(opened, "live:end_alarm", alarm_id=alarm["id"], reason="It was last year", show=True)["ok"]
    for who, _ in team:
        (delta,) = who.messages("session:changed")
        assert [each["name"] for each in delta["alarms"]] == ["Gladys"]
    (delta,) = others["patient"].messages("session:changed")
    assert [topic["words"] for topic in delta["topics"]] == ["I have chest pain"]


def test_a_wish_to_be_told_in_person_reaches_the_console(app: Flask, cast: Cast, opened: str, phone: Callable[..., Any]) -> None:
    tomas, rosa = phone(cast.tomas), phone(cast.rosa)
    rosa.subscribe(opened, "patient")
    tomas.subscribe(opened, "facilitator")
    assert rosa.send(opened, "live:wish", in_person=True)["ok"]
    (delta,) = tomas.messages("session:changed")
    assert [person["name"] for person in delta["people"] if person["in_person"]] == ["Rosa"]
    (mine,) = rosa.messages("session:mine")
    assert mine["me"]["in_person"] is True


@pytest.mark.parametrize(
    ("outcome", "kind"), [("Gladys brings her recipe.", "name"), ("Ask at 617 555 0142.", "phone"), ("The co-op sells them cheaper.", ""), ("", "")]
)
def test_whoever_leads_learns_what_a_line_may_hold_and_nobody_else_does(cast: Cast, opened: str, phone: Connect, outcome: str, kind: str) -> None:
    rosa, marcus, tomas = phone(cast.rosa), phone(cast.marcus), phone(cast.tomas)
    topic_id = rosa.send(opened, "agenda:propose", words="Strips", route="group")["result"]["topic_id"]
    tomas.send(opened, "agenda:start", topic_id=topic_id, minutes=5)
    for each, audience in ((rosa, "patient"), (marcus, "patient"), (tomas, "facilitator")):
        each.subscribe(opened, audience)
    assert tomas.send(opened, "agenda:finish", topic_id=topic_id, outcome=outcome)["ok"]
    (delta,) = tomas.messages("session:changed")
    assert [(each["outcome"], each["outcome_holds"]) for each in delta["topics"] if each["id"] == topic_id] == [(outcome, kind)]
    assert tomas.snapshot(opened, "facilitator").json["topics"][0]["outcome_holds"] == kind
    for each in (rosa, marcus):
        assert "outcome_holds" not in str(each.messages()) + str(each.snapshot(opened, "patient").json)


def test_what_words_may_hold_is_looked_for_only_where_somebody_is_to_be_told(cast: Cast, opened: str, phone: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    rosa, tomas = phone(cast.rosa), phone(cast.tomas)
    topic_id = rosa.send(opened, "agenda:propose", words="Strips", route="group")["result"]["topic_id"]
    tomas.send(opened, "agenda:start", topic_id=topic_id, minutes=5)
    tomas.send(opened, "agenda:finish", topic_id=topic_id, outcome="Gladys brings her recipe.")
    monkeypatch.setattr(queries, "may_hold", lambda *_: pytest.fail("looked for"))
    assert rosa.snapshot(opened, "patient").status_code == 200
    tomas.subscribe(opened, "facilitator")
    assert rosa.send(opened, "agenda:propose", words="What test strips cost", route="group")["ok"]
    assert len(tomas.messages("session:changed")) == 1


def test_a_second_phone_comes_in_with_the_same_slip_and_shows_and_may_do_the_same(app: Flask, cast: Cast, opened: str, phone: Connect) -> None:
    with app.app_context():
        slip = run(check_in, cast.joanne, opened, cast.seats["rosa"])

    def come_in() -> Phone:
        browser = app.test_client()
        assert browser.post(f"/slips/{opened}-{slip}").headers["Location"] == f"/sessions/{opened}/rooms/patient"
        there = Phone(app, cast.rosa, browser)
        assert there.subscribe(opened, "patient")["ok"]
        return there

    def seen(there: Phone) -> dict[str, Any]:
        return there.snapshot(opened, "patient").json | {"server_now": ""}

    one, other, marcus = come_in(), come_in(), phone(cast.marcus)
    assert one.browser.get_cookie("groupvisits") != other.browser.get_cookie("groupvisits")
    made = one.send(opened, "agenda:propose", "once", words="What test strips cost", route="group")
    assert other.send(opened, "agenda:propose", "once", words="What test strips cost", route="group") == made
    alone = other.send(opened, "agenda:propose", words="Alone, please", route="one_on_one")["result"]["topic_id"]
    marcus.send(opened, "agenda:support", topic_id=made["result"]["topic_id"], on=True)
    heard = [one.messages(), other.messages()]
    assert heard[0] == heard[1] and "Alone, please" in str(heard[0])
    assert seen(one) == seen(other)
    assert [topic["words"] for topic in seen(one)["me"]["topics"]] == ["What test strips cost", "Alone, please"]
    assert one.browser.post("/sign-outs").status_code == 303
    assert not one.socket.is_connected() and one.snapshot(opened, "patient").status_code == 401
    assert other.send(opened, "agenda:take_back", topic_id=alone)["ok"] and other.messages("session:mine")
    other.socket.disconnect()
