"""What a visit's talk was made of, counted once when it closes, so that a review can ask who was not heard."""

from sqlalchemy import select

from groupvisits.agenda.models import Topic
from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.live import rules
from groupvisits.live.models import TalkAccount
from groupvisits.sessions.models import GroupSession, Seat

CAME = ("arrived", "attended", "left_early")


def keep_talk_account(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction, after every topic has its fate: the figures of this visit are kept. Twice is the same as once."""
    group_session = tx.get_one(GroupSession, session_id)
    tx.flush()
    topics = tx.execute(select(Topic.patient_id, Topic.entered_by, Topic.state, Topic.route, Topic.spoken_seconds).where(Topic.session_id == session_id)).all()
    here = tx.scalars(select(Seat.patient_id).where(Seat.session_id == session_id, Seat.state.in_(CAME))).all()
    opened, closed = group_session.opened_at or group_session.starts_at, group_session.closed_at or clock.now()
    talks = [rules.Talk(*row) for row in topics]
    figures = rules.talk_figures(talks, here, int((closed - opened).total_seconds()))
    account = tx.get(TalkAccount, session_id)
    if account is None:
        tx.add(TalkAccount(session_id=session_id, figures=figures, made_at=clock.now()))
    else:
        account.figures = figures
