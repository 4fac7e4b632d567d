"""The verbs of feedback: open the form, hand out tokens, take answers, close the form.

Taking answers is the named exception of the design: no actor, no audit row, no command, no time. Its token is the authority.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.feedback import rules, tokens
from groupvisits.feedback.items import ITEMS
from groupvisits.feedback.models import FeedbackForm, FeedbackHandout, FeedbackResponse, FeedbackToken
from groupvisits.feedback.permissions import POLICY
from groupvisits.sessions.events import SessionClosed
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.queries import place_for


def open_form(tx: Transaction, group_session: GroupSession) -> FeedbackForm:
    """The session's form takes answers for 14 days from its closing. For other verbs' transactions; opening it again changes nothing."""
    form = _form_of(tx, group_session)
    form.closes_at = (group_session.closed_at or group_session.ends_at) + rules.TAKES_ANSWERS_FOR
    return form


def on_session_closed(tx: Transaction, event: SessionClosed) -> None:
    group_session = tx.get_one(GroupSession, event.session_id)
    form = open_form(tx, group_session)
    audit.record(tx, actors.system(form.clinic_id), "feedback:open_form", form, session_id=form.session_id)


def hand_out(tx: Transaction, actor: Actor, session_id: str) -> str:
    """The patient's phone has a token of its own, returned this once. That the seat got one is kept, never which, and never when.

    Refuses with AlreadyHandedOut the second time, with DidNotCome whoever was not there, and outside the form's time.
    """
    place = place_for(tx, actor, session_id)
    POLICY.require(actor, "feedback:hand_out", place)
    form = tx.get(FeedbackForm, session_id, with_for_update=True)
    if form is None:
        raise rules.NotOpenYet
    rules.check_takes_answers(place.group_session.state, form.state, form.closes_at, clock.now())
    seat = place.seat
    if seat is None:
        raise NotFound
    rules.check_came(seat.state)
    token = token_for_phone(tx, seat)
    if token is None:
        raise rules.AlreadyHandedOut
    return token


def token_for_phone(tx: Transaction, seat: Seat) -> str | None:
    """A fresh token for this seat's phone, or None if it was handed one before. For other verbs' transactions."""
    if tx.get(FeedbackHandout, seat.id) is not None:
        return None
    with tx.refused_as(rules.AlreadyHandedOut()):
        tx.add(FeedbackHandout(seat_id=seat.id))
    return _new_token(tx, seat.session_id)


def print_cards(tx: Transaction, actor: Actor, session_id: str, count: int) -> list[str]:
    """`count` fresh tokens, returned once, for cards that lie in the room and are given to whoever asks.

    They may be printed before the visit and work from its closing on. Refuses more than 40 at a time, and a closed form.
    """
    place = place_for(tx, actor, session_id)
    POLICY.require(actor, "feedback:print_cards", place)
    rules.check_cards(count)
    form = _form_of(tx, place.group_session)
    if form.state != "open" or clock.now() >= form.closes_at:
        raise rules.FormClosed
    audit.record(tx, actor, "feedback:print_cards", form, session_id=session_id, count=count)
    return [_new_token(tx, session_id) for _ in range(count)]


def send_answers(tx: Transaction, token: str, answers: Mapping[str, Any]) -> None:
    """The answers wait among the session's others, and the token is gone; nothing says whose or when.

    Sending again changes nothing. Refuses NothingAnswered, and NotFound a token that was never ours.
    """
    fingerprint = ids.fingerprint(token)
    session_id = tx.scalar(select(FeedbackToken.session_id).where(FeedbackToken.id == fingerprint))
    if session_id is None:
        if tokens.is_ours(token):
            return
        raise NotFound
    form = tx.get_one(FeedbackForm, session_id, with_for_update=True)
    group_session = tx.get_one(GroupSession, session_id)
    rules.check_takes_answers(group_session.state, form.state, form.closes_at, clock.now())
    kept = rules.answered(answers, form.items)
    used = tx.execute(delete(FeedbackToken).where(FeedbackToken.id == fingerprint).returning(FeedbackToken.id)).first()
    if used is None:
        return  # the same answers, sent twice at once: the other copy was first
    keep_answers(tx, form, kept)


def keep_answers(tx: Transaction, form: FeedbackForm, answers: dict[str, str]) -> None:
    """Keep one person's answers and release what may be released. For verbs that hold the form's row."""
    tx.add(FeedbackResponse(id=ids.new_id(), session_id=form.session_id, answers=answers, batch=0))
    tx.flush()
    _release(tx, form, is_closing=False)


def close_form(tx: Transaction, form: FeedbackForm) -> None:
    """No more answers are taken; the later ones are shown if there are five. For verbs that hold the form's row."""
    form.state = "closed"
    _release(tx, form, is_closing=True)


def close_due(tx: Transaction) -> int:
    """Close every form whose time is over; return how many."""
    due = select(FeedbackForm).where(FeedbackForm.state == "open", FeedbackForm.closes_at <= clock.now()).limit(50).with_for_update(skip_locked=True)
    forms = tx.scalars(due).all()
    for form in forms:
        close_form(tx, form)
        audit.record(tx, actors.system(form.clinic_id), "feedback:close_form", form, session_id=form.session_id)
    return len(forms)


def _form_of(tx: Transaction, group_session: GroupSession) -> FeedbackForm:
    form = tx.get(FeedbackForm, group_session.id, with_for_update=True)
    if form is None:
        closes_at = group_session.ends_at + rules.TAKES_ANSWERS_FOR
        form = FeedbackForm(
            session_id=group_session.id, clinic_id=group_session.clinic_id, items=list(ITEMS), state="open",
            opened_at=clock.now(), closes_at=closes_at, released_count=0,
        )  # fmt: skip
        tx.add(form)
        tx.flush()
    return form


def _new_token(tx: Transaction, session_id: str) -> str:
    token = tokens.new()
    tx.add(FeedbackToken(id=ids.fingerprint(token), session_id=session_id))
    tx.flush()
    return token


def _release(tx: Transaction, form: FeedbackForm, *, is_closing: bool) -> None:
    waiting = list(tx.scalars(select(FeedbackResponse.answers).where(FeedbackResponse.session_id == form.session_id, FeedbackResponse.batch == 0)))
    if not rules.may_release(len(waiting), form.released_count, is_closing=is_closing):
        return
    # Written anew in a shuffled order: PostgreSQL would otherwise keep the order in which they came.
    tx.execute(delete(FeedbackResponse).where(FeedbackResponse.session_id == form.session_id, FeedbackResponse.batch == 0))
    secrets.SystemRandom().shuffle(waiting)
    batch = 1 if form.released_count == 0 else 2
    tx.add_all([FeedbackResponse(id=ids.new_id(), session_id=form.session_id, answers=answers, batch=batch) for answers in waiting])
    form.released_count += len(waiting)
    tx.flush()
