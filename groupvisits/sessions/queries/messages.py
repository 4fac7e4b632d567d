"""What was sent to patients and what became of it, who must be called, and what a human must read. For those who keep the lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.language import current_language
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients import queries as patients
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import GroupSession, IncomingText, Notice, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import messages as rules

PAGE = 50
CAME_BACK_SINCE = timedelta(days=30)
MISSED_CALL_SINCE = timedelta(days=14)


@dataclass(frozen=True)
class Line:
    """One message to one patient. `group_session` is the date it is about, where there is one."""

    message: OutboxMessage
    patient: Patient | None
    group_session: GroupSession | None
    can_send_again: bool = False


@dataclass(frozen=True)
class Sent:
    """One page of what was sent and waits."""

    lines: Sequence[Line]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class TextLine:
    text: IncomingText
    people: Sequence[Patient]  # everybody of the clinic who has this number


@dataclass(frozen=True)
class Call:
    """One person to call about one date. `asks`: the answer is a yes or no, and not only that they know it.

    `reading`: the very words in the caller's language where the message is in another; "" where they are not known any more.
    """

    message: OutboxMessage
    patient: Patient
    asks: bool
    reading: str = ""


@dataclass(frozen=True)
class CallsOfDate:
    group_session: GroupSession
    calls: Sequence[Call]


@dataclass(frozen=True)
class Counts:
    to_read: int
    came_back: int
    calls: int


def channel_of(patient: Patient) -> str:
    """How a patient that the caller has found is told something now: email, text or call."""
    stopped, agreed = patient.text_stopped_at is not None, patient.text_consent_at is not None
    return rules.channel_for(rules.Reach(patient.channel, patient.email, patient.phone, agreed, stopped))


def counts_for(db: Session, viewer: Actor) -> Counts:
    """How much of each kind waits for a human of the viewer's clinic."""
    POLICY.require(viewer, "sessions:message")
    numbers = [_unread(viewer), _failed(viewer), _calls(viewer)]
    return Counts(*(db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0 for query in numbers))


