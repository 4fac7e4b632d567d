"""What a patient's own pages show: only their own rows, in a number of questions that does not grow with their visits."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from groupvisits.agenda import queries as agenda
from groupvisits.agenda.models import Topic
from groupvisits.agenda.rules import form_state, takes_late_topics
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.home.minutes.queries import Entry, topics_of
from groupvisits.home.my import rules
from groupvisits.home.permissions import POLICY
from groupvisits.live.queries import snapshot_for
from groupvisits.patients.queries.agreements import my_agreements
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.queries import waiting
from groupvisits.sessions.rules.states import CAME
from groupvisits.slots import queries as slots
from groupvisits.slots.models import Slot

AT_MOST = 24


@dataclass(frozen=True)
class Visit:
    """One date as its patient sees it. `phase` and `answer` as in home.my.rules; `form`: "", not_yet, open, filled_in or closed."""

    group_session: GroupSession
    seat: Seat | None
    phase: str
    answer: str
    form: str
    topics: Sequence[Topic] = ()
    entry: WaitingListEntry | None = None
    offer: Offer | None = None
    offer_over: bool = False  # a place was kept for the viewer and they did not answer in time
    in_line: int = 0  # the viewer's place in the queue; 0: not waiting
    is_full: bool = False  # all places are held
    slot: Slot | None = None  # the viewer's one-on-one, where the group does not meet

    @property
    def zone(self) -> str:
        return self.group_session.zone

    @property
    def title(self) -> str:
        return self.group_session.group.name

    @property
    def id(self) -> str:
        return self.group_session.id

    @property
    def is_pair(self) -> bool:
        """The viewer waits together with somebody: one free place is not enough."""
        return self.entry is not None and self.entry.partner_id is not None

    @property
    def is_seen_alone(self) -> bool:
        """The group does not meet, and the viewer has a time of their own."""
        return self.slot is not None and self.answer in ("yes", "moved", "here") and self.phase in ("to_come", "running")

    @property
    def takes_answers(self) -> bool:
        return (
            self.phase == "to_come"
            and self.group_session.starts_at > clock.now()
            and not self.offer_over
            and self.answer in ("open", "moved", "yes", "no", "skip")
        )


@dataclass(frozen=True)
class MyVisits:
    running: Sequence[Visit] = ()
    offers: Sequence[Visit] = ()
    upcoming: Sequence[Visit] = ()
    past: Sequence[Visit] = ()
    to_sign: int = 0
    agreements: int = field(default=0)


@dataclass(frozen=True)
class Afterwards:
    """What stays of a visit for one of its patients: `me` is their own part as the room shows it, the rest is the group's, without names."""

    me: dict[str, Any]
    talked_about: Sequence[Entry]
    next_at: datetime | None  # on the wall of the visit's zone
    takes_topics: bool  # for a day


@dataclass(frozen=True)
class OtherDate:
    """A date of another group of the same programme, which somebody may come to instead of their own."""

    group_session: GroupSession
    is_full: bool  # no place, or others wait for the ones there are

    @property
    def zone(self) -> str:
        return self.group_session.zone


def my_visits(db: Session, viewer: Actor) -> MyVisits:
    """The viewing patient's visits: running now, offered, to come (also those said no to, and those waited for) and past."""
    POLICY.require(viewer, "home:my_pages")
    visits = _visits(db, viewer)
    agreements = my_agreements(db, viewer)
    return MyVisits(
        running=[v for v in visits if v.phase == "running" and v.answer not in ("no", "skip")],
        offers=[v for v in visits if v.phase == "to_come" and v.offer is not None],
        upcoming=[v for v in visits if v.phase in ("to_come", "cancelled") and v.offer is None and v.group_session.ends_at > clock.now()][:AT_MOST],
        past=[v for v in reversed(visits) if v.group_session.state == "closed"][:AT_MOST],
        to_sign=sum(each.state != "signed" and each.state != "withdrawn" for each in agreements),
        agreements=len(agreements),
    )


def my_visit(db: Session, viewer: Actor, session_id: str) -> Visit:
    """One of them, also where the place is gone meanwhile (answer "gone"); NotFound for a visit that never had to do with the viewer."""
    POLICY.require(viewer, "home:my_pages")
    found = _visits(db, viewer, session_id)
    if not found:
        raise NotFound
    visit = found[0]
    if visit.phase != "to_come":
        return visit
    return replace(visit, in_line=waiting.my_place_in_line(db, viewer, session_id), is_full=waiting.free_places(db, visit.group_session) <= 0)


