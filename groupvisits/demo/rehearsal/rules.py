"""What a client of the live room does with what it hears, and with what it has to say. No network, no clock: docs/protocol.md in Python.

`Screen` is the state that comes down, `CommandQueue` the commands that go up. The simulated phones use them over real sockets; the
tests drive them over a network that loses, doubles and reorders.
"""

import uuid
from collections.abc import Callable, Mapping, MutableSequence
from dataclasses import dataclass, field
from typing import Any

LISTS = {"topics": "id", "slots": "id", "people": "seat_id", "guests": "id", "alarms": "id"}
WHOLE = ("guests", "alarms")  # told whole: what is missing has ended
TRY_AGAIN = frozenset({"busy", "too_fast"})
# Follows the clock, not an act: two screens that were drawn a minute apart may say two times.
FOLLOWS_THE_CLOCK = frozenset({"server_now", "audience", "planned_at", "minutes_on_topics", "minutes_open", "counted_at"})


class Screen:
    """One room as one device knows it. After each message `wants` says whether the snapshot must be fetched."""

    def __init__(self) -> None:
        self.epoch = ""
        self.version = self.me_version = -1
        self.run: dict[str, Any] = {}
        self.account: dict[str, int] | None = None
        self.talk: dict[str, Any] | None = None
        self.me: dict[str, Any] | None = None
        self.lists: dict[str, dict[str, Any]] = {name: {} for name in LISTS}
        self.whole_me_version = 0  # of the snapshot, or of the last message that held all of it
        self.fetching = False
        self._wanted = True  # nothing is known yet
        self._early: list[tuple[str, dict[str, Any]]] = []  # what came while a snapshot was on its way

    @property
    def wants(self) -> bool:
        return self._wanted and not self.fetching

    def want(self) -> None:
        """Silence, waking up, coming back, a new line: fetch. During a fetch: once more after it, its answer may be older."""
        self._wanted = True

    def asks(self) -> None:
        self.fetching, self._wanted = True, False

    def answered(self, snapshot: Mapping[str, Any] | None) -> None:
        """The snapshot asked for is here, or will not come (None)."""
        # An answer that was slow may be older than what deltas have told meanwhile.
        if snapshot is not None and (snapshot["epoch"] != self.epoch or snapshot["version"] >= self.version):
            self._take(snapshot)
        self.fetching = False
        early, self._early = self._early, []
        for name, body in early:
            self.hear(name, body)

    def hear(self, name: str, body: dict[str, Any]) -> None:
        """One message of the server."""
        heard: dict[str, Callable[[dict[str, Any]], None]] = {"session:changed": self.changed, "session:mine": self.mine, "session:tick": self.ticked}
        if name in heard:
            heard[name](body)

    def changed(self, delta: dict[str, Any]) -> None:
        known = delta["epoch"] == self.epoch
        if known and delta["version"] < self.version:
            return
        # Who has a live phone is told without a version of its own (since == version); everything else counts one up.
        if known and delta["version"] == self.version and delta["since"] != delta["version"]:
            return
        if known and delta["since"] == self.version and not delta.get("snapshot"):
            self._apply(delta)
        elif self.fetching:
            self._early.append(("session:changed", delta))
        else:
            self.want()

    def mine(self, message: dict[str, Any]) -> None:
        if self.fetching:  # else the snapshot on its way could take back what it says
            self._early.append(("session:mine", message))
        elif message["epoch"] != self.epoch:
            self.want()
        elif message["version"] < self.me_version:
            if message["version"] > self.whole_me_version:  # overtaken: what came before it changed other topics, perhaps
                self.want()
        else:
            self.me_version = message["version"]
            self.whole_me_version = message["version"] if "me" in message else self.whole_me_version
            self.me = message["me"] if "me" in message else changed_me(self.me or {}, message["changes"])

    def ticked(self, tick: dict[str, Any]) -> None:
        if tick["epoch"] != self.epoch or tick["version"] > self.version:
            self.want()

    def shows(self) -> dict[str, Any]:
        """What a person could read on it, in a form that can be compared."""
        return {"epoch": self.epoch, "version": self.version, "run": self.run, "account": self.account, "talk": self.talk, **self.lists, "me": self.me}

    def _take(self, snapshot: Mapping[str, Any]) -> None:
        self.epoch, self.version, self.me_version = snapshot["epoch"], snapshot["version"], snapshot["version"]
        self.whole_me_version = snapshot["version"]
        self.run, self.account, self.talk, self.me = snapshot["run"], snapshot.get("account"), snapshot.get("talk"), snapshot.get("me")
        for name, key in LISTS.items():
            self.lists[name] = {item[key]: item for item in snapshot.get(name, [])}

    def _apply(self, delta: dict[str, Any]) -> None:
        self.version = delta["version"]
        if "run" in delta:
            self._apply_run(delta["version"], delta["run"])
        self.account, self.talk = delta.get("account", self.account), delta.get("talk", self.talk)
        for name, key in LISTS.items():
            self.lists[name] |= {item[key]: item for item in delta.get(name, [])}
        for name in WHOLE:
            if name in delta:
                self.lists[name] = {item[LISTS[name]]: item for item in delta[name]}

    def _apply_run(self, version: int, run: Mapping[str, Any]) -> None:
        """What this person answered belongs to the question it was given to; it is told with the whole of their part only."""
        if self.me and version > self.whole_me_version and _id(run.get("poll")) != _id(self.run.get("poll")):
            self.me = {**self.me, "poll_answer": None}
        self.run = {**self.run, **run}


