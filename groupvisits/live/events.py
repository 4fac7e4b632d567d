"""What the live room announces to itself."""

from dataclasses import dataclass
from typing import Any

from groupvisits.sessions.events import SessionChanged


@dataclass(frozen=True)
class Frame:
    """One message for everybody in one room. Rooms are named by the server only."""

    name: str
    body: dict[str, Any]
    room: str


@dataclass(frozen=True)
class RoomChanged:
    """A version was made, with all that it changed; it is told when the transaction is whole."""

    change: SessionChanged


@dataclass(frozen=True)
class FramesReady:
    """Versions were made, and these are their messages; they leave after the commit, in the order of the commits."""

    session_id: str
    frames: tuple[Frame, ...]
    # Patients who may be in the room after this version; None when nobody's place changed.
    patients_here: frozenset[str] | None = None


def room_of(session_id: str, audience: str) -> str:
    return f"session:{session_id}:{audience}"


def personal_room(session_id: str, kind: str, person_id: str) -> str:
    """The room of one patient or of one clinician: what is theirs alone goes nowhere else."""
    return f"session:{session_id}:{kind}:{person_id}"
