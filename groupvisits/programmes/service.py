"""The verbs of programmes and groups: design, arrange, choose who belongs and who works there."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import PatientDeactivated
from groupvisits.patients.models import Patient
from groupvisits.programmes import queries, rules
from groupvisits.programmes.events import MemberAdded, MemberRemoved
from groupvisits.programmes.models import Group, GroupTeamMember, Membership, Programme, RunSheetTemplate
from groupvisits.programmes.permissions import POLICY


def design_programme(
    tx: Transaction,
    actor: Actor,
    *,
    name: str,
    purpose: str,
    design_partners: str,
    run_sheet: Sequence[Mapping[str, Any]],
    support_budget: int | None = None,
    hides_supports: bool = False,
) -> dict[str, str]:
    """A programme exists in the actor's clinic. Nothing is gated on design partners; a programme without says so on its page."""
    POLICY.require(actor, "programmes:design")
    programme = Programme(id=ids.new_id(), clinic_id=actor.clinic_id, name=name, purpose=purpose, design_partners=design_partners,
                          run_sheet=rules.check_run_sheet(run_sheet), support_budget=support_budget, hides_supports=hides_supports, created_at=clock.now())  # fmt: skip
    tx.add(programme)
    tx.flush()
    audit.record(tx, actor, "programmes:design", programme, phases=len(programme.run_sheet), has_design_partners=bool(design_partners))
    return {"programme_id": programme.id}


def change_programme(
    tx: Transaction,
    actor: Actor,
    programme_id: str,
    *,
    name: str,
    purpose: str,
    design_partners: str,
    run_sheet: Sequence[Mapping[str, Any]],
    support_budget: int | None = None,
    hides_supports: bool = False,
) -> None:
    """The programme reads as given; visits to come use the new run sheet."""
    programme = queries.programme_for(tx, actor, programme_id)
    programme.name, programme.purpose, programme.design_partners = name, purpose, design_partners
    programme.run_sheet = rules.check_run_sheet(run_sheet)
    programme.support_budget, programme.hides_supports = support_budget, hides_supports
    audit.record(tx, actor, "programmes:change", programme, phases=len(programme.run_sheet), has_design_partners=bool(design_partners))


def keep_run_sheet(tx: Transaction, actor: Actor, programme_id: str, *, name: str) -> dict[str, Any]:
    """The programme's run sheet, as it is now, is one of the clinic's own to begin programmes with.

    Refuses a name that another run sheet has. The same one by the same name is kept once.
    """
    programme = queries.programme_for(tx, actor, programme_id)
    existing = tx.scalars(select(RunSheetTemplate).filter_by(clinic_id=programme.clinic_id, name=name)).first()
    if existing is not None and existing.phases == [dict(phase) for phase in programme.run_sheet]:
        return {"template_id": existing.id, "already": True}
    template = RunSheetTemplate(id=ids.new_id(), clinic_id=programme.clinic_id, name=name, layout=rules.layout_of(programme.run_sheet),
                                phases=[dict(phase) for phase in programme.run_sheet], created_at=clock.now())  # fmt: skip
    with tx.refused_as(rules.TemplateNameTaken(field="template_name"), "uq_run_sheet_templates"):
        tx.add(template)
    audit.record(tx, actor, "programmes:keep_run_sheet", template, programme=programme.id, phases=len(template.phases))
    return {"template_id": template.id}


def drop_run_sheet(tx: Transaction, actor: Actor, template_id: str) -> None:
    """The template is gone; programmes that began with it keep their run sheets. Dropping it twice changes nothing."""
    POLICY.require(actor, "programmes:design")
    template = tx.get(RunSheetTemplate, template_id)
    if template is None:
        return
    POLICY.require(actor, "programmes:design", template)
    audit.record(tx, actor, "programmes:drop_run_sheet", template)
    tx.delete(template)


def arrange_group(tx: Transaction, actor: Actor, programme_id: str, **arrangement: Any) -> dict[str, str]:
    """A group of the programme exists, without members, team and dates yet.

    `arrangement`: name, room, week, weekday, starts, minutes, minimum, target, maximum, slot_minutes, layout, and what _arrange has a default for.
    """
    programme = queries.programme_for(tx, actor, programme_id)
    POLICY.require(actor, "programmes:arrange_group", programme)
    group = Group(id=ids.new_id(), clinic_id=actor.clinic_id, programme_id=programme.id, created_at=clock.now())
    _arrange(group, **arrangement)
    tx.add(group)
    tx.flush()
    audit.record(tx, actor, "programmes:arrange_group", group, minimum=group.minimum, target=group.target, maximum=group.maximum)
    return {"group_id": group.id}


def change_group(tx: Transaction, actor: Actor, group_id: str, programme_id: str, **arrangement: Any) -> None:
    """The group is arranged as given. Dates that were made before keep their day, time, room and places."""
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:arrange_group", standing)
    programme = queries.programme_for(tx, actor, programme_id)
    standing.group.programme_id = programme.id
    _arrange(standing.group, **arrangement)
    audit.record(
        tx, actor, "programmes:change_group", standing.group, minimum=standing.group.minimum, target=standing.group.target, maximum=standing.group.maximum
    )