def _id(poll: Mapping[str, Any] | None) -> str | None:
    return poll["id"] if poll else None


def changed_me(me: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A patient's own part after some of its topics, and what they say "me too" to, have changed."""
    topics = {topic["id"]: topic for topic in [*me["topics"], *changes["topics"]]}
    supported = dict.fromkeys(me["supported"], True) | {each["id"]: each["on"] for each in changes["supported"]}
    kept = [topic_id for topic_id, on in supported.items() if on]
    told = {each["id"] for each in changes["supported"]}
    translated = [each for each in me["translated"] if each["topic_id"] not in told] + changes["translated"]
    translated.sort(key=lambda each: each["topic_id"])
    return {**me, "topics": list(topics.values()), "supported": kept, "supports_left": changes["supports_left"], "translated": translated}


def shown_by(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """What a screen shows that has just fetched this."""
    screen = Screen()
    screen.answered(snapshot)
    return screen.shows()


def differences(shown: Any, true: Any, where: str = "") -> list[str]:
    """Where two pictures of one room differ, in words. The order of a list of ids is no difference, nor is what follows the clock."""
    if isinstance(shown, dict) and isinstance(true, dict):
        keys = [key for key in sorted({*shown, *true}) if key not in FOLLOWS_THE_CLOCK]
        if where == "topics":  # what has left a screen keeps its place there without words; a snapshot names it no more
            keys = [key for key in keys if key in true or shown[key].get("words") != ""]
        return [found for key in keys for found in differences(shown.get(key), true.get(key), f"{where}.{key}" if where else key)]
    if isinstance(shown, list) and isinstance(true, list):
        shown, true = _by_id(shown), _by_id(true)
        if isinstance(shown, dict) and isinstance(true, dict):
            return differences(shown, true, where)
    return [] if shown == true else [f"{where}: shows {shown!r}, true is {true!r}"]


def _by_id(items: list[Any]) -> Any:
    if items and all(isinstance(item, dict) and "id" in item for item in items):
        return {item["id"]: item for item in items}
    return sorted(items) if all(isinstance(item, str) for item in items) else items


@dataclass(frozen=True)
class Record:
    """One command as the device keeps it."""

    name: str
    session_id: str
    body: dict[str, Any]
    command_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def by_socket(self) -> dict[str, Any]:
        return {"command_id": self.command_id, "session_id": self.session_id, "body": self.body}

    @property
    def by_post(self) -> dict[str, Any]:
        return {"command_id": self.command_id, "body": self.body}


class CommandQueue:
    """What a person did, kept until the clinic has given its final answer. `store` is the device's: it outlives page and line."""

    def __init__(self, store: MutableSequence[Record] | None = None) -> None:
        self.store: MutableSequence[Record] = [] if store is None else store
        self.held = False  # nothing is sent although there is a line: signed out

    def add(self, record: Record) -> Record:
        self.store.append(record)
        return record

    def next(self) -> Record | None:
        """The one to send: the oldest, and no other before it has its answer."""
        return self.store[0] if self.store and not self.held else None

    def answered(self, record: Record, answer: Mapping[str, Any] | None) -> str:
        """What this answer to `record` means (see `judged`). It leaves the store only with a final one; an answer that comes twice is one."""
        kind = judged(answer)
        if kind == "hold":
            self.held = True
        elif kind != "retry" and self.store and self.store[0].command_id == record.command_id:
            del self.store[0]
        return kind


def judged(answer: Mapping[str, Any] | None) -> str:
    """`done`, `refused` (for good), `retry` (the same id again), or `hold` (when the same person is known again). None: no answer came."""
    if answer is None:
        return "retry"
    if answer.get("ok"):
        return "done"
    code = (answer.get("error") or {}).get("code")
    if code in TRY_AGAIN:
        return "retry"
    return "hold" if code in ("sign_in_needed", "csrf") else "refused"
