"""What others may listen to. Ids only."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SessionChanged:
    """A live command was accepted: `version` is the session's new version, the tuples name what changed.

    Announced exactly once for each version, by whoever called `next_version`; the live room turns it into deltas.
    `patients` names those whose own part (their topics, their one-on-one) changed.
    """

    session_id: str
    version: int
    topics: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    run: bool = False
    people: bool = False
    alarms: bool = field(default=False, kw_only=True)  # one was raised, taken or ended
    everything: bool = field(default=False, kw_only=True)  # audiences fetch a snapshot instead
    moved: bool = field(default=False, kw_only=True)  # topics may have another place, although these do not show it any more
    only_new: bool = field(default=False, kw_only=True)  # these topics came, and nothing else changed
    only_support: bool = field(default=False, kw_only=True)  # nothing but who is with these topics: none came, none went on


@dataclass(frozen=True)
class TeamMemberLeft:
    """A staff member does not work in this visit any more, in one of the roles they had."""

    session_id: str
    staff_member_id: str


@dataclass(frozen=True)
class SessionOpened:
    session_id: str


@dataclass(frozen=True)
class SessionClosed:
    """The visit is over. `unseen`: (seat, reason) of those of whom the facilitator said why they were not seen one-on-one."""

    session_id: str
    unseen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SessionCancelled:
    session_id: str


@dataclass(frozen=True)
class SessionMoved:
    """A date has another time or room; its seats, answers and waiting list are still its own."""

    session_id: str


@dataclass(frozen=True)
class SeatArrived:
    """A patient was let in at the door."""

    session_id: str
    seat_id: str


@dataclass(frozen=True)
class SeatFreed:
    """Somebody said no, or was taken off the list: their place is free."""

    session_id: str
    seat_id: str


@dataclass(frozen=True)
class SeatLeftEarly:
    """Somebody who was here went home before the end, or is back: who waits for them looks at their seat's state."""

    session_id: str
    seat_id: str


@dataclass(frozen=True)
class CheckInUndone:
    """A wrong tap at the door was taken back."""

    session_id: str
    seat_id: str
