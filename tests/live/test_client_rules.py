"""The rules of a client, as docs/protocol.md tells them: what is applied, what leads to a fetch, what is sent again."""

from typing import Any

import pytest

from groupvisits.demo.rehearsal.rules import CommandQueue, Record, Screen, differences, judged, shown_by


def snapshot(version: int, epoch: str = "e", **more: Any) -> dict[str, Any]:
    return {"epoch": epoch, "version": version, "run": {"state": "open"}, "topics": [{"id": "t", "state": "new"}], "me": {"number": version}} | more


def delta(since: int, version: int, epoch: str = "e", **more: Any) -> dict[str, Any]:
    return {"epoch": epoch, "since": since, "version": version} | more


def at(version: int) -> Screen:
    screen = Screen()
    screen.asks()
    screen.answered(snapshot(version))
    assert not screen.wants
    return screen


@pytest.mark.parametrize(
    ("message", "version", "wants"),
    [
        (delta(4, 5), 5, False),
        (delta(5, 6), 4, True),  # a gap
        (delta(3, 4), 4, False),  # seen before
        (delta(4, 4), 4, False),  # whose phone is live
        (delta(2, 3), 4, False),  # old
        (delta(4, 5, snapshot=True), 4, True),  # everything changed
        (delta(4, 5, epoch="another"), 4, True),  # a backup was restored
    ],
)
def test_a_delta_is_applied_only_if_it_follows_on_what_is_known(message: dict[str, Any], version: int, wants: bool) -> None:
    screen = at(4)
    screen.hear("session:changed", message)
    assert (screen.version, screen.wants) == (version, wants)


def test_what_changed_is_replaced_whole_and_nothing_is_removed() -> None:
    screen = at(4)
    screen.hear("session:changed", delta(4, 5, topics=[{"id": "t", "state": "planned"}, {"id": "u", "state": "new"}], run={"phase": 2}))
    screen.hear("session:changed", delta(5, 5, people=[{"seat_id": "s", "phone_live": True}], guests=[{"id": "g"}]))
    screen.hear("session:changed", delta(5, 6, guests=[]))
    shows = screen.shows()
    assert shows["topics"] == {"t": {"id": "t", "state": "planned"}, "u": {"id": "u", "state": "new"}}
    assert shows["run"] == {"state": "open", "phase": 2}
    assert shows["people"] == {"s": {"seat_id": "s", "phone_live": True}} and shows["guests"] == {}


def test_deltas_that_come_during_a_fetch_are_judged_against_its_answer() -> None:
    screen = at(4)
    screen.hear("session:tick", {"epoch": "e", "version": 5})
    screen.asks()
    screen.hear("session:changed", delta(5, 6, run={"phase": 3}))
    screen.answered(snapshot(5))
    assert (screen.version, screen.run["phase"], screen.wants) == (6, 3, False)


def test_an_answer_older_than_the_deltas_is_dropped_unless_it_is_of_a_new_epoch() -> None:
    screen = at(4)
    screen.want()
    screen.asks()
    screen.hear("session:changed", delta(4, 5))
    screen.answered(snapshot(4))
    assert screen.version == 5
    screen.asks()
    screen.answered(snapshot(1, epoch="another"))
    assert (screen.epoch, screen.version) == ("another", 1)


def test_ones_own_part_is_never_replaced_by_an_older_one() -> None:
    screen = at(4)
    screen.hear("session:mine", {"epoch": "e", "version": 6, "me": {"number": 6}})
    screen.hear("session:mine", {"epoch": "e", "version": 5, "me": {"number": 5}})
    assert screen.me == {"number": 6}


def test_ones_own_part_that_was_overtaken_is_fetched() -> None:
    def changes(version: int, topic_id: str) -> dict[str, Any]:
        told = {"topics": [{"id": topic_id}], "supported": [], "supports_left": None, "translated": []}
        return {"epoch": "e", "version": version, "changes": told}

    screen = at(4)
    screen.hear("session:mine", {"epoch": "e", "version": 5, "me": {"topics": [], "supported": [], "translated": []}})
    screen.hear("session:mine", changes(8, "later"))
    screen.hear("session:mine", changes(5, "known already"))
    assert not screen.wants  # what was told whole holds it
    screen.hear("session:mine", changes(7, "overtaken"))
    assert screen.wants