def afterwards(db: Session, viewer: Actor, visit: Visit) -> Afterwards | None:
    """What became of the viewer's topics, their plan and next date, and what the group took from the visit; None unless they came."""
    if visit.group_session.state != "closed" or visit.seat is None or visit.seat.state not in CAME:
        return None
    me = snapshot_for(db, viewer, visit.id, "patient")["me"]
    next_visit, closed_at = me["next_visit"], visit.group_session.closed_at
    return Afterwards(
        me, topics_of(db, [visit.id])[visit.id, "talked_about"], clock.local(datetime.fromisoformat(next_visit["starts_at"]), visit.zone) if next_visit else None,
        takes_topics=takes_late_topics(closed_at, clock.now()),
    )  # fmt: skip


def other_dates(db: Session, viewer: Actor, session_id: str) -> list[OtherDate]:
    """The dates of sister groups around this one of the viewer's, without those they have a place in or wait for."""
    own = my_visit(db, viewer, session_id).group_session
    known = set(db.scalars(select(Seat.session_id).where(Seat.patient_id == viewer.id, Seat.state.not_in(("cancelled", "declined")))))
    found = waiting.make_up_dates(db, own)
    return [OtherDate(one.group_session, one.free <= one.waiting) for one in found if one.group_session.id not in known]


def _visits(db: Session, viewer: Actor, session_id: str = "") -> list[Visit]:
    seat_of = (Seat.session_id == GroupSession.id) & (Seat.patient_id == viewer.id)
    entry_of = (WaitingListEntry.session_id == GroupSession.id) & (
        (WaitingListEntry.patient_id == viewer.id) | (WaitingListEntry.partner_id == viewer.id)
    ) & WaitingListEntry.state.in_(("waiting", "offered"))  # fmt: skip
    query = (
        select(GroupSession, Seat, WaitingListEntry)
        .outerjoin(Seat, seat_of)
        .outerjoin(WaitingListEntry, entry_of)
        .where(GroupSession.clinic_id == viewer.clinic_id, or_(Seat.id.is_not(None), WaitingListEntry.id.is_not(None)))
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    query = query.where(GroupSession.id == session_id if session_id else or_(Seat.state != "cancelled", WaitingListEntry.id.is_not(None)))
    rows = db.execute(query).unique().all()
    entries = [entry.id for _, _, entry in rows if entry is not None]
    offers = {offer.entry_id: offer for offer in db.scalars(select(Offer).where(Offer.entry_id.in_(entries), Offer.state == "open"))} if entries else {}
    topics, filled_in, now = agenda.own_topics(db, viewer), agenda.forms_filled_in(db, viewer), clock.now()
    lapsed = _lapsed(db, viewer)
    alone = slots.own_slots(db, viewer, [session.id for session, _, _ in rows if session.only_one_on_ones])
    return [
        _visit(group_session, seat, entry, offers.get(entry.id) if entry is not None else None, topics.get(group_session.id, []), group_session.id in filled_in, now, alone.get(group_session.id), group_session.id in lapsed)
        for group_session, seat, entry in rows
    ]  # fmt: skip


def _lapsed(db: Session, viewer: Actor) -> set[str]:
    """The dates on which the viewer's last offer ran out unanswered, and they do not wait again."""
    mine = select(WaitingListEntry.session_id, WaitingListEntry.state, Offer.state).join(Offer, Offer.entry_id == WaitingListEntry.id, isouter=True)
    rows = db.execute(
        mine.where(or_(WaitingListEntry.patient_id == viewer.id, WaitingListEntry.partner_id == viewer.id)).order_by(WaitingListEntry.since, Offer.made_at)
    )
    return {session_id for session_id, last in {row[0]: row for row in rows}.items() if last[1] == "left" and last[2] == "lapsed"}


def _visit(
    group_session: GroupSession, seat: Seat | None, entry: WaitingListEntry | None, offer: Offer | None, topics: Sequence[Topic], filled_in: bool, now: datetime,
    slot: Slot | None, lapsed: bool,
) -> Visit:  # fmt: skip
    phase = rules.phase_of(group_session.state, group_session.ends_at, now)
    answer = rules.answer_of(seat.state, skips=seat.skips, asked_again=seat.asked_again) if seat is not None else "gone"
    if offer is not None and offer.expires_at <= now:  # until the next tick it is still open in name
        entry, offer, answer, lapsed = None, None, "open", True
    offer_over = lapsed and answer == "open" and phase == "to_come"
    form = form_state(group_session.state, group_session.starts_at, now) if answer in ("open", "yes", "moved", "offered", "here") and not offer_over else ""
    if form == "open" and filled_in:
        form = "filled_in"
    return Visit(group_session, seat, phase, answer, form, topics, entry, offer, offer_over, slot=slot)
