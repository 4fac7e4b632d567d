"""How fast one browser may send, by socket and by POST together."""

import time
from collections import defaultdict, deque

from groupvisits.core.errors import Refused, mark

EVENTS_PER_10_SECONDS = 60
A_BURST = 60.0  # seconds in which a flood from one browser is on record once
MOST_BROWSERS = 10_000


class TooFast(Refused):
    status = 429
    is_on_record = True
    message = mark("That was very fast. Wait a moment, then try again.")


class StillTooFast(TooFast):
    """Of a flood that is on record."""

    code = "too_fast"
    is_on_record = False


class Pace:
    """Of every browser session, by its fingerprint: more sockets are no more speed, and neither is the other door."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._flooded_at: dict[str, float] = {}

    def check(self, token: str) -> None:
        now = time.monotonic()
        if len(self._recent) > MOST_BROWSERS:
            self._forget_the_quiet(now)
        recent = self._recent[token]
        while recent and recent[0] < now - 10:
            recent.popleft()
        if len(recent) < EVENTS_PER_10_SECONDS:
            recent.append(now)
        elif now - self._flooded_at.get(token, -A_BURST) < A_BURST:
            raise StillTooFast
        else:
            self._flooded_at[token] = now
            raise TooFast

    def _forget_the_quiet(self, now: float) -> None:
        self._flooded_at = {token: at for token, at in self._flooded_at.items() if now - at < A_BURST}
        for token in [token for token, recent in self._recent.items() if not recent or recent[-1] < now - 10]:
            del self._recent[token]