def test_a_snapshot_that_was_overtaken_by_ones_own_part_does_not_take_it_back() -> None:
    screen = at(4)
    screen.want()
    screen.asks()  # computed at 5, and slow
    screen.hear("session:changed", delta(5, 6))
    screen.hear("session:mine", {"epoch": "e", "version": 6, "me": {"number": 6}})
    screen.answered(snapshot(5))
    assert (screen.version, screen.me, screen.wants) == (6, {"number": 6}, False)


def test_a_fetch_asked_for_during_a_fetch_follows_it() -> None:
    screen = at(4)
    screen.want()
    screen.asks()
    screen.want()
    assert not screen.wants
    screen.answered(snapshot(4))
    assert screen.wants


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, "retry"),
        ({"ok": True, "result": {"version": 1}}, "done"),
        ({"ok": False, "error": {"code": "busy"}}, "retry"),
        ({"ok": False, "error": {"code": "too_fast"}}, "retry"),
        ({"ok": False, "error": {"code": "sign_in_needed"}}, "hold"),
        ({"ok": False, "error": {"code": "not_found"}}, "refused"),
    ],
)
def test_only_a_final_answer_ends_a_command(answer: Any, kind: str) -> None:
    store: list[Record] = []
    queue = CommandQueue(store)
    first, second = queue.add(Record("agenda:propose", "s", {})), queue.add(Record("agenda:propose", "s", {}))
    assert queue.next() is first
    assert judged(answer) == queue.answered(first, answer) == kind
    assert store == ([second] if kind in ("done", "refused") else [first, second])
    assert queue.next() is (None if kind == "hold" else store[0])


def test_an_answer_that_comes_twice_ends_one_command() -> None:
    queue = CommandQueue()
    first, second = queue.add(Record("agenda:propose", "s", {})), queue.add(Record("agenda:propose", "s", {}))
    for _ in range(2):
        queue.answered(first, {"ok": True, "result": {"version": 1}})
    assert queue.next() is second


def test_a_page_opened_again_sends_what_the_device_kept() -> None:
    store: list[Record] = []
    kept = CommandQueue(store).add(Record("agenda:propose", "s", {"words": "x"}))
    assert CommandQueue(store).next() is kept


def test_differences_are_told_in_words_and_the_clock_is_none() -> None:
    one, other = shown_by(snapshot(4)), shown_by(snapshot(4))
    assert differences(one, other) == []
    other["topics"] = {"t": {"id": "t", "state": "planned", "planned_at": "later"}}
    assert differences(one, other) == ["topics.t.state: shows 'new', true is 'planned'"]
    assert differences({"me": {"supported": ["b", "a"]}}, {"me": {"supported": ["a", "b"]}}) == []


CHANGES = {"topics": [], "supported": [], "supports_left": None, "translated": []}


def asked() -> Screen:
    """A phone whose person has answered the question on it."""
    screen = Screen()
    screen.asks()
    screen.answered(snapshot(4, run={"poll": {"id": "q"}}, me={"topics": [], "supported": [], "translated": [], "poll_answer": "park"}))
    return screen


@pytest.mark.parametrize(("poll", "answer"), [({"id": "q"}, "park"), ({"id": "r"}, None), (None, None)])
def test_an_answer_goes_with_the_question_it_was_given_to(poll: dict[str, Any] | None, answer: str | None) -> None:
    screen = asked()
    screen.hear("session:mine", {"epoch": "e", "version": 6, "changes": CHANGES})  # overtakes, and says nothing of answers
    screen.hear("session:changed", delta(4, 5, run={"poll": poll}))
    assert screen.me is not None and screen.me["poll_answer"] == answer


def test_an_answer_to_the_next_question_is_not_taken_back_by_its_coming() -> None:
    screen = asked()
    screen.hear("session:mine", {"epoch": "e", "version": 6, "me": {"topics": [], "supported": [], "translated": [], "poll_answer": "move_on"}})
    screen.hear("session:changed", delta(4, 5, run={"poll": {"id": "r"}}))
    assert screen.me is not None and screen.me["poll_answer"] == "move_on"
