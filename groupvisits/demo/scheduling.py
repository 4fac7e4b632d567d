"""What makes scheduling worth looking at: a full date with a waiting list, an offer and a pair; a date that moved; recruits, agreements, forms.

Rows are written as the verbs leave them. Its own dice: the rest of the practice clinic stays as it is when this changes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.agenda.models import PreVisitForm, Topic
from groupvisits.core import ids
from groupvisits.core.transaction import Transaction
from groupvisits.demo import content
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import AgreementSignature, AgreementText, CarePartner, Pair, Patient
from groupvisits.patients.rules.agreements import CONSENTS
from groupvisits.programmes.models import Group, Programme, Recruit, RunSheetTemplate
from groupvisits.sessions import emails
from groupvisits.sessions.models import (
    AttendanceCorrection,
    Closure,
    GroupSession,
    IncomingText,
    Notice,
    Offer,
    SchedulerChange,
    Seat,
    WaitingListEntry,
)
from groupvisits.sessions.rules import series

SEED = 316
WAITING = 6  # people who stand in no group yet: one has an offer, two are a pair, the others wait
RECRUITS = 9
CARE_PARTNERS = (("Ana", "daughter"), ("Leo", "husband"), ("May", "sister"))


@dataclass
class Groups:
    """What the builder made of each group, in its order: members, past dates and dates to come."""

    groups: list[Group] = field(default_factory=list)
    members: list[list[Patient]] = field(default_factory=list)
    past: list[list[GroupSession]] = field(default_factory=list)
    future: list[list[GroupSession]] = field(default_factory=list)


def closed_days(clinic: Clinic, now: datetime) -> series.ClosedDays:
    """The country's public holidays, and the clinic's own next winter holidays."""
    return series.ClosedDays(clinic.country, clinic.subdivision, dict.fromkeys(_winter(now), "Winter holidays"))


def _winter(now: datetime) -> tuple[date, ...]:
    year = now.year if (now.month, now.day) < (12, 24) else now.year + 1
    return tuple(date(year, 12, day) for day in (24, 25, 26))


def fill(
    tx: Transaction, made: Groups, outsiders: Sequence[Patient], staff: dict[str, StaffMember], programme: Programme, closed: series.ClosedDays, now: datetime
) -> None:
    """`outsiders`: patients of the clinic without a group."""
    dice = random.Random(SEED)
    waiting, recruits = outsiders[:WAITING], outsiders[WAITING : WAITING + RECRUITS]
    _full_date(tx, made, waiting, staff, now)
    _moved_date(tx, made, staff, closed, now)
    made.groups[2].over_inviting = True
    _care_partners(tx, made, now)
    _recruits(tx, made.groups[0], recruits, now)
    _agreements(tx, dice, programme, made, staff, now)
    _forms(tx, made, now)
    _correction(tx, made, staff)
    clinic_id = programme.clinic_id
    _messages(tx, tx.get_one(Clinic, clinic_id), made, now)
    tx.add(RunSheetTemplate(id=ids.new_id(), clinic_id=clinic_id, name="Our evening with a meal", layout="parallel", phases=list(programme.run_sheet),
                            created_at=now - timedelta(days=300)))  # fmt: skip
    winter = _winter(now)
    tx.add(Closure(id=ids.new_id(), clinic_id=clinic_id, first_day=winter[0], last_day=winter[-1], reason="Winter holidays", created_at=now))


def _full_date(tx: Transaction, made: Groups, waiting: Sequence[Patient], staff: dict[str, StaffMember], now: datetime) -> None:
    """The second group's next date has all its places held: the last one by an offer. Behind it wait a pair and two others."""
    visit, members = made.future[1][0], made.members[1]
    visit.maximum = len(members)
    offered, first, second, third, fourth, ahead = waiting
    seats = {seat.patient_id: seat for seat in tx.query(Seat).filter(Seat.session_id == visit.id)}
    for seat in seats.values():
        seat.seat_no = None
    tx.flush()  # a number is free before somebody else has it
    number = 0
    for patient in members[:-1]:
        number += 1
        seats[patient.id].state, seats[patient.id].seat_no = "confirmed", number
    gone = seats[members[-1].id]
    gone.state, gone.seat_no, gone.answered_at, gone.answered_by = "declined", None, now - timedelta(hours=5), "text"
    tx.flush()
    tx.add(_seat(visit, offered, "offered", now, seat_no=number + 1))
    tx.add_all(_seat(visit, patient, "waitlisted", now) for patient in waiting[1:])
    tx.add(Pair(id=ids.new_id(), clinic_id=visit.clinic_id, first_id=first.id, second_id=second.id, created_at=now - timedelta(days=40)))
    since = now - timedelta(days=12)
    entries = [_entry(visit, patient, since + timedelta(days=day)) for patient, day in ((offered, 0), (first, 1), (third, 3), (fourth, 6), (ahead, 8))]
    entries[0].state, entries[1].partner_id = "offered", second.id
    entries[4].ahead_at, entries[4].ahead_by = entries[2].since - timedelta(microseconds=1), staff["coordinator"].name
    entries[4].ahead_reason = "Leaves for two months after this visit"
    tx.add_all(entries)
    tx.flush()
    tx.add(Offer(id=ids.new_id(), clinic_id=visit.clinic_id, session_id=visit.id, entry_id=entries[0].id, places=1, state="open", because=f"seat:{gone.id}",
                 made_at=now - timedelta(hours=5), made_by="groupvisits", expires_at=min(now + timedelta(hours=19), visit.starts_at - timedelta(hours=2))))  # fmt: skip


