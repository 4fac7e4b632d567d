"""Making and moving the dates of a group: first a plan that is looked at, then all of it in one transaction or nothing."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from groupvisits.accounts.models import Clinic
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import PatientDeactivated
from groupvisits.patients.queries import usual_companions
from groupvisits.programmes import queries as programmes
from groupvisits.programmes.events import MemberAdded, MemberRemoved
from groupvisits.programmes.models import Group
from groupvisits.sessions import queries, rules
from groupvisits.sessions.events import SessionChanged, SessionMoved, TeamMemberLeft
from groupvisits.sessions.models import GroupSession, Notice, Seat, SeriesPlan, SessionTeamMember
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.rules import census, plans, series
from groupvisits.sessions.rules.states import SAID_YES
from groupvisits.sessions.rules.waiting import MOST_COMPANIONS
from groupvisits.sessions.service import scheduler, team_mail
from groupvisits.sessions.service.messages import plan_invitations, plan_notice, withdraw_notices
from groupvisits.sessions.service.seats import free_seat, invite, lock_sessions
from groupvisits.sessions.service.versions import next_version, people_changed

PLANS_KEPT = timedelta(days=7)


def plan_more_dates(tx: Transaction, actor: Actor, group_id: str, *, count: int) -> dict[str, str]:
    """There is a plan for the group's next `count` dates by its rule, to be looked at; no date is made. Refuses a rule without dates to come."""
    standing = programmes.standing_for(tx, actor, group_id)
    POLICY.require(actor, "sessions:schedule", standing)
    zone = queries.zone_of(standing.group, programmes.clinic_of(tx, actor))
    if next(series.days_of(queries.rule_of(standing.group), clock.today(zone)), None) is None:
        raise rules.NoDays(field="count")
    return _plan(tx, actor, standing.group, {"act": "make", "count": min(max(count, 1), series.MOST_DATES)})


def plan_date_change(tx: Transaction, actor: Actor, session_id: str, *, day: date, starts: time, minutes: int, room: str) -> dict[str, str]:
    """There is a plan to move this one date, to be looked at; nothing has moved.

    Refuses a date that is over, open or cancelled, one with one-on-ones only, a time that has passed, and no change at all.
    """
    place = queries.place_for(tx, actor, session_id)
    POLICY.require(actor, "sessions:schedule", place)
    group_session, now = place.group_session, clock.now()
    rules.check_can_move(group_session.state, group_session.starts_at, now)
    if group_session.only_one_on_ones:
        raise census.PeopleWereTold
    wall = datetime.combine(day, starts)
    if wall <= clock.local(now, queries.zone_of(group_session.group, programmes.clinic_of(tx, actor))).replace(tzinfo=None):
        raise rules.DateHasPassed(field="day")
    wish = {"act": "one", "session_id": session_id, "wall": f"{wall:%Y-%m-%dT%H:%M}", "minutes": minutes, "room": room}
    return _plan(tx, actor, group_session.group, wish)


def plan_rule_change(tx: Transaction, actor: Actor, group_id: str, *, rule: series.Rule, minutes: int, room: str = "", session_id: str = "") -> dict[str, str]:
    """There is a plan to move the group's dates to come, from that date on or all of them, to another rule; nothing has moved.

    Refuses a rule that lacks its days (FirstDayNeeded, DaysNeeded) and one without days to come.
    """
    standing = programmes.standing_for(tx, actor, group_id)
    POLICY.require(actor, "sessions:schedule", standing)
    rule = plans.check_rule(rule)
    zone = queries.zone_of(standing.group, programmes.clinic_of(tx, actor))
    if next(series.days_of(rule, clock.today(zone)), None) is None:
        raise rules.NoDays(field="chosen_days")
    wish = {"act": "rule", "session_id": session_id, "rule": plans.rule_as_json(rule), "minutes": minutes, "room": room}
    return _plan(tx, actor, standing.group, wish)


