"""What the team of a date that moves, is cancelled or turns into one-on-ones is told, by e-mail: one message for each person and act."""

from collections.abc import Callable, Sequence
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
    _tell_team(
        tx, actor, group_session, "date_cancelled_team", _("A cancelled date at %(clinic)s", clinic=_clinic(tx, group_session).name),
        lambda **of: _("Hello %(name)s,\n\nthe visit of %(group)s on %(when)s will not take place. Patients are being told.\n", **of),
    )  # fmt: skip


def one_on_ones_only(tx: Transaction, actor: Actor, group_session: GroupSession) -> None:
    """The same where the group does not meet and there are one-on-ones only."""
    _tell_team(
        tx, actor, group_session, "one_on_ones_team", _("A changed date at %(clinic)s", clinic=_clinic(tx, group_session).name),
        lambda **of: _(
            "Hello %(name)s,\n\nthe group %(group)s does not meet on %(when)s. Whoever said yes is seen one-on-one instead, and is being told when. "
            "The running order is on the page of this date.\n", **of,
        ),
    )  # fmt: skip


def meets_after_all(tx: Transaction, actor: Actor, group_session: GroupSession) -> None:
    """And where it meets all the same."""
    _tell_team(
        tx, actor, group_session, "meets_after_all_team", _("A changed date at %(clinic)s", clinic=_clinic(tx, group_session).name),
        lambda **of: _("Hello %(name)s,\n\nthe group %(group)s meets on %(when)s after all. Patients are being told.\n", **of),
    )  # fmt: skip


def _tell_team(tx: Transaction, actor: Actor, group_session: GroupSession, kind: str, subject: str, words: Callable[..., str]) -> None:
    team = select(SessionTeamMember.staff_member_id).where(SessionTeamMember.session_id == group_session.id)
    when = clock.local(group_session.starts_at, group_session.zone)
    said = {"group": group_session.group.name, "when": f"{language.day(when, year=True)}, {language.time(when)}"}
    for member in tx.scalars(select(StaffMember).where(StaffMember.id.in_(team), StaffMember.id != actor.id, StaffMember.active).order_by(StaffMember.id)):
        outbox.queue(tx, kind=kind, clinic_id=group_session.clinic_id, address=member.email, subject=subject, text=words(name=member.name, **said))


def _clinic(tx: Transaction, group_session: GroupSession) -> Clinic:
    return tx.get_one(Clinic, group_session.clinic_id)


def _line(group_session: GroupSession, was: datetime) -> str:
    before, after = clock.local(was, group_session.zone), clock.local(group_session.starts_at, group_session.zone)
    return _(
        "%(before)s is now %(after)s, %(room)s",
        before=f"{language.day(before, year=True)}, {language.time(before)}", after=f"{language.day(after, year=True)}, {language.time(after)}",
        room=group_session.room or _("room open"),
    )  # fmt: skip
