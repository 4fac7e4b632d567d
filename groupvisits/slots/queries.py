"""Reads of one-on-ones. They take a `Place` (the viewer's standing in a session), or the id of something the viewer has already found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda.models import PreVisitForm
from groupvisits.agenda.permissions import POLICY as AGENDA
from groupvisits.agenda.queries import alarms_of, authors_of, matters_of
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.programmes.rules import one_on_one_window
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import Place, place_for, seats_of
from groupvisits.sessions.rules import HERE
from groupvisits.slots import rules
from groupvisits.slots.models import Slot
from groupvisits.slots.permissions import POLICY

EXPECTED = ("confirmed", "arrived")  # seats whose patients are waited for


@dataclass(frozen=True)
class SlotPlace:
    """One slot and how the viewer stands to its session."""

    slot: Slot
    place: Place
    clinic_id: str


@dataclass(frozen=True)
class Provider:
    id: str
    name: str
    place: str


@dataclass(frozen=True)
class Row:
    """One line of somebody's running order."""

    slot: Slot
    name: str
    number: int | None
    here_since: datetime | None
    talking_until: datetime | None  # their own topic is on now
    is_next: bool
    seconds: int
    in_person: bool  # asked to be told in person when it is their turn


@dataclass(frozen=True)
class RunningOrder:
    """One resident's list: who is with them or on the way, who is next."""

    provider: Provider
    rows: Sequence[Row]
    with_them: Row | None
    called: Row | None
    next: Row | None
    next_planned_at: datetime | None  # when nobody waits: the next who is expected


@dataclass(frozen=True)
class StandingAlarm:
    """Somebody may need a person now; `taken_by` is who goes. The phrase is for who sees patients there, not for who leads."""

    id: str
    name: str
    phrase: str
    raised_at: datetime
    taken_by: str | None


@dataclass(frozen=True)
class Board:
    place: Place
    mine: RunningOrder | None
    others: Sequence[RunningOrder]
    alarms: Sequence[StandingAlarm] = ()


def slots_of(db: Session, place: Place) -> Sequence[Slot]:
    """All one-on-ones of the session, list by list."""
    return db.scalars(select(Slot).where(Slot.session_id == place.group_session.id).order_by(Slot.provider_id, Slot.position)).all()


def slot_of_seat(db: Session, seat_id: str) -> Slot | None:
    """The one-on-one of a seat the viewer has already found."""
    return db.scalar(select(Slot).where(Slot.seat_id == seat_id))


def own_slots(db: Session, viewer: Actor, session_ids: Sequence[str]) -> dict[str, Slot]:
    """The viewing patient's one-on-ones in these sessions, by session."""
    if viewer.kind != "patient" or not session_ids:
        return {}
    return {slot.session_id: slot for slot in db.scalars(select(Slot).where(Slot.patient_id == viewer.id, Slot.session_id.in_(session_ids)))}


def seats_of_who_came(db: Session, session_id: str) -> frozenset[str]:
    """The seats of everybody who was let in to a session the caller has found."""
    return frozenset(db.scalars(select(Seat.id).where(Seat.session_id == session_id, Seat.state.in_(HERE))))


def assignments(
    db: Session, place: Place, provider_ids: Sequence[str], seat_ids: Sequence[str], existing: Sequence[Slot], now: datetime
) -> Sequence[rules.Assignment]:
    """Where in whose list each of these seats goes that has no one-on-one yet; nothing is changed."""
    group_session, group = place.group_session, place.group_session.group
    window = one_on_one_window(group.layout, group.programme.run_sheet, group.minutes)
    return rules.plan(
        seat_ids, provider_ids, [rules.Planned(s.seat_id, s.provider_id, s.position, s.planned_at, s.state) for s in existing],
        begins_at=group_session.starts_at + timedelta(minutes=window.start), minutes=group.slot_minutes, now=now,
    )  # fmt: skip


def next_free(db: Session, place: Place, now: datetime) -> tuple[Provider, datetime] | None:
    """Who would see one more person, and when, once everybody who is expected has a one-on-one; None without a resident."""
    providers = {provider.id: provider for provider in providers_of(db, place)}
    one_more = "one more"
    expected = [seat.id for seat in seats_of(db, place) if seat.state in EXPECTED]
    made = assignments(db, place, list(providers), [*expected, one_more], slots_of(db, place), now)
    found = next((assignment for assignment in made if assignment.seat_id == one_more), None)
    return (providers[found.provider_id], found.planned_at) if found else None


def expected_at(db: Session, place: Place, slot: Slot, now: datetime) -> datetime:
    """When this one-on-one will be as things are: as planned, or after those before it where its time has passed."""
    if slot.state != "planned" or slot.planned_at > now:
        return slot.planned_at
    busy = db.scalar(select(Slot).where(Slot.session_id == slot.session_id, Slot.provider_id == slot.provider_id, Slot.state.in_(("started", *rules.CALLED))))
    until = now if busy is None else max(now, (busy.started_at or now) + timedelta(minutes=busy.minutes))
    return until + timedelta(minutes=slot.minutes) * people_before(db, slot)


def people_before(db: Session, slot: Slot) -> int:
    """How many who are here will be called before this one. Whoever is inside or already called is not before them any more."""
    if slot.state != "planned":
        return 0
    earlier = (
        select(Slot.id)
        .join(Seat, Seat.id == Slot.seat_id)
        .where(Slot.session_id == slot.session_id, Slot.provider_id == slot.provider_id, Slot.position < slot.position)
        .where(Slot.state == "planned", Seat.state == "arrived")
    )
    return len(db.scalars(earlier).all())


