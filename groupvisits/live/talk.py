"""How the talk of a visit is shared: the same figures while it runs, for whoever leads, and at its close, to be kept and read by who reviews."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from groupvisits.agenda.models import Topic
from groupvisits.agenda.rules import seconds_of_talk
from groupvisits.live import rules
from groupvisits.live.models import TalkAccount
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules.states import HERE

# Not what carries on as parts, nor the parts of what was put together again: each thing that was asked counts once.
_STAND = (Topic.state != "split", Topic.merged_into_id.is_distinct_from(Topic.split_from_id) | Topic.merged_into_id.is_(None))


def talk_until(db: Session, group_session: GroupSession, until: datetime) -> dict[str, int]:
    """live.rules.talk_figures of this visit, with what has been said about the current topic until then."""
    head = aliased(Topic)  # what becomes of a topic becomes of those joined to it
    of_each = select(Topic.id, Topic.patient_id, Topic.entered_by, func.coalesce(head.state, Topic.state), Topic.route, Topic.spoken_seconds)
    topics = db.execute(of_each.outerjoin(head, head.id == Topic.merged_into_id).where(Topic.session_id == group_session.id, *_STAND)).all()
    here = {row[0]: row[1] for row in db.execute(select(Seat.patient_id, Seat.listening).where(Seat.session_id == group_session.id, Seat.state.in_(HERE)))}
    talks = [
        rules.Talk(patient_id, entered_by, state, route, spoken + _running(group_session, topic_id, until))
        for topic_id, patient_id, entered_by, state, route, spoken in topics
    ]
    return rules.talk_figures(talks, here, int((until - (group_session.opened_at or group_session.starts_at)).total_seconds()))


def kept_talks(db: Session, session_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """live.rules.talk_figures as they were kept at the close, of visits that the caller may read about."""
    if not session_ids:
        return {}
    return dict(db.execute(select(TalkAccount.session_id, TalkAccount.figures).where(TalkAccount.session_id.in_(session_ids))).all())


def _running(group_session: GroupSession, topic_id: str, until: datetime) -> int:
    return seconds_of_talk(group_session.topic_started_at, until) if topic_id == group_session.current_topic_id else 0
