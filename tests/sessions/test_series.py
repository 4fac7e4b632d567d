"""Making and moving the dates of a group, on the real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.programmes.models import Group, Membership
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import (
    Closure,
    GroupSession,
    Notice,
    SchedulerChange,
    Seat,
    SeriesPlan,
    SessionTeamMember,
    WaitingListEntry,
)
from groupvisits.sessions.rules import plans
from groupvisits.sessions.rules.series import Rule
from tests.cast import Cast
from tests.sessions.arrange import a_date

pytestmark = pytest.mark.usefixtures("context")
NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 12, 1, 12, tzinfo=NEW_YORK)
WEDNESDAYS = Rule("monthly", time(17, 30), week=2, weekday=2)


@pytest.fixture(autouse=True)
def first_of_december(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is the first of December 2026, noon in New York."""
    monkeypatch.setattr(clock, "now", lambda: NOON.astimezone(UTC))
    yield


@pytest.fixture(autouse=True)
def cast_of_december(cast: Cast, context: None) -> Cast:
    """The visit of the cast is over, so that the dates below are the only ones to come."""
    with write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.starts_at, visit.ends_at = NOON - timedelta(days=21), NOON - timedelta(days=21) + timedelta(hours=2)
        visit.wall_time, visit.state = "2026-11-10T12:00", "closed"
    return cast


def look(cast: Cast, plan: dict[str, str]) -> queries.Preview:
    db.session.rollback()
    return queries.preview_of(db.session(), cast.joanne, plan["group_id"], plan["plan_id"])


def apply(cast: Cast, plan: dict[str, str], seen: str = "", **choices: str) -> dict[str, int]:
    return run(service.apply_plan, cast.joanne, plan["group_id"], plan["plan_id"], seen=seen or look(cast, plan).seen, choices=choices)


def make(cast: Cast, count: int = 3, **choices: str) -> list[GroupSession]:
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=count)
    apply(cast, plan, **choices)
    return to_come(cast)


def to_come(cast: Cast) -> list[GroupSession]:
    db.session.rollback()
    db.session.expire_all()
    query = select(GroupSession).where(GroupSession.group_id == cast.group_id, GroupSession.starts_at > NOON).order_by(GroupSession.starts_at)
    return list(db.session.scalars(query))


def walls(cast: Cast) -> list[str]:
    return [group_session.wall_time for group_session in to_come(cast)]


def move(cast: Cast, rule: Rule = WEDNESDAYS, **wish: Any) -> dict[str, str]:
    return run(service.plan_rule_change, cast.joanne, cast.group_id, rule=rule, **{"minutes": 120, **wish})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def another_group(cast: Cast, when: str, room: str = "Room 5", team: tuple[Actor, ...] = (), patients: tuple[Actor, ...] = ()) -> str:
    """A sister group's visit at that time on the wall."""
    with write() as tx:
        group = tx.get_one(Group, cast.group_id)
        values = {c.name: getattr(group, c.name) for c in Group.__table__.columns}
        sister = Group(**{**values, "id": ids.new_id(), "name": "Thursday group", "room": room})
        tx.add(sister)
        tx.flush()
        starts_at = at(when)
        visit = a_date(tx, cast, starts_at, group_id=sister.id, room=room)
        tx.add_all(SessionTeamMember(session_id=visit.id, staff_member_id=person.id, role="resident") for person in team)
        tx.add_all(
            Seat(id=ids.new_id(), session_id=visit.id, patient_id=patient.id, state="confirmed", seat_no=n, changed_at=NOON)
            for n, patient in enumerate(patients, 1)
        )
        return visit.id


def booked(cast: Cast, day: str, room: str = "Main room", hours: tuple[int, int] = (17, 19), reason: str = "Wednesday choir") -> None:
    with write() as tx:
        on = date.fromisoformat(day)
        tx.add(
            Closure(
                id=ids.new_id(),
                clinic_id=cast.clinic_id,
                room=room,
                first_day=on,
                last_day=on,
                from_time=time(hours[0]),
                until_time=time(hours[1]),
                reason=reason,
                created_at=NOON,
            )
        )


def say_yes(cast: Cast, visit: GroupSession, *patients: Actor) -> None:
    for patient in patients:
        seat = db.session.scalars(select(Seat).where(Seat.session_id == visit.id, Seat.patient_id == patient.id)).one()
        run(service.answer_for, cast.joanne, visit.id, seat.id, answer="yes")


