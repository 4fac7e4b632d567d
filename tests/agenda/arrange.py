"""What tests of topics do again and again, and how they look at what came of it: always as it is in the database now."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from groupvisits.agenda import queries, service
from groupvisits.agenda.models import Topic
from groupvisits.core import clock, ids
from groupvisits.core.actor import system
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live.queries import snapshot_for
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.queries import place_for
from tests.cast import Cast
from tests.sessions.arrange import a_date


def propose(actor: Any, session_id: str, words: str = "What test strips cost", route: str = "group", **more: Any) -> str:
    return str(run(service.propose_topic, actor, session_id, words=words, route=route, **more)["topic_id"])


def merge(cast: Cast, topic_id: str, into_id: str, session_id: str = "") -> None:
    run(service.merge_topics, cast.tomas, session_id or cast.session_id, topic_id=topic_id, into_id=into_id)


def forget() -> None:
    """Read anew what is asked for next."""
    db.session.rollback()
    db.session.expire_all()


def topic(topic_id: str) -> Topic:
    forget()
    return db.session.get_one(Topic, topic_id)


def by_words(session_id: str) -> dict[str, Topic]:
    forget()
    return {each.words: each for each in db.session.scalars(select(Topic).where(Topic.session_id == session_id))}


def counts(cast: Cast) -> dict[str, int]:
    forget()
    return queries.support_counts(db.session(), place_for(db.session(), system(), cast.session_id))


def screen(actor: Any, session_id: str, audience: str) -> dict[str, Any]:
    forget()
    return snapshot_for(db.session(), actor, session_id, audience)


def on_screen(actor: Any, session_id: str, audience: str) -> dict[str, dict[str, Any]]:
    """The topics of that screen, by id."""
    return {each["id"]: each for each in screen(actor, session_id, audience)["topics"]}


def mine(actor: Any, session_id: str) -> dict[str, dict[str, Any]]:
    """A patient's own topics as their phone has them, by id."""
    return {each["id"]: each for each in screen(actor, session_id, "patient")["me"]["topics"]}


def console(cast: Cast, session_id: str = "") -> dict[str, Any]:
    return screen(cast.tomas, session_id or cast.session_id, "facilitator")


def account(cast: Cast, session_id: str = "") -> tuple[int, int]:
    """How many topics were sent, and how many are accounted for."""
    told = console(cast, session_id)["account"]
    return told["sent"], told["accounted_for"]


def is_accounted_for(cast: Cast, session_id: str = "") -> bool:
    sent, accounted_for = account(cast, session_id)
    return sent == accounted_for


def next_visit(cast: Cast, *patients: str, weeks: int = 4) -> str:
    """A later date of the group, with the same team and with these patients of the cast."""
    with write() as tx:
        this = tx.get_one(GroupSession, cast.session_id)
        that = a_date(tx, cast, this.starts_at + timedelta(weeks=weeks), ends_at=this.ends_at + timedelta(weeks=weeks))
        for each in tx.scalars(select(SessionTeamMember).where(SessionTeamMember.session_id == this.id)).all():
            tx.add(SessionTeamMember(session_id=that.id, staff_member_id=each.staff_member_id, role=each.role, place=each.place))
        for number, key in enumerate(patients, start=1):
            tx.add(Seat(id=ids.new_id(), session_id=that.id, patient_id=getattr(cast, key).id, state="confirmed", seat_no=number, changed_at=clock.now()))
        return that.id
