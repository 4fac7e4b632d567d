"""Random rooms: whatever the network, the phones and the server do, no topic is lost, none is doubled, and every screen comes right again.

SEQUENCES=10000 (make soak) for a night.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from groupvisits.core import ids, pace, sockets, web
from groupvisits.core.commands import Command
from groupvisits.demo.rehearsal import rules
from groupvisits.demo.rehearsal.rules import Screen
from groupvisits.live import listeners, projections
from tests.cast import Cast
from tests.live.room_machine import GUESTS, KINDS, House, play

SEQUENCES = int(os.environ.get("SEQUENCES", "300"))
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 700), st.integers(0, 200)), min_size=8, max_size=26)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.function_scoped_fixture]


def walk(app: Flask, cast: Cast, sequences: int, phases: tuple[Phase, ...] = (Phase.generate,)) -> House:
    house = House(app, cast)

    @settings(max_examples=sequences, deadline=None, suppress_health_check=QUIET, database=None, phases=phases, report_multiple_bugs=False)
    @given(guests=st.integers(0, GUESTS), under_way=st.booleans(), steps=STEPS)
    def sequence(guests: int, under_way: bool, steps: list[tuple[str, int, int]]) -> None:
        room = house.visit(guests, under_way=under_way)
        try:
            for device in room.devices[:3]:  # the others come in when they come in
                room.connect(device)
                room.ask_snapshot(device)
                room.get_snapshot(device)
            for kind, first, second in steps:
                play(room, kind, first, second)
            room.settle()
            room.check()
        finally:
            room.end()

    sequence()
    return house


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Here an hour passes in a second. What was made until now is not looked over again and again."""
    monkeypatch.setattr(pace, "EVENTS_PER_10_SECONDS", 10**9)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.timeout(120 + SEQUENCES)
def test_whatever_happens_nothing_is_lost_and_every_screen_comes_right(app: Flask, cast: Cast) -> None:
    began = time.process_time()
    sequences = SEQUENCES if app.extensions["config"].is_sqlite else SEQUENCES // 6  # the network and the phones are the same there
    house = walk(app, cast, sequences, (Phase.generate, Phase.shrink) if os.environ.get("SHRINK") else (Phase.generate,))
    print(f"{sequences} sequences, {time.process_time() - began:.0f} s of CPU: {dict(house.seen.most_common())}")  # noqa: T201 - figures for the soak


# What random rooms have found, each as one short story.