def actions() -> list[str]:
    """In no order: each date has a chain of its own."""
    return sorted(action for action in db.session.scalars(select(AuditEntry.action)) if action.startswith("sessions:mov") or action == "sessions:make")


# --- making dates


def test_dates_begin_with_the_team_its_rooms_and_the_members_asked(cast: Cast) -> None:
    sessions = make(cast, 12)
    assert len(sessions) == 12
    for group_session in sessions:
        local = clock.local(group_session.starts_at, group_session.zone)
        assert (local.weekday(), local.time(), 8 <= local.day <= 14) == (1, time(17, 30), True)
        assert group_session.wall_time == f"{local:%Y-%m-%dT17:30}"
    team = db.session.scalars(select(SessionTeamMember).where(SessionTeamMember.session_id == sessions[0].id)).all()
    assert {(m.role, m.place) for m in team if m.role == "resident"} == {("resident", "Room 2"), ("resident", "Room 3")}
    assert db.session.scalars(select(Seat.state).where(Seat.session_id == sessions[0].id)).all() == ["invited"] * 6
    assert actions() == ["sessions:make"] * 12


def test_invitations_are_due_so_many_days_before_and_at_once_when_it_is_nearer(cast: Cast) -> None:
    sessions = make(cast, 2)
    due = {n.session_id: n.due_at for n in db.session.scalars(select(Notice).where(Notice.patient_id == cast.rosa.id))}
    assert due[sessions[0].id] == NOON
    assert due[sessions[1].id] == sessions[1].starts_at - timedelta(days=28)


def test_making_the_dates_again_changes_nothing_and_a_cancelled_date_stays_cancelled(cast: Cast) -> None:
    sessions = make(cast, 4)
    run(service.cancel_session, cast.joanne, sessions[1].id, reason="Holiday")
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=4)
    assert [line.state for line in look(cast, plan).lines] == ["exists", "cancelled", "exists", "exists"]
    with pytest.raises(rules.NothingToMake):
        apply(cast, plan)
    assert len(to_come(cast)) == 4


def test_a_plan_is_carried_out_once(cast: Cast) -> None:
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=2)
    seen = look(cast, plan).seen
    apply(cast, plan, seen)
    with pytest.raises(rules.AlreadyApplied):
        apply(cast, plan, seen)
    assert len(to_come(cast)) == 2


@pytest.mark.parametrize(
    "changed", [{"starts": time(18, 0)}, {"minutes": 90}, {"zone": "America/Chicago"}, {"room": "Hall"}, {"holiday_policy": "move", "week": 4}]
)
def test_a_plan_that_changed_since_it_was_seen_is_not_carried_out(cast: Cast, changed: dict[str, Any]) -> None:
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=2)
    seen = look(cast, plan).seen
    with write() as tx:
        for name, value in changed.items():
            setattr(tx.get_one(Group, cast.group_id), name, value)
    with pytest.raises(rules.PlanChanged):
        apply(cast, plan, seen)
    assert to_come(cast) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("skip", ["2026-12-09T17:30", "2026-12-23T17:30", "2027-01-06T17:30"]),
        ("move", ["2026-12-09T17:30", "2026-12-23T17:30", "2026-12-31T17:30"]),
        ("keep", ["2026-12-09T17:30", "2026-12-23T17:30", "2026-12-30T17:30"]),
    ],
)
def test_closed_days_are_left_out_moved_or_kept(cast: Cast, policy: str, expected: list[str]) -> None:
    with write() as tx:
        group = tx.get_one(Group, cast.group_id)
        group.rule, group.every_weeks, group.first_day, group.holiday_policy = "weekly", 1, date(2026, 12, 9), policy
        for day in (date(2026, 12, 16), date(2026, 12, 30)):
            tx.add(Closure(id=ids.new_id(), clinic_id=cast.clinic_id, first_day=day, last_day=day, reason="Staff training", created_at=NOON))
    dates = [wall for wall in (s.wall_time for s in make(cast, 4 if policy != "skip" else 3)) if "12-16" not in wall and "12-17" not in wall]
    assert dates == expected


