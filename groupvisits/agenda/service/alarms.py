"""In the caller's transaction: an alarm is raised, the team of a visit that does not run is told, and what was hidden comes back."""

from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import select

from groupvisits.accounts.models import Clinic, StaffMember, StaffRole
from groupvisits.agenda import rules
from groupvisits.agenda.emails import tell_of_alarm
from groupvisits.agenda.models import Alarm, Topic, TopicTranslation
from groupvisits.agenda.permissions import LEAD_OR_SEE_PATIENTS
from groupvisits.agenda.service.words import is_personal
from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.sessions.models import GroupSession, SessionTeamMember

TOLD_AGAIN_AFTER = timedelta(minutes=10)  # of the same person


def raise_alarm(tx: Transaction, actor: Actor, session_id: str, patient_id: str, hit: rules.Hit | None, *, topic_id: str | None = None) -> bool:
    """Whether an alarm was raised: not without a phrase, nor where one about the same thing of this patient stands already.

    The team is told by e-mail where the visit does not run, of one patient once in ten minutes: the page they open shows every alarm. The record keeps ids and the language of the list, never a word. The caller announces the change.
    """
    if hit is None or _standing(tx, session_id, patient_id, topic_id) is not None:
        return False
    group_session = tx.get_one(GroupSession, session_id)
    told = group_session.state == "open" or _was_told_of(tx, group_session, patient_id)
    alarm = Alarm(
        id=ids.new_id(), session_id=session_id, topic_id=topic_id, patient_id=patient_id, phrase=hit.phrase, language=hit.language, raised_at=clock.now(),
    )  # fmt: skip
    tx.add(alarm)
    tx.flush()
    audit.record(tx, actor, "agenda:raise_alarm", alarm, session_id=session_id, patient=patient_id, topic=topic_id, language=hit.language)
    if not told:
        _tell_team(tx, group_session)
    return True


def let_out(tx: Transaction, alarm: Alarm, *, show: bool) -> tuple[Topic, ...]:
    """What this alarm hid is shown to the group again, as far as nothing else hides it, or is for the patient's one-on-one alone.

    Somebody else's words in another language are shown, or gone. Returns the topics that changed.
    """
    topic = tx.get(Topic, alarm.topic_id) if alarm.topic_id else None
    if topic is None:
        return ()
    _let_out_translations(tx, topic, alarm.patient_id, show=show)
    if topic.patient_id != alarm.patient_id or topic.hidden_because != "alarm":
        return (topic,)
    topic.hidden_because = ""
    if topic.route == "group" and not show and rules.may_move_to_one_on_one(topic.state, topic.carried_to_id):
        topic.route, topic.position, topic.shows_name = "one_on_one", None, False
        if rules.is_over(tx.get_one(GroupSession, topic.session_id).state):
            topic.state, topic.reason = "parked", rules.NO_ONE_ON_ONE
        else:
            topic.state, topic.ended_at = "new", None
    elif topic.route == "group" and is_personal(tx, topic.session_id, topic.patient_id, topic.words):
        topic.hidden_because = "personal"
    return (topic,)


def _let_out_translations(tx: Transaction, topic: Topic, patient_id: str, *, show: bool) -> None:
    query = select(TopicTranslation).where(
        TopicTranslation.topic_id == topic.id, TopicTranslation.patient_id == patient_id, TopicTranslation.hidden_because == "alarm"
    )
    for each in tx.scalars(query).all():
        if show:
            each.hidden_because = "personal" if is_personal(tx, topic.session_id, patient_id, each.words) else ""
        else:
            tx.delete(each)
    tx.flush()


def _standing(tx: Transaction, session_id: str, patient_id: str, topic_id: str | None) -> Alarm | None:
    about = Alarm.topic_id == topic_id if topic_id else Alarm.topic_id.is_(None)
    return tx.scalar(select(Alarm).where(Alarm.session_id == session_id, Alarm.patient_id == patient_id, about, Alarm.ended_at.is_(None)).limit(1))


def _was_told_of(tx: Transaction, group_session: GroupSession, patient_id: str) -> bool:
    """By e-mail. While the visit ran its screens told, and nobody may be looking at them any more."""
    standing = (Alarm.session_id == group_session.id, Alarm.patient_id == patient_id, Alarm.ended_at.is_(None))
    since = max(clock.now() - TOLD_AGAIN_AFTER, group_session.closed_at or datetime.min.replace(tzinfo=UTC))
    return tx.scalar(select(Alarm.id).where(*standing, Alarm.raised_at > since).limit(1)) is not None


def _tell_team(tx: Transaction, group_session: GroupSession) -> None:
    """By e-mail: whoever leads or sees patients there; where nobody does yet, the coordinators of the clinic."""
    query = select(StaffMember, SessionTeamMember.role).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
    team = tx.execute(query.where(SessionTeamMember.session_id == group_session.id, SessionTeamMember.role.in_(LEAD_OR_SEE_PATIENTS), StaffMember.active)).all()
    if not team:
        query = select(StaffMember, StaffRole.name).join(StaffRole, StaffRole.staff_member_id == StaffMember.id)
        team = tx.execute(query.where(StaffMember.clinic_id == group_session.clinic_id, StaffRole.name == "coordinator", StaffMember.active)).all()
    clinic, public_url = tx.get_one(Clinic, group_session.clinic_id), current_app.extensions["config"].public_url
    pages = {"facilitator": "/rooms/facilitator", "coordinator": ""}
    for member_id, (member, role) in {member.id: (member, role) for member, role in team}.items():
        assert member_id
        tell_of_alarm(tx, clinic, member, f"{public_url}/sessions/{group_session.id}{pages.get(role, '/slots')}")
