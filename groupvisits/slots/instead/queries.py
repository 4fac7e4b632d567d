"""Who would be seen by whom and when if the group did not meet, and what people would read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import GroupSession, Notice
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries import Place, seats_of
from groupvisits.sessions.rules import census
from groupvisits.slots.models import Slot
from groupvisits.slots.queries import assignments, providers_of, slots_of


@dataclass(frozen=True)
class SeenAlone:
    """One person's one-on-one: with whom, about when, in which room."""

    patient_id: str
    name: str
    provider: str
    at: datetime
    place: str


@dataclass(frozen=True)
class Instead:
    """What would become of everybody. `unasked` have not been told of the date, so they would be told nothing."""

    group_session: GroupSession
    people: Sequence[SeenAlone]
    withdrawn: Sequence[str]  # names of those who have not said yes and know of the date
    unasked: Sequence[str]
    has_resident: bool
    seen: str
    message: str  # the very text that the first of them reads, in English

    @property
    def told(self) -> int:
        return len(self.people) + len(self.withdrawn)

    @property
    def times(self) -> Mapping[str, tuple[datetime, str]]:
        return {person.patient_id: (person.at, person.place) for person in self.people}


def instead_for(db: Session, viewer: Actor, place: Place, *, link: str = "") -> Instead:
    """The one-on-ones as they are or would be planned for everybody who said yes, for who decides about the date. `link` stands for their own."""
    POLICY.require(viewer, "sessions:decide", place)
    group_session, seats = place.group_session, seats_of(db, place)
    named = {patient.id: patient.name for patient in db.scalars(select(Patient).where(Patient.id.in_([seat.patient_id for seat in seats])))}
    providers = {provider.id: provider for provider in providers_of(db, place)}
    yes = {seat.id: seat.patient_id for seat in seats if seat.state == "confirmed"}
    planned = {seat_id: (provider_id, at) for seat_id, provider_id, at in _planned(db, place, list(providers), list(yes))}
    people = [
        SeenAlone(yes[seat_id], named[yes[seat_id]], providers[provider_id].name, at, providers[provider_id].place or group_session.room)
        for seat_id, (provider_id, at) in sorted(planned.items(), key=lambda item: (item[1][1], providers[item[1][0]].place, item[0]))
    ]
    open_ = [seat.patient_id for seat in seats if seat.state in census.NOT_SEEN]
    reached = set(db.scalars(select(Notice.patient_id).where(Notice.session_id == group_session.id, Notice.state == "sent")))
    told = reached | {seat.patient_id for seat in seats if seat.answered_at or seat.state == "waitlisted"}
    seen = census.seen_of(
        [f"{person.patient_id}:{person.at.isoformat()}:{person.provider}:{person.place}" for person in people], open_, [str(who in told) for who in open_],
        [group_session.starts_at.isoformat(), group_session.room],
    )  # fmt: skip
    return Instead(
        group_session, people, sorted(named[who] for who in open_ if who in told), sorted(named[who] for who in open_ if who not in told), bool(providers), seen,
        _message(db, group_session, people[0], link) if people else "",
    )  # fmt: skip


def _planned(db: Session, place: Place, provider_ids: Sequence[str], seat_ids: Sequence[str]) -> list[tuple[str, str, datetime]]:
    """(seat, provider, when): as planned already where that still holds, else where the plan would put them."""
    existing: Sequence[Slot] = slots_of(db, place)
    added = assignments(db, place, provider_ids, seat_ids, existing, clock.now())
    moved = {assignment.seat_id for assignment in added}
    kept = [slot for slot in existing if slot.seat_id in seat_ids and slot.seat_id not in moved and slot.provider_id in provider_ids]
    return [
        *((slot.seat_id, slot.provider_id, slot.planned_at) for slot in kept),
        *((assignment.seat_id, assignment.provider_id, assignment.planned_at) for assignment in added),
    ]


def _message(db: Session, group_session: GroupSession, person: SeenAlone, link: str) -> str:
    clinic = db.get_one(Clinic, group_session.clinic_id)
    facts = emails.facts_of(clinic, group_session, language="en", at=person.at, at_place=person.place, link=link)
    return emails.words_for("one_on_one", facts).text.strip()
