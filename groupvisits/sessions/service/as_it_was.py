"""What an act on the waiting list keeps for its undo, as JSON: how the rows were, and by which moments one sees that they are still as it left them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import Seat, WaitingListEntry
from groupvisits.sessions.service import entries


def before_leaving(tx: Transaction, entry: WaitingListEntry) -> dict[str, Any]:
    offer = entries.open_offer(tx, entry)
    return {
        "offer_id": offer.id if offer else "",
        "seats": {
            seat.patient_id: {
                "skips": seat.skips, "answered_at": moment(seat.answered_at), "answered_by": seat.answered_by, "makes_up_for_id": seat.makes_up_for_id,
                "reason": seat.over_maximum_reason,
            }
            for seat in seats_of(tx, entry)
        },
    }  # fmt: skip


def after_leaving(tx: Transaction, entry: WaitingListEntry) -> dict[str, Any]:
    return {"left_at": moment(entry.changed_at), "seats_left_at": stood(seats_of(tx, entry))}


def order_of(found: dict[str, WaitingListEntry], moved: dict[str, datetime]) -> dict[str, Any]:
    return {
        "order": {
            each_id: {"at": moment(found[each_id].ahead_at), "by": found[each_id].ahead_by, "reason": found[each_id].ahead_reason, "became": moment(at)}
            for each_id, at in moved.items()
        }
    }


def seats_of(tx: Transaction, entry: WaitingListEntry) -> list[Seat]:
    """Of the one or two people of the entry, as the rows are now."""
    theirs = select(Seat).where(Seat.session_id == entry.session_id, Seat.patient_id.in_(entries.people_of(entry))).order_by(Seat.id)
    return list(tx.scalars(theirs, execution_options={"populate_existing": True}))


def stood(seats: list[Seat]) -> list[Any]:
    return [[seat.patient_id, seat.state, moment(seat.changed_at)] for seat in seats]


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def read(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None