def sent_to_patients(db: Session, viewer: Actor, *, day: date | None = None, page: int = 1) -> Sent:
    """One page of what was sent or waits, the latest first; `day`: only what is about visits of that day of the clinic."""
    POLICY.require(viewer, "sessions:message")
    query = select(OutboxMessage).where(OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.patient_id.is_not(None), OutboxMessage.state != "withdrawn")
    if day is not None:
        first = datetime.combine(day, time(), ZoneInfo(patients.clinic_of(db, viewer).zone))
        dates = select(GroupSession.id).where(GroupSession.clinic_id == viewer.clinic_id)
        query = query.where(OutboxMessage.session_id.in_(dates.where(GroupSession.starts_at >= first, GroupSession.starts_at < first + timedelta(days=1))))
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    number = min(max(page, 1), max(1, -(-total // PAGE)))
    shown = query.order_by(OutboxMessage.due_at.desc(), OutboxMessage.id).offset((number - 1) * PAGE).limit(PAGE)
    return Sent(_lines(db, viewer, db.scalars(shown).all()), total, number)


def came_back(db: Session, viewer: Actor) -> Sequence[Line]:
    """Messages to patients that did not arrive and that nobody has dealt with, the latest first."""
    POLICY.require(viewer, "sessions:message")
    return _lines(db, viewer, db.scalars(_failed(viewer).limit(PAGE)).all())


def texts_to_read(db: Session, viewer: Actor) -> Sequence[TextLine]:
    """Texts that a human must read, the oldest first, with everybody who has that number."""
    POLICY.require(viewer, "sessions:message")
    texts = db.scalars(_unread(viewer).limit(PAGE)).all()
    senders = {text.sender for text in texts}
    known = db.scalars(select(Patient).where(Patient.clinic_id == viewer.clinic_id, Patient.phone.in_(senders)).order_by(Patient.family_name, Patient.id)).all()
    return [TextLine(text, [person for person in known if person.phone == text.sender]) for text in texts]


def call_list(db: Session, viewer: Actor) -> Sequence[CallsOfDate]:
    """Who is still to be called, by date, and by name within one; each with a reading in the language of whoever looks at it."""
    POLICY.require(viewer, "sessions:message")
    messages = db.scalars(_calls(viewer)).all()
    people = patients.people_in(db, viewer.clinic_id, (message.patient_id or "" for message in messages))
    dates = _dates(db, viewer, messages)
    readings = _readings(db, viewer, [message for message in messages if message.session_id], dates)
    found: dict[str, list[Call]] = {}
    for message in messages:
        if message.patient_id in people and message.session_id:
            call = Call(
                message,
                people[message.patient_id],
                message.kind in rules.ASKED_BY_CALL and dates[message.session_id].starts_at > clock.now(),
                readings.get(message.id, ""),
            )
            found.setdefault(message.session_id, []).append(call)
    ordered = sorted(found, key=lambda session_id: (dates[session_id].starts_at, session_id))
    return [
        CallsOfDate(dates[key], sorted(found[key], key=lambda call: (call.patient.family_name, call.patient.given_name, call.message.id))) for key in ordered
    ]


def _readings(db: Session, viewer: Actor, messages: Sequence[OutboxMessage], dates: Mapping[str, GroupSession]) -> dict[str, str]:
    """Message -> what it says, in the reader's language. The words are made anew from the same facts, and shown only where that gives
    the message itself in its own language: a date that has moved since, or a text changed by hand, has no reading rather than a wrong one."""
    reader, clinic = current_language(), patients.clinic_of(db, viewer)
    foreign = {message.id: message for message in messages if message.language != reader and message.kind in emails.KINDS}
    notices = db.execute(select(Notice.message_id, Notice.facts).where(Notice.message_id.in_(foreign)))
    facts = {str(message_id): noted or {} for message_id, noted in notices}
    found = {}
    for key, message in foreign.items():
        for asked in (True, False):
            told = emails.facts_as_noted(clinic, dates[str(message.session_id)], facts.get(key, {}), language=message.language, is_asked=asked)
            if emails.words_for(message.kind, told).script == message.text:
                found[key] = emails.words_for(message.kind, replace(told, language=reader)).script
                break
    return found


def words_of_cancellation(db: Session, viewer: Actor, group_session: GroupSession, *, link: str) -> str:
    """The very text that patients read when this date is cancelled, in English, for a preview. `link` stands for their own."""
    POLICY.require(viewer, "sessions:message", group_session.group)
    facts = emails.facts_of(patients.clinic_of(db, viewer), group_session, language="en", link=link)
    return emails.words_for("date_cancelled", facts).text.strip()


def _unread(viewer: Actor) -> Select[IncomingText]:
    unread = select(IncomingText).where(IncomingText.clinic_id == viewer.clinic_id, IncomingText.understood == "", IncomingText.read_at.is_(None))
    return unread.order_by(IncomingText.received_at, IncomingText.id)


def _failed(viewer: Actor) -> Select[OutboxMessage]:
    failed = select(OutboxMessage).where(OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.state == "failed", OutboxMessage.patient_id.is_not(None))
    return failed.where(OutboxMessage.due_at > clock.now() - CAME_BACK_SINCE).order_by(OutboxMessage.due_at.desc(), OutboxMessage.id)


def _calls(viewer: Actor) -> Select[OutboxMessage]:
    """Calls about dates to come; after a visit only the one to whoever was missed."""
    now = clock.now()
    waiting = (OutboxMessage.clinic_id == viewer.clinic_id, OutboxMessage.channel == "call", OutboxMessage.state == "waiting", OutboxMessage.due_at <= now)
    date_fits = or_(GroupSession.starts_at > now, (OutboxMessage.kind == "missed_you") & (GroupSession.starts_at > now - MISSED_CALL_SINCE))
    return select(OutboxMessage).join(GroupSession, GroupSession.id == OutboxMessage.session_id).where(*waiting, date_fits).order_by(OutboxMessage.due_at)


def _lines(db: Session, viewer: Actor, messages: Sequence[OutboxMessage]) -> Sequence[Line]:
    people = patients.people_in(db, viewer.clinic_id, (message.patient_id or "" for message in messages))
    dates, again = _dates(db, viewer, messages), _may_go_again(db, messages)
    return [
        Line(message, people.get(message.patient_id or ""), dates.get(message.session_id or ""), message.id in again and _can_go_again(message))
        for message in messages
    ]


def _can_go_again(message: OutboxMessage) -> bool:
    return message.channel != "call" and message.state in ("sent", "failed")


def _may_go_again(db: Session, messages: Sequence[OutboxMessage]) -> set[str]:
    """Those that were worded from a notice which still fits; the others are told why they cannot."""
    query = (
        select(Notice, GroupSession, Patient.is_active, Seat.state, Seat.asked_again)
        .join(GroupSession, GroupSession.id == Notice.session_id)
        .join(Patient, Patient.id == Notice.patient_id)
        .outerjoin(Seat, (Seat.session_id == Notice.session_id) & (Seat.patient_id == Notice.patient_id))
        .where(Notice.message_id.in_([message.id for message in messages]))
    )
    kinds, now = {message.id: message.kind for message in messages}, clock.now()
    return {
        str(notice.message_id)
        for notice, one, is_active, state, asked_again in db.execute(query).unique()
        if rules.still_fits(
            kinds[notice.message_id or ""],
            notice.facts or {},
            rules.Standing(one.state, one.starts_at, now, is_active, state or "", bool(asked_again), True, None, one.only_one_on_ones),
        )
    }


def _dates(db: Session, viewer: Actor, messages: Iterable[OutboxMessage]) -> dict[str, GroupSession]:
    wanted = {message.session_id for message in messages if message.session_id}
    return {one.id: one for one in db.scalars(select(GroupSession).where(GroupSession.clinic_id == viewer.clinic_id, GroupSession.id.in_(wanted)))}
