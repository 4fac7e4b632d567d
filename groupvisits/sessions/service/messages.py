"""What patients are to be told about a date: planned once in the transaction of the act that causes it, worded when its moment has come."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from groupvisits.accounts import service as accounts
from groupvisits.accounts.models import Clinic
from groupvisits.accounts.service.sign_in import public_address
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import service as outbox
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.sessions import emails
from groupvisits.sessions.models import CalendarEntry, GroupSession, Notice, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.messages import channel_of
from groupvisits.sessions.rules import calendar
from groupvisits.sessions.rules import messages as rules

log = structlog.get_logger("messages")

KINDS = (
    "invitation",
    "update",
    "date_cancelled",
    "seat_cancelled",
    "reminder",
    "offer",
    "offer_over",
    "confirmation",
    "form_opens",
    "missed_you",
    "one_on_one",
    "group_meets",
)
# What can happen to one seat more than once: told each time it happens, but only once while the first still waits to be worded.
REPEATED = frozenset({"update", "date_cancelled", "seat_cancelled", "offer", "offer_over", "confirmation"})
PUT_OFF = timedelta(hours=1)
AT_ONCE = 200  # dates in one question to the database
A_TURN = 0.001  # seconds in which rooms and pages go on; with 0 only what is ready runs, and neither sockets nor clocks are looked at
_WITH_CALENDAR = frozenset({"invitation", "update", "confirmation"})
_ENDS_CALENDAR = frozenset({"date_cancelled", "seat_cancelled"})


def plan_notice(
    tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, kind: str, *, occasion: str = "", facts: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> Notice:  # fmt: skip
    """The patient will be told about `kind` once, at `due_at` (default: now). For code in an open transaction; the caller has checked permission.

    `occasion` tells apart what happens more than once; without one the same kind is planned again only after it was sent. Planned
    twice is once: the later facts and moment count. `facts` is JSON: update {"was": iso of the former start}, offer {"until": iso},
    seat_cancelled {"by": "patient"} where they said no themselves, date_cancelled and seat_cancelled {"waited": true} where they waited for a place,
    one_on_one {"at": iso, "place"}. When its moment comes the words are made from the rows as they then are; what does not fit them any
    more is withdrawn.
    """
    assert kind in KINDS
    earlier = tx.scalars(
        select(Notice).where(Notice.session_id == group_session.id, Notice.patient_id == patient_id, Notice.kind == kind).order_by(Notice.due_at)
    ).all()
    if not occasion and kind == "invitation":
        occasion = _asked_anew(tx, group_session.id, patient_id, earlier)
    if not occasion and kind in REPEATED:
        waiting = next((notice for notice in earlier if notice.state == "planned" and notice.occasion.isdigit()), None)
        occasion = waiting.occasion if waiting else str(len(earlier) + 1)
    notice = next((notice for notice in earlier if notice.occasion == occasion), None)
    if notice is None:
        notice = Notice(id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, patient_id=patient_id, kind=kind, occasion=occasion)
        tx.add(notice)
    elif notice.state == "sent":
        return notice
    notice.state, notice.due_at, notice.facts = "planned", due_at or clock.now(), {**(facts or {}), **_first_was(notice)}
    tx.flush()
    return notice


def _asked_anew(tx: Transaction, session_id: str, patient_id: str, earlier: Sequence[Notice]) -> str:
    """The occasion of an invitation to somebody who may have been taken off the list meanwhile: who was told that is told anew.

    Whoever was not told of it yet never hears of it, and the invitation they have is the one that counts.
    """
    withdraw_notices(tx, session_id, patient_id, ("seat_cancelled",))
    last = earlier[-1] if earlier else None
    if last is None or last.state != "sent":
        return last.occasion if last is not None else ""
    told_off = select(Notice.due_at).where(Notice.session_id == session_id, Notice.patient_id == patient_id, Notice.kind == "seat_cancelled")
    is_off = any(at >= last.due_at for at in tx.scalars(told_off.where(Notice.state == "sent")))
    return f"again {len(earlier)}" if is_off else last.occasion


def plan_invitations(tx: Transaction, group_session: GroupSession, patient_ids: Sequence[str], due_at: datetime) -> None:
    """These people are invited at `due_at` to a date that has just been made: nobody was told anything about it before."""
    tx.add_all(
        Notice(
            id=ids.new_id(), clinic_id=group_session.clinic_id, session_id=group_session.id, patient_id=patient_id, kind="invitation", occasion="",
            facts={}, due_at=due_at, state="planned",
        )
        for patient_id in patient_ids
    )  # fmt: skip


def _first_was(notice: Notice) -> dict[str, Any]:
    """Moved twice before it was told: what people know is the time before the first move."""
    was = (notice.facts or {}).get("was") if notice.state == "planned" else None
    return {"was": was} if was else {}


def withdraw_notices(tx: Transaction, session_id: str, patient_id: str, kinds: tuple[str, ...] | None = None) -> None:
    """The patient is not told what was planned about this date and has not been sent; `kinds`: only of these. Twice is once."""
    query = update(Notice).where(Notice.session_id == session_id, Notice.patient_id == patient_id, Notice.state == "planned")
    tx.execute(query.where(Notice.kind.in_(kinds)).values(state="withdrawn") if kinds else query.values(state="withdrawn"))


def was_told(tx: Transaction, session_id: str, patient_id: str, kind: str, occasion: str) -> bool:
    """Whether this very message has been sent."""
    query = select(Notice.id).where(Notice.session_id == session_id, Notice.patient_id == patient_id, Notice.kind == kind, Notice.occasion == occasion)
    return tx.scalar(query.where(Notice.state == "sent")) is not None


# What is due is worded


@dataclass(frozen=True)
class _Case:
    """One person and one date, as they are at this moment."""

    clinic: Clinic
    patient: Patient
    group_session: GroupSession
    seat: Seat | None
    standing: rules.Standing

    @property
    def language(self) -> str:
        return self.clinic.language_for(self.patient.language)


def language_for(tx: Transaction, patient: Patient) -> str:
    return tx.get_one(Clinic, patient.clinic_id).language_for(patient.language)


def word_due(*, at_most: int = 200) -> int:
    """Every notice whose moment has come is in the outbox or withdrawn; returns how many people's dates were looked at.

    What one person is told about one date is decided together and in a transaction of its own, claimed by locking their notices: any
    number of processes may do it at once, and one that fails is put off for an hour and never stops the rest.
    """
    due = select(Notice.session_id, Notice.patient_id).where(Notice.state == "planned", Notice.due_at <= clock.now())
    pairs = list(dict.fromkeys((row.session_id, row.patient_id) for row in db.session.execute(due.order_by(Notice.due_at).limit(at_most))))
    db.session.rollback()
    for session_id, patient_id in pairs:
        time.sleep(A_TURN)  # 200 messages in one go stopped everything for four seconds
        try:
            run(_word, session_id, patient_id)
        except Exception as problem:
            log.exception("notice_not_worded", session=session_id, problem=type(problem).__name__)
            run(_put_off, session_id, patient_id)
    return len(pairs)


def _due(tx: Transaction, session_id: str, patient_id: str) -> list[Notice]:
    theirs = and_(Notice.session_id == session_id, Notice.patient_id == patient_id)
    query = select(Notice).where(theirs, Notice.state == "planned", Notice.due_at <= clock.now()).order_by(Notice.due_at, Notice.id)
    return list(tx.scalars(query.with_for_update(skip_locked=True)))


def _put_off(tx: Transaction, session_id: str, patient_id: str) -> None:
    for notice in _due(tx, session_id, patient_id):
        notice.due_at = clock.now() + PUT_OFF


def _word(tx: Transaction, session_id: str, patient_id: str) -> None:
    """The date's row is held first, as every verb does that changes seats and notices: neither waits for the other for ever."""
    tx.get_one(GroupSession, session_id, with_for_update={"of": GroupSession})
    told_now: set[str] = set()
    for notice in _due(tx, session_id, patient_id):
        case = _case(tx, session_id, patient_id)
        facts = notice.facts or {}
        kind = rules.kind_to_tell(notice.kind, facts, case.standing)
        by_call = channel_of(case.patient) == "call"
        if not kind or kind in told_now or (by_call and not rules.is_worth_a_call(kind, facts)):
            notice.state = "withdrawn"
            if kind and not told_now:
                _take_off_the_list(tx, case, rules.ANSWERED_ELSEWHERE, "Answered meanwhile.")
            continue
        told_now.add(kind)
        notice.message_id, notice.state, notice.due_at = _queue(tx, case, kind, _with_time(tx, case, kind, facts)), "sent", clock.now()
        tx.flush()


