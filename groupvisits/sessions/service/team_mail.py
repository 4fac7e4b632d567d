"""What the team of moved dates is told, by e-mail: one message for each person, however many of their dates move."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core import clock, language
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.outbox import service as outbox
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, SessionTeamMember


def dates_moved(tx: Transaction, actor: Actor, group: Group, moved: Sequence[tuple[GroupSession, datetime, frozenset[str]]]) -> None:
    """Everybody who works in one of these dates, except whoever moves them, gets one message. `moved`: (date, former start, its team)."""
    people = frozenset().union(*(team for _session, _was, team in moved)) - {actor.id}
    clinic = tx.get_one(Clinic, group.clinic_id)
    for member in tx.scalars(select(StaffMember).where(StaffMember.id.in_(people), StaffMember.active).order_by(StaffMember.id)):
        lines = [_line(group_session, was) for group_session, was, team in moved if member.id in team]
        outbox.queue(
            tx, kind="dates_moved", clinic_id=clinic.id, address=member.email, subject=_("New dates at %(clinic)s", clinic=clinic.name),
            text=_("Hello %(name)s,\n\nthese visits of %(group)s have moved:\n\n%(dates)s\n\nPatients are being told.\n", name=member.name, group=group.name, dates="\n".join(lines)),
        )  # fmt: skip


def date_cancelled(tx: Transaction, actor: Actor, group_session: GroupSession) -> None:
    """Everybody who works in this date, except whoever cancels it, gets one message. The reason stays on the date's page."""
    team = select(SessionTeamMember.staff_member_id).where(SessionTeamMember.session_id == group_session.id)
    clinic, when = tx.get_one(Clinic, group_session.clinic_id), clock.local(group_session.starts_at, group_session.zone)
    for member in tx.scalars(select(StaffMember).where(StaffMember.id.in_(team), StaffMember.id != actor.id, StaffMember.active).order_by(StaffMember.id)):
        outbox.queue(
            tx, kind="date_cancelled_team", clinic_id=clinic.id, address=member.email, subject=_("A cancelled date at %(clinic)s", clinic=clinic.name),
            text=_(
                "Hello %(name)s,\n\nthe visit of %(group)s on %(when)s will not take place. Patients are being told.\n",
                name=member.name, group=group_session.group.name, when=f"{language.day(when, year=True)}, {language.time(when)}",
            ),
        )  # fmt: skip


def _line(group_session: GroupSession, was: datetime) -> str:
    before, after = clock.local(was, group_session.zone), clock.local(group_session.starts_at, group_session.zone)
    return _(
        "%(before)s is now %(after)s, %(room)s",
        before=f"{language.day(before, year=True)}, {language.time(before)}", after=f"{language.day(after, year=True)}, {language.time(after)}",
        room=group_session.room or _("room open"),
    )  # fmt: skip