def _plan(tx: Transaction, actor: Actor, group: Group, wish: dict[str, Any]) -> dict[str, str]:
    now = clock.now()
    tx.execute(delete(SeriesPlan).where(SeriesPlan.group_id == group.id, SeriesPlan.applied_at.is_(None), SeriesPlan.made_at < now - PLANS_KEPT))
    plan = SeriesPlan(id=ids.new_id(), clinic_id=group.clinic_id, group_id=group.id, made_by=actor.id, made_at=now, wish=wish)
    tx.add(plan)
    tx.flush()
    audit.record(tx, actor, "sessions:plan_dates", group, plan=plan.id, act=wish["act"])
    return {"plan_id": plan.id, "group_id": group.id}


def apply_plan(tx: Transaction, actor: Actor, group_id: str, plan_id: str, *, seen: str, choices: Mapping[str, str]) -> dict[str, int]:
    """The dates are as the preview said, all of them or none: made with the group's team and its members invited, or moved with
    everything that is theirs (seats, answers, waiting list), and everybody concerned will be told.

    A yes to a moved date keeps its place and is asked again. Refuses when anything is other than what was `seen` (naming the answers
    that came in), until each question has its choice (ChoiceNeeded), when two dates would be at the same time, and twice.
    """
    standing = programmes.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "sessions:schedule", standing)
    _hold_rooms(tx, standing.clinic_id)
    _hold_dates(tx, group_id)
    preview = queries.preview_of(tx, actor, group_id, plan_id)
    _check_seen(tx, preview, seen)
    decisions = plans.decide(preview.lines, choices, zone=preview.zone, team_away=preview.team_away)
    _check_apart(preview, decisions)
    made = [decision for decision in decisions if decision.line.state == "new"]
    moved = [decision for decision in decisions if decision.line.state == "moves"]
    if made:
        _make_all(tx, actor, standing.group, preview, made)
    if moved:
        _move_all(tx, actor, standing.group, preview, moved)
    preview.plan.applied_at = clock.now()
    told = frozenset().union(*(decision.line.patients for decision in moved))
    audit.record(tx, actor, "sessions:make_sessions" if made else "sessions:move_sessions", standing.group, plan=plan_id, made=len(made), moved=len(moved))
    return {"made": len(made), "moved": len(moved), "told": len(told) + len(frozenset().union(*(decision.line.staff for decision in moved)))}


def _hold_rooms(tx: Transaction, clinic_id: str) -> None:
    """Another group's plan that reaches for the same room or people waits until we commit, and then sees what we did."""
    tx.execute(select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(key_share=True))  # new rows of the clinic need not wait


def _hold_dates(tx: Transaction, group_id: str) -> None:
    """Nobody answers for, opens or moves a date of this group until we commit."""
    held = select(GroupSession.id).where(GroupSession.group_id == group_id, GroupSession.state == "planned").order_by(GroupSession.id)
    tx.execute(held.with_for_update())


def _check_seen(tx: Transaction, preview: queries.Preview, seen: str) -> None:
    if preview.plan.applied_at is not None:
        raise rules.AlreadyApplied
    if not plans.is_same(seen, preview.seen):
        since = plans.looked_at(seen)
        raise plans.changed_since(queries.answers_since(tx, preview, since) if since else 0)


def _check_apart(preview: queries.Preview, decisions: list[plans.Decision]) -> None:
    if not decisions:
        raise rules.NothingToMake if preview.act == "make" else rules.NothingChanges
    length = timedelta(minutes=preview.minutes)
    moving = {decision.line.session_id for decision in decisions}
    others = [(starts_at, ends_at) for session_id, starts_at, ends_at in preview.dates if session_id not in moving]
    plans.check_apart([*((decision.starts_at, decision.starts_at + length) for decision in decisions), *others])


def _make_all(tx: Transaction, actor: Actor, group: Group, preview: queries.Preview, made: list[plans.Decision]) -> None:
    team = queries.team_to_begin_with(tx, group)
    members = sorted(programmes.member_ids(tx, group.id, clock.today(preview.zone)))
    company = usual_companions(tx, members)
    for decision in made:
        _make(tx, actor, group, preview, decision, [line for line in team if line[0] not in decision.without], members, company)


