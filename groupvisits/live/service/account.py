"""What a visit's talk was made of, counted once when it closes, so that a review can ask who was not heard."""

from groupvisits.core import clock
from groupvisits.core.transaction import Transaction
from groupvisits.live.models import TalkAccount
from groupvisits.live.talk import talk_until
from groupvisits.sessions.models import GroupSession


def keep_talk_account(tx: Transaction, session_id: str) -> None:
    """In the caller's transaction, after every topic has its fate: the figures of this visit are kept. Twice is the same as once."""
    group_session = tx.get_one(GroupSession, session_id)
    tx.flush()
    figures = talk_until(tx, group_session, group_session.closed_at or clock.now())
    account = tx.get(TalkAccount, session_id)
    if account is None:
        tx.add(TalkAccount(session_id=session_id, figures=figures, made_at=clock.now()))
    else:
        account.figures = figures