def _moved_date(tx: Transaction, made: Groups, staff: dict[str, StaffMember], closed: series.ClosedDays, now: datetime) -> None:
    """The second group's date after next moved to the next open day: who had said yes is asked again, and the main scheduler does not know yet."""
    visit = made.future[1][1]
    was, wall = visit.starts_at, datetime.fromisoformat(visit.wall_time)
    others = {datetime.fromisoformat(date.wall_time).date() for dates in made.future for date in dates}
    away = series.ClosedDays(closed.country, closed.subdivision, {**closed.closures, wall.date(): "Moved away"})
    then = datetime.combine(series.lay(wall.date(), away, "move", others).day, wall.time())
    starts_at = then.replace(tzinfo=ZoneInfo(visit.zone)).astimezone(UTC)
    visit.starts_at, visit.ends_at, visit.wall_time = starts_at, starts_at + (visit.ends_at - was), then.strftime("%Y-%m-%dT%H:%M")
    for number, seat in enumerate(tx.query(Seat).filter(Seat.session_id == visit.id, Seat.state == "confirmed").order_by(Seat.seat_no)):
        seat.asked_again = number % 2 == 0
        tx.add(SchedulerChange(id=ids.new_id(), clinic_id=visit.clinic_id, session_id=visit.id, patient_id=seat.patient_id, kind="move", was_at=was, made_at=now,
                               done_at=now if number > 3 else None, done_by=staff["coordinator"].name if number > 3 else ""))  # fmt: skip


def _care_partners(tx: Transaction, made: Groups, now: datetime) -> None:
    """Some come with family, who count for chairs and meals."""
    for patient, (name, relation) in zip(made.members[0][1::3], CARE_PARTNERS, strict=False):
        tx.add(
            CarePartner(id=ids.new_id(), clinic_id=patient.clinic_id, patient_id=patient.id, name=name, relation=relation, created_at=now - timedelta(days=90))
        )
        for seat in tx.query(Seat).filter(Seat.patient_id == patient.id, Seat.state.in_(("arrived", "confirmed"))):
            seat.companions = 1


def _recruits(tx: Transaction, group: Group, people: Sequence[Patient], now: datetime) -> None:
    """On the way into the first group: some only eligible, some contacted, one agreed, one said no."""
    for number, patient in enumerate(people):
        since = now - timedelta(days=30 - number)
        contacted = since + timedelta(days=4) if number >= 3 else None
        tx.add(Recruit(id=ids.new_id(), group_id=group.id, patient_id=patient.id, eligible_at=since, contacted_at=contacted,
                       agreed_at=since + timedelta(days=6) if number == len(people) - 1 else None,
                       declined_at=since + timedelta(days=6) if number == len(people) - 2 else None))  # fmt: skip


def _agreements(tx: Transaction, dice: random.Random, programme: Programme, made: Groups, staff: dict[str, StaffMember], now: datetime) -> None:
    """Most members have signed the text, some with fewer consents; one signature runs out soon."""
    published = now - timedelta(days=200)
    text = AgreementText(id=ids.new_id(), clinic_id=programme.clinic_id, programme_id=programme.id, version=1, words=content.AGREEMENT, consents=list(CONSENTS),
                         valid_months=12, published_at=published, published_by=staff["admin"].id)  # fmt: skip
    tx.add(text)
    tx.flush()
    for group, members in enumerate(made.members):
        for number, patient in enumerate(members):
            if dice.random() < 0.12:
                continue
            signed = published + timedelta(days=dice.randint(1, 60))
            ends_soon = group == 1 and number == 2
            tx.add(AgreementSignature(
                id=ids.new_id(), clinic_id=programme.clinic_id, text_id=text.id, programme_id=programme.id, patient_id=patient.id, signer="patient",
                signer_name=patient.name, language=patient.language if patient.language in content.AGREEMENT else "en",
                consents={"name_on_screens": True, "results_on_board": dice.random() < 0.5, "contact_by_peers": dice.random() < 0.6}, way=dice.choice(("phone", "paper", "tablet")),
                signed_at=signed, valid_until=now + timedelta(days=12) if ends_soon else signed + timedelta(days=365),
            ))  # fmt: skip


