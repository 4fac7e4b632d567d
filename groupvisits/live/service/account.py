"""What a visit's talk was made of, counted once when it closes, so that a review can ask who was not heard."""

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from groupvisits.agenda.models import Topic
from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.live import rules
from groupvisits.live.models import TalkAccount
from groupvisits.sessions.models import GroupSession, Seat

CAME = ("arrived", "attended", "left_early")
# Not what carries on as parts, nor the parts of what was put together again: each thing that was asked counts once.
_STAND = (Topic.state != "split", Topic.merged_into_id.is_distinct_from(Topic.split_from_id) | Topic.merged_into_id.is_(None))


def keep_talk_account(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction, after every topic has its fate: the figures of this visit are kept. Twice is the same as once."""
    group_session = tx.get_one(GroupSession, session_id)
    tx.flush()
    head = aliased(Topic)  # what becomes of a topic becomes of those joined to it
    of_each = select(Topic.patient_id, Topic.entered_by, func.coalesce(head.state, Topic.state), Topic.route, Topic.spoken_seconds)
    topics = tx.execute(of_each.outerjoin(head, head.id == Topic.merged_into_id).where(Topic.session_id == session_id, *_STAND)).all()
    here = tx.scalars(select(Seat.patient_id).where(Seat.session_id == session_id, Seat.state.in_(CAME))).all()
    opened, closed = group_session.opened_at or group_session.starts_at, group_session.closed_at or clock.now()
    talks = [rules.Talk(*row) for row in topics]
    figures = rules.talk_figures(talks, here, int((closed - opened).total_seconds()))
    account = tx.get(TalkAccount, session_id)
    if account is None:
        tx.add(TalkAccount(session_id=session_id, figures=figures, made_at=clock.now()))
    else:
        account.figures = figures