def test_a_time_that_does_not_exist_makes_no_date_at_all_until_somebody_chose(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with write() as tx:
        group = tx.get_one(Group, cast.group_id)
        group.week, group.weekday, group.starts = 2, 6, time(2, 30)
    with pytest.raises(rules.ChoiceNeeded) as refusal:
        make(cast, 4)
    assert refusal.value.field == "choice-2027-03-14-clock"
    assert to_come(cast) == []
    make(cast, 4, **{"choice-2027-03-14-clock": "later"})
    assert walls(cast)[-1] == "2027-03-14T03:30"


def test_a_taken_room_asks_for_another_and_the_choice_is_kept(cast: Cast) -> None:
    another_group(cast, "2026-12-10T17:30", room="Room 5")
    booked(cast, "2027-01-12")
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=2)
    [question] = look(cast, plan).lines[1].questions
    assert (question.kind, question.about, question.because, question.options) == ("room", "Main room", "Wednesday choir", ("room:Room 5", "no-room", "skip"))
    apply(cast, plan, **{"choice-2027-01-12-room": "room:Room 5"})
    assert [s.room for s in to_come(cast)] == ["Main room", "Room 5"]


# --- moving dates


def test_a_series_moves_to_another_weekday_and_everything_stays_with_its_date(cast: Cast) -> None:
    before = make(cast)
    say_yes(cast, before[0], cast.rosa, cast.marcus)
    with write() as tx:
        tx.add(WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=before[0].id, patient_id=cast.walter.id, since=NOON, changed_at=NOON))
    plan = move(cast)
    preview = look(cast, plan)
    assert [(line.answers, line.waiting) for line in preview.lines] == [(2, 1), (0, 0), (0, 0)]
    assert apply(cast, plan)["moved"] == 3
    after = to_come(cast)
    assert [s.id for s in after] == [s.id for s in before]
    assert walls(cast) == ["2026-12-09T17:30", "2027-01-13T17:30", "2027-02-10T17:30"]
    seats = {s.patient_id: s for s in db.session.scalars(select(Seat).where(Seat.session_id == after[0].id))}
    assert (seats[cast.rosa.id].state, seats[cast.rosa.id].asked_again, seats[cast.rosa.id].seat_no) == ("confirmed", True, 1)
    assert (seats[cast.teo.id].state, seats[cast.teo.id].asked_again) == ("invited", False)
    assert db.session.scalar(select(WaitingListEntry.session_id)) == after[0].id
    group = db.session.get_one(Group, cast.group_id)
    assert (group.week, group.weekday) == (2, 2)
    assert (actions().count("sessions:move"), actions().count("sessions:move_sessions")) == (3, 1)


def test_who_answered_is_told_whom_no_invitation_reached_gets_the_new_date_in_it_and_the_team_hears(cast: Cast) -> None:
    before = make(cast, 2)
    say_yes(cast, before[1], cast.rosa)
    was = before[1].starts_at
    plan = move(cast, session_id=before[1].id)
    assert look(cast, plan).patients == {cast.rosa.id}
    apply(cast, plan)
    moved = to_come(cast)[1]
    [notice] = db.session.scalars(select(Notice).where(Notice.kind == "update"))
    assert (notice.patient_id, notice.session_id, datetime.fromisoformat(notice.facts["was"])) == (cast.rosa.id, moved.id, was)
    invitation = db.session.scalars(select(Notice).where(Notice.kind == "invitation", Notice.session_id == moved.id, Notice.patient_id == cast.teo.id)).one()
    assert invitation.due_at == moved.starts_at - timedelta(days=28)
    changes = db.session.scalars(select(SchedulerChange)).all()
    assert [(c.kind, c.was_at) for c in changes if c.kind == "move"] == [("move", was)] or [c.kind for c in changes] == ["add"]
    mails = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "dates_moved")).all()
    assert len(mails) == 6
    assert "Tuesday 12 January 2027, 5:30pm is now Wednesday 13 January 2027, 5:30pm, Main room" in mails[0].text
    assert not any(name in mail.text for mail in mails for name in ("Rosa", "Delgado"))


def test_this_and_following_leaves_earlier_dates_alone(cast: Cast) -> None:
    before = make(cast)
    apply(cast, move(cast, session_id=before[1].id))
    assert walls(cast) == ["2026-12-08T17:30", "2027-01-13T17:30", "2027-02-10T17:30"]


