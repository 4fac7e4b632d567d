"""Making the dates of a group from its monthly rule, in one transaction or not at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import PatientDeactivated
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.events import MemberAdded, MemberRemoved
from groupvisits.programmes.models import Group
from groupvisits.sessions import queries, rules
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import series
from groupvisits.sessions.service.seats import free_seat, invite
from groupvisits.sessions.service.versions import people_changed


def make_sessions(tx: Transaction, actor: Actor, group_id: str, *, seen: str, choices: Mapping[str, str]) -> dict[str, int]:
    """The dates that `queries.series_plan` showed exist: each with the group's team, and its members invited.

    Dates that exist already are left as they are. Refuses with PlanChanged when the plan is no longer the one that was `seen`, with
    ClockChoiceNeeded until there is a choice for each time that does not exist or happens twice, with NothingToMake.
    """
    standing = programmes.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "sessions:schedule", standing)
    zone = programmes.clinic_of(tx, actor).zone
    plan = queries.series_plan(tx, actor, standing.group)
    if series.seen(plan) != seen:
        raise rules.PlanChanged
    moments = series.moments_to_make(plan, zone, choices)
    team = queries.team_to_begin_with(tx, standing.group)
    members = sorted(programmes.member_ids(tx, group_id, clock.today(zone)))
    for _wall, starts_at in moments:
        _make(tx, actor, standing.group, starts_at, zone, team, members)
    audit.record(tx, actor, "sessions:make_sessions", standing.group, made=len(moments))
    return {"made": len(moments), "already": len(plan) - len(moments)}


def _make(tx: Transaction, actor: Actor, group: Group, starts_at: datetime, zone: str, team: list[tuple[str, str, str]], members: list[str]) -> None:
    group_session = GroupSession(
        id=ids.new_id(), clinic_id=group.clinic_id, group_id=group.id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=group.minutes),
        wall_time=f"{clock.local(starts_at, zone):%Y-%m-%dT%H:%M}", zone=zone, room=group.room, maximum=group.maximum, state="planned",
        epoch=ids.new_id(), version=0,
    )  # fmt: skip
    tx.add(group_session)
    tx.flush()
    tx.add_all(SessionTeamMember(session_id=group_session.id, staff_member_id=who, role=role, place=where) for who, role, where in team)
    now = clock.now()
    tx.add_all(Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patient_id, state="invited", changed_at=now) for patient_id in members)
    tx.flush()
    audit.record(tx, actor, "sessions:make", group_session, session_id=group_session.id, group=group.id, invited=len(members), team=len(team))


def invite_new_member(tx: Transaction, event: MemberAdded) -> None:
    """Within the transaction that adds a member: they are asked to all dates of the group that are to come."""
    for group_session in _dates_to_come(tx, event.group_id):
        invite(tx, event.actor, group_session, event.patient_id)
        people_changed(tx, group_session.id, event.patient_id)


def free_seats_of_former_member(tx: Transaction, event: MemberRemoved) -> None:
    """Within the transaction that removes a member: their places in dates to come are free for others."""
    for group_session in _dates_to_come(tx, event.group_id):
        seat = tx.scalar(
            select(Seat).where(Seat.session_id == group_session.id, Seat.patient_id == event.patient_id, Seat.state.in_(("invited", "confirmed", "declined")))
        )
        if seat is not None:
            free_seat(tx, event.actor, seat, "cancelled")
            people_changed(tx, group_session.id, event.patient_id)


def free_seats_of_former_patient(tx: Transaction, event: PatientDeactivated) -> None:
    """Within the transaction that deactivates a patient: their places in visits that are not over are free, and their slips are dead.

    Whoever is in the room keeps their chair and their part in its record.
    """
    theirs = (
        select(Seat)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(Seat.patient_id == event.patient_id, Seat.state.in_(("invited", "confirmed", "arrived")))
        .where(GroupSession.state.in_(("planned", "open")), GroupSession.ends_at > clock.now())
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    for seat in tx.scalars(theirs).all():
        seat.slip_code = None
        if seat.state != "arrived":
            free_seat(tx, event.actor, seat, "cancelled")
            people_changed(tx, seat.session_id, event.patient_id)


def _dates_to_come(tx: Transaction, group_id: str) -> list[GroupSession]:
    query = select(GroupSession).where(GroupSession.group_id == group_id, GroupSession.state == "planned", GroupSession.starts_at > clock.now())
    return list(tx.scalars(query.order_by(GroupSession.starts_at)))
