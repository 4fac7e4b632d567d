"""How a lower package reaches a higher one without knowing it: it announces what happened, in the past tense and with ids only.

`within` listeners write in the same transaction: their rows commit or fail with it. `at_end` listeners read once what it has come to,
where several commands share a transaction. `after` listeners run once it is
committed; one that fails is logged and changes nothing, so they may only do what a stale screen can live without.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RequestRefused:
    """Somebody asked for what they may not see or do, or in a way no page of ours does. Audited in a transaction of its own: the refused one left nothing.

    `action` is one of ours, never words that came from outside.
    """

    actor: Any
    action: str
    code: str


class Listeners:
    def __init__(self) -> None:
        self._within: dict[type, list[Callable[[Any, Any], None]]] = defaultdict(list)
        self._at_end: dict[type, list[Callable[[Any, list[Any]], None]]] = defaultdict(list)
        self._after: dict[type, list[Callable[[Any], None]]] = defaultdict(list)

    def within(self, event: type, listener: Callable[[Any, Any], None]) -> None:
        """Call `listener(tx, event)` after the verb and before the commit."""
        self._within[event].append(listener)

    def at_end(self, event: type, listener: Callable[[Any, list[Any]], None]) -> None:
        """Call `listener(tx, events)` just before the commit, with all events of this type in their order. It may announce for `after`."""
        self._at_end[event].append(listener)

    def after(self, event: type, listener: Callable[[Any], None]) -> None:
        """Call `listener(event)` after the commit."""
        self._after[event].append(listener)

    def tell_within(self, tx: Any, event: Any) -> None:
        for listener in self._within[type(event)]:
            listener(tx, event)

    def tell_at_end(self, tx: Any, events: list[Any]) -> None:
        for kind, listeners in self._at_end.items():
            of_this_kind = [event for event in events if type(event) is kind]
            for listener in listeners if of_this_kind else ():
                listener(tx, of_this_kind)

    def is_heard_after(self, event: Any) -> bool:
        return bool(self._after.get(type(event)))

    def tell_after(self, event: Any) -> None:
        for listener in self._after[type(event)]:
            try:
                listener(event)
            except Exception:
                log.exception("listener_failed", event_type=type(event).__name__)