def test_past_open_closed_and_cancelled_dates_never_move(cast: Cast) -> None:
    before = make(cast, 4)
    run(service.cancel_session, cast.joanne, before[1].id, reason="Snow")
    with write() as tx:
        tx.get_one(GroupSession, before[0].id).state = "open"
    plan = move(cast)
    assert [line.session_id for line in look(cast, plan).lines] == [before[2].id, before[3].id]
    apply(cast, plan)
    assert walls(cast) == ["2026-12-08T17:30", "2027-01-12T17:30", "2027-02-10T17:30", "2027-03-10T17:30"]


def test_an_answer_that_came_in_meanwhile_is_named_and_nothing_is_changed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make(cast)
    plan = move(cast)
    seen = look(cast, plan).seen
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=1))
    say_yes(cast, before[0], cast.rosa, cast.marcus)
    with pytest.raises(rules.TwoAnswersCameIn):
        apply(cast, plan, seen)
    say_yes(cast, before[0], cast.teo)
    with pytest.raises(rules.AnswersCameIn) as refusal:
        apply(cast, plan, seen)
    assert "3 answers came in" in str(refusal.value)
    assert walls(cast)[0] == "2026-12-08T17:30"
    assert apply(cast, plan)["moved"] == 3


def test_a_clash_waits_for_its_choice_and_keeping_the_date_keeps_everything(cast: Cast) -> None:
    before = make(cast)
    booked(cast, "2027-01-13")
    plan = move(cast)
    key = f"choice-{before[1].id}-room"
    with pytest.raises(rules.ChoiceNeeded) as refusal:
        apply(cast, plan)
    assert refusal.value.field == key
    with pytest.raises(rules.ChoiceNeeded):
        apply(cast, plan, **{key: "room:Somewhere else"})
    assert walls(cast)[0] == "2026-12-08T17:30"
    apply(cast, plan, **{key: "keep"})
    assert walls(cast) == ["2026-12-09T17:30", "2027-01-12T17:30", "2027-02-10T17:30"]


def test_a_date_that_is_kept_needs_no_other_answer(cast: Cast) -> None:
    before = make(cast, 2)
    booked(cast, "2027-01-13")
    another_group(cast, "2027-01-13T18:00", team=(cast.osei,))
    plan = move(cast)
    assert [question.kind for question in look(cast, plan).lines[1].questions] == ["room", "team"]
    apply(cast, plan, **{f"choice-{before[1].id}-team": "keep"})
    assert walls(cast) == ["2026-12-09T17:30", "2027-01-12T17:30"]


def test_a_team_member_who_is_elsewhere_is_left_out_of_that_date_by_choice(cast: Cast) -> None:
    before = make(cast, 2)
    another_group(cast, "2027-01-13T18:00", team=(cast.osei,))
    plan = move(cast)
    [question] = look(cast, plan).lines[1].questions
    assert (question.kind, question.about, question.options) == ("team", "Dr Hana Osei", ("without", "with", "keep"))
    apply(cast, plan, **{f"choice-{before[1].id}-team": "without"})
    there = select(SessionTeamMember.session_id).where(
        SessionTeamMember.staff_member_id == cast.osei.id, SessionTeamMember.session_id.in_([s.id for s in before])
    )
    assert set(db.session.scalars(there)) == {before[0].id}


def test_a_patient_with_another_visit_then_is_named_to_be_called(cast: Cast) -> None:
    before = make(cast, 2)
    say_yes(cast, before[1], cast.rosa)
    another_group(cast, "2027-01-13T17:00", patients=(cast.rosa,))
    lines = look(cast, move(cast)).lines
    assert [line.elsewhere for line in lines] == [(), ("Rosa Delgado",)]
    assert lines[1].questions == ()


def test_a_date_that_would_fall_on_a_holiday_is_asked_about(cast: Cast) -> None:
    before = make(cast, 1)
    plan = move(cast, Rule("monthly", time(17, 30), week=5, weekday=4))
    [question] = look(cast, plan).lines[0].questions
    assert (question.kind, question.about, question.options) == ("closed", "Christmas Day", ("open", "keep"))
    apply(cast, plan, **{f"choice-{before[0].id}-closed": "open"})
    assert walls(cast) == ["2026-12-25T17:30"]


def test_dates_may_take_each_others_place(cast: Cast) -> None:
    with write() as tx:
        group = tx.get_one(Group, cast.group_id)
        group.rule, group.every_weeks, group.first_day = "weekly", 1, date(2026, 12, 8)
    before = make(cast, 3)
    apply(cast, move(cast, Rule("dates", time(17, 30), days=(date(2026, 12, 15), date(2026, 12, 22), date(2026, 12, 29)))))
    assert [s.id for s in to_come(cast)] == [s.id for s in before]
    assert walls(cast) == ["2026-12-15T17:30", "2026-12-22T17:30", "2026-12-29T17:30"]


