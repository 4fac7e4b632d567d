"""The verbs of sessions: open, close, take and free a seat, let in at the door."""

from sqlalchemy import func, select, update

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SeatArrived, SessionChanged, SessionClosed, SessionOpened
from groupvisits.sessions.models import HOLDING, GroupSession, Seat
from groupvisits.sessions.permissions import POLICY


def next_version(tx: Transaction, session_id: str) -> int:
    """Count one more accepted live command and return the session's new version: +1 each time, without a gap.

    Holds the session's row until the commit, so that versions are given in the order of the commits.
    """
    version = tx.scalar(
        update(GroupSession).where(GroupSession.id == session_id).values(version=GroupSession.version + 1).returning(GroupSession.version),
        execution_options={"synchronize_session": "fetch"},
    )
    if version is None:
        raise NotFound
    return version


def take_seat(
    tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, *, state: str = "confirmed", over_maximum_reason: str = "", companions: int = 0
) -> Seat:
    """The patient holds a place in the session afterwards. The one way to a place, for every path; the caller has checked permission.

    Refuses with SessionFull when all places are held (unless there is a reason to go beyond), with WrongState when the visit is
    over or cancelled. Twice is the same as once. The session's row is locked first and the places counted after: two people who
    both see the last free place do not both get it.
    """
    _lock_session(tx, group_session.id)
    rules.check_takes_seats(group_session.state)
    seat = tx.scalar(select(Seat).where(Seat.session_id == group_session.id, Seat.patient_id == patient_id))
    if seat is not None and seat.state in HOLDING:
        return seat
    taken = set(tx.scalars(select(Seat.seat_no).where(Seat.session_id == group_session.id, Seat.seat_no.is_not(None))).all())
    rules.check_place_is_free(taken, group_session.maximum, over_maximum_reason)
    if seat is None:
        seat = Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patient_id)
        tx.add(seat)
    beyond = len(taken) >= group_session.maximum
    seat.state, seat.changed_at, seat.companions = state, clock.now(), companions
    seat.over_maximum_reason = over_maximum_reason.strip()[:200] if beyond else ""
    with tx.refused_as(rules.SessionFull(maximum=group_session.maximum, held=len(taken)), "uq_seats_session_id_seat_no"):
        seat.seat_no = rules.first_free_seat(taken, group_session.maximum)
    audit.record(tx, actor, "sessions:take_seat", seat, session_id=group_session.id, patient=patient_id, state=state, beyond_maximum=beyond, reason=seat.over_maximum_reason)
    return seat


def _lock_session(tx: Transaction, session_id: str) -> None:
    """Nobody else counts or takes seats of this session until we commit. (SQLite: the whole transaction has that right already.)"""
    tx.execute(select(GroupSession.id).where(GroupSession.id == session_id).with_for_update())


def free_seat(tx: Transaction, actor: Actor, seat: Seat, state: str) -> None:
    """The seat no longer holds a place; `state` says why ("declined", "cancelled"). Its place is free at once."""
    _lock_session(tx, seat.session_id)
    seat.state, seat.seat_no, seat.changed_at = state, None, clock.now()
    audit.record(tx, actor, "sessions:free_seat", seat, session_id=seat.session_id, patient=seat.patient_id, state=state)


def check_in(tx: Transaction, actor: Actor, session_id: str, seat_id: str) -> str:
    """The patient is here: takes a place if they had none, gets a slip number, and a fresh slip code, which is returned once.

    Checking in again gives a new code and ends the old one (a lost slip). Refuses like take_seat.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:check_in", place)
    seat = tx.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id:
        raise NotFound
    rules.check_takes_seats(place.group_session.state)
    if seat.state not in HOLDING:
        take_seat(tx, actor, place.group_session, seat.patient_id)
    if seat.slip_number is None:
        seat.slip_number = (tx.scalar(select(func.max(Seat.slip_number)).where(Seat.session_id == session_id)) or 0) + 1
    code = ids.new_code()
    seat.state, seat.slip_code, seat.changed_at = "arrived", ids.fingerprint(f"{session_id}:{code}"), clock.now()
    seat.arrived_at = seat.arrived_at or clock.now()
    tx.flush()
    audit.record(tx, actor, "sessions:check_in", seat, session_id=session_id, patient=seat.patient_id)
    tx.announce(SeatArrived(session_id, seat.id))
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), people=True, patients=(seat.patient_id,)))
    return code


def open_session(tx: Transaction, actor: Actor, session_id: str) -> None:
    """The room is open: its join code exists and phones may come in. Opening an open room changes nothing."""
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:open", place)
    group_session = place.group_session
    if group_session.state == "open":
        return
    rules.check_can_open(group_session.state)
    group_session.state, group_session.opened_at, group_session.join_code = "open", clock.now(), ids.new_code()
    tx.flush()
    audit.record(tx, actor, "sessions:open", group_session, session_id=session_id)
    tx.announce(SessionOpened(session_id))
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), run=True))


def close_session(tx: Transaction, actor: Actor, session_id: str) -> dict[str, object]:
    """The visit is over: arrived people attended, the others did not come; whoever listens parks topics and opens the feedback form.

    Closing a closed visit changes nothing.
    """
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:close", place)
    group_session = place.group_session
    if group_session.state == "closed":
        return {"version": group_session.version}
    rules.check_can_close(group_session.state)
    group_session.state, group_session.closed_at, group_session.join_code = "closed", clock.now(), None
    group_session.current_topic_id = group_session.topic_ends_at = None
    for seat in tx.scalars(select(Seat).where(Seat.session_id == session_id)):
        if seat.state == "arrived":
            seat.state = "attended"
        elif seat.state == "confirmed":
            seat.state = "no_show"
    tx.flush()
    audit.record(tx, actor, "sessions:close", group_session, session_id=session_id)
    version = next_version(tx, session_id)
    tx.announce(SessionClosed(session_id))
    tx.announce(SessionChanged(session_id, version, everything=True))
    return {"version": version}
