"""Which sockets are in which room of this process. In memory on purpose: a restart ends the sockets and with them the presence.

With several processes each knows its own sockets; "phone is live" is then true for those of the process that answers.
"""

import time
from dataclasses import dataclass

STILL_SIGNED_IN_EVERY = 60.0  # seconds
LEADS_FOR = 45 * 60.0  # a conversation of a quarter of an hour without a tap must not sign its facilitator out


@dataclass(frozen=True)
class Subscriber:
    session_id: str
    audience: str
    person_id: str  # of the patient, staff member or display
    browser_session: str


@dataclass(frozen=True)
class Watching:
    """Who looks at a room just now, as far as it decides which personal messages are worth making."""

    patients: frozenset[str]
    has_clinicians: bool


class Presence:
    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}
        self._rooms: dict[str, dict[str, Subscriber]] = {}  # session -> its sockets
        self._acted_at: dict[str, float] = {}  # browser session -> when its person last did something here
        self._noted_at: dict[str, float] = {}  # browser session -> when that was last written down

    def enter(self, sid: str, subscriber: Subscriber) -> Subscriber | None:
        """`sid` is in this room and no other; returns where it was before."""
        before = self.leave(sid)
        self._subscribers[sid] = subscriber
        self._rooms.setdefault(subscriber.session_id, {})[sid] = subscriber
        return before

    def leave(self, sid: str) -> Subscriber | None:
        subscriber = self._subscribers.pop(sid, None)
        if subscriber is not None:
            room = self._rooms[subscriber.session_id]
            del room[sid]
            if not room:
                del self._rooms[subscriber.session_id]
        return subscriber

    def acted(self, browser_session: str) -> None:
        self._acted_at[browser_session] = time.monotonic()

    def is_to_be_noted(self, browser_session: str) -> bool:
        """Once a minute for each browser session: whether what its person does is to be written down as well."""
        now = time.monotonic()
        if now - self._noted_at.get(browser_session, -STILL_SIGNED_IN_EVERY) < STILL_SIGNED_IN_EVERY:
            return False
        self._noted_at[browser_session] = now
        return True

    def leading(self) -> set[str]:
        """The browser sessions with which somebody leads a room and did something there in the last 45 minutes."""
        now = time.monotonic()
        open_now = {s.browser_session for s in self._subscribers.values()}
        self._acted_at = {token: at for token, at in self._acted_at.items() if token in open_now}
        self._noted_at = {token: at for token, at in self._noted_at.items() if token in open_now}
        led = {s.browser_session for s in self._subscribers.values() if s.audience == "facilitator"}
        return {token for token in led if now - self._acted_at.get(token, 0) < LEADS_FOR}

    def session_ids(self) -> set[str]:
        return set(self._rooms)

    def is_watched(self, session_id: str) -> bool:
        return session_id in self._rooms

    def is_led(self, session_id: str) -> bool:
        """Whether a console listens to the room."""
        return any(s.audience == "facilitator" for s in self._rooms.get(session_id, {}).values())

    def patients(self, session_id: str) -> frozenset[str]:
        """The patients of the session who have at least one live phone."""
        return frozenset([s.person_id for s in self._rooms.get(session_id, {}).values() if s.audience == "patient"])

    def watching(self, session_id: str) -> Watching:
        room = self._rooms.get(session_id, {})
        return Watching(self.patients(session_id), "clinician" in {s.audience for s in room.values()})

    def subscribers(self) -> dict[str, Subscriber]:
        return dict(self._subscribers)