def test_two_dates_of_one_group_at_the_same_time_are_refused_whole(cast: Cast) -> None:
    before = make(cast, 2)
    plan = run(service.plan_date_change, cast.joanne, before[0].id, day=date(2027, 1, 12), starts=time(18, 0), minutes=120, room="Room 9")
    with pytest.raises(rules.DatesOverlap):
        apply(cast, plan, **{f"choice-{before[0].id}-team": "with"})
    assert walls(cast)[0] == "2026-12-08T17:30"


def test_one_date_moves_alone_and_the_rule_stays(cast: Cast) -> None:
    before = make(cast)
    apply(cast, run(service.plan_date_change, cast.joanne, before[1].id, day=date(2027, 1, 14), starts=time(9, 0), minutes=90, room="Room 5"))
    assert walls(cast) == ["2026-12-08T17:30", "2027-01-14T09:00", "2027-02-09T17:30"]
    moved = to_come(cast)[1]
    assert (moved.room, moved.ends_at - moved.starts_at) == ("Room 5", timedelta(minutes=90))
    assert db.session.get_one(Group, cast.group_id).weekday == 1
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=3)
    assert [line.state for line in look(cast, plan).lines] == ["exists"] * 3  # January has its date, on another day


def test_another_room_alone_asks_nobody_again(cast: Cast) -> None:
    before = make(cast, 1)
    say_yes(cast, before[0], cast.rosa)
    apply(cast, run(service.plan_date_change, cast.joanne, before[0].id, day=date(2026, 12, 8), starts=time(17, 30), minutes=120, room="Room 5"))
    seat = db.session.scalars(select(Seat).where(Seat.session_id == before[0].id, Seat.patient_id == cast.rosa.id)).one()
    assert (seat.asked_again, to_come(cast)[0].room) == (False, "Room 5")


def test_no_change_at_all_is_no_move(cast: Cast) -> None:
    before = make(cast, 1)
    plan = run(service.plan_date_change, cast.joanne, before[0].id, day=date(2026, 12, 8), starts=time(17, 30), minutes=120, room="Main room")
    assert look(cast, plan).lines[0].state == "stays"
    with pytest.raises(rules.NothingChanges):
        apply(cast, plan)


@pytest.mark.parametrize(("day", "error"), [(date(2026, 11, 30), rules.DateHasPassed), (date(2026, 12, 1), rules.DateHasPassed)])
def test_a_date_does_not_move_into_the_past(cast: Cast, day: date, error: type[Exception]) -> None:
    before = make(cast, 1)
    with pytest.raises(error):
        run(service.plan_date_change, cast.joanne, before[0].id, day=day, starts=time(11, 0), minutes=120, room="")


def test_a_date_that_is_over_open_or_cancelled_does_not_move(cast: Cast) -> None:
    with pytest.raises(rules.WrongState):
        run(service.plan_date_change, cast.joanne, cast.session_id, day=date(2027, 1, 12), starts=time(11, 0), minutes=120, room="")


def test_a_rule_whose_days_are_all_over_is_refused(cast: Cast) -> None:
    make(cast, 1)
    with pytest.raises(rules.NoDays):
        move(cast, Rule("dates", time(17, 30), days=(date(2020, 1, 1),)))


def test_old_plans_that_nobody_carried_out_go(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    old = run(service.plan_more_dates, cast.joanne, cast.group_id, count=1)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=8))
    new = run(service.plan_more_dates, cast.joanne, cast.group_id, count=1)
    assert db.session.scalars(select(SeriesPlan.id)).all() == [new["plan_id"]]
    with pytest.raises(NotFound):
        look(cast, old)


