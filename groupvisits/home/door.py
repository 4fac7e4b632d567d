"""What the person's screen at the door says that sessions themselves do not know."""

from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from groupvisits.core import clock, language
from groupvisits.core.actor import Actor
from groupvisits.sessions.queries import Place
from groupvisits.slots import queries as slots


def one_on_one(db: Session, _viewer: Actor, place: Place, seat_id: str) -> list[dict[str, Any]]:
    """When and with whom the one-on-one is, once it is planned."""
    slot = slots.slot_of_seat(db, seat_id) if seat_id else None
    if slot is None or slot.state not in ("planned", "called", "coming"):
        return []
    provider = next((p for p in slots.providers_of(db, place) if p.id == slot.provider_id), None)
    at = language.time(clock.local(slot.planned_at, place.group_session.zone))
    where = ", ".join(part for part in (slot.place or (provider.place if provider else ""), provider.name if provider else "") if part)
    return [
        {"term": gettext("One-on-one"), "value": gettext("About %(time)s, %(where)s", time=at, where=where) if where else gettext("About %(time)s", time=at)}
    ]
