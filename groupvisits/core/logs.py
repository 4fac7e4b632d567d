"""Structured logs for whoever keeps the server running: which act, how long, which error. Never a name, a text or an address."""

import contextlib
import logging
import re
import sys
from typing import Any, cast

import structlog

_SECRET_PLACES = re.compile(r"/(links|slips|displays|feedback-forms|calendars|invitations)/[^/?#\s\"]+")


class _Unfailing:
    """A stream that leads nowhere while nothing can be written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def outlive_the_log() -> None:
    """A full disk or a reader that is gone costs lines of the log, and not what they are about.

    gevent, too, says on standard error what failed in a thread, and only then tells whoever waits for it: with the disk full, nobody.
    """
    sys.stderr = cast(Any, _Unfailing(sys.stderr))


def configure(*, testing: bool = False) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=not testing,
    )
    # pywsgi's line for a closed socket ("Expected GET method") is not an error and would fill the log.
    logging.getLogger("engineio").setLevel(logging.ERROR)
    logging.getLogger("socketio").setLevel(logging.ERROR)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def without_token(path: str) -> str:
    """The path as it may be logged: what follows /links/ and its like opens a person's pages."""
    return _SECRET_PLACES.sub(r"/\1/…", path)


def _without_secrets(_logger: Any, _name: str, entry: Any) -> Any:
    return {key: without_token(value) if isinstance(value, str) else value for key, value in entry.items()}