def _make(
    tx: Transaction, actor: Actor, group: Group, preview: queries.Preview, decision: plans.Decision, team: list[tuple[str, str, str]], members: list[str],
    company: dict[str, int],
) -> None:  # fmt: skip
    starts_at, zone, now = decision.starts_at, preview.zone, clock.now()
    group_session = GroupSession(
        id=ids.new_id(), clinic_id=group.clinic_id, group_id=group.id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=preview.minutes),
        wall_time=f"{clock.local(starts_at, zone):%Y-%m-%dT%H:%M}", zone=zone, room=decision.room, meeting_link=group.meeting_link, maximum=group.maximum,
        state="planned", epoch=ids.new_id(), version=0,
    )  # fmt: skip
    tx.add(group_session)
    tx.flush()
    tx.add_all(SessionTeamMember(session_id=group_session.id, staff_member_id=who, role=role, place=where) for who, role, where in team)
    tx.add_all(
        Seat(
            id=ids.new_id(), session_id=group_session.id, patient_id=patient_id, state="invited", changed_at=now,
            companions=min(company.get(patient_id, 0), MOST_COMPANIONS),
        )
        for patient_id in members
    )  # fmt: skip
    tx.flush()
    plan_invitations(tx, group_session, members, plans.invitation_due(starts_at, group.invite_days, now))
    audit.record(tx, actor, "sessions:make", group_session, session_id=group_session.id, group=group.id, invited=len(members), team=len(team))


def _plan_invitation(tx: Transaction, actor: Actor, group_session: GroupSession, patient_id: str, now: datetime) -> None:
    due_at = plans.invitation_due(group_session.starts_at, group_session.group.invite_days, now)
    plan_notice(tx, actor, group_session, patient_id, "invitation", due_at=due_at)


def _move_all(tx: Transaction, actor: Actor, group: Group, preview: queries.Preview, moved: list[plans.Decision]) -> None:
    found = tx.scalars(select(GroupSession).where(GroupSession.id.in_([decision.line.session_id for decision in moved]))).unique()
    sessions = {group_session.id: group_session for group_session in found}
    before = {group_session.id: (group_session.starts_at, group_session.room) for group_session in sessions.values()}
    _step_aside(tx, sessions, {decision.starts_at for decision in moved})
    for decision in moved:
        _move(tx, actor, sessions[decision.line.session_id], before[decision.line.session_id], preview, decision)
    if preview.rule is not None:
        _keep_rule(group, preview.rule, preview.minutes)
        if room := preview.plan.wish.get("room"):
            group.room = room
    team_mail.dates_moved(tx, actor, group, [(sessions[d.line.session_id], before[d.line.session_id][0], d.line.staff) for d in moved])


def _step_aside(tx: Transaction, sessions: dict[str, GroupSession], wanted: set[datetime]) -> None:
    """A date may move to where another of these still is: the database would refuse two at one moment even on the way."""
    for group_session in sessions.values():
        if group_session.starts_at in wanted:
            group_session.starts_at += timedelta(seconds=1)
    tx.flush()


def _move(tx: Transaction, actor: Actor, group_session: GroupSession, before: tuple[datetime, str], preview: queries.Preview, decision: plans.Decision) -> None:
    was_at, room_was = before
    group_session.starts_at, group_session.ends_at = decision.starts_at, decision.starts_at + timedelta(minutes=preview.minutes)
    group_session.wall_time, group_session.zone = f"{clock.local(decision.starts_at, preview.zone):%Y-%m-%dT%H:%M}", preview.zone
    group_session.room = decision.room
    tx.flush()
    for staff_member_id in sorted(decision.without):
        tx.execute(delete(SessionTeamMember).where(SessionTeamMember.session_id == group_session.id, SessionTeamMember.staff_member_id == staff_member_id))
        tx.announce(TeamMemberLeft(group_session.id, staff_member_id))
    if was_at != group_session.starts_at:
        _ask_again(tx, actor, group_session, was_at)
    facts = {"was": was_at.isoformat(), **({"was_room": room_was or "-"} if room_was != group_session.room else {})}
    for patient_id in sorted(decision.line.patients):
        plan_notice(tx, actor, group_session, patient_id, "update", facts=facts)
    audit.record(
        tx, actor, "sessions:move", group_session, session_id=group_session.id, was=was_at.isoformat(), now=group_session.starts_at.isoformat(),
        room=group_session.room, told=len(decision.line.patients),
    )  # fmt: skip
    tx.announce(SessionMoved(group_session.id))
    tx.announce(SessionChanged(group_session.id, next_version(tx, group_session.id), everything=True))


