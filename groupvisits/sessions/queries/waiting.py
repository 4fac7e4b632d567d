"""The waiting list as staff see it, each entry with its reason, and one's own place in it as a patient sees it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries import advice
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.queries.sisters import SisterDate, sisters_of
from groupvisits.sessions.rules import waiting

MAKE_UP_WITHIN = timedelta(days=45)
MOST_MAKE_UPS = 8
AHEAD, UNDONE = "sessions:put_ahead", "sessions:undo_waiting_list"  # in the record


@dataclass(frozen=True)
class WaitingLine:
    """One entry: who, since when, and why they have no place yet (see rules.waiting.why_not_yet)."""

    entry_id: str
    seat_id: str  # their row in this date, from which a make-up date is found
    patient_id: str
    name: str
    partner_name: str
    number: int
    since: datetime
    why: str
    ahead_by: str
    ahead_reason: str
    ahead_at: datetime | None
    offer_until: datetime | None
    given_back_by: str  # whose place the offer is, where somebody gave one back
    needs_reason: bool  # to be offered a place now
    made_by_hand: bool  # the offer, so that it can be taken back
    ahead_on: datetime | None  # when staff put them ahead
    ahead_of: Sequence[str]  # who waits longer and stands behind
    behind: str  # who stands right in front, without an offer
    is_pair: bool
    is_first: bool
    can_pass: Sequence[tuple[str, str]]  # (entry, names) of whom they can be put ahead of, the first of the list first


@dataclass(frozen=True)
class WaitingList:
    lines: Sequence[WaitingLine]
    free: int
    can_offer: bool

    @property
    def next(self) -> WaitingLine | None:
        """Who can be offered a place now."""
        return next((line for line in self.lines if line.why in ("next", "by_hand")), None)


def waiting_list_for(db: Session, viewer: Actor, place: Place) -> WaitingList:
    """Everybody who waits or has an offer, in order, with the reason of each. Only for those who keep the list."""
    POLICY.require(viewer, "sessions:seat", place)
    group_session, now = place.group_session, clock.now()
    rows = db.scalars(select(WaitingListEntry).where(WaitingListEntry.session_id == group_session.id, WaitingListEntry.state.in_(("waiting", "offered")))).all()
    free = free_places(db, group_session) if rows else 0
    can_offer, by_itself = group_session.state == "planned" and group_session.starts_at > now, waiting.offers_by_itself(group_session.starts_at, now)
    offers = {offer.entry_id: offer for offer in db.scalars(select(Offer).where(Offer.session_id == group_session.id, Offer.state == "open"))} if rows else {}
    names = _names(db, rows, offers.values())
    seats = _seats(db, group_session.id, rows)
    values = {value.id: value for value in as_waiting(rows)}
    order = sorted(rows, key=lambda row: (values[row.id].at, row.id))
    still = [values[row.id] for row in order if row.state == "waiting"]
    noted = _put_ahead_on(db, [row.id for row in rows if row.ahead_at])
    lines = []
    for number, row in enumerate(order, start=1):
        why = waiting.why_not_yet(values[row.id], still, free, has_offer=row.state == "offered", takes_offers=can_offer, by_itself=by_itself)
        offer = offers.get(row.id)
        before = [each for each in order[: number - 1] if each.state == "waiting"]
        lines.append(
            WaitingLine(
                entry_id=row.id, seat_id=seats.get(row.patient_id, ""), patient_id=row.patient_id, name=names.get(row.patient_id, ""), partner_name=names.get(row.partner_id or "", ""), number=number,
                since=row.since, why=why, ahead_by=row.ahead_by, ahead_reason=row.ahead_reason, ahead_at=row.ahead_at,
                offer_until=offer.expires_at if offer else None, given_back_by=names.get(offer.because, "") if offer else "", needs_reason=why not in ("next", "by_hand"),
                made_by_hand=offer is not None and offer.because == "by_hand", ahead_on=noted.get(row.id),
                ahead_of=[names.get(each.patient_id, "") for each in order[number:] if row.ahead_at and each.since < row.since],
                behind=names.get(before[-1].patient_id, "") if before else "", is_pair=row.partner_id is not None,
                is_first=not before, can_pass=[(each.id, names.get(each.patient_id, "")) for each in before] if row.state == "waiting" else (),
            )
        )  # fmt: skip
    return WaitingList(lines, free, can_offer)


def _put_ahead_on(db: Session, entry_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these was put where it stands, as the record has it: a step that was undone does not count."""
    if not entry_ids:
        return {}
    about = (AuditEntry.subject_kind == WaitingListEntry.__tablename__, AuditEntry.subject_id.in_(entry_ids))
    query = select(AuditEntry.subject_id, AuditEntry.action, AuditEntry.at, AuditEntry.details).where(*about, AuditEntry.action.in_((AHEAD, UNDONE)))
    steps: dict[str, list[datetime]] = defaultdict(list)
    for entry_id, action, at, details in db.execute(query.order_by(AuditEntry.number)):
        if action == AHEAD:
            steps[entry_id].append(at)
        elif details["act"] == "put_ahead":
            steps[entry_id].pop()
    return {entry_id: moments[-1] for entry_id, moments in steps.items() if moments}


