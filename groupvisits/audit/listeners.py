"""Refusals are audited too, in a transaction of their own, and not so often that refusing could fill the disk."""

import time
from collections import deque

from flask import Flask

from groupvisits.audit import service
from groupvisits.core.events import RequestRefused
from groupvisits.core.transaction import Transaction, run

REFUSALS_PER_MINUTE = 20


def init_app(app: Flask) -> None:
    recent: dict[str, deque[float]] = {}

    def on_refused(event: RequestRefused) -> None:
        times, now = recent.setdefault(event.actor.id, deque()), time.monotonic()
        while times and times[0] < now - 60:
            times.popleft()
        if len(times) < REFUSALS_PER_MINUTE:
            times.append(now)
            run(_record_refusal, event)
        if len(recent) > 10_000:
            recent.clear()

    app.extensions["listeners"].after(RequestRefused, on_refused)


def _record_refusal(tx: Transaction, event: RequestRefused) -> None:
    service.record(tx, event.actor, "request:refused", asked=event.action, code=event.code)
