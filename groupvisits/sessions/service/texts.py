"""Texts that come in: each is kept once, understood or left for a human, and answered where that cannot go on for ever."""

import contextlib
from dataclasses import dataclass

import structlog
from sqlalchemy import func, or_, select

from groupvisits.accounts.models import Clinic
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import Conflict, DomainError, NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.outbox import service as outbox
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import GroupSession, IncomingText, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.messages import channel_of
from groupvisits.sessions.rules import SessionFull
from groupvisits.sessions.rules import messages as rules
from groupvisits.sessions.service import messages

log = structlog.get_logger("texts")


@dataclass(frozen=True)
class _Sender:
    """Whom a number belongs to. Several people may share one telephone; only one of them can be meant by a yes."""

    people: list[Patient]  # of that clinic
    everybody: list[Patient]  # of all clinics
    clinic_id: str | None
    last: OutboxMessage | None  # the last text about a date that went to this number

    @property
    def only_one(self) -> Patient | None:
        return self.people[0] if len(self.people) == 1 else None


def take_text(tx: Transaction, *, gateway_id: str, sender: str, words: str) -> None:
    """The text is kept and, where it says yes, no, stop, start or help, done; else a human reads it. The same one again changes nothing.

    The caller has checked the gateway's token: whoever has it may speak for every number.
    """
    key = ids.fingerprint(gateway_id)
    if tx.get(IncomingText, key) is not None:
        return
    known = _sender(tx, sender)
    text = IncomingText(
        id=key, clinic_id=known.clinic_id, patient_id=known.only_one.id if known.only_one else None, sender=sender, words=words[: rules.MAX_INCOMING],
        understood="", received_at=clock.now(),
    )  # fmt: skip
    with tx.refused_as(Conflict()):
        tx.add(text)
    meaning = rules.understood(words)
    if meaning in ("stop", "start"):
        is_done = _stop_or_start(tx, known, meaning)
    elif meaning == "help":
        is_done = _help(tx, known)
    else:
        is_done = bool(meaning) and _answer(tx, known, meaning)
    if is_done:
        text.understood, text.read_at = meaning, clock.now()
    audit.record(tx, actors.system(known.clinic_id or ""), "sessions:take_text", text, understood=text.understood)


def _sender(tx: Transaction, sender: str) -> _Sender:
    """The clinic is the one that wrote to this number last, where several know it; the only one there is, where nobody knows it."""
    people = list(tx.scalars(select(Patient).where(Patient.phone == sender, Patient.is_active).order_by(Patient.id))) if sender else []
    sent = select(OutboxMessage).where(OutboxMessage.address == sender, OutboxMessage.channel == "text", OutboxMessage.state.in_(("sent", "sending")))
    last = tx.scalars(sent.where(OutboxMessage.session_id.is_not(None)).order_by(OutboxMessage.due_at.desc(), OutboxMessage.number.desc()).limit(1)).first()
    clinics = {person.clinic_id for person in people} or set(tx.scalars(select(Clinic.id).limit(2)))
    clinic_id = clinics.pop() if len(clinics) == 1 else last.clinic_id if last else None
    if clinic_id is None:
        log.warning("text_of_nobody")  # several clinics, none of which knows the number
    return _Sender([person for person in people if person.clinic_id == clinic_id], people, clinic_id, last)


def _stop_or_start(tx: Transaction, known: _Sender, meaning: str) -> bool:
    """It is the telephone that stops, whoever of those who share it typed the word and whichever clinic knows it: all write by one number.

    START is an agreement of its own, with the clinic that wrote last.
    """
    now, people = clock.now(), known.everybody if meaning == "stop" else known.people
    for person in people:
        if meaning == "stop":
            person.text_stopped_at = person.text_stopped_at or now
        else:
            person.text_stopped_at, person.text_consent_at = None, person.text_consent_at or now
        audit.record(tx, actors.patient(person.id, person.clinic_id), f"patients:{meaning}_texts", person)
    tx.flush()
    if meaning == "stop":
        waiting = (
            select(OutboxMessage.id)
            .where(OutboxMessage.patient_id.in_([person.id for person in people]), OutboxMessage.channel == "text", OutboxMessage.state == "waiting")
            .order_by(OutboxMessage.session_id, OutboxMessage.id)
        )
        for message_id in tx.scalars(waiting).all():
            _by_another_channel(tx, message_id)
    if people:
        person = (known.people or people)[0]
        channel = channel_of(person)
        _reply(tx, person, emails.reply_for(meaning, _bare_facts(tx, person), next_channel=channel))
    return bool(people)