def limit_of(db: Session, group_session: GroupSession) -> int:
    """How many places may be held: the maximum, or for a group that over-invites the advised number (DOMAIN 5)."""
    return advice.limit_for(db, group_session) if group_session.group.over_inviting else group_session.maximum


def free_places(db: Session, group_session: GroupSession) -> int:
    """How many more places may be held now, beside those of open offers; below zero where staff went beyond."""
    held = db.scalar(select(func.count()).select_from(Seat).where(Seat.session_id == group_session.id, Seat.seat_no.is_not(None))) or 0
    return limit_of(db, group_session) - held


def with_free_places(db: Session, dates: Sequence[GroupSession]) -> list[str]:
    """Which of these dates, any clinic's, have places free for somebody who waits: the same few questions for each clinic, however many dates."""
    ids = [each.id for each in dates]
    held = select(Seat.session_id, func.count()).where(Seat.session_id.in_(ids), Seat.seat_no.is_not(None)).group_by(Seat.session_id)
    held_by: dict[str, int] = dict(db.execute(held).all())  # type: ignore[arg-type]
    limits = advice.limits_for(db, [each for each in dates if each.group.over_inviting])
    needs = func.min(case((WaitingListEntry.partner_id.is_(None), 1), else_=2))
    queue = select(WaitingListEntry.session_id, needs).where(WaitingListEntry.session_id.in_(ids), WaitingListEntry.state == "waiting")
    needed: dict[str, int] = dict(db.execute(queue.group_by(WaitingListEntry.session_id)).all())  # type: ignore[arg-type]
    return [each.id for each in dates if each.id in needed and limits.get(each.id, each.maximum) - held_by.get(each.id, 0) >= needed[each.id]]


def my_place_in_line(db: Session, viewer: Actor, session_id: str) -> int:
    """The viewing patient's number among those who wait for this date, 1 being the next; 0 for who does not wait. Nobody else's."""
    POLICY.require(viewer, "sessions:ask_for_seat")
    rows = db.scalars(select(WaitingListEntry).where(WaitingListEntry.session_id == session_id, WaitingListEntry.state == "waiting")).all()
    order = waiting.in_order(as_waiting(rows))
    mine = {row.id for row in rows if viewer.id in (row.patient_id, row.partner_id)}
    return next((number for number, entry in enumerate(order, start=1) if entry.id in mine), 0)


def date_of_programme(db: Session, viewer: Actor, session_id: str, *, lock: bool = False) -> GroupSession:
    """A date of one of the groups of the viewing patient's programmes; NotFound for any other."""
    group_session = db.get(GroupSession, session_id, with_for_update={"of": GroupSession} if lock else None)
    if group_session is None or group_session.clinic_id != viewer.clinic_id:
        raise NotFound
    mine = select(Group.programme_id).join(Membership, Membership.group_id == Group.id).where(Membership.patient_id == viewer.id, Membership.until.is_(None))
    has_seat = exists().where(Seat.session_id == session_id, Seat.patient_id == viewer.id, Seat.state != "cancelled")
    if group_session.group.programme_id not in set(db.scalars(mine)) and not db.scalar(select(has_seat)):
        raise NotFound
    return group_session


def make_up_dates(db: Session, group_session: GroupSession) -> list[SisterDate]:
    """Where somebody can make up for this date, which the caller has found for its viewer."""
    return sisters_of(db, group_session, MAKE_UP_WITHIN)[:MOST_MAKE_UPS]


def as_waiting(rows: Iterable[WaitingListEntry]) -> list[waiting.Waiting]:
    """Entries as the rules see them."""
    return [waiting.Waiting(row.id, 2 if row.partner_id else 1, row.ahead_at or row.since) for row in rows]


def _seats(db: Session, session_id: str, rows: Sequence[WaitingListEntry]) -> dict[str, str]:
    """The rows in this date of whoever waits, by patient."""
    if not rows:
        return {}
    wanted = [row.patient_id for row in rows]
    return dict(db.execute(select(Seat.patient_id, Seat.id).where(Seat.session_id == session_id, Seat.patient_id.in_(wanted), Seat.state != "cancelled")).all())  # type: ignore[arg-type]


def _names(db: Session, rows: Sequence[WaitingListEntry], offers: Iterable[Offer]) -> dict[str, str]:
    """Names by patient, and by "seat:<id>" for whoever gave a place back."""
    wanted = {row.patient_id for row in rows} | {row.partner_id for row in rows if row.partner_id}
    names = {patient.id: patient.name for patient in db.scalars(select(Patient).where(Patient.id.in_(wanted)))} if wanted else {}
    seats = [offer.because.removeprefix("seat:") for offer in offers if offer.because.startswith("seat:")]
    if seats:
        found = db.execute(
            select(Seat.id, Patient)
            .join(Patient, Patient.id == Seat.patient_id)
            .where(Seat.id.in_(seats), or_(Seat.state == "declined", Seat.state == "cancelled"))
        )
        names |= {f"seat:{seat_id}": patient.name for seat_id, patient in found}
    return names
