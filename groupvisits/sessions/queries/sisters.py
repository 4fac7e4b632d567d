"""The dates of a programme's other groups around one date: where its people could go instead."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core import clock
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, Seat, WaitingListEntry
from groupvisits.sessions.rules.states import ONE_ON_ONES


@dataclass(frozen=True)
class SisterDate:
    """A date of another group of the same programme: the places held in it and free, and how many wait for one."""

    group_session: GroupSession
    held: int
    free: int
    waiting: int

    @property
    def for_newcomers(self) -> int:
        """None where others wait."""
        return 0 if self.waiting else self.free


def sisters_of(db: Session, mine: GroupSession, within: timedelta) -> list[SisterDate]:
    """Those at most so long before or after this one on which their group meets, in their order. The caller has found this one for its viewer."""
    held = select(func.count()).where(Seat.session_id == GroupSession.id, Seat.seat_no.is_not(None)).scalar_subquery()
    queue = select(func.count()).where(WaitingListEntry.session_id == GroupSession.id, WaitingListEntry.state == "waiting").scalar_subquery()
    query = (
        select(GroupSession, held, queue)
        .join(Group, Group.id == GroupSession.group_id)
        .where(Group.programme_id == mine.group.programme_id, GroupSession.group_id != mine.group_id)
        .where(GroupSession.state == "planned", GroupSession.starts_at > clock.now(), GroupSession.decision.not_in(("no_go", ONE_ON_ONES)))
        .where(GroupSession.starts_at.between(mine.starts_at - within, mine.starts_at + within))
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    return [SisterDate(date, taken, max(date.maximum - taken, 0), waiting) for date, taken, waiting in db.execute(query).unique()]
