"""What stands in the minute book, in a number of questions that does not grow with its visits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.agenda.models import Topic
from groupvisits.agenda.rules import may_hold
from groupvisits.core.actor import Actor
from groupvisits.home.permissions import POLICY
from groupvisits.live.talk import kept_talks
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group
from groupvisits.programmes.queries import standing_for
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember

VISITS_AT_MOST = 24


@dataclass(frozen=True)
class Entry:
    """One topic in the words of whoever brought it, and what the group took from it. None: left out of the minute book."""

    words: str | None
    language: str
    outcome: str | None

    def without_details(self, names: Sequence[str]) -> "Entry":
        """Also of what whoever led has let the group read: it was meant for those who were there."""
        return replace(self, words=_unless_personal(self.words, names), outcome=_unless_personal(self.outcome, names))


@dataclass(frozen=True)
class Minutes:
    """One closed visit. `talk` holds live.rules.talk_figures, or nothing where they were not kept."""

    group_session: GroupSession
    talked_about: Sequence[Entry]
    kept: Sequence[Entry]
    talk: dict[str, int]


@dataclass(frozen=True)
class MinuteBook:
    group: Group
    paper: str  # "letter" or "a4"
    visits: Sequence[Minutes]


def minute_book_for(db: Session, viewer: Actor, group_id: str) -> MinuteBook:
    """The group's last visits, newest first. Only what was for the whole group: nothing private, taken back, declined or still hidden,
    and no words that may hold a personal detail or name one of the people of these visits.

    NotFound for who may not know of the group.
    """
    standing = standing_for(db, viewer, group_id)
    POLICY.require(viewer, "home:minute_book", standing)
    query = select(GroupSession).where(GroupSession.group_id == group_id, GroupSession.state == "closed")
    visits = db.scalars(query.order_by(GroupSession.starts_at.desc()).limit(VISITS_AT_MOST)).all()
    visit_ids = [visit.id for visit in visits]
    names, talks = _names(db, visit_ids), kept_talks(db, visit_ids)
    topics = {key: [entry.without_details(names) for entry in entries] for key, entries in topics_of(db, visit_ids).items()}
    paper = db.scalar(select(Clinic.paper).where(Clinic.id == standing.clinic_id)) or "letter"
    return MinuteBook(
        standing.group,
        paper,
        [Minutes(visit, topics.get((visit.id, "talked_about"), ()), topics.get((visit.id, "parked"), ()), talks.get(visit.id, {})) for visit in visits],
    )


def topics_of(db: Session, session_ids: Sequence[str]) -> dict[tuple[str, str], list[Entry]]:
    """By visit and state, the group's topics of visits that the caller may read about."""
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    if not session_ids:
        return found
    query = select(Topic.session_id, Topic.state, Topic.words, Topic.language, Topic.outcome).where(
        Topic.session_id.in_(session_ids), Topic.route == "group", Topic.state.in_(("talked_about", "parked")), Topic.hidden_because == ""
    )
    for session_id, state, words, language, outcome in db.execute(query.order_by(Topic.ended_at, Topic.id)):
        found[session_id, state].append(Entry(words, language, outcome))
    return found


def _names(db: Session, session_ids: Sequence[str]) -> tuple[str, ...]:
    """Of everybody who had a place in one of these visits or worked in it."""
    full_name = Patient.given_name + " " + Patient.family_name + " " + Patient.display_name
    patients = select(full_name).join(Seat, Seat.patient_id == Patient.id).where(Seat.session_id.in_(session_ids))
    staff = select(StaffMember.name).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    return tuple(db.scalars(union(patients, staff.where(SessionTeamMember.session_id.in_(session_ids)))))


def _unless_personal(words: str | None, names: Sequence[str]) -> str | None:
    return None if words and may_hold(words, names) else words
