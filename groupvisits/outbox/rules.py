"""When a message that could not be sent is tried again, and when a human must help instead."""

from datetime import datetime, timedelta

MAX_ATTEMPTS = 6
CLAIM_LASTS = timedelta(minutes=5)  # a worker that died gives its messages back after this


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """After 1, 4, 16, 64 and 256 minutes; None when it has been tried often enough."""
    return None if attempts >= MAX_ATTEMPTS else now + timedelta(minutes=4 ** (attempts - 1))