ROSAS, MARCUS = 0, 1  # the topics from home: one is planned, the other new
STORIES = {
    "who goes to a one-on-one is waited for with new topics, too": [("rosa", "agenda:propose", {}), ("osei", "slots:call", {}), ("osei", "slots:start", {})],
    "who is asked in private gives the others their new place": [("tomas", "agenda:plan", MARCUS), ("tomas", "agenda:ask_privately", ROSAS), ("tomas", "agenda:show", ROSAS),
        ("tomas", "agenda:plan", ROSAS), ("tomas", "agenda:ask_privately", MARCUS)],
    "who is heard is heard with all their topics": [("rosa", "agenda:propose", {}), ("tomas", "agenda:start", ROSAS)],
    "a topic told by itself is told as it is now": [("marcus", "agenda:reword", MARCUS)],
    "who was heard with somebody else's topic is not when that is kept for later": [
        ("tomas", "agenda:start", ROSAS), ("tomas", "agenda:merge", (MARCUS, ROSAS)), ("tomas", "agenda:park", ROSAS)],
    "who is here to listen does not wait to be heard with what was kept for later, and who is joined to it either": [
        ("tomas", "agenda:merge", (MARCUS, ROSAS)), ("tomas", "agenda:park", ROSAS), ("rosa", "live:listen", {}), ("marcus", "live:listen", {})],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_every_screen_is_right_by_deltas_alone(app: Flask, cast: Cast, story: str) -> None:
    room = House(app, cast).visit(GUESTS)
    who = {device.who: device for device in room.devices}
    more = {"words": "Something else", "route": "group", "minutes": 5, "on": True}
    fields = {"agenda:propose": ("words", "route"), "agenda:start": ("minutes",), "agenda:reword": ("words",), "live:listen": ("on",)}
    try:
        room.settle()
        for actor, name, about in STORIES[story]:
            body: dict[str, Any] = {"slot_id": room.slots["rosa"]} if name.startswith("slots:") else {key: more[key] for key in fields.get(name, ())}
            topics = list(room.model.topics)
            if isinstance(about, int):
                body["topic_id"] = topics[about]
            elif isinstance(about, tuple):
                body |= {"topic_id": topics[about[0]], "into_id": topics[about[1]]}
            room.say(who[actor], name, body)
            fetched = room.seen["fetched"]
            room.settle()
            room.check()
            assert room.seen["fetched"] == fetched, "somebody had to fetch"
    finally:
        room.end()


# Does it find anything? Each guard is taken out once.


def _no_replay_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(_id: str, kind: str, body: dict[str, Any]) -> Command:
        return Command(ids.new_id(), kind, body)

    monkeypatch.setattr(sockets, "Command", forgetful)
    monkeypatch.setattr(web, "Command", forgetful)


def _no_version_gap_check(monkeypatch: pytest.MonkeyPatch) -> None:
    really = Screen.changed
    monkeypatch.setattr(
        Screen, "changed", lambda screen, delta: really(screen, delta | {"since": screen.version} if delta["version"] > screen.version else delta)
    )


def _nobody_is_told_what_became_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    really = listeners.frames_of
    monkeypatch.setattr(listeners, "frames_of", lambda *args: [frame for frame in really(*args) if frame.name != "session:mine"])


def _nobody_is_told_that_an_alarm_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    really = listeners.frames_of
    monkeypatch.setattr(listeners, "frames_of", lambda room, event, *args: really(room, replace(event, alarms=False), *args))


def _the_wall_reads_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    really = projections.TOPICS["display"]

    def tells(topic: Any, provider_id: str) -> Any:
        shown = really(topic, provider_id)
        return shown and shown | {"words": f"{shown['words']} ({topic['author']})"}

    monkeypatch.setitem(projections.TOPICS, "display", tells)


def _a_command_is_forgotten_when_no_answer_came(monkeypatch: pytest.MonkeyPatch) -> None:
    really = rules.judged
    monkeypatch.setattr(rules, "judged", lambda answer: "done" if answer is None else really(answer))


@pytest.mark.sqlite_only
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "without",
    [
        _no_replay_lookup,
        _nobody_is_told_what_became_of_their_own,
        _nobody_is_told_that_an_alarm_has_ended,
        _the_wall_reads_who_asked,
        _a_command_is_forgotten_when_no_answer_came,
    ],
)
def test_it_finds_a_guard_that_is_missing(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, without: Callable[[pytest.MonkeyPatch], None]) -> None:
    without(monkeypatch)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        walk(app, cast, 300)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_lost_message_is_noticed_by_its_missing_version(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    """Told as a story: later messages tell so much anew that a random room seldom shows this guard to be missing."""
    room = House(app, cast).visit(GUESTS)
    who = {device.who: device for device in room.devices}
    try:
        room.settle()
        if not guarded:
            _no_version_gap_check(monkeypatch)
        room.say(who["rosa"], "agenda:propose", {"words": "Lost on its way", "route": "group"})
        heard = len(who["marcus"].down)
        room.lose_one(who["marcus"])
        assert len(who["marcus"].down) == heard - 1
        room.say(who["gladys" if "gladys" in who else "rosa"], "agenda:propose", {"words": "Heard", "route": "group"})
        room.settle()
        if guarded:
            room.check()
        else:
            with pytest.raises(AssertionError, match="marcus"):
                room.check()
    finally:
        room.end()
