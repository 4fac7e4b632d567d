"""How an actor stands to one session: what every permission predicate about sessions looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.statements import Statement, columns, table_of
from groupvisits.sessions.models import ONE_ON_ONES, GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY


@dataclass(frozen=True)
class Place:
    """How an actor stands to one session: what the permission predicates of this package and those above it look at."""

    group_session: GroupSession
    clinic_id: str
    team_roles: frozenset[str]
    seat: Seat | None
    is_display: bool = False


def place_for(db: Session, viewer: Actor, session_id: str, *, lock: bool = False) -> Place:
    """The session and the viewer's place in it; NotFound where they have none. `lock` holds the session's row for this transaction."""
    group_session = db.get(GroupSession, session_id, with_for_update={"of": GroupSession} if lock else None)
    if group_session is None or (viewer.clinic_id != group_session.clinic_id and viewer.kind != "system"):
        raise NotFound
    team_roles: frozenset[str] = frozenset()
    seat = None
    if viewer.kind == "staff":
        mine = select(SessionTeamMember.role).where(SessionTeamMember.session_id == session_id, SessionTeamMember.staff_member_id == viewer.id)
        team_roles = frozenset(db.scalars(mine)) & viewer.roles  # a role taken away by the administrator is gone here too
    elif viewer.kind == "patient":
        seat = db.scalar(select(Seat).where(Seat.session_id == session_id, Seat.patient_id == viewer.id, Seat.state != "cancelled"))
    place = Place(group_session, group_session.clinic_id, team_roles, seat, viewer.kind == "display" and viewer.session_id == session_id)
    if viewer.kind != "system" and not POLICY.permits(viewer, "sessions:know_of", place):
        raise NotFound
    return place


def place_of_patient(db: Session, viewer: Actor, session_id: str, *, lock: bool = False) -> Place:
    """The same for what patients do most, by one statement: session and seat are rows of a few columns."""
    row = (_PLACE_HELD if lock else _PLACE).one(db, session_id=session_id, patient_id=viewer.id)
    if row is None or viewer.clinic_id != row.clinic_id:
        raise NotFound
    seat: Any = _SeatRow(row.seat_id, row.seat_state) if row.seat_id else None
    place = Place(row, row.clinic_id, frozenset(), seat)
    if not POLICY.permits(viewer, "sessions:know_of", place):
        raise NotFound
    return place


class _SeatRow(NamedTuple):
    id: str
    state: str


_SESSIONS, _SEATS = table_of(GroupSession), table_of(Seat)
_ROW = (
    select(
        *columns(GroupSession, "id", "clinic_id", "group_id", "state", "closed_at", "epoch", "version"),
        (_SESSIONS.c.decision == ONE_ON_ONES).label("only_one_on_ones"),
        _SEATS.c.id.label("seat_id"),
        _SEATS.c.state.label("seat_state"),
    )
    .outerjoin(_SEATS, and_(_SEATS.c.session_id == _SESSIONS.c.id, _SEATS.c.patient_id == bindparam("patient_id"), _SEATS.c.state != "cancelled"))
    .where(_SESSIONS.c.id == bindparam("session_id"))
)
_PLACE, _PLACE_HELD = Statement(_ROW), Statement(_ROW.with_for_update(of=_SESSIONS))


def group_session_for(db: Session, viewer: Actor, session_id: str) -> GroupSession:
    """The session, if the viewer may know of it; NotFound otherwise."""
    return place_for(db, viewer, session_id).group_session


def seats_of(db: Session, place: Place) -> Sequence[Seat]:
    """All seats of a session the viewer has a place in, in the order of their slip numbers and then of their chairs."""
    query = select(Seat).where(Seat.session_id == place.group_session.id, Seat.state != "cancelled")
    return sorted(db.scalars(query), key=lambda seat: (seat.slip_number or 99, seat.seat_no or 99, seat.id))