def _ask_again(tx: Transaction, actor: Actor, group_session: GroupSession, was_at: datetime) -> None:
    """A yes was to another time: the place is kept until there is a new answer. Invitations not sent yet wait for their new moment."""
    tx.execute(update(Seat).where(Seat.session_id == group_session.id, Seat.state == "confirmed").values(asked_again=True))
    due_at = plans.invitation_due(group_session.starts_at, group_session.group.invite_days, clock.now())
    tx.execute(update(Notice).where(Notice.session_id == group_session.id, Notice.kind == "invitation", Notice.state == "planned").values(due_at=due_at))
    for patient_id in tx.scalars(select(Seat.patient_id).where(Seat.session_id == group_session.id, Seat.state.in_(SAID_YES)).order_by(Seat.id)).all():
        scheduler.note_change(tx, group_session, patient_id, "move", was_at=was_at)


def _keep_rule(group: Group, rule: series.Rule, minutes: int) -> None:
    group.rule, group.starts, group.minutes = rule.kind, rule.starts, minutes
    group.week, group.weekday = rule.week, rule.weekday
    group.every_weeks, group.first_day = rule.every_weeks, rule.first_day
    group.chosen_days = [day.isoformat() for day in rule.days]


def invite_new_member(tx: Transaction, event: MemberAdded) -> None:
    """Within the transaction that adds a member: they are asked to all dates of the group that are to come."""
    for group_session in _dates_to_come(tx, event.group_id):
        if group_session.only_one_on_ones:
            continue
        invite(tx, event.actor, group_session, event.patient_id)
        _plan_invitation(tx, event.actor, group_session, event.patient_id, clock.now())
        people_changed(tx, group_session.id, event.patient_id)


def free_seats_of_former_member(tx: Transaction, event: MemberRemoved) -> None:
    """Within the transaction that removes a member: their places in dates to come are free for others."""
    for group_session in _dates_to_come(tx, event.group_id):
        seat = tx.scalar(
            select(Seat).where(
                Seat.session_id == group_session.id,
                Seat.patient_id == event.patient_id,
                Seat.state.in_(("invited", "waitlisted", "offered", "confirmed", "declined")),
            )
        )
        if seat is not None:
            free_seat(tx, event.actor, seat, "cancelled")
            withdraw_notices(tx, group_session.id, event.patient_id)
            plan_notice(tx, event.actor, group_session, event.patient_id, "seat_cancelled")  # of dates they know of, and no others
            people_changed(tx, group_session.id, event.patient_id)


def free_seats_of_former_patient(tx: Transaction, event: PatientDeactivated) -> None:
    """Within the transaction that deactivates a patient: their places in visits that are not over are free, and their slips are dead.

    Whoever is in the room keeps their chair and their part in its record.
    """
    theirs = (
        select(Seat)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(Seat.patient_id == event.patient_id, Seat.state.in_(("invited", "waitlisted", "offered", "confirmed", "arrived")))
        .where(GroupSession.state.in_(("planned", "open")), GroupSession.ends_at > clock.now())
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    lock_sessions(tx, *(seat.session_id for seat in tx.scalars(theirs)))
    for seat in tx.scalars(theirs, execution_options={"populate_existing": True}).all():
        seat.slip_code = None
        if seat.state != "arrived":
            free_seat(tx, event.actor, seat, "cancelled")
            people_changed(tx, seat.session_id, event.patient_id)


def _dates_to_come(tx: Transaction, group_id: str) -> list[GroupSession]:
    """The group's dates to come, all of them held: the rows in the order of their ids, as whoever holds several takes them."""
    query = select(GroupSession).where(GroupSession.group_id == group_id, GroupSession.state == "planned", GroupSession.starts_at > clock.now())
    lock_sessions(tx, *(date.id for date in tx.scalars(query).unique()))
    return list(tx.scalars(query.order_by(GroupSession.starts_at)).unique())