def _arrange(
    group: Group, *, name: str, room: str, week: int, weekday: int, starts: time, minutes: int, minimum: int, target: int, maximum: int,
    slot_minutes: int, layout: str, meeting_link: str = "", zone: str = "", rule: str = "monthly", every_weeks: int = 4, first_day: date | None = None,
    chosen_days: Sequence[str] = (), holiday_policy: str = "skip", providers: int = 1, over_inviting: bool = False, go_no_go_days: int = 7, invite_days: int = 28,
) -> None:  # fmt: skip
    rules.check_census(minimum, target, maximum)
    group.name, group.room, group.meeting_link, group.zone, group.layout = name, room, meeting_link, zone, layout
    group.rule, group.every_weeks, group.first_day, group.chosen_days = rule, every_weeks, first_day, list(chosen_days)
    group.week, group.weekday, group.starts, group.minutes, group.holiday_policy = week, weekday, starts, minutes, holiday_policy
    group.minimum, group.target, group.maximum, group.slot_minutes, group.providers = minimum, target, maximum, slot_minutes, providers
    group.over_inviting, group.go_no_go_days, group.invite_days = over_inviting, go_no_go_days, invite_days


def add_member(tx: Transaction, actor: Actor, group_id: str, patient_id: str) -> None:
    """The patient stands in the group from today. Adding a member again changes nothing."""
    add_members(tx, actor, group_id, [patient_id])


def add_members(tx: Transaction, actor: Actor, group_id: str, patient_ids: Sequence[str]) -> dict[str, int]:
    """All of these patients stand in the group from today, or none does: NotFound where one is not a patient of this clinic now."""
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:choose_members", standing)
    today = clock.today(queries.clinic_of(tx, actor).zone)
    return {"added": sum(_add(tx, actor, standing.group, patient_id, today) for patient_id in dict.fromkeys(patient_ids))}


def _add(tx: Transaction, actor: Actor, group: Group, patient_id: str, today: date) -> bool:
    patient = tx.get(Patient, patient_id)
    if patient is None or patient.clinic_id != group.clinic_id or not patient.is_active:
        raise NotFound
    membership = _membership(tx, group.id, patient_id)
    if membership is not None and membership.until is None:
        return False
    if membership is None:
        membership = Membership(id=ids.new_id(), group_id=group.id, patient_id=patient_id)
        tx.add(membership)
    membership.since, membership.until = today, None
    tx.flush()
    audit.record(tx, actor, "programmes:add_member", group, patient=patient_id)
    tx.announce(MemberAdded(actor, group.id, patient_id))
    return True


def remove_member(tx: Transaction, actor: Actor, group_id: str, patient_id: str) -> None:
    """The patient no longer stands in the group; what they did in past visits stays. Removing twice changes nothing."""
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:choose_members", standing)
    membership = _membership(tx, group_id, patient_id)
    if membership is None:
        raise NotFound
    if membership.until is not None:
        return
    membership.until = clock.today(queries.clinic_of(tx, actor).zone)
    audit.record(tx, actor, "programmes:remove_member", standing.group, patient=patient_id)
    tx.announce(MemberRemoved(actor, group_id, patient_id))


def end_memberships(tx: Transaction, event: PatientDeactivated) -> None:
    """Within the transaction that deactivates a patient: they stand in no group any more."""
    standing_in = select(Membership).where(Membership.patient_id == event.patient_id, Membership.until.is_(None)).order_by(Membership.group_id)
    today = clock.today(queries.clinic_of(tx, event.actor).zone)
    for membership in tx.scalars(standing_in).all():
        membership.until = today
        audit.record(tx, event.actor, "programmes:remove_member", tx.get_one(Group, membership.group_id), patient=event.patient_id)
        tx.announce(MemberRemoved(event.actor, membership.group_id, event.patient_id))


def add_to_team(tx: Transaction, actor: Actor, group_id: str, *, staff_member_id: str, role: str) -> None:
    """The staff member stands in the group's team in that role; dates made from now on begin with this team.

    Refuses with RoleNotHeld who does not have the role, who cannot sign in, and who works elsewhere.
    """
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:choose_team", standing)
    if not queries.holds_role(tx, standing.clinic_id, staff_member_id, role):
        raise rules.RoleNotHeld(field="person")
    if tx.get(GroupTeamMember, (group_id, staff_member_id, role)) is None:
        tx.add(GroupTeamMember(group_id=group_id, staff_member_id=staff_member_id, role=role))
        audit.record(tx, actor, "programmes:add_to_team", standing.group, staff_member=staff_member_id, role=role)


def take_from_team(tx: Transaction, actor: Actor, group_id: str, *, staff_member_id: str, role: str) -> None:
    """The staff member no longer stands in the group's team in that role; dates made before keep their own team."""
    standing = queries.standing_for(tx, actor, group_id, lock=True)
    POLICY.require(actor, "programmes:choose_team", standing)
    member = tx.get(GroupTeamMember, (group_id, staff_member_id, role))
    if member is not None:
        tx.delete(member)
        audit.record(tx, actor, "programmes:take_from_team", standing.group, staff_member=staff_member_id, role=role)


def _membership(tx: Transaction, group_id: str, patient_id: str) -> Membership | None:
    return tx.scalar(select(Membership).where(Membership.group_id == group_id, Membership.patient_id == patient_id))
