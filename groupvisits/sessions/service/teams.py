"""Who works in one session, and in which room."""

from groupvisits.audit import service as audit
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.rules import RoleNotHeld
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SessionChanged, TeamMemberLeft
from groupvisits.sessions.models import SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.service.versions import next_version


def add_to_team(tx: Transaction, actor: Actor, session_id: str, *, staff_member_id: str, role: str, room: str = "") -> None:
    """The staff member works in this session in that role; only in this date. Refuses with RoleNotHeld who does not have the role."""
    place = _place_to_staff(tx, actor, session_id)
    if not programmes.holds_role(tx, place.clinic_id, staff_member_id, role):
        raise RoleNotHeld(field="person")
    member = tx.get(SessionTeamMember, (session_id, staff_member_id, role))
    if member is None:
        member = SessionTeamMember(session_id=session_id, staff_member_id=staff_member_id, role=role)
        tx.add(member)
    member.place = room
    tx.flush()
    audit.record(tx, actor, "sessions:add_to_team", place.group_session, session_id=session_id, staff_member=staff_member_id, role=role)
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), run=True))


def change_place(tx: Transaction, actor: Actor, session_id: str, *, staff_member_id: str, role: str, room: str) -> None:
    """The staff member's one-on-ones are in that room."""
    place = _place_to_staff(tx, actor, session_id)
    member = tx.get(SessionTeamMember, (session_id, staff_member_id, role))
    if member is None:
        raise NotFound
    member.place = room
    tx.flush()
    audit.record(tx, actor, "sessions:change_place", place.group_session, session_id=session_id, staff_member=staff_member_id, role=role)
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), run=True))


def take_from_team(tx: Transaction, actor: Actor, session_id: str, *, staff_member_id: str, role: str) -> None:
    """The staff member does not work in this session in that role. Twice is the same as once."""
    place = _place_to_staff(tx, actor, session_id)
    member = tx.get(SessionTeamMember, (session_id, staff_member_id, role))
    if member is None:
        return
    tx.delete(member)
    tx.flush()
    audit.record(tx, actor, "sessions:take_from_team", place.group_session, session_id=session_id, staff_member=staff_member_id, role=role)
    tx.announce(SessionChanged(session_id, next_version(tx, session_id), run=True))
    tx.announce(TeamMemberLeft(session_id, staff_member_id))


def _place_to_staff(tx: Transaction, actor: Actor, session_id: str) -> queries.Place:
    place = queries.place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "sessions:choose_team", place)
    rules.check_is_not_over(place.group_session.state)
    return place