def seconds_of(db: Session, slot: Slot, now: datetime) -> tuple[int, int]:
    """(one-on-one, group) seconds of the slot's patient until now. They are kept apart."""
    seat = db.get_one(Seat, slot.seat_id)
    group_session = db.get_one(GroupSession, slot.session_id)
    individual = rules.individual_seconds(slot.started_at, slot.finished_at, now)
    return individual, rules.group_seconds(group_session.opened_at, seat.arrived_at, group_session.closed_at, slot.started_at, slot.finished_at, now)


def providers_of(db: Session, place: Place) -> Sequence[Provider]:
    """The session's residents, in the order of their rooms."""
    query = (
        select(StaffMember.id, StaffMember.name, SessionTeamMember.place)
        .join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
        .where(SessionTeamMember.session_id == place.group_session.id, SessionTeamMember.role == "resident", StaffMember.active)
        .order_by(SessionTeamMember.place, StaffMember.name, StaffMember.id)
    )
    return [Provider(*row) for row in db.execute(query)]


def slot_place_for(db: Session, viewer: Actor, slot_id: str, *, session_id: str | None = None, lock: bool = False) -> SlotPlace:
    """A slot of a session the viewer has a place in; NotFound otherwise, also when it is not of the session it was asked in."""
    slot = db.get(Slot, slot_id)
    if slot is None or (session_id is not None and slot.session_id != session_id):
        raise NotFound
    place = place_for(db, viewer, slot.session_id, lock=lock)
    if viewer.kind == "patient" and slot.patient_id != viewer.id:
        raise NotFound
    if lock:
        db.refresh(slot)
    return SlotPlace(slot, place, place.clinic_id)


def board_for(db: Session, viewer: Actor, session_id: str, now: datetime) -> Board:
    """The running orders of a session as the viewer's board shows them, their own first."""
    place = place_for(db, viewer, session_id)
    POLICY.require(viewer, "slots:see_board", place)
    providers = {provider.id: provider for provider in providers_of(db, place)}
    slots = slots_of(db, place)
    gone = {slot.provider_id: slot.place for slot in reversed(slots) if slot.provider_id not in providers}  # taken off the team after having seen somebody
    named = db.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(gone)).order_by(StaffMember.id)) if gone else ()
    providers |= {staff_member_id: Provider(staff_member_id, name, gone[staff_member_id]) for staff_member_id, name in named}
    seats = {seat.id: seat for seat in db.scalars(select(Seat).where(Seat.session_id == session_id))}
    people = {patient.id: patient for patient in db.scalars(select(Patient).where(Patient.id.in_([s.patient_id for s in slots])))}
    talking, talking_until = _talking_now(db, place)
    orders = []
    for provider in providers.values():
        theirs = [slot for slot in slots if slot.provider_id == provider.id]
        chosen = rules.next_slot([rules.Waiting(s.id, s.patient_id, s.state, seats[s.seat_id].state == "arrived") for s in theirs], talking)
        rows = [
            Row(
                slot,
                people[slot.patient_id].display_name,
                seats[slot.seat_id].slip_number,
                seats[slot.seat_id].arrived_at,
                talking_until if slot.patient_id in talking else None,
                slot.id == chosen,
                rules.individual_seconds(slot.started_at, slot.finished_at, now),
                people[slot.patient_id].in_person,
            )
            for slot in theirs
        ]
        orders.append(_running_order(provider, rows))
    mine = next((order for order in orders if order.provider.id == viewer.id), None)
    return Board(place, mine, [order for order in orders if order is not mine], _alarms(db, viewer, place))


def _alarms(db: Session, viewer: Actor, place: Place) -> Sequence[StandingAlarm]:
    """On the boards of those who see patients; whoever leads has them on the console."""
    if not POLICY.permits(viewer, "slots:see_alarms", place):
        return ()
    found = alarms_of(db, place)
    return [StandingAlarm(alarm.id, name, alarm.phrase, alarm.raised_at, by) for alarm, name, by in found]


def _running_order(provider: Provider, rows: Sequence[Row]) -> RunningOrder:
    def first(*states: str) -> Row | None:
        return next((row for row in rows if row.slot.state in states), None)

    expected = first("planned")
    return RunningOrder(
        provider, rows, first("started"), first(*rules.CALLED), next((row for row in rows if row.is_next), None), expected.slot.planned_at if expected else None
    )


def _talking_now(db: Session, place: Place) -> tuple[frozenset[str], datetime | None]:
    """Whose topic the group talks about now: nobody is pulled out during the topic they proposed, or that theirs was joined to."""
    group_session = place.group_session
    if group_session.current_topic_id is None:
        return frozenset(), None
    return authors_of(db, group_session.current_topic_id), group_session.topic_ends_at


def matters_on(db: Session, viewer: Actor, board: Board) -> dict[str, PreVisitForm]:
    """What people wrote for their one-on-one, by patient: a resident reads their own patients' words, the attending everybody's, others nobody's."""
    if not AGENDA.permits(viewer, "agenda:read_forms", board.place):
        return {}
    orders = [board.mine, *board.others] if POLICY.permits(viewer, "slots:read_forms_of_all", board.place) else [board.mine]
    return matters_of(db, viewer, board.place, [row.slot.patient_id for order in orders if order is not None for row in order.rows])
