"""Designing programmes, arranging groups, members and teams."""

from datetime import time
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core.commands import Command, run_command
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.programmes import queries, rules, service
from groupvisits.programmes.models import Group, Membership, Programme
from tests.cast import RUN_SHEET, Cast

pytestmark = pytest.mark.usefixtures("context")
DESIGN: dict[str, Any] = {"name": "Breathing easier", "purpose": "To learn from each other.", "design_partners": "", "run_sheet": RUN_SHEET}
ARRANGEMENT: dict[str, Any] = {
    "name": "Wednesday group", "room": "Room 5", "week": 5, "weekday": 2, "starts": time(9, 30), "minutes": 90, "minimum": 8, "target": 10, "maximum": 15,
    "slot_minutes": 8, "layout": "after",
}  # fmt: skip


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("programmes:"))))


def test_a_programme_is_designed_once_however_often_it_is_sent(cast: Cast) -> None:
    command = Command("c1", "programmes:design", {"name": "Breathing easier"})
    results = [run_command(service.design_programme, cast.joanne, command, **DESIGN) for _ in range(2)]
    assert results[0] == results[1]
    assert db.session.get_one(Programme, results[0]["programme_id"]).run_sheet == [{**phase, "watch": ""} for phase in RUN_SHEET]
    assert actions() == ["programmes:design"]


def test_a_programme_is_changed_whole_or_not_at_all(cast: Cast) -> None:
    with pytest.raises(rules.RunSheetEmpty):
        run(service.change_programme, cast.joanne, cast.programme_id, **{**DESIGN, "run_sheet": []})
    assert db.session.get_one(Programme, cast.programme_id).name == "Living well together"
    run(service.change_programme, cast.joanne, cast.programme_id, **DESIGN)
    assert db.session.get_one(Programme, cast.programme_id).name == "Breathing easier"


def test_a_group_is_arranged_and_changed(cast: Cast) -> None:
    group_id = run(service.arrange_group, cast.joanne, cast.programme_id, **ARRANGEMENT)["group_id"]
    run(service.change_group, cast.joanne, group_id, cast.programme_id, **{**ARRANGEMENT, "maximum": 12})
    group = db.session.get_one(Group, group_id)
    assert (group.week, group.weekday, group.starts, group.maximum, group.layout) == (5, 2, time(9, 30), 12, "after")
    with pytest.raises(rules.CensusUnclear):
        run(service.change_group, cast.joanne, group_id, cast.programme_id, **{**ARRANGEMENT, "minimum": 20})


def test_a_member_is_added_once_and_can_come_back(cast: Cast) -> None:
    for act in (service.add_member, service.add_member, service.remove_member, service.remove_member, service.add_member):
        run(act, cast.joanne, cast.group_id, cast.walter.id)
    membership = db.session.scalars(select(Membership).where(Membership.patient_id == cast.walter.id)).one()
    assert membership.until is None
    assert actions() == ["programmes:add_member", "programmes:remove_member", "programmes:add_member"]


def test_a_removed_member_is_no_longer_among_the_members(cast: Cast) -> None:
    group = db.session.get_one(Group, cast.group_id)
    run(service.remove_member, cast.joanne, cast.group_id, cast.rosa.id)
    names = [line.name for line in queries.members_of(db.session(), cast.joanne, group)]
    assert "Rosa Delgado" not in names
    assert "Marcus Bell" in names


def test_a_facilitator_sees_display_names_only(cast: Cast) -> None:
    lines = queries.members_of(db.session(), cast.tomas, db.session.get_one(Group, cast.group_id))
    assert {line.name for line in lines} == {"Rosa", "Marcus", "Gladys", "Teo", "Frank", "Beatriz"}
    assert {line.needs for line in lines} == {""}


def test_nobody_of_another_clinic_becomes_a_member(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.add_member, cast.joanne, cast.group_id, cast.sunny.id)


@pytest.mark.parametrize(("who", "role"), [("tomas", "resident"), ("sol", "resident"), ("quinn", "reviewer")])
def test_nobody_stands_in_a_team_in_a_role_they_do_not_have_here(cast: Cast, who: str, role: str) -> None:
    with pytest.raises(rules.RoleNotHeld):
        run(service.add_to_team, cast.joanne, cast.group_id, staff_member_id=getattr(cast, who).id, role=role if role != "reviewer" else "facilitator")


def test_somebody_leaves_the_team_and_comes_back(cast: Cast) -> None:
    osei = {"staff_member_id": cast.osei.id, "role": "resident"}
    for act in (service.take_from_team, service.take_from_team, service.add_to_team, service.add_to_team):
        run(act, cast.joanne, cast.group_id, **osei)
    assert actions() == ["programmes:take_from_team", "programmes:add_to_team"]
    assert "Dr Hana Osei" in [line.name for line in queries.team_of(db.session(), cast.group_id)]


def acts(cast: Cast) -> tuple[tuple[Any, tuple[Any, ...], dict[str, Any]], ...]:
    return (
        (service.change_programme, (cast.programme_id,), DESIGN),
        (service.arrange_group, (cast.programme_id,), ARRANGEMENT),
        (service.change_group, (cast.group_id, cast.programme_id), ARRANGEMENT),
        (service.add_member, (cast.group_id, cast.walter.id), {}),
        (service.remove_member, (cast.group_id, cast.rosa.id), {}),
        (service.add_to_team, (cast.group_id,), {"staff_member_id": cast.osei.id, "role": "resident"}),
        (service.take_from_team, (cast.group_id,), {"staff_member_id": cast.osei.id, "role": "resident"}),
    )


def test_a_stranger_finds_neither_programme_nor_group(cast: Cast) -> None:
    for act, args, kwargs in acts(cast):
        with pytest.raises(NotFound):
            run(act, cast.sol, *args, **kwargs)
    assert [line.group.id for line in queries.groups_for(db.session(), cast.sol)] == []
    assert list(queries.programmes_for(db.session(), cast.sol)) == []
    with pytest.raises(NotFound):
        queries.group_for(db.session(), cast.sol, cast.group_id)


@pytest.mark.parametrize("who", ["tomas", "osei", "quinn", "ada", "rosa"])
def test_only_coordinators_arrange(cast: Cast, who: str) -> None:
    for act, args, kwargs in ((service.design_programme, (), DESIGN), *acts(cast)):
        with pytest.raises((NotAllowed, NotFound)):
            run(act, getattr(cast, who), *args, **kwargs)
    assert actions() == []


def test_a_facilitator_finds_only_groups_of_their_team(cast: Cast) -> None:
    run(service.arrange_group, cast.joanne, cast.programme_id, **ARRANGEMENT)
    assert [line.group.name for line in queries.groups_for(db.session(), cast.tomas)] == ["Tuesday evening group"]
    assert [line.members for line in queries.groups_for(db.session(), cast.joanne)] == [6, 0]


def test_several_members_are_added_together_or_none(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.add_members, cast.joanne, cast.group_id, [cast.walter.id, cast.sunny.id])
    assert db.session.scalars(select(Membership).where(Membership.patient_id == cast.walter.id)).first() is None
    assert run(service.add_members, cast.joanne, cast.group_id, [cast.walter.id, cast.rosa.id, cast.walter.id]) == {"added": 1}
