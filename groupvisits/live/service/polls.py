"""A silent question to the room about the current topic: keep going, move on, or park it. Phones answer; whoever leads decides."""

from sqlalchemy import select

from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.live import rules
from groupvisits.live.models import Poll, PollAnswer
from groupvisits.live.service.acts import Result, place_in, run_changed
from groupvisits.sessions.models import GroupSession
from groupvisits.sessions.rules import check_is_open


def ask_room(tx: Transaction, actor: Actor, session_id: str, *, topic_id: str) -> Result:
    """Every phone asks whether to go on with the current topic; an older question has ended. Refuses any other topic."""
    place = place_in(tx, actor, session_id, "live:ask_room")
    group_session = place.group_session
    check_is_open(group_session.state)
    rules.check_is_current(group_session.current_topic_id, topic_id)
    before = open_poll(tx, session_id)
    if before is not None and _is_about_now(before, group_session):
        return {"version": group_session.version, "poll_id": before.id}
    if before is not None:
        before.closed_at = clock.now()
        tx.flush()
    poll = Poll(id=ids.new_id(), session_id=session_id, topic_id=topic_id, opened_at=clock.now())
    tx.add(poll)
    tx.flush()
    return _changed(tx, actor, "live:ask_room", group_session, poll)


def answer_poll(tx: Transaction, actor: Actor, session_id: str, *, poll_id: str, answer: str) -> Result:
    """The patient's answer is this, whatever it was before. Nobody else sees whose it is. Refuses once the question has ended."""
    place = place_in(tx, actor, session_id, "live:answer_poll")
    poll = _poll(tx, session_id, poll_id)
    rules.check_poll_is_open(poll.closed_at, is_about_now=_is_about_now(poll, place.group_session))
    given = tx.get(PollAnswer, (poll_id, actor.id))
    if given is not None and given.answer == answer:
        return {"version": place.group_session.version, "poll_id": poll_id}
    if given is None:
        tx.add(PollAnswer(poll_id=poll_id, patient_id=actor.id, answer=answer))
    else:
        given.answer = answer
    tx.flush()
    return _changed(tx, actor, "live:answer_poll", place.group_session, poll, patients=(actor.id,))


def end_poll(tx: Transaction, actor: Actor, session_id: str, *, poll_id: str) -> Result:
    """The question is off the phones. Ending it twice changes nothing."""
    place = place_in(tx, actor, session_id, "live:end_poll")
    poll = _poll(tx, session_id, poll_id)
    if poll.closed_at is not None:
        return {"version": place.group_session.version, "poll_id": poll_id}
    poll.closed_at = clock.now()
    tx.flush()
    return _changed(tx, actor, "live:end_poll", place.group_session, poll)


def end_polls(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction: the visit is over, and nothing is asked any more."""
    poll = open_poll(tx, session_id)
    if poll is not None:
        poll.closed_at = clock.now()


def open_poll(tx: Transaction, session_id: str) -> Poll | None:
    return tx.scalar(select(Poll).where(Poll.session_id == session_id, Poll.closed_at.is_(None)))


def _is_about_now(poll: Poll, group_session: GroupSession) -> bool:
    return rules.is_about_now(poll.topic_id, poll.opened_at, group_session.current_topic_id, group_session.topic_started_at)


def _poll(tx: Transaction, session_id: str, poll_id: str) -> Poll:
    poll = tx.get(Poll, poll_id)
    if poll is None or poll.session_id != session_id:
        raise NotFound
    return poll


def _changed(tx: Transaction, actor: Actor, action: str, group_session: GroupSession, poll: Poll, *, patients: tuple[str, ...] = ()) -> Result:
    return run_changed(tx, actor, action, group_session, poll, patients=patients, topic=poll.topic_id) | {"poll_id": poll.id}