@pytest.mark.parametrize(("who", "error"), [("tomas", NotAllowed), ("osei", NotFound), ("quinn", NotFound), ("sol", NotFound), ("rosa", NotFound)])
def test_only_coordinators_of_the_clinic_plan_and_carry_out(cast: Cast, who: str, error: type[Exception]) -> None:
    actor = getattr(cast, who)
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=1)
    seen = look(cast, plan).seen
    session_id = make(cast, 1)[0].id
    for verb, args, kwargs in (
        (service.plan_more_dates, (cast.group_id,), {"count": 1}),
        (service.plan_rule_change, (cast.group_id,), {"rule": WEDNESDAYS, "minutes": 120}),
        (service.apply_plan, (cast.group_id, plan["plan_id"]), {"seen": seen, "choices": {}}),
        (service.plan_date_change, (session_id,), {"day": date(2027, 1, 12), "starts": time(11, 0), "minutes": 120, "room": ""}),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            run(verb, actor, *args, **kwargs)
    with pytest.raises(error):
        queries.preview_of(db.session(), actor, cast.group_id, plan["plan_id"])


def test_a_plan_of_another_group_is_not_found(cast: Cast) -> None:
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=1)
    sister = db.session.get_one(GroupSession, another_group(cast, "2026-12-10T17:30")).group_id
    with pytest.raises(NotFound):
        queries.preview_of(db.session(), cast.joanne, sister, plan["plan_id"])


# --- closed days and booked rooms


def closure(**changes: Any) -> dict[str, Any]:
    return {"first_day": date(2026, 12, 24), "last_day": None, "from_time": None, "until_time": None, "room": "", "reason": "Holidays", **changes}


def test_a_closed_day_is_entered_and_removed(cast: Cast) -> None:
    closure_id = run(service.enter_closure, cast.joanne, **closure())["closure_id"]
    assert [(c.first_day, c.last_day, c.reason) for c in queries.closures_for(db.session(), cast.joanne)] == [
        (date(2026, 12, 24), date(2026, 12, 24), "Holidays")
    ]
    for actor, error in ((cast.sol, NotFound), (cast.tomas, NotAllowed)):
        with pytest.raises(error):
            run(service.remove_closure, actor, closure_id)
    run(service.remove_closure, cast.joanne, closure_id)
    db.session.rollback()
    assert list(queries.closures_for(db.session(), cast.joanne)) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"last_day": date(2026, 12, 23)}, rules.ClosureUnclear),
        ({"last_day": date(2028, 12, 23)}, rules.ClosureUnclear),
        ({"from_time": time(9)}, rules.TimesUnclear),
        ({"until_time": time(9)}, rules.TimesUnclear),
        ({"from_time": time(9), "until_time": time(9)}, rules.TimesUnclear),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(cast: Cast, changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        run(service.enter_closure, cast.joanne, **closure(**changes))


def test_a_closure_of_some_hours_leaves_the_evening_open(cast: Cast) -> None:
    run(service.enter_closure, cast.joanne, **closure(first_day=date(2026, 12, 8), from_time=time(8), until_time=time(12)))
    assert [s.wall_time for s in make(cast, 1)] == ["2026-12-08T17:30"]


def test_a_new_member_is_asked_and_will_be_invited(cast: Cast) -> None:
    from groupvisits.programmes import service as programmes

    sessions = make(cast, 2)
    run(programmes.add_member, cast.joanne, cast.group_id, cast.walter.id)
    notices = db.session.scalars(select(Notice).where(Notice.patient_id == cast.walter.id, Notice.kind == "invitation")).all()
    assert {n.session_id for n in notices} == {s.id for s in sessions}
    assert db.session.scalars(select(Membership).where(Membership.patient_id == cast.walter.id)).one()


def test_two_looks_at_the_same_plan_are_the_same(cast: Cast) -> None:
    plan = run(service.plan_more_dates, cast.joanne, cast.group_id, count=3)
    assert plans.is_same(look(cast, plan).seen, look(cast, plan).seen)


# --- cancelling


def test_a_cancelled_date_tells_who_was_asked_or_said_yes_and_nobody_else(cast: Cast) -> None:
    visit = make(cast, 1)[0]
    say_yes(cast, visit, cast.rosa)
    with write() as tx:
        for notice in tx.scalars(select(Notice).where(Notice.patient_id == cast.marcus.id)):
            notice.state = "sent"
    run(service.cancel_session, cast.joanne, visit.id, reason="Snow")
    run(service.cancel_session, cast.joanne, visit.id, reason="Snow")
    planned = db.session.execute(select(Notice.patient_id, Notice.kind).where(Notice.state == "planned")).all()
    assert sorted(planned) == sorted([(cast.rosa.id, "date_cancelled"), (cast.marcus.id, "date_cancelled")])
    mails = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "date_cancelled_team")).all()
    assert len(mails) == 6
    assert "Snow" not in mails[0].text