def _by_another_channel(tx: Transaction, message_id: str) -> None:
    """What waited to be texted is told by e-mail or a call instead."""
    with contextlib.suppress(DomainError):
        messages.send_again(tx, actors.system(tx.get_one(OutboxMessage, message_id).clinic_id), message_id)
    outbox.withdraw(tx, message_id, "Texts were stopped.")


def _help(tx: Transaction, known: _Sender) -> bool:
    if known.people:
        _reply(tx, known.people[0], emails.reply_for("help", _bare_facts(tx, known.people[0])))
    return bool(known.people)


def _answer(tx: Transaction, known: _Sender, meaning: str) -> bool:
    """The yes or no is noted for the date it was about; False where a human must look."""
    from groupvisits.sessions.service import answers

    patient = known.only_one
    seat = _asked_about(tx, patient, known.last) if patient else None
    if patient is None or seat is None:
        return False
    group_session = tx.get_one(GroupSession, seat.session_id)
    facts = emails.facts_of(tx.get_one(Clinic, patient.clinic_id), group_session, language=messages.language_for(tx, patient))
    try:
        with tx.tried():
            who = actors.patient(patient.id, patient.clinic_id, patient.display_name)
            state = answers.answer(tx, who, group_session.id, answer=meaning, by="text")["state"]
    except SessionFull:
        _reply(tx, patient, emails.reply_for("full", facts))
        return False
    except DomainError:
        return False
    except Exception:  # whatever went wrong with the answer, the text itself is kept and a human reads it
        log.exception("text_not_answered", session=group_session.id)
        return False
    if channel_of(patient) == "text":  # the reply says it
        messages.withdraw_notices(tx, group_session.id, patient.id, ("confirmation", "seat_cancelled"))
    _reply(tx, patient, emails.reply_for("waitlisted" if state == "waitlisted" else meaning, facts))
    return True


def _asked_about(tx: Transaction, patient: Patient, last: OutboxMessage | None) -> Seat | None:
    """The date of the last text to this person; else their next date without an answer."""
    now = clock.now()
    to_come = (
        select(Seat)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(Seat.patient_id == patient.id, GroupSession.state == "planned", GroupSession.starts_at > now)
        .order_by(GroupSession.starts_at)
    )
    if last is not None and last.patient_id == patient.id and now - last.due_at < rules.REPLY_COUNTS_FOR:
        theirs = to_come.where(Seat.session_id == last.session_id, Seat.state.in_(("invited", "offered", "confirmed", "declined")))
        if (seat := tx.scalars(theirs).first()) is not None:
            return seat
    return tx.scalars(to_come.where(or_(Seat.state.in_(("invited", "offered")), Seat.asked_again)).limit(1)).first()


def _bare_facts(tx: Transaction, patient: Patient) -> emails.Facts:
    clinic = tx.get_one(Clinic, patient.clinic_id)
    return emails.Facts(messages.language_for(tx, patient), clinic.name, emails.show_phone(clinic.phone), clock.now(), clock.now())


def _reply(tx: Transaction, patient: Patient, words: str) -> None:
    """Only what was understood is answered, and one number not without end: two machines that thank each other would never stop."""
    lately = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == "text_reply", OutboxMessage.address == patient.phone)
    if (tx.scalar(lately.where(OutboxMessage.due_at > clock.now() - rules.REPLIES_WITHIN)) or 0) >= rules.MOST_REPLIES:
        return
    outbox.queue(
        tx, kind="text_reply", clinic_id=patient.clinic_id, address=patient.phone, subject="", text=words, patient_id=patient.id, channel="text",
        language=messages.language_for(tx, patient),
    )  # fmt: skip


def note_report(tx: Transaction, *, gateway_id: str, arrived: bool) -> None:
    """What became of a text we sent, as the gateway says. A text it does not know from us changes nothing."""
    outbox.note_report(tx, gateway_id, arrived=arrived)


def read_text(tx: Transaction, actor: Actor, text_id: str) -> None:
    """Somebody read this text and did what it asks for. Twice is once."""
    text = tx.get(IncomingText, text_id, with_for_update=True)
    if text is None or text.clinic_id is None:
        POLICY.require(actor, "sessions:message")
        raise NotFound
    POLICY.require(actor, "sessions:message", text)
    if text.read_at is None:
        text.read_at = clock.now()
        audit.record(tx, actor, "sessions:read_text", text)
