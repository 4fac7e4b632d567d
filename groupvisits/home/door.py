"""What the person's screen at the door says that sessions themselves do not know."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from groupvisits.core import clock, language
from groupvisits.core.actor import Actor
from groupvisits.sessions.queries import Place
from groupvisits.slots import queries as slots


def one_on_one(db: Session, _viewer: Actor, place: Place, seat_id: str) -> list[dict[str, Any]]:
    """When and with whom the one-on-one is, once it is planned; for somebody who comes too late for it, when it will be instead."""
    slot = slots.slot_of_seat(db, seat_id) if seat_id else None
    if slot is None or slot.state not in ("planned", "called", "coming"):
        return []
    provider = next((p for p in slots.providers_of(db, place) if p.id == slot.provider_id), None)
    expected = slots.expected_at(db, place, slot, clock.now())
    at = _on_the_wall(expected, place)
    where = ", ".join(part for part in (slot.place or (provider.place if provider else ""), provider.name if provider else "") if part)
    is_new = slot.state == "planned" and expected > slot.planned_at + timedelta(minutes=slot.minutes)
    return [
        {
            "term": gettext("One-on-one, new time") if is_new else gettext("One-on-one"),
            "value": gettext("About %(time)s, %(where)s", time=at, where=where) if where else gettext("About %(time)s", time=at),
        }
    ]


def next_one_on_one(db: Session, _viewer: Actor, place: Place) -> str:
    """Who sees somebody for whom there is no chair, and when: where the plan would put them. Empty without a clinician."""
    found = slots.next_free(db, place, clock.now())
    return gettext("%(name)s at %(time)s", name=found[0].name, time=_on_the_wall(found[1], place)) if found else ""


def _on_the_wall(moment: datetime, place: Place) -> str:
    return language.time(clock.local(moment, place.group_session.zone))
