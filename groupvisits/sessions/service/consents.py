"""What other people's screens may show of somebody has changed: every room they belong to shows it from the next moment on."""

from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import ConsentsChanged, PatientChanged
from groupvisits.programmes.models import Group
from groupvisits.sessions.events import SessionChanged
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.service.versions import next_version


def redraw_rooms(tx: Transaction, event: ConsentsChanged | PatientChanged) -> None:
    """Listens within: names stand in topics, one-on-ones and lists of people alike, so the screens of these rooms are made anew."""
    query = (
        select(GroupSession.id)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(Seat.patient_id == event.patient_id, Seat.state != "cancelled")
        .where((GroupSession.state == "open") | ((GroupSession.state == "planned") & (GroupSession.ends_at > clock.now())))
        .order_by(GroupSession.id)
    )
    if isinstance(event, ConsentsChanged):
        query = query.join(Group, Group.id == GroupSession.group_id).where(Group.programme_id == event.programme_id)
    for session_id in tx.scalars(query).all():
        tx.announce(SessionChanged(session_id, next_version(tx, session_id), everything=True))
