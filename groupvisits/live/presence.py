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


class Presence:
    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}
        self._acted_at: dict[str, float] = {}  # browser session -> when its person last did something here

    def enter(self, sid: str, subscriber: Subscriber) -> Subscriber | None:
        """`sid` is in this room and no other; returns where it was before."""
        before = self._subscribers.get(sid)
        self._subscribers[sid] = subscriber
        return before

    def acted(self, browser_session: str) -> None:
        self._acted_at[browser_session] = time.monotonic()

    def leading(self) -> set[str]:
        """The browser sessions with which somebody leads a room and did something there in the last 45 minutes."""
        now = time.monotonic()
        open_now = {s.browser_session for s in self._subscribers.values()}
        self._acted_at = {token: at for token, at in self._acted_at.items() if token in open_now}
        led = {s.browser_session for s in self._subscribers.values() if s.audience == "facilitator"}
        return {token for token in led if now - self._acted_at.get(token, 0) < LEADS_FOR}

    def leave(self, sid: str) -> Subscriber | None:
        return self._subscribers.pop(sid, None)

    def session_ids(self) -> set[str]:
        return {subscriber.session_id for subscriber in self._subscribers.values()}

    def is_watched(self, session_id: str) -> bool:
        return any(subscriber.session_id == session_id for subscriber in self._subscribers.values())

    def patients(self, session_id: str) -> frozenset[str]:
        """The patients of the session who have at least one live phone."""
        return frozenset(s.person_id for s in self._subscribers.values() if s.session_id == session_id and s.audience == "patient")

    def subscribers(self) -> dict[str, Subscriber]:
        return dict(self._subscribers)
