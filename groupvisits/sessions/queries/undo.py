"""What an answer was before it changes, so that a wrong tap can be taken back by the same verb."""

from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.sessions.models import Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import place_for

ANSWERS = {"confirmed": "yes", "declined": "no", "invited": "open"}


def answer_now(db: Session, viewer: Actor, session_id: str, seat_id: str) -> str:
    """What the seat says now, in the words of `answer_for`; "" where no answer of that kind would bring it back, such as an open offer."""
    place = place_for(db, viewer, session_id)
    POLICY.require(viewer, "sessions:seat", place)
    seat = db.get(Seat, seat_id)
    if seat is None or seat.session_id != session_id or seat.asked_again or seat.companions:
        return ""
    return "skip" if seat.state == "declined" and seat.skips else ANSWERS.get(seat.state, "")
