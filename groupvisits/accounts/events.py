"""What others may listen to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BrowserSessionEnded:
    """A sign-in has ended; `fingerprint` is the browser session's."""

    fingerprint: str