def _forms(tx: Transaction, made: Groups, now: datetime) -> None:
    """Some of the people in the room now wrote before they came."""
    live, members = made.future[0][0], made.members[0]
    for patient, (matters, goal, words, route) in zip(members[2:5], content.FORMS, strict=True):
        written = live.starts_at - timedelta(days=2)
        tx.add(PreVisitForm(id=ids.new_id(), session_id=live.id, patient_id=patient.id, matters=matters, goal=goal, changed_at=written))
        tx.add(Topic(id=ids.new_id(), session_id=live.id, patient_id=patient.id, words=words, language="en", route=route, state="new", minutes=10, pre_visit=True,
                     proposed_at=written, version=1))  # fmt: skip


def _correction(tx: Transaction, made: Groups, staff: dict[str, StaffMember]) -> None:
    """Somebody was noted as not there and was: the last visit of the first group, corrected the day after."""
    last = made.past[0][-1]
    seat = tx.query(Seat).filter(Seat.session_id == last.id, Seat.state == "attended").order_by(Seat.seat_no).first()
    if seat is not None:
        tx.add(AttendanceCorrection(id=ids.new_id(), seat_id=seat.id, before="no_show", after="attended", reason="Came in by the back door, was on the sign-in sheet",
                                    corrected_by=staff["coordinator"].name, corrected_at=last.ends_at + timedelta(hours=16)))  # fmt: skip


def _messages(tx: Transaction, clinic: Clinic, made: Groups, now: datetime) -> None:
    """Everybody on a list was invited. Who has not answered for a near date was asked again: one message came back, some are still to be called."""
    asked = select(Seat, Patient).join(Patient, Patient.id == Seat.patient_id).where(Seat.state.in_(("invited", "confirmed", "declined", "arrived")))
    offers = select(Offer, Seat, Patient).join(Seat, Seat.session_id == Offer.session_id).join(Patient, Patient.id == Seat.patient_id)
    for offer, seat, patient in tx.execute(offers.where(Seat.state == "offered", Offer.state == "open")).all():
        channel = "email" if patient.email else "call"
        _told(tx, clinic, tx.get_one(GroupSession, seat.session_id), patient, "offer", offer.made_at, channel, until=offer.expires_at.isoformat())
    for visit in (visit for visits in made.future for visit in visits):
        for seat, patient in tx.execute(asked.where(Seat.session_id == visit.id).order_by(Seat.id)).all():
            at = min(visit.starts_at - timedelta(days=21), now - timedelta(days=3)) + timedelta(seconds=seat.seat_no or 0)
            _told(tx, clinic, visit, patient, "invitation", at, "email" if patient.email else "call")
    visit, members = made.future[2][0], made.members[2]
    undecided = set(tx.scalars(select(Seat.patient_id).where(Seat.session_id == visit.id, Seat.state == "invited")))
    for number, patient in enumerate(patient for patient in members if patient.id in undecided):
        channel = "email" if patient.email and number != 2 else "call"
        state = "waiting" if channel == "call" else "failed" if number == 1 else "sent"
        _told(tx, clinic, visit, patient, "reminder", now - timedelta(days=1), channel, state)
    writer = next((patient for patient in members if patient.phone), None)
    if writer is not None:
        tx.add(IncomingText(id=ids.fingerprint("demo text"), clinic_id=visit.clinic_id, patient_id=writer.id, sender=writer.phone, words="is there parking for my sons truck",
                            received_at=now - timedelta(hours=2)))  # fmt: skip


def _told(
    tx: Transaction, clinic: Clinic, visit: GroupSession, patient: Patient, kind: str, at: datetime, channel: str, state: str = "sent", **noted: str
) -> None:  # fmt: skip
    """The message that told (or will tell, where it is still to be called) one person, in their language, and the notice behind it."""
    words = emails.words_for(kind, emails.facts_as_noted(clinic, visit, noted, language=patient.language, is_asked=True))
    message = OutboxMessage(
        id=ids.new_id(), clinic_id=clinic.id, kind=kind, patient_id=patient.id, session_id=visit.id, channel=channel, language=patient.language,
        address=patient.email if channel == "email" else patient.phone, subject=words.subject, text=words.text if channel == "email" else words.script, due_at=at,
        thread=f"{visit.id}:{patient.id}", state=state, sent_at=at if state == "sent" else None, attempts=int(state != "waiting"),
        problem="The address does not exist" if state == "failed" else "",
    )  # fmt: skip
    tx.add(message)
    tx.add(Notice(id=ids.new_id(), clinic_id=clinic.id, session_id=visit.id, patient_id=patient.id, kind=kind, occasion="", facts=noted, due_at=at, state="sent",
                  message_id=message.id))  # fmt: skip


def _seat(visit: GroupSession, patient: Patient, state: str, now: datetime, *, seat_no: int | None = None) -> Seat:
    return Seat(id=ids.new_id(), session_id=visit.id, patient_id=patient.id, state=state, seat_no=seat_no, changed_at=now)


def _entry(visit: GroupSession, patient: Patient, since: datetime) -> WaitingListEntry:
    return WaitingListEntry(
        id=ids.new_id(), clinic_id=visit.clinic_id, session_id=visit.id, patient_id=patient.id, state="waiting", since=since, changed_at=since
    )