def _with_time(tx: Transaction, case: _Case, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """When and where the person is seen one-on-one, as it was planned, also where they are only reminded of it."""
    if kind != "one_on_one" or "at" in facts:
        return facts
    query = select(Notice.facts).where(Notice.session_id == case.group_session.id, Notice.patient_id == case.patient.id, Notice.kind == "one_on_one")
    planned = [each for each in tx.scalars(query.order_by(Notice.occasion.desc())) if each and "at" in each]
    return {**facts, **planned[0]} if planned else facts


def _case(tx: Transaction, session_id: str, patient_id: str) -> _Case:
    """The seat's row is held, so that nothing else is said to this person about this date meanwhile."""
    group_session, patient = tx.get_one(GroupSession, session_id), tx.get_one(Patient, patient_id)
    seat = tx.scalar(select(Seat).where(Seat.session_id == session_id, Seat.patient_id == patient_id).with_for_update())
    told = tx.scalars(
        select(Notice.due_at).where(Notice.session_id == session_id, Notice.patient_id == patient_id, Notice.state == "sent").order_by(Notice.due_at)
    ).all()
    standing = rules.Standing(
        group_session.state, group_session.starts_at, clock.now(), patient.is_active, seat.state if seat else "", bool(seat and seat.asked_again),
        was_told=bool(told) or bool(seat and seat.answered_at), told_at=told[-1] if told else None, only_one_on_ones=group_session.only_one_on_ones,
    )  # fmt: skip
    return _Case(tx.get_one(Clinic, group_session.clinic_id), patient, group_session, seat, standing)


def _queue(tx: Transaction, case: _Case, kind: str, facts: dict[str, Any]) -> str:
    """The message waits in the outbox by the patient's channel; returns its id. A calendar part goes with e-mail only.

    Calls about the same date that nobody has made yet are off the list: what they would have said is older news.
    """
    channel = channel_of(case.patient)
    link = _link(tx, case) if channel != "call" else ""
    words = emails.words_for(kind, _facts(case, facts, link))
    session, patient, now = case.group_session, case.patient, clock.now()
    _take_off_the_list(tx, case, None, "Newer news.")
    address = {"email": patient.email, "text": patient.phone, "call": patient.phone}[channel]
    return outbox.queue(
        tx, kind=kind, clinic_id=case.clinic.id, address=address, subject=words.subject, patient_id=patient.id, session_id=session.id, channel=channel,
        text={"email": words.text, "text": words.short, "call": words.script}[channel], language=case.language,
        due_at=rules.hour_for_text(now, session.zone, session.starts_at) if channel == "text" else now,
        calendar=_calendar_part(tx, case, kind) if channel == "email" else "", thread=_thread(case),
    )  # fmt: skip


def _thread(case: _Case) -> str:
    return f"{case.group_session.id}:{case.patient.id}"


def _take_off_the_list(tx: Transaction, case: _Case, kinds: Collection[str] | None, why: str) -> None:
    """Calls about this date that nobody has made yet need not be made; `kinds`: only of these."""
    waiting = update(OutboxMessage).where(OutboxMessage.thread == _thread(case), OutboxMessage.channel == "call", OutboxMessage.state == "waiting")
    tx.execute((waiting if kinds is None else waiting.where(OutboxMessage.kind.in_(kinds))).values(state="withdrawn", problem=why))


def _link(tx: Transaction, case: _Case) -> str:
    token = accounts.make_patient_link(tx, actors.system(case.clinic.id), case.patient)
    return public_address(f"/links/{token}")


def _facts(case: _Case, facts: dict[str, Any], link: str) -> emails.Facts:
    asked = case.seat is not None and (case.seat.state in ("invited", "offered") or case.seat.asked_again)
    return emails.facts_as_noted(case.clinic, case.group_session, facts, language=case.language, is_asked=asked, link=link)


def _calendar_part(tx: Transaction, case: _Case, kind: str) -> str:
    """REQUEST where this person's calendar does not know the date as it is, CANCEL where it knows a date that is off; else nothing.

    A confirmation or reminder of what the calendar knows brings no second invitation. Sent again, an invitation has the same sequence.
    """
    if kind not in _WITH_CALENDAR | _ENDS_CALENDAR:
        return ""
    session, is_off = case.group_session, kind in _ENDS_CALENDAR
    entry = tx.scalar(select(CalendarEntry).where(CalendarEntry.session_id == session.id, CalendarEntry.patient_id == case.patient.id).with_for_update())
    place = emails.location(case.clinic.name, session.room)
    told = calendar.told(session.starts_at, session.ends_at, place, "CANCELLED" if is_off else "CONFIRMED")
    if (entry is None or not entry.told) and (is_off or (case.seat is not None and case.seat.state == "waitlisted")):  # who waits has no place to note
        return ""
    if entry is None:
        # The seat's id, so that a feed names the same event without a row of its own.
        entry = CalendarEntry(id=case.seat.id if case.seat else ids.new_id(), session_id=session.id, patient_id=case.patient.id, sequence=0)
        tx.add(entry)
    elif entry.told == told and kind == "confirmation":
        return ""
    elif entry.told != told:
        entry.sequence += 1
    entry.method, entry.told, entry.changed_at = "CANCEL" if is_off else "REQUEST", told, clock.now()
    tx.flush()
    event = calendar.Entry(
        entry.id, entry.sequence, session.starts_at, session.ends_at, session.zone, emails.summary(case.clinic.name, case.language), place,
        "CANCELLED" if is_off else "CONFIRMED",
    )  # fmt: skip
    accepted = case.seat is not None and case.seat.state == "confirmed" and not case.seat.asked_again
    return calendar.invitation(
        event, method=entry.method, organizer=current_app.extensions["config"].mail_from, attendee=case.patient.email, accepted=accepted, now=clock.now()
    )


# What is planned ahead


def plan_ahead() -> int:
    """Invitations, reminders and forms whose moment has come are planned, once each; returns how many. Any number of processes may do it."""
    now = clock.now()
    ahead = now + timedelta(days=rules.LONGEST_AHEAD)
    query = select(GroupSession).where(GroupSession.state == "planned", GroupSession.starts_at > now, GroupSession.starts_at <= ahead)
    near = [one for one in db.session.scalars(query) if one.starts_at - now <= timedelta(days=max(one.group.invite_days, rules.FORM_DAYS) + 1)]
    missing = [_missing(db.session(), near[start : start + AT_ONCE], now) for start in range(0, len(near), AT_ONCE)]
    sessions = {one[0] for found in missing for one in found}
    db.session.rollback()
    return sum(_planned(session_id) for session_id in sorted(sessions))


def _planned(session_id: str) -> int:
    """One date in a transaction of its own: one that fails never stops the rest, and is tried again by the next tick."""
    time.sleep(A_TURN)
    try:
        return run(_plan_missing, session_id)
    except Exception as problem:
        log.exception("notices_not_planned", session=session_id, problem=type(problem).__name__)
        return 0


def _missing(session: Session, group_sessions: Sequence[GroupSession], now: datetime) -> list[tuple[str, str, str, str]]:
    """(session, patient, kind, occasion) of what is due about these dates and was never planned."""
    by_id = {one.id: one for one in group_sessions}
    seats = select(Seat.session_id, Seat.patient_id, Seat.state).where(Seat.session_id.in_(by_id), Seat.state.in_(("invited", "confirmed")))
    known = select(Notice.session_id, Notice.patient_id, Notice.kind, Notice.occasion).where(Notice.session_id.in_(by_id))
    planned = {tuple(row) for row in session.execute(known)}
    return [
        (one.id, patient_id, kind, occasion)
        for session_id, patient_id, state in session.execute(seats)
        for one in (by_id[session_id],)
        for kind, occasion, due in _planned_ahead(one, state)
        if rules.is_worth_planning(kind, due, now) and (one.id, patient_id, kind, occasion) not in planned
    ]


def _planned_ahead(one: GroupSession, state: str) -> Sequence[tuple[str, str, datetime]]:
    """What is due when; nothing, and a line in the log, for a date whose zone nobody knows."""
    try:
        return list(rules.planned_ahead(one.starts_at, one.zone, state, one.group.invite_days))
    except (ValueError, OSError, KeyError) as problem:  # ZoneInfoNotFoundError is a KeyError
        log.error("notices_not_planned", session=one.id, problem=type(problem).__name__)
        return []


def _plan_missing(tx: Transaction, session_id: str) -> int:
    group_session = tx.get_one(GroupSession, session_id, with_for_update={"of": GroupSession})
    missing = _missing(tx, [group_session], clock.now())
    for _session, patient_id, kind, occasion in missing:
        plan_notice(tx, actors.system(group_session.clinic_id), group_session, patient_id, kind, occasion=occasion)
    return len(missing)


# What a coordinator does


def send_again(tx: Transaction, actor: Actor, message_id: str) -> dict[str, str]:
    """The same news goes out once more, worded from the rows as they are now, by the patient's channel as it is now.

    The calendar part has the same UID and sequence, so no second invitation appears. What waited still is withdrawn. Refuses with
    NothingToTell what does not fit any more.
    """
    message = held_message(tx, message_id)
    if message is None or not message.patient_id or not message.session_id:
        POLICY.require(actor, "sessions:message")
        raise NotFound
    POLICY.require(actor, "sessions:message", message)
    notice = tx.scalar(select(Notice).where(Notice.message_id == message_id).with_for_update())
    if notice is None:
        raise rules.NothingToTell
    case = _case(tx, message.session_id, message.patient_id)
    if not rules.still_fits(message.kind, notice.facts or {}, case.standing):
        raise rules.NothingToTell
    if message.state in ("waiting", "failed"):
        message.state, message.problem = "withdrawn", "Sent again."
    again = notice.message_id = _queue(tx, case, message.kind, _with_time(tx, case, message.kind, notice.facts or {}))
    audit.record(tx, actor, "sessions:send_again", message, session_id=message.session_id, patient=message.patient_id, kind=message.kind)
    return {"message_id": again}


def held_message(tx: Transaction, message_id: str) -> OutboxMessage | None:
    """The message, held until the commit, after the row of the date it is about: always in this order. The caller checks whose it is."""
    session_id = tx.scalar(select(OutboxMessage.session_id).where(OutboxMessage.id == message_id))
    if session_id:
        tx.get(GroupSession, session_id, with_for_update={"of": GroupSession})
    return tx.get(OutboxMessage, message_id, with_for_update=True)
