"""When the clinic is closed, by its own word and by the calendar of its country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.programmes import queries as programmes
from groupvisits.sessions.models import Closure
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import series


@dataclass(frozen=True)
class PublicHoliday:
    day: date
    name: str


def closures_for(db: Session, viewer: Actor, *, at_most: int = 200) -> Sequence[Closure]:
    """What is entered and not over, by day."""
    POLICY.require(viewer, "sessions:keep_closures")
    today = clock.today(programmes.clinic_of(db, viewer).zone)
    query = select(Closure).where(Closure.clinic_id == viewer.clinic_id, Closure.last_day >= today)
    return db.scalars(query.order_by(Closure.first_day, Closure.from_time, Closure.id).limit(at_most)).all()


def public_holidays_for(db: Session, viewer: Actor) -> list[PublicHoliday]:
    """The public holidays of the next twelve months where the clinic is."""
    POLICY.require(viewer, "sessions:keep_closures")
    clinic = programmes.clinic_of(db, viewer)
    first = clock.today(clinic.zone)
    last = first + timedelta(days=365)
    named = {day: name for year in (first.year, last.year) for day, name in series.public_holidays(clinic.country, clinic.subdivision, year).items()}
    return [PublicHoliday(day, name) for day, name in sorted(named.items()) if first <= day <= last]
